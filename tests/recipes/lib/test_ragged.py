"""Lists in one array behave as lists."""

from __future__ import annotations

import numpy as np

from recipes.lib.ragged import Ragged

LISTS = [[3, 1], [], [4, 1, 5], [9]]


def lists(ragged: Ragged) -> list[list[int]]:
    return [ragged[row].tolist() for row in range(len(ragged.lengths))]


def test_lists_come_back() -> None:
    ragged = Ragged.of(LISTS, np.int32)
    assert lists(ragged) == LISTS
    assert ragged.flat.dtype == np.int32
    assert ragged.lengths.tolist() == [2, 0, 3, 1]


def test_taking_and_cutting() -> None:
    ragged = Ragged.of(LISTS, np.int32)
    assert lists(ragged.take(np.array([2, 1, 2, 0]))) == [LISTS[2], LISTS[1], LISTS[2], LISTS[0]]
    assert lists(ragged.take(np.array([], np.int64))) == []
    assert lists(ragged.cut(np.array([1, 5, 2, 0]))) == [[3], [], [4, 1], []]
    assert lists(ragged.take(np.array([2, 0])).cut(np.array([1, 1]))) == [[4], [3]]


def test_nothing_is_a_list_too() -> None:
    assert lists(Ragged.of([], np.int64)) == []
    assert lists(Ragged.of([[], []], np.int64).take(np.array([1]))) == [[]]


def test_padding_is_on_the_right() -> None:
    arrays = Ragged.of([[2, 7, 3], [2, 3]], np.int64).padded(0)
    assert arrays["input_ids"].tolist() == [[2, 7, 3], [2, 3, 0]]
    assert arrays["attention_mask"].tolist() == [[1, 1, 1], [1, 1, 0]]
