"""The pictures of a folder, of which those that cannot be read are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from recipes.lib.features_shards import some
from recipes.lib.features_vinvl import image_key
from vqa_builder.errors import SourceError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
ORIENTATION = 0x0112
UNREADABLE = (0, 0)


@dataclass(frozen=True)
class Picture:
    """An image to read: its id, its file, and its width and height."""

    image_id: int | str
    path: Path
    size: tuple[int, int]


def find_pictures(folder: Path, say: Callable[[str], None] = lambda line: None) -> list[Picture]:
    """The pictures of a folder by id, every header read; one without a header has the size ``UNREADABLE``.

    Raises:
        SourceError: there are none, or two have one id.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    pictures: dict[int | str, Picture] = {}
    for path in paths:
        picture = Picture(image_key(path.stem), path, (0, 0))
        if picture.image_id in pictures:
            raise SourceError(
                f"Two pictures have the id {picture.image_id}",
                where=path,
                found=pictures[picture.image_id].path,
                remedy="extract splits whose ids overlap into stores of their own",
            )
        try:
            with Image.open(path) as image:
                size = (image.height, image.width) if _lies(image) else image.size
        except (OSError, SyntaxError, Image.DecompressionBombError):
            size = UNREADABLE
        pictures[picture.image_id] = Picture(picture.image_id, path, size)
    broken = [each.path.name for each in pictures.values() if each.size == UNREADABLE]
    if len(broken) == len(pictures):
        raise SourceError(
            "There are no pictures",
            where=folder,
            expected=f"files of Pillow's kinds: {' '.join(SUFFIXES)}",
            found=f"{len(broken):,} that cannot be read: {some(broken)}" if broken else None,
        )
    if broken:
        say(f"Set aside: {len(broken):,} of {len(paths):,} files are no pictures: {some(broken)}")
    if len({type(name) for name in pictures}) > 1:
        return [Picture(picture.path.stem, picture.path, picture.size) for picture in pictures.values()]
    return list(pictures.values())


def read_pixels(path: Path) -> NDArray[np.uint8]:
    """A picture's (H, W, 3) pixels, turned upright.

    Raises:
        SourceError: the file is cut off or broken.
    """
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image) if _lies(image) else image
            return np.asarray(upright.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise SourceError(
            "The picture cannot be read",
            where=path,
            found=str(error),
            remedy="replace or remove it and run again: finished shards are kept",
        ) from error


def _lies(image: Image.Image) -> bool:
    """Whether a camera's picture is stored on its side; asking a PNG would decode it all."""
    return image.format in ("JPEG", "MPO") and image.getexif().get(ORIENTATION, 1) >= 5
