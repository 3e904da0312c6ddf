"""A language model as the judge: a chat endpoint, a published rubric, five numbers per translation."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import resources
from typing import Annotated, Any, ClassVar, Literal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, Field

from vqa_builder.errors import EngineError, MissingExtraError, ScorerError
from vqa_builder.languages.base import Language, known_languages
from vqa_builder.quality.scorers import base
from vqa_builder.translation.engines._endpoint import Answer, Ask, Chat, ChatOptions, halves
from vqa_builder.translation.engines._faults import Refused, Temporary
from vqa_builder.translation.engines._remote import Job, Reply, Report, in_parts
from vqa_builder.translation.engines.base import Failure
from vqa_builder.translation.request import batches

AXES = ("adequacy", "completeness", "terminology", "fluency", "format")
_SHOWN = ("role", "source", "translation")


class Judge(base.Scorer):
    """What a language model says of a translation, seen with its source: five axes, and the lowest of them.

    The rubric is ``judge_rubric.md`` beside this file, sent word for word; it asks for numbers from 0 to 100
    for adequacy, completeness (nothing left out or put in), terminology, fluency and format, kinds of error
    apart as in MQM (Lommel et al. 2014). A score is a hundredth of that. ``judge`` is the lowest of the five:
    a fluent sentence that asks for something else is as useless as a garbled one.

    Any endpoint of OpenAI's protocol serves, with the limits, retries and circuit breaker of the engine
    ``openai``. Pairs travel several to a request. A reply counts only if it holds exactly the items asked, in
    their order, every number from 0 to 100; else they are asked again in halves. A pair that the model
    refuses, or scores in no attempt, gets null and stops nothing. Model, rubric and decoding are in the
    signature, which keys the scores: what was judged once is not paid for again.

    Example:
        ``judge: {base_url: "http://127.0.0.1:8000/v1", model: Qwen/Qwen3-8B}`` in the spec, and
        ``policy: {judge: {min: 0.5}}``.
    """

    class Options(base.Options, ChatOptions):
        """Options of ``judge``: those of the engine ``openai`` for an endpoint, and these."""

        items_per_request: int = Field(10, ge=1, le=100, description="pairs that travel in one request")
        roles: tuple[Literal["question", "answer"], ...] = Field(
            ("question", "answer"), description="what is judged; the rest gets nulls"
        )

    name = "judge"
    summary = "a language model's judgement on five axes, the lowest of them, 0 to 1; 1 is good"
    columns: ClassVar = {"judge": pa.float32(), **{f"judge_{axis}": pa.float32() for axis in AXES}}
    bounds: ClassVar = (0.0, 1.0)
    threaded, distributable = True, False
    options: Options

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        super().__init__(language, options)
        if importlib.util.find_spec("httpx") is None:
            raise MissingExtraError("The scorer judge", "httpx", "openai")
        with as_scorer_error("The scorer judge cannot ask"):
            self._chat = Chat(self.options)

    @property
    def signature(self) -> str:
        """Model, rubric and decoding; not the endpoint."""
        chosen = self.options
        parts = {
            "model": chosen.model,
            "rubric": _digest(rubric()),
            "temperature": chosen.temperature,
            "seed": chosen.seed,
            "items": chosen.items_per_request,
            "extra": _digest(json.dumps(chosen.extra, sort_keys=True)),
            "roles": "+".join(sorted(chosen.roles)),
            "version": self.version,
        }
        return "|".join([self.name, *(f"{key}:{value}" for key, value in parts.items())])

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """From 0 to 1; null for other roles, and for what the model does not judge.

        Raises:
            ScorerError: the endpoint cannot be used any more.
        """
        wanted = pc.is_in(pairs["role"], pa.array(self.options.roles)).combine_chunks()
        given = self._asked(pairs.select(_SHOWN).filter(wanted).to_pylist())
        axes = [[None if one is None else one[place] / 100 for one in given] for place in range(len(AXES))]
        lowest = [None if one is None else min(one) / 100 for one in given]
        empty = pa.nulls(pairs.num_rows, pa.float32())
        return {
            column: pc.replace_with_mask(empty, wanted, pa.array(values, pa.float32()))
            for column, values in zip(self.columns, [lowest, *axes], strict=True)
        }

    def _asked(self, pairs: Sequence[Mapping[str, str]]) -> list[list[float] | None]:
        """The five numbers of each pair; None where the model gave none."""
        found: list[list[float] | None] = [None] * len(pairs)
        system = rubric().replace("{language}", known_languages()[self.language.code][0])

        async def work(report: Report) -> None:
            async with self._chat.asking(_response_format) as ask:

                async def send(job: Job) -> Reply:
                    return await _judged(ask, system, job, [pairs[at] for at in job])

                jobs = [tuple(some) for some in batches(range(len(pairs)), self.options.items_per_request)]
                await self._chat.dispatcher.work(jobs, send, report)

        with as_scorer_error("The scorer judge cannot go on"):
            for part in in_parts(work):
                for at, result in part:
                    found[at] = None if isinstance(result, Failure) else json.loads(result)
        return found


def rubric() -> str:
    """What the judge is told, with ``{language}`` for the name of the target language."""
    file = resources.files("vqa_builder.quality.scorers").joinpath("judge_rubric.md")
    return file.read_text(encoding="utf-8")


@contextmanager
def as_scorer_error(problem: str) -> Iterator[None]:
    """What an endpoint has to say, as an error of the scorer that asked it."""
    try:
        yield
    except EngineError as error:
        told = ScorerError(f"{problem}: {error.problem}")
        told.details = error.details
        raise told from error


_Points = Annotated[float, msgspec.Meta(ge=0, le=100)]
_Item = msgspec.defstruct("_Item", [("id", int), *((axis, _Points) for axis in AXES)])
_Items = msgspec.defstruct("_Items", [("items", list[_Item])])  # type: ignore[valid-type]


async def _judged(ask: Ask, system: str, job: Job, pairs: Sequence[Mapping[str, str]]) -> Reply:
    user = json.dumps({"items": [{"id": at, **pair} for at, pair in enumerate(pairs, 1)]}, ensure_ascii=False)
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    try:
        answer = await ask(messages)
    except Refused:
        if len(job) > 1:
            return Reply([], halves(job))
        raise
    points = _trusted(answer, len(job))
    if points is not None:
        return Reply([(at, json.dumps(one)) for at, one in zip(job, points, strict=True)])
    if len(job) > 1:
        return Reply([], halves(job))
    if answer.refusal or answer.finish == "content_filter":
        return Reply([(job[0], Failure("the model refused"))])
    raise Temporary("a reply without the scores that were asked for")


def _trusted(answer: Answer, count: int) -> list[list[float]] | None:
    """The numbers of a reply that holds exactly the items asked, in their order; else None."""
    content = answer.content.rpartition("</think>")[2]
    try:
        found = msgspec.json.decode(content[content.find("{") : content.rfind("}") + 1], type=_Items)
    except msgspec.DecodeError:
        return None
    items: list[Any] = found.items  # type: ignore[attr-defined]
    if [item.id for item in items] != [*range(1, count + 1)]:
        return None
    return [[getattr(item, axis) for axis in AXES] for item in items]


def _response_format(mode: str) -> dict[str, Any]:
    if mode == "plain":
        return {}
    if mode == "object":
        return {"response_format": {"type": "json_object"}}

    def closed(**fields: Any) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": fields,
            "required": [*fields],
            "additionalProperties": False,
        }

    item = closed(id={"type": "integer"}, **{axis: {"type": "integer"} for axis in AXES})
    schema = closed(items={"type": "array", "items": item})
    named = {"name": "scores", "strict": True, "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
