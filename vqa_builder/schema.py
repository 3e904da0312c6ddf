"""The tables that flow between the steps, and the hash that identifies their content.

Every step is ``Table -> Table``; these schemas are the contracts. Ids keep the type that they have in the
source, so schemas that carry them are made by functions of that type.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.arrays import is_list
from vqa_builder.batches import PIECE, Batches

SPOOLED = 1 << 22
"""Bytes of one kind that are kept in memory while a column is hashed."""
HELD = 10 * PIECE
"""Rows of which all columns are hashed in one reading; of each at most ``SPOOLED`` bytes are in memory."""
SPLITS = ("train", "validation", "test")
ROLES = ("question", "answer")
KINDS = ("question", "answer", "option", "turn", "text")
"""What a text of a record can be; the roles of segments are these."""
NOTHING = ("nan", "NaN", "<NA>", "null", "NULL")
"""What stands in a cell that holds nothing, as pandas and databases write it."""
SHORT = ("answer", "option")
"""Those that are judged as answers are; the others are judged as questions, sentence by sentence."""

ANSWER = pa.struct(
    [("answer", pa.string()), ("answer_confidence", pa.string()), ("answer_id", pa.int32())],
)
TRANSLATED_ANSWER = pa.struct(
    [
        ("answer", pa.string()),
        ("answer_en", pa.string()),
        ("method", pa.string()),
        ("answer_confidence", pa.string()),
        ("answer_id", pa.int32()),
    ],
)
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
"""An embedded image, as ``datasets.Image`` stores it."""
TOKEN_PAIR = pa.struct([("en", pa.int32()), ("target", pa.int32())])

SEGMENTS = pa.schema(
    [
        ("segment_id", pa.string()),
        ("role", pa.string()),
        ("text", pa.string()),
        ("context", pa.string()),
        ("count", pa.int64()),
    ],
)
TRANSLATIONS = pa.schema(
    [
        ("segment_id", pa.string()),
        ("language", pa.string()),
        ("text", pa.string()),
        ("back_text", pa.string()),
        ("engine", pa.string()),
        ("back_engine", pa.string()),
        ("status", pa.string()),
        ("error", pa.string()),
    ],
)
CANDIDATES = pa.schema(
    [
        ("segment_id", pa.string()),
        ("language", pa.string()),
        ("candidate", pa.int32()),
        ("engine", pa.string()),
        ("text", pa.string()),
        ("back_text", pa.string()),
        ("keep", pa.bool_()),
        ("score", pa.float64()),
        ("chosen", pa.bool_()),
    ],
)
VERDICTS = pa.schema(
    [
        ("segment_id", pa.string()),
        ("language", pa.string()),
        ("keep", pa.bool_()),
        ("reasons", pa.list_(pa.string())),
    ],
)
VOCABULARY = pa.schema([("label", pa.int32()), ("answer_en", pa.string()), ("count", pa.int64())])
ANSWER_MAP = pa.schema(
    [
        ("label", pa.int32()),
        ("answer_en", pa.string()),
        ("sense", pa.string()),
        ("spelling", pa.string()),
        ("answer", pa.string()),
        ("method", pa.string()),
        ("support", pa.int64()),
        ("score", pa.float32()),
        ("runner_up", pa.string()),
        ("merged_with", pa.list_(pa.int32())),
        ("merge", pa.string()),
        ("examples", pa.list_(pa.string())),
    ],
)


def examples_schema(
    question_id: pa.DataType, image_id: pa.DataType, image: pa.DataType | None = None
) -> pa.Schema:
    """The source's rows, before any translation; ``answers`` is null where the source has none.

    ``image`` is there where the source has pictures in its rows and they are wanted.
    """
    return pa.schema(
        [
            ("question_id", question_id),
            ("image_id", image_id),
            *([("image", image)] if image else []),
            ("split", pa.string()),
            ("question", pa.string()),
            ("question_type", pa.string()),
            ("answer_type", pa.string()),
            ("multiple_choice_answer", pa.string()),
            ("answers", pa.list_(ANSWER)),
        ],
    )


def data_schema(question_id: pa.DataType, image_id: pa.DataType, scores: pa.StructType) -> pa.Schema:
    """The columns of a release's config ``default``; ``rejected`` adds ``reasons``."""
    return pa.schema(
        [
            ("question_id", question_id),
            ("image_id", image_id),
            ("language", pa.string()),
            ("question", pa.string()),
            ("question_en", pa.string()),
            ("question_back", pa.string()),
            ("question_type", pa.string()),
            ("answer_type", pa.string()),
            ("multiple_choice_answer", pa.string()),
            ("multiple_choice_answer_en", pa.string()),
            ("multiple_choice_answer_method", pa.string()),
            ("answers", pa.list_(TRANSLATED_ANSWER)),
            ("labels", pa.list_(pa.int32())),
            ("soft_scores", pa.list_(pa.float32())),
            ("alignment", pa.list_(TOKEN_PAIR)),
            ("scores", scores),
            ("engine", pa.string()),
        ],
    )


