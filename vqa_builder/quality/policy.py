"""From score columns to keep or reject: verdicts with every reason."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from decimal import ROUND_FLOOR, Context, Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder import registry
from vqa_builder.arrays import is_blank, one_array
from vqa_builder.errors import SpecError
from vqa_builder.quality import round_trip
from vqa_builder.quality.rules import Bound, Combination, Policy, Rule, Standing
from vqa_builder.schema import SHORT, VERDICTS
from vqa_builder.segments import for_all

VERSION = "7"
"""Raised by whoever changes what ``judge`` returns for the same policy and scores."""

_KEYS = ("segment_id", "language")
_METADATA = b"policy"
_OVERRULED = b"overruled"
_ROUND_TRIP = b"round_trip"
_DIGITS = 6

Flags = NDArray[np.bool_]

UNTRANSLATED = "untranslated"
"""The reason of segments whose translation failed or is blank."""

UNSCORED = "unscored"
"""The reason of segments that lack a score which a rule needs."""


def resolved(policy: Policy, segments: pa.Table, scores: pa.Table) -> Policy:
    """The policy with the bound that each ``keep`` comes to on these scores.

    A bound is the score at that rank among the measured segments for which the rule holds, in six digits,
    rounded so that no less is kept; which end is cut follows from the scorer (``Scorer.good``). Answers have
    no rule where none is judged. The same scores give the same policy.

    Args:
        policy: the rules.
        segments: row-aligned with ``scores``; its column role.
        scores: one column per measure.

    Raises:
        SpecError: no segment was measured, so no share of them can be kept.
    """
    if not policy.aims:
        return policy
    answers = _are_short(segments)
    rules = {
        name: _aimed(name, rule, scores, ~answers if name in policy.answers else answers | True, "policy")
        for name, rule in policy.rules.items()
    }
    special = {
        name: "off"
        if rule == "off" or not answers.any()
        else _aimed(name, rule, scores, answers, "policy.answers")
        for name, rule in policy.answers.items()
    }
    return policy.model_copy(update={"rules": rules, "answers": special})


def judge(
    segments: pa.Table,
    translations: pa.Table,
    scores: pa.Table,
    policy: Policy,
    language: str,
    engines: Collection[str] | None = None,
    revised: Collection[str] = (),
) -> pa.Table:
    """The verdict on every segment.

    A human-verified translation is kept whatever its scores say, unless it is blank: people read it, a
    score did not.

    Args:
        segments: schema ``SEGMENTS``.
        translations: schema ``TRANSLATIONS`` of this language, in any order.
        scores: segment_id, language and one column per measure, in any order.
        policy: the rules.
        language: ISO 639 code; other languages' rows are ignored.
        engines: signatures of the engines, which tell them from people; see ``is_human_verified``.
        revised: those among them whose texts were written and revised line by line, such as the phrasebook.
            Scores of a round trip say there how well another engine comes back, so no rule looks at them;
            with ``round_trip: auto`` they say so for the others (see ``round_trip.Measured``).

    Returns:
        Schema ``VERDICTS``, one row per segment in their order. Reasons are stable codes in the policy's
        order: ``untranslated``, ``unscored``, ``chrf<30``, ``length>3.5``, ``copy``; some name
        words, as ``content_missing>0.75 (wall)``, which ``rules.reason_codes`` takes off. ``judged_by`` reads
        the resolved policy from it, ``overruled`` what human-verified segments were kept against.

    Raises:
        UnknownNameError, SpecError: see ``Policy.check`` and ``resolved``.
    """
    policy.check({field.name: field.type for field in scores.schema if field.name not in _KEYS})
    translations = _aligned(segments, translations, language)
    aligned = _aligned(segments, scores, language)
    policy = resolved(policy, segments, aligned)
    blank = _booleans(is_blank(translations["text"]))
    bounds = policy.bounds()
    found = _hits(bounds, segments, aligned)
    measured, forward = _judged_forward(policy, bounds, found, segments, translations, revised)
    _give_up_round_trip(bounds, found, forward)
    unscored = _unscored(policy, bounds, segments, aligned, forward) & ~blank
    hits = np.column_stack([blank, unscored, *found])
    codes = [UNTRANSLATED, UNSCORED, *(bound.reason for bound in bounds)]
    against = _overrule(hits, _booleans(is_human_verified(translations, engines)) & ~blank, codes)
    columns = {
        "segment_id": segments["segment_id"],
        "language": pa.repeat(language, len(hits)),
        "keep": pa.array(~hits.any(axis=1)),
        "reasons": _reasons(hits, codes, _words(bounds, aligned)),
    }
    metadata = {
        _METADATA: json.dumps(policy.model_dump(mode="json")),
        _OVERRULED: json.dumps(against),
        _ROUND_TRIP: json.dumps(measured._asdict()),
    }
    return pa.table(columns).cast(VERDICTS).replace_schema_metadata(metadata)


def _overrule(hits: Flags, verified: Flags, codes: list[str]) -> dict[str, int]:
    """Take away what people's translations would be rejected for; reason -> how many of them."""
    against = dict(zip(codes, hits[verified].sum(axis=0).tolist(), strict=True))
    hits[verified] = False
    return {code: segments for code, segments in against.items() if segments}


