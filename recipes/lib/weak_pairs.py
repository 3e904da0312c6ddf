"""Weakly aligned text: several languages' texts of one image that are no translations of each other.

:func:`read_wit` reads them from WIT, where each language's Wikipedia describes a picture in its own words;
:func:`scene_texts` makes them from the scenes world, where every fact of a scene has a key, so that what two
texts share is known. :func:`pair_up` makes pairs of either.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vqa_builder.errors import SourceError

WIT_COLUMNS = ("caption_reference_description", "caption_alt_text_description")


class WeakText(NamedTuple):
    """A text about an image.

    Attributes:
        image_id: the image; for WIT its URL, or ``wit_ix`` in IGLUE's files.
        language: of the text.
        text: the text.
        facts: keys of what it says; empty where nobody knows.
    """

    image_id: int | str
    language: str
    text: str
    facts: tuple[str, ...] = ()


class WeakPair(NamedTuple):
    """Two texts of one image in two languages; ``relevance`` from 0 to 1, None where it is not known."""

    first: WeakText
    second: WeakText
    relevance: float | None = None


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

    Example::

        pairs = pair_up(read_wit(Path("wit_v1.train.all-1percent_sample.tsv.gz"), {"en", "ja", "hi"}))
    """
    wanted = frozenset(languages)
    records = _tsv_records if ".tsv" in path.name else _json_records
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


def scene_texts(
    world: Path,
    split: str,
    languages: Sequence[str],
    *,
    facts: int = 1,
    seed: int = 0,
    images: Collection[int] | None = None,
) -> list[WeakText]:
    """Texts about the scenes of a world, in each language about facts that were drawn for it alone.

    Args:
        world: a folder written by ``python -m recipes.lib.scenes``.
        split: ``train`` or ``validation``.
        languages: of the texts; each scene gets one text in each of them.
        facts: sentences in a text, fewer where a scene has fewer. The languages of one scene get disjoint
            facts as long as there are enough.
        seed: of the draws.
        images: keep only these scenes.

    Raises:
        SourceError: the folder holds no world.
    """
    found = []
    for scene in read_sentences(world, split):
        if images is not None and scene["image_id"] not in images:
            continue
        known = scene["facts"]
        chance = np.random.default_rng([seed, scene["image_id"]])
        drawn = [int(row) for row in chance.permutation(len(known))]
        for number, language in enumerate(chance.permutation(list(languages)).tolist()):
            rows = [drawn[(number * facts + step) % len(drawn)] for step in range(min(facts, len(drawn)))]
            text = joined([known[row][language] for row in rows], language)
            found.append(
                WeakText(scene["image_id"], language, text, tuple(known[row]["fact"] for row in rows))
            )
    return found


def pair_up(texts: Iterable[WeakText], *, per_image: int = 3, seed: int = 0) -> list[WeakPair]:
    """Pairs of texts of one image in two languages.

    Args:
        texts: in any order.
        per_image: pairs of an image at most, drawn where there are more.
        seed: of the draws.

    Where the facts of both texts are known, so is their relevance (:func:`known_relevance`).

    >>> dog = WeakText(7, "en", "The dog is black.", ("colour:dog",))
    >>> dogs = WeakText(7, "ja", "犬が1匹います。", ("count:dog",))
    >>> pair_up([dog, dogs])[0].relevance
    0.5
    """
    by_image: dict[int | str, list[WeakText]] = {}
    for text in texts:
        by_image.setdefault(text.image_id, []).append(text)
    chance, pairs = np.random.default_rng(seed), []
    for found in by_image.values():
        possible = [
            (one, other)
            for number, one in enumerate(found)
            for other in found[number + 1 :]
            if one.language != other.language
        ]
        kept = chance.permutation(len(possible))[:per_image].tolist()
        for one, other in (possible[row] for row in sorted(kept)):
            pairs.append(WeakPair(one, other, _relevance(one, other)))
    return pairs


def read_sentences(world: Path, split: str) -> Iterator[dict[str, Any]]:
    """The records of ``sentences.jsonl`` of one split: image_id, caption, facts.

    Raises:
        SourceError: there is no such file.
    """
    for _, record in _json_records(world / "sentences.jsonl"):
        if record["split"] == split:
            yield record


def joined(sentences: Sequence[str], language: str) -> str:
    """Sentences as one text: Japanese has no space between them.

    >>> joined(["犬がいます。", "雨が降っています。"], "ja")
    '犬がいます。雨が降っています。'
    """
    return ("" if language == "ja" else " ").join(sentences)


def known_relevance(first: Sequence[str], second: Sequence[str]) -> float:
    """How much two texts about one image have in common, from the keys of their facts.

    A fact finds its nearest fact of the other text: 1 for the same fact, 0.5 for another fact about the same
    thing (``colour:dog`` and ``action:dog``), else 0; the mean over the facts of both texts counts.

    >>> known_relevance(["colour:dog", "place"], ["place"])
    0.6666666666666666
    """
    nearest = [max(_shared(one, other) for other in second) for one in first]
    nearest += [max(_shared(one, other) for one in first) for other in second]
    return sum(nearest) / len(nearest)


def _shared(one: str, other: str) -> float:
    if one == other:
        return 1.0
    things = {key.partition(":")[2] for key in (one, other)}
    return 0.5 if len(things) == 1 and "" not in things else 0.0


def _relevance(first: WeakText, second: WeakText) -> float | None:
    return known_relevance(first.facts, second.facts) if first.facts and second.facts else None


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
    with _opened(path) as lines:
        for number, record in enumerate(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE), 2):
            yield f"{path}:{number}", record


def _json_records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with _opened(path) as lines:
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
            except ValueError as error:
                raise SourceError("A line is no JSON", where=f"{path}:{number}", found=str(error)) from error
            yield f"{path}:{number}", record


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[str]]:
    if not path.is_file():
        raise SourceError("There is no such file", where=path)
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
            yield lines
    else:
        with path.open(encoding="utf-8", newline="\n") as lines:
            yield lines
