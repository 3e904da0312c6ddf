from __future__ import annotations

import json
from pathlib import Path

import pytest

from recipes.drawn_world.prepare import prepare
from recipes.lib.data import load_questions
from recipes.lib.features import FeatureStore


@pytest.mark.slow
def test_one_command_makes_all_that_the_small_setting_learns_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(tmp_path, images=40, seed=0, workers=1)
    store = FeatureStore.open(tmp_path / "features")
    lines = (tmp_path / "world/clean_questions.jsonl").read_text(encoding="utf-8").splitlines()
    clean = {each["question_id"]: each for each in map(json.loads, lines)}
    for language in ("ja", "hi"):
        noisy = load_questions(tmp_path / f"releases/scenes-{language}", "train")
        held = load_questions(tmp_path / f"clean/scenes-clean-{language}", "train")
        store.rows(noisy.image_id)
        assert 0 < len(noisy) <= len(held) <= 180
        assert held.text == [clean[question][language] for question in held.question_id]
        assert noisy.text != [clean[question][language] for question in noisy.question_id]
        assert noisy.language == held.language == language
    capsys.readouterr()
    prepare(tmp_path, images=40, seed=0)
    assert "pictures" not in capsys.readouterr().err
