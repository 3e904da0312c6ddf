"""Builds killed at random moments end the same, and pay twice for no more than was in flight."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.kill import jobs
from tests.kill.endpoint import Endpoint, question
from tests.kill.killing import KILLS, Killer, end, run, start
from tests.tiny import write_vqa
from vqa_builder.release.manifest import load_manifest
from vqa_builder.release.verify import verify
from vqa_builder.translation.engines._remote import PART_SIZE

pytestmark = pytest.mark.kill
QUESTIONS, CONCURRENCY, ITEMS = 120, 2, 2
IN_FLIGHT = CONCURRENCY * ITEMS + 2 * PART_SIZE
"""What is under way to the endpoint, and what was answered and is not yet on the disk."""
TEN_YEARS = 3650 * 86_400.0
INPUTS = ("train_q.json", "train_a.json", "validation_q.json", "test_q.json")


def hashes(out: Path) -> dict[str, str]:
    return {
        f"{path.parent.name}/{key}": table["content_hash"]
        for path in sorted(out.glob("*/manifest.json"))
        for key, table in load_manifest(path.parent).tables.items()
    }


def whole(out: Path, expected: dict[str, str]) -> None:
    """The releases are those expected, verified, with nothing beside them, and the memory is sound."""
    assert hashes(out) == expected
    for release in out.glob("*/manifest.json"):
        assert verify(release.parent, reload=False).ok
    assert {path.name for path in out.iterdir()} <= {".vqa-builder", *(key.split("/")[0] for key in expected)}
    assert not [*out.rglob("*.partial")]
    for memory in out.rglob("memory.sqlite"):
        with closing(sqlite3.connect(memory)) as file:
            assert file.execute("PRAGMA quick_check").fetchone() == ("ok",)


def remote(folder: Path, endpoint: Endpoint, **changes: object) -> Path:
    """A spec over ``QUESTIONS`` questions that asks an endpoint for both directions."""
    folder.mkdir(parents=True)
    questions = [
        {"question_id": number, "image_id": number, "question": question(number)}
        for number in range(QUESTIONS)
    ]
    (folder / "questions.json").write_text(json.dumps({"questions": questions}))
    engine = {
        "type": "openai",
        "base_url": endpoint.url,
        "model": "m",
        "concurrency": CONCURRENCY,
        "items_per_request": ITEMS,
        "first_wait": 0.01,
        "stop_after": 1000,
        "retries": 20,
    }
    content = {
        "name": "boxes",
        "languages": ["ja"],
        "source": {"type": "vqa_json", "splits": {"test": {"questions": "questions.json"}}},
        "translate": {"phrasebook": False, "engine": engine},
        "back_translate": {"engine": engine},
        "policy": "lenient",
        **changes,
    }
    path = folder / "build.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as running:
        yield running


@pytest.fixture
def undisturbed(endpoint: Endpoint, tmp_path: Path) -> tuple[dict[str, str], int]:
    """Content hashes, and texts paid for, of a build against an endpoint that never fails."""
    run(jobs.build_spec, remote(tmp_path / "source", endpoint), tmp_path / "calm")
    assert endpoint.twice == 0 and endpoint.paid.total() == 2 * QUESTIONS
    return hashes(tmp_path / "calm"), endpoint.paid.total()


@pytest.fixture
def local(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A spec that asks the embedded engine, and the content hashes of what it builds."""
    spec = write_vqa(tmp_path / "source", languages=["ja"])
    run(jobs.build_spec, spec, tmp_path / "calm")
    return spec, hashes(tmp_path / "calm")


def steps_done(out: Path) -> int:
    """How many tables of steps lie in a build's folder."""
    return len([*out.glob(".vqa-builder/steps/*.arrow")])


