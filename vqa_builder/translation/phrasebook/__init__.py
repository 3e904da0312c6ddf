"""The phrasebook: ready translations of questions that are asked about images, shipped with the package.

A large language model wrote them line by line; the README beside this file says how well. They are asked
before any engine and after what people verified, and stand in the column ``engine`` under their own name.
"""

from __future__ import annotations

import hashlib
import lzma
from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path

from vqa_builder.errors import StorageError
from vqa_builder.translation.request import Request

FILE = Path(__file__).with_name("questions.tsv.xz")
SOURCE, ROLES = "en", ("question", "turn")
NAME = "phrasebook"
ORIGIN = (
    "careful translations that a large language model wrote line by line, not checked by professional"
    " translators (CC BY 4.0, after questions of VQA v2, OK-VQA, GQA, TextVQA and VizWiz)"
)


class Phrasebook:
    """The ready translations into one language.

    Args:
        language: ISO 639 code.
        file: a table like the one that is shipped: compressed with xz, a column for each language.

    Raises:
        StorageError: the file is damaged.

    Example::

        >>> questions = Request(["what TIME is it", "What time is my train?"], "en", "ja", role="question")
        >>> Phrasebook("ja").lookup(questions)
        ['今何時ですか？', None]
    """

    def __init__(self, language: str, file: Path = FILE) -> None:
        self.language, self._file = language, file

    @property
    def signature(self) -> str:
        """The content of the file, whatever its language."""
        return f"{NAME}|sha:{_content(self._file)[1][:12]}"

    def lookup(self, request: Request) -> list[str | None]:
        """The translations of the questions that are in it; None for all other strings."""
        if (request.source, request.target) != (SOURCE, self.language) or request.role not in ROLES:
            return [None] * len(request)
        known = _read(self._file).get(self.language, {})
        return [known.get(key(text)) for text in request.texts]


def key(question: str) -> str:
    """What a question is looked up by: neither case, nor white space, nor the mark at its end.

    >>> key("What  color is it? ")
    'what color is it'
    """
    return " ".join(question.lower().split()).rstrip(" ?.")


def languages(file: Path = FILE) -> Sequence[str]:
    """Those that the phrasebook can translate into."""
    with lzma.LZMAFile(BytesIO(_content(file)[0])) as lines:
        names = lines.readline().decode("utf-8").rstrip("\n").split("\t")
    return [name for name in names if name != SOURCE]


@cache
def _content(file: Path) -> tuple[bytes, str]:
    """The bytes of a file, compressed as they are, and their hash."""
    content = file.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    expected = file.with_name(file.name.partition(".")[0] + ".sha256").read_text(encoding="utf-8").split()[0]
    if found != expected:
        raise StorageError(
            "The phrasebook is damaged",
            where=file,
            expected=f"sha256 {expected}",
            found=found,
            remedy="install vqa-builder again, or write `translate: {phrasebook: false}`",
        )
    return content, found


@cache
def _read(file: Path) -> Mapping[str, Mapping[str, str]]:
    """The translations of a file by language and key."""
    lines = lzma.decompress(_content(file)[0]).decode("utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    keys = [key(row[0]) for row in rows[1:]]
    return {
        language: dict(zip(keys, (row[number] for row in rows[1:]), strict=True))
        for number, language in enumerate(rows[0])
        if language != SOURCE
    }
