"""An English model asked in another language, with and without translation, by the real embedded engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from recipes.lib.data import Questions
from recipes.lib.translate_test import ask, into_english, translate_test
from vqa_builder.errors import EngineError, UnknownNameError
from vqa_builder.metrics.references import load_references
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.request import Request

VOCABULARY = ["yes", "red", "2"]
TEXTS = {
    "ja": ["バスは何色ですか？", "犬は何匹いますか？", "これは犬ですか？", "バスは何色ですか？"],
    "hi": ["बस का रंग क्या है?", "कितने कुत्ते हैं?", "क्या यह कुत्ता है?", "बस का रंग क्या है?"],
}
WINNERS = ["red", "2", "yes", "red"]


def questions(language: str = "ja") -> Questions:
    texts = TEXTS[language]
    return Questions(
        question_id=[5, 6, 7, 8],
        image_id=[1, 1, 1, 2],
        text=texts,
        text_en=[""] * len(texts),
        labels=[[VOCABULARY.index(answer)] for answer in WINNERS],
        soft_scores=[[1.0]] * len(texts),
        answer_type=["other", "number", "yes/no", "other"],
        alignment=[[]] * len(texts),
        language=language,
    )


def given_answers() -> list[dict[str, Any]]:
    return [
        {
            "question_id": id_,
            "answer_type": kind,
            "answers": [{"answer": answer, "answer_id": place} for place in range(10)],
        }
        for id_, answer, kind in zip(
            [5, 6, 7, 8], WINNERS, ["other", "number", "yes/no", "other"], strict=True
        )
    ]


@dataclass
class Words:
    """Batches whose input is which of the English words the question holds."""

    questions: Questions

    def epoch(self, number: int, start: int = 0) -> Iterator[dict[str, Any]]:
        found = [
            ["this" in text.lower(), "color" in text.lower(), "how many" in text.lower()]
            for text in self.questions.text
        ]
        yield {"words": torch.tensor(found).float(), "index": torch.arange(len(found))}


class Reader(nn.Module):  # type: ignore[misc]
    """Answers English questions by their words, and everything else with ``yes``."""

    def forward(self, words: Any) -> Any:
        return words + torch.tensor([0.5, 0.0, 0.0])


@pytest.mark.parametrize("language", ["ja", "hi"])
def test_translation_makes_the_english_model_understand(language: str, tmp_path: Path) -> None:
    references = load_references(given_answers())
    asked, memory = questions(language), tmp_path / "memory.sqlite"
    zero_shot = ask(Reader(), asked, Words, VOCABULARY, references)
    file = tmp_path / "translated.json"
    translated = translate_test(Reader(), asked, Words, VOCABULARY, references, memory=memory, file=file)
    assert (zero_shot.language, zero_shot.overall.value) == (language, 25.0)
    assert (translated.language, translated.overall.value) == (language, 100.0)
    assert translated.record()["engine"].startswith("mini|") or "model:" in translated.record()["engine"]
    assert translated.record()["untranslated"] == 0 and "engine" not in zero_shot.record()
    assert [each["answer"] for each in json.loads(file.read_bytes())] == WINNERS


def test_a_question_is_translated_once_and_remembered(tmp_path: Path) -> None:
    first = into_english(questions(), memory=tmp_path / "memory.sqlite")
    assert (first.counts.asked, first.counts.unique, first.counts.translated) == (4, 3, 3)
    assert first.questions.language == "en" and first.questions.text[0] == first.questions.text[3]
    assert first.questions.question_id == questions().question_id
    again = into_english(questions(), memory=tmp_path / "memory.sqlite")
    assert (again.counts.translated, again.counts.remembered) == (0, 3)
    assert again.questions == first.questions and again.engines == first.engines


def test_what_people_said_comes_before_the_engine(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    into_english(questions(), memory=path)
    with TranslationMemory(path) as memory:
        signature = into_english(questions(), memory=path).engines[0]
        found = memory.lookup(Request(TEXTS["ja"][:1], "ja", "en", "question"), signature)
    assert found == [into_english(questions(), memory=path).questions.text[0]]


def test_what_nobody_translates_is_asked_as_it_is(tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text(
        json.dumps({"source": "en", "target": "ja", "text": "cat", "translation": "猫"}), encoding="utf-8"
    )
    found = into_english(
        questions(), memory=tmp_path / "empty.sqlite", engines=[{"type": "memory", "path": other}]
    )
    assert found.failed == (5, 6, 7, 8) and found.engines == ()
    assert found.questions.text == TEXTS["ja"] and found.notes == {"engine": "", "untranslated": 4}


def test_engines_are_checked(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError):
        into_english(questions(), memory=tmp_path / "m.sqlite", engines=["minni"])
    with pytest.raises(EngineError):
        into_english(ask_in("en"), memory=tmp_path / "m.sqlite")


def ask_in(language: str) -> Questions:
    """The Japanese questions, said to be in another language."""
    from dataclasses import replace

    return replace(questions(), language=language)
