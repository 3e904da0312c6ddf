from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from vqa_builder import languages
from vqa_builder.answers.senses import known_rules
from vqa_builder.answers.short_texts import Meaning, for_engines, known, ready


@pytest.mark.parametrize(
    ("mode", "question", "text", "context", "ja", "hi"),
    [
        ("auto", "What is on her face?", "glasses", "eyewear", "眼鏡", "चश्मा"),
        ("auto", "What color is it?", "orange", "colour", "オレンジ色", "नारंगी"),
        ("auto", "What does the sign say?", "stop", "copied:text", "stop", "stop"),
        ("copy", "What is the share?", "62.4", "copied:source", "62.4", "62.4"),
        ("copy", "Is it larger?", "Yes", "", "はい", "हाँ"),
        ("translate", "What does the sign say?", "stop", "", None, None),
        ("auto", "", " ", "", None, None),
        ("auto", "", None, None, None, None),
    ],
)
def test_answers_and_options_by_their_question(
    mode: str, question: str, text: str | None, context: str | None, ja: str | None, hi: str | None
) -> None:
    meaning = Meaning(mode, known_rules())  # type: ignore[arg-type]
    asked = pa.array([question])
    found = meaning.contexts(asked, np.array([0]), pa.array([text], pa.string()), asked)
    assert found.to_pylist() == [context or ""]
    if text is not None and (ja or hi):
        strings = pa.table({"role": ["option"], "text": [text], "context": found})
        for code, expected in (("ja", ja), ("hi", hi)):
            assert known(strings, languages.get(code))[0].to_pylist() == [expected]


def test_engines_that_heed_contexts_see_the_question_and_the_options() -> None:
    meaning = Meaning("auto", known_rules(), in_view=True)
    view = pa.array(["What fruit is it? | orange; apple"])
    found = meaning.contexts(
        pa.array(["What fruit is it?"]), np.array([0, 0]), pa.array(["orange", "5"]), view
    )
    assert [for_engines(context) for context in found.to_pylist()] == [
        "fruit | What fruit is it? | orange; apple",
        "",
    ]


def test_words_alone_in_turns_come_from_tables_and_sentences_do_not() -> None:
    said = ["two dogs", "Green", "The bus is red.", "Answer with the letter.", "orange"]
    table = pa.table({"role": ["turn"] * len(said), "text": said})
    words, writers = ready(table, languages.get("hi"))
    assert words.to_pylist() == ["2 कुत्ते", "हरा", None, "अक्षर से उत्तर दीजिए।", None]
    assert [writer and writer.split("|")[0] for writer in writers.to_pylist()] == [
        "tables",
        "tables",
        None,
        "instructions",
        None,
    ]
    assert (
        ready(table.set_column(0, "role", [["question"] * len(said)]), languages.get("hi"))[0].null_count == 5
    )
