"""Corrections and labels on their way back: matched, counted, kept, in conflict."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.release.asked import questions
from vqa_builder import segments
from vqa_builder.errors import SourceError
from vqa_builder.review import sheet_csv, sheet_import
from vqa_builder.review.sheet_csv import Line
from vqa_builder.review.sheet_import import (
    Known,
    known_in,
    known_questions,
    labels_path,
    said_in,
    take,
)
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.request import Request

BUS, RAIN = "What color is the bus?", "Is it raining?"
IDS = {text: segments.segment_id("question", "", text) for text in (BUS, RAIN)}
KNOWN = {"ja": Known({ids: text for text, ids in IDS.items()}, {"42": IDS[BUS]})}
RED = "バスは何色ですか？"


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[TranslationMemory]:
    with TranslationMemory(tmp_path / "memory.sqlite") as opened:
        yield opened


def line(**cells: str) -> Line:
    return Line(Path("sheet.csv"), 2, {"language": "ja", "question_en": BUS, **cells})


def asserted(memory: TranslationMemory) -> dict[tuple[str, str, str], str]:
    return {(one.text, one.role, one.context): one.translation for one in memory.entries(human_verified=True)}


@pytest.mark.parametrize(
    "cells",
    [
        {},
        {"segment_id": IDS[BUS]},
        {"segment_id": IDS[BUS], "question_en": ""},
        {"question_en": "", "question_id": "42"},
        {"question_en": "What color  is the bus? "},
        {"language": ""},
    ],
)
def test_a_row_is_matched_by_what_it_has(cells: dict[str, str]) -> None:
    (said,) = said_in([line(label="good", **cells)], KNOWN)
    assert (said.segment_id, said.question_en, said.language) == (IDS[BUS], BUS, "ja")


@pytest.mark.parametrize(
    "cells",
    [
        {"question_en": "What color is the bus"},
        {"segment_id": IDS[RAIN]},  # another question's
        {"segment_id": "q-0", "question_en": ""},
        {"question_en": "", "question_id": "43"},
        {"language": "hi"},
    ],
)
def test_rows_that_match_nothing_are_one_error_with_their_ids(cells: dict[str, str]) -> None:
    wrong = line(**{"question_id": "43", "label": "bad", **cells})
    with pytest.raises(SourceError, match="1 rows match no question") as raised:
        said_in([line(label="good"), wrong], KNOWN)
    assert "43 (" in str(raised.value)
    assert "sheet.csv:2" in str(raised.value)


def test_rows_that_nobody_filled_in_are_passed_over() -> None:
    assert said_in([line(question_en="something else", note="?")], KNOWN) == []


def test_a_correction_wins_over_engines_and_is_taken_once(memory: TranslationMemory, tmp_path: Path) -> None:
    file = labels_path(tmp_path / "memory.sqlite")
    memory.store(Request([BUS], "en", "ja", "question"), ["バス何色"], "mini|1")
    known = {"ja": known_in(memory, "ja")}
    rows = [
        line(label="bad", corrected_question=RED, reviewer="Aiko", answer_en="orange", answer_sense="colour",
             corrected_answer="オレンジ色", weight="2.5")
    ]  # fmt: skip
    first = take(said_in(rows, known), memory, file)
    assert (first.new, first.changed, first.same, first.conflicts, first.warnings) == (2, 0, 0, [], [])
    assert first.labels == {"bad": 1}
    assert asserted(memory) == {(BUS, "question", ""): RED, ("orange", "answer", "colour"): "オレンジ色"}
    (found,) = memory.lookup_overrides(Request([BUS], "en", "ja", "question"))
    assert found == (RED, "human")
    content = file.read_bytes()
    again = take(said_in(rows, known), memory, file)
    assert (again.new, again.changed, again.same) == (0, 0, 2)
    assert file.read_bytes() == content
    (kept,) = sheet_import.read_labels(file)
    assert (kept.label, kept.weight, kept.reviewer, kept.question_en) == ("bad", 2.5, "Aiko", BUS)


def two(**second: str) -> list[Line]:
    return [
        line(label="good", corrected_question=RED, reviewer="Aiko"),
        line(
            **{"label": "good", "corrected_question": "そのバスは何色ですか？", "reviewer": "Ken", **second}
        ),
    ]


def test_corrections_that_differ_are_reported_and_left_out(memory: TranslationMemory, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    found = take(said_in(two(label="bad"), KNOWN), memory, file)
    assert len(found.conflicts) == 2
    assert "good by Aiko, bad by Ken" in found.conflicts[0]
    assert f"{RED} by Aiko" in found.conflicts[1]
    assert asserted(memory) == {}
    preferred = take(said_in(two(), KNOWN), memory, file, prefer="Ken")
    assert preferred.conflicts == []
    assert list(asserted(memory).values()) == ["そのバスは何色ですか？"]


def test_reviewers_who_agree_are_no_conflict(memory: TranslationMemory, tmp_path: Path) -> None:
    found = take(said_in(two(corrected_question=RED), KNOWN), memory, tmp_path / "labels.csv")
    assert (found.conflicts, found.new) == ([], 1)


def test_conflicts_show_across_imports_and_a_reviewer_may_change_their_mind(
    memory: TranslationMemory, tmp_path: Path
) -> None:
    file = tmp_path / "labels.csv"
    aiko, ken = two()
    assert take(said_in([aiko], KNOWN), memory, file).new == 1
    assert len(take(said_in([ken], KNOWN), memory, file).conflicts) == 1
    assert list(asserted(memory).values()) == [RED]
    given_in = line(label="good", corrected_question=RED, reviewer="Ken")
    found = take(said_in([given_in], KNOWN), memory, file)
    assert (found.conflicts, found.same) == ([], 1)


def test_the_same_reviewer_twice_in_one_sheet(memory: TranslationMemory, tmp_path: Path) -> None:
    rows = [line(label="good", reviewer="Aiko"), line(label="bad", reviewer="Aiko")]
    found = take(said_in(rows, KNOWN), memory, tmp_path / "labels.csv")
    assert "the last counts" in found.conflicts[0]
    assert [one.label for one in sheet_import.read_labels(tmp_path / "labels.csv")] == ["bad"]


def test_a_correction_in_the_wrong_script_is_taken_with_a_warning(
    memory: TranslationMemory, tmp_path: Path
) -> None:
    found = take(
        said_in([line(corrected_question="बस किस रंग की है?")], KNOWN), memory, tmp_path / "labels.csv"
    )
    assert "script" in found.warnings[0]
    assert found.new == 1


def test_nothing_is_written_where_a_row_matches_nothing(tmp_path: Path) -> None:
    def told() -> Any:
        return said_in([line(corrected_question=RED), line(question_en="?", label="bad")], KNOWN)

    with pytest.raises(SourceError):
        told()
    assert list(tmp_path.iterdir()) == []


def test_questions_of_a_release_are_known_by_id_and_text() -> None:
    asked = questions([10.0, 90.0])
    known = known_questions(asked.rows)
    assert known.texts[known.by_question_id["1"]] == "How many dogs are there in picture 1?"


def test_labels_lie_beside_the_memory(tmp_path: Path) -> None:
    path = labels_path(tmp_path / "memory.sqlite")
    assert path == tmp_path / "memory.labels.csv"
    assert sheet_import.read_labels(path) == []
    path.write_text("question_id,label\n1,good\n")
    with pytest.raises(SourceError, match="lacks a column"):
        sheet_import.read_labels(path)
    assert sheet_csv.LABELS == ("good", "flaw", "bad")
