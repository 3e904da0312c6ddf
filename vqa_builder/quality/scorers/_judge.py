"""A language model as the judge of the scorer ``qe``: a chat endpoint and a published rubric.

The rubric is ``qe_rubric.md`` beside this file, sent word for word. It asks for numbers from 0 to 100; a
score is a hundredth of that. A reply counts only if it holds exactly the items asked, in their order; else
they are asked again in halves. A pair that the model refuses, or never scores, gets none.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from typing import Any

import msgspec
from pydantic import Field

from vqa_builder.errors import EngineError, MissingExtraError, ScorerError
from vqa_builder.languages.base import known_languages
from vqa_builder.quality.scorers._qe_workers import Pair
from vqa_builder.translation.engines._endpoint import Answer, Ask, Chat, ChatOptions, halves
from vqa_builder.translation.engines._faults import Refused, Temporary
from vqa_builder.translation.engines._remote import Job, Reply, Report, in_parts
from vqa_builder.translation.engines.base import Failure
from vqa_builder.translation.request import batches


class JudgeOptions(ChatOptions):
    """What the spec may say under ``judge``."""

    items_per_request: int = Field(10, ge=1, le=100, description="pairs that travel in one request")


class Judge:
    """A model behind a chat endpoint, asked for numbers.

    Raises:
        MissingExtraError: httpx is not installed.
        ScorerError: there is no key.

    >>> judge = Judge(JudgeOptions(base_url="http://127.0.0.1:8000/v1", model="Qwen/Qwen3-8B"))
    >>> judge.signature.split("|")[0]
    'judge:Qwen/Qwen3-8B'
    >>> judge.scores([Pair("question", "Is it red?", "赤いですか？")], "ja")  # doctest: +SKIP
    [0.98]
    """

    def __init__(self, options: JudgeOptions) -> None:
        if importlib.util.find_spec("httpx") is None:
            raise MissingExtraError("The judge of the scorer qe", "httpx", "openai")
        self.options = options
        with as_scorer_error("The judge of the scorer qe cannot be asked"):
            self._chat = Chat(options)

    @property
    def signature(self) -> str:
        """Model, rubric and decoding; not the endpoint."""
        chosen = self.options
        rest = json.dumps(chosen.extra, sort_keys=True)
        parts = {
            "judge": chosen.model,
            "rubric": _digest(rubric()),
            "temperature": chosen.temperature,
            "seed": chosen.seed,
            "items": chosen.items_per_request,
            "extra": _digest(rest),
        }
        return "|".join(f"{key}:{value}" for key, value in parts.items())

    def scores(self, pairs: Sequence[Pair], language: str) -> list[float | None]:
        """One score from 0 to 1 per pair; None where the model gave none.

        Raises:
            ScorerError: the endpoint cannot be used any more.
        """
        found: list[float | None] = [None] * len(pairs)
        system = rubric().replace("{language}", known_languages()[language][0])

        async def work(report: Report) -> None:
            async with self._chat.asking(_response_format) as ask:

                async def send(job: Job) -> Reply:
                    return await _judged(ask, system, job, [pairs[at] for at in job])

                jobs = [tuple(some) for some in batches(range(len(pairs)), self.options.items_per_request)]
                await self._chat.dispatcher.work(jobs, send, report)

        with as_scorer_error("The judge of the scorer qe cannot go on"):
            for part in in_parts(work):
                for at, result in part:
                    found[at] = None if isinstance(result, Failure) else float(result)
        return found

    def close(self) -> None:
        """Nothing stays open."""


def rubric() -> str:
    """What the judge is told, with ``{language}`` for the name of the target language."""
    return resources.files("vqa_builder.quality.scorers").joinpath("qe_rubric.md").read_text(encoding="utf-8")


class _Item(msgspec.Struct):
    id: int
    score: float


class _Items(msgspec.Struct):
    items: list[_Item]


async def _judged(ask: Ask, system: str, job: Job, pairs: Sequence[Pair]) -> Reply:
    asked = [{"id": number, **pair._asdict()} for number, pair in enumerate(pairs, 1)]
    user = json.dumps({"items": asked}, ensure_ascii=False)
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    try:
        answer = await ask(messages)
    except Refused:
        if len(job) > 1:
            return Reply([], halves(job))
        raise
    scores = _trusted(answer, len(job))
    if scores is not None:
        return Reply([(at, repr(score / 100)) for at, score in zip(job, scores, strict=True)])
    if len(job) > 1:
        return Reply([], halves(job))
    if answer.refusal or answer.finish == "content_filter":
        return Reply([(job[0], Failure("the model refused"))])
    raise Temporary("a reply without the score that was asked for")


def _trusted(answer: Answer, count: int) -> list[float] | None:
    """The numbers of a reply that holds exactly the items asked, in their order; else None."""
    content = answer.content.rpartition("</think>")[2]
    try:
        items = msgspec.json.decode(content[content.find("{") : content.rfind("}") + 1], type=_Items).items
    except msgspec.DecodeError:
        return None
    whole = [item.id for item in items] == [*range(1, count + 1)]
    if not whole or not all(0 <= item.score <= 100 for item in items):
        return None
    return [item.score for item in items]


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

    item = closed(id={"type": "integer"}, score={"type": "integer"})
    schema = closed(items={"type": "array", "items": item})
    named = {"name": "scores", "strict": True, "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@contextmanager
def as_scorer_error(problem: str) -> Iterator[None]:
    """What an endpoint has to say, as an error of the scorer that asked it."""
    try:
        yield
    except EngineError as error:
        told = ScorerError(f"{problem}: {error.problem}")
        told.details = error.details
        raise told from error
