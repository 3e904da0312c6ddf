"""Settings of recipes: sections that refuse unknown names, YAML files, and values replaced from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from vqa_builder.errors import SpecError


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


def merged(content: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy with the changes, section by section; ``None`` takes a section away."""
    result = dict(content)
    for name, value in changes.items():
        both = isinstance(value, dict) and isinstance(result.get(name), dict)
        result[name] = merged(result[name], value) if both else value
    return result


def _nested(names: list[str], value: Any) -> dict[str, Any]:
    first, *rest = names
    return {first: _nested(rest, value) if rest else value}
