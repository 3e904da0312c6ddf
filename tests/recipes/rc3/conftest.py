"""A scenes world small enough to train on in a second, with features that say what is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recipes.drawn_world.scenes import load_scenes
from recipes.drawn_world.scenes.kinds import KINDS
from recipes.drawn_world.scenes.write import write
from recipes.lib.features import ImageFeatures, write_store


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 scenes."""
    folder = tmp_path_factory.mktemp("rc3") / "world"
    write(folder, images=40, seed=0, workers=1)
    return folder


@pytest.fixture(scope="session")
def features(world: Path) -> Path:
    """Regions that spell out the kind of thing; patches of noise."""
    names, random = list(KINDS), np.random.default_rng(0)
    folder = world.parent / "features"
    write_store(
        folder,
        [
            ImageFeatures(
                image_id=scene.image_id,
                width=scene.width,
                height=scene.height,
                boxes=np.array([thing.box for thing in scene.things], dtype=np.float32),
                regions=np.eye(len(names))[[names.index(thing.kind) for thing in scene.things]].astype(
                    np.float16
                ),
                tags=[thing.kind for thing in scene.things],
                patches=random.normal(size=(4, 6)).astype(np.float16),
            )
            for scene in load_scenes(world)
        ],
        source="test",
    )
    return folder


@pytest.fixture
def settings(world: Path, features: Path, tmp_path: Path) -> dict[str, Any]:
    """A few steps of everything."""
    tuning = {"epochs": 1, "lr": 1e-3, "few_images": 3, "few_epochs": 1, "few_lr": 1e-3, "examples": 40}
    return {
        "data": {
            "world": str(world),
            "features": str(features),
            "regions": 4,
            "longest": 32,
            "tokenizer": 1200,
            "strict_share": 0.5,
        },
        "model": {
            "hidden": 16,
            "text_layers": 1,
            "cross_layers": 1,
            "heads": 2,
            "intermediate": 32,
            "projection": 8,
            "dropout": 0.0,
        },
        "pretraining": {"steps": 12, "batch_size": 8, "lr": 1e-3, "texts_per_image": 2, "relevance_steps": 5},
        "tasks": dict.fromkeys(("vqa", "two_images", "entailment", "captions", "wit"), tuning),
        "pool": 5,
        "pools": 1,
        "out": str(tmp_path / "run"),
    }
