"""Values that no run could use are refused before anything is read."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from recipes.lib.config import read, validate
from vqa_builder.errors import SpecError

RECIPES = Path(__file__).parents[2] / "recipes"
WRONG = {
    "cvil": (
        *("threads=-3", "seed=-1", "teacher_seed=-1", "model.heads=0", "model.layers=0"),
        *("model.hidden=-8", "distillation.layers=[]", "teacher.least_steps=-3", "data.regions=none"),
    ),
    "mla": (
        *("threads=0", "seed=-1", "languages=[]", "train=[]", "small_clip.heads=5", "small_clip.pieces=0"),
        *("vqa.heads=7", "vqa.regions=0", "vqa.dropout=2", "vqa.lr=-1", "tokens.longest=2"),
    ),
    "rc3": (
        *("threads=-1", "seed=-1", "data.languages=[ja]", "model.text_layers=0", "model.heads=0"),
        *("pretraining.weights.strict=-1", "tasks.vqa.examples=0"),
    ),
}


@pytest.mark.parametrize(("recipe", "change"), [(name, each) for name in WRONG for each in WRONG[name]])
def test_it_is_named(recipe: str, change: str) -> None:
    path = RECIPES / recipe / "small.yaml"
    config = import_module(f"recipes.{recipe}.config").Config
    content = read(path, [change])
    own = {name: content[name] for name in content if name not in ("rows", "seeds", "shares")}
    with pytest.raises(SpecError, match="The settings are wrong") as error:
        validate(config, {"row": "x", **own} if recipe == "mla" else own, path)
    section = change.partition("=")[0].removesuffix(".heads")
    assert error.value.details["found"].startswith(section)
    assert ";" not in error.value.details["found"]
