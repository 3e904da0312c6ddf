from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from recipes.cvil import config as settings
from vqa_builder.errors import SpecError


def test_overrides_replace_single_settings_and_whole_sections(
    tmp_path: Path, content: dict[str, Any]
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(yaml.safe_dump(content))
    read = settings.read(path, ["labels=0.1", "distillation.tags=false", "teacher.lr=1e-3"])
    config = settings.validate(settings.Config, read, path)
    assert config.distillation is not None
    assert (config.labels, config.distillation.tags, config.teacher.lr) == (0.1, False, 1e-3)
    assert config.distillation.regions
    without = settings.read(path, ["distillation=null"])
    assert settings.validate(settings.Config, without, path).distillation is None


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("labels=2", "labels: Input should be less than or equal to 1"),
        ("distilation.tags=false", "distilation: no such setting; did you mean distillation"),
        ("teacher.lr=-1", "teacher.lr"),
        ("labels", "expected: section.name=value"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: dict[str, Any], override: str, message: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(SpecError) as error:
        settings.validate(settings.Config, settings.read(path, [override]), path)
    assert message in str(error.value)


@pytest.mark.parametrize("text", ["- a\n- b\n", "a: [1\n"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(SpecError):
        settings.read(path)
    with pytest.raises(SpecError):
        settings.read(Path("nowhere.yaml"))
