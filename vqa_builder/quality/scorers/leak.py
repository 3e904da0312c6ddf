"""Questions that stand in a benchmark, word for word or nearly so, in English or in translation."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, NamedTuple

import pyarrow as pa
from pydantic import BaseModel, Field

from vqa_builder import named_files
from vqa_builder.errors import ScorerError, SpecError
from vqa_builder.languages.base import Language
from vqa_builder.quality.scorers import base
from vqa_builder.quality.scorers._english import expanded
from vqa_builder.quality.scorers._english_forms import lemma
from vqa_builder.quality.text import folded
from vqa_builder.strict_json import decode

_HASH = re.compile("[0-9a-f]{64}")
_WORD = re.compile(r"(?:[^\W_]|[\u0900-\u0963\u0966-\u097f\u200c\u200d])+")
_LIGHT_WORDS = "a an the this that these those his her its their is are was were do does did be been"
_LIGHT = frozenset(_LIGHT_WORDS.split())
_SAME = {"which": "what"}
_COMMON = 500
_NGRAM = 2


class Benchmark(NamedTuple):
    """Everything a release must not hold.

    Attributes:
        names: of the questions, such as ``okvqa.txt:17``.
        features: what each is made of: words and pairs of words, or pairs of characters.
        places: feature -> the questions that have it.
        hashes: SHA-256 of ``normalised`` questions that are known by nothing else -> name.
    """

    names: list[str]
    features: list[frozenset[str]]
    places: dict[str, list[int]]
    hashes: dict[str, str]


class Leak(base.Scorer):
    """How alike a question is to the nearest one of your benchmarks, from ``min`` to 1; 0 where none is near.

    The English source, the translation and the back-translation are compared, each with all questions: a
    benchmark may be in either language. Alike is the Jaccard index of lemmas and of pairs of neighbouring
    words, articles and forms of "be" apart, or of pairs of characters in a script without spaces; 1 is the
    same question but for those. ``leak_of`` names the benchmark's question. ``policy: {leak: reject}`` drops
    the rows; questions that everybody asks ("What is this?") stand in every benchmark, and are flagged too.

    Example:
        ``leak: {against: [okvqa_val.txt, mmbench.jsonl]}`` in the spec.
    """

    class Options(base.Options):
        """Options of ``leak``.

        Attributes:
            against: files of questions: one a line, JSON objects with ``question`` one a line, or SHA-256
                hashes of normalised questions (lower case, single spaces, no punctuation) one a line.
            min: how alike is alike.
        """

        against: tuple[Path, ...] = ()
        min: float = Field(0.72, gt=0, le=1)

    name = "leak"
    summary = "likeness to the nearest question of your benchmarks, 0 where none is near; 0 is good"
    columns: ClassVar = {"leak": pa.float32(), "leak_of": pa.string()}
    roles = ("question",)
    good: ClassVar = "low"
    version: ClassVar[str] = "3"
    options: Options

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        super().__init__(language, options)
        if not self.options.against:
            raise SpecError(
                "The scorer leak has nothing to compare with",
                where="scores.leak.against",
                expected="files of questions that must not be in the release",
                found="none",
            )
        lines = [(f"{path.name}:{at}", text) for path in self.options.against for at, text in _read(path)]
        self.benchmark = _benchmark(lines, language.unit)
        self.digest = hashlib.sha256("\n".join(text for _, text in lines).encode()).hexdigest()[:12]

    @property
    def signature(self) -> str:
        """Names the questions by the first 12 hex digits of their SHA-256."""
        return f"{self.name}|sha256:{self.digest}|min:{self.options.min:g}|version:{self.version}"

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """The highest of the three likenesses, and whose it is."""
        best: list[tuple[float, str]] = [(0.0, "")] * pairs.num_rows
        for name in ("source", "translation", "back_translation"):
            unit = self.language.unit if name == "translation" else "word"
            for row, text in enumerate(folded(pairs[name]).to_pylist()):
                if text and best[row][0] < 1:
                    best[row] = max(best[row], self._nearest(text, unit))
        likeness, names = zip(*best, strict=True) if best else ((), ())
        return {"leak": pa.array(likeness, pa.float32()), "leak_of": pa.array(names, pa.string())}

    def _nearest(self, text: str, unit: str) -> tuple[float, str]:
        known = self.benchmark
        if known.hashes and (name := known.hashes.get(_sha(normalised(text)))):
            return 1.0, name
        features = _features(text, unit)
        shared: defaultdict[int, int] = defaultdict(int)
        for feature in features:
            places = known.places.get(feature, ())
            if len(places) <= _COMMON:
                for place in places:
                    shared[place] += 1
        best = (0.0, "")
        for place, count in shared.items():
            if count + count >= self.options.min * len(known.features[place]) - 1:
                both = len(features & known.features[place])
                alike = both / (len(features) + len(known.features[place]) - both)
                best = max(best, (alike, known.names[place]))
        return best if best[0] >= self.options.min else (0.0, "")


def normalised(text: str) -> str:
    """A question in lower case, its words between single spaces, nothing else.

    >>> normalised(" What's  THIS? ")
    'what s this'
    """
    return " ".join(_WORD.findall(text.lower()))


@lru_cache(maxsize=100_000)
def _features(text: str, unit: str) -> frozenset[str]:
    if unit == "character":
        bare = "".join(_WORD.findall(text))
        return frozenset(bare[at : at + _NGRAM] for at in range(max(len(bare) - _NGRAM + 1, 1)))
    words = [_SAME.get(word, lemma(word)) for word in _WORD.findall(expanded(text)) if word not in _LIGHT]
    return frozenset([*words, *(f"{one} {other}" for one, other in pairwise(words))])


def _benchmark(lines: Iterable[tuple[str, str]], unit: str) -> Benchmark:
    found = Benchmark([], [], defaultdict(list), {})
    for name, text in lines:
        if _HASH.fullmatch(text):
            found.hashes[text] = name
            continue
        latin = text.isascii()
        found.names.append(name)
        found.features.append(_features(text, "word" if latin else unit))
        for feature in found.features[-1]:
            found.places[feature].append(len(found.names) - 1)
    return found


def _read(path: Path) -> list[tuple[int, str]]:
    """The questions of a file with their lines."""
    text = named_files.read_text(path, "benchmark of the scorer leak", ScorerError)
    try:
        lines = text.splitlines()
        texts = [decode(line)["question"] if line.lstrip().startswith("{") else line for line in lines]
    except (ValueError, KeyError, TypeError) as error:
        raise ScorerError(
            "The benchmark of the scorer leak cannot be read",
            where=path,
            expected="a question a line, or JSON objects with the key question a line, in UTF-8",
            found=f"{type(error).__name__}: {error}",
        ) from None
    stripped = folded(pa.array([str(text).strip() for text in texts], pa.string())).to_pylist()
    return [(number, text) for number, text in enumerate(stripped, 1) if text]


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
