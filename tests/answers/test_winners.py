"""The most frequent answer is counted again in the target language, and every change is listed."""

import pyarrow as pa
import pytest

from vqa_builder import languages, schema
from vqa_builder.answers.winners import CHANGED, FELL, ROSE, Summary, drift, winners

JA = languages.get("ja")


def column(*rows: list[tuple[str, str]] | None) -> pa.ListArray:
    return pa.array(
        [
            None
            if row is None
            else [
                {"answer": answer, "answer_en": english, "method": "table", "answer_id": place}
                for place, (english, answer) in enumerate(row)
            ]
            for row in rows
        ],
        pa.list_(schema.TRANSLATED_ANSWER),
    )


CAT = [("cat", "猫")] * 3 + [("cats", "猫")] * 3 + [("dog", "犬")] * 4
TIE = [("dog", "犬")] * 2 + [("cat", "猫")] * 2
SAME = [("red", "赤")] * 9 + [("Red", "赤")]
SPLIT = [("9/1", "9/1")] * 2 + [("9-1", "9-1")] * 2 + [("9/2", "9/2")] * 3


@pytest.mark.parametrize(
    ("row", "before", "winner"),
    [
        (CAT, "犬", "猫"),
        (TIE, "猫", "猫"),
        (TIE, "犬", "犬"),
        (SAME, "赤", "赤"),
        (CAT, None, None),
        (None, None, None),
    ],
)
def test_the_winner_in_the_target_language(
    row: list[tuple[str, str]] | None, before: str | None, winner: str | None
) -> None:
    found, _ = winners(column(row), pa.array([before], pa.string()), pa.array(["engine"]), JA)
    assert found.to_pylist() == [winner]


def test_a_row_without_an_english_winner_gets_none() -> None:
    before, method = pa.array([None, "犬", "猫"]), pa.array([None, "engine", "engine"])
    found, methods = winners(column(CAT, CAT, CAT), before, method, JA)
    assert found.to_pylist() == [None, "猫", "猫"]
    assert methods.to_pylist() == [None, "table", "engine"]


def test_drift_lists_what_changed_and_what_rose() -> None:
    table = pa.table(
        {
            "question_id": ["a", "b", "c"],
            "question_en": ["What animal?", "Which?", "What color?"],
            "multiple_choice_answer_en": ["dog", "dog", "red"],
            "multiple_choice_answer": ["猫", "犬", "赤"],
            "answers": column(CAT, TIE, SAME),
        }
    )
    found = drift(table, JA).to_pylist()
    assert [(row["question_id"], row["kind"]) for row in found] == [("a", CHANGED), ("a", ROSE)]
    assert (found[0]["winner_before"], found[0]["winner"]) == ("犬", "猫")
    assert (found[0]["agreement_en"], found[0]["agreement"]) == (4, 6)


def test_agreement_falls_where_spellings_part() -> None:
    table = pa.table(
        {
            "question_id": [1],
            "question_en": ["When?"],
            "multiple_choice_answer_en": ["grey"],
            "multiple_choice_answer": ["灰"],
            "answers": column([("grey", "灰")] * 3 + [("grey.", "グレー")] * 2),
        }
    )
    assert drift(table, JA)["kind"].to_pylist() == [FELL]


def test_summary_counts_coverage_methods_merges_and_drift() -> None:
    rows = pa.table(
        {
            "question_id": [1, 2],
            "split": ["train", "test"],
            "answer_type": ["other", None],
            "question_en": ["What animal?", "Which?"],
            "multiple_choice_answer_en": ["dog", None],
            "multiple_choice_answer": ["猫", None],
            "answers": column(CAT, None),
        }
    )
    labels = [("cat", "猫", [1], "intended"), ("cats", "猫", [0], "intended"), ("fox", "fox", [], "none")]
    answer_map = pa.Table.from_pylist(
        [
            {
                "label": label,
                "answer_en": english,
                "sense": "",
                "answer": answer,
                "method": "untranslated" if english == answer else "animal",
                "support": 3,
                "merged_with": partners,
                "merge": verdict,
            }
            for label, (english, answer, partners, verdict) in enumerate(labels)
        ],
        schema.ANSWER_MAP,
    )
    summary = Summary(answer_map, languages.get("ja"))
    for row in range(2):
        summary.add(rows.slice(row, 1))
    assert summary.of(answer_map) == {
        "labels": 3,
        "coverage": {
            "split": {"train": {"rows": 1, "inside": 0}},
            "answer_type": {"other": {"rows": 1, "inside": 0}},
        },
        "methods": {"animal": {"entries": 2, "answers": 6}, "untranslated": {"entries": 1, "answers": 3}},
        "merges": {"intended": {"entries": 2, "answers": 6}, "none": {"entries": 1, "answers": 3}},
        "formless": {},
        "drift": {"winner changed": 1, "agreement rose": 1, "agreement fell": 0},
    }
