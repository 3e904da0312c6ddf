"""What ``vqa-builder list`` shows: every plug-in with its summary and options."""

from __future__ import annotations

import inspect
from typing import Any

from vqa_builder import registry
from vqa_builder.errors import UnknownNameError
from vqa_builder.languages.base import known_languages


def entries(kind: str) -> list[dict[str, Any]]:
    """The plug-ins of one kind, sorted by name.

    Returns:
        ``name`` and ``summary`` of each; for languages also ``script`` and ``rules``, for the others also
        ``description``, the first paragraph of its documentation, ``documentation``, the whole of it, and
        ``options``, a JSON schema of each. Engines also have ``install``, ``keys``, ``limits``, ``output``
        and ``languages``, and the same again under ``services`` for each service that one of them knows.
    """
    if kind not in registry.ROOMS:
        raise UnknownNameError("kind of plug-in", kind, registry.ROOMS)
    if kind == "languages":
        return _languages()
    return [
        {
            "name": name,
            "summary": plugin.summary,
            "description": " ".join(_documentation(plugin).split("\n\n")[0].split()),
            "documentation": _documentation(plugin),
            "options": _options(plugin.Options.model_json_schema()),
            **(_page(plugin) if kind == "engines" else {}),
        }
        for name in registry.names(kind)
        for plugin in [registry.find(kind, name)]
    ]


def _page(engine: type[Any]) -> dict[str, Any]:
    """What people ask before they choose an engine."""
    services = {name: page._asdict() for name, page in engine.services.items()}
    return {**engine.page._asdict(), "services": services}


def _documentation(plugin: type[Any]) -> str:
    """A plug-in's docstring; empty where it says nothing of itself, whatever its base says."""
    return inspect.cleandoc(plugin.__doc__ or "")


def _options(schema: dict[str, Any]) -> dict[str, Any]:
    """The properties of a JSON schema, with what it only refers to put in its place."""
    definitions = schema.get("$defs", {})

    def inlined(value: Any) -> Any:
        if isinstance(value, list):
            return [inlined(item) for item in value]
        if not isinstance(value, dict):
            return value
        whole = {key: inlined(item) for key, item in value.items() if key != "$ref"}
        if "$ref" in value:
            return inlined(definitions[value["$ref"].rsplit("/", 1)[-1]]) | whole
        return whole

    options: dict[str, Any] = inlined(schema.get("properties", {}))
    return options


def _languages() -> list[dict[str, Any]]:
    own = registry.names("languages")
    return [
        {
            "name": code,
            "summary": f"{language} ({script})" + (", with tables of its own" if code in own else ""),
            "script": script,
            "rules": code if code in own else "base",
        }
        for code, (language, script) in sorted(known_languages().items())
    ]
