"""Publishers killed at random moments, against a hub that fails: old or new, never between."""

from __future__ import annotations

import random
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.hub.plugin import hub
from tests.hub.server import Fault, Hub
from tests.hub.state import Repo
from tests.kill import jobs
from tests.kill.killing import KILLS, Killer, run, start
from tests.tiny import write_vqa
from vqa_builder import build, load_spec

__all__ = ["hub"]
pytestmark = pytest.mark.kill
REPO = "org/tiny-ja"
REQUESTS = 12
FAULTS = [
    {"status": 409},
    {"status": 412},
    {"status": 429, "headers": {"Retry-After": "0"}},
    {"status": 500},
    {"status": 502},
    {"status": 503},
    {"cut": "before"},
    {"cut": "body"},
    {"cut": "after"},
]


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An old release and a new one."""
    root = tmp_path_factory.mktemp("releases")
    policy = {"preset": "balanced", "length": {"min": -1.0}}
    made = []
    for name, changes in (("old", {}), ("new", {"policy": policy})):
        spec = write_vqa(root / "source", languages=["ja"], **changes)
        made.append(build(load_spec(spec), root / name, workers=1)[0].folder)
    return made[0], made[1]


def content(release: Path) -> dict[str, bytes]:
    files = [path for path in release.rglob("*") if path.is_file()]
    return {path.relative_to(release).as_posix(): path.read_bytes() for path in files}


def on_hub(hub: Hub) -> dict[str, bytes]:
    return {path: data for path, data in hub.files(REPO).items() if path != ".gitattributes"}


class Before(NamedTuple):
    """A hub as it was.

    Attributes:
        repos: its repositories.
        blobs: names of its large files.
    """

    repos: dict[str, Repo]
    blobs: set[str]

    @classmethod
    def of(cls, hub: Hub) -> Before:
        """As it is now."""
        return cls(deepcopy(hub.state.repos), {path.name for path in hub.state.root.glob("lfs-*")})

    def restore(self, hub: Hub) -> None:
        """Undo what was pushed since."""
        hub.faults, hub.bytes_per_second = [], None
        hub.state.repos.clear()
        hub.state.repos.update(deepcopy(self.repos))
        for path in hub.state.root.glob("lfs-*"):
            if path.name not in self.blobs:
                path.unlink()


@pytest.mark.parametrize("publishers", [1, 2])
def test_publishing(hub: Hub, releases: tuple[Path, Path], tmp_path: Path, publishers: int) -> None:
    """With two publishers there are a quarter of the kills."""
    old, new = releases
    before, after = content(old), content(new)
    home = tmp_path / "home"
    run(jobs.publish_release, old, REPO, hub.url, home)
    with_the_old = Before.of(hub)
    killer = Killer(jobs.publish_release, wanted=KILLS if publishers == 1 else KILLS // 4)
    job = (new, REPO, hub.url, home)

    def state() -> int:
        found = on_hub(hub)
        assert found in (before, after)
        return len(hub.history(REPO)) - 2

    for number in killer.all_rounds():
        chance = random.Random(number)
        with_the_old.restore(hub)
        hub.bytes_per_second = chance.choice((None, None, 100_000.0))
        hub.faults = [
            Fault(nth=chance.randrange(1, REQUESTS), **chance.choice(FAULTS))  # type: ignore[arg-type]
            for _ in range(chance.choice((0, 1, 1, 2)))
        ]
        other = start(jobs.publish_release, *job) if publishers == 2 else None
        killer.round(
            *job,
            look=state,
            under=hub.bytes_per_second,
            may_fail=True,
            before_the_end=hub.faults.clear,
        )
        if other:
            other.join()
            assert other.exitcode in (0, 1)
        assert on_hub(hub) == after
        assert len(hub.history(REPO)) == 3, "one commit for the old release and one for the new"
    print(f"publishing, {publishers}: {killer.told()}, new after {killer.seen[1]} kills")
