from __future__ import annotations

import re

import pytest

from vqa_builder import languages
from vqa_builder.languages._text import table_rows
from vqa_builder.translation.instructions import instruction, labels
from vqa_builder.translation.sentences import cut_sentences, joined

ENDS = {"ja": {":": "：", ".": "。", "?": "？"}, "hi": {":": ":", ".": "।", "?": "?"}}
ROWS = table_rows("instructions.tsv", "vqa_builder.translation")


@pytest.mark.parametrize("code", ["ja", "hi"])
def test_every_row_is_one_sentence_in_the_language(code: str) -> None:
    letters, quotation = re.compile(r"[A-Za-z]"), re.compile(r"'[^']+'")
    for row in ROWS:
        english, text = row["en"], row[code]
        assert text and text == text.strip() and not letters.search(quotation.sub("", text)), row
        assert any("\u0900" <= sign <= "\u097f" or "\u3040" <= sign <= "\u9fff" for sign in text)
        assert text.endswith(ENDS[code].get(english[-1], text[-1])), row
        assert instruction(english.lower().rstrip("."), code) == text
        pieces = [piece.text for piece in cut_sentences(english) if not piece.is_kept]
        assert pieces == [english] and bool(labels().fullmatch(english)) == english.endswith(":")
    assert instruction(ROWS[0]["en"], "fr") is None and languages.get(code)


@pytest.mark.parametrize(
    ("text", "said", "language", "translated"),
    [
        ("Question: Is it red?\nA. yes\nB. no", ["質問：", "赤いですか？", "はい", "いいえ"], "ja", None),
        ("Answer: B", ["答え："], "ja", "答え：B"),
        ("Answer: (C).", ["उत्तर:"], "hi", "उत्तर: (C)."),
        ("B", [], "ja", "B"),
        ("The answer is B.", ["答えはBです。"], "ja", "答えはBです。"),
    ],
)
def test_labels_and_letters_of_options(
    text: str, said: list[str], language: str, translated: str | None
) -> None:
    expected = translated or "質問：赤いですか？\nA. はい\nB. いいえ"
    assert joined(cut_sentences(text), said, language) == expected
