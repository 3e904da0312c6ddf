"""What a policy is made of: rules over score columns, and a weighted combination of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple, Self

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_serializer,
    model_validator,
)

from vqa_builder.errors import SpecError, UnknownNameError

COMBINE = "combine"
"""The name under which a combination stands in policies, reasons and cards."""

MISSING = "missing"
"""The key beside the rules that says what becomes of segments without a score."""

ROUND_TRIP = "round_trip"
"""The key beside the rules that says where those of the round trip hold."""


class Rule(BaseModel):
    """Rejects where a score is below ``min`` or above ``max``; what a null does is ``Policy.missing``'s part.

    Attributes:
        min: the lowest score that is kept.
        max: the highest score that is kept.
        keep: instead of both, the share of measured segments to keep; ``policy.resolved`` finds the bound.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    min: float | None = Field(default=None, allow_inf_nan=False)
    max: float | None = Field(default=None, allow_inf_nan=False)
    keep: float | None = Field(default=None, gt=0, le=1)

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.keep is not None and (self.min is not None or self.max is not None):
            raise ValueError("keep finds min or max by itself: give either keep or them")
        if self.min is None and self.max is None and self.keep is None:
            raise ValueError("a rule needs min, max, both, or keep")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} lies above max {self.max:g}: nothing could be kept")
        return self


