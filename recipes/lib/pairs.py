"""Image-caption pairs: readers of the public retrieval sets, and batches of one language at a time.

| set | reader | languages | parallel English |
|---|---|---|---|
| scenes world | :func:`read_scenes` | en ja hi | yes |
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
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vqa_builder.errors import SourceError

if TYPE_CHECKING:
    from torch import Tensor

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


def read_scenes(
    world: Path, split: str, language: str, *, captions: bool = True, facts: bool = False
) -> Pairs:
    """``sentences.jsonl`` of a scenes world: a picture's caption, and its one-fact sentences if asked for."""
    found: list[tuple[ImageId, str, str]] = []
    for where, record in _json_lines(world / "sentences.jsonl"):
        sentences = [record["caption"]] * captions + (_field(record, "facts", where) if facts else [])
        if record["split"] == split:
            found += [
                (record["image_id"], _field(each, language, where), _field(each, "en", where))
                for each in sentences
            ]
    return _pairs(language, found, world / "sentences.jsonl")


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


def read_coco(path: Path, language: str, *, images: Collection[ImageId] | None = None) -> Pairs:
    """A captions file in the form of MSCOCO: ``captions_val2014.json``, ``stair_captions_v1.2_val.json``.

    Args:
        path: the file.
        language: en for MSCOCO, ja for STAIR.
        images: keep only these (:func:`karpathy_images`), in the order of the file.
    """
    wanted = None if images is None else set(images)
    found = [
        (_field(record, "image_id", path), _field(record, "caption", path).strip())
        for record in _field(_json(path), "annotations", path)
        if wanted is None or record["image_id"] in wanted
    ]
    return _pairs(language, found, path)


def karpathy_images(path: Path, split: str) -> list[int]:
    """The COCO images of one part of Karpathy's ``dataset_coco.json``; train takes ``restval`` along."""
    parts = {split, "restval"} if split == "train" else {split}
    images = _field(_json(path), "images", path)
    return [_field(image, "cocoid", path) for image in images if image["split"] in parts]


def read_translated(path: Path, language: str) -> Pairs:
    """COCO captions machine translated into 34 languages by the authors of XM3600 (``coco_mt_*.jsonl``)."""
    english, target = "caption_tokenized", language
    if language == "en":
        target = next(_json_lines(path))[1]["trg_lang"]
    found = [
        (
            int(str(_field(record, "image_id", where)).rsplit("_", 1)[0]),
            _field(record, english if language == "en" else "translation_tokenized", where),
            _field(record, english, where),
        )
        for where, record in _json_lines(path, holding=f'"{target}"')
        if _field(record, "trg_lang", where) == target
    ]
    return _pairs(language, found, path)


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
        (_field(record, "image/key", where), text)
        for where, record in _json_lines(path)
        for text in _field(record.get(language, {"caption": []}), "caption", where)
    ]
    return _pairs(language, found, path)


def read_xflickrco(path: Path, language: str) -> Pairs:
    """A JSONL file of IGLUE: ``xFlickrCO/annotations/ja/test.jsonl``, or Flickr30K's ``valid_ann.jsonl``.

    One line per image: ``{"sentences": [...], "id": ..., "img_path": "COCO_val2014_000000453297.jpg"}``.
    """
    found = [
        (image_key(_field(record, "img_path", where)), text)
        for where, record in _json_lines(path)
        for text in _field(record, "sentences", where)
    ]
    return _pairs(language, found, path)


@dataclass(frozen=True)
class Encoded:
    """Pairs of one language as arrays.

    Args:
        input_ids: (N, T) int64, padded on the right with ``pad_id``.
        lengths: (N,) pieces of each row.
        image_rows: (N,) row of each caption's image in the tables of :class:`PairBatches`.
        columns: further arrays of N rows, such as the cached English features.
    """

    input_ids: NDArray[np.int64]
    lengths: NDArray[np.int64]
    image_rows: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lengths)


