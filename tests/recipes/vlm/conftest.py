"""Four pictures of one colour each, and a model that is small enough to learn their names in seconds."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from recipes.vlm.adapters import load_model
from recipes.vlm.config import Lesson, Small
from recipes.vlm.conversations import Conversation
from recipes.vlm.prompts import prompt
from recipes.vlm.small import write_small

COLOURS = {"red": ("赤", "लाल"), "blue": ("青", "नीला"), "green": ("緑", "हरा"), "white": ("白", "सफ़ेद")}
TINY = Small(
    pieces=400,
    picture=64,
    tower_width=32,
    tower_layers=1,
    width=32,
    layers=1,
    heads=2,
    english=Lesson(epochs=1, batch_size=4),
)


def png(colour: str, size: tuple[int, int] = (160, 120)) -> bytes:
    """A picture of one colour."""
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, "PNG")
    return written.getvalue()


@pytest.fixture(scope="session")
def conversations() -> list[Conversation]:
    """Sixteen questions in two languages about the colours."""
    asked = {"ja": "これは何色ですか？", "hi": "यह किस रंग का है?"}
    return [
        Conversation(
            4 * turn + place, png(colour), (("user", prompt(asked[code], code)), ("assistant", name)), code
        )
        for turn in range(2)
        for place, (colour, names) in enumerate(COLOURS.items())
        for code, name in zip(asked, names, strict=True)
    ]


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory, conversations: list[Conversation]) -> Path:
    """The folder of a model of random weights."""
    folder = tmp_path_factory.mktemp("vlm") / "model"
    write_small(folder, TINY, [text for each in conversations for _, text in each.turns], seed=0)
    return folder


@pytest.fixture
def opened(checkpoint: Path) -> tuple[Any, Any]:
    """The model and its processor."""
    return load_model(str(checkpoint), "float32")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture for each image of the small releases."""
    folder = tmp_path_factory.mktemp("pictures")
    for image in (1, 2, 3, 9):
        (folder / f"{image}.png").write_bytes(png("red" if image % 2 else "blue"))
    return folder


@pytest.fixture
def small_run(releases: dict[str, Path], pictures: Path) -> dict[str, Any]:
    """Settings of a run that learns English, then Japanese by adapters, in a second."""
    return {
        "row": "some",
        "small": TINY.model_dump(),
        "releases": {"ja": str(releases["ja"])},
        "images": str(pictures),
        "image_name": "{}.png",
        "learn": ["ja"],
        "ask": ["ja"],
        "lora": {"r": 4, "lora_dropout": 0.0},
        "stage": {"epochs": 1, "batch_size": 4, "save_every": 1},
        "quiet": True,
    }
