"""Language identifiers behind one call: which of a few languages, by fasttext models or by lingua."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import importlib.util
import io
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from vqa_builder.errors import MissingExtraError, ScorerError
from vqa_builder.named_files import refuse_endless

FLOOR = 0.001
"""Probabilities below it count as it: what a model says there is noise, and leaving it out is quicker."""

_MAGIC = (793712314).to_bytes(4, "little")
_LABEL = "__label__"
_ALL = 1000
_LONG_LABEL = re.compile(r"([a-z]{3})(?:[_-][A-Z][a-z]{3})?")


class Identifier(ABC):
    """Tells languages apart.

    Attributes:
        signature: engine and model, as ``key:value`` joined by ``|``.
    """

    signature: str

    @abstractmethod
    def log_odds(self, texts: Sequence[str], language: str, others: Collection[str]) -> list[float]:
        """The logarithm of how much more probable the language is than the most probable of the others.

        Args:
            texts: one line each.
            language: ISO 639 code.
            others: those it is held against; empty for all that the model knows.
        """

    @abstractmethod
    def best_other(self, texts: Sequence[str], language: str) -> list[str | None]:
        """The most probable language of each text that is not this one."""


class FastText(Identifier):
    """A fasttext model: lid.176 (Joulin et al. 2016), GlotLID, OpenLID, or one of your own.

    Labels are ISO 639-1 (``__label__ja``), ISO 639-3 with or without a script (``__label__jpn_Jpan``), or
    whatever ``labels`` maps to a code.

    Args:
        model: the file.
        labels: label, without ``__label__`` -> ISO 639 code; goes before the built-in mapping.

    Raises:
        ScorerError: no fasttext model lies there.
    """

    def __init__(self, model: Path, labels: Mapping[str, str]) -> None:
        self.model = model
        self.labels = dict(labels)
        _check(model)
        self.signature = f"model:{model.name}|sha256:{_sha(model)}"

    def log_odds(self, texts: Sequence[str], language: str, others: Collection[str]) -> list[float]:
        """See the base."""
        predict, code_of = self._ready(language)
        found = []
        for text in texts:
            # Where the language comes first, what it leaves to all others decides, and one label is enough.
            probability, label = _first(predict(text + "\n", 1, 0.0, "replace"))
            if code_of(label) == language:
                found.append(_log_odds(probability, 1 - probability))
                continue
            guesses = _by_code(predict(text + "\n", _ALL, FLOOR, "replace"), code_of)
            rivals = [guesses.get(code, 0.0) for code in others or guesses.keys() - {language}]
            found.append(_log_odds(guesses.get(language, 0.0), max(rivals, default=0.0)))
        return found

    def best_other(self, texts: Sequence[str], language: str) -> list[str | None]:
        """See the base."""
        predict, code_of = self._ready(language)
        guesses = (predict(text + "\n", 2, 0.0, "replace") for text in texts)
        named = ([code_of(label) for _, label in guess] for guess in guesses)
        return [next((code for code in codes if code != language), None) for codes in named]

    def _ready(self, language: str) -> tuple[Any, Callable[[str], str]]:
        """The model's ``predict`` and the code of each label.

        fasttext, fasttext-wheel and fasttext-predict share this one call on every numpy: their public
        predict(text) fails under numpy 2 in two of them, predict([text]) in the third.
        """
        predict = _loaded(self.model).f.predict
        code_of = _codes(self.model, tuple(sorted(self.labels.items())))
        if language not in code_of.values():
            raise ScorerError(
                f"The language identification model has no label for {language}",
                where=self.model,
                expected=f"a label that stands for {language}",
                found=f"{len(code_of)} others, such as {', '.join(sorted(code_of)[:5])}",
                remedy="map its label under scores: langid: labels, name another model, or leave langid out",
            )
        return predict, lambda label: code_of.get(label, label)


class Lingua(Identifier):
    """The package lingua-language-detector (extra ``lingua``), with only the languages that are in question.

    Raises:
        MissingExtraError: lingua is not installed.
    """

    def __init__(self) -> None:
        if not importlib.util.find_spec("lingua"):
            raise MissingExtraError("langid with engine: lingua", "lingua-language-detector", "lingua")
        from importlib.metadata import version

        self.signature = f"engine:lingua-{version('lingua-language-detector')}"

    def log_odds(self, texts: Sequence[str], language: str, others: Collection[str]) -> list[float]:
        """See the base; languages that lingua lacks are left out."""
        detector = _lingua(frozenset({language, *others} if others else ()), language)
        found = []
        for values in detector.compute_language_confidence_values_in_parallel(list(texts)):
            probabilities = {_lingua_code(value.language): value.value for value in values}
            own = probabilities.pop(language, 0.0)
            found.append(_log_odds(own, max(probabilities.values(), default=0.0)))
        return found

    def best_other(self, texts: Sequence[str], language: str) -> list[str | None]:
        """Nothing: the detector was built for one question."""
        return [None] * len(texts)


def installed_model() -> Path:
    """The lid.176.ftz that the package carries; the README beside it says where it is from."""
    return Path(str(resources.files("vqa_builder").joinpath("models", "lid", "lid.176.ftz")))


def _log_odds(own: float, rival: float) -> float:
    return math.log(max(own, FLOOR) / max(rival, FLOOR))


def _first(guesses: Sequence[tuple[float, str]]) -> tuple[float, str]:
    return guesses[0] if guesses else (0.0, "")


def _by_code(guesses: Iterable[tuple[float, str]], code_of: Callable[[str], str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for probability, label in guesses:
        code = code_of(label)
        found[code] = found.get(code, 0.0) + probability
    return found


@cache
def _codes(model: Path, labels: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Every label of a model -> ISO 639 code."""
    known = dict(labels)
    found = [label for _, label in _loaded(model).f.predict("\n", _ALL * 10, -1.0, "replace")]
    return {label: known.get(label.removeprefix(_LABEL)) or _code(label) for label in found}


