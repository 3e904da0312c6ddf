"""A scene as data: what things there are, where, in which colours, and what they do."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from vqa_builder.errors import SourceError

WIDTH, HEIGHT = 160, 120


@dataclass(frozen=True)
class Thing:
    """One thing of a scene.

    Attributes:
        kind: a key of ``kinds.KINDS``.
        colour: a colour, or two joined by "and"; of a person, what they wear above; None where it is hidden.
        size: "small" or "large", for its kind.
        action: what it does, for people and animals.
        box: left, upper, right and lower edge in pixels.
        facing: "left" or "right".
        side: "left", "middle" or "right" third of the picture.
        group: things of one kind that stand together have the same number.
        on: the index of the thing that carries it, or that it rides.
        holder: the index of the person who holds it.
        hat: the colour of a person's hat.
    """

    kind: str
    colour: str | None
    size: str
    action: str | None
    box: tuple[int, int, int, int]
    facing: str = "left"
    side: str = "middle"
    group: int = 0
    on: int | None = None
    holder: int | None = None
    hat: str | None = None


@dataclass(frozen=True)
class Scene:
    """A picture before it is drawn.

    Attributes:
        place: a key of ``words.PLACES``.
        time: "day", "evening" or "night".
        weather: a key of ``words.WEATHERS``; None indoors and where it cannot be seen.
        mirrored: whether the background is drawn the other way round.
    """

    image_id: int
    split: str
    place: str
    time: str
    weather: str | None
    things: tuple[Thing, ...]
    mirrored: bool = False
    width: int = field(default=WIDTH)
    height: int = field(default=HEIGHT)

    def as_record(self) -> dict[str, Any]:
        """The line of ``scenes.jsonl``."""
        record = {key: value for key, value in asdict(self).items() if key != "things"}
        return record | {"objects": [asdict(thing) for thing in self.things]}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Scene:
        """A scene from its line."""
        fields = dict(record)
        things = (Thing(**{**thing, "box": tuple(thing["box"])}) for thing in fields.pop("objects"))
        return cls(things=tuple(things), **fields)


def load_scenes(folder: str | Path) -> list[Scene]:
    """The scenes of a folder that ``python -m recipes.drawn_world.scenes`` wrote, or of its ``scenes.jsonl``.

    Raises:
        SourceError: there is no such file, or a line of it is no scene.
    """
    path = Path(folder)
    path = path / "scenes.jsonl" if path.is_dir() else path
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise SourceError(
            "There are no scenes",
            where=path,
            remedy="write them with: python -m recipes.drawn_world.scenes FOLDER",
        ) from None
    return [_scene(line, f"{path}:{number}") for number, line in enumerate(lines, 1)]


def _scene(line: str, where: str) -> Scene:
    try:
        return Scene.from_record(json.loads(line))
    except (ValueError, TypeError, KeyError) as error:
        raise SourceError("This line is no scene", where=where, found=f"{line[:80]} ({error})") from None
