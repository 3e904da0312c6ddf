"""Settings of recipes: sections that refuse unknown names, YAML files, and values replaced from outside."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from vqa_builder.errors import SpecError, UnknownNameError, nearest_name, shortened

C = TypeVar("C", bound=BaseModel)


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
    except (OSError, ValueError, yaml.YAMLError) as error:
        there = {each.name: each for each in path.parent.glob("*.yaml")}
        close = None if path.exists() else nearest_name(path.name, there)
        remedy = f"did you mean {there[close]}?" if close else None
        found = "no such file" if isinstance(error, FileNotFoundError) else error
        raise SpecError("The settings cannot be read", where=path, found=found, remedy=remedy) from error
    if not isinstance(content, dict):
        raise SpecError("The settings are no mapping", where=path, found=type(content).__name__)
    for override in overrides or []:
        content = merged(content, _nested(*_named(override)))
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
    rows = content.get("rows")
    if (
        not rows
        or not isinstance(rows, dict)
        or not all(isinstance(each or {}, dict) for each in rows.values())
    ):
        raise SpecError(
            "The settings are no table's",
            where=where,
            expected="rows: a name and the settings that it changes, for each",
            found=rows or "no rows",
            remedy="add some, as small.yaml has them, or train one model of these settings",
        )
    for override in overrides:
        names, value = _named(override)
        for row, changes in rows.items():
            own = _stated(changes, names)
            if (not chosen or row in chosen) and own not in (None, value):
                print(f"Row {row!r} keeps its own {'.'.join(names)}: {own}", file=sys.stderr)


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
    base = {"seed": seeds[0], **plan, "row": row}
    base |= {} if seed is None else {"seed": seed}
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
        wrong = "; ".join(_told(config, each["loc"], each) for each in error.errors())
        raise SpecError("The settings are wrong", where=where, found=wrong) from None


def _told(config: type[BaseModel], place: tuple[int | str, ...], fault: Mapping[str, Any]) -> str:
    """One wrong field: where it stands, what is wrong, and which name may be meant."""
    name, said = ".".join(map(str, place)), str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        known = _section(config, place[:-1]).model_fields
        close = nearest_name(str(place[-1]), known)
        said = f"no such setting; {f'did you mean {close}?' if close else 'there are ' + ', '.join(known)}"
    elif fault["type"] not in ("missing", "value_error"):
        said += f", found {shortened(str(fault['input']), 60)}"
    return f"{name}: {said}" if name else said


def _section(config: type[BaseModel], place: Sequence[int | str]) -> type[BaseModel]:
    """The section that a place lies in."""
    for name in place:
        field = config.model_fields.get(str(name))
        kinds = [] if field is None else [field.annotation, *get_args(field.annotation)]
        config = next(
            (each for each in kinds if isinstance(each, type) and issubclass(each, Section)), config
        )
    return config


def _named(override: str) -> tuple[list[str], Any]:
    """The path and the value of ``a.b=value``."""
    name, found, value = override.partition("=")
    if not found:
        raise SpecError("No value to set", expected="section.name=value", found=override)
    try:
        return name.split("."), yaml.safe_load(value)
    except (ValueError, yaml.YAMLError) as error:
        wanted = "a value as YAML has it; text with signs in quotation marks"
        raise SpecError("No value to set", where=name, expected=wanted, found=error) from None


def _stated(changes: Any, names: list[str]) -> Any:
    for name in names:
        changes = changes.get(name) if isinstance(changes, dict) else None
    return changes


def _nested(names: list[str], value: Any) -> dict[str, Any]:
    first, *rest = names
    return {first: _nested(rest, value) if rest else value}
