"""From score columns to keep or reject: rules over columns, and every reason that applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_serializer, model_validator

from vqa_builder import languages
from vqa_builder.errors import SpecError, UnknownNameError
from vqa_builder.schema import VERDICTS

_KEYS = ("segment_id", "language")

UNTRANSLATED = "untranslated"
"""The reason of segments whose translation failed or is blank."""


class Rule(BaseModel):
    """Rejects where a score is below ``min`` or above ``max``; a null never rejects.

    Attributes:
        min: the lowest score that is kept.
        max: the highest score that is kept.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    min: float | None = Field(default=None, allow_inf_nan=False)
    max: float | None = Field(default=None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _bounded(self) -> Rule:
        if self.min is None and self.max is None:
            raise ValueError("a rule needs min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} lies above max {self.max:g}: nothing could be kept")
        return self


class Policy(BaseModel):
    """Which scores reject a segment; in the spec a flat mapping.

    A column has a ``Rule`` or the word ``reject`` (reject where the score is above 0). The block ``answers``
    replaces the rule of a column for answer segments, or switches it off with ``off``.

    Attributes:
        rules: column -> rule, for questions and answers.
        answers: column -> rule that holds for answers instead.

    Example::

        policy:
          langid: {min: 0.5}
          chrf: {min: 30}
          copy: reject
          answers:
            chrf: {min: 60}
            length: off
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: dict[str, Rule | Literal["reject"]] = {}
    answers: dict[str, Rule | Literal["reject", "off"]] = {}

    @model_validator(mode="before")
    @classmethod
    def _from_flat(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or isinstance(value.get("rules"), Mapping):
            return value
        answers = value.get("answers") or {}
        if isinstance(answers, Mapping):  # YAML reads a bare off as false
            answers = {name: "off" if rule is False else rule for name, rule in answers.items()}
        rules = {name: rule for name, rule in value.items() if name != "answers"}
        return {"rules": rules, "answers": answers}

    @model_serializer
    def _as_flat(self) -> dict[str, Any]:
        flat: dict[str, Any] = {name: _plain(rule) for name, rule in self.rules.items()}
        if self.answers:
            flat["answers"] = {name: _plain(rule) for name, rule in self.answers.items()}
        return flat

    @property
    def signature(self) -> str:
        """Every rule, as ``column:rule`` joined by ``|``, for manifests and cards.

        >>> Policy.model_validate({"copy": "reject", "chrf": {"min": 30}}).signature
        'policy|chrf:min=30|copy:reject'
        """
        rules = [f"{name}:{_written(rule)}" for name, rule in sorted(self.rules.items())]
        answers = [f"answers.{name}:{_written(rule)}" for name, rule in sorted(self.answers.items())]
        return "|".join(["policy", *rules, *answers])

    def columns(self) -> list[str]:
        """The score columns that the policy names, each once."""
        return list(dict.fromkeys([*self.rules, *self.answers]))

    def check(self, columns: Mapping[str, pa.DataType]) -> None:
        """Whether every rule has a number to judge.

        Args:
            columns: the score columns that the chosen scorers give.

        Raises:
            UnknownNameError: a rule names a column that no chosen scorer has.
            SpecError: a rule names a column of text.
        """
        for name in self.columns():
            where = f"policy.{name}" if name in self.rules else f"policy.answers.{name}"
            if name not in columns:
                raise UnknownNameError("score column", name, columns, where=where)
            if not pa.types.is_floating(columns[name]):
                numbers = (column for column, kind in columns.items() if pa.types.is_floating(kind))
                raise SpecError(
                    f"The score column {name} holds text and has no threshold",
                    where=where,
                    expected="one of " + ", ".join(numbers),
                    found=name,
                )


# Chosen on all unique questions (37,374) and 22,626 answers of VQA v2 translated into ja and hi and back by
# the embedded model, reading rows on both sides of each bound, and on human translations for its cost:
# - chrf: of 14 questions read per band and language, about 1 in 10 was right at 25-35, 2 in 10 at 35-40, 4 in
#   10 at 40-50. Answers are words, where mBLIP asks for equality; 60 forgives the plural (potato, potatoes)
#   and "both of them", while half of what lies at 50-60 is wrong.
# - langid: 0.2 rejects 0.2 % of Tatoeba's true ja sentences and 1.5 % of the hi ones (0.5: 0.5 % and 4.0 %),
#   no true XQuAD question, 91 % of Chinese and 78 % of Marathi cut to question length.
# - script: 0.8 finds one foreign word in a short question; answers name brands (hp マウス) too often for it.
# - length: 3 rejects 0.1 % of XQuAD's and 1 % of Tatoeba's translations, and nearly only truncated output.
# - repetition: TD-MML's bound; no translation in Tatoeba, flores or XQuAD lies above it.
_DEFAULTS: dict[str, Any] = {
    "script": {"min": 0.8},
    "langid": {"min": 0.2},
    "copy": "reject",
    "length": {"min": -3, "max": 3},
    "repetition": {"max": 0.5},
    "numerals": {"min": 0.5},
    "chrf": {"min": 35},
}
_ANSWER_DEFAULTS: dict[str, Any] = {
    "script": {"min": 0.5},
    "length": {"min": -3.5, "max": 3.5},
    "chrf": {"min": 60},
}
_LATIN_ANSWER_DEFAULTS: dict[str, Any] = {**_ANSWER_DEFAULTS, "copy": "off"}


def default_policy(language: str, columns: Iterable[str] | None = None) -> Policy:
    """The policy of builds that state none.

    Languages in Latin script may keep an answer as it is ("tennis"), so ``copy`` judges only their questions.

    Args:
        language: ISO 639 code.
        columns: the score columns that exist; rules for others are left out. Default: all rules.
    """
    latin = "Latin" in languages.get(language).scripts
    known = set(_DEFAULTS if columns is None else columns)
    rules = {name: rule for name, rule in _DEFAULTS.items() if name in known}
    answers = _LATIN_ANSWER_DEFAULTS if latin else _ANSWER_DEFAULTS
    special = {name: rule for name, rule in answers.items() if name in known}
    return Policy.model_validate({**rules, "answers": special})


def policy_for(
    language: str, rules: Mapping[str, Any] | None, columns: Iterable[str] | None = None
) -> Policy:
    """The policy that the spec states, or the default where it states none.

    Args:
        language: ISO 639 code.
        rules: the spec's ``policy:``.
        columns: the score columns that exist; default rules for others are left out.

    Raises:
        SpecError: a rule is malformed.
    """
    if rules is None:
        return default_policy(language, columns)
    try:
        return Policy.model_validate(rules)
    except ValidationError as error:
        first = error.errors()[0]
        column = [str(part) for part in first["loc"][:2] if part != "rules"]
        raise SpecError(
            "The policy has a malformed rule",
            where=".".join(["policy", *column]),
            expected="{min: 0.5}, {max: 0.5}, both, or reject; under answers also off",
            found=repr(first["input"])[:200],
            remedy=first["msg"].removeprefix("Value error, "),
        ) from None


def judge(
    segments: pa.Table, translations: pa.Table, scores: pa.Table, policy: Policy, language: str
) -> pa.Table:
    """The verdict on every segment.

    Args:
        segments: schema ``SEGMENTS``.
        translations: schema ``TRANSLATIONS`` of this language, in any order.
        scores: segment_id, language and one column per measure, in any order.
        policy: the rules.
        language: ISO 639 code; other languages' rows are ignored.

    Returns:
        Schema ``VERDICTS``, one row per segment in their order. Reasons are stable codes in the policy's
        order: ``untranslated``, ``chrf<30``, ``length>3.5``, ``copy``.

    Raises:
        UnknownNameError, SpecError: see ``Policy.check``.
    """
    policy.check({field.name: field.type for field in scores.schema if field.name not in _KEYS})
    texts = _aligned(segments, translations, language)["text"]
    aligned = _aligned(segments, scores, language)
    blank = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(texts), ""), True)
    answers = _booleans(pc.equal(segments["role"], "answer"))
    bounds = [bound for name in policy.columns() for bound in _bounds(policy, name)]
    hits = np.column_stack(
        [_booleans(blank), *(_hits(bound, aligned[bound.column], answers) for bound in bounds)]
    )
    columns = {
        "segment_id": segments["segment_id"],
        "language": pa.repeat(language, len(hits)),
        "keep": pa.array(~hits.any(axis=1)),
        "reasons": _reasons(hits, [UNTRANSLATED, *(bound.reason for bound in bounds)]),
    }
    return pa.table(columns).cast(VERDICTS)


class _Bound(NamedTuple):
    """One side of one rule, for the roles in which it holds."""

    column: str
    reason: str
    below: float | None
    above: float | None
    questions: bool
    answers: bool


def _bounds(policy: Policy, name: str) -> list[_Bound]:
    """The bounds of one column: those that hold for both roles first, then each role's own."""
    general = _sides(name, policy.rules.get(name, "off"))
    special = _sides(name, policy.answers[name]) if name in policy.answers else general
    sides = dict.fromkeys([*general, *special])
    return [_Bound(name, *side, questions=side in general, answers=side in special) for side in sides]


def _sides(name: str, rule: Rule | str) -> list[tuple[str, float | None, float | None]]:
    """(reason, below, above) of a rule's bounds."""
    if not isinstance(rule, Rule):
        return [(name, None, 0.0)] if rule == "reject" else []
    sides: list[tuple[str, float | None, float | None]] = []
    if rule.min is not None:
        sides.append((f"{name}<{rule.min:g}", rule.min, None))
    if rule.max is not None:
        sides.append((f"{name}>{rule.max:g}", None, rule.max))
    return sides


def _hits(bound: _Bound, scores: pa.ChunkedArray, answers: np.ndarray) -> np.ndarray:
    """Where a bound rejects, in the column's own precision: a stored 0.7 is not below 0.7."""
    beyond = pc.less if bound.below is not None else pc.greater
    limit = bound.below if bound.below is not None else bound.above
    rejected = _booleans(pc.fill_null(beyond(scores, pa.scalar(limit, scores.type)), False))
    holds = np.where(answers, bound.answers, bound.questions)
    hits: np.ndarray = rejected & holds
    return hits


def _reasons(hits: np.ndarray, codes: list[str]) -> pa.ListArray:
    """The codes of every row's hits, without a Python object per row."""
    offsets = np.concatenate([[0], np.cumsum(hits.sum(axis=1))]).astype(np.int32)
    chosen = pa.array(np.nonzero(hits)[1].astype(np.int32))
    return pa.ListArray.from_arrays(offsets, pa.array(codes).take(chosen))


def _aligned(segments: pa.Table, table: pa.Table, language: str) -> pa.Table:
    """The rows of ``table`` in the order of the segments; nulls where a segment has none."""
    table = table.filter(pc.equal(table["language"], language))
    if table["segment_id"].equals(segments["segment_id"]):
        return table
    return table.take(pc.index_in(segments["segment_id"], table["segment_id"]))


def _booleans(values: pa.ChunkedArray | pa.Array) -> np.ndarray:
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return np.asarray(whole.to_numpy(zero_copy_only=False), dtype=bool)


def _plain(rule: Rule | str) -> Any:
    return rule.model_dump(exclude_none=True) if isinstance(rule, Rule) else rule


def _written(rule: Rule | str) -> str:
    return ",".join(f"{k}={v:g}" for k, v in _plain(rule).items()) if isinstance(rule, Rule) else rule
