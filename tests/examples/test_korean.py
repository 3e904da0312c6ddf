"""Korean as a package of its own: it is found, its tables serve, and the sample becomes a release."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

KOREAN = ROOT / "examples" / "korean"
LOOK = """
import doctest
import json
from vqa_builder import languages, open_release
from vqa_builder_korean import ko

assert doctest.testmod(ko).failed == 0 and doctest.testmod(ko).attempted == 2
korean = languages.get("ko")
assert korean.signature == "language:ko|rules:ko|version:1"
same = [("빨강", "빨간색"), ("두 마리입니다", "2"), ("흰색", "하얀색"), ("예", "네"), ("쥬스", "주스")]
assert all(korean.normalise(one) == korean.normalise(other) for one, other in same)
assert korean.normalise("파란색") != korean.normalise("빨간색")
assert korean.answer("glasses", "eyewear").text == "안경"
assert korean.answer("glasses", "vessel").text == "유리잔"
assert korean.answer("red and white").text == "빨간색, 흰색"
release = open_release("sample-ko")
rows, answers = release.to_pandas(), release.to_pandas("answers")
first = rows[rows["question_en"] == "What animal is this?"].iloc[0]
assert first["question"] == "이것은 무슨 동물인가요?"
assert {"안경", "유리잔"} <= set(answers[answers["answer_en"] == "glasses"]["answer"])
assert len(rows) + len(release.to_pandas("rejected")) == 497
failed = [json.loads(line) for line in open("failed_strings-ko.jsonl", encoding="utf-8")]
assert {"question", "answer"} >= {row["role"] for row in failed}
assert all("not in questions_ko.jsonl" in row["reason"] for row in failed if row["role"] == "question")
print(len(rows))
"""


def run(folder: Path, *command: str) -> str:
    """A command where the package counts as installed; an entry point is a file beside it, no more."""
    path = os.pathsep.join(map(str, (ROOT, KOREAN, folder)))
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the metadata that installing the package would write, and the sample."""
    information = tmp_path / "vqa_builder_korean-0.1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: vqa-builder-korean\nVersion: 0.1.0\n")
    pyproject = (KOREAN / "pyproject.toml").read_text(encoding="utf-8")
    points = pyproject.partition('[project.entry-points."vqa_builder.languages"]\n')[2].replace('"', "")
    (information / "entry_points.txt").write_text(f"[vqa_builder.languages]\n{points}")
    for file in (*(ROOT / "vqa_builder" / "sample").glob("*.json"), *KOREAN.glob("*.*l")):
        shutil.copy(file, tmp_path)
    return tmp_path


def test_the_sample_becomes_a_korean_release(installed: Path) -> None:
    assert "with tables of its own" in next(
        line
        for line in run(installed, "-m", "vqa_builder", "list", "languages").splitlines()
        if line.startswith("ko ")
    )
    built = run(installed, "-m", "vqa_builder", "build", "build.yaml")
    assert "checks passed" in built
    assert int(run(installed, "-c", LOOK)) >= 150
