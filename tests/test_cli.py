"""The command line as a user meets it: fast, plain, and clear when something is wrong."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

HEAVY = ("datasets", "pandas", "pyarrow", "numpy", "torch", "transformers", "ray", "pydantic", "sacrebleu")


def run(*arguments: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vqa_builder", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)


def test_help_answers_at_once() -> None:
    def seconds() -> float:
        started = time.perf_counter()
        assert run("--help").returncode == 0
        return time.perf_counter() - started

    assert min(seconds() for _ in range(7)) < 0.3


def test_help_imports_nothing_heavy() -> None:
    program = "import sys, vqa_builder.cli; print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(loaded.stdout.split())


def test_help_shows_the_commands() -> None:
    text = run("--help").stdout
    for command in ("demo", "init", "validate", "plan", "build", "verify", "memory", "list"):
        assert f" {command} " in text


def test_version() -> None:
    assert run("--version").stdout.startswith("vqa-builder 0.")


def test_init_writes_a_spec_that_is_valid_but_for_its_files(tmp_path: Path) -> None:
    assert run("init", folder=tmp_path).returncode == 0
    checked = run("validate", "build.yaml", folder=tmp_path)
    assert checked.returncode == 2
    assert "v2_Questions_Train_mscoco.zip" in checked.stderr
    assert run("init", folder=tmp_path).returncode == 2


def test_build_plan_verify_and_memory(tiny: Path, tmp_path: Path) -> None:
    built = run("build", tiny, "--out", tmp_path / "out", "--language", "ja")
    assert built.returncode == 0, built.stderr
    assert "tiny-ja  written" in built.stdout
    assert "verified" in built.stdout
    planned = json.loads(run("plan", tiny, "--out", tmp_path / "out", "--json").stdout)
    known = {(entry["language"], entry["role"]): entry["known"] for entry in planned["strings"]}
    assert known == {("ja", "question"): 11, ("ja", "answer"): 17, ("hi", "question"): 0, ("hi", "answer"): 0}
    verified = run("verify", tmp_path / "out" / "tiny-ja", "--json")
    assert verified.returncode == 0
    assert json.loads(verified.stdout)["ok"]
    memory = tmp_path / "out" / ".vqa-builder" / "memory.sqlite"
    stats = json.loads(run("memory", "stats", "--memory", memory, "--json").stdout)
    assert sum(row["entries"] for row in stats if row["target"] == "ja") == 28
    assert run("memory", "export", tmp_path / "m.tmx", "--memory", memory).returncode == 0
    taken = run("memory", "import", tmp_path / "m.tmx", "--memory", tmp_path / "other.sqlite")
    assert taken.returncode == 0, taken.stderr


def test_a_damaged_release_fails_verify_with_exit_code_1(tiny: Path, tmp_path: Path) -> None:
    assert run("build", tiny, "--out", tmp_path / "out", "--language", "hi").returncode == 0
    answers = tmp_path / "out" / "tiny-hi" / "answers" / "answer_map.parquet"
    content = bytearray(answers.read_bytes())
    content[100] ^= 1
    answers.write_bytes(content)
    verified = run("verify", tmp_path / "out" / "tiny-hi")
    assert verified.returncode == 1
    assert "FAIL" in verified.stdout
    assert "answer_map.parquet" in verified.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["build", "missing.yaml"], "There is no such spec"),
        (["verify", "missing"], "missing"),
        (["memory", "stats"], "There is no translation memory here"),
        (["memory", "import", "missing.tmx"], "missing.tmx"),
        (["list", "colours"], "languages, scorers, sources"),
        (["frobnicate"], "frobnicate"),
        (["build", "build.yaml", "--on-bad-record", "ignore"], "ignore"),
        (["build", "build.yaml", "--language", "de"], "Unknown language of this spec 'de'"),
    ],
)
def test_wrong_usage_ends_with_2_and_no_traceback(arguments: list[str], told: str, tiny: Path) -> None:
    ended = run(*arguments, folder=tiny.parent)
    assert ended.returncode == 2
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    assert "Traceback" in run("build", "missing.yaml", "--debug", folder=tmp_path).stderr


def test_an_engine_that_is_not_installed_is_an_error_before_any_work(tiny: Path) -> None:
    content = yaml.safe_load(tiny.read_text())
    content["translate"] = {"engine": {"type": "ctranslate2", "model": "no-such-model"}}
    tiny.write_text(yaml.safe_dump(content))
    ended = run("validate", tiny)
    assert ended.returncode == 2
    assert "no-such-model" in ended.stderr


@pytest.mark.parametrize("kind", ["languages", "sources", "engines", "scorers"])
def test_list_names_every_plug_in(kind: str) -> None:
    from vqa_builder import registry

    entries = json.loads(run("list", kind, "--json").stdout)
    assert {entry["name"] for entry in entries} >= set(registry.names(kind))
    assert all(entry["summary"] for entry in entries)
    assert len(run("list", kind).stdout.splitlines()) == len(entries)
