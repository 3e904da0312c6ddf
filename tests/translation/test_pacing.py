"""A slow engine gets as many strings at a time as take it a few seconds; a service gets all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vqa_builder.translation.pacing import SECONDS, Pace


def batches(
    pace: Pace, seconds_per_string: float, strings: int, start: float = 0.0
) -> Iterator[tuple[int, float]]:
    while strings > 0:
        size = min(pace.size, strings)
        yield size, size * seconds_per_string
        pace.took(start + size * seconds_per_string, size)
        strings -= size


@pytest.mark.parametrize("seconds_per_string", [3.0, 0.4, 0.05, 0.0027])
def test_a_local_engine_loses_a_few_seconds_at_most(seconds_per_string: float) -> None:
    sizes, seconds = zip(*batches(Pace(4096), seconds_per_string, 20_000), strict=True)
    assert sum(sizes[:1]) * seconds_per_string < 60, "kept after a minute"
    assert max(seconds[2:]) <= max(SECONDS, seconds_per_string)
    assert max(sizes) == min(4096, max(8, int(SECONDS / seconds_per_string)))


def test_an_engine_that_takes_long_to_start_is_not_started_for_each_string() -> None:
    sizes = [size for size, _ in batches(Pace(4096), 0.002, 20_000, start=4.0)]
    assert len(sizes) < 25 and max(sizes) == pytest.approx(SECONDS / 0.002, rel=0.1)


def test_no_batch_is_larger_than_the_spec_says() -> None:
    assert {size for size, _ in batches(Pace(5), 0.001, 100)} == {5}


def test_a_service_is_asked_for_all_at_once_however_long_it_takes() -> None:
    assert [size for size, _ in batches(Pace(100, steady=True), 30.0, 250)] == [100, 100, 50]
