"""Scenes as lines of JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from recipes.drawn_world.scenes import load_scenes, sample_scene
from vqa_builder.errors import SourceError


def test_scenes_come_back_as_they_were(tmp_path: Path) -> None:
    made = [sample_scene(np.random.default_rng(i), image_id=i) for i in range(6)]
    lines = "".join(json.dumps(scene.as_record()) + "\n" for scene in made)
    (tmp_path / "scenes.jsonl").write_text(lines, encoding="utf-8")
    assert load_scenes(tmp_path) == made
    assert load_scenes(tmp_path / "scenes.jsonl") == made


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no scenes") as caught:
        load_scenes(tmp_path)
    assert "python -m recipes.drawn_world.scenes" in str(caught.value)


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    good = json.dumps(sample_scene(np.random.default_rng(0)).as_record())
    (tmp_path / "scenes.jsonl").write_text(good + '\n{"image_id": 2}\n', encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        load_scenes(tmp_path)
    assert "scenes.jsonl:2" in str(caught.value)
