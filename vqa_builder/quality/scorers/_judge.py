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
from contextlib import AsyncExitStack, contextmanager
from importlib import resources
from typing import Any, Literal

import msgspec
from pydantic import Field

from vqa_builder.errors import EngineError, MissingExtraError, ScorerError
from vqa_builder.languages.base import known_languages
from vqa_builder.quality.scorers._qe_workers import Pair
from vqa_builder.translation.batches import batches
from vqa_builder.translation.engines._endpoint import SERVICE, Answer, Endpoint
from vqa_builder.translation.engines._faults import Refused, Secrets, Temporary
from vqa_builder.translation.engines._remote import Job, Line, RemoteOptions, Reply, Report, in_parts
from vqa_builder.translation.engines.base import Failure

OPENAI = "https://api.openai.com/v1"
WEAKER = {"schema": "object", "object": "plain"}


class JudgeOptions(RemoteOptions):
    """What the spec may say under ``judge``."""

    base_url: str | None = Field(None, description=f"address up to /v1; {OPENAI} if not given")
    model: str = Field(min_length=1, description="name of the model, as the endpoint knows it")
    key_variable: str = Field(
        "OPENAI_API_KEY", description="environment variable that holds the key; may be unset with a base_url"
    )
    items_per_request: int = Field(10, ge=1, le=100, description="pairs that travel in one request")
    concurrency: int = Field(8, ge=1, le=1000, description="requests at once, never more")
    timeout: float = Field(120.0, gt=0, description="seconds that a whole reply may take")
    temperature: float | None = Field(0.0, ge=0, description="null sends none, which some models want")
    seed: int | None = Field(None, description="sent if given")
    max_tokens: int | None = Field(None, ge=1, description="most tokens of a reply")
    json_mode: Literal["schema", "object", "plain"] = Field(
        "schema", description="response_format to begin with; a weaker one is taken if it is refused"
    )
    extra: dict[str, Any] = Field(default_factory=dict, description="further fields of each request")


class Judge:
    """A model behind a chat endpoint, asked for numbers.

    Raises:
        MissingExtraError: httpx is not installed.
        ScorerError: there is no key.

    Example::

        judge = Judge(JudgeOptions(base_url="http://127.0.0.1:8000/v1", model="Qwen/Qwen3-8B"))
        judge.scores([Pair("question", "Is it red?", "赤いですか？")], "ja")  # [0.98]
    """

    def __init__(self, options: JudgeOptions) -> None:
        if importlib.util.find_spec("httpx") is None:
            raise MissingExtraError("The judge of the scorer qe", "httpx", "openai")
        self.options = options
        self._secrets = Secrets()
        with as_scorer_error("The judge of the scorer qe cannot be asked"):
            key = self._secrets.read(options.key_variable, SERVICE, optional=options.base_url is not None)
        self._endpoint = Endpoint(options.base_url or OPENAI, key, options.timeout, self._secrets)
        self._line = Line(options, SERVICE)
        self._json_mode: str = options.json_mode

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
            async with AsyncExitStack() as clients:
                idle: list[Any] = []

                async def send(job: Job) -> Reply:
                    client = (
                        idle.pop() if idle else await clients.enter_async_context(self._endpoint.client())
                    )
                    try:
                        return await self._judged(client, system, job, [pairs[at] for at in job])
                    finally:
                        idle.append(client)

                jobs = [tuple(some) for some in batches(range(len(pairs)), self.options.items_per_request)]
                await self._line.work(jobs, send, report)

        with as_scorer_error("The judge of the scorer qe cannot go on"):
            for part in in_parts(work):
                for at, result in part:
                    found[at] = None if isinstance(result, Failure) else float(result)
        return found

    def close(self) -> None:
        """Nothing stays open."""

    async def _judged(self, client: Any, system: str, job: Job, pairs: Sequence[Pair]) -> Reply:
        asked = [{"id": number, **pair._asdict()} for number, pair in enumerate(pairs, 1)]
        user = json.dumps({"items": asked}, ensure_ascii=False)
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        try:
            answer = await self._ask(client, messages)
        except Refused:
            if len(job) > 1:
                return Reply([], _halves(job))
            raise
        scores = _trusted(answer, len(job))
        if scores is not None:
            return Reply([(at, repr(score / 100)) for at, score in zip(job, scores, strict=True)])
        if len(job) > 1:
            return Reply([], _halves(job))
        if answer.refusal or answer.finish == "content_filter":
            return Reply([(job[0], Failure("the model refused"))])
        raise Temporary("a reply without the score that was asked for")

    async def _ask(self, client: Any, messages: list[dict[str, str]]) -> Answer:
        while True:
            mode = self._json_mode
            try:
                return await self._endpoint.ask(client, self._body(messages, mode))
            except Refused as refusal:
                said = refusal.reason.lower()
                if mode == "plain" or not any(word in said for word in ("response_format", "schema")):
                    raise
                if self._json_mode == mode:
                    self._json_mode = WEAKER[mode]

    def _body(self, messages: list[dict[str, str]], mode: str) -> dict[str, Any]:
        chosen = self.options
        optional = {"temperature": chosen.temperature, "seed": chosen.seed, "max_tokens": chosen.max_tokens}
        return {
            "model": chosen.model,
            "messages": messages,
            **{name: value for name, value in optional.items() if value is not None},
            **_response_format(mode),
            **chosen.extra,
        }


def rubric() -> str:
    """What the judge is told, with ``{language}`` for the name of the target language."""
    return resources.files("vqa_builder.quality.scorers").joinpath("qe_rubric.md").read_text(encoding="utf-8")


class _Item(msgspec.Struct):
    id: int
    score: float


class _Items(msgspec.Struct):
    items: list[_Item]


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


def _halves(job: Job) -> list[Job]:
    middle = (len(job) + 1) // 2
    return [half for half in (job[:middle], job[middle:]) if half]


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
