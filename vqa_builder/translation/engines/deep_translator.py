"""Web services of the package deep-translator, made polite, patient and safe to run for hours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import cached_property
from importlib import metadata
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from vqa_builder.errors import EngineError
from vqa_builder.languages.base import known_languages
from vqa_builder.translation.engines._faults import (
    HttpReply,
    Secrets,
    Temporary,
    fetch,
    is_echo,
    new_client,
    trouble_of,
)
from vqa_builder.translation.engines._remote import Dispatcher, Job, RemoteEngine, RemoteOptions, Reply, Send
from vqa_builder.translation.engines._web_services import SERVICES, UNSUPPORTED, Asked
from vqa_builder.translation.engines.base import Failure, Page
from vqa_builder.translation.request import Request


class DeepTranslatorOptions(RemoteOptions):
    """What the spec may say."""

    provider: Literal["google", "mymemory", "libre", "deepl", "microsoft", "baidu"] = Field(
        description="the service"
    )
    key_variables: dict[str, str] = Field(
        default_factory=dict,
        description="environment variables that hold the keys, where they are not the usual ones:"
        " {api_key: MY_DEEPL_KEY}",
    )
    region: str | None = Field(None, description="region of the key (microsoft only)")

    @field_validator("provider", mode="before")
    @classmethod
    def _supported(cls, provider: object) -> object:
        if reason := UNSUPPORTED.get(str(provider)):
            raise ValueError(f"{provider} is not supported: {reason}")
        return provider


class DeepTranslator(RemoteEngine):
    """One text per request to a web service.

    Installed with vqa-builder itself. The package deep-translator knows the languages of each; they are
    asked directly, since it puts keys into addresses, reads replies without end and loses what services
    say. An address of one's own (``base_url``) replaces the service's; for libre it also makes the key
    optional.

    ========== =================================== ======== ========== ===========
    provider   keys, from the environment          requests characters languages
                                                   / second per text
    ========== =================================== ======== ========== ===========
    google     none                                2        4,999      ja, hi
    mymemory   none                                2        499        ja, hi
    libre      LIBRE_API_KEY                       5        2,000      ja, hi
    deepl      DEEPL_API_KEY                       5        30,000     ja
    microsoft  MICROSOFT_API_KEY, option region    10       50,000     ja, hi
    baidu      BAIDU_APPID, BAIDU_APPKEY           1        2,000      ja
    ========== =================================== ======== ========== ===========

    Not supported: chatgpt (the engine openai asks it for many texts at once), yandex and papago (the
    interfaces that the package asks have been closed).

    Output: each service has terms of its own, which the card repeats; google reads the public web page, which
    is good for a trial and not for a release. Services change their models without a word, so that the same
    string need not give the same translation twice; the memory keeps the first.

    Example::

        translate:
          engine: {type: deep_translator, provider: libre, base_url: "http://127.0.0.1:5000/"}
    """

    name: ClassVar[str] = "deep_translator"
    summary: ClassVar[str] = "web services: Google, MyMemory, LibreTranslate, DeepL, Microsoft, Baidu"
    page: ClassVar[Page] = Page(
        install="pip install vqa-builder",
        limits="one text per request; each service has a rate and a length of its own",
        output="the terms of the service, which the card repeats",
        languages="those of the service",
    )
    services: ClassVar[Mapping[str, Page]] = {name: service.page for name, service in SERVICES.items()}
    Options = DeepTranslatorOptions
    options: DeepTranslatorOptions

    def __init__(self, options: DeepTranslatorOptions) -> None:
        self.options = options
        self._service = service = SERVICES[options.provider]
        self.licence = service.terms
        self._secrets = Secrets()
        if unknown := sorted(set(options.key_variables) - set(service.keys)):
            raise EngineError(
                f"{service.title} has no such key",
                expected=", ".join(service.keys) or "no key_variables",
                found=", ".join(unknown),
            )
        own_server = options.provider == "libre" and options.base_url is not None
        self._keys = {
            name: self._secrets.read(
                options.key_variables.get(name, variable), service.title, optional=own_server
            )
            for name, variable in service.keys.items()
        }
        self._dispatcher = Dispatcher(options, service.title, service.per_second)

    @cached_property
    def signature(self) -> str:
        """The service, the package's version and that of our rules; no address, no limits."""
        version = metadata.version("deep-translator")
        return f"{self.name}|provider:{self.options.provider}|package:{version}|rules:{self._service.version}"

    def check_direction(self, source: str, target: str) -> None:
        """Raise ``EngineError`` if the service has not both languages."""
        for code in (source, target):
            if self._code(code) is None or source == target:
                raise EngineError(
                    f"{self._service.title} cannot translate from {source} to {target}",
                    expected="two of its languages",
                    found=code,
                    remedy="name an engine for this direction: vqa-builder list engines",
                )

    def _jobs(self, request: Request) -> list[Job]:
        return [(place,) for place in range(len(request))]

    @asynccontextmanager
    async def _connect(self, request: Request) -> AsyncIterator[Send]:
        service = self._service
        source = str(self._code(request.source))
        target = service.target_codes.get(request.target, str(self._code(request.target)))

        async def send(job: Job) -> Reply:
            (place,) = job
            text = request.texts[place]
            if len(text) > service.longest or len(text.encode()) > service.longest_bytes:
                failure = Failure(f"{len(text)} characters, more than {service.title} takes")
                return Reply([(place, failure)])
            answer = await ask(Asked(text, source, target, self._keys, self.options.region))
            return Reply([(place, _result(text, answer))])

        async with self._asking() as ask:
            yield send

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[Callable[[Asked], Any]]:
        """A function that asks the service for one text."""
        import httpx

        service, timeout = self._service, self.options.timeout
        url = service.url(self._keys)
        if self.options.base_url is not None:
            own = self.options.base_url.rstrip("/")
            url = own if own.endswith(f"/{url.rpartition('/')[2]}") else f"{own}/{url.rpartition('/')[2]}"
        limits = httpx.Limits(max_keepalive_connections=self.options.concurrency)
        async with new_client(timeout=timeout, limits=limits) as client:

            async def ask(asked: Asked) -> object:
                content = service.request(asked)
                reply = await fetch(client, service.method, url, timeout, self._secrets, **content)
                return self._answer(reply)

            yield ask

    def _answer(self, reply: HttpReply) -> object:
        """What a reply holds; raises ``Temporary``, ``Refused`` or ``Stopped`` if that is no translation."""
        service, status, said = self._service, reply.status, ""
        page = reply.text.lstrip()[:1] == "<"
        with suppress(LookupError, TypeError, AttributeError, ValueError):
            status, said = service.status_of(status, None if page else reply.json)
        if not 200 <= status < 300:
            after = reply.headers.get("Retry-After")
            raise trouble_of(service.title, status, self._secrets.scrub(said), after)
        try:
            return service.answer(reply)
        except (LookupError, TypeError, AttributeError, ValueError):
            captcha = "a web page without a translation, perhaps a captcha"
            raise Temporary(captcha if page else "a reply without a translation", everyone=page) from None

    def _code(self, iso: str) -> str | None:
        """The service's code of a language; None if it does not have it."""
        if iso in self._service.codes:
            return self._service.codes[iso]
        if not self._service.languages:
            return iso if iso in known_languages() else None
        from deep_translator import constants

        codes = list(getattr(constants, self._service.languages).values())
        return next((code for code in codes if code == iso or code.startswith(f"{iso}-")), None)


def _result(text: str, answer: object) -> str | Failure:
    """What a service's answer amounts to."""
    if not isinstance(answer, str) or not answer.strip():
        return Failure("no translation")
    return Failure("echo") if is_echo(text, answer) else answer
