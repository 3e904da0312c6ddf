"""Settings of recipes: sections that refuse unknown names, YAML files, and values replaced from outside."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from vqa_builder.errors import SpecError, UnknownNameError

C = TypeVar("C", bound="Section")


class Section(BaseModel):
    """A part of the YAML; an unknown name is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read(path: Path, overrides: list[str] | None = None) -> dict[str, Any]:
    """The content of a YAML file with ``a.b=value`` replaced (values are YAML).

    Raises:
        SpecError: no such file, no YAML, or an override without ``=``.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SpecError("The settings cannot be read", where=path, found=error) from error
    if not isinstance(content, dict):
        raise SpecError("The settings are no mapping", where=path, found=type(content).__name__)
    for override in overrides or []:
        name, found, value = override.partition("=")
        if not found:
            raise SpecError("No value to set", expected="section.name=value", found=override)
        content = merged(content, _nested(name.split("."), yaml.safe_load(value)))
    return dict(content)


def check_rows(
    content: dict[str, Any], chosen: Sequence[str], overrides: Sequence[str], where: object
) -> None:
    """Say on stderr which rows of a table keep a value of their own, whatever was set from outside.

    Args:
        content: of a YAML file with ``rows``.
        chosen: rows; all, if none.
        overrides: as for :func:`read`.
        where: it was read, for the error.

    Raises:
        SpecError: there are no rows.
    """
    if not content.get("rows"):
        raise SpecError(
            "The settings are no table's",
            where=where,
            expected="rows: a name and the settings that it changes, for each",
            found="no rows",
            remedy="add some, as small.yaml has them, or train one model of these settings",
        )
    for override in overrides:
        name, _, value = override.partition("=")
        for row, changes in content["rows"].items():
            own = _stated(changes, name.split("."))
            if (not chosen or row in chosen) and own not in (None, yaml.safe_load(value)):
                print(f"Row {row!r} keeps its own {name}: {own}", file=sys.stderr)


def merged(content: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy with the changes, section by section; ``None`` takes a section away."""
    result = dict(content)
    for name, value in changes.items():
        both = isinstance(value, dict) and isinstance(result.get(name), dict)
        result[name] = merged(result[name], value) if both else value
    return result


def of_row(content: dict[str, Any], row: str | None = None, seed: int | None = None) -> dict[str, Any]:
    """The settings of one row of the table and one seed; the first of each if not given.

    Raises:
        UnknownNameError: no such row.
    """
    plan = dict(content)
    rows, seeds = plan.pop("rows"), plan.pop("seeds", [plan.get("seed", 42)])
    row = next(iter(rows)) if row is None else row
    if row not in rows:
        raise UnknownNameError("row", row, rows)
    base = {**plan, "row": row, "seed": seeds[0] if seed is None else seed}
    return merged(base, rows[row] or {})


def validate(config: type[C], content: dict[str, Any], where: object) -> C:
    """The settings of a recipe, checked.

    Args:
        config: their shape.
        content: of a YAML file.
        where: it was read, for the error.

    Raises:
        SpecError: names every wrong field.
    """
    try:
        return config.model_validate(content)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise SpecError("The settings are wrong", where=where, found=wrong) from None


def _stated(changes: Any, names: list[str]) -> Any:
    for name in names:
        changes = changes.get(name) if isinstance(changes, dict) else None
    return changes


def _nested(names: list[str], value: Any) -> dict[str, Any]:
    first, *rest = names
    return {first: _nested(rest, value) if rest else value}