def is_human_verified(translations: pa.Table, engines: Collection[str] | None) -> pa.BooleanArray:
    """Which translations people verified, in the memory or in a glossary: they outrank engines and scores.

    Args:
        translations: the columns ``text`` and ``engine`` of schema ``TRANSLATIONS``.
        engines: signatures of the engines; whatever else translated a segment is human-verified. None:
            nobody verified anything.

    >>> made = pa.table({"text": ["赤", "青", None], "engine": ["mini|en-ja|version:1", "human", "human"]})
    >>> is_human_verified(made, ["mini|en-ja|version:1"]).to_pylist()
    [False, True, False]
    """
    if engines is None:
        return pa.repeat(False, translations.num_rows)
    known = pc.is_in(translations["engine"], pa.array(list(engines), pa.string()))
    found = pc.and_(pc.is_valid(translations["text"]), pc.invert(known))
    return one_array(found)


def overruled(verdicts: pa.Table) -> dict[str, int]:
    """Reason -> segments that it would have rejected, kept since they are human-verified."""
    found: dict[str, int] = json.loads((verdicts.schema.metadata or {}).get(_OVERRULED, b"{}"))
    return found


def round_trip_of(verdicts: pa.Table) -> round_trip.Measured:
    """What was found out about the round trip; nothing where the policy did not ask."""
    found = json.loads((verdicts.schema.metadata or {}).get(_ROUND_TRIP, b"{}"))
    return round_trip.Measured(**found)


def judged_by(verdicts: pa.Table) -> Policy:
    """The policy behind a table of verdicts, every bound a number."""
    return Policy.model_validate(json.loads(verdicts.schema.metadata[_METADATA]))


def combined(combination: Combination, scores: pa.Table) -> NDArray[np.float64]:
    """The combination's value in every row; NaN where a score is null."""
    total = np.full(scores.num_rows, combination.bias)
    for column, weight in combination.weights.items():
        total += weight * _floats(scores[column])
    return 1 / (1 + np.exp(-total)) if combination.logistic else total


def _aimed(name: str, rule: Standing, scores: pa.Table, holds: Flags, where: str) -> Standing:
    """A rule with its bound in the place of ``keep``."""
    if isinstance(rule, str) or rule.keep is None:
        return rule
    values = combined(rule, scores) if isinstance(rule, Combination) else _floats(scores[name])
    values = values[holds & ~np.isnan(values)]
    if not len(values):
        raise SpecError(
            f"No segment has the score {name}, so no share of them can be kept",
            where=f"{where}.{name}.keep",
            expected="scores, or a rule with min or max",
            found=f"{int(holds.sum())} segments without it",
        )
    if isinstance(rule, Combination):
        return rule.model_copy(update={"min": _at_rank(values, rule.keep), "keep": None})
    values = _as_written(values, scores[name].type)
    good = good_ends().get(name, "high")
    if good == "high":
        return Rule(min=_at_rank(values, rule.keep))
    if good == "low":
        return Rule(max=-_at_rank(-values, rule.keep))
    widest = -_at_rank(-np.abs(values), rule.keep)
    return Rule(min=0.0 - widest, max=widest)


def _as_written(values: NDArray[np.float64], kind: pa.DataType) -> NDArray[np.float64]:
    """The decimals that one would write for 32-bit floats: 0.7, not 0.699999988."""
    if not pa.types.is_float32(kind):
        return values
    distinct, places = np.unique(values.astype(np.float32), return_inverse=True)
    return np.array([float(str(value)) for value in distinct])[places]


def _at_rank(values: NDArray[np.float64], keep: float) -> float:
    """The largest bound in six digits with at least this share of the values at or above it."""
    below = int((1 - keep) * len(values) + 1e-9)
    exact = float(np.partition(values, below)[below])
    return float(Context(prec=_DIGITS, rounding=ROUND_FLOOR).create_decimal(Decimal(str(exact))))


def good_ends() -> dict[str, str]:
    """Score column -> the end at which it is good."""
    return {column: scorer.ends.get(column, scorer.good) for column, scorer in _scorers().items()}


def _hits(bounds: list[Bound], segments: pa.Table, scores: pa.Table) -> list[Flags]:
    answers = _are_short(segments)
    found = []
    for bound in bounds:
        holds = np.where(answers, bound.answers, bound.questions)
        found.append(_beyond(bound, scores) & holds)
    return found


