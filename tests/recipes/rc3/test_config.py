"""Every settings file of the recipe is valid, and wrong settings say what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from recipes.lib.config import merged, validate
from recipes.rc3 import table
from recipes.rc3.config import Config, load
from vqa_builder.errors import SpecError

FOLDER = Path(load.__code__.co_filename).parent


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.name)
def test_every_file_of_the_recipe_is_valid_and_says_how_to_run_it(path: Path) -> None:
    tasks = set(load(path).tasks)
    assert tasks <= set(table.TASKS)
    assert tasks == set(table.TASKS) or path.name == "open.yaml"  # the open world has questions alone
    assert "recipes.rc3" in path.read_text(encoding="utf-8").splitlines()[0]


def test_every_row_of_the_small_setting_is_valid() -> None:
    content = yaml.safe_load((FOLDER / "small.yaml").read_text(encoding="utf-8"))
    assert len(table.jobs(content, [], [])) == len(content["rows"]) * 3


def test_settings_are_changed_from_the_command_line() -> None:
    changed = load(FOLDER / "small.yaml", ["pretraining.weak=plain", "data.regions=0", "seed=7"])
    assert (changed.pretraining.weak, changed.data.regions, changed.seed) == ("plain", 0, 7)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"pretraining": {"weak": "strong"}}, "pretraining.weak"),
        ({"colour": "red"}, "colour"),
        ({"data": {"regions": 0, "patches": False}}, "regions, patches or both"),
        ({"data": {"world": None}}, "give either `world` or `strict`"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, Any], changes: dict[str, Any], found: str) -> None:
    with pytest.raises(SpecError) as error:
        validate(Config, merged(settings, changes), "settings.yaml")
    assert found in str(error.value)
