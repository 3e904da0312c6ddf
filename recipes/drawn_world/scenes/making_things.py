"""Things that stand alone, in groups, and on furniture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recipes.drawn_world.scenes import kinds
from recipes.drawn_world.scenes.kinds import KINDS, SEAT, SMALL
from recipes.drawn_world.scenes.making import COLUMN, Making


def allowed(making: Making, names: Sequence[str]) -> list[str]:
    """The kinds that may be here and are not here yet; now and then one that is."""
    here = [name for name in names if making.place in KINDS[name].places]
    present = {thing.kind for thing in making.things}
    if making.chance(0.15) and (again := [name for name in here if name in present]):
        return again
    return [name for name in here if name not in present] or here


_CLASSES = {
    True: {("dog", "cat", "bird"): 3.0, ("chair", "couch", "lamp", "table"): 3.0, ("bicycle",): 0.3},
    False: {
        ("horse", "cow", "sheep", "elephant", "giraffe", "zebra"): 3.0,
        ("dog", "cat", "bird"): 1.3,
        ("car", "bus", "truck", "car", "bus", "truck", "bicycle", "motorcycle"): 4.0,
        ("umbrella", "chair"): 1.0,
    },
}
"""What stands alone or in groups, indoors and outdoors, with weights."""


def _loose(making: Making, *, groups: bool) -> str:
    """A kind that stands on the ground here."""
    classes = _CLASSES[making.indoors] | ({("boat",): 1.6} if making.place == "beach" else {})
    fitting: dict[tuple[str, ...], float] = {}
    for names, weight in classes.items():
        able = [name for name in names if making.place in KINDS[name].places]
        able = [name for name in able if not groups or KINDS[name].group > 1]
        if able:
            fitting[tuple(allowed(making, able))] = weight
    if groups:
        fitting["boy", "girl"] = 1.2
    shares = np.asarray(list(fitting.values()))
    return making.pick(list(fitting)[int(making.rng.choice(len(fitting), p=shares / shares.sum()))])


def single(making: Making, centre: float) -> None:
    """One thing, large or small."""
    _place(making, _loose(making, groups=False), centre, 1)


def pair(making: Making, centre: float) -> None:
    """Two small things in one third of the picture."""
    kind = making.pick(allowed(making, ("dog", "cat", "bird", "sheep", "boy", "girl", "chair")))
    _place(making, kind, centre, 2)


def group(making: Making, centre: float) -> None:
    """Two to five of a kind in two thirds of the picture."""
    kind = _loose(making, groups=True)
    most = min(KINDS[kind].group, making.room)
    _place(making, kind, centre, int(making.rng.integers(2, most + 1)), span=2)


def _place(making: Making, kind: str, centre: float, count: int, *, span: int = 1) -> None:
    """Some of a kind on the ground, side by side; from the fourth on behind the others."""
    large = count == 1 and kind not in ("boy", "girl") and making.chance(0.5)
    scale = 1.0 if large else SMALL if kind not in ("boy", "girl") else 1.0
    width, height = KINDS[kind].width * scale, KINDS[kind].height * scale
    action = making.pick(kinds.ACTIONS[kind]) if kind in kinds.ACTIONS else None
    if kind in kinds.PEOPLE:
        action = making.pick(kinds.ALONE)
    colour, facing = making.colour(kind), making.pick(("left", "right"))
    base = _base(making, kind)
    rows = [count] if count < 4 else [count // 2, count - count // 2]
    for row, members in enumerate(rows):
        lift = (len(rows) - 1 - row) * (height * 0.62 + 2)
        step = min(width * 1.12 + 2, (COLUMN * span - width) / max(members - 1, 1))
        for i in range(members):
            x = centre + (i - (members - 1) / 2) * step + (len(rows) - 1 - row) * width * 0.3
            making.add(
                kind,
                (x - width / 2, base - lift - height, width, height),
                colour=colour,
                size="large" if large else "small",
                action=action,
                facing=facing,
            )


def _base(making: Making, kind: str) -> float:
    """Where a thing touches the ground; boats lie on the water of the beach, higher up."""
    return 74.0 + 6 * making.rng.random() if kind == "boat" else 101.0 + 15 * making.rng.random()


def furnished(making: Making, centre: float, *, most: int = 2) -> None:
    """A table, couch or chair with things on it."""
    carriers = allowed(making, ("table", "table", "table", "couch", "chair"))
    kind = "table" if most > 2 else making.pick(carriers)
    width, height = KINDS[kind].width, KINDS[kind].height
    if most > 2:
        width *= 1.7
    top = 106 + 8 * making.rng.random() - height
    box = (centre - width / 2, top, width, height)
    carrier = making.add(kind, box, colour=making.colour(kind), facing="right")
    tops = [name for name in kinds.TOPS[kind] if name not in {thing.kind for thing in making.things}]
    item = making.pick(tops)
    seats = {"chair": 1, "couch": 2}.get(kind, most)
    count = int(making.rng.integers(1, 1 + max(1, min(KINDS[item].group, seats, making.room))))
    on_top(making, carrier, item, count)


def on_top(making: Making, carrier: int, kind: str, count: int) -> None:
    """Some of a kind on a piece of furniture, side by side."""
    below = making.things[carrier]
    left, upper, right, lower = below.box
    entry = KINDS[kind]
    scale = 0.8 if kind in ("cat", "dog", "bird") else 1.0
    width, height = entry.width * scale, entry.height * scale
    seat = upper + SEAT[below.kind] * (lower - upper)
    colour, facing = making.colour(kind), making.pick(("left", "right"))
    actions = [a for a in kinds.ACTIONS.get(kind, ()) if a not in ("running", "eating")]
    action = making.pick(actions) if actions else None
    making.next_group()
    step = min(width + 2, (right - left - width) / max(count - 1, 1))
    for i in range(count):
        x = (left + right) / 2 + (i - (count - 1) / 2) * step
        making.add(
            kind,
            (x - width / 2, seat - height, width, height),
            colour=colour,
            size="small",
            action=action,
            facing=facing,
            on=carrier,
            side=below.side,
        )
