"""From a release to people and back: export, labels, import, rebuild, calibrate, rebuild by the policy."""

import csv
import io
import json
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest
import yaml

from vqa_builder import build, cli, load_spec
from vqa_builder.sample import sample_folder
from vqa_builder.translation.memory import TranslationMemory

CORRECTED = {
    "Where is the tree?": "木はどこにありますか？",
    "Is the giraffe taller than the tree?": "キリンは木より背が高いですか？",
}
pytestmark = pytest.mark.slow


class Ended(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str | Path, folder: Path) -> Ended:
    """A command in this process, as if it had been called in ``folder``."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(folder)
        patch.setattr(sys, "argv", ["vqa-builder", *map(str, arguments)])
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Ended(code, out.getvalue(), err.getvalue())


BY_MINI = {"languages": ["ja"], "translate": {"phrasebook": False}}  # so that some rows are wrong


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, built into Japanese by mini alone; ``build.yaml`` and ``out`` lie in the folder."""
    folder = tmp_path_factory.mktemp("sample")
    for file in sample_folder().glob("*.json"):
        shutil.copy(file, folder)
    spec = yaml.safe_load((sample_folder() / "build.yaml").read_text(encoding="utf-8"))
    (folder / "build.yaml").write_text(yaml.safe_dump({**spec, **BY_MINI}), encoding="utf-8")
    build(load_spec(folder / "build.yaml"), folder / "out", workers=1)
    return folder


@pytest.fixture
def work(built: Path, tmp_path: Path) -> Path:
    """A copy of the build of one's own."""
    return shutil.copytree(built, tmp_path / "work")


def rows(folder: Path) -> dict[int, dict[str, Any]]:
    files = sorted((folder / "out" / "sample-ja").glob("[dr]*/*.parquet"))
    return {row["question_id"]: row for file in files for row in pq.read_table(file).to_pylist()}


def fill(sheet: Path, filled: Path, reviewer: str = "Aiko") -> int:
    """Label by chrF with a little noise, correct what ``CORRECTED`` names; says how many rows there are."""
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        lines = list(reader)
        names = list(reader.fieldnames or ())
    for place, line in enumerate(lines):
        score = float(line["score_chrf"] or 0) + (place * 37 % 23 - 11) * 2
        line |= {"label": "good" if score > 45 else "flaw" if place % 3 == 0 else "bad", "reviewer": reviewer}
        line["corrected_question"] = CORRECTED.get(line["question_en"], "")
    with filled.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(lines)
    return len(lines)


EXPORT = ("review", "export", "build.yaml", "--releases", "out", "--out", "sheet.csv")
IMPORT = ("review", "import", "filled.csv", "--build", "build.yaml", "--releases", "out")
CALIBRATE = ("calibrate", "build.yaml", "--releases", "out")


