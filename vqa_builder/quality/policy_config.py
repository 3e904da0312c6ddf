"""From what a spec states under ``policy`` to the rules: presets, changes to them, languages of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from vqa_builder.errors import SpecError
from vqa_builder.quality import presets
from vqa_builder.quality.rules import Policy


def policy_for(
    language: str, stated: str | Mapping[str, Any] | None, columns: Iterable[str] | None = None
) -> Policy:
    """The policy that the spec states, or the default where it states none.

    Args:
        language: ISO 639 code.
        stated: the spec's ``policy:``: the name of a preset; or rules, which go before those of the
            ``preset`` among them, if they name one (``off`` drops a rule of the preset). ``languages`` among
            them holds what is stated for one language alone (see ``stated_for``).
        columns: the score columns that exist; a preset's rules for others are left out.

    Raises:
        UnknownNameError: no preset has this name.
        SpecError: a rule is malformed.

    >>> policy_for("ja", {"preset": "balanced", "chrf": {"min": 40}}, ["chrf", "copy"]).signature
    'policy|chrf:min=40|copy:reject|answers.chrf:min=60'
    """
    stated = stated_for(language, stated)
    if stated is None or isinstance(stated, str):
        return _validated(_preset(stated or presets.DEFAULT, language, columns))
    if "preset" not in stated:
        return _validated(stated)
    rules = {name: rule for name, rule in stated.items() if name not in ("preset", "answers")}
    flat = _preset(stated["preset"], language, columns, where="policy.preset")
    answers = stated.get("answers") or {}
    if isinstance(answers, Mapping):
        answers = {**flat.pop("answers"), **answers}
    merged = {**flat, **rules}
    kept = {name: rule for name, rule in merged.items() if rule not in ("off", False)}
    return _validated({**kept, "answers": answers})


def stated_for(language: str, stated: str | Mapping[str, Any] | None) -> str | Mapping[str, Any] | None:
    """What a spec's policy states for one language: its own part before what stands beside ``languages``.

    >>> stated_for("ja", {"chrf": {"min": 40}, "languages": {"ja": {"copy": "reject"}, "hi": "strict"}})
    {'chrf': {'min': 40}, 'copy': 'reject'}

    Raises:
        SpecError: ``languages`` holds something else than a policy for each language.
    """
    if stated is None or isinstance(stated, str) or "languages" not in stated:
        return stated
    common = {name: rule for name, rule in stated.items() if name != "languages"}
    parts = stated["languages"]
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
    flat = presets.preset(name, language, where=where)
    answers = flat.pop("answers")
    known = {*flat, *answers} if columns is None else set(columns)
    special = {column: rule for column, rule in answers.items() if column in known}
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
            remedy=first["msg"].removeprefix("Value error, "),
        ) from None


def _place(error: Any) -> str:
    """Where a rule is malformed, from pydantic's location (rules or answers, column, field)."""
    column = [str(part) for part in error["loc"][:2] if part != "rules"]
    return ".".join(["policy", *column])