def rejected_schema(data: pa.Schema) -> pa.Schema:
    """The columns of ``rejected``: those of ``data`` and why each row was rejected."""
    return data.append(pa.field("reasons", pa.list_(pa.string())))


def content_hash(rows: pa.Table | Batches) -> str:
    """SHA-256 of what a table says, whatever its chunks, slices, files or encodings.

    Column names, logical types, row order, nulls and values count; null slots, offsets, padding, dictionary
    encoding and the difference between ``string`` and ``large_string`` do not.

    >>> one = pa.table({"a": pa.chunked_array([["x"], [None, "y"]])})
    >>> content_hash(one) == content_hash(pa.table({"a": ["x", None, "y"]}))
    True
    """
    return content_hashes(rows)[0]


def content_hashes(rows: pa.Table | Batches) -> tuple[str, dict[str, str]]:
    """The content hash of a table and that of each of its columns; of a large table one is read at a time.

    Returns:
        ``content_hash(rows)``, and column name -> the same hash of the column alone, without its name.
    """
    rows = Batches.of(rows)
    whole = hashlib.sha256(f"{rows.num_rows}".encode())
    columns, names = {}, rows.schema.names
    for together in [names] if rows.num_rows <= HELD else [[name] for name in names]:
        with ExitStack() as opened:
            found = {name: _Canonical(rows.schema.field(name).type, opened) for name in together}
            for piece in rows.read(together):
                for name, canonical in found.items():
                    for array in piece[name].chunks:
                        canonical.add(array)
            for name, canonical in found.items():
                whole.update(f"|{name}:".encode())
                column = hashlib.sha256(f"{rows.num_rows}".encode())
                for part in canonical.parts():
                    whole.update(part)
                    column.update(part)
                columns[name] = column.hexdigest()
    return whole.hexdigest(), columns


BLOCK = 100
"""Rows that are hashed together where a table is too large to be held."""


class StreamedHash:
    """The content hash of a table that comes in parts, whatever their sizes; at most 100 rows are held.

    It is another one than ``content_hash``: that of the hashes of the blocks of 100 rows.

    >>> whole, parts = StreamedHash(), StreamedHash()
    >>> whole.add(pa.table({"a": ["x", "y"]}))
    >>> for text in ("x", "y"):
    ...     parts.add(pa.table({"a": [text]}))
    >>> whole.hashes() == parts.hashes()
    True
    """

    def __init__(self) -> None:
        self.rows = 0
        self._waiting: pa.Table | None = None
        self._whole = hashlib.sha256()
        self._columns: dict[str, Any] = {}

    def add(self, table: pa.Table) -> None:
        """The next rows."""
        self.rows += table.num_rows
        table = table.replace_schema_metadata(None)
        if self._waiting is not None:
            table = pa.concat_tables([self._waiting, table])
        whole = table.num_rows - table.num_rows % BLOCK
        for start in range(0, whole, BLOCK):
            self._block(table.slice(start, BLOCK))
        self._waiting = table.slice(whole)

    def hashes(self) -> tuple[str, dict[str, str]]:
        """The hash of the table and that of each of its columns; nothing can be added afterwards."""
        if self._waiting is not None and self._waiting.num_rows:
            self._block(self._waiting)
        self._waiting = None
        return self._whole.hexdigest(), {name: found.hexdigest() for name, found in self._columns.items()}

    def _block(self, table: pa.Table) -> None:
        whole, columns = content_hashes(table)
        self._whole.update(bytes.fromhex(whole))
        for name, found in columns.items():
            self._columns.setdefault(name, hashlib.sha256()).update(bytes.fromhex(found))


