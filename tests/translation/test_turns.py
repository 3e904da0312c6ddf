"""The phrasebook for records: prompts, and short replies and options from the tables."""

from __future__ import annotations

import pytest

from vqa_builder import languages
from vqa_builder.translation.phrasebook.turns import PROMPTS, TurnPhrasebook
from vqa_builder.translation.request import Request


@pytest.mark.parametrize(
    ("language", "role", "text", "said"),
    [
        ("ja", "turn", "Red.", "赤です。"),
        ("ja", "turn", "Yes.", "はい。"),
        ("ja", "turn", "Riding a horse.", "馬に乗っている。"),
        ("ja", "turn", "Red", "赤"),
        ("hi", "turn", "Red.", "लाल।"),
        ("hi", "answer", "on the table", "मेज़ पर"),
        ("hi", "option", "tennis", "टेनिस"),
        ("ja", "option", "Solid", None),
        ("ja", "text", "Red.", None),
        ("ja", "turn", "Red?", None),
        (
            "ja",
            "turn",
            "Answer the question using a single word or phrase.",
            "質問に一語または短い語句で答えてください。",
        ),
        ("hi", "question", "Describe this image.", "इस चित्र का वर्णन कीजिए।"),
        ("de", "turn", "Photosynthesis.", None),
    ],
)
def test_what_is_known_without_an_engine(language: str, role: str, text: str, said: str | None) -> None:
    book = TurnPhrasebook(languages.get(language))
    assert book.lookup(Request([text], "en", language, role=role)) == [said]


def test_every_prompt_has_three_texts_in_their_scripts() -> None:
    rows = [line.split("\t") for line in PROMPTS.read_text(encoding="utf-8").splitlines()]
    assert rows[0] == ["en", "ja", "hi"] and len({row[0].lower() for row in rows}) == len(rows)
    for _, ja, hi in rows[1:]:
        assert any("ぁ" <= sign <= "鿿" for sign in ja) and any("ऀ" <= sign <= "ॿ" for sign in hi)
