"""Weakly aligned text: several languages' texts of one image that are no translations of each other.

:func:`read_wit` reads them from WIT, where each language's Wikipedia describes a picture in its own words;
:func:`pair_up` makes pairs of them.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from recipes.lib.records import json_lines, opened
from vqa_builder.errors import SourceError

WIT_COLUMNS = ("caption_reference_description", "caption_alt_text_description")


class WeakText(NamedTuple):
    """A text about an image.

    Attributes:
        image_id: the image; for WIT its URL, or ``wit_ix`` in IGLUE's files.
        language: of the text.
        text: the text.
    """

    image_id: int | str
    language: str
    text: str


def read_wit(
    path: Path, languages: Collection[str], *, columns: Sequence[str] = WIT_COLUMNS
) -> Iterator[WeakText]:
    """The texts of a WIT file in the languages wanted, in the order of the file.

    Read are the official TSV (``wit_v1.train.all-00000-of-00010.tsv.gz``), the JSON lines of IGLUE
    (``annotations/test_ja.jsonl``) and those of ``wit_base``, whose ``wit_features`` hold a list per column;
    each plain or as ``.gz``.

    Args:
        path: the file; ``.tsv`` or ``.jsonl`` in its name says which form.
        languages: codes of Wikipedias, such as ``{"en", "ja", "hi"}``.
        columns: where a text is looked for; the first that is not empty counts.

    Raises:
        SourceError: a line is no record of WIT.

    In a recipe::

        pairs = pair_up(read_wit(Path("wit_v1.train.all-1percent_sample.tsv.gz"), {"en", "ja", "hi"}))
    """
    wanted = frozenset(languages)
    records = _tsv_records if ".tsv" in path.name else json_lines
    for where, record in records(path):
        for found in _unfolded(record):
            if "language" not in found:
                raise SourceError(
                    "This is no record of WIT",
                    where=where,
                    expected='"language", "image_url" or "wit_ix", and ' + " or ".join(columns),
                    found=", ".join(map(str, found)) or "nothing",
                )
            text = next((found[name].strip() for name in columns if (found.get(name) or "").strip()), "")
            if text and found["language"] in wanted:
                yield WeakText(_image(found, where), found["language"], text)


def pair_up(
    texts: Iterable[WeakText], *, per_image: int = 3, seed: int = 0
) -> list[tuple[WeakText, WeakText]]:
    """Pairs of texts of one image in two languages.

    Args:
        texts: in any order.
        per_image: pairs of an image at most, drawn where there are more.
        seed: of the draws.

    >>> dog = WeakText(7, "en", "The dog is black.")
    >>> dogs = WeakText(7, "ja", "犬が1匹います。")
    >>> pair_up([dog, dogs]) == [(dog, dogs)]
    True
    """
    by_image: dict[int | str, list[WeakText]] = {}
    for text in texts:
        by_image.setdefault(text.image_id, []).append(text)
    rng, pairs = np.random.default_rng(seed), []
    for found in by_image.values():
        possible = [
            (one, other)
            for number, one in enumerate(found)
            for other in found[number + 1 :]
            if one.language != other.language
        ]
        kept = rng.permutation(len(possible))[:per_image].tolist()
        pairs += [possible[row] for row in sorted(kept)]
    return pairs


def _unfolded(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """One record per language: ``wit_base`` folds those of one image into lists."""
    folded = record.get("wit_features")
    if folded is None:
        yield record
    elif isinstance(folded, dict):
        for row in range(len(folded["language"])):
            yield {**record, **{name: column[row] for name, column in folded.items()}}
    else:
        for each in folded:
            yield {**record, **each}


def _image(record: dict[str, Any], where: str) -> str:
    image = record.get("wit_ix") or record.get("image_url")
    if not image:
        raise SourceError("A record of WIT names no image", where=where, expected='"image_url" or "wit_ix"')
    return str(image)


def _tsv_records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    # Context columns hold whole paragraphs, beyond the default limit of the csv module.
    csv.field_size_limit(sys.maxsize)
    with opened(path) as lines:
        for number, record in enumerate(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE), 2):
            yield f"{path}:{number}", record