def _judged_forward(
    policy: Policy,
    bounds: list[Bound],
    hits: list[Flags],
    segments: pa.Table,
    translations: pa.Table,
    revised: Collection[str],
) -> tuple[round_trip.Measured, Flags]:
    """What the round trip is worth, and the segments that no rule of it judges."""
    known = np.zeros(segments.num_rows, dtype=bool)
    if revised:
        known = _booleans(pc.is_in(translations["engine"], pa.array(list(revised), pa.string())))
    if policy.round_trip != "auto":
        return round_trip.Measured(), known | (policy.round_trip == "never")
    fitted = round_trip.fitted(segments)
    forward = known | ~fitted
    if "back_text" in translations.column_names:
        known &= _booleans(pc.is_valid(translations["back_text"]))
    lost = np.any([hit for bound, hit in zip(bounds, hits, strict=True) if _needs_round_trip(bound)], axis=0)
    others = ~forward & _booleans(pc.is_valid(translations["text"]))
    sides = (known & fitted, known & fitted & ~lost, ~fitted, others, others & lost)
    measured = round_trip.Measured(*(int(side.sum()) for side in sides))
    if not measured.trusted:
        return measured._replace(judged=0, rejected=0), np.ones_like(forward)
    return measured, forward


def round_trip_scores() -> set[str]:
    """The score columns that compare a back-translation with the original."""
    return {column for column, scorer in _scorers().items() if scorer.needs_back_translation}


def _needs_round_trip(bound: Bound) -> bool:
    columns = bound.combination.weights if bound.combination else (bound.column,)
    return not round_trip_scores().isdisjoint(columns)


def _give_up_round_trip(bounds: list[Bound], hits: list[Flags], forward: Flags) -> None:
    """Let no rule of the round trip reject what is judged forward alone."""
    for bound, hit in zip(bounds, hits, strict=True):
        if _needs_round_trip(bound):
            hit[forward] = False


def _unscored(
    policy: Policy, bounds: list[Bound], segments: pa.Table, scores: pa.Table, forward: Flags
) -> Flags:
    """Where a score is missing that a rule needs: of this role, and not of what its scorer cannot measure."""
    found = np.zeros(segments.num_rows, dtype=bool)
    if policy.missing == "keep":
        return found
    scorers = _scorers()
    answers = _are_short(segments)
    for bound in bounds:
        holds = np.where(answers, bound.answers, bound.questions)
        for column in bound.combination.weights if bound.combination else (bound.column,):
            scorer = scorers.get(column)
            if scorer is None or not scorer.partial:
                roles = ("question", "answer") if scorer is None else scorer.roles
                measurable = np.where(answers, "answer" in roles, "question" in roles)
                if scorer is not None and scorer.needs_back_translation:
                    measurable &= ~forward
                found |= holds & measurable & _booleans(pc.is_null(scores[column]))
    return found


def _scorers() -> dict[str, Any]:
    """Score column -> the class that measures it."""
    classes = [registry.find("scorers", name) for name in registry.names("scorers")]
    return {column: scorer for scorer in classes for column in scorer.columns}


def _beyond(bound: Bound, scores: pa.Table) -> Flags:
    """Where a bound rejects, in the column's own precision: a stored 0.7 is not below 0.7."""
    if bound.combination is not None and bound.below is not None:
        return combined(bound.combination, scores) < bound.below
    beyond, limit = (pc.less, bound.below) if bound.below is not None else (pc.greater, bound.above)
    column = scores[bound.column]
    return _booleans(pc.fill_null(beyond(column, pa.scalar(limit, column.type)), False))


def _reasons(hits: Flags, codes: list[str], words: Mapping[str, pa.Array]) -> pa.ListArray:
    """The codes of every row's hits, with the words that they name, without a Python object per row."""
    offsets = np.concatenate([[0], np.cumsum(hits.sum(axis=1))]).astype(np.int32)
    rows, chosen = np.nonzero(hits)
    reasons = pa.array(codes).take(pa.array(chosen.astype(np.int32)))
    for place, code in enumerate(codes):
        here = chosen == place
        if code in words and here.any():
            named = pc.fill_null(words[code].take(pa.array(rows[here])), "")
            told = pc.binary_join_element_wise(f"{code} (", named, ")", "")
            told = pc.if_else(pc.equal(named, ""), code, told)
            reasons = pc.replace_with_mask(reasons, pa.array(here), told)
    return pa.ListArray.from_arrays(offsets, reasons)


def _words(bounds: list[Bound], scores: pa.Table) -> dict[str, pa.Array]:
    """Reason -> the words that it names in each row."""
    scorers = _scorers()
    found = {}
    for bound in bounds:
        name = scorers[bound.column].named_by.get(bound.column) if bound.column in scorers else None
        if name in scores.column_names:
            found[bound.reason] = scores[name].combine_chunks()
    return found


def _aligned(segments: pa.Table, table: pa.Table, language: str) -> pa.Table:
    """The rows of ``table`` in the order of the segments; nulls where a segment has none."""
    own = table.filter(pc.equal(table["language"], language))
    return for_all(segments, own)


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _are_short(segments: pa.Table) -> Flags:
    """Which segments the rules for answers hold for."""
    return _booleans(pc.is_in(segments["role"], pa.array(SHORT)))


def _booleans(values: pa.ChunkedArray | pa.Array) -> Flags:
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return np.asarray(whole.to_numpy(zero_copy_only=False), dtype=bool)
