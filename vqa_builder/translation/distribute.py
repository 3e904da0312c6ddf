"""An engine whose work is done by the workers of an executor: on other machines, on Ray.

Every worker makes the engine anew from its name and options and keeps it. A batch is cut into pieces, a few
for each worker; every piece is handed over when it is finished, so that ``run`` keeps it before it waits for
the next one. What an engine makes of a string depends on no other string, so the results are those of one
engine here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from typing import ClassVar, NamedTuple

from pydantic import BaseModel

from vqa_builder import registry
from vqa_builder.errors import EngineError
from vqa_builder.executors import Executor
from vqa_builder.translation.engines import base
from vqa_builder.translation.engines.base import Engine, EngineInParts, Failure, Part, Parts
from vqa_builder.translation.request import Request, batches

PIECES_PER_WORKER = 4
SMALLEST_PIECE = 32


class DistributedEngine(EngineInParts):
    """An engine, worked by many.

    Args:
        engine: the engine as it is here; it says who it is and does nothing.
        plugin: its name among the plug-ins.
        options: what it was made with.
        executor: whose workers translate.
    """

    name: ClassVar[str] = "distributed"
    summary: ClassVar[str] = "another engine, worked by an executor's workers"
    Options: ClassVar[type[base.Options]] = base.Options

    def __init__(self, engine: Engine, plugin: str, options: BaseModel, executor: Executor) -> None:
        self.engine, self.executor, self.licence = engine, executor, engine.licence
        self.name, self.uses_context = engine.name, engine.uses_context  # type: ignore[misc]
        self.takes_terms, self.deterministic = engine.takes_terms, engine.deterministic  # type: ignore[misc]
        self._plugin, self._options = plugin, options

    @property
    def signature(self) -> str:
        """The engine's: it is the same engine."""
        return self.engine.signature

    def check_direction(self, source: str, target: str) -> None:
        """As the engine."""
        self.engine.check_direction(source, target)

    def translate_in_parts(self, request: Request) -> Parts:
        """Yield the pieces as workers finish them; after an error, those under way and then the error."""
        size = max(SMALLEST_PIECE, -(-len(request) // (PIECES_PER_WORKER * self.executor.workers)))
        problems: list[Exception] = []

        def pieces() -> Iterator[Request]:
            for places in batches(range(len(request)), size):
                if problems:
                    return
                yield request.take(places)

        work = partial(_translate, self._plugin, self._options_there())
        for number, done in self.executor.finished(work, pieces()):
            self._check(done.signature)
            problems += [done.problem] if done.problem else []
            yield [(number * size + at, result) for at, result in done.part]
        if problems:
            raise problems[0]

    def close(self) -> None:
        """Close the engine here; those of the workers end with them."""
        self.engine.close()

    def _options_there(self) -> str:
        """The options for a worker, which has not all cores for itself."""
        options = self._options
        if getattr(options, "threads", None) == 0:
            options = options.model_copy(update={"threads": self.executor.cores_per_worker})
        return options.model_dump_json()

    def _check(self, found: str) -> None:
        if found != self.signature:
            raise EngineError(
                "A worker has another engine than this machine, and would translate otherwise",
                expected=self.signature,
                found=found,
                remedy="install the same versions and the same model everywhere, and say in the spec what"
                " depends on the machine (device, compute_type)",
            )


def distributed(engine: Engine, plugin: str, options: BaseModel, executor: Executor) -> Engine:
    """The engine behind an executor's workers where that can make it faster, else the engine itself.

    It cannot where all workers are on this machine, which engines keep busy themselves, nor where a service
    decides how fast it goes.
    """
    if not executor.remote or not engine.distributable:
        return engine
    return DistributedEngine(engine, plugin, options, executor)


class _Done(NamedTuple):
    """What a worker made of a piece, and what kept it from making more."""

    signature: str
    part: Part
    problem: Exception | None


def _translate(plugin: str, options: str, request: Request) -> _Done:
    engine = _engine(plugin, options)
    part: list[tuple[int, str | Failure]] = []
    try:
        for some in engine.translate_in_parts(request):
            part += some
    except Exception as problem:  # it travels beside what was finished before it
        return _Done(engine.signature, part, problem)
    return _Done(engine.signature, part, None)


@cache
def _engine(plugin: str, options: str) -> Engine:
    """One engine per process and configuration: it holds a model."""
    kind: type[Engine] = registry.find("engines", plugin)
    return kind(kind.Options.model_validate_json(options))
