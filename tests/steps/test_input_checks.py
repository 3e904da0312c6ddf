"""What validate finds in tables as spreadsheets write them, and how it says what to do."""

from pathlib import Path

import pytest

from vqa_builder import load_spec, validate
from vqa_builder.errors import SourceError
from vqa_builder.steps import input_checks

SPEC = "name: mine\nlanguages: [ja]\nsource:\n  type: table\n  splits: {{train: {file}}}\n"
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
    return validate(load_spec(path), full=full)


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
    with pytest.raises(Exception, match="an encoding that Python knows"):
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


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_checks, "_BYTES_FOR_A_BUILD", 1 << 60)
    assert any(
        line.startswith("notice: ") and "GB are free" in line for line in checked(tmp_path, TABLE.encode())
    )
