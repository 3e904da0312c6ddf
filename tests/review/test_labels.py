"""Labels beside scores: who shares a weight, whose translation has changed, what matches nothing."""

from pathlib import Path

import pytest

from tests.release.asked import questions
from vqa_builder.errors import SourceError
from vqa_builder.review.labels import matched
from vqa_builder.review.sheet_csv import Line


def line(question_id: int, label: str, **cells: str) -> Line:
    return Line(
        Path("labels.csv"), 2, {"question_id": str(question_id), "language": "ja", "label": label, **cells}
    )


RELEASE = {"ja": questions([10.0, 50.0, 90.0])}


def test_labels_stand_beside_their_scores() -> None:
    found = matched([line(2, "good", weight="4"), line(0, "bad")], RELEASE)["ja"]
    assert found.labelled.scores["chrf"].to_pylist() == [90.0, 10.0]
    assert found.labelled.good.tolist() == [True, False]
    assert found.labelled.weights.tolist() == [4.0, 1.0]
    assert found.labelled.kept.tolist() == [True, False]
    assert found.labelled.counts == {"good": 1, "flaw": 0, "bad": 1}
    assert found.scores.column_names == ["chrf", "copy"]
    assert found.scores.num_rows == 3


def test_reviewers_of_one_question_share_its_weight() -> None:
    lines = [line(1, "good", weight="6"), line(1, "bad", weight="6", reviewer="Ken"), line(0, "bad")]
    found = matched(lines, RELEASE)["ja"].labelled
    assert found.weights.tolist() == [3.0, 3.0, 1.0]
    assert found.groups.tolist() == [1, 1, 0]


@pytest.mark.parametrize(("flaw_is_good", "good"), [(True, True), (False, False)])
def test_a_flaw_is_good_or_not(flaw_is_good: bool, good: bool) -> None:
    found = matched([line(1, "flaw")], RELEASE, flaw_is_good=flaw_is_good)["ja"]
    assert found.labelled.good.tolist() == [good]


def test_labels_of_older_translations_are_left_out() -> None:
    lines = [line(1, "bad", question="写真1の犬"), line(2, "good", question="写真2に犬は何匹いますか？")]
    found = matched(lines, RELEASE)["ja"]
    assert (len(found.labelled.good), found.changed) == (1, 1)
    with pytest.raises(SourceError, match="changed since"):
        matched(lines[:1], RELEASE)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "There is no label"),
        ([line(1, "")], "There is no label"),
        ([line(number, "good") for number in range(3, 12)], "9 rows match no question"),
        ([line(1, "good", language="de")], "(de, labels.csv:2)"),
    ],
)
def test_labels_that_match_nothing(lines: list[Line], told: str) -> None:
    with pytest.raises(SourceError) as raised:
        matched(lines, RELEASE)
    assert told in str(raised.value)
