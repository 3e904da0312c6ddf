"""Nothing that a command prints moves the cursor, colours or hides, whatever data and specs hold."""

from __future__ import annotations

import ast
import json
import logging
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import vqa_builder.commands
from tests.tiny import write_vqa
from vqa_builder import progress
from vqa_builder.cli import app
from vqa_builder.commands.options import say
from vqa_builder.translation.engines._remote import Dispatcher, RemoteOptions

HOSTILE = "\x1b[2J\x1b]0;owned\x07\u202egone\x9b31m"


def harmless(text: str) -> bool:
    return not set(text) & set("\x1b\x07\x9b\u202e")


@pytest.mark.parametrize("path", sorted(Path(vqa_builder.commands.__file__).parent.glob("*.py")), ids=str)
def test_commands_print_by_one_function(path: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    printing = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]
    assert len(printing) == (path.name == "options.py")


def test_what_is_said_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"猫\t{HOSTILE}", 5)
    said = capsys.readouterr().out
    assert harmless(said) and said.startswith("猫\t\\u001b[2J") and said.endswith("\n5\n")


def test_progress_says_what_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for shown in (progress.LineProgress(), progress.TableProgress()):
        with shown.track(f"[red]{HOSTILE}[/]", 2) as advance:
            advance(2)
    said = capsys.readouterr().err
    assert harmless(said) and said.count("[red]") >= 2


def test_warnings_of_services_are_shown(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Dispatcher(RemoteOptions(), "X").warn(HOSTILE)
    assert harmless(caplog.text) and "gone" in caplog.text


def test_names_in_data_and_specs_are_shown(tmp_path: Path) -> None:
    """Of files, of splits, and in records that are wrong."""
    spec = write_vqa(tmp_path, languages=["ja"])
    content = yaml.safe_load(spec.read_text())
    hostile = tmp_path / f"{HOSTILE}.json"
    question = {"question_id": 1, "image_id": HOSTILE, "question": f"What is {HOSTILE}?", HOSTILE: HOSTILE}
    hostile.write_text(json.dumps({"questions": [question, {"question_id": HOSTILE}]}))
    content["source"]["splits"] = {"train": {"questions": hostile.name}}
    spec.write_text(yaml.safe_dump(content))
    runs = [["validate"], ["plan", "--out", str(tmp_path)]]
    for command, *more in [*runs, ["plan", "--on-bad-record", "skip", "--out", str(tmp_path)]]:
        ended = CliRunner().invoke(app, [command, str(spec), *more])
        assert harmless(f"{ended.output}{ended.exception}"), ended.output
