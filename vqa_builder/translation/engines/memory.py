"""Exact matches from a file of translations that someone else made: TMX, JSONL or Parquet."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import ClassVar

from vqa_builder.errors import EngineError
from vqa_builder.store import file_hash
from vqa_builder.translation.engines import base
from vqa_builder.translation.engines.base import Engine, Failure, Page
from vqa_builder.translation.interchange import read_entries, suffix_of
from vqa_builder.translation.request import Request


class MemoryOptions(base.Options):
    """What the spec may say.

    Attributes:
        path: a file ending in .tmx, .jsonl (both also with .gz) or .parquet.
        reversible: whether an entry from en to ja also answers ja to en.
        licence: the terms of the translations, for cards.
    """

    path: Path
    reversible: bool = False
    licence: str = "unknown"


class Memory(Engine):
    """Looks strings up; what the file does not hold is a ``Failure``.

    White space is collapsed before two strings are compared. Of several translations of one text the
    human-verified one is taken, then the one that stands first in the file. Roles and contexts do not count
    here: import the file with ``vqa-builder memory import`` to have them count.

    Example::

        >>> from tempfile import TemporaryDirectory
        >>> from vqa_builder.translation.interchange import write_entries
        >>> from vqa_builder.translation.memory import Entry
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "theirs.jsonl")
        ...     _ = write_entries(path, [Entry("en", "ja", "cat", "猫")])
        ...     with Memory(Memory.Options(path=path)) as memory:
        ...         memory.translate(Request(["cat", "dog"], "en", "ja"))
        ['猫', Failure(reason='not in theirs.jsonl')]
    """

    name: ClassVar[str] = "memory"
    distributable: ClassVar[bool] = False
    summary: ClassVar[str] = "exact matches from a TMX, JSONL or Parquet file"
    page: ClassVar[Page] = Page(
        install="pip install vqa-builder",
        limits="the whole file is held in memory",
        output="the terms of the translations; say them under `licence`",
        languages="those of the file",
    )
    Options = MemoryOptions

    def __init__(self, options: MemoryOptions) -> None:
        if not options.path.is_file():
            raise EngineError("There is no such file of translations", where=options.path)
        suffix_of(options.path)
        self.options = options
        self.licence = options.licence

    @cached_property
    def signature(self) -> str:
        """The file's content, and whether it is read both ways."""
        ways = 2 if self.options.reversible else 1
        return f"memory|file:{self.options.path.name}|sha:{file_hash(self.options.path)[:12]}|ways:{ways}"

    def check_direction(self, source: str, target: str) -> None:
        """Accept every direction: one that the file lacks is only all misses."""

    def serves(self, source: str, target: str) -> bool:
        """Whether the file holds any translation of this direction."""
        return (source, target) in self._known

    def translate(self, request: Request) -> list[str | Failure]:
        """Look every text up."""
        known = self._known.get((request.source, request.target), {})
        miss = Failure(f"not in {self.options.path.name}")
        return [known.get(" ".join(text.split()), miss) for text in request.texts]

    def close(self) -> None:
        """Forget the file."""
        self.__dict__.pop("_known", None)

    @cached_property
    def _known(self) -> dict[tuple[str, str], dict[str, str]]:
        best: dict[tuple[str, str], dict[str, tuple[int, str]]] = {}
        for entry in read_entries(self.options.path):
            text, translation = " ".join(entry.text.split()), " ".join(entry.translation.split())
            rank = 0 if entry.human_verified else 1
            _learn(best.setdefault((entry.source, entry.target), {}), text, rank, translation)
            if self.options.reversible:
                _learn(best.setdefault((entry.target, entry.source), {}), translation, rank + 2, text)
        return {
            direction: {text: answer for text, (_, answer) in ranked.items()}
            for direction, ranked in best.items()
        }


def _learn(ranked: dict[str, tuple[int, str]], text: str, rank: int, answer: str) -> None:
    if text not in ranked or rank < ranked[text][0]:
        ranked[text] = (rank, answer)
