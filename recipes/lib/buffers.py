"""Memory of batches, used again: to be given fresh pages takes longer than to fill them."""

from __future__ import annotations

import math
import sys
from itertools import compress
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Bytes = NDArray[np.uint8]


class Buffers:
    """Arrays for batches; the memory of those that nobody holds any more is given out again.

    It keeps as much memory as was held at once, and an eighth more. Threads may share it.
    """

    def __init__(self) -> None:
        self._kept: list[Bytes] = []
        self._lock = Lock()

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """An array of any content; a tensor made of it, or a view, keeps its memory from being used again.

        >>> buffers = Buffers()
        >>> first, second = buffers.empty((2, 3), "f4"), buffers.empty((2, 3), "f4")
        >>> place = first.ctypes.data
        >>> del first
        >>> buffers.empty((3, 2), "f4").ctypes.data == place, np.shares_memory(second, buffers._kept[1])
        (True, True)
        """
        size = math.prod(shape) * np.dtype(dtype).itemsize
        with self._lock:
            free = [count <= _ALONE for count in map(_holders, self._kept)]
            fitting = [each for each in compress(self._kept, free) if len(each) >= size]
            if fitting:
                memory = min(fitting, key=len)
            else:  # those that are free are too small
                memory = np.empty(size + size // 8, np.uint8)
                self._kept = [*compress(self._kept, (not each for each in free)), memory]
            return memory[:size].view(dtype).reshape(shape)


def _holders(memory: Bytes) -> int:
    return sys.getrefcount(memory)


_ALONE = next(map(_holders, [np.empty(1, np.uint8)]))
"""The count of an array that a list alone holds, which depends on the version of Python."""
