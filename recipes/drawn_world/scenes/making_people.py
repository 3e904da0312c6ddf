"""People, what they do, and what they need for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from recipes.drawn_world.scenes import kinds
from recipes.drawn_world.scenes.kinds import KINDS
from recipes.drawn_world.scenes.making import Making
from recipes.drawn_world.scenes.making_things import allowed
from recipes.drawn_world.scenes.world import HEIGHT, WIDTH, Thing


def person_doing(making: Making, centre: float) -> None:
    """A person who does something, with what they need for it."""
    person = making.pick(allowed(making, kinds.PEOPLE))
    deeds: list[Callable[[Making, int], None] | str] = [*kinds.ALONE]
    if making.room >= 2:
        deeds += [_reads, _eats, _eats, _sits]
        if not making.indoors:
            deeds += [_shelters, _shelters]
            if not any(thing.kind == "kite" for thing in making.things):
                deeds += [_flies_a_kite, _flies_a_kite]
    if making.place in kinds.AT:
        deeds += [kinds.AT[making.place]] * 3
    deed = deeds[int(making.rng.integers(len(deeds)))]
    hat = None if making.chance(0.5) else making.pick(("red", "blue", "green", "yellow", "black", "white"))
    width, height = KINDS[person].width, KINDS[person].height
    base = 106 + 10 * making.rng.random()
    index = making.add(
        person,
        (centre - width / 2, base - height, width, height),
        colour=making.colour(person),
        size="small" if person in ("boy", "girl") else "large",
        action=deed if isinstance(deed, str) else None,
        facing=making.pick(("left", "right")),
        hat=hat,
    )
    if not isinstance(deed, str):
        deed(making, index)


def _does(making: Making, person: int, action: str, **fields: object) -> None:
    making.things[person] = replace(making.things[person], action=action, **fields)  # type: ignore[arg-type]


def _hand(making: Making, person: int, kind: str, at: tuple[float, float], scale: float = 1.0) -> None:
    """Give a person something, centred on a point of the person's box (parts of its width and height)."""
    left, upper, right, lower = making.things[person].box
    width, height = KINDS[kind].width * scale, KINDS[kind].height * scale
    across = at[0] if making.things[person].facing == "right" else 1 - at[0]
    x, y = left + across * (right - left), upper + at[1] * (lower - upper)
    making.add(
        kind,
        (x - width / 2, y - height / 2, width, height),
        colour=making.colour(kind),
        size="small",
        holder=person,
        side=making.things[person].side,
    )


def _reads(making: Making, person: int) -> None:
    _does(making, person, "reading")
    _hand(making, person, "book", (0.5, 0.46), 0.72)


def _eats(making: Making, person: int) -> None:
    food = making.pick(("apple", "banana", "pizza"))
    _does(making, person, f"eating {'an' if food == 'apple' else 'a'} {food}")
    _hand(making, person, food, (0.78, 0.21), 0.72)


def _shelters(making: Making, person: int) -> None:
    _does(making, person, "holding an umbrella")
    left, upper, right, lower = making.things[person].box
    drop = 10 if lower - upper > 60 else 16
    if lower + 4 < HEIGHT:
        _does(making, person, "holding an umbrella", box=(left, upper + 3, right, lower + 3))
    _hand(making, person, "umbrella", (0.8, 0.2 - drop / 200))


def _flies_a_kite(making: Making, person: int) -> None:
    _does(making, person, "flying a kite")
    left, _, right, _ = making.things[person].box
    width, height = KINDS["kite"].width, KINDS["kite"].height
    leftmost = making.things[person].facing == "left"
    x = (left + right) / 2 + (-30 if leftmost else 30)
    if not 0 < x - width / 2 < x + width / 2 < WIDTH:
        x = (left + right) / 2
    making.next_group()
    making.add(
        "kite", (x - width / 2, 2.0, width, height), colour=making.colour("kite"), size="small", holder=person
    )


def _sits(making: Making, person: int) -> None:
    """On a chair that stands behind."""
    left, upper, right, lower = making.things[person].box
    tall = (lower - upper) * 0.86
    sitting = (left, round(lower - tall), right, lower)
    height = KINDS["chair"].height * (1.1 if tall > 48 else 0.84)
    width = KINDS["chair"].width * (1.1 if tall > 48 else 0.84)
    chair = Thing(
        kind="chair",
        colour=making.colour("chair"),
        size="large" if tall > 48 else "small",
        action=None,
        box=(
            max(1, round((left + right - width) / 2)),
            round(lower - height),
            min(WIDTH - 1, round((left + right + width) / 2)),
            lower,
        ),
        facing="right",
        side=making.things[person].side,
        group=making.groups,
    )
    making.next_group()
    seated = replace(making.things[person], action="sitting", box=sitting, on=person, group=making.groups)
    making.things[person : person + 1] = [chair, seated]


def rider(making: Making, centre: float) -> None:
    """A person on a horse, a bicycle or a motorcycle."""
    mount = making.pick(allowed(making, ("horse", "bicycle", "motorcycle")))
    if making.place not in KINDS[mount].places:
        mount = "horse"
    person = making.pick(allowed(making, kinds.PEOPLE))
    width, height = KINDS[mount].width, KINDS[mount].height
    base = 108 + 8 * making.rng.random()
    facing = making.pick(("left", "right"))
    box = (centre - width / 2, base - height, width, height)
    index = making.add(mount, box, colour=making.colour(mount), facing=facing)
    making.next_group()
    tall = 54 if person in ("man", "woman") else 44
    seat = base - height * (0.62 if mount == "horse" else 0.74)
    shift = (4 if mount == "horse" else -3) * (1 if facing == "left" else -1)
    if mount != "horse":
        shift = -4 if facing == "right" else 4
    making.add(
        person,
        (centre + shift - tall * 0.26, seat - tall * 0.56, tall * 0.52, tall),
        colour=making.colour(person),
        size="small" if person in ("boy", "girl") else "large",
        action=f"riding a {mount}",
        facing=facing,
        on=index,
        side=making.things[index].side,
    )