def _code(label: str) -> str:
    """``__label__jpn_Jpan`` -> ja, ``__label__ja`` -> ja."""
    bare = label.removeprefix(_LABEL)
    long = _LONG_LABEL.fullmatch(bare)
    return _three_letters().get(long[1], long[1]) if long else bare


@cache
def _three_letters() -> dict[str, str]:
    file = resources.files("vqa_builder.languages").joinpath("iso639_3.tsv")
    rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines(), delimiter="\t")
    return {row["three"]: row["code"] for row in rows}


@cache
def _lingua(codes: frozenset[str], language: str) -> Any:
    from lingua import Language, LanguageDetectorBuilder

    known = {_lingua_code(each): each for each in Language.all()}
    chosen = [known[code] for code in sorted(codes or known) if code in known]
    if language not in known or len(chosen) < 2:
        raise ScorerError(
            f"lingua cannot tell {language} from its neighbours",
            expected="the language and one of its neighbours among lingua's",
            found=", ".join(sorted(_lingua_code(each) for each in chosen)) or "none of them",
            remedy="use a fasttext model for this language, or leave langid out",
        )
    return LanguageDetectorBuilder.from_languages(*chosen).build()


def _lingua_code(language: Any) -> str:
    return str(language.iso_code_639_1.name.lower())


def _check(path: Path) -> None:
    refuse_endless(path, ScorerError)
    try:
        with path.open("rb") as file:
            found = file.read(4)
    except OSError as error:
        raise _no_model(path, error.strerror or str(error)) from None
    if found != _MAGIC:
        raise _no_model(path, f"a file that begins with {found!r}")


@cache
def _sha(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


@cache
def _loaded(path: Path) -> Any:
    import fasttext

    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return fasttext.load_model(str(path))
    except (ValueError, MemoryError) as error:
        raise _no_model(path, f"a damaged file ({error})") from None


def _no_model(path: Path, found: str) -> ScorerError:
    return ScorerError(
        "The language identification model cannot be used",
        where=path,
        expected="a fasttext model (.bin or .ftz)",
        found=found,
        remedy="name another file under scores: langid: model, or leave it out for the installed lid.176.ftz",
    )
