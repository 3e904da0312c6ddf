"""The base of scorers: pairs of source and translation in, one or more columns of numbers or labels out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from vqa_builder.errors import ScorerError
from vqa_builder.languages.base import Language

PAIRS = pa.schema(
    [
        ("segment_id", pa.string()),
        ("role", pa.string()),
        ("source", pa.string()),
        ("translation", pa.string()),
        ("back_translation", pa.string()),
    ],
)


class Options(BaseModel):
    """Base of every scorer's options."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Scorer(ABC):
    """A scorer; it measures and never judges.

    A subclass sets ``name``, ``summary``, ``columns`` and ``measure``. The base hands ``measure`` only the
    pairs that can be measured and checks what comes back.

    Attributes:
        name: the plug-in's name and that of its first column.
        summary: one line for ``vqa-builder list scorers``: what is measured, in which range, and which end is
            good.
        columns: column name -> Arrow type (a float type or string).
        roles: the segments it measures; the others get nulls.
        needs_back_translation: whether pairs without one get nulls.
        threaded: whether it keeps all cores busy by itself, so that more processes would only get in its way.
        distributable: whether other machines can make it faster: not where a service decides its speed.
        good: the end at which its numbers are good, ``high``, ``low``, or ``zero`` between both; a policy
            that states a share to keep cuts the other.
        ends: the same for columns whose good end is another.
        bounds: the least and the greatest value of the column with its name; None where there are none.
        partial: whether a null can mean that there is nothing to measure (a statement is no question); if
            not, a null is a score that is missing, and a policy that needs it rejects.
        named_by: column -> the text column that names what its number counts; reasons quote it.
        version: raised by whoever changes a number.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    columns: ClassVar[dict[str, pa.DataType]]
    roles: ClassVar[tuple[str, ...]] = ("question", "answer")
    needs_back_translation: ClassVar[bool] = False
    threaded: bool = False
    distributable: ClassVar[bool] = True
    good: ClassVar[Literal["high", "low", "zero"]] = "high"
    ends: ClassVar[Mapping[str, Literal["high", "low", "zero"]]] = {}
    bounds: ClassVar[tuple[float, float] | None] = None
    partial: ClassVar[bool] = False
    named_by: ClassVar[Mapping[str, str]] = {}
    version: ClassVar[str] = "1"
    Options: ClassVar[type[Options]] = Options

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        self.language = language
        self.options = options or self.Options()

    @property
    def signature(self) -> str:
        """Which measure this is, as ``key:value`` joined by ``|``; stands in the manifest and on the card."""
        return f"{self.name}|{self.language.signature}|version:{self.version}"

    @abstractmethod
    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """The columns for pairs of schema ``PAIRS``, every one of which can be measured."""

    def score(self, pairs: pa.Table) -> pa.Table:
        """All columns for all pairs; null where a pair cannot be measured.

        Raises:
            ScorerError: ``measure`` returned other columns, another length, or a number that is none.
        """
        usable = pc.and_(pc.is_in(pairs["role"], pa.array(self.roles)), pc.is_valid(pairs["translation"]))
        if self.needs_back_translation:
            usable = pc.and_(usable, pc.is_valid(pairs["back_translation"]))
        usable = usable.combine_chunks()
        chosen = pairs.filter(usable)
        measured = self.measure(chosen) if chosen.num_rows else {}
        scored = {}
        for column, kind in self.columns.items():
            values = self._checked(column, measured.get(column), kind, chosen) if chosen.num_rows else None
            scored[column] = _scatter(values, usable, kind)
        return pa.table(scored)

    def _checked(self, column: str, values: pa.Array | None, kind: pa.DataType, pairs: pa.Table) -> pa.Array:
        if values is None or len(values) != pairs.num_rows:
            raise ScorerError(
                f"The scorer {self.name} broke its contract",
                where=f"column {column}",
                expected=f"{pairs.num_rows} values",
                found="none" if values is None else f"{len(values)} values",
            )
        values = values.cast(kind)
        if pa.types.is_floating(kind) and pc.any(pc.is_nan(values)).as_py():
            row = pc.index(pc.is_nan(values), True).as_py()
            raise ScorerError(
                f"The scorer {self.name} returned a number that is none",
                where=f"column {column}, segment {pairs['segment_id'][row]}",
                expected="a finite number or null",
                found=f"NaN for {pairs['source'][row].as_py()!r} -> {pairs['translation'][row].as_py()!r}",
            )
        return values


def _scatter(values: pa.Array | None, usable: pa.Array, kind: pa.DataType) -> pa.Array:
    """Values of the usable rows, put back into their places among all rows."""
    if values is None:
        return pa.nulls(len(usable), kind)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return pc.replace_with_mask(pa.nulls(len(usable), kind), usable, values)
