"""Every example in the package's docstrings is a doctest, and runs as it stands."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

import vqa_builder
from tests.specs import SHORTEST, parse

MODULES = sorted(found.name for found in pkgutil.walk_packages(vqa_builder.__path__, "vqa_builder."))
EXAMPLE = re.compile(r"^ *>>> ", re.MULTILINE)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def source_of(module: str) -> str:
    spec = importlib.util.find_spec(module)
    return Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""


ALONE = [name for name in MODULES if not name.startswith("vqa_builder.release.")]
"""Examples of ``release`` need releases and a hub; they run in ``tests/release/test_examples.py``."""


@pytest.mark.parametrize("module", [name for name in ALONE if EXAMPLE.search(source_of(name))])
def test_examples_run(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder; what an example needs, it makes."""
    monkeypatch.chdir(tmp_path)
    outcome = doctest.testmod(importlib.import_module(module), optionflags=FLAGS)
    assert outcome.attempted and not outcome.failed


def blocks_of(module: str) -> list[str]:
    """What stands under ``Example::`` and is no doctest."""
    found = re.findall(r"^( *)Examples?::\n\n((?:\1 +.*\n|\n)+)", source_of(module), re.MULTILINE)
    return [dedent(block) for _, block in found if not block.lstrip().startswith(">>>")]


@pytest.mark.parametrize("module", [name for name in MODULES if blocks_of(name)])
def test_other_examples_are_parts_of_a_spec(module: str) -> None:
    """They are read, and their plug-ins' options checked, as in a build.yaml."""
    for block in blocks_of(module):
        part = yaml.safe_load(block)
        assert isinstance(part, dict), f"write it with >>>, so that it runs: {block}"
        parse(yaml.safe_dump({**yaml.safe_load(SHORTEST), **part}))


def test_the_public_names_are_listed_and_there() -> None:
    assert dir(vqa_builder) == sorted(vqa_builder.__all__)
    assert all(getattr(vqa_builder, name) for name in dir(vqa_builder))
