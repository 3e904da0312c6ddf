"""The record of packages follows the requirements, not what the process happens to have imported."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from email.message import Message
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest

from vqa_builder import registry
from vqa_builder.release import packages

ROOT = Path(__file__).parents[2]


def test_requirements_are_those_of_the_project_without_tools_and_recipes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    extras = [line for extra in optional.keys() - {"dev", "docs", "recipes"} for line in optional[extra]]
    wanted = {_spelled(re.split(r"[^\w-]", line)[0]) for line in [*project["dependencies"], *extras]}
    assert {_spelled(name) for name in packages.requirements()} == wanted


def _spelled(name: str) -> str:
    """A distribution's name as an index spells it; build tools differ in what they write."""
    return name.lower().replace("_", "-")


def test_metadata_of_an_installed_package_comes_before_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["numpy>=1.26", "httpx>=0.27; extra == 'openai'", "pytest>=8; extra == 'dev'"]
    monkeypatch.setattr(metadata, "distribution", lambda name: SimpleNamespace(requires=lines))
    assert packages.requirements() == ["numpy", "httpx"]


def test_versions_and_licences_stand_by_name_with_what_packages_require() -> None:
    found = packages.record()
    assert found["pyarrow"] == {"version": pa.__version__, "licence": "Apache-2.0"}
    assert {"fsspec", "pydantic_core", "MarkupSafe"} <= found.keys()
    assert "pytest" not in found
    assert list(found) == sorted(found, key=packages._normalised)


def test_a_plug_in_from_elsewhere_adds_the_package_that_holds_it() -> None:
    assert "pytest" in packages.record([pytest.MonkeyPatch, registry.find("scorers", "chrf")])


def test_a_fresh_process_that_imported_little_records_the_same() -> None:
    script = "import json; from vqa_builder.release import packages; print(json.dumps(packages.record()))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=True)
    assert json.loads(done.stdout) == packages.record()


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ([("License-Expression", "MIT OR Apache-2.0"), ("License", "MIT")], "MIT OR Apache-2.0"),
        ([("License", "BSD-3-Clause")], "BSD-3-Clause"),
        (
            [
                ("License", "The whole text\nof a licence"),
                ("Classifier", "License :: OSI Approved :: MIT License"),
            ],
            "MIT License",
        ),
        ([("Classifier", "License :: Public Domain")], "Public Domain"),
        ([("License", "UNKNOWN"), ("Classifier", "Topic :: Text Processing")], None),
        ([], None),
    ],
)
def test_the_licence_comes_from_wherever_metadata_has_it(
    fields: list[tuple[str, str]], licence: str | None
) -> None:
    about = Message()
    for name, value in fields:
        about[name] = value

    class Installed(metadata.Distribution):
        metadata = about  # type: ignore[assignment]

        def read_text(self, filename: str) -> None:
            return None

        def locate_file(self, path: object) -> Path:
            return Path(str(path))

    assert packages.licence_of(Installed()) == licence


def test_python_is_named() -> None:
    assert packages.python()["version"].startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")
