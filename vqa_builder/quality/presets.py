"""The policies that come with the package: ``strict``, ``balanced`` and ``lenient``, per language."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from vqa_builder import languages
from vqa_builder.errors import UnknownNameError

DEFAULT = "balanced"
_ANY = "other"


def names() -> list[str]:
    """The presets, the strictest first.

    >>> names()
    ['strict', 'balanced', 'lenient']
    """
    return list(_table())


def preset(name: str, language: str, *, where: str = "policy") -> dict[str, Any]:
    """A preset's policy as the spec would write it.

    Languages in Latin script may keep an answer as it is ("tennis"), so ``copy`` judges only their questions.

    Args:
        name: one of ``names()``.
        language: ISO 639 code; one without figures of its own gets those of any language.
        where: the place in the spec, for errors.

    Raises:
        UnknownNameError: there is no such preset.

    >>> preset("balanced", "ja")["copy"]
    'reject'
    """
    table = _table()
    if name not in table:
        raise UnknownNameError("policy preset", name, table, where=where)
    found: dict[str, Any] = table[name].get(language, table[name][_ANY])
    answers = dict(found["answers"])
    if "Latin" in languages.get(language).scripts:
        answers["copy"] = "off"
    return {**found, "answers": answers}


@cache
def _table() -> dict[str, dict[str, Any]]:
    import yaml

    file = resources.files("vqa_builder.quality").joinpath("presets.yaml")
    table: dict[str, dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return table
