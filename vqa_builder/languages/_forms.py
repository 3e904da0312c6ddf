"""Tables of written forms that are one answer: ``answer_forms_<code>.tsv`` with written, read and kind."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from importlib import resources


def column(file: str, name: str) -> list[str]:
    """One column of a table of this package."""
    return [row[name] for row in _rows(file)]


def answer_forms(code: str, fold: Callable[[str], str]) -> dict[str, str]:
    """Written form -> the form in which it is compared.

    Args:
        code: ISO 639 code.
        fold: how the language folds spelling before it looks a form up.
    """
    rows = _rows(f"answer_forms_{code}.tsv")
    return {fold(row["written"]): fold(row["read"]) for row in rows}


def _rows(file: str) -> Iterator[dict[str, str]]:
    text = resources.files("vqa_builder.languages").joinpath(file).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines(), delimiter="\t")
