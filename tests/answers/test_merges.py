"""No two labels share a surface without a verdict."""

import pyarrow as pa
import pytest

from vqa_builder import schema
from vqa_builder.answers.merges import judge, meaning, merges, sharing


@pytest.mark.parametrize(
    ("one", "other", "language", "verdict"),
    [
        ("cat", "cats", "ja", "intended"),
        ("knife", "knives", "ja", "intended"),
        ("strawberry", "strawberries", "ja", "intended"),
        ("men", "man", "ja", "intended"),
        ("bus", "buses", "hi", "intended"),
        ("tie", "ties", "hi", "intended"),
        ("wine glass", "wine glasses", "ja", "intended"),
        ("gray", "grey", "hi", "intended"),
        ("donut", "doughnuts", "ja", "intended"),
        ("cell phone", "cellphone", "ja", "intended"),
        ("black and white", "white and black", "ja", "intended"),
        ("red white and blue", "blue red and white", "ja", "intended"),
        ("red white and blue", "red white blue", "ja", "intended"),
        ("dogs and cat", "cat and dog", "ja", "intended"),
        ("on table", "table", "ja", "intended"),
        ("couch", "sofa", "ja", "intended"),
        ("2 feet", "2 ft", "hi", "intended"),
        ("tall", "high", "ja", "intended"),
        ("tall", "high", "hi", "flagged"),
        ("left", "remaining", "ja", "flagged"),
        ("wood", "tree", "ja", "flagged"),
        ("coat", "court", "ja", "flagged"),
        ("orange juice", "juice orange", "ja", "flagged"),
    ],
)
def test_verdicts(one: str, other: str, language: str, verdict: str) -> None:
    assert judge(one, other, language).verdict == verdict
    assert judge(other, one, language).verdict == verdict


@pytest.mark.parametrize("word", ["glass", "tennis", "bus", "christmas", "grass", "us"])
def test_words_that_end_in_s(word: str) -> None:
    assert meaning(word) in {word, "christma"}


def test_partners_are_other_labels_only() -> None:
    assert sharing(["猫", "猫", "犬", "猫"], [0, 4, 5, 0]) == [[4], [0], [], [4]]


def test_every_pair_is_listed_once_with_its_verdict() -> None:
    rows = [
        (0, "cat", "猫", [1]),
        (1, "cats", "猫", [0]),
        (2, "coat", "コート", [3]),
        (3, "court", "コート", [2]),
        (4, "dog", "犬", []),
    ]
    answer_map = pa.Table.from_pylist(
        [
            {"label": label, "answer_en": english, "sense": "", "answer": answer, "merged_with": partners}
            for label, english, answer, partners in rows
        ],
        schema.ANSWER_MAP,
    )
    found = merges(answer_map, "ja").to_pylist()
    assert [(row["answer_en"], row["partner_en"], row["verdict"]) for row in found] == [
        ("coat", "court", "flagged"),
        ("cat", "cats", "intended"),
    ]
    assert merges(answer_map.slice(4), "ja").num_rows == 0
