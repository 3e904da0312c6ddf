"""What conversations about pictures say over and over: labels and instructions, translated in a table.

``Answer the question using a single word or phrase.`` stands in a million rows of training data. A large
language model wrote the translations of ``instructions.tsv`` line by line.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache

from vqa_builder.languages._text import table_rows

NAME = "instructions|"
"""How the signature begins of what the table translates."""


def instruction(text: str, language: str) -> str | None:
    """The translation of a sentence that the table has.

    >>> instruction("answer with the letter", "hi"), instruction("Answer:", "ja")
    ('अक्षर से उत्तर दीजिए।', '答え：')
    """
    return _table().get(_key(text), {}).get(language)


@cache
def labels() -> re.Pattern[str]:
    """What stands before a colon at the start of a line: ``Question:``."""
    named = sorted((row["en"] for row in _table().values() if row["en"].endswith(":")), key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(map(re.escape, named))})(?=\s|\Z)")


@cache
def signature() -> str:
    """The content of the table."""
    return NAME + "sha:" + hashlib.sha256(repr(sorted(_table().items())).encode()).hexdigest()[:12]


@cache
def _table() -> dict[str, dict[str, str]]:
    return {_key(row["en"]): row for row in table_rows("instructions.tsv", "vqa_builder.translation")}


def _key(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")