class Combination(BaseModel):
    """Rejects where ``bias + sum of weight x score`` is below ``min``; see ``Rule`` for nulls.

    Attributes:
        weights: score column -> weight.
        bias: added to the sum.
        logistic: whether the sum goes through the logistic function, so that ``min`` is a probability.
        min: the lowest value that is kept.
        keep: instead of ``min``, the share of measured segments to keep.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: dict[str, float] = Field(min_length=1)
    bias: float = Field(default=0.0, allow_inf_nan=False)
    logistic: bool = False
    min: float | None = Field(default=None, allow_inf_nan=False)
    keep: float | None = Field(default=None, gt=0, le=1)

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if (self.min is None) == (self.keep is None):
            raise ValueError("a combination needs min or keep, and not both")
        if not any(self.weights.values()):
            raise ValueError("a combination needs a weight other than 0")
        return self


def _kind(value: Any) -> str:
    """Which of a union's members a rule is meant to be, so that its errors are that member's."""
    if isinstance(value, Combination) or (isinstance(value, Mapping) and "weights" in value):
        return "combination"
    return "rule" if isinstance(value, Rule | Mapping) else "word"


Standing = Rule | Combination | Literal["reject"]
_Standing = Annotated[
    Annotated[Rule, Tag("rule")]
    | Annotated[Combination, Tag("combination")]
    | Annotated[Literal["reject"], Tag("word")],
    Discriminator(_kind),
]
_Special = Annotated[
    Annotated[Rule, Tag("rule")]
    | Annotated[Combination, Tag("combination")]
    | Annotated[Literal["reject", "off"], Tag("word")],
    Discriminator(_kind),
]


class Bound(NamedTuple):
    """One side of one rule, for the roles in which it holds."""

    column: str
    reason: str
    below: float | None
    above: float | None
    questions: bool
    answers: bool
    combination: Combination | None = None


class Policy(BaseModel):
    """Which scores reject a segment; in the spec a flat mapping.

    A column has a ``Rule`` or the word ``reject`` (reject where the score is above 0); ``combine`` has a
    ``Combination``. The block ``answers`` replaces the rule of a column for answer segments, or switches it
    off.

    Attributes:
        rules: column -> rule, for questions and answers.
        answers: column -> rule that holds for answers instead.
        missing: what becomes of a segment that lacks a score which a rule needs, such as chrF where there is
            no back-translation: ``reject`` it as ``unscored``, or ``keep`` it unless another rule rejects.
        round_trip: where rules of the round trip hold: ``always``; ``never``; or, as in the presets,
            ``auto``: for questions and answers of up to 16 words, if the back-translator brings back what is
            known to be right (see ``round_trip.Measured``).

    >>> import yaml
    >>> combination = "combine: {weights: {chrf: 0.05, agreement: 2}, bias: -3, logistic: true, min: 0.4}"
    >>> rules = ["langid: {min: 0.5}", "chrf: {keep: 0.9}", "copy: reject", combination]
    >>> spec = [*rules, "answers: {chrf: {min: 60}, combine: off}"]
    >>> Policy.model_validate(yaml.safe_load("\\n".join(spec))).columns()
    ['langid', 'chrf', 'copy', 'agreement']
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: dict[str, _Standing] = {}
    answers: dict[str, _Special] = {}
    missing: Literal["reject", "keep"] = "reject"
    round_trip: Literal["always", "auto", "never"] = "always"

    @model_validator(mode="before")
    @classmethod
    def _from_flat(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or isinstance(value.get("rules"), Mapping):
            return value
        answers = value.get("answers") or {}
        if isinstance(answers, Mapping):  # YAML reads a bare off as false
            answers = {name: "off" if rule is False else rule for name, rule in answers.items()}
        own = {name: value[name] for name in (MISSING, ROUND_TRIP) if name in value}
        rules = {name: rule for name, rule in value.items() if name not in ("answers", MISSING, ROUND_TRIP)}
        return {"rules": rules, "answers": answers, **own}

    @model_validator(mode="after")
    def _combinations_in_their_place(self) -> Self:
        for place, rule in self.places():
            if (place.endswith(f".{COMBINE}")) != isinstance(rule, Combination) and rule != "off":
                raise ValueError(f"{place}: weights belong under {COMBINE}, and {COMBINE} needs them")
        return self

    @model_serializer
    def _as_flat(self) -> dict[str, Any]:
        flat: dict[str, Any] = {name: _plain(rule) for name, rule in self.rules.items()}
        if self.answers:
            flat["answers"] = {name: _plain(rule) for name, rule in self.answers.items()}
        if self.missing != "reject":
            flat[MISSING] = self.missing
        if self.round_trip != "always":
            flat[ROUND_TRIP] = self.round_trip
        return flat

    @property
    def signature(self) -> str:
        """Every rule, as ``column:rule`` joined by ``|``, for manifests and cards.

        >>> Policy.model_validate({"copy": "reject", "chrf": {"min": 30}}).signature
        'policy|chrf:min=30|copy:reject'
        """
        rules = [f"{name}:{_written(rule)}" for name, rule in sorted(self.rules.items())]
        answers = [f"answers.{name}:{_written(rule)}" for name, rule in sorted(self.answers.items())]
        missing = [] if self.missing == "reject" else [f"{MISSING}:{self.missing}"]
        trip = [] if self.round_trip == "always" else [f"{ROUND_TRIP}:{self.round_trip}"]
        return "|".join(["policy", *rules, *answers, *missing, *trip])

    @property
    def aims(self) -> bool:
        """Whether a rule states the share to keep, so that its bound depends on the scores."""
        return any(getattr(rule, "keep", None) is not None for _, rule in self.places())

    def places(self) -> Iterator[tuple[str, Standing | Literal["off"]]]:
        """Every rule with its place in the spec: ``policy.chrf``, ``policy.answers.chrf``."""
        yield from ((f"policy.{name}", rule) for name, rule in self.rules.items())
        yield from ((f"policy.answers.{name}", rule) for name, rule in self.answers.items())

    def columns(self) -> list[str]:
        """The score columns that the policy names, each once; those of a combination last."""
        named = [name for name in [*self.rules, *self.answers] if name != COMBINE]
        weighed = [
            name for _, rule in self.places() if isinstance(rule, Combination) for name in rule.weights
        ]
        return list(dict.fromkeys([*named, *weighed]))

    def check(self, columns: Mapping[str, pa.DataType]) -> None:
        """Whether every rule has a number to judge.

        Args:
            columns: the score columns that the chosen scorers give.

        Raises:
            UnknownNameError: a rule names a column that no chosen scorer has.
            SpecError: a rule names a column of text.
        """
        for place, rule in self.places():
            name = place.rpartition(".")[2]
            weighed = rule.weights if isinstance(rule, Combination) else {}
            if rule != "off" or name != COMBINE:
                named = {f"{place}.weights.{column}": column for column in weighed} or {place: name}
                for where, column in named.items():
                    _check_column(column, columns, where)

    def bounds(self) -> list[Bound]:
        """What rejects, in the policy's order: what holds for both roles first, then each role's own."""
        found = []
        for name in dict.fromkeys([*self.rules, *self.answers]):
            general = _sides(name, self.rules.get(name, "off"))
            special = _sides(name, self.answers[name]) if name in self.answers else general
            sides = [*general, *(side for side in special if side not in general)]
            found += [side._replace(questions=side in general, answers=side in special) for side in sides]
        return found


def reason_codes(reasons: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Reasons without the words that they name, for counting.

    >>> reason_codes(pa.array(["content_missing>0.75 (wall, floor)", "copy"])).to_pylist()
    ['content_missing>0.75', 'copy']
    """
    return pc.replace_substring_regex(reasons, r" \(.*\)$", "")


def _check_column(name: str, columns: Mapping[str, pa.DataType], where: str) -> None:
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


def _sides(name: str, rule: Standing | Literal["off"]) -> list[Bound]:
    """A rule's bounds; the roles are the caller's to fill in."""
    if isinstance(rule, str):
        return [Bound(name, name, None, 0.0, False, False)] if rule == "reject" else []
    combination = rule if isinstance(rule, Combination) else None
    sides = []
    if rule.min is not None:
        sides.append(Bound(name, f"{name}<{rule.min:g}", rule.min, None, False, False, combination))
    if isinstance(rule, Rule) and rule.max is not None:
        sides.append(Bound(name, f"{name}>{rule.max:g}", None, rule.max, False, False))
    return sides


def _plain(rule: Standing | str) -> Any:
    return rule if isinstance(rule, str) else rule.model_dump(exclude_none=True, exclude_defaults=True)


def _written(rule: Standing | str) -> str:
    if isinstance(rule, str):
        return rule
    plain: dict[str, Any] = _plain(rule)
    weights = plain.pop("weights", {})
    parts = [f"{name}*{weight:g}" for name, weight in sorted(weights.items())]
    parts += [f"{name}={'yes' if value is True else format(value, 'g')}" for name, value in plain.items()]
    return ",".join(parts)
