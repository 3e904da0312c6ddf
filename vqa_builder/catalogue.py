"""What ``vqa-builder list`` shows: every plug-in with its summary and options."""

from __future__ import annotations

from typing import Any

from vqa_builder import registry
from vqa_builder.errors import UnknownNameError
from vqa_builder.languages.base import known_languages


def entries(kind: str) -> list[dict[str, Any]]:
    """The plug-ins of one kind, sorted by name.

    Returns:
        ``name`` and ``summary`` of each; for languages also ``script`` and ``rules``, for the others also
        ``options``, a JSON schema.
    """
    if kind not in registry.ROOMS:
        raise UnknownNameError("kind of plug-in", kind, registry.ROOMS)
    if kind == "languages":
        return _languages()
    return [
        {
            "name": name,
            "summary": plugin.summary,
            "options": plugin.Options.model_json_schema().get("properties", {}),
        }
        for name in registry.names(kind)
        for plugin in [registry.find(kind, name)]
    ]


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
