"""From what a spec states under ``policy`` to the rules: presets, changes to them, languages of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from pydantic import ValidationError

from vqa_builder import languages
from vqa_builder.errors import SpecError, UnknownNameError, nearest_name
from vqa_builder.quality.rules import COMBINE, MISSING, ROUND_TRIP, Policy, Rule
from vqa_builder.spec_errors import expectation

DEFAULT = "balanced"
FITTED_ENGINE = "mini"
"""The engine on whose translations the presets were fitted."""

_ANY = "other"


def policy_for(
    language: str, configured: str | Mapping[str, Any] | None, columns: Iterable[str] | None = None
) -> Policy:
    """The policy that the spec states, or the default where it states none.

    Args:
        language: ISO 639 code.
        configured: the spec's ``policy:``: the name of a preset; or rules, which go before those of the
            ``preset`` among them, if they name one (``off`` drops a rule of the preset). ``languages`` among
            them holds what is stated for one language alone (see ``configured_for``); ``missing: keep`` among
            them, or alone, lets segments without a needed score pass, ``round_trip`` says where the rules of
            the round trip hold.
        columns: the score columns that exist; a preset's rules for others are left out.

    Raises:
        UnknownNameError: no preset has this name.
        SpecError: a rule is malformed.

    >>> policy_for("ja", {"preset": "balanced", "chrf": {"min": 40}}, ["chrf", "copy"]).signature
    'policy|chrf:min=40|copy:reject|answers.chrf:min=60|round_trip:auto'
    """
    configured = configured_for(language, configured)
    if configured is None or isinstance(configured, str):
        return _validated(_preset(configured or DEFAULT, language, columns))
    if configured and set(configured) <= {MISSING, ROUND_TRIP}:
        configured = {"preset": DEFAULT, **configured}
    if "preset" not in configured:
        return _validated(configured)
    rules = {name: rule for name, rule in configured.items() if name not in ("preset", "answers")}
    flat = _preset(configured["preset"], language, columns, where="policy.preset")
    answers = configured.get("answers") or {}
    if isinstance(answers, Mapping):
        answers = {**flat.pop("answers"), **answers}
    merged = {**flat, **rules}
    kept = {name: rule for name, rule in merged.items() if rule not in ("off", False)}
    return _validated({**kept, "answers": answers})


def unfitted(
    configured: str | Mapping[str, Any] | None, engines: Iterable[str], quoted: Callable[[str], str] = str
) -> str | None:
    """What a reader must know where a preset judges what other engines translated, there or back.

    Args:
        configured: the spec's ``policy:``.
        engines: names of those that the spec chose.
        quoted: how a name is written.

    >>> unfitted("strict", ["mini"]) or unfitted({"chrf": {"min": 30}}, ["openai"])
    >>> unfitted(None, ["openai", "mini"])[:63]
    'Presets were fitted on what mini translates there and back, not'
    """
    others = sorted({quoted(name) for name in engines if name != FITTED_ENGINE})
    own = isinstance(configured, Mapping) and "preset" not in configured
    if not others or (own and configured and not set(configured) <= {MISSING, ROUND_TRIP, "languages"}):
        return None
    return (
        f"Presets were fitted on what {FITTED_ENGINE} translates there and back, not on {', '.join(others)}: "
        "how much of what they keep is wrong is unknown before people judge rows, as in `review certify`."
    )


def configured_for(
    language: str, configured: str | Mapping[str, Any] | None
) -> str | Mapping[str, Any] | None:
    """What a spec's policy states for one language: its own part before what stands beside ``languages``.

    >>> configured_for("ja", {"chrf": {"min": 40}, "languages": {"ja": {"copy": "reject"}, "hi": "strict"}})
    {'chrf': {'min': 40}, 'copy': 'reject'}

    Raises:
        SpecError: ``languages`` holds something else than a policy for each language.
    """
    if configured is None or isinstance(configured, str) or "languages" not in configured:
        return configured
    common = {name: rule for name, rule in configured.items() if name != "languages"}
    parts = configured["languages"]
    own = parts.get(language, {}) if isinstance(parts, Mapping) else None
    own = {"preset": own} if isinstance(own, str) else own
    if not isinstance(own, Mapping):
        raise SpecError(
            "The policies of languages are malformed",
            where=f"policy.languages.{language}",
            expected="language -> the name of a preset, or rules",
            found=repr(parts)[:200],
        )
    return {**common, **own} or None


def _preset(name: str, language: str, columns: Iterable[str] | None, where: str = "policy") -> dict[str, Any]:
    flat = preset(name, language, where=where)
    answers = flat.pop("answers")
    known = {*flat, *answers} if columns is None else set(columns)
    known.add(ROUND_TRIP)
    if COMBINE in flat and known.issuperset(flat[COMBINE]["weights"]):
        known.add(COMBINE)
    special = {column: rule for column, rule in answers.items() if column in known and column in flat}
    return {**{column: rule for column, rule in flat.items() if column in known}, "answers": special}


def _validated(flat: Mapping[str, Any]) -> Policy:
    try:
        return Policy.model_validate(flat)
    except ValidationError as error:
        first = error.errors()[0]
        raise SpecError(
            "The policy has a malformed rule",
            where=_place(first),
            expected="{min: 0.5}, {max: 0.5}, both, {keep: 0.9}, or reject; under answers also off",
            found=repr(first["input"])[:200],
            remedy=_remedy(first),
        ) from None


def _remedy(error: Any) -> str:
    """What is probably meant."""
    value, name = error["input"], str(error["loc"][-1]) if error["loc"] else ""
    if error["type"] == "extra_forbidden":
        close = nearest_name(name, ("min", "max", "keep"))
        return f"did you mean {close!r} by {name!r}?" if close else f"leave out {name!r}"
    if value is False or value == "off":
        return "off changes a preset; name it: {preset: balanced, ...: off}"
    if not {"min", "max", "keep"}.isdisjoint(error["loc"][:2]):
        return "put it under a score, such as chrf: {min: 40}"
    if error["type"] == "literal_error" and isinstance(value, int | float):
        return f"write {{min: {value:g}}} or {{max: {value:g}}}"
    if error["type"] == "literal_error" and isinstance(value, str):
        close = nearest_name(value, re.findall(r"'([^']*)'", error["ctx"]["expected"]))
        return f"did you mean {close!r}?" if close else f"write {error['ctx']['expected']}"
    return f"give {expectation(error)} for {name}" if name in ("min", "max", "keep") else expectation(error)


def check_bounds(policy: Policy, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Refuse bounds that no value of their score can reach, such as 50 for a probability.

    Args:
        policy: of one language.
        ranges: score column -> its least and greatest value.

    Raises:
        SpecError: a bound lies outside; says which.
    """
    for place, rules in (("policy", policy.rules), ("policy.answers", policy.answers)):
        for column, rule in rules.items():
            if not isinstance(rule, Rule) or column not in ranges:
                continue
            least, most = ranges[column]
            for end in ("min", "max"):
                bound = getattr(rule, end)
                if bound is not None and not least <= bound <= most:
                    raise SpecError(
                        "A bound lies outside the range of its score",
                        where=f"{place}.{column}",
                        expected=f"{least:g} to {most:g}",
                        found=f"{end}: {bound:g}",
                        remedy=f"write {{{end}: {bound / 100:g}}}"
                        if most == 1 and 1 < bound <= 100
                        else None,
                    )


