"""The command line as a user meets it: fast, plain, and clear when something is wrong."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.command import run

HEAVY = ("datasets", "pandas", "pyarrow", "numpy", "torch", "transformers", "ray", "pydantic", "sacrebleu")


def process(*arguments: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command as a user starts it; ``run`` calls it here."""
    command = [sys.executable, "-m", "vqa_builder", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)


def test_help_answers_at_once() -> None:
    """In processor time, which a busy machine does not stretch."""

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert process("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(5)) < 0.3


def test_help_imports_nothing_heavy() -> None:
    program = "import sys, vqa_builder.cli; print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(loaded.stdout.split())


def test_help_shows_the_commands() -> None:
    text = run("--help").stdout
    for command in ("demo", "init", "validate", "plan", "build", "verify", "report", "memory", "list"):
        assert f" {command} " in text


def test_version() -> None:
    assert process("--version").stdout.startswith("vqa-builder 0.")


def test_init_writes_a_spec_that_is_valid_but_for_its_files(tmp_path: Path) -> None:
    assert run("init", folder=tmp_path).returncode == 0
    checked = run("validate", "build.yaml", folder=tmp_path)
    assert checked.returncode == 2
    assert "v2_Questions_Train_mscoco.zip" in checked.stderr
    assert run("init", folder=tmp_path).returncode == 2


def test_build_plan_verify_and_memory(tiny: Path, tmp_path: Path) -> None:
    built = process("build", tiny, "--out", tmp_path / "out", "--language", "ja")
    assert built.returncode == 0, built.stderr
    assert "tiny-ja  written" in built.stdout
    assert "verified" in built.stdout
    planned = json.loads(run("plan", tiny, "--out", tmp_path / "out", "--json").stdout)
    open_strings = {entry["language"]: 0 for entry in planned["strings"]}
    for entry in planned["strings"]:
        open_strings[entry["language"]] += entry["strings"] - entry["known"]
    assert open_strings["ja"] == 0 < open_strings["hi"]
    verified = run("verify", tmp_path / "out" / "tiny-ja", "--json")
    assert verified.returncode == 0
    assert json.loads(verified.stdout)["ok"]
    memory = tmp_path / "out" / ".vqa-builder" / "memory.sqlite"
    stats = json.loads(run("memory", "stats", "--memory", memory, "--json").stdout)
    assert sum(row["entries"] for row in stats if row["target"] == "ja") > 10
    assert run("memory", "export", tmp_path / "m.tmx", "--memory", memory).returncode == 0
    taken = run("memory", "import", tmp_path / "m.tmx", "--memory", tmp_path / "other.sqlite")
    assert taken.returncode == 0, taken.stderr


def test_memories_are_merged_and_the_newcomers_people_win(tmp_path: Path) -> None:
    lines = {
        "ours": [("cat", "ネコ", "human", True), ("dog", "犬", "mini|1", False)],
        "theirs": [
            ("cat", "猫", "human", True),
            ("dog", "いぬ", "mini|1", False),
            ("cow", "牛", "mini|1", False),
        ],
    }
    for name, entries in lines.items():
        rows = [
            {"source": "en", "target": "ja", "text": a, "translation": b, "engine": c, "asserted": d}
            for a, b, c, d in entries
        ]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        taken = run("memory", "import", f"{name}.jsonl", "--memory", f"{name}.sqlite", folder=tmp_path)
        assert taken.returncode == 0, taken.stderr
    merged = run("memory", "merge", "theirs.sqlite", "--memory", "ours.sqlite", folder=tmp_path)
    assert merged.stdout == "theirs.sqlite: 1 human-verified and 2 machine translations taken in\n"
    assert run("memory", "export", "all.jsonl", "--memory", "ours.sqlite", folder=tmp_path).returncode == 0
    found = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert {row["text"]: row["translation"] for row in found} == {"cat": "猫", "dog": "犬", "cow": "牛"}
    assert run("memory", "merge", "none.sqlite", folder=tmp_path).returncode == 2


def test_a_damaged_release_fails_verify_with_exit_code_1(tiny: Path, tmp_path: Path) -> None:
    assert run("build", tiny, "--out", tmp_path / "out", "--language", "hi").returncode == 0
    answers = tmp_path / "out" / "tiny-hi" / "answers" / "answer_map.parquet"
    content = bytearray(answers.read_bytes())
    content[100] ^= 1
    answers.write_bytes(content)
    verified = process("verify", tmp_path / "out" / "tiny-hi")
    assert verified.returncode == 1
    assert "FAIL" in verified.stdout
    assert "answer_map.parquet" in verified.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
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


def test_the_summary_says_what_the_labels_cover_and_warns_where_there_are_none(
    tiny: Path, tmp_path: Path
) -> None:
    arguments = ("build", tiny, "--language", "ja", "--out")
    ended = run(*arguments, tmp_path / "a")
    assert "8 labels; they cover the answers of 80.0% of 10 questions" in ended.stdout
    content = yaml.safe_load(tiny.read_text())
    del content["answers"]  # the default: labels win nine questions
    tiny.write_text(yaml.safe_dump(content))
    ended = run(*arguments, tmp_path / "b")
    assert ended.returncode == 0, ended.stderr
    assert "warning: no labels: no answer wins 9 questions" in ended.stdout
    content["source"]["splits"] = {"test": content["source"]["splits"]["test"]}
    tiny.write_text(yaml.safe_dump(content))
    ended = run(*arguments, tmp_path / "c")
    assert ended.returncode == 0, ended.stderr
    assert "no labels: no question of the source has an answer" in ended.stdout


def test_an_unforeseen_failure_is_one_line_and_a_file_without_secrets(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPL_API_KEY", "canary-of-deepl")
    monkeypatch.setenv("UNSUSPECTED", "k3y0123456789abcdef")
    program = (
        "import os, sys\n"
        "from vqa_builder import cli, pipeline\n"
        "def fail(*_, **__):\n"
        "    raise LookupError(' '.join(['lost', os.environ['DEEPL_API_KEY'], os.environ['UNSUSPECTED']]))\n"
        "pipeline.build = fail\n"
        "cli.main()\n"
    )
    out = tmp_path / "out"
    command = [sys.executable, "-c", program, "build", str(tiny), "--out", str(out)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 3
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("error: unexpected failure: LookupError: lost ***")
    (written,) = (out / ".vqa-builder").glob("crash-*.txt")
    assert str(written) in line
    trace = written.read_text(encoding="utf-8")
    assert "Traceback" in trace and "LookupError" in trace
    for text in (line, trace):
        assert "canary" not in text and "k3y0123" not in text
    debugged = subprocess.run([*command, "--debug"], capture_output=True, text=True, check=False)
    assert debugged.returncode == 3
    assert "Traceback" in debugged.stderr and "LookupError: lost ***" in debugged.stderr
    assert "canary" not in debugged.stderr and "k3y0123" not in debugged.stderr


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    told = process("build", "missing.yaml", folder=tmp_path)
    assert told.returncode == 2 and "There is no such spec" in told.stderr and "Traceback" not in told.stderr
    assert "Traceback" in process("build", "missing.yaml", "--debug", folder=tmp_path).stderr


def test_an_engine_that_is_not_installed_is_an_error_before_any_work(tiny: Path) -> None:
    content = yaml.safe_load(tiny.read_text())
    content["translate"] = {"engine": {"type": "ctranslate2", "model": "no-such-model"}}
    tiny.write_text(yaml.safe_dump(content))
    ended = run("validate", tiny)
    assert ended.returncode == 2
    assert "no-such-model" in ended.stderr


@pytest.mark.parametrize("kind", ["languages", "sources", "engines", "scorers", "aligners"])
def test_list_names_every_plug_in(kind: str) -> None:
    from vqa_builder import registry

    entries = json.loads(run("list", kind, "--json").stdout)
    assert {entry["name"] for entry in entries} >= set(registry.names(kind))
    assert all(entry["summary"] for entry in entries)
    assert len(run("list", kind).stdout.splitlines()) == len(entries)


def test_two_releases_are_compared(tiny: Path, tmp_path: Path) -> None:
    for name, limit in (("old", "2"), ("new", "3")):
        built = run("build", tiny, "--out", tmp_path / name, "--language", "hi", "--limit", limit)
        assert built.returncode == 0, built.stderr
    old, new = (tmp_path / name / "tiny-hi" for name in ("old", "new"))
    same = run("diff", old, old, "--exit-code")
    assert (same.returncode, same.stdout) == (0, "tiny-hi: the same content and the same description\n")
    pages: list[str | Path] = ["--html", tmp_path / "diff.html", "--changelog", tmp_path / "CHANGELOG.md"]
    found = run("diff", old, new, "--json", "--exit-code", *pages)
    assert found.returncode == 1, found.stderr
    assert {"kind": "added", "rows": 1} in [
        {name: group[name] for name in ("kind", "rows")} for group in json.loads(found.stdout)["rows"]
    ]
    assert "<!doctype html>" in (tmp_path / "diff.html").read_text(encoding="utf-8")
    assert (tmp_path / "CHANGELOG.md").read_text(encoding="utf-8").startswith("# Changes")
    assert run("diff", old, tmp_path).returncode == 2


def test_a_release_is_reproduced_from_its_manifest(tiny: Path, tmp_path: Path) -> None:
    assert run("build", tiny, "--out", tmp_path / "a", "--language", "ja", "--limit", "2").returncode == 0
    manifest = tmp_path / "a" / "tiny-ja" / "manifest.json"
    again = run("build", "--from-manifest", manifest, "--inputs", tiny.parent, "--out", tmp_path / "b")
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("tiny-ja is reproduced: all ")
    assert again.stdout.count("\n") == 1
    assert run("build", tiny, "--from-manifest", manifest).returncode == 2
    assert run("build").returncode == 2


def test_releases_are_exported_for_cvil(tiny: Path, tmp_path: Path) -> None:
    content = yaml.safe_load(tiny.read_text())
    tiny.write_text(yaml.safe_dump({**content, "align": {"type": "statistical", "threshold": 0.05}}))
    assert run("build", tiny, "--out", tmp_path, "--language", "ja").returncode == 0
    exported = run("export", tmp_path / "tiny-ja", "--out", tmp_path / "cvil")
    assert exported.returncode == 0, exported.stderr
    assert "train: " in exported.stdout
    assert (tmp_path / "cvil" / "train2014_qla_mrcnn.json").exists()
    assert run("export", tmp_path / "tiny-ja", "--out", tmp_path / "cvil").returncode == 2
    assert run("export", tmp_path / "tiny-ja", "--out", tmp_path / "new", "--format", "csv").returncode == 2
