"""The embedded sample is what its sources make of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from recipes.drawn_world.sample.make import draw, read, write_questions
from vqa_builder.sample import sample_folder


def test_the_sources_give_the_committed_files(tmp_path: Path) -> None:
    write_questions(tmp_path)
    made = sorted(path.name for path in tmp_path.iterdir())
    assert made == sorted(path.name for path in sample_folder().glob("v2_sample_*.json"))
    for name in made:
        assert (tmp_path / name).read_bytes() == (sample_folder() / name).read_bytes(), name


def test_the_pictures_can_be_drawn_again(tmp_path: Path) -> None:
    draw(tmp_path / "images")
    made = sorted((tmp_path / "images").iterdir())
    assert [path.name for path in made] == sorted(
        path.name for path in (sample_folder() / "images").iterdir()
    )
    for path in made:
        with Image.open(path) as picture:
            assert picture.size == (320, 240)


@pytest.mark.parametrize("line", ["What? | cat", "What? | cat*9", "What? cat*10"])
def test_a_line_that_is_not_as_it_should_be_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="in "):
        read(f"## 1 train: A cat.\n{line}\n")
