"""What a sheet holds, and what it says of where it came from."""

import dataclasses
from pathlib import Path

import pytest

from tests.release.asked import questions
from vqa_builder.errors import ReleaseError
from vqa_builder.quality.rules import Policy
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.write import write_release
from vqa_builder.review import sheet_csv
from vqa_builder.review.sheet import questions_of, sample, together

CHRF = [float(place % 101) for place in range(600)]


def with_policy(contents: ReleaseContents) -> ReleaseContents:
    return dataclasses.replace(contents, facts={**contents.facts, "policy": {"chrf": {"min": 30.0}}})


def test_weights_add_up_to_the_rows_and_both_verdicts_are_there() -> None:
    sheet = sample(questions(CHRF, each=3), 90, seed=4)
    assert (len(sheet.rows), sheet.questions) == (90, 600)
    assert sum(float(row["weight"]) for row in sheet.rows) == pytest.approx(1800, rel=0.1)
    verdicts = [row["verdict"] for row in sheet.rows]
    assert 30 < verdicts.count("kept") < 70
    assert len({row["segment_id"] for row in sheet.rows}) == 90
    assert sheet == sample(questions(CHRF, each=3), 90, seed=4)
    assert sheet.name != sample(questions(CHRF, each=3), 90, seed=5).name


def test_rare_bands_are_drawn() -> None:
    copies = [1.0 if place in (7, 300) else 0.0 for place in range(600)]
    sheet = sample(questions(CHRF, copies), 60)
    assert {"7", "300"} <= {row["question_id"] for row in sheet.rows}


def test_all_questions_if_there_are_no_more() -> None:
    sheet = sample(questions(CHRF[:20], each=2), 100)
    assert len(sheet.rows) == 20
    assert {row["weight"] for row in sheet.rows} == {2.0}


def test_a_combination_has_bands_of_its_own() -> None:
    rule = {"weights": {"chrf": 0.1}, "bias": -3.0, "logistic": True, "min": 0.5}
    asked = questions(CHRF)._replace(policy=Policy.model_validate({"combine": rule}))
    sheet = sample(asked, 50)
    assert len(sheet.rows) == 50


def test_a_score_that_is_missing_is_an_empty_cell(tmp_path: Path) -> None:
    sheet = sample(questions([None, 50.0]), 2)
    sheet_csv.write(tmp_path / "sheet.csv", sheet.columns, sheet.rows)
    lines = {line["question_id"]: line for line in sheet_csv.read(tmp_path / "sheet.csv")}
    assert (lines["0"]["score_chrf"], lines["1"]["score_chrf"]) == ("", "50")
    assert "score_langid_label" not in sheet.columns


def test_a_release_is_read_with_its_answers_and_senses(ja: ReleaseContents, tmp_path: Path) -> None:
    release = write_release(with_policy(ja), tmp_path)
    found = questions_of(release)
    sheet = sample(found, 100)
    by_id = {row["question_id"]: row for row in sheet.rows}
    assert len(by_id) == 7
    glasses = by_id["228478000"]
    assert (glasses["question"], glasses["answer"]) == ("男性は眼鏡をかけていますか？", "はい")
    assert glasses["answers"] == "はい (yes) 10"
    assert by_id["376241080"]["verdict"] == "rejected"
    assert by_id["376241080"]["reasons"] == "copy; langid"
    assert by_id["167330014"]["answers"] == ""  # a test row has none
    assert sheet.columns[:2] == ["question_id", "language"]


def test_two_languages_stand_in_one_sheet(ja: ReleaseContents, hi: ReleaseContents, tmp_path: Path) -> None:
    folders = [write_release(with_policy(one), tmp_path) for one in (ja, hi)]
    sheet = together([sample(questions_of(folder), 100) for folder in folders])
    assert {row["language"] for row in sheet.rows} == {"ja", "hi"}
    assert sheet.questions == len(sheet.rows) == 10


def test_a_release_without_a_policy_is_refused(ja: ReleaseContents, tmp_path: Path) -> None:
    release = write_release(ja, tmp_path)
    with pytest.raises(ReleaseError, match="does not record its policy"):
        questions_of(release)
