"""The base of input formats: files in, ``examples`` out, bad records named or set aside."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Protocol, TypeVar, get_args

import pyarrow as pa
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from vqa_builder import schema
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


class SourceOptions(Options):
    """Options that every source of this package has."""

    prefix_ids: tuple[Literal["question_id", "image_id"], ...] = Field(
        (),
        description="the ids that get the split's name in front, train-17, because they start anew in every"
        " split: [question_id], or [question_id, image_id]",
    )
    ignore: tuple[str, ...] = Field(
        (), description="columns that look like answers and are to be left out, where no others are read"
    )


class FileOptions(SourceOptions):
    """Options of sources whose splits are files."""

    splits: dict[SplitName, Paths] = Field(
        min_length=1, description="the file of each split, or a list of files"
    )


class Column(NamedTuple):
    """What becomes of a column, or of a field of JSON records.

    Attributes:
        name: in the source.
        read_as: the column of ``examples`` that it becomes; None where it is ignored.
    """

    name: str
    read_as: str | None

    @property
    def fate(self) -> str:
        """For people.

        >>> Column("reply", "answers").fate
        'read as answers'
        """
        return "ignored" if self.read_as is None else f"read as {self.read_as}"


Pictures = Literal["none", "references", "bytes"]
"""Whether examples have a column ``image``, with the paths of pictures alone or with their bytes, too."""

_Files = TypeVar("_Files")


def set_aside(remedy: str) -> str:
    """What to do about a bad record."""
    return f"{remedy}, or set such records aside with --on-bad-record skip"


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
        remedy: what the reader can do about it.
    """

    file: str
    record: int | None
    id: object
    problem: str
    expected: str
    found: str
    remedy: str = set_aside("correct the record")

    def error(self) -> SourceError:
        """The same as an exception."""
        place = self.file if self.record is None else f"{self.file}, record {self.record}"
        return SourceError(
            self.problem,
            where=place if self.id is None else f"{place}, question_id {self.id!r}",
            expected=self.expected,
            found=self.found,
            remedy=self.remedy,
        )


class OnBadRecord(Protocol):
    """Called with every bad record; raises, or returns to have the record left out."""

    def __call__(self, record: BadRecord, /) -> None: ...


COARSEST_CLOCK = 2_000_000_000
"""Nanoseconds between two times that every file system tells apart."""


def at_commit(options: Mapping[str, Any], fingerprint: Iterable[str]) -> dict[str, Any]:
    """A source's options, a dataset of the hub at the commit of a fingerprint.

    >>> at_commit({"repo": "org/vqa"}, ["org/vqa@0a1b"])
    {'repo': 'org/vqa', 'revision': '0a1b'}
    """
    for mark in fingerprint:
        repo, at, commit = mark.partition("@")
        if at and options.get("repo") == repo:
            return {**options, "revision": commit}
    return dict(options)


class Marks(NamedTuple):
    """The state of files without their bytes.

    Attributes:
        stats: device, inode, size and times of each.
        settled: whether the last write is so long ago that another one would show in the times; not so where
            there are no files.
    """

    stats: tuple[tuple[int, ...], ...]
    settled: bool

    @property
    def size(self) -> int:
        """The bytes of all."""
        return sum(size for _, _, size, *_ in self.stats)


class Source(ABC):
    """An input format.

    Subclasses set ``name``, ``summary`` and ``Options``, and raise ``SourceError`` for a file that cannot be
    read at all; single bad records go to ``on_bad_record``.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    version: ClassVar[str] = "1"
    answer_mode: ClassVar[Literal["translate", "copy", "auto"]] = "auto"
    """Whether answers are translated, copied as text in the picture, or each by its question."""
    Options: ClassVar[type[Options]]
    pictures: Pictures = "none"
    """What ``read`` gives of pictures in the source's columns, where it has any."""

    @abstractmethod
    def __init__(self, options: BaseModel) -> None: ...

    @property
    def roles(self) -> tuple[str, ...]:
        """The kinds of strings that it holds, in the order of ``schema.KINDS``."""
        return schema.ROLES

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

    def marks(self) -> Marks:
        """What tells that a file was written, even if it is as it was by now."""
        found = [path.stat() for path in self.files()]
        times = [(each.st_mtime_ns, each.st_ctime_ns) for each in found]
        settled = bool(times) and all(time.time_ns() - max(pair) > COARSEST_CLOCK for pair in times)
        stats = [
            (each.st_dev, each.st_ino, each.st_size, *pair) for each, pair in zip(found, times, strict=True)
        ]
        return Marks(tuple(stats), settled)

    def columns(self) -> list[Column]:
        """What becomes of every column, for ``plan`` and ``validate``; nothing if the source cannot tell."""
        return []

    def notices(self) -> list[str]:
        """What a reader should know before the source is read, such as splits that are left out."""
        return []

    def description(self) -> list[str]:
        """Columns and notices, in lines for ``plan`` and ``validate``."""
        columns = self.columns()
        read = [name if name == read_as else f"{name} as {read_as}" for name, read_as in columns if read_as]
        ignored = [name for name, read_as in columns if not read_as]
        lines = [f"columns read: {', '.join(read)}"] if read else []
        return lines + ([f"columns ignored: {', '.join(ignored)}"] if ignored else []) + self.notices()

    @abstractmethod
    def read(self, on_bad_record: OnBadRecord, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """The examples, split after split, in the order of the files.

        Args:
            on_bad_record: told of every record that cannot be used.
            limit: at most so many questions of each split.

        Yields:
            Batches of at most about 10,000 rows with ``schema.examples_schema`` of the ids' types.
        """