def encode(texts: Sequence[str], tokenizer: Any, longest: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Texts -> (N, T) pieces padded on the right, and (N,) lengths; each row ends with the end token.

    Args:
        texts: at least one.
        tokenizer: any of transformers that ends a text with its separator or end-of-text piece.
        longest: pieces to keep, the end token included.

    Raises:
        SourceError: the tokenizer sets no end token, so that there is no sentence vector to take.
    """
    rows = tokenizer(list(texts), truncation=True, max_length=longest, add_special_tokens=True)["input_ids"]
    lengths = np.asarray([len(row) for row in rows], dtype=np.int64)
    ids = np.full((len(rows), int(lengths.max())), tokenizer.pad_token_id, dtype=np.int64)
    for row, pieces in enumerate(rows):
        ids[row, : len(pieces)] = pieces
    ends = {tokenizer.sep_token_id, tokenizer.eos_token_id} - {None}
    without = np.flatnonzero(~np.isin(ids[np.arange(len(ids)), lengths - 1], list(ends)))
    if len(without):
        raise SourceError(
            f"{len(without):,} texts do not end with the tokenizer's end token",
            where=f"text {without[0]}: {texts[without[0]]!r}",
            expected=f"a last piece among {sorted(ends)}",
            found=rows[without[0]][-1:],
        )
    return ids, lengths


class PairBatches:
    """Batches of one language each; the language of every step is drawn, as by UNITER's MetaLoader.

    Args:
        languages: the rows of each, by name; the names' order gives the numbers in ``batch["language"]``.
        tables: what every image has, by name: (M, ...) arrays gathered by ``Encoded.image_rows``
            (``image`` features, or ``pixel_values``); float16 is widened.
        batch_size: rows per batch, at most a language's rows.
        steps: batches per epoch; by default as many as one pass over all languages takes.
        seed: with the epoch's number it fixes every draw.
        shares: weight of each language in the draw; by default its number of rows.

    A batch is a dict of tensors: ``input_ids``, ``attention_mask`` (B, T) cut to the batch's longest row,
    ``language`` (), the tables' and the columns' names. Within an epoch a language is walked through in a
    drawn order before any of its rows comes again.
    """

    def __init__(
        self,
        languages: Mapping[str, Encoded],
        tables: Mapping[str, NDArray[Any]],
        *,
        batch_size: int,
        steps: int | None = None,
        seed: int = 0,
        shares: Mapping[str, float] | None = None,
    ) -> None:
        self.languages, self.tables, self.seed = dict(languages), dict(tables), seed
        self.rank, self.world = 0, 1
        self.batch_size = min(batch_size, *(len(rows) for rows in self.languages.values()))
        self.steps = steps or sum(len(rows) // self.batch_size for rows in self.languages.values())
        weights = np.asarray([(shares or {}).get(name, len(rows)) for name, rows in self.languages.items()])
        self.shares = weights / weights.sum()

    def __len__(self) -> int:
        return self.steps

    @property
    def identity(self) -> dict[str, Any]:
        """What tells these batches from others, for a run that goes on."""
        rows = {name: len(pairs) for name, pairs in self.languages.items()}
        shares = self.shares.tolist()
        return {"rows": rows, "batch_size": self.batch_size, "seed": self.seed, "shares": shares}

    def shard(self, rank: int, world: int) -> PairBatches:
        """The part of every batch, its negatives included, that process ``rank`` of ``world`` computes."""
        part = object.__new__(type(self))
        part.__dict__ = {**self.__dict__, "rank": rank, "world": world}
        return part

    def epoch(self, number: int, start: int = 0) -> Iterator[dict[str, Tensor]]:
        """The batches of one epoch from step ``start`` on; the same for the same seed and number."""
        names = list(self.languages)
        drawn = np.random.default_rng([self.seed, number]).choice(len(names), size=self.steps, p=self.shares)
        orders = [self._order(number, index, int((drawn == index).sum())) for index in range(len(names))]
        used = [0] * len(names)
        for step, index in enumerate(drawn.tolist()):
            rows = orders[index][used[index] : used[index] + self.batch_size]
            used[index] += self.batch_size
            if step >= start:
                size = len(rows) // self.world
                yield self._batch(names[index], index, rows[size * self.rank : size * (self.rank + 1)])

    def _order(self, number: int, index: int, batches: int) -> NDArray[np.int64]:
        rows = len(list(self.languages.values())[index])
        whole = rows // self.batch_size * self.batch_size
        passes = range(max(1, -(-batches * self.batch_size // whole)))
        draws = [np.random.default_rng([self.seed, number, index, each]) for each in passes]
        return np.concatenate([draw.permutation(rows)[:whole] for draw in draws])

    def _batch(self, name: str, index: int, rows: NDArray[np.int64]) -> dict[str, Tensor]:
        import torch

        pairs = self.languages[name]
        lengths = pairs.lengths[rows]
        longest = int(lengths.max())
        arrays = {
            "input_ids": pairs.input_ids[rows, :longest],
            "attention_mask": (np.arange(longest) < lengths[:, None]).astype(np.int64),
            **{column: values[rows] for column, values in pairs.columns.items()},
            **{table: values[pairs.image_rows[rows]] for table, values in self.tables.items()},
        }
        tensors = {key: torch.from_numpy(_widened(array)) for key, array in arrays.items()}
        return {**tensors, "language": torch.tensor(index)}


def _widened(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _pairs(language: str, found: list[Any], where: Path) -> Pairs:
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


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError("The file is no JSON", where=path, found=error) from None


def _json_lines(path: Path, holding: str = "") -> Iterator[tuple[str, Any]]:
    """Line by line, as some files are larger than memory; lines without ``holding`` are passed over."""
    number = 0
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if holding in line:
                    yield f"{path}:{number}", json.loads(line)
    except OSError as error:
        raise SourceError("The file cannot be read", where=path, found=error) from None
    except ValueError as error:
        raise SourceError("A line is no JSON", where=f"{path}:{number}", found=error) from None


def _field(record: Any, name: str, where: object) -> Any:
    try:
        return record[name]
    except (KeyError, TypeError):
        found = ", ".join(map(str, record)) if isinstance(record, dict) else type(record).__name__
        raise SourceError(f"The field {name!r} is missing", where=where, expected=name, found=found) from None
