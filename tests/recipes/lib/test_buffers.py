"""Memory is used again when nobody holds it, and never before."""

from __future__ import annotations

import numpy as np
import torch

from recipes.lib.buffers import Buffers


def test_memory_that_a_tensor_or_a_view_holds_is_not_given_out() -> None:
    buffers = Buffers()
    array = buffers.empty((4, 8), np.float16)
    place = array.ctypes.data
    held = {"slice of a tensor": torch.from_numpy(array)[1:], "view": array.reshape(-1)[3:]}
    del array
    for name in list(held):
        other = buffers.empty((4, 8), np.float16)
        assert other.ctypes.data != place, name
        del held[name], other
    assert buffers.empty((4, 8), np.float16).ctypes.data == place


def test_a_larger_array_takes_the_place_of_free_ones() -> None:
    buffers = Buffers()
    for size in (10, 1000, 999):
        assert buffers.empty((size,), np.float32).shape == (size,)
    assert [len(each) for each in buffers._kept] == [4500]
