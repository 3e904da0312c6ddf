from __future__ import annotations

from collections.abc import Iterator

import pytest

from recipes.lib.ahead import ahead


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_results_come_in_the_order_of_their_jobs(workers: int) -> None:
    assert list(ahead(pow, ((2, each) for each in range(20)), workers, 2)) == [2**each for each in range(20)]


def test_no_more_lie_ready_than_were_asked_for_and_an_error_comes_through() -> None:
    drawn = []

    def jobs() -> Iterator[tuple[int]]:
        for each in range(100):
            drawn.append(each)
            yield (each,)

    def make(each: int) -> int:
        if each == 3:
            raise ValueError("three")
        return each

    coming = ahead(make, jobs(), 2, 2)
    assert next(coming) == 0
    assert len(drawn) == 5
    with pytest.raises(ValueError, match="three"):
        list(coming)
