"""The column ``image``: a file name or address that refers to the source's image, or the image itself.

Images that are missing, broken, huge, animated, of 16 bits, or like another are named, never fatal; their
rows stay. One of a file that cannot be shown is null in the column; one in a row of the source stays as it
is, byte for byte.
"""

from __future__ import annotations

import importlib.util
import io
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.batches import Batches
from vqa_builder.errors import MissingExtraError, SpecError
from vqa_builder.pictures import COLUMNS, Pictures
from vqa_builder.release import near_images
from vqa_builder.release.contents import ReleaseContents, in_order
from vqa_builder.schema import IMAGE
from vqa_builder.spec import Images
from vqa_builder.store import file_hash, fingerprint

UNUSABLE = ("missing", "broken", "huge")
_DEEP = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")


class ImageProblem(NamedTuple):
    """An image that is not as viewers and trainers expect it; ``problem`` is one of the seven kinds."""

    split: str
    image_id: int | str
    file: str
    problem: str
    detail: str


def with_images(
    contents: ReleaseContents,
    settings: Images | None,
    folder: Path,
    pictures: Pictures | None = None,
    problems: Sequence[ImageProblem] = (),
) -> ReleaseContents:
    """The same contents with the column ``image`` behind ``image_id``, and what was found wrong with images.

    Args:
        contents: tables and facts; tables that have the column already have it from the source.
        settings: the spec's ``release.images``; None for no more than what the source has.
        folder: where the spec lies.
        pictures: those of the source.
        problems: what was found wrong with them.

    Raises:
        SpecError: a pattern does not fit the ids, or names no split.
        MissingExtraError: images are to be looked at, and Pillow is not installed.

    >>> shown = with_images(contents, Images(file="{image_id:012}.jpg"), Path())
    >>> shown.data["train"]["image"][0].as_py()
    '000000228478.jpg'
    """
    settings, pictures = settings or Images(), pictures or Pictures(folder)
    of_rows = any(name in table.schema.names for table in contents.tables.values() for name in COLUMNS)
    if not (settings.file or of_rows):
        return contents
    tables: dict[str, dict[str, Batches]] = {"data": {}, "rejected": {}}
    problems, distinct = list(problems), {}
    shown: list[near_images.Shown] = []
    for split in in_order({*contents.data, *contents.rejected}):
        named = {name: getattr(contents, name) for name in tables}
        parts = {name: Batches.of(part[split]) for name, part in named.items() if split in part}
        found: _Files | _RowPictures
        if settings.file:
            ids = [piece["image_id"].unique() for part in parts.values() for piece in part.read(["image_id"])]
            found = _Files(split, pa.chunked_array(ids).unique(), settings, folder, pictures)
        else:
            found = _RowPictures(split, [*parts.values()], settings, folder, pictures)
        for name, part in parts.items():
            tables[name][split] = part.changed(found.added)
        problems += found.problems
        distinct[split] = found.distinct
        shown += found.shown()
    problems += _alike(shown)
    counted = Counter(problem.problem for problem in problems)
    counts = {
        **contents.facts["counts"],
        "images": {"distinct": distinct, "problems": dict(sorted(counted.items()))},
    }
    return replace(
        contents,
        data=tables["data"],
        rejected=tables["rejected"],
        facts={**contents.facts, "counts": counts},
        image_problems=tuple(problem._asdict() for problem in problems),
        pictures=pictures,
        picture_folder=check_images(settings, folder),
    )


def _alike(shown: Sequence[near_images.Shown]) -> list[ImageProblem]:
    """Images that look like others, if Pillow is there to look."""
    found = near_images.problems(shown if _can_look() else ())
    return [ImageProblem(image.split, image.image_id, image.name, *told) for image, *told in found]


