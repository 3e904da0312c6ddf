"""Look-ups that share nothing with the build find what the build lost, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from vqa_builder import languages, schema
from vqa_builder.answers.soft_scores import soft_scores
from vqa_builder.release import recount
from vqa_builder.spec import PROTECTED_KINDS

VOCABULARY = pa.table({"label": pa.array([0, 1, 2, 3], pa.int32()), "answer_en": ["yes", "red", "US", "us"]})


def _table(answers: list[list[dict[str, str]] | None], **columns: Any) -> pa.Table:
    rows = [None if one is None else [{**dict.fromkeys(_FIELDS), **each} for each in one] for one in answers]
    given: dict[str, Any] = {"answers": pa.array(rows, pa.list_(schema.TRANSLATED_ANSWER))}
    types = {"labels": pa.list_(pa.int32()), "soft_scores": pa.list_(pa.float32())}
    return pa.table(given | {name: pa.array(column, types.get(name)) for name, column in columns.items()})


_FIELDS = [field.name for field in schema.TRANSLATED_ANSWER]


def _given(*texts: str) -> list[dict[str, str]]:
    return [{"answer_en": text} for text in texts]


@pytest.mark.parametrize(
    ("answers", "labels", "scores", "missing", "low"),
    [
        (_given("Yes"), [0], [1.0], False, False),
        (_given(" RED "), [1], [1.0], False, False),
        (_given("Yes"), [], [], True, False),
        (_given("yes", "Red"), [0], [0.5], True, False),
        (_given("US"), [], [], False, False),  # two entries fold to it
        (_given("maroon"), [], [], False, False),
        (_given(*["yes"] * 3, *["no"] * 7), [0], [0.9], False, False),
        (_given(*["yes"] * 3, *["no"] * 7), [0], [0.3], False, True),
        (_given(*["yes", "Yes.", "no"]), [0], [2 / 3], False, False),  # our look-up sees one, the build two
        (_given("yes"), [0], [0.3], False, True),
        (None, None, None, False, False),
    ],
)
def test_labels(
    answers: list[dict[str, str]] | None,
    labels: list[int] | None,
    scores: list[float] | None,
    missing: bool,
    low: bool,
) -> None:
    table = _table([None, answers], labels=[None, labels], soft_scores=[None, scores])
    found = recount.labels_missing(table, VOCABULARY, fold=True)
    assert [mask.tolist() for mask in found.values()] == [[False, missing], [False, low]]


def test_a_table_without_any_label_or_vocabulary_is_looked_at() -> None:
    table = _table([_given("Yes"), _given("Red")], labels=[[], []], soft_scores=[[], []])
    assert recount.labels_missing(table, VOCABULARY, fold=True)[
        "an answer of the vocabulary without its label"
    ].tolist() == [True, True]
    assert not any(mask.any() for mask in recount.labels_missing(table, VOCABULARY[:0], fold=True).values())
    exact = recount.labels_missing(table, VOCABULARY, fold=False)
    assert not any(mask.any() for mask in exact.values())


@pytest.mark.parametrize("annotators", range(1, 13))
def test_the_least_score_is_that_of_the_build_where_spellings_are_equal(annotators: int) -> None:
    for given in range(1, annotators + 1):
        row = [{"answer": "red"}] * given + [{"answer": "maroon"}] * (annotators - given)
        _, built = soft_scores(pa.chunked_array([[row]]), pa.table({"label": [0], "answer_en": ["red"]}))
        own = recount.least_score(np.array([given]), np.array([annotators]))
        assert own[0] == pytest.approx(built[0].as_py()[0])


VERBATIM, METHOD, NUMBER = (
    "an answer that is said to be verbatim and is not",
    "an answer without a method, or of an unknown one",
    "a number that is another one",
)


@pytest.mark.parametrize(
    ("english", "answer", "method", "fault"),
    [
        ("red", "赤", "table", None),
        ("exit", "exit", "copied:sign", None),
        ("wood  fence", "wood fence", "untranslated", None),
        ("www.exit.com", "wwwexitcom", "untranslated", VERBATIM),
        ("Exit", "exit", "copied:sign", VERBATIM),
        ("C++", "C", "copied:form", VERBATIM),
        ("red", "red", None, METHOD),
        ("red", "赤", "english", METHOD),
        ("-15", "15", "engine", NUMBER),
        ("-15", "-15", "copied:form", None),
        ("-15", "マイナス15", "table", None),
        ("3/4", "3 5", "table", NUMBER),
        ("1,000", "1000", "table", None),
        ("5", "५", "table", None),
        ("007", "7", "table", None),
        ("2", "2匹", "table", None),
        (None, None, None, None),
    ],
)
def test_methods(english: str | None, answer: str | None, method: str | None, fault: str | None) -> None:
    plain = {"answer": "はい", "answer_en": "yes", "method": "table"}
    said: Any = {"answer": answer, "answer_en": english, "method": method}
    found = recount.answers_astray(_table([[plain], None, [plain, said]]), languages.get("ja").letters)
    assert {name for name, mask in found.items() if mask.any()} == ({fault} if fault else set())
    assert all(mask.tolist() == [False, False, name == fault] for name, mask in found.items())


@pytest.mark.parametrize(
    ("english", "answer", "method", "left"),
    [
        ("www.exit.com", "wwwexitcom", "engine", True),
        ("gate a", "gate", "engine", True),
        ("tv", "TV", "engine", False),
        ("two", "2", "engine", False),
        ("gate a", "ゲートA", "engine", False),
        ("gate a", "gate", "glossary", False),
    ],
)
def test_leftovers(english: str, answer: str, method: str, left: bool) -> None:
    table = _table([[{"answer": answer, "answer_en": english, "method": method}]])
    assert recount.leftovers(table, languages.get("ja").letters).tolist() == [left]


@pytest.mark.parametrize(
    ("english", "translated", "lost"),
    [
        ("What color is the bus?", "バスは何色ですか？", False),
        ('Does the sign say "STOP"?', '標識に"STOP"と書いてありますか？', False),
        ('Does the sign say "STOP"?', "標識に「止まれ」と書いてありますか？", True),
        ("<image> What color is the bus?", "<image> バスは何色ですか？", False),
        ("<image> What color is the bus?", "バスは何色ですか？", True),
        ("Is it 10:45 or 10:45?", "10:45ですか？", True),
        ("Is {name} at https://example.org?", "{name}はhttps://example.orgにいますか？", False),
        ("<image> What?", None, True),
    ],
)
def test_spans(english: str, translated: str | None, lost: bool) -> None:
    table = pa.table({"question_en": ["Is it raining?", english], "question": ["雨ですか？", translated]})
    assert recount.spans_lost(table, PROTECTED_KINDS).tolist() == [False, lost]
