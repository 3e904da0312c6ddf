"""The column ``image``: a file name or address that refers to the source's image, or the image itself.

Images that are missing, broken, huge, animated or of 16 bits are named, never fatal. One that cannot be shown
is null in the column; the row stays.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.errors import MissingExtraError, SpecError
from vqa_builder.release.contents import ReleaseContents, in_order
from vqa_builder.schema import IMAGE
from vqa_builder.spec import Images
from vqa_builder.store import file_hash, fingerprint

COLUMN = "image"
LARGEST_COLUMN = 1_800_000_000
"""Bytes of the images of one table, at most: Arrow's binary arrays end at 2 GiB."""
UNUSABLE = ("missing", "broken", "huge")
_DEEP = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")


class ImageProblem(NamedTuple):
    """An image that is not as viewers and trainers expect it; ``problem`` is one of the five kinds."""

    split: str
    image_id: int | str
    file: str
    problem: str
    detail: str


def with_images(contents: ReleaseContents, settings: Images | None, folder: Path) -> ReleaseContents:
    """The same contents with the column ``image`` behind ``image_id``, and what was found wrong with images.

    Args:
        contents: tables and facts.
        settings: the spec's ``release.images``; None for no such column.
        folder: where the spec lies.

    Raises:
        SpecError: a pattern does not fit the ids, names no split, or the images to embed are too many.
        MissingExtraError: images are to be looked at, and Pillow is not installed.

    >>> shown = with_images(contents, Images(file="{image_id:012}.jpg"), Path())
    >>> shown.data["train"]["image"][0].as_py()
    '000000228478.jpg'
    """
    if settings is None:
        return contents
    tables: dict[str, dict[str, pa.Table]] = {"data": {}, "rejected": {}}
    problems: list[ImageProblem] = []
    distinct = {}
    for split in in_order({*contents.data, *contents.rejected}):
        parts = {name: getattr(contents, name)[split] for name in tables if split in getattr(contents, name)}
        ids = pa.chunked_array(
            [chunk for part in parts.values() for chunk in part["image_id"].chunks]
        ).unique()
        found = _Images(split, ids, settings, folder)
        problems += found.problems
        distinct[split] = len(ids)
        for name, part in parts.items():
            tables[name][split] = found.added(part)
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
    )


class _Images:
    """The distinct images of one split."""

    def __init__(self, split: str, ids: pa.Array, settings: Images, folder: Path) -> None:
        self.split, self.ids, self.settings = split, ids, settings
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
        values = self.embedded(rows) if self.settings.embed and self.root else self.references()
        place = table.schema.get_field_index("image_id") + 1
        return table.add_column(place, COLUMN, values.take(rows))

    def references(self) -> pa.Array:
        """The address or the file name of each image."""
        url = self.settings.url
        if url is None:
            return pa.array(self.names, pa.string())
        pairs = zip(self.ids.to_pylist(), self.names, strict=True)
        return pa.array([_filled(url, one, "url", file=name) for one, name in pairs], pa.string())

    def embedded(self, rows: pa.Array) -> pa.Array:
        """The bytes of each image; null where it cannot be shown."""
        assert self.root is not None
        paths = [self.root / name for name in self.names]
        usable = [not any(kind in UNUSABLE for kind, _ in problems) for problems in self.seen]
        sizes = [path.stat().st_size if good else 0 for path, good in zip(paths, usable, strict=True)]
        total = pc.sum(pa.array(sizes, pa.int64()).take(rows)).as_py() or 0
        if total > LARGEST_COLUMN:
            raise SpecError(
                "The images are too many to embed",
                where=f"release.images.embed, split {self.split}",
                expected=f"at most {LARGEST_COLUMN:,} bytes in one table",
                found=f"{total:,} bytes, counting an image once per question",
                remedy="refer to them: leave out embed, and give url",
            )
        values: list[dict[str, Any] | None] = [
            {"bytes": path.read_bytes(), "path": path.name} if good else None
            for path, good in zip(paths, usable, strict=True)
        ]
        return pa.array(values, IMAGE)


def inspect(path: Path, settings: Images) -> Iterator[tuple[str, str]]:
    """The problems of one image file, each with a detail; nothing if it is as expected. Needs Pillow."""
    from PIL import Image

    if not path.is_file():
        yield "missing", "no such file"
        return
    if (size := path.stat().st_size) > settings.max_bytes:
        yield "huge", f"{size:,} bytes"
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                width, height = image.size
                if width * height > settings.max_pixels:
                    yield "huge", f"{width} x {height} pixels"
                    return
                frames = getattr(image, "n_frames", 1)
                deep = image.mode in _DEEP or any(";16" in str(tile) for tile in image.tile)
                mode = image.mode
                image.draft("RGB", (width // 8, height // 8))
                image.load()
    except Image.DecompressionBombError as error:
        yield "huge", str(error)
    except Exception as error:  # decoders raise whatever the bytes make them raise
        yield "broken", f"{type(error).__name__}: {error}".replace(str(path), path.name)
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
    if importlib.util.find_spec("PIL") is None:
        raise MissingExtraError("Looking at images", "Pillow", "images")
    root = folder / settings.folder
    if not root.is_dir():
        raise SpecError(
            "There is no such folder of images", where=root, remedy="correct release.images.folder"
        )
    return root


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
