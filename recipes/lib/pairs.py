"""Image-caption pairs, and readers of the public retrieval sets.

| set | reader | languages | parallel English |
|---|---|---|---|
| Multi30K | :func:`read_multi30k` | en de fr cs | task 1 |
| MSCOCO, STAIR Captions | :func:`read_coco` | en; ja | no |
| COCO translated by the authors of XM3600 | :func:`read_translated` | 34, ja and hi among them | yes |
| XTD | :func:`read_xtd` | en de es fr it ja ko pl ru tr zh | no |
| XM3600 | :func:`read_xm3600` | 36, ja and hi among them | no |
| xFlickr&CO, Flickr30K of IGLUE | :func:`read_xflickrco` | de en es id ja ru tr zh | no |

COCO images are known by their number (``COCO_val2014_000000398076.jpg`` is 398076), all others by their file
name without its ending.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recipes.lib.records import field, json_lines, read_json
from vqa_builder.errors import SourceError

ImageId = int | str


@dataclass(frozen=True)
class Pairs:
    """Captions of one language with their images; lists of equal length, one row per caption.

    Args:
        language: of ``text``.
        image_id: an image may have several captions, and stands here once for each.
        text: the captions.
        english: the English sentences that ``text`` translates, or None where nobody translated.
    """

    language: str
    image_id: list[ImageId]
    text: list[str]
    english: list[str] | None = None

    def __len__(self) -> int:
        return len(self.text)

    def take(self, indices: Sequence[int] | NDArray[np.int64]) -> Pairs:
        """The rows named, in that order."""
        english = None if self.english is None else [self.english[index] for index in indices]
        return Pairs(
            self.language,
            [self.image_id[row] for row in indices],
            [self.text[row] for row in indices],
            english,
        )

    def images(self) -> tuple[list[ImageId], NDArray[np.int64]]:
        """Each image once, in order, and for every caption the position of its image in that list."""
        position: dict[ImageId, int] = {}
        rows = [position.setdefault(image, len(position)) for image in self.image_id]
        return list(position), np.asarray(rows, dtype=np.int64)


def joined(*parts: Pairs) -> Pairs:
    """Several sets of one language as one; English is kept where every part has it."""
    english = [part.english for part in parts]
    return Pairs(
        parts[0].language,
        [image for part in parts for image in part.image_id],
        [text for part in parts for text in part.text],
        None if None in english else [text for texts in english for text in texts or []],
    )


def image_key(name: str) -> ImageId:
    """The id of an image from its file name.

    >>> image_key("COCO_train2014_000000117071.jpg#367178"), image_key("1000092795.jpg")
    (117071, '1000092795')
    """
    name = name.strip().split("#")[0].rsplit("/", 1)[-1]
    coco = re.fullmatch(r"(?:COCO_(?:train|val|test)\d{4}_)?(\d{12})\.jpg", name)
    return int(coco[1]) if coco else name.rsplit(".", 1)[0]


def read_multi30k(folder: Path, split: str, language: str, *, task: int = 1) -> Pairs:
    """The ``data`` folder of multi30k/dataset; gzip or plain text.

    Args:
        folder: holds ``task1`` and ``task2``.
        split: train, val, test_2016_flickr, test_2017_flickr, test_2017_mscoco, test_2018_flickr for task 1;
            train, val, test_2016 for task 2.
        language: en, de, fr, cs.
        task: 1, one caption per image and its translations; 2, five captions written anew in en and de.
    """
    base, names = folder / f"task{task}", "" if task == 1 else "_images"
    images = [image_key(line) for line in _lines(base / "image_splits" / f"{split}{names}.txt")]
    parts = [""] if task == 1 else [f".{number}" for number in range(1, 6)]
    found = [_line_pairs(base / "raw" / f"{split}{part}.{language}", language, images) for part in parts]
    if task == 2 or language == "en":
        return joined(*found)
    english = _line_pairs(base / "raw" / f"{split}.en", "en", images)
    return Pairs(language, found[0].image_id, found[0].text, english.text)


def read_coco(path: Path, language: str) -> Pairs:
    """A captions file in the form of MSCOCO: ``captions_val2014.json``, ``stair_captions_v1.2_val.json``.

    Args:
        path: the file.
        language: en for MSCOCO, ja for STAIR.
    """
    found = [
        (field(record, "image_id", path), field(record, "caption", path).strip())
        for record in field(read_json(path), "annotations", path)
    ]
    return paired(language, found, path)


def read_translated(path: Path, language: str) -> Pairs:
    """COCO captions machine translated into 34 languages by the authors of XM3600 (``coco_mt_*.jsonl``)."""
    english, target = "caption_tokenized", language
    if language == "en":
        target = next(json_lines(path))[1]["trg_lang"]
    found = [
        (
            int(str(field(record, "image_id", where)).rsplit("_", 1)[0]),
            field(record, english if language == "en" else "translation_tokenized", where),
            field(record, english, where),
        )
        for where, record in json_lines(path, holding=f'"{target}"')
        if field(record, "trg_lang", where) == target
    ]
    return paired(language, found, path)


def read_xtd(folder: Path, language: str) -> Pairs:
    """The 1,000 COCO images of XTD: ``test_image_names.txt`` and ``test_1kcaptions_LANGUAGE.txt``.

    Both are looked for anywhere under ``folder``, as the repository spreads them over XTD10, MIC and STAIR;
    its code for Japanese is jp.
    """
    names = _found(folder, "test_image_names.txt")
    captions = _found(folder, f"test_1kcaptions_{'jp' if language == 'ja' else language}.txt")
    return _line_pairs(captions, language, [image_key(line) for line in _lines(names)])


def read_xm3600(path: Path, language: str) -> Pairs:
    """``captions.jsonl`` of Crossmodal-3600: an image key, and per language about two captions."""
    found = [
        (field(record, "image/key", where), text)
        for where, record in json_lines(path)
        for text in field(record.get(language, {"caption": []}), "caption", where)
    ]
    return paired(language, found, path)


def read_xflickrco(path: Path, language: str) -> Pairs:
    """A JSONL file of IGLUE: ``xFlickrCO/annotations/ja/test.jsonl``, or Flickr30K's ``valid_ann.jsonl``.

    One line per image: ``{"sentences": [...], "id": ..., "img_path": "COCO_val2014_000000453297.jpg"}``.
    """
    found = [
        (image_key(field(record, "img_path", where)), text)
        for where, record in json_lines(path)
        for text in field(record, "sentences", where)
    ]
    return paired(language, found, path)


def paired(language: str, found: list[Any], where: Path) -> Pairs:
    """Rows of (image id, text) or (image id, text, English) as pairs.

    Raises:
        SourceError: there are none.
    """
    if not found:
        raise SourceError(
            f"No captions in {language!r}",
            where=where,
            remedy="check the language, and the split or images asked for",
        )
    columns = [list(column) for column in zip(*found, strict=True)]
    return Pairs(language, *columns)


def _line_pairs(path: Path, language: str, images: list[ImageId]) -> Pairs:
    texts = _lines(path)
    if len(texts) != len(images):
        raise SourceError(
            "The captions do not pair up with the images",
            where=path,
            expected=f"{len(images):,} lines, one per image",
            found=f"{len(texts):,} lines",
        )
    return Pairs(language, images, texts)


def _lines(path: Path) -> list[str]:
    zipped = path.with_name(path.name + ".gz")
    try:
        text = gzip.decompress(zipped.read_bytes()) if zipped.exists() else path.read_bytes()
    except OSError as error:
        raise SourceError("The file cannot be read", where=path, found=error) from None
    return [line.strip() for line in text.decode("utf-8").rstrip("\n").split("\n")]


def _found(folder: Path, name: str) -> Path:
    paths = sorted(folder.rglob(name))
    if not paths:
        raise SourceError("The file is missing", where=folder, expected=name)
    return paths[0]
