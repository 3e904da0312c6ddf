"""Neural quality estimation by a worker outside: a command or an HTTP endpoint."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, Field

from vqa_builder.errors import SpecError
from vqa_builder.languages.base import Language
from vqa_builder.quality.scorers import base
from vqa_builder.quality.scorers._qe_workers import (
    CommandWorker,
    HttpWorker,
    Pair,
    Worker,
    check_signature,
)
from vqa_builder.quality.scorers.judge import as_scorer_error
from vqa_builder.translation.engines._faults import Secrets
from vqa_builder.translation.engines._remote import HttpAddress
from vqa_builder.translation.request import batches


class Qe(base.Scorer):
    """A model's estimate of how good a translation is, seen with its source and without a reference.

    COMET and its like pin old versions of numpy and of the hub's client, so they run in an environment of
    their own: ``command`` starts a process there once and keeps it, ``url`` asks a service. Give one of the
    two. ``recipes/policy/qe/README.md`` has the protocol and a worker for COMET and CometKiwi (Rei et al.
    2022, WMT quality estimation task). A language model is asked by the scorer ``judge``.

    The worker says who it is, and that keys the scores: with another model all pairs are scored anew. One
    that dies, hangs, or answers with anything but a number from 0 to 1 (or null) per pair ends the build with
    one error.

    Example:
        ``qe: {command: .venv-comet/bin/python comet_worker.py --model Unbabel/wmt22-cometkiwi-da}`` in the
        spec.
    """

    class Options(base.Options):
        """Options of ``qe``."""

        command: str | tuple[str, ...] | None = Field(
            None, description="program and arguments; it runs in the current folder and with this environment"
        )
        url: HttpAddress | None = Field(None, description="address of an endpoint that answers POST requests")
        key_variable: str | None = Field(
            None, description="environment variable with the key for the url, sent as a bearer token"
        )
        signature: str | None = Field(
            None,
            description="what the worker must call itself; an unchanged build then starts none",
        )
        roles: tuple[Literal["question", "answer"], ...] = Field(
            ("question", "answer"), description="what is scored; the rest gets nulls"
        )
        batch_size: int = Field(256, ge=1, description="pairs per request to a command or url")
        timeout: float = Field(600.0, gt=0, description="seconds that one such request may take")
        start_timeout: float = Field(120.0, gt=0, description="seconds until a command must introduce itself")
        retries: int = Field(3, ge=0, le=20, description="how often a failed request to the url is repeated")

    name = "qe"
    summary = "a neural model's estimate by an outside worker, 0 to 1; 1 is good"
    bounds: ClassVar = (0.0, 1.0)
    columns: ClassVar = {"qe": pa.float32()}
    threaded = True
    options: Options

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        super().__init__(language, options)
        chosen = self.options
        given = [name for name in ("command", "url") if getattr(chosen, name)]
        if len(given) != 1:
            raise SpecError(
                "The scorer qe needs one worker",
                where="scores.qe",
                expected="command or url",
                found=" and ".join(given) or "none",
                remedy="see recipes/policy/qe/README.md",
            )
        self._worker = _worker(chosen.model_dump_json(exclude={"signature", "roles", "batch_size"}))

    @property
    def signature(self) -> str:
        """Holds what the worker says of itself; asks it, unless the options say it already."""
        worker = self.options.signature or self._worker.signature
        roles = "+".join(sorted(self.options.roles))
        return f"{self.name}|{worker}|roles:{roles}|version:{self.version}"

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """From 0 to 1; null for other roles, and for what the worker cannot judge."""
        if self.options.signature:
            check_signature(self._worker, self.options.signature, "scores.qe.signature")
        wanted = pc.is_in(pairs["role"], pa.array(self.options.roles)).combine_chunks()
        columns = (pairs[name].filter(wanted).to_pylist() for name in Pair._fields)
        scores = self._scores([Pair(*row) for row in zip(*columns, strict=True)])
        empty = pa.nulls(pairs.num_rows, pa.float32())
        return {"qe": pc.replace_with_mask(empty, wanted, pa.array(scores, pa.float32()))}

    def _scores(self, pairs: Sequence[Pair]) -> list[float | None]:
        scores: list[float | None] = []
        for some in batches(pairs, self.options.batch_size):
            scores += self._worker.scores(some, self.language.code)
        return scores


@cache
def _worker(options: str) -> Worker:
    """One worker per process and configuration: most hold a model."""
    chosen: Any = Qe.Options.model_validate_json(options)
    if chosen.url:
        key = ""
        if chosen.key_variable:
            with as_scorer_error("The endpoint of the scorer qe cannot be asked"):
                key = Secrets().read(chosen.key_variable, "The endpoint")
        return HttpWorker(chosen.url, key, chosen.timeout, chosen.retries)
    command = shlex.split(chosen.command) if isinstance(chosen.command, str) else chosen.command
    return CommandWorker(command, chosen.timeout, chosen.start_timeout)
