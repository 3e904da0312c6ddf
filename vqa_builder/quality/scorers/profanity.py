"""Whether a translation holds a word of a list."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, Field

from vqa_builder import named_files
from vqa_builder.errors import ScorerError, SpecError
from vqa_builder.languages.base import Language
from vqa_builder.quality.scorers import base
from vqa_builder.quality.text import folded


class Profanity(base.Scorer):
    """1 where a word or phrase of your lists stands in the translation, else 0.

    No list comes with the package: what offends depends on who reads. A list is a UTF-8 file with a word or
    phrase per line; empty lines and lines that begin with # are skipped. Case and width are folded.
    Languages with spaces match whole words, the others anywhere, so keep short words off their lists.

    Example:
        ``profanity: {lists: {ja: lists/ja.txt, hi: lists/hi.txt}}`` in the spec.
    """

    class Options(base.Options):
        """Options of ``profanity``.

        Attributes:
            lists: ISO 639 code -> file; a language without one is not measured.
        """

        lists: dict[str, Path] = Field(default_factory=dict)

    name = "profanity"
    summary = "1 where a word of your list stands in the translation, else 0; 0 is good"
    partial: ClassVar[bool] = True
    columns: ClassVar = {"profanity": pa.float32()}
    good: ClassVar = "low"
    options: Options

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        super().__init__(language, options)
        if not self.options.lists:
            raise SpecError(
                "The scorer profanity has no word list",
                where="scores.profanity.lists",
                expected="a file per language, such as {ja: lists/ja.txt}",
                found="none",
            )
        path = self.options.lists.get(language.code)
        self.words = _read(path) if path else []

    @property
    def signature(self) -> str:
        """Names the list by the first 12 hex digits of its words' SHA-256."""
        digest = hashlib.sha256("\n".join(self.words).encode()).hexdigest()[:12]
        return (
            f"{self.name}|{self.language.signature}"
            f"|words:{len(self.words)}|sha256:{digest}|version:{self.version}"
        )

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """0 or 1; null where the language has no list."""
        if not self.words:
            return {"profanity": pa.nulls(pairs.num_rows, pa.float32())}
        choice = "(?:" + "|".join(re.escape(word) for word in self.words) + ")"
        if self.language.unit == "word":
            choice = rf"(?:^|[^\p{{L}}\p{{M}}\p{{N}}]){choice}(?:$|[^\p{{L}}\p{{M}}\p{{N}}])"
        texts = pc.utf8_lower(folded(pairs["translation"]))
        return {"profanity": pc.cast(pc.match_substring_regex(texts, choice), pa.float32())}


def _read(path: Path) -> list[str]:
    what, expected = "word list of the scorer profanity", "a UTF-8 text file, a word per line"
    text = named_files.read_text(path, what, ScorerError, expected=expected)
    found = pc.utf8_lower(folded(pa.array(text.splitlines(), pa.string()))).to_pylist()
    return sorted({word.strip() for word in found if word.strip() and not word.startswith("#")})
