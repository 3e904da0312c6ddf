"""A model behind a chat endpoint: requests in OpenAI's protocol, whole or streamed, and what they used."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from pydantic import Field

from vqa_builder.translation.engines._faults import (
    HttpReply,
    Refused,
    Secrets,
    Temporary,
    fetch,
    new_client,
    out_of_quota,
    trouble_of,
)
from vqa_builder.translation.engines._remote import Dispatcher, HttpAddress, Job, RemoteOptions
from vqa_builder.translation.engines.base import Stopped

SERVICE = "The chat endpoint"
OPENAI = "https://api.openai.com/v1"
MOST_TOKENS = 10_000_000
WARMTH = 0.2
WEAKER = {"schema": "object", "object": "plain"}
_SURROGATE = re.compile("[\ud800-\udfff]")
USED_UP = {"insufficient_quota", "billing_hard_limit_reached"}


class ChatOptions(RemoteOptions):
    """What the spec may say of a model behind a chat endpoint."""

    base_url: HttpAddress | None = Field(
        None, description=f"address of the endpoint up to /v1; {OPENAI} if not given"
    )
    model: str = Field(min_length=1, description="name of the model, as the endpoint knows it")
    key_variable: str = Field(
        "OPENAI_API_KEY", description="environment variable that holds the key; may be unset with a base_url"
    )
    concurrency: int = Field(8, ge=1, le=1000, description="requests at once, never more")
    timeout: float = Field(120.0, gt=0, description="seconds that a whole reply may take")
    temperature: float | None = Field(0.0, ge=0, description="null sends none, which some models want")
    seed: int | None = Field(None, description="sent if given; most endpoints then repeat their replies")
    max_tokens: int | None = Field(
        None, ge=1, description="most tokens of a reply; the endpoint's if not given"
    )
    json_mode: Literal["schema", "object", "plain"] = Field(
        "schema",
        description="response_format to begin with; a weaker one is taken if the endpoint refuses it",
    )
    extra: dict[str, Any] = Field(
        default_factory=dict, description="further fields of each request: {reasoning_effort: low}"
    )


@dataclass
class Usage:
    """What an engine used so far, in tokens as the endpoint counts them.

    Attributes:
        requests: sent, failed ones included.
        prompt_tokens, completion_tokens: of all replies, those that could not be used included.
        counted, uncounted: replies that said what they used, and that did not.
    """

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    counted: int = 0
    uncounted: int = 0

    @property
    def tokens(self) -> tuple[int, int] | None:
        """Prompt and completion tokens, uncounted replies taken as the mean; None if none was counted."""
        if not self.counted:
            return None
        replies = self.counted + self.uncounted
        return self.prompt_tokens * replies // self.counted, self.completion_tokens * replies // self.counted

    def add(self, tokens: Any) -> None:
        """Count the ``usage`` of one reply, if it has one that can be meant."""
        counts = tokens if isinstance(tokens, dict) else {}
        prompt, completion = (counts.get(name) or 0 for name in ("prompt_tokens", "completion_tokens"))
        if not all(type(count) is int and 0 <= count <= MOST_TOKENS for count in (prompt, completion)):
            prompt = 0
        if not prompt:
            self.uncounted += 1
            return
        self.counted += 1
        self.prompt_tokens += prompt
        self.completion_tokens += completion


class Answer(NamedTuple):
    """What a model said: the text, its refusal if it refused, and why it ended (``stop``, ``length``)."""

    content: str
    refusal: str = ""
    finish: str = ""


Messages: TypeAlias = list[dict[str, Any]]


class Ask(Protocol):
    """Ask a model; ``attempt`` counts the answers to the same messages that could not be used."""

    def __call__(self, messages: Messages, attempt: int = 0) -> Awaitable[Answer]: ...


class Chat:
    """A model to ask: its key and decoding, and the strongest ``response_format`` that its endpoint takes.

    Args:
        options: of the model.
        further: fields of every request.

    Raises:
        EngineError: there is no key, and no endpoint of one's own.
    """

    def __init__(self, options: ChatOptions, further: Mapping[str, Any] | None = None) -> None:
        self.secrets = Secrets()
        own = options.base_url is not None
        key = self.secrets.read(options.key_variable, SERVICE, optional=own)
        self.dispatcher = Dispatcher(options, SERVICE)
        self._endpoint = Endpoint(options.base_url or OPENAI, key, options.timeout, self.secrets)
        self._json_mode: str = options.json_mode
        optional = {name: getattr(options, name) for name in ("temperature", "seed", "max_tokens")}
        self._fixed = {
            "model": options.model,
            **{name: value for name, value in optional.items() if value is not None},
            **(further or {}),
            **options.extra,
        }

    @property
    def usage(self) -> Usage:
        """What was used so far."""
        return self._endpoint.usage

    @asynccontextmanager
    async def asking(self, response_format: Callable[[str], Mapping[str, Any]]) -> AsyncIterator[Ask]:
        """Open what requests need; gives a function from messages to an answer, for any number at once.

        Args:
            response_format: the fields of a request that ask for JSON, by ``json_mode``.
        """
        # A client for each request under way: one for all looks through all its connections every time.
        idle: list[Any] = []
        async with AsyncExitStack() as clients:

            async def ask(messages: Messages, attempt: int = 0) -> Answer:
                client = idle.pop() if idle else await clients.enter_async_context(self._endpoint.client())
                try:
                    return await self._ask(client, messages, response_format, self._varied(attempt))
                finally:
                    idle.append(client)

            yield ask

    def _varied(self, attempt: int) -> dict[str, Any]:
        """What makes a further attempt differ from those before: at temperature 0 it would repeat them."""
        if not attempt:
            return {}
        warmth = self._fixed.get("temperature")
        warmer = {} if warmth is None else {"temperature": max(warmth, min(1.0, round(WARMTH * attempt, 1)))}
        return {"seed": (self._fixed.get("seed") or 0) + attempt, **warmer}

    async def _ask(
        self,
        client: Any,
        messages: Messages,
        response_format: Callable[[str], Mapping[str, Any]],
        varied: Mapping[str, Any],
    ) -> Answer:
        """One answer; a second request only where the endpoint refuses the ``response_format``."""
        while True:
            mode = self._json_mode
            body = {"messages": messages, **response_format(mode), **self._fixed, **varied}
            try:
                return await self._endpoint.ask(client, body)
            except Refused as refusal:
                said = refusal.reason.lower()
                if mode == "plain" or not any(word in said for word in ("response_format", "schema")):
                    raise
                if self._json_mode == mode:
                    self._json_mode = WEAKER[mode]


def halves(job: Job) -> list[Job]:
    """A job in two, a single item as it is, nothing for nothing."""
    middle = (len(job) + 1) // 2
    return [half for half in (job[:middle], job[middle:]) if half]


class Endpoint:
    """Where requests go.

    Args:
        base_url: up to ``/v1``.
        key: "" for none.
        timeout: seconds that a whole reply may take.
        secrets: what to keep out of messages.
    """

    def __init__(self, base_url: str, key: str, timeout: float, secrets: Secrets) -> None:
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._timeout, self._secrets = timeout, secrets
        self.usage = Usage()

    def client(self) -> AbstractAsyncContextManager[Any]:
        """An ``httpx.AsyncClient`` for one request at a time."""
        import httpx

        made: AbstractAsyncContextManager[Any] = new_client(
            headers=self._headers,
            timeout=self._timeout,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
            verify=self._certificates,
        )
        return made

    @cached_property
    def _certificates(self) -> Any:
        """Those to trust; reading them takes longer than a short request."""
        import httpx

        return httpx.create_ssl_context()

    async def ask(self, client: Any, body: Mapping[str, Any]) -> Answer:
        """Send one request and read its reply.

        Raises:
            Temporary, Refused, Stopped: there is no answer.
        """
        self.usage.requests += 1
        reply = await fetch(client, "POST", self._url, self._timeout, self._secrets, json=body)
        if not reply.is_good:
            raise self._trouble(reply.status, reply.json, reply.headers.get("Retry-After"))
        try:
            if "text/event-stream" in reply.headers.get("Content-Type", ""):
                return self._streamed(reply.text)
            return self._whole(reply)
        except (LookupError, TypeError, AttributeError, ValueError, RecursionError):
            raise Temporary("a reply without a message", of_service=False) from None

    def _whole(self, reply: HttpReply) -> Answer:
        data = reply.json
        if data is None:
            page = reply.text.lstrip()[:1] == "<"
            raise Temporary("a web page instead of JSON" if page else "no JSON", everyone=page)
        self._check(data)
        self.usage.add(data.get("usage"))
        choice = data["choices"][0]
        message = choice["message"]
        return Answer(
            content=_text(message.get("content")),
            refusal=str(message.get("refusal") or ""),
            finish=str(choice.get("finish_reason") or ""),
        )

    def _streamed(self, text: str) -> Answer:
        content, refusal, finish = "", "", ""
        tokens: Any = None
        for line in text.splitlines():
            field, _, value = line.partition(":")
            if field != "data" or value.strip() in ("", "[DONE]"):
                continue
            event = json.loads(value)
            self._check(event)
            tokens = event.get("usage") or tokens
            for choice in event.get("choices") or ():
                delta = choice.get("delta") or {}
                content += _text(delta.get("content"))
                refusal += str(delta.get("refusal") or "")
                finish = str(choice.get("finish_reason") or finish)
        self.usage.add(tokens)
        if not finish:
            raise Temporary("a stream that breaks off")
        return Answer(content, refusal, finish)

    def _check(self, data: Any) -> None:
        """Raise what a 200 hides: gateways put errors of the service behind them into a good reply."""
        if not isinstance(data, dict):
            raise Temporary("a reply without a message", of_service=False)
        if data.get("error"):
            error = data["error"]
            code = error.get("code") if isinstance(error, dict) else None
            raise self._trouble(code if isinstance(code, int) and code >= 400 else 500, data, None)

    def _trouble(self, status: int, data: Any, retry_after: str | None) -> Temporary | Refused | Stopped:
        error = data.get("error", data.get("detail", data)) if isinstance(data, dict) else {}
        said = error.get("message") if isinstance(error, dict) else error
        message = self._secrets.scrub(str(said or ""))
        if isinstance(error, dict) and USED_UP & {str(error.get("code")), str(error.get("type"))}:
            return out_of_quota(SERVICE, f"{status}: {message}")
        return trouble_of(SERVICE, status, message, retry_after)


def _text(content: Any) -> str:
    """The text of a message, which may come in parts; half surrogates in it are U+FFFD."""
    if isinstance(content, list):
        content = "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return _SURROGATE.sub("\ufffd", content) if isinstance(content, str) else ""