class _Files:
    """The distinct images of one split, which lie in files."""

    def __init__(self, split: str, ids: pa.Array, settings: Images, folder: Path, pictures: Pictures) -> None:
        self.split, self.ids, self.settings, self.pictures = split, ids, settings, pictures
        self.distinct = len(ids)
        self.root = check_images(settings, folder)
        known = ids.to_pylist()
        self.names = [_filled(settings.pattern(split), one, "file") for one in known]
        self.seen = [] if self.root is None else list(_inspected(self.names, self.root, settings))
        self.problems = [
            ImageProblem(split, one, name, *problem)
            for one, name, problems in zip(known, self.names, self.seen, strict=False)
            for problem in problems
        ]

    def added(self, table: pa.Table) -> pa.Table:
        """A table with its images."""
        rows = pc.index_in(table["image_id"].combine_chunks(), self.ids)
        values = self.embedded if self.settings.embed and self.root else self.references
        place = table.schema.get_field_index("image_id") + 1
        there = [name for name in COLUMNS if name in table.column_names]
        return table.drop_columns(there).add_column(place, COLUMNS[0], values.take(rows))

    def shown(self) -> Iterator[near_images.Shown]:
        """The images that can be looked at."""
        for one, name, found in zip(self.ids.to_pylist(), self.names, self.seen, strict=False):
            if self.root is not None and not any(kind in UNUSABLE for kind, _ in found):
                yield near_images.Shown(self.split, one, name, self.root / name)

    @cached_property
    def references(self) -> pa.Array:
        """The address or the file name of each image."""
        url = self.settings.url
        if url is None:
            return pa.array(self.names, pa.string())
        pairs = zip(self.ids.to_pylist(), self.names, strict=True)
        return pa.array([_filled(url, one, "url", file=name) for one, name in pairs], pa.string())

    @cached_property
    def embedded(self) -> pa.Array:
        """The SHA-256 of each image, which is read when it is written; null where it cannot be shown."""
        assert self.root is not None
        values: list[dict[str, Any] | None] = [
            {"bytes": self.pictures.add_file(self.root / name), "path": Path(name).name}
            if not any(kind in UNUSABLE for kind, _ in found)
            else None
            for name, found in zip(self.names, self.seen, strict=True)
        ]
        return pa.array(values, IMAGE)


class _RowPictures:
    """The pictures of one split that stand in its rows, as the source has them."""

    def __init__(
        self, split: str, parts: Sequence[Batches], settings: Images, folder: Path, pictures: Pictures
    ) -> None:
        self.split, self.parts, self.settings, self.pictures = split, parts, settings, pictures
        self.problems: list[ImageProblem] = []
        self.root = check_images(settings, folder)
        self._known: dict[str, bytes | None] = {}
        self.name = next(name for name in COLUMNS for part in parts if name in part.schema.names)
        pieces = (piece[self.name] for part in parts for piece in part.read([self.name]))
        sums = [pc.struct_field(_flat(piece), "bytes").unique().drop_null() for piece in pieces]
        self.distinct = len(pa.chunked_array(sums, pa.binary()).unique())
        self.refer = settings.embed is False or not (self.distinct or self.root)
        for part in parts if self.root and not self.refer else ():
            for piece in part.read([self.name, "image_id"]):
                self._from_files(piece[self.name].combine_chunks(), piece["image_id"])

    def added(self, table: pa.Table) -> pa.Table:
        """The table with what the spec wants of its pictures."""
        place = table.schema.get_field_index(self.name)
        column = table[self.name].combine_chunks()
        values = self._references(column) if self.refer else self._from_files(column, table["image_id"])
        return table.set_column(place, self.name, values)

    def shown(self) -> Iterator[near_images.Shown]:
        """The pictures, each once, with the first row that has it."""
        seen = set()
        for part in self.parts:
            for piece in part.read([self.name, "image_id"]):
                column = self._from_files(piece[self.name].combine_chunks(), piece["image_id"])
                for value, image_id in zip(column.to_pylist(), piece["image_id"].to_pylist(), strict=True):
                    for one in value if isinstance(value, list) else [value]:
                        if one and one["bytes"] is not None and one["bytes"] not in seen:
                            seen.add(one["bytes"])
                            path = self.pictures.path(one["bytes"])
                            yield near_images.Shown(self.split, image_id, one["path"] or "", path)

    def _references(self, column: pa.Array) -> pa.Array:
        """Paths, or what ``url`` makes of them."""

        def address(path: str | None) -> str | None:
            url = self.settings.url
            return path if url is None or path is None else _filled(url, path, "url", file=path)

        if pa.types.is_list(column.type):
            lists = [
                None if row is None else [address(one["path"]) for one in row] for row in column.to_pylist()
            ]
            return pa.array(lists, pa.list_(pa.string()))
        return pa.array(map(address, pc.struct_field(column, "path").to_pylist()), pa.string())

    def _from_files(self, column: pa.Array, ids: pa.ChunkedArray) -> pa.Array:
        """Pictures that have a path alone, read from the folder that the spec names, and no other."""
        if self.root is None:
            return column
        known, rows = self._known, column.to_pylist()
        for value, image_id in zip(rows, ids.to_pylist(), strict=True):
            for one in value if isinstance(value, list) else [value]:
                if one and one["bytes"] is None and one["path"] is not None:
                    path = one["path"]
                    if path not in known:
                        known[path] = self._file(path, image_id)
                    one["bytes"] = known[path]
        return pa.array(rows, column.type)

    def _file(self, path: str, image_id: int | str) -> bytes | None:
        assert self.root is not None
        (found,) = _inspected([path], self.root, self.settings)
        self.problems += [ImageProblem(self.split, image_id, path, *each) for each in found]
        usable = not any(kind in UNUSABLE for kind, _ in found)
        return self.pictures.add_file(self.root / path) if usable else None


