"""Questions translated into English by the real embedded engine, and remembered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recipes.lib.data import Questions
from recipes.lib.translate_questions import into_english
from vqa_builder.errors import EngineError, UnknownNameError
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
