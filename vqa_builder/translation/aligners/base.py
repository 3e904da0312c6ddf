"""The base of word aligners, and the table of a build's alignments.

Positions count the tokens of ``vqa_builder.translation.aligners.words``, from 0, punctuation included.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from vqa_builder import schema
from vqa_builder.languages.base import Language
from vqa_builder.translation.aligners._words import words

ALIGNMENTS = pa.schema([("segment_id", pa.string()), ("alignment", pa.list_(schema.TOKEN_PAIR))])


class Options(BaseModel):
    """Base of every aligner's options: what the spec may say beside ``type``."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class Aligner(ABC):
    """Links the words of English questions with those of their translations.

    A subclass sets ``name``, ``summary`` and ``Options``.

    Attributes:
        name: the plug-in's name.
        summary: one line for ``vqa-builder list aligners``.
        language: the target language.
        options: the checked options.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    Options: ClassVar[type[Options]]

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        self.language = language
        self.options: Any = self.Options() if options is None else options

    @property
    @abstractmethod
    def signature(self) -> str:
        """Everything that decides the links, as ``key:value`` joined by ``|``."""

    @abstractmethod
    def align(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> pa.ListArray:
        """Link the words of every pair.

        Args:
            sources: the words of English questions.
            targets: the words of their translations, row by row.

        Returns:
            A list of ``schema.TOKEN_PAIR`` per row, sorted by target and English position.
        """


def align_questions(segments: pa.Table, translations: pa.Table, aligner: Aligner) -> pa.Table:
    """The alignments of all segments: of the questions that have a translation, else empty lists.

    Args:
        segments, translations: row-aligned tables of all segments.
        aligner: of the translations' language.

    Returns:
        ``ALIGNMENTS``, row-aligned with them.
    """
    wanted = pc.and_(pc.equal(segments["role"], "question"), pc.is_valid(translations["text"]))
    sources = [words(text, "en") for text in segments["text"].filter(wanted).to_pylist()]
    language = aligner.language.code
    targets = [words(text, language) for text in translations["text"].filter(wanted).to_pylist()]
    found = aligner.align(sources, targets)
    number = pc.cumulative_sum(wanted.combine_chunks().cast(pa.int64()))
    place = pc.if_else(wanted.combine_chunks(), pc.subtract(number, 1), pa.scalar(len(found), pa.int64()))
    with_empty = pa.concat_arrays([found, pa.array([[]], found.type)])
    columns = {"segment_id": segments["segment_id"], "alignment": with_empty.take(place)}
    return pa.table(columns, schema=ALIGNMENTS)