def _place(error: Any) -> str:
    """Where a rule is malformed, from pydantic's location (rules or answers, column, field)."""
    column = [str(part) for part in error["loc"][:2] if part != "rules"]
    return ".".join(["policy", *column])


def preset_names() -> list[str]:
    """The presets, the strictest first.

    >>> preset_names()
    ['strict', 'balanced', 'lenient']
    """
    return list(_presets())


def preset(name: str, language: str, *, where: str = "policy") -> dict[str, Any]:
    """A preset's policy as the spec would write it.

    Languages in Latin script may keep an answer as it is ("tennis"), so ``copy`` judges only their questions.

    Args:
        name: one of ``preset_names()``.
        language: ISO 639 code; one without figures of its own gets those of any language.
        where: the place in the spec, for errors.

    Raises:
        UnknownNameError: there is no such preset.

    >>> preset("balanced", "ja")["copy"]
    'reject'
    """
    table = _presets()
    if name not in table:
        raise UnknownNameError("policy preset", name, table, where=where)
    found: dict[str, Any] = table[name].get(language, table[name][_ANY])
    answers = dict(found["answers"])
    if "Latin" in languages.get(language).scripts:
        answers["copy"] = "off"
    return {**found, "answers": answers}


@cache
def _presets() -> dict[str, dict[str, Any]]:
    import yaml

    file = resources.files("vqa_builder.quality").joinpath("presets.yaml")
    table: dict[str, dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return table
