"""The base of input formats: files in, ``examples`` out, bad records named or set aside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal, NamedTuple, Protocol, TypeVar, get_args

import pyarrow as pa
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from vqa_builder.errors import SourceError
from vqa_builder.store import file_hash

SplitName = Literal["train", "validation", "test"]
Paths = Annotated[
    tuple[Path, ...],
    BeforeValidator(lambda value: value if isinstance(value, list | tuple) else [value]),
    Field(min_length=1),
]
"""One file or a list of files."""


class Options(BaseModel):
    """Base of every plug-in's options: what the spec may say under its ``type``."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_Files = TypeVar("_Files")


def in_order(splits: Mapping[SplitName, _Files]) -> dict[str, _Files]:
    """The same with train first, then validation, then test."""
    return {split: splits[split] for split in get_args(SplitName) if split in splits}


class BadRecord(NamedTuple):
    """A record that cannot be used.

    Attributes:
        file: where it stands; inside an archive, ``archive.zip!member.json``.
        record: which record of the file, counted from 0; None where the record has no place of its own.
        id: its question id as far as it could be read.
        problem: one sentence.
        expected: what would have been right.
        found: what stood there.
    """

    file: str
    record: int | None
    id: object
    problem: str
    expected: str
    found: str

    def error(self) -> SourceError:
        """The same as an exception."""
        place = self.file if self.record is None else f"{self.file}, record {self.record}"
        return SourceError(
            self.problem,
            where=place if self.id is None else f"{place}, question_id {self.id!r}",
            expected=self.expected,
            found=self.found,
            remedy="correct the record, or set such records aside with --on-bad-record skip",
        )


class OnBadRecord(Protocol):
    """Called with every bad record; raises, or returns to have the record left out."""

    def __call__(self, record: BadRecord, /) -> None: ...


class Source(ABC):
    """An input format.

    Subclasses set ``name``, ``summary`` and ``Options``, and raise ``SourceError`` for a file that cannot be
    read at all; single bad records go to ``on_bad_record``.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    version: ClassVar[str] = "1"
    normalised_answers: ClassVar[bool] = True
    """Whether answers count for labels as they stand; False where they are sentences, such as ``Green.``"""
    Options: ClassVar[type[Options]]

    @abstractmethod
    def __init__(self, options: BaseModel) -> None: ...

    @abstractmethod
    def files(self) -> list[Path]:
        """Every local file that ``read`` will open, in a fixed order."""

    def fingerprint(self) -> list[str]:
        """What identifies the input: equal fingerprints, equal examples.

        Returns:
            The SHA-256 of each of `files`; sources that read something else say what, for example
            ``org/name@`` and the hash of the commit.
        """
        return [file_hash(path) for path in self.files()]

    @abstractmethod
    def read(self, on_bad_record: OnBadRecord, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """The examples, split after split, in the order of the files.

        Args:
            on_bad_record: told of every record that cannot be used.
            limit: at most so many questions of each split.

        Yields:
            Batches of at most about 10,000 rows with ``schema.examples_schema`` of the ids' types.
        """
