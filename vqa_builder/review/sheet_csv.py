"""The sheet that people fill in, as CSV that Excel and LibreOffice open as it is, and what comes back.

Spreadsheets change what they save: another delimiter, UTF-16, decimal commas, ids without their zeros. All
of that is read. A cell that a spreadsheet would take for a formula carries an apostrophe, which is taken off
again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from vqa_builder import named_files
from vqa_builder.errors import SourceError, SpecError
from vqa_builder.store import atomic_file

LABELS = ("good", "flaw", "bad")
FILLED_IN = ("label", "corrected_question", "corrected_answer", "note", "reviewer")
TEXTS = ("question_id", "language", "question_en", "question", "question_back", "answers")
RECORD = ("verdict", "reasons", "weight")
KEYS = ("split", "segment_id", "answer_en", "answer", "answer_sense")
SCORE = "score_"
NAMED = 5
_FORMULA = re.compile(r"[\s\u200b-\u200f\u2060-\u2064\ufeff]*[=+@＝＋－＠-]|['\t\r\n]")
"""Also behind what cannot be seen, which a spreadsheet may leave out."""
_DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Line:
    """One row of a sheet.

    Attributes:
        file: where it stands.
        number: the line, counted from 1, at which it ends.
        cells: column -> text; a column that the sheet lacks is missing.
    """

    file: Path
    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.file}:{self.number}"

    @property
    def weight(self) -> float:
        """The sampling weight; 1 where the sheet states none.

        Raises:
            SourceError: it is no number above 0.
        """
        text = self["weight"].strip()
        try:
            number = float(text.replace(",", ".")) if text else 1.0
        except ValueError:
            number = 0.0
        if not 0 < number < float("inf"):
            raise SourceError(
                "A weight is no number", where=self.place, expected="a number above 0", found=text
            )
        return number


def columns(scores: Sequence[str]) -> list[str]:
    """The columns of a sheet in their order: what is read, what is filled in, what is known, what is the key.

    >>> columns(["chrf"])[6:]  # doctest: +ELLIPSIS
    ['label', ..., 'reviewer', 'verdict', 'reasons', 'weight', 'score_chrf', 'split', ..., 'answer_sense']
    """
    return [*TEXTS, *FILLED_IN, *RECORD, *(SCORE + name for name in scores), *KEYS]


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula; ``bare`` gives it back.

    >>> guarded("=1+1"), guarded("赤"), bare(guarded("'=x"))
    ("'=1+1", '赤', "'=x")
    """
    return "'" + text if _FORMULA.match(text) else text


def bare(text: str) -> str:
    """What ``guarded`` was given; any other text as it is."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text, 1) else text


def plain(value: str | float) -> str:
    """A value as text: numbers in six digits.

    >>> plain(1.0), plain("1.0")
    ('1', '1.0')
    """
    return value if isinstance(value, str) else f"{value:.6g}"


def write(path: Path, names: Sequence[str], rows: Iterable[Mapping[str, str | float]]) -> None:
    """Write a sheet: UTF-8 with a byte order mark, CRLF; numbers in six digits, texts guarded.

    Raises:
        SpecError: the name is not that of a CSV; another program would take what people wrote for its own,
            a browser for a page.
    """
    if path.suffix.lower() != ".csv":
        raise SpecError(
            "A sheet is written as CSV",
            where=path,
            expected="a name that ends in .csv",
            found=path.suffix or "none",
            remedy="spreadsheets open a CSV; --html writes the sheet as a page",
        )
    with atomic_file(path) as partial, partial.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(names)
        for row in rows:
            writer.writerow([_cell(row.get(name, "")) for name in names])


def read(path: Path, *, needed: Sequence[str] = ("label",)) -> list[Line]:
    """The rows of a sheet, those without any text left out.

    Args:
        path: CSV with a header, separated by commas, semicolons or tabs, in UTF-8 or UTF-16.
        needed: columns that must be there; beside them ``segment_id``, ``question_en`` or ``question_id``.

    Raises:
        SourceError: the file is missing, has another encoding or shape, or holds a label that is none.
    """
    text = _text(path)
    header = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = [name.strip() for name in next(reader, [])]
        _check_header(path, names, needed)
        lines = []
        for cells in reader:
            if len(cells) > len(names) and any(cells[len(names) :]):
                expected = f"{len(names)} cells, as in the header; a cell with {delimiter!r} in quotes"
                _wrong("A row is too long", f"{path}:{reader.line_num}", expected, f"{len(cells)} cells")
            if any(cell.strip() for cell in cells):
                found = {name: bare(cell.strip()) for name, cell in zip(names, cells, strict=False)}
                lines.append(Line(path, reader.line_num, found))
    except csv.Error as error:
        _wrong("The sheet is no CSV", f"{path}:{reader.line_num}", "rows of cells", error)
    return _with_labels(lines)


def named(names: Sequence[str]) -> str:
    """The first few of many names.

    >>> named(list("abcdefg"))
    'a, b, c, d, e and 2 more'
    """
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _text(path: Path) -> str:
    raw = named_files.read_bytes(path, "sheet", SourceError)
    try:
        return raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(
            "The sheet is in an encoding that cannot be told",
            where=path,
            expected="UTF-8 or UTF-16",
            found=error,
            remedy='save it as "CSV UTF-8"',
        ) from None


def _check_header(path: Path, names: Sequence[str], needed: Sequence[str]) -> None:
    keys = ("segment_id", "question_en", "question_id")
    missing = [name for name in needed if name not in names]
    if not any(name in names for name in keys):
        missing.append(" or ".join(keys))
    if missing:
        _wrong("The sheet lacks a column", path, ", ".join(missing), ", ".join(names)[:200] or "nothing")
    if len(set(filter(None, names))) != len(list(filter(None, names))):
        _wrong("A column stands twice in the sheet", path, "each name once", ", ".join(names)[:200])


def _with_labels(lines: list[Line]) -> list[Line]:
    """The lines with their labels in lower case; all that are none in one error."""
    found = [replace(line, cells={**line.cells, "label": line["label"].lower()}) for line in lines]
    wrong = [f"{line['label']!r} in {line.place}" for line in found if line["label"] not in ("", *LABELS)]
    if wrong:
        _wrong("A label is none of ours", wrong[0].rpartition(" in ")[2], ", ".join(LABELS), named(wrong))
    return found


def _cell(value: str | float) -> str:
    return guarded(value) if isinstance(value, str) else plain(value)


def _wrong(problem: str, where: object, expected: object, found: object) -> NoReturn:
    raise SourceError(problem, where=where, expected=expected, found=found)
