"""How work is spread over processes and machines; nothing else in the package knows about either."""

from vqa_builder.executors.base import Executor
from vqa_builder.executors.local import LocalExecutor

__all__ = ["Executor", "LocalExecutor"]
