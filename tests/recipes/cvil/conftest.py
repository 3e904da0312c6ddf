"""Two small releases with word alignments, features of their images, and settings that take a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recipes.lib.features import ImageFeatures, write_store
from tests.tiny import write_vqa
from vqa_builder import build, load_spec

TAGS = ["cat", "red bus", "dining table"]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``releases/tiny-ja``, ``releases/tiny-hi`` and ``features``."""
    folder = tmp_path_factory.mktemp("cvil")
    spec = write_vqa(
        folder / "source", align={"type": "statistical"}, policy={"rules": {"script": {"min": 0.1}}}
    )
    build(load_spec(spec), folder / "releases")
    random = np.random.default_rng(0)
    boxes = np.array([[10, 10, 100, 100], [50, 50, 200, 200], [0, 0, 320, 240]], float)
    images = [
        ImageFeatures(number, 320, 240, boxes, random.normal(size=(3, 10)).astype(np.float16), TAGS, None)
        for number in (1, 2, 3, 9)
    ]
    write_store(folder / "features", images, source="random numbers")
    return folder


@pytest.fixture
def content(world: Path, tmp_path: Path) -> dict[str, Any]:
    """What a YAML file would hold."""
    stage = {"epochs": 1, "lr": 0.001, "optimiser": "muon", "batch_size": 4}
    return {
        "data": {
            "releases": {code: str(world / f"releases/tiny-{code}") for code in ("ja", "hi")},
            "features": str(world / "features"),
            "tokenizer": 600,
            "regions": 4,
            "tags": 4,
            "longest": 40,
        },
        "model": {"hidden": 16, "layers": 2, "heads": 2, "intermediate": 32, "dropout": 0.1},
        "teacher": dict(stage),
        "distillation": {**stage, "layers": [0, 1]},
        "head": dict(stage),
        "fine_tuning": dict(stage),
        "language": "ja",
        "quiet": True,
        "out": str(tmp_path / "run"),
    }
