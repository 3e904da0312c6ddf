"""Every block of the documentation runs as it stands, page after page in the order of the menu.

A block with ``title="NAME"`` becomes that file (``append`` adds to it). ``sh`` runs, in this
process; ``sh fails`` must end with exit code 2. ``python`` runs; the names of a page are its own.
``text`` behind one of them is what it printed, ``...`` for what is left out. ``console`` needs a
key, a GPU or a cluster: its commands and options must exist.
"""

import contextlib
import doctest
import io
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from typer.main import get_command

from tests.conftest import ROOT
from vqa_builder import cli, registry

BLOCK = re.compile(r"^( *)```(\w+)(.*)\n((?:.*\n)*?)\1```$", re.MULTILINE)
CHECKER, FLAGS = doctest.OutputChecker(), doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
OWN = "how-to/own-table.md"
TOGETHER = [
    OWN,
    *(
        f"how-to/{name}.md"
        for name in ("glossary", "review", "publish", "llm-engine", "nllb", "slurm", "ray")
    ),
]
"""Pages that go on with the folder of the first of them."""


class Block(NamedTuple):
    kind: str
    info: str
    text: str


def blocks(page: str) -> list[Block]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [Block(kind, info.strip(), body) for _, kind, info, body in BLOCK.findall(text)]


def run_command(line: str) -> tuple[int, str]:
    """One ``vqa-builder`` line: its exit code and what it printed to stdout."""
    printed = io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(io.StringIO()),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "argv", shlex.split(line))
        try:
            cli.main()
        except SystemExit as end:
            return int(end.code or 0), printed.getvalue()
    return 0, printed.getvalue()


def run_page(page: str) -> None:
    names: dict[str, Any] = {}
    printed = ""
    for block in blocks(page):
        if title := re.search(r'title="([^"]+)"', block.info):
            with Path(title[1]).open("a" if "append" in block.info else "w", encoding="utf-8") as file:
                file.write(block.text)
        elif block.kind == "sh":
            printed = ""
            for line in block.text.strip().splitlines():
                code, said = run_command(line)
                printed += said
                assert code == (2 if block.info == "fails" else 0), f"{page}: {line}"
        elif block.kind == "python":
            said_by_python = io.StringIO()
            with contextlib.redirect_stdout(said_by_python):
                exec(compile(block.text, page, "exec"), names)
            printed = said_by_python.getvalue()
        elif block.kind == "console":
            check_options(block.text)
        elif block.kind == "text":
            assert CHECKER.check_output(block.text, printed, FLAGS), (
                f"{page}:\n{block.text}\nis not\n{printed}"
            )


def check_options(text: str) -> None:
    """Every ``vqa-builder`` command of a block exists, with the options that it is given."""
    for line in re.findall(r"vqa-builder ([^\n&;\"]*)", text):
        command: Any = get_command(cli.app)
        words = shlex.split(line)
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= known, line


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty one, to stand in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setenv("OPENAI_API_KEY", "not a key; nothing is sent")
    yield tmp_path


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
def test_the_tutorial_runs() -> None:
    run_page("tutorial.md")


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
def test_the_pages_on_a_table_of_your_own_run_one_after_the_other() -> None:
    for page in TOGETHER:
        run_page(page)


def test_plug_ins_of_another_package_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its entry points are found as those of any installed package are."""
    (points,) = (block.text for block in blocks("how-to/plug-in.md") if block.kind == "toml")
    information = folder / "my_plugins-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: my-plugins\nVersion: 1.0\n")
    named = re.sub(r'project.entry-points."([\w.]+)"', r"\1", points).replace('"', "")
    (information / "entry_points.txt").write_text(named)
    monkeypatch.syspath_prepend(folder)
    caches = (registry._entry_points, registry.find)
    for cached in caches:
        cached.cache_clear()
    try:
        run_page("how-to/plug-in.md")
    finally:
        sys.modules.pop("my_plugins", None)
        for cached in caches:
            cached.cache_clear()


def test_every_other_page_runs(folder: Path) -> None:
    menu = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    listed = set(re.findall(r"[\w/-]+\.md", str(menu)))
    written = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    assert written <= listed
    elsewhere = {"index.md", "tutorial.md", "how-to/plug-in.md", *TOGETHER}
    for page in sorted(written - elsewhere):
        run_page(page)