def _flat(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.list_flatten(column) if pa.types.is_list(column.type) else column


def inspect(path: Path, settings: Images) -> Iterator[tuple[str, str]]:
    """The problems of one image file, each with a detail; nothing if it is as expected. Needs Pillow."""
    if not path.is_file():
        yield "missing", "no such file"
        return
    with path.open("rb") as file:
        for kind, detail in look(file, path.stat().st_size, settings):
            yield kind, detail.replace(str(path), path.name)


def look(image: BinaryIO | pa.Buffer, size: int, settings: Images) -> Iterator[tuple[str, str]]:
    """The problems of one image, as of ``inspect``.

    Args:
        image: an open file, or the bytes.
        size: in bytes.
        settings: what is huge.
    """
    from PIL import Image, UnidentifiedImageError

    if size > settings.max_bytes:
        yield "huge", f"{size:,} bytes"
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(image if not isinstance(image, pa.Buffer) else io.BytesIO(image)) as opened:
                width, height = opened.size
                if width * height > settings.max_pixels:
                    yield "huge", f"{width} x {height} pixels"
                    return
                frames = getattr(opened, "n_frames", 1)
                deep = opened.mode in _DEEP or any(";16" in str(tile) for tile in opened.tile)
                mode = opened.mode
                opened.draft("RGB", (width // 8, height // 8))
                opened.load()
    except Image.DecompressionBombError as error:
        yield "huge", str(error)
    except Exception as error:  # decoders raise whatever the bytes make them raise
        found = "not the bytes of an image" if isinstance(error, UnidentifiedImageError) else str(error)
        yield "broken", f"{type(error).__name__}: {found}"
    else:
        if frames > 1:
            yield "animated", f"{frames} frames"
        if deep:
            yield "16-bit", f"mode {mode}"


def check_images(settings: Images | None, folder: Path) -> Path | None:
    """The folder of the images to look at; None if none is looked at.

    Raises:
        SpecError: there is no such folder.
        MissingExtraError: Pillow is not installed.
    """
    if settings is None or settings.folder is None:
        return None
    if not _can_look():
        raise MissingExtraError("Looking at images", "Pillow", "images")
    root = folder / settings.folder
    if not root.is_dir():
        raise SpecError(
            "There is no such folder of images", where=root, remedy="correct release.images.folder"
        )
    return root


def _can_look() -> bool:
    return importlib.util.find_spec("PIL") is not None


def images_fingerprint(settings: Images | None, folder: Path) -> str | None:
    """What identifies the images that a release is made from; None if none is looked at."""
    root = check_images(settings, folder)
    if root is None:
        return None
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return fingerprint([[path.relative_to(root).as_posix(), file_hash(path)] for path in files])


def _inspected(names: list[str], root: Path, settings: Images) -> Iterator[list[tuple[str, str]]]:
    for name in names:
        inside = (root / name).resolve().is_relative_to(root.resolve())  # ids come from the data
        yield list(inspect(root / name, settings)) if inside else [("missing", "outside the folder")]


def _filled(pattern: str, image_id: int | str, key: str, **more: str) -> str:
    try:
        return pattern.format(image_id=image_id, **more)
    except (ValueError, KeyError, IndexError) as error:
        raise SpecError(
            "A pattern of images does not fit",
            where=f"release.images.{key}",
            expected="a pattern with {image_id}" + (", {file}" if more else ""),
            found=f"{pattern!r} for the image {image_id!r}: {error}",
        ) from error