@pytest.mark.parametrize("clock", [0.0, TEN_YEARS, -TEN_YEARS])
def test_local_engine(local: tuple[Path, dict[str, str]], tmp_path: Path, clock: float) -> None:
    """With a clock that jumps there are a quarter of the kills."""
    spec, expected = local
    killer = Killer(jobs.build_spec, wanted=KILLS // 4 if clock else KILLS, seed=int(clock))
    for number in killer.all_rounds():
        out = tmp_path / str(number)
        killer.round(spec, out, clock, look=partial(steps_done, out))
        whole(out, expected)
        shutil.rmtree(out)
    print("local engine:", killer.told())


def test_languages_side_by_side(tmp_path: Path) -> None:
    """What the killed process had started ends with it, and stands in nobody's way."""
    spec = write_vqa(tmp_path / "source", languages=["ja", "hi"])
    run(jobs.build_spec, spec, tmp_path / "calm")
    expected = hashes(tmp_path / "calm")
    killer = Killer(jobs.build_side_by_side, wanted=KILLS // 4, seed=3)
    for number in killer.all_rounds():
        out = tmp_path / str(number)
        killer.round(spec, out, look=partial(steps_done, out))
        whole(out, expected)
        shutil.rmtree(out)
    print("side by side:", killer.told())


def test_remote_engine_under_faults(
    endpoint: Endpoint, undisturbed: tuple[dict[str, str], int], tmp_path: Path
) -> None:
    expected, price = undisturbed
    killer = Killer(jobs.build_spec, seed=1)
    endpoint.trouble = 0.2
    most, sum_of_all = 0.0, 0
    for number in killer.all_rounds():
        endpoint.paid.clear()
        out = tmp_path / str(number)
        kills = killer.round(tmp_path / "source" / "build.yaml", out, look=partial(steps_done, out))
        whole(out, expected)
        assert len(endpoint.paid) == price
        assert endpoint.twice <= kills * IN_FLIGHT
        most, sum_of_all = max(most, endpoint.twice / max(kills, 1)), sum_of_all + endpoint.twice
        shutil.rmtree(out)
    print(f"remote engine: {killer.told()}; paid twice a kill: {sum_of_all / KILLS:.1f}, at most {most:.1f}")


def test_two_builds_on_one_memory(
    endpoint: Endpoint, undisturbed: tuple[dict[str, str], int], tmp_path: Path
) -> None:
    expected, price = undisturbed
    killer = Killer(jobs.build_spec, wanted=KILLS // 4, seed=2)
    for number in killer.all_rounds():
        endpoint.paid.clear()
        folder = tmp_path / str(number)
        spec = remote(folder / "source", endpoint, memory=str(folder / "memory.sqlite"))
        other = start(jobs.build_spec, spec, folder / "other")
        killer.round(spec, folder / "one", look=partial(steps_done, folder / "one"))
        other.join()
        assert other.exitcode == 0
        whole(folder / "one", expected)
        whole(folder / "other", expected)
        assert len(endpoint.paid) == price
        shutil.rmtree(folder)
    print("two builds on one memory:", killer.told())


def test_input_removed(local: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """A build whose input vanishes ends well or with an error; the same command then ends the same."""
    (spec, expected), chance = local, random.Random(4)
    ended, seconds = Counter[int](), run(jobs.build_spec, spec, tmp_path / "timed")
    for number in range(max(2, KILLS // 4)):
        out, data = tmp_path / str(number), tmp_path / "source" / chance.choice(INPUTS)
        begun = time.monotonic()
        process = start(jobs.build_spec, spec, out)
        process.join(chance.uniform(0.0, seconds / 2))
        kept = data.read_bytes()
        data.unlink()
        process.join()
        ended[process.exitcode] += 1
        seconds = time.monotonic() - begun if process.exitcode == 0 else seconds
        assert process.exitcode in (0, 1)
        data.write_bytes(kept)
        if number % 2:
            end(start(jobs.build_spec, spec, out))
        run(jobs.build_spec, spec, out)
        whole(out, expected)
        shutil.rmtree(out)
    print(f"input removed: {ended[0]} builds ended well, {ended[1]} with an error")
