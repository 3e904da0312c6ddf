"""How work is spread over processes and machines; nothing else in the package knows about either."""

from vqa_builder.errors import UnknownNameError
from vqa_builder.executors.base import Executor
from vqa_builder.executors.local import LocalExecutor

__all__ = ["NAMES", "Executor", "LocalExecutor", "make"]

NAMES = ("local", "ray")


def make(name: str, workers: int | None = None) -> Executor:
    """An executor by its name.

    Args:
        name: ``local``, processes on this machine; ``ray``, actors here or on a cluster.
        workers: how many; None for what the machines have.

    Raises:
        UnknownNameError: there is no such executor.
        MissingExtraError: its package is not installed.
    """
    if name not in NAMES:
        raise UnknownNameError("executor", name, NAMES, where="--executor")
    if name == "local":
        return LocalExecutor(workers)
    from vqa_builder.executors.ray import RayExecutor

    return RayExecutor(workers)
