"""What a build is told before it starts: languages, directions that nobody serves, another build."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import write_vqa
from vqa_builder import load_spec, validate
from vqa_builder.errors import UnknownNameError
from vqa_builder.progress import Progress
from vqa_builder.steps.build_context import open_build

MEMORY, MINI = {"type": "memory", "path": "known.jsonl"}, {"type": "mini"}
INTO, BACK = "no engine translates into it", "no engine translates back into English"


class Told(Progress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """Japanese of one question, for the engine ``memory``."""
    line = {"source": "en", "target": "ja", "text": "Is this a dog?", "translation": "これは犬ですか？"}
    (tmp_path / "known.jsonl").write_text(json.dumps(line, ensure_ascii=False), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        ({"translate": {"engine": [MEMORY, MINI]}}, []),
        ({"translate": {"engine": MEMORY}, "back_translate": {"engine": MINI}}, [f"hi: {INTO}"]),
        ({"back_translate": {"engine": MEMORY}}, [f"ja: {BACK}", f"hi: {BACK}"]),
        ({"translate": {"engine": MEMORY}}, [f"ja: {BACK}", f"hi: {INTO}", f"hi: {BACK}"]),
        ({"translate": {"engine": {**MEMORY, "reversible": True}}}, [f"hi: {INTO}", f"hi: {BACK}"]),
    ],
)
def test_directions_that_nobody_serves_are_told_before_anything_starts(
    known: Path, changes: dict[str, Any], told: list[str]
) -> None:
    spec, progress = load_spec(write_vqa(known, **changes)), Told()
    with open_build(spec, known / "out", workers=1, progress=progress):
        pass
    checked = [line for line in validate(spec) if line.startswith("notice: ")]
    assert progress.lines == checked
    assert len(checked) == len(told)
    for line, words in zip(checked, told, strict=True):
        assert words in line


def test_a_language_that_the_spec_does_not_have(tiny: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(UnknownNameError, match="did you mean 'ja'"),
        open_build(load_spec(tiny), tmp_path / "out", languages=["JA"]),
    ):
        pass
    assert not (tmp_path / "out").exists()