class _Canonical:
    """The bytes that stand for a column: type, validity, then lengths or values of the valid slots alone.

    Each kind of bytes is gathered from all pieces before the next one begins, on disk where it grows large.
    """

    def __init__(self, kind: pa.DataType, opened: ExitStack) -> None:
        self.kind = kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        self._bits, self._objects = np.zeros(0, bool), False
        validity, lengths, values = (
            opened.enter_context(SpooledTemporaryFile(SPOOLED))  # noqa: SIM115
            for _ in range(3)
        )
        self._validity, self._lengths, self._values = validity, lengths, values
        self._children: dict[bytes, _Canonical] = {}
        if pa.types.is_struct(kind):
            self._children = {
                f"struct:{field.name}".encode(): _Canonical(field.type, opened) for field in kind.fields
            }
        elif is_list(kind):
            self._children = {b"": _Canonical(kind.value_type, opened)}

    def add(self, array: pa.Array) -> None:
        """Take in the next slots."""
        valid = array.is_valid()
        self._bits = np.concatenate([self._bits, valid.to_numpy(zero_copy_only=False)])
        whole = len(self._bits) // 8 * 8
        self._validity.write(np.packbits(self._bits[:whole]).tobytes())
        self._bits = self._bits[whole:]
        array = array.filter(valid) if array.null_count else array
        array = array.cast(self.kind) if pa.types.is_dictionary(array.type) else array
        if pa.types.is_struct(self.kind):
            for child, values in zip(self._children.values(), array.flatten(), strict=True):
                child.add(values)
        elif is_list(self.kind):
            lengths = pc.list_value_length(array).cast(pa.int64())
            self._lengths.write(lengths.to_numpy(zero_copy_only=False).tobytes())
            self._children[b""].add(array.flatten())
        elif (large := _LARGE.get(_base(self.kind))) is not None:
            self._lengths.write(pc.binary_length(array).cast(pa.int64()).to_numpy().tobytes())
            self._values.write(_joined_bytes(array.cast(large)))
        else:
            values = array.to_numpy(zero_copy_only=False)
            if values.dtype == object:
                self._objects = True
                self._values.write(", ".join(["", *map(repr, array.to_pylist())]).encode())
            else:
                self._values.write(values.tobytes())

    def parts(self) -> Iterator[bytes]:
        """All bytes in their order."""
        yield from _written(self._validity)
        yield np.packbits(self._bits).tobytes()
        if not pa.types.is_struct(self.kind):
            yield b"list" if self._children else _base(self.kind).encode()
        yield from _written(self._lengths)
        for label, child in self._children.items():
            yield label
            yield from child.parts()
        if self._objects:
            self._values.seek(2)
            yield b"[" + self._values.read() + b"]"
        else:
            yield from _written(self._values)


_LARGE = {"string": pa.large_string(), "binary": pa.large_binary()}


def _base(kind: pa.DataType) -> str:
    """The name of a type in a hash: that of ``large_string`` is that of ``string``."""
    name = str(kind)
    return name.removeprefix("large_") if name in ("large_string", "large_binary") else name


def _written(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    return iter(lambda: file.read(SPOOLED), b"")


def _joined_bytes(strings: pa.LargeStringArray | pa.LargeBinaryArray) -> bytes:
    """The bytes of an array without nulls, one value after the other."""
    if not len(strings):
        return b""
    _, offsets, data = strings.buffers()
    bounds = np.frombuffer(offsets, np.int64)[strings.offset : strings.offset + len(strings) + 1]
    return b"" if data is None else data.slice(bounds[0], bounds[-1] - bounds[0]).to_pybytes()
