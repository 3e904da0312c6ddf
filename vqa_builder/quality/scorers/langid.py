"""Which language a translated question is in: scripts first, then an identifier, then telling words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from vqa_builder.errors import SpecError
from vqa_builder.languages import _signs
from vqa_builder.languages.base import Language
from vqa_builder.quality.scorers import _identifiers, base
from vqa_builder.quality.scorers.script import Script
from vqa_builder.quality.text import Floats, folded, lengths, numbers

_GATE = 0.5
_CERTAIN = float(np.log(0.95 / 0.05))
_LATIN = r"\p{Latin}+"
_MOST_SIGNS = 2.0
_MOST_WORDS = 6.0


class Calibration(NamedTuple):
    """Logistic weights that make a probability of the identifier's log-odds and the signs found.

    Attributes:
        log_odds: weight of the natural logarithm of the language's odds against its neighbours.
        own: weight of each sign of the language, of which two count.
        foreign: weight of each sign of a neighbour, of which two count.
        missing: weight of each word, or character, of a text without a sign of the language; six count.
        endings: weight of each unit by which the endings of words speak for the language.
        bias: the constant.
    """

    log_odds: float
    own: float
    foreign: float
    missing: float
    endings: float
    bias: float


# Fitted by recipes/policy/language_id.py --fit on FLORES-101 dev and every other line of NTREX-128, cut to
# 3-12 words (6-25 characters), right and wrong language weighing alike. lid.176.ftz stands in for other
# models.
CALIBRATION = {
    ("fasttext", "hi"): Calibration(0.59, -0.04, -4.00, -0.23, 0.67, 0.98),
    ("fasttext", "ja"): Calibration(0.61, 0.93, -4.00, -0.85, 0.00, 3.76),
    ("lingua", "hi"): Calibration(0.38, 0.65, -4.00, -0.14, 0.71, 0.76),
    ("lingua", "ja"): Calibration(0.36, 1.05, -4.00, -0.61, 0.00, 3.39),
}
_UNFITTED = Calibration(1.0, 0.0, 0.0, 0.0, 0.0, 0.0)


class LangID(base.Scorer):
    """Probability that a question is in its language and in none of its neighbours; and the language it is
    in.

    1. Where less than half of the letters are in the language's scripts (names left out, see ``script``),
       it is 0.
    2. An identifier weighs the language against its ``neighbours``, Latin words left out: iPhone is no
       English.
    3. Signs (kana; है and में; आहे, छन्, 们) and the endings of words correct it, since identifiers err on three
       words. Where they alone make it 95 % certain, the identifier is not asked.
    4. A logistic function fitted on text cut to question length makes a probability of both.

    Answers get nulls: one word is in no language in particular (白 -> zh, दो -> ne). So do questions without
    a letter of the language, which hold nothing to identify ("2?").

    Example:
        ``langid: {model: models/glotlid.bin}`` in the spec uses another fasttext model, ``langid: {engine:
        lingua}`` the package lingua.
    """

    class Options(base.Options):
        """Options of ``langid``.

        Attributes:
            engine: ``fasttext``, or ``lingua`` (extra ``lingua``).
            model: a fasttext model; default the lid.176.ftz (CC-BY-SA 3.0) that is installed with
                vqa-builder.
            labels: label of that model -> ISO 639 code, where it is neither ISO 639-1 nor -3.
        """

        engine: Literal["fasttext", "lingua"] = "fasttext"
        model: Path | None = None
        labels: dict[str, str] = Field(default_factory=dict)

    name = "langid"
    summary = "probability that the question is in the language, 0 to 1, and its language; 1 is good"
    bounds: ClassVar = (0.0, 1.0)
    partial: ClassVar[bool] = True
    columns: ClassVar = {"langid": pa.float32(), "langid_label": pa.string()}
    roles = ("question",)
    version: ClassVar[str] = "2"
    options: Options

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        super().__init__(language, options)
        chosen = self.options
        if chosen.engine == "lingua" and (chosen.model or chosen.labels):
            raise SpecError(
                "The scorer langid has options that exclude each other",
                where="scores.langid",
                expected="engine: lingua, or a fasttext model with its labels",
                found="both",
            )
        self.identifier: _identifiers.Identifier = (
            _identifiers.Lingua()
            if chosen.engine == "lingua"
            else _identifiers.FastText(chosen.model or _identifiers.installed_model(), chosen.labels)
        )
        self.script = Script(language)
        self.signs = _signs.read_signs(language.code)
        self.calibration = CALIBRATION.get((chosen.engine, language.code), _UNFITTED)

    @property
    def signature(self) -> str:
        """Names the engine, and the model by file name and the first 12 hex digits of its SHA-256."""
        labels = f"|labels:{json.dumps(self.options.labels, sort_keys=True)}" if self.options.labels else ""
        return (
            f"{self.name}|{self.language.signature}"
            f"|{self.identifier.signature}{labels}|version:{self.version}"
        )

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """0 to 1, and a code such as ``ja``."""
        lines = pc.replace_substring_regex(folded(pairs["translation"]), r"[\r\n\x00]+", " ")
        share = numbers(self.script.measure(pairs)["script"])
        own = pc.match_substring_regex(lines, self.language.letters).to_numpy(zero_copy_only=False)
        probabilities, labels = np.full(len(lines), np.nan), np.full(len(lines), None, dtype=object)
        probabilities[share < _GATE] = 0.0
        asked = np.flatnonzero((share >= _GATE) & own)
        probabilities[asked] = self._probabilities(lines.take(pa.array(asked)))
        wrong = np.flatnonzero(probabilities < 0.5)
        labels[probabilities >= 0.5] = self.language.code
        labels[wrong] = self._others(lines.take(pa.array(wrong)))
        return {
            "langid": pa.array(probabilities, pa.float32(), from_pandas=True),
            "langid_label": pa.array(labels),
        }

    def features(self, lines: pa.Array) -> Floats:
        """What ``Calibration`` weighs, but for the constant; one row per line."""
        return np.column_stack([self._log_odds(lines), self._evidence(lines)])

    def _probabilities(self, lines: pa.Array) -> Floats:
        """The identifier is asked only where the signs alone do not make it 95 % certain."""
        odds_weight, *weights, bias = self.calibration
        exponent: Floats = self._evidence(lines) @ np.array(weights) + bias
        asked = np.flatnonzero(exponent < _CERTAIN)
        exponent[asked] += odds_weight * self._log_odds(lines.take(pa.array(asked)))
        probabilities: Floats = 1 / (1 + np.exp(-exponent))
        return probabilities

    def _log_odds(self, lines: pa.Array) -> Floats:
        if "Latin" not in self.language.scripts:
            lines = pc.replace_substring_regex(lines, _LATIN, " ")
        odds = self.identifier.log_odds(lines.to_pylist(), self.language.code, self.language.neighbours)
        return np.array(odds, np.float64)

    def _evidence(self, lines: pa.Array) -> Floats:
        own, foreign = self._count_signs(lines)
        missing = np.where(own > 0, 0.0, lengths(lines, self.language.unit).clip(max=_MOST_WORDS))
        return np.column_stack([own, foreign, missing, self._endings(lines)])

    def _count_signs(self, lines: pa.Array) -> tuple[Floats, Floats]:
        if self.signs is None:
            return np.zeros(len(lines)), np.zeros(len(lines))
        parted = _parted(lines)
        own, foreign = (
            numbers(pc.count_substring_regex(parted, pattern)).clip(max=_MOST_SIGNS)
            for pattern in (self.signs.own, self.signs.any_foreign)
        )
        return own, foreign

    def _endings(self, lines: pa.Array) -> Floats:
        """The weights of each line's words, summed; every distinct word is weighed once."""
        if not _signs.read_endings(self.language.code):
            return np.zeros(len(lines))
        words = pc.utf8_split_whitespace(pc.replace_substring_regex(lines, _signs.NO_LETTERS, " "))
        encoded = pc.list_flatten(words).dictionary_encode()
        code = self.language.code
        weights = np.array([_signs.ending_weight(code, word) for word in encoded.dictionary.to_pylist()])
        places = encoded.indices.to_numpy(zero_copy_only=False)
        parents = pc.list_parent_indices(words).to_numpy(zero_copy_only=False)
        spoken = weights[places] if len(places) else np.zeros(0)
        return np.bincount(parents, spoken, minlength=len(lines)).astype(np.float64)

    def _others(self, lines: pa.Array) -> NDArray[np.object_]:
        """The language each line is in, which is not the expected one; ``und`` where nothing tells."""
        found = np.array(self.identifier.best_other(lines.to_pylist(), self.language.code), dtype=object)
        found[found == None] = "und"  # noqa: E711 - elementwise
        parted = _parted(lines)
        for code, pattern in (self.signs.foreign if self.signs else {}).items():
            found[pc.match_substring_regex(parted, pattern).to_numpy(zero_copy_only=False)] = code
        return found


def _parted(lines: pa.Array) -> pa.Array:
    """Words between two spaces, one for the sign before and one for the sign after."""
    bounded = pc.binary_join_element_wise("", lines, "", " ")
    return pc.replace_substring_regex(bounded, _signs.NO_LETTERS, "  ")
