"""Sheets as spreadsheets write them: formulas, encodings, delimiters, mistakes."""

import csv
from pathlib import Path

import pytest

from vqa_builder.errors import SourceError, SpecError
from vqa_builder.review import sheet_csv

TEXTS = [
    "赤い車ですか？",
    "क्या यह लाल है?",
    '=HYPERLINK("http://example.org")',
    "+1",
    "-1",
    "@SUM(A1)",
    "＝1+1",
    "'quoted'",
    "'=x",
    'a, b; "c"\td',
    "\u200b=1+1",
    "\ufeff@SUM(A1)",
]


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_comes_back(text: str, tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    sheet_csv.write(
        path, ["question_id", "label", "note"], [{"question_id": "7", "label": "bad", "note": text}]
    )
    (line,) = sheet_csv.read(path)
    assert line["note"] == text
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        (_, row) = csv.reader(file)
    assert not row[2].startswith(("=", "+", "-", "@", "＝", "\u200b", "\ufeff"))


@pytest.mark.parametrize("text", ["\n=1+1", " =1+1", "\xa0+1", "\u3000＝1", "\t-1"])
def test_a_formula_behind_white_space_is_none(text: str) -> None:
    assert sheet_csv.guarded(text) == f"'{text}"
    assert sheet_csv.bare(f"'{text}") == text


@pytest.mark.parametrize("name", ["sheet.html", "sheet.xlsx", "sheet"])
def test_a_name_that_another_program_opens_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="--html"):
        sheet_csv.write(tmp_path / name, ["note"], [{"note": "<script>alert(1)</script>"}])
    assert not any(tmp_path.iterdir())


def test_numbers_stay_numbers(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    sheet_csv.write(
        path, ["label", "question_id", "score_length"], [{"question_id": "1", "score_length": -1.25}]
    )
    assert path.read_bytes().endswith(b"\r\n,1,-1.25\r\n")


ROW = "question_id{0}label{0}weight{0}note\r\n00123{0}Good {0}1,5{0}よい\r\n\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_what_spreadsheets_save_is_read(encoding: str, delimiter: str, tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(ROW.format(delimiter).encode(encoding))
    (line,) = sheet_csv.read(path)
    assert (line["question_id"], line["label"], line.weight, line["note"]) == ("00123", "good", 1.5, "よい")
    assert line.number == 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "lacks a column"),
        (b"question_id,note\n1,x\n", "label"),
        (b"label,note\ngood,x\n", "segment_id or question_en or question_id"),
        (b"question_id,label,label\n1,good,bad\n", "stands twice"),
        (b"question_id,label\n1,good,oops\n", "sheet.csv:2"),
        (b"question_id,label\n1,good\n2,ok\n3,maybe\n", "'ok' in"),
        ("question_id,label\n1,良い\n".encode("cp932"), "CSV UTF-8"),
        (b'question_id,label\n1,"go\x00od\n', "sheet.csv"),
    ],
)
def test_what_is_wrong_is_said_once(content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError) as raised:
        sheet_csv.read(path)
    assert told in str(raised.value)


def test_a_missing_sheet_and_a_weight_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no such sheet"):
        sheet_csv.read(tmp_path / "none.csv")
    path = tmp_path / "sheet.csv"
    path.write_text("question_id,label,weight\n1,good,heavy\n")
    with pytest.raises(SourceError, match=r"sheet\.csv:2"):
        _ = sheet_csv.read(path)[0].weight
