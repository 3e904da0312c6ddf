"""Examples of the recipes: doctests run; what needs weights or a release is code that names its subject."""

import ast
import doctest
import importlib
import re
from pathlib import Path
from textwrap import dedent

import pytest

RECIPES = Path(__file__).parents[2] / "recipes"
FILES = {
    ".".join(path.relative_to(RECIPES.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(RECIPES.rglob("*.py"))
}
SOURCES = {module: path.read_text(encoding="utf-8") for module, path in FILES.items()}
USAGE = re.compile(r"^( *)In a recipe::\n\n((?:\1 +.*\n|\n)+)", re.MULTILINE)


@pytest.mark.parametrize("module", [name for name, source in SOURCES.items() if ">>> " in source])
def test_doctests_run(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder; what an example needs, it makes."""
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    outcome = doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS)
    assert outcome.attempted and not outcome.failed


@pytest.mark.parametrize("module", [name for name, source in SOURCES.items() if USAGE.search(source)])
def test_usage_is_python_and_names_something_of_its_module(module: str) -> None:
    defined = {
        node.name
        for node in ast.walk(ast.parse(SOURCES[module]))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    for _, block in USAGE.findall(SOURCES[module]):
        used = {node.id for node in ast.walk(ast.parse(dedent(block))) if isinstance(node, ast.Name)}
        assert used & defined, block


def test_no_example_runs_nowhere() -> None:
    assert not [name for name, source in SOURCES.items() if "Example::" in source]
