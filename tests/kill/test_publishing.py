"""Publishers killed at random moments, against a hub that fails: old or new, never between."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.hub.plugin import hub
from tests.hub.server import Fault, Hub
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


def begin_with(hub: Hub, release: Path, home: Path) -> None:
    """A hub with one release only."""
    hub.faults = []
    hub.bytes_per_second = None
    hub.state.repos.clear()
    for path in hub.state.root.glob("lfs-*"):
        path.unlink()
    run(jobs.publish_release, release, REPO, hub.url, home)


@pytest.mark.parametrize("publishers", [1, 2])
def test_publishing(hub: Hub, releases: tuple[Path, Path], tmp_path: Path, publishers: int) -> None:
    """With two publishers there are a quarter of the kills."""
    old, new = releases
    before, after = content(old), content(new)
    home = tmp_path / "home"
    killer = Killer(jobs.publish_release, wanted=KILLS if publishers == 1 else KILLS // 4)
    job = (new, REPO, hub.url, home)

    def state() -> int:
        found = on_hub(hub)
        assert found in (before, after)
        return len(hub.history(REPO)) - 2

    for number in killer.all_rounds():
        chance = random.Random(number)
        begin_with(hub, old, home)
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
