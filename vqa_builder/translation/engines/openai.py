"""Any chat endpoint that speaks OpenAI's protocol: vLLM, SGLang, llama.cpp, Ollama, or a paid API."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cached_property, partial
from typing import ClassVar, Literal

from pydantic import Field

from vqa_builder.errors import EngineError, MissingExtraError
from vqa_builder.languages.base import known_languages
from vqa_builder.pictures import thumbnail
from vqa_builder.translation.engines import _chat
from vqa_builder.translation.engines._endpoint import Answer, Chat, ChatOptions, Usage, halves
from vqa_builder.translation.engines._faults import Refused, Temporary, is_echo
from vqa_builder.translation.engines._remote import Job, RemoteEngine, Reply, Send
from vqa_builder.translation.engines.base import Failure, Page
from vqa_builder.translation.request import SENSE, Request, batches, sighted


class OpenAIOptions(ChatOptions):
    """What the spec may say."""

    items_per_request: int = Field(20, ge=1, le=500, description="texts that travel in one request")
    style: str = Field("", description="rules for the prompt: politeness, terms, script")
    repeat_texts: bool = Field(
        True,
        description="have each text repeated beside its translation, so that swapped items show;"
        " costs about as many output tokens as the texts have",
    )
    stream: bool = Field(
        False, description="read replies as they are written: for gateways that cut long waits"
    )
    images: Literal["ambiguous", "always"] | None = Field(
        None,
        description="send pictures of rows, to a model that sees: with answers whose sense the question does"
        " not tell, or with all answers of several senses; left out, no picture is sent",
    )
    image_side: int = Field(
        768, ge=64, le=4096, description="pixels of the longer side of pictures that are sent; larger shrink"
    )
    licence: str = Field("the terms of the model and of whoever serves it", description="for cards")


class OpenAI(RemoteEngine):
    """A language model behind a chat endpoint, asked for many texts at once.

    Install ``pip install 'vqa-builder[openai]'``. The key stands in ``OPENAI_API_KEY`` (or ``key_variable``);
    a server of one's own needs none. Limits are those of the endpoint: set ``concurrency`` and
    ``requests_per_second`` to what it allows. Output: the terms of the model and its provider; say under
    ``licence`` what the card should repeat.

    A reply with missing, extra, repeated or swapped items, or with no translation for one, is never guessed
    at: what is certain is kept, the rest is asked again in halves, down to single texts, and these with
    another seed and a little warmth. Contexts travel
    with their texts, so that ``orange`` after "What colour is it?" is no fruit; so do the glossary's terms.
    With ``images`` a model that sees is shown the picture where the question does not tell which sense of an
    answer is meant (needs Pillow).

    Example::

        translate:
          engine:
            type: openai
            base_url: http://127.0.0.1:8000/v1
            model: Qwen/Qwen3-8B
            extra: {chat_template_kwargs: {enable_thinking: false}}
    """

    name: ClassVar[str] = "openai"
    summary: ClassVar[str] = "any OpenAI-compatible chat endpoint: vLLM, SGLang, llama.cpp, paid APIs"
    uses_context: ClassVar[bool] = True
    takes_terms: ClassVar[bool] = True
    page: ClassVar[Page] = Page(
        install="pip install 'vqa-builder[openai]'",
        keys=("OPENAI_API_KEY",),
        limits="those of the endpoint: concurrency (8), requests_per_second, items_per_request (20)",
        output="the terms of the model and of whoever serves it; say them under `licence`",
        languages="those of the model; ISO 639 codes",
    )
    Options = OpenAIOptions
    options: OpenAIOptions
    pictures: Callable[[str], bytes | None] | None = None
    """Gives a picture by its SHA-256; set by the build that asks about senses."""

    def __init__(self, options: OpenAIOptions) -> None:
        if importlib.util.find_spec("httpx") is None:
            raise MissingExtraError("The engine openai", "httpx", "openai")
        self.options, self.licence = options, options.licence
        streaming = {"stream": True, "stream_options": {"include_usage": True}}
        self._chat = Chat(options, streaming if options.stream else {})
        self._dispatcher = self._chat.dispatcher

    @property
    def images(self) -> str | None:
        """Which answers it may be shown the pictures of; None for none."""
        return self.options.images

    @property
    def usage(self) -> Usage:
        """What it used so far."""
        return self._chat.usage

    @property
    def tokens(self) -> tuple[int, int] | None:
        """What the endpoint has counted; replies that do not say count as the mean of the others."""
        return self.usage.tokens

    @cached_property
    def signature(self) -> str:
        """Model, prompt and decoding; neither the endpoint nor what only makes it faster."""
        chosen = self.options
        settled = json.dumps([chosen.style.strip(), chosen.extra, chosen.repeat_texts], sort_keys=True)
        seen = [f"image_side:{chosen.image_side}"] if chosen.images else []
        return "|".join(
            [
                self.name,
                f"model:{chosen.model}",
                f"prompt:{_chat.PROMPT_VERSION}",
                f"temperature:{chosen.temperature}",
                f"seed:{chosen.seed}",
                f"style:{hashlib.sha256(settled.encode()).hexdigest()[:12]}",
                *seen,
            ]
        )

    def check_direction(self, source: str, target: str) -> None:
        """Raise ``EngineError`` for a language without a name, or from a language to itself."""
        known = known_languages()
        if source not in known or target not in known or source == target:
            raise EngineError(
                f"The engine openai cannot translate from {source} to {target}",
                expected="two ISO 639 codes, such as en and ja",
                found=f"{source}-{target}",
            )

    def _jobs(self, request: Request) -> list[Job]:
        size = 1 if request.role == SENSE else self.options.items_per_request
        return [tuple(some) for some in batches(range(len(request)), size)]

    @asynccontextmanager
    async def _connect(self, request: Request) -> AsyncIterator[Send]:
        chosen = self.options
        unusable: Counter[Job] = Counter()

        async def send(job: Job) -> Reply:
            asked = request.take(job)
            if request.role == SENSE:
                picture = self._picture(asked)
                if picture is None:
                    return Reply([(job[0], Failure("the picture cannot be read"))])
                messages = _chat.sense_messages(asked, picture, repeat=chosen.repeat_texts)
            else:
                messages = _chat.messages(asked, chosen.style, repeat=chosen.repeat_texts)
            try:
                return self._reply(job, asked.texts, await ask(messages, unusable[job]))
            except Refused:
                if len(job) > 1:
                    return Reply([], halves(job))
                raise
            except Temporary as trouble:
                unusable[job] += not trouble.of_service
                raise

        async with self._chat.asking(partial(_chat.response_format, repeat=chosen.repeat_texts)) as ask:
            yield send

    def _picture(self, asked: Request) -> str | None:
        """What is sent of a picture, never larger than the spec allows; nothing without the setting."""
        if self.pictures is None or self.options.images is None:
            return None
        data = self.pictures(sighted(next(iter(asked.contexts or [""]))).picture)
        return thumbnail(data, self.options.image_side) if data else None

    def _reply(self, job: Job, asked: Sequence[str], answer: Answer) -> Reply:
        """What of an answer counts, and what must be asked again."""
        failure = None
        if answer.refusal or answer.finish == "content_filter":
            failure = f"the model refused: {answer.refusal or answer.finish}"
        elif answer.finish == "length":
            failure = "the reply was cut off for its length"
        if failure is not None:
            if len(job) > 1:
                return Reply([], halves(job))
            return Reply([(job[0], Failure(self._chat.secrets.scrub(failure)))])
        try:
            found = _chat.trusted(answer.content, asked, repeat=self.options.repeat_texts)
        except _chat.Unusable as problem:
            if len(job) == 1:
                raise Temporary(self._chat.secrets.scrub(str(problem)), of_service=False) from None
            return Reply([], halves(job))
        results = [
            (job[at], Failure("echo") if is_echo(asked[at], translation) else translation)
            for at, translation in found.items()
        ]
        return Reply(results, halves(tuple(place for at, place in enumerate(job) if at not in found)))
