"""The environment of a build, for the manifest: the Python, and every package that vqa-builder may use.

What a process has imported depends on what it finds done already, so the record follows the requirements
instead: ours, the optional ones that are installed, those of plug-ins from elsewhere, and all that these
require in turn. The same environment gives the same record.
"""

from __future__ import annotations

import platform
import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

OURS = "vqa-builder"
NOT_FOR_BUILDS = ("dev", "docs", "recipes")
"""Extras of ours that no build uses."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")
_CLASSIFIER = re.compile(r"License :: (?:OSI Approved :: )?(.+)")
_LONGEST_LICENCE = 60
_VENDORED = "_vendor"
"""Where setuptools keeps copies for itself; who imports it has them on the path."""


def python() -> dict[str, str]:
    """Which Python runs: ``{"implementation": "CPython", "version": "3.11.9"}``."""
    return {"implementation": platform.python_implementation(), "version": platform.python_version()}


def record(plugins: Iterable[type] = ()) -> dict[str, dict[str, str | None]]:
    """Distribution -> ``version`` and ``licence`` (None where its metadata names none), by name.

    Args:
        plugins: the classes that the spec names; the distributions that those from elsewhere belong to count.

    >>> sorted(record()["numpy"])
    ['licence', 'version']
    """
    modules = {plugin.__module__.partition(".")[0] for plugin in plugins} - {__name__.partition(".")[0]}
    owners = metadata.packages_distributions() if modules else {}
    wanted = [*requirements(), *(name for module in modules for name in owners.get(module, ()))]
    found: dict[str, _Installed] = {}
    while wanted:
        name = _normalised(wanted.pop())
        if name == OURS or name in found or (package := _installed(name)) is None:
            continue
        found[name] = package
        wanted += package.needs
    return {one.name: {"version": one.version, "licence": one.licence} for _, one in sorted(found.items())}


def requirements() -> list[str]:
    """The names of what vqa-builder requires for builds, optional packages included."""
    try:
        stated = metadata.distribution(OURS).requires or []
    except metadata.PackageNotFoundError:  # a checkout on the path that nobody installed
        stated = _of_checkout()
    return [name for name, extra in _parsed(stated) if extra not in NOT_FOR_BUILDS]


def licence_of(distribution: metadata.Distribution) -> str | None:
    """The licence that a distribution's metadata names: the expression, the field, or the classifiers."""
    about: Any = distribution.metadata
    stated = (about.get("License-Expression") or about.get("License") or "").strip()
    if stated and stated != "UNKNOWN" and "\n" not in stated and len(stated) <= _LONGEST_LICENCE:
        return str(stated)
    classifiers = (_CLASSIFIER.fullmatch(line) for line in about.get_all("Classifier") or [])
    return ", ".join(found[1] for found in classifiers if found) or None


class _Installed(NamedTuple):
    name: str
    version: str
    licence: str | None
    needs: tuple[str, ...]


@cache
def _installed(name: str) -> _Installed | None:
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    if _VENDORED in Path(str(found.locate_file(""))).parts:
        return None
    needs = tuple(one for one, extra in _parsed(found.requires or []) if extra is None)
    about = found.metadata
    return _Installed(about["Name"], about["Version"], licence_of(found), needs)


def _of_checkout() -> list[str]:
    """The requirements in pyproject.toml, in the form that metadata has them."""
    file = Path(__file__).parents[2] / "pyproject.toml"
    if not file.is_file():
        return []
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"].items()
    extras = [f"{line}; extra == '{extra}'" for extra, lines in optional for line in lines]
    return [*project["dependencies"], *extras]


def _parsed(lines: Iterable[str]) -> list[tuple[str, str | None]]:
    """Requirements as pairs of a name and the extra that asks for it; what does not apply is not installed.

    >>> _parsed(["numpy>=1.26", "httpx>=0.27; extra == 'openai'"])
    [('numpy', None), ('httpx', 'openai')]
    """
    names = [(_NAME.match(line), _EXTRA.search(line)) for line in lines]
    return [(name[0], extra[1] if extra else None) for name, extra in names if name]


def _normalised(name: str) -> str:
    """A distribution's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