def test_people_correct_label_and_tune(work: Path) -> None:
    exported = run(*EXPORT, "--rows", "500", "--html", "sheet.html", folder=work)
    assert exported.returncode == 0, exported.stderr
    assert "405 of 405 distinct questions" in exported.stdout
    assert (work / "sheet.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    fill(work / "sheet.csv", work / "filled.csv")
    before = rows(work)
    taken = json.loads(run(*IMPORT, "--json", folder=work).stdout)
    assert (taken["new"], taken["conflicts"], taken["warnings"]) == (2, [], [])
    assert sum(taken["labels"].values()) == 405
    again = run(*IMPORT, folder=work)
    assert "0 new, 0 changed, 2 known already" in again.stdout

    assert run("build", "build.yaml", "--out", "out", folder=work).returncode == 0
    after = rows(work)
    changed = {key for key in before if before[key] != after[key]}
    assert {before[key]["question_en"] for key in changed} <= set(CORRECTED)
    for row in after.values():
        if row["question_en"] in CORRECTED:
            assert (row["question"], row["engine"]) == (CORRECTED[row["question_en"]], "human")

    made = run(*CALIBRATE, "--target-precision", "0.97", "--flaw", "reject", "--json", folder=work)
    assert made.returncode == 0, made.stderr
    (found,) = json.loads(made.stdout)["languages"]
    figures = {one["name"]: one for one in found["figures"]}
    assert figures["chrf"]["auc"]["value"] > 0.9
    assert figures["combine"]["precision"]["value"] == pytest.approx(0.97, abs=0.03)
    text = (work / "build.yaml").read_text(encoding="utf-8")
    (work / "build.yaml").write_text(text + "policy: {file: policy.yaml}\n", encoding="utf-8")
    rebuilt = run("build", "build.yaml", "--out", "out", folder=work)
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert "rejected for combine<" in rebuilt.stdout
    assert "0 translated now" in rebuilt.stdout
    kept = [row for row in rows(work).values() if "reasons" not in row or row["reasons"] is None]
    assert len(kept) / len(after) == pytest.approx(found["keeps"], abs=0.03)


def test_a_memory_alone_knows_what_it_translated(work: Path) -> None:
    assert run(*EXPORT, "--rows", "60", folder=work).returncode == 0
    count = fill(work / "sheet.csv", work / "filled.csv")
    memory = work / "out" / ".vqa-builder" / "memory.sqlite"
    taken = run("review", "import", "filled.csv", "--memory", memory, folder=work)
    assert taken.returncode == 0, taken.stderr
    labels = taken.stdout.splitlines()[1]
    assert str(memory.with_name("memory.labels.csv")) in labels
    assert sum(int(word) for word in labels.rsplit(": ", 1)[1].split() if word.isdigit()) == count
    with TranslationMemory(work / "empty.sqlite"):
        pass
    other = run("review", "import", "filled.csv", "--memory", "empty.sqlite", folder=work)
    assert other.returncode == 2
    assert f"{count} rows match no question" in other.stderr


def test_reviewers_who_differ_end_with_1(work: Path) -> None:
    header = "question_id,language,question_en,label,corrected_question\n"
    for name, text in (("aiko", "木はどこですか？"), ("ken", "木はどこにありますか？")):
        (work / f"{name}.csv").write_text(f"{header},ja,Where is the tree?,good,{text}\n", encoding="utf-8")
    both = (*IMPORT[:2], "aiko.csv", "ken.csv", *IMPORT[3:])
    differ = run(*both, folder=work)
    assert differ.returncode == 1
    assert "木はどこですか？ by aiko, 木はどこにありますか？ by ken" in differ.stdout
    settled = run(*both, "--prefer", "ken", folder=work)
    assert (settled.returncode, "1 new" in settled.stdout) == (0, True)


def test_the_same_seed_draws_the_same_sheet(work: Path) -> None:
    sheets = []
    for seed in ("1", "1", "2"):
        options = ("--rows", "30", "--seed", seed, "--out", "s.csv")
        assert run("review", "export", "out/sample-ja", *options, folder=work).returncode == 0
        sheets.append((work / "s.csv").read_bytes())
    assert sheets[0] == sheets[1] != sheets[2]


def labels(folder: Path, *rows: str) -> str:
    (folder / "labels.csv").write_text("question_id,language,label\n" + "".join(f"{row}\n" for row in rows))
    return "labels.csv"


@pytest.mark.parametrize(
    ("rows", "options", "told"),
    [
        (["1,ja,good", "2,ja,bad"], [], "2 rows match no question"),
        (["35004,ja,fine"], [], "'fine' in"),
        (["35004,ja,good", "8002,ja,good"], [], "Only one class of labels"),
        (["35004,ja,good", "8002,ja,bad"], [], "too few labels"),
        (["35004,ja,"], [], "There is no label"),
        (["35004,ja,good"], ["--score", "chrff"], "did you mean 'chrf'"),
        (["35004,ja,good"], ["--keep", "2"], "no share above 0"),
        (["35004,ja,good"], ["--keep", "0.5", "--target-precision", "0.9"], "one of"),
        (["35004,ja,good"], ["--form", "tree"], "tree"),
        (["35004,ja,good"], ["--releases", "nowhere"], "There is no release"),
        (["35004,ja,good"], ["--language", "de"], "'de'"),
    ],
)
def test_labels_that_cannot_be_used_end_with_2(
    built: Path, rows: list[str], options: list[str], told: str
) -> None:
    ended = run(*CALIBRATE, "--labels", labels(built, *rows), "--out", "none.yaml", *options, folder=built)
    assert ended.returncode == 2
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (built / "none.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["review", "export", "nowhere", "--out", "s.csv"], "There is no such spec"),
        (["review", "export", "out", "--out", "s.csv"], "no release"),
        ([*EXPORT, "--language", "hi"], "'hi'"),
        (["review", "import", "none.csv", "--build", "build.yaml", "--releases", "out"], "none.csv"),
        (["review", "import", "none.csv"], "name the build, or a memory"),
        (["calibrate", "build.yaml", "--releases", "nowhere"], "no translation memory"),
    ],
)
def test_wrong_usage_ends_with_2(built: Path, arguments: list[str], told: str) -> None:
    ended = run(*arguments, folder=built)
    assert ended.returncode == 2
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
