"""What validate finds in tables as spreadsheets write them, and how it says what to do."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vqa_builder import load_spec, validate
from vqa_builder.errors import SourceError, SpecError
from vqa_builder.plugins import construct
from vqa_builder.sources import _excerpts, _json_stream
from vqa_builder.sources.table import Table
from vqa_builder.steps import input_checks

SPEC = "name: mine\nlanguages: [ja]\nsource:\n  type: table\n  splits: {{train: '{file}'}}\n"
TABLE = (
    "question_id,image_id,question,answers\n1,a.jpg,What’s on the café’s table?,cup\n2,b.jpg,How many?,2\n"
)
JAPANESE = TABLE.replace("a.jpg", "台所.jpg")
SEMICOLONS = TABLE.replace(",", ";")


def checked(
    folder: Path, data: bytes, *, option: str = "", file: str = "q.csv", full: bool = False
) -> list[str]:
    (folder / file).write_bytes(data)
    path = folder / "build.yaml"
    path.write_text(SPEC.format(file=file) + option, encoding="utf-8")
    source: Table = construct("sources", load_spec(path).source, folder)
    encoding = source._options.encoding
    return source.description() + input_checks.check_inputs(source, folder, encoding=encoding, full=full)


@pytest.mark.parametrize(
    ("data", "option"),
    [
        (TABLE.encode("utf-8-sig"), ""),
        (f"sep=;\r\n{SEMICOLONS}".encode("utf-8-sig"), ""),
        (SEMICOLONS.encode(), 'delimiter: ";"'),
        (TABLE.replace(",", "\t").encode(), 'delimiter: "\\t"'),
        (TABLE.encode("cp1252"), "encoding: cp1252"),
        (JAPANESE.replace("’", "'").replace("é", "e").encode("cp932"), "encoding: cp932"),
        (TABLE.encode("utf-16"), "encoding: utf-16"),
        (TABLE.encode("utf-16-le"), "encoding: utf-16-le"),
    ],
    ids=["bom", "sep", "semicolons", "tabs", "cp1252", "cp932", "utf-16", "utf-16 without a mark"],
)
def test_a_spreadsheets_table_is_read_or_the_error_names_the_option(
    tmp_path: Path, data: bytes, option: str
) -> None:
    if option:
        with pytest.raises(SourceError) as refused:
            checked(tmp_path, data)
        assert option in str(refused.value)
    lines = checked(tmp_path, data, option=f"  {option}\n" if option else "")
    assert "questions read: train 2 (2 answered)" in lines


MISTAKES: list[tuple[str, bytes, list[str]]] = [
    ("q.csv", TABLE.replace("question,", "qestion,").encode(), ["columns: {question: qestion}"]),
    ("q.csv", TABLE.replace("question_id", "id").encode(), ["{question_id: id}", "question_id: null"]),
    ("q.csv", TABLE.replace("answers", "reply").encode(), ["'reply' looks like answers", "ignore: [reply]"]),
    ("q.csv", JAPANESE.replace("’", "'").replace("é", "e").encode("euc-jp"), ["encoding: euc_jp"]),
    ("q.csv", TABLE.replace("’", "'").encode("latin-1"), ["byte 0xe9", "encoding: cp1252"]),
    ("q.csv", TABLE.replace(",", "|").encode(), ['delimiter: "|"']),
    ("q.csv", TABLE.split("\n")[0].encode(), ["The table has no rows"]),
    ("q.csv", b"", ["The file is empty"]),
    ("q.csv", TABLE.replace("How many?", "").encode(), ["question is empty", "record 1", "skip"]),
    ("q.csv", TABLE.replace("\n2,", "\n1,").encode(), ["question_id is not unique", "record 0"]),
    ("q.csv", TABLE.replace("How many?", '"How many?').encode(), ["cannot be read as CSV", "line 3"]),
    ("q.csv", b"<!DOCTYPE html><html>", ["a web page, and not the data"]),
    ("q.xlsx", b"PK", ['save the workbook as "CSV UTF-8"']),
    ("q.txt", TABLE.encode(), ["cannot be seen from its name", "format: jsonl"]),
    ("q.json", b"version https://git-lfs.github.com/spec/v1\n", ["a pointer of Git LFS", "git lfs pull"]),
    ("q.json", b"[{'question_id': 1}]", ["not valid JSON", "byte 2"]),
    ("q.json", b"3", ["none of the known shapes"]),
    ("q.jsonl", b"[]", ["not JSONL", "format: json"]),
    (
        "q.jsonl",
        b'{"question_id": 1, "image_id": 1, "question": "a"},\n' * 2,
        ["None of the file's records", "JSON is malformed"],
    ),
    ("q.parquet", TABLE.encode(), ["The file is damaged", "a whole parquet file"]),
]


@pytest.mark.parametrize(("file", "data", "told"), MISTAKES, ids=[told[0] for _, _, told in MISTAKES])
def test_what_is_wrong_with_a_file_is_told(tmp_path: Path, file: str, data: bytes, told: list[str]) -> None:
    with pytest.raises(SourceError) as refused:
        checked(tmp_path, data, file=file)
    for words in (*told, str(tmp_path / file)):
        assert words in str(refused.value)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("qq.csv", "did you mean q.csv?"),
        ("nowhere/q.csv", "the folder of q.csv"),
        ("~/data/q.csv", "give the whole path"),
        ("$HOME/q.csv", "give the whole path"),
        ("https://example.org/q.csv", "addresses are not read"),
        ("*.tsv", "No file fits the pattern"),
    ],
)
def test_a_file_that_is_not_there_is_told(tmp_path: Path, path: str, told: str) -> None:
    (tmp_path / "q.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "build.yaml").write_text(SPEC.format(file=path), encoding="utf-8")
    source = construct("sources", load_spec(tmp_path / "build.yaml").source, tmp_path)
    with pytest.raises(SourceError) as refused:
        source.description() + input_checks.check_inputs(source, tmp_path)
    assert told in str(refused.value)


def test_records_are_counted_and_read_in_an_encoding_too(tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_bytes(TABLE.encode("cp1252"))
    path = tmp_path / "build.yaml"
    text = SPEC.format(file="q.csv").replace("table", "records") + "  fields: {question: question}\n"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match="encoding: cp1252"):
        validate(load_spec(path))
    path.write_text(text + "  encoding: cp1252\n", encoding="utf-8")
    assert "records read: train 2" in validate(load_spec(path))


def test_a_wrong_encoding_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="another encoding than the spec says"):
        checked(tmp_path, TABLE.encode("cp1252"), option="  encoding: ascii\n")


def test_an_unknown_encoding_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="an encoding that Python knows"):
        checked(tmp_path, TABLE.encode(), option="  encoding: latin-99\n")


def test_a_bad_record_is_told_with_its_place_and_their_number(tmp_path: Path) -> None:
    data = TABLE + "3,c.jpg,,cup\n4,d.jpg,Is it red?,yes\n4,d.jpg,Is it red?,no\n"
    with pytest.raises(SourceError, match=r"q.csv, record 2(.|\n)*2 bad records in what was read"):
        checked(tmp_path, data.encode())


def test_large_inputs_are_read_in_part_unless_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_checks, "SMALL", 10)
    monkeypatch.setattr(input_checks, "FIRST", 1)
    lines = checked(tmp_path, TABLE.encode())
    assert "questions read: train 1 (1 answered)" in lines
    assert any("--full reads all" in line for line in lines)
    assert "questions read: train 2 (2 answered)" in checked(tmp_path, TABLE.encode(), full=True)


def test_another_encoding_far_into_a_large_file_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(input_checks, "SMALL", 10)
    monkeypatch.setattr(input_checks, "FIRST", 1)
    rows = "".join(f"{number},x.jpg,Is it {number}?,yes\n" for number in range(3, 12_000))
    last = "12000,x.jpg,Is it a café?,yes\n"
    plain = TABLE.replace("’", "'").replace("é", "e") + rows
    with pytest.raises(SourceError, match="encoding: cp1252"):
        checked(tmp_path, (plain + last + plain[60:]).encode("cp1252"))


def csv_of(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def json_of(rows: list[list[str]]) -> bytes:
    head, *records = rows
    return json.dumps([dict(zip(head, record, strict=True)) for record in records]).encode()


def jsonl_of(rows: list[list[str]]) -> bytes:
    return b"\n".join(json.dumps(json.loads(json_of([rows[0], row]))[0]).encode() for row in rows[1:]) + b"\n"


def parquet_of(rows: list[list[str]]) -> bytes:
    sink = pa.BufferOutputStream()
    columns = dict(zip(rows[0], zip(*rows[1:], strict=True), strict=True))
    pq.write_table(pa.table(columns), sink, row_group_size=250)
    return bytes(sink.getvalue().to_pybytes())


@pytest.mark.parametrize("written", [csv_of, jsonl_of, json_of, parquet_of])
@pytest.mark.parametrize(("at", "where"), [(3, "record 2"), (801, "near its middle"), (-2, "near its end")])
def test_a_bad_record_anywhere_in_a_large_file_is_found(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: Callable[[list[list[str]]], bytes],
    at: int,
    where: str,
) -> None:
    monkeypatch.setattr(input_checks, "SMALL", 10)
    monkeypatch.setattr(_excerpts, "LARGE", 10)
    monkeypatch.setattr(_json_stream, "BLOCK", 1 << 14)
    monkeypatch.setattr(_excerpts, "SPOT", 1 << 13)
    monkeypatch.setattr(_excerpts, "FIRST", 50)
    question = 'Is it "red",\nor is it blue?'
    rows = [["question_id", "image_id", "question", "answers"]]
    rows += [[f"q{number}", "a.jpg", question, "yes"] for number in range(1_500)]
    file = f"q.{written.__name__.removesuffix('_of')}"
    good = checked(tmp_path, written(rows), file=file)
    assert any("only first, middle and last rows" in line for line in good)
    rows[at][2] = ""
    with pytest.raises(SourceError) as refused:
        checked(tmp_path, written(rows), file=file)
    assert where in str(refused.value)
    assert str(tmp_path / file) in str(refused.value)
    assert f"q{at - 1 if at > 0 else 1_498}" in str(refused.value)


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_checks, "_BYTES_FOR_A_BUILD", 1 << 60)
    assert any(
        line.startswith("notice: ") and "GB are free" in line for line in checked(tmp_path, TABLE.encode())
    )
