"""Sources, engines, scorers and aligners, made from what a spec says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from vqa_builder import registry
from vqa_builder.spec import Plugin
from vqa_builder.spec_errors import invalid


def construct(kind: str, plugin: Plugin, folder: Path, *arguments: object) -> Any:
    """Make a plug-in from its place in the spec.

    Args:
        kind: ``sources``, ``engines``, ``scorers`` or ``aligners``.
        plugin: its name and options.
        folder: where relative paths in its options start.
        *arguments: what the class wants before its options.

    Raises:
        UnknownNameError: nothing has this name.
        SpecError: an option is unknown or wrong.
    """
    plugin_class = registry.find(kind, plugin.type)
    return plugin_class(*arguments, plugin_options(kind, plugin, folder))


def plugin_options(kind: str, plugin: Plugin, folder: Path) -> BaseModel:
    """The checked options of a plug-in, its paths resolved."""
    options_class: type[BaseModel] = registry.find(kind, plugin.type).Options
    try:
        options = options_class.model_validate(plugin.options)
    except ValidationError as error:
        raise invalid(error, f"{kind.removesuffix('s')} {plugin.type}", model=options_class) from None
    resolved: BaseModel = _resolve(options, folder)
    return resolved


def _resolve(value: Any, folder: Path) -> Any:
    """The same options with every relative path taken from ``folder``."""
    if isinstance(value, Path):
        return folder / value
    if isinstance(value, BaseModel):
        fields = {name: _resolve(getattr(value, name), folder) for name in type(value).model_fields}
        return value.model_copy(update=fields)
    if isinstance(value, dict):
        return {key: _resolve(item, folder) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_resolve(item, folder) for item in value)
    return value
