"""Every example in the package's docstrings is a doctest, and runs as it stands."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import vqa_builder

MODULES = sorted(found.name for found in pkgutil.walk_packages(vqa_builder.__path__, "vqa_builder."))
EXAMPLE = re.compile(r"^ *>>> ", re.MULTILINE)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def source_of(module: str) -> str:
    spec = importlib.util.find_spec(module)
    return Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""


@pytest.mark.parametrize("module", [name for name in MODULES if EXAMPLE.search(source_of(name))])
def test_examples_run(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder; what an example needs, it makes."""
    monkeypatch.chdir(tmp_path)
    outcome = doctest.testmod(importlib.import_module(module), optionflags=FLAGS)
    assert outcome.attempted and not outcome.failed


@pytest.mark.parametrize("module", MODULES)
def test_no_example_stands_unrun(module: str) -> None:
    unrun = re.findall(r"Examples?::\n\n(?! *>>>).*", source_of(module))
    assert not unrun, "write it with >>>, so that it runs"


def test_the_public_names_are_listed_and_there() -> None:
    assert dir(vqa_builder) == sorted(vqa_builder.__all__)
    assert all(getattr(vqa_builder, name) for name in dir(vqa_builder))
