"""The base of executors: a function and a list of items in, the results in the order of the items out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import ClassVar, Self, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Executor(ABC):
    """Maps functions over items; closed when its work is over.

    ``function`` must be a module's top-level function or a ``functools.partial`` of one, and items and
    results must be picklable. Results never depend on the number of workers. An error that ``function``
    raises reaches the caller at the item's place in the order, with its own type.

    Attributes:
        remote: whether its workers may be other machines, so that translation, too, is worth sending there.
        workers: how many there are.
        cores_per_worker: how many cores each may keep busy.

    Example:
        >>> from vqa_builder.executors import LocalExecutor
        >>> with LocalExecutor() as executor:
        ...     list(executor.map(len, ["cat", "cow", "horse"]))
        [3, 3, 5]
    """

    remote: ClassVar[bool] = False
    workers: int
    cores_per_worker: int = 1

    @abstractmethod
    def map(self, function: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """``function`` of every item, in order."""

    def finished(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[int, R]]:
        """``function`` of every item with the item's place, each as soon as it is there.

        Items are taken when a worker is free for them, so that their iterator may end early. An error of
        ``function`` is raised as soon as it is there, too.
        """
        for place, item in enumerate(items):
            yield place, function(item)

    def begin(self, function: Callable[[T], R], item: T) -> Callable[[], R] | None:
        """Begin ``function`` of an item beside what the caller does next; None where no worker is at hand.

        Returns:
            What waits for the result and returns it, or raises what ``function`` raised.
        """
        return None

    def close(self) -> None:  # noqa: B027
        """Give back what the executor holds; it may be used again afterwards."""

    def stop(self) -> None:
        """Give it back at once, whatever is under way: somebody pressed Ctrl-C."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or issubclass(kind, Exception):
            self.close()
        else:
            self.stop()
