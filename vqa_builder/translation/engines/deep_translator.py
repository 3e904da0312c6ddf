"""Web services of the package deep-translator, made polite, patient and safe to run for hours."""

from __future__ import annotations

import asyncio
import threading
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
    is_echo,
    out_of_quota,
    post,
    root_of,
    trouble_of,
)
from vqa_builder.translation.engines._remote import Dispatcher, Job, RemoteEngine, RemoteOptions, Reply, Send
from vqa_builder.translation.engines._web_services import SERVICES, UNSUPPORTED, Asked
from vqa_builder.translation.engines.base import Failure, Page
from vqa_builder.translation.request import Request

VERSION = 1  # raised by whoever changes what an answer of a service becomes


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

    Installed with vqa-builder itself. google and mymemory are asked through the package deep-translator; the
    others directly, since the package would put keys into addresses and lose what the service says. An
    address of one's own (``base_url``) replaces the service's; for libre it also makes the key optional.

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
        """The service and the package's version; no address, no limits."""
        version = metadata.version("deep-translator")
        return f"{self.name}|provider:{self.options.provider}|package:{version}|rules:{VERSION}"

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

        async with self._through_package() if service.translator else self._through_httpx() as ask:
            yield send

    @asynccontextmanager
    async def _through_httpx(self) -> AsyncIterator[Callable[[Asked], Any]]:
        """Ask the service itself."""
        import httpx

        service, timeout = self._service, self.options.timeout
        url = service.url(self._keys)
        if self.options.base_url is not None:
            own = self.options.base_url.rstrip("/")
            url = own if own.endswith(f"/{url.rpartition('/')[2]}") else f"{own}/{url.rpartition('/')[2]}"
        limits = httpx.Limits(max_keepalive_connections=self.options.concurrency)
        async with httpx.AsyncClient(timeout=timeout, limits=limits) as client:

            async def ask(asked: Asked) -> object:
                content = service.request(asked)
                return self._answer(await post(client, url, timeout, self._secrets, **content))

            yield ask

    def _answer(self, reply: HttpReply) -> object:
        """What a reply holds; raises ``Temporary``, ``Refused`` or ``Stopped`` if that is no translation."""
        service, status, said, body = self._service, reply.status, "", reply.json
        page = reply.text.lstrip()[:1] == "<"
        if not page:
            with suppress(LookupError, TypeError, AttributeError, ValueError):
                status, said = service.status_of(status, body)
        if not 200 <= status < 300:
            after = reply.headers.get("Retry-After")
            raise trouble_of(service.title, status, self._secrets.scrub(said), after)
        if page:
            raise Temporary("a web page without a translation, perhaps a captcha", everyone=True)
        try:
            return service.answer(body)
        except (LookupError, TypeError, AttributeError):
            raise Temporary("a reply without a translation") from None

    @asynccontextmanager
    async def _through_package(self) -> AsyncIterator[Callable[[Asked], Any]]:
        """Ask the service by its class in deep-translator, which knows no timeout: on threads to be left."""
        import deep_translator
        from deep_translator import exceptions

        kind = getattr(deep_translator, self._service.translator)

        def translated(asked: Asked) -> object:
            translator = kind(source=asked.source, target=asked.target)
            if self.options.base_url is not None:
                translator._base_url = self.options.base_url
            return translator.translate(asked.text)

        async def ask(asked: Asked) -> object:
            try:
                answer = await asyncio.wait_for(_on_a_thread(translated, asked), self.options.timeout)
            except TimeoutError:
                fault = Temporary(f"no answer within {self.options.timeout:g} s")
            except exceptions.TooManyRequests:
                fault = Temporary("too many requests (429)", everyone=True)
            except exceptions.TranslationNotFound:
                fault = Temporary("a web page without a translation, perhaps a captcha", everyone=True)
            except exceptions.RequestError:
                fault = Temporary("the service failed, or refuses access")
            except ValueError:
                fault = Temporary("no JSON")
            except OSError as error:  # what requests raises
                fault = Temporary(self._secrets.scrub(f"no connection ({root_of(error)})"))
            except Exception as error:
                fault = Temporary(f"a reply without a translation ({type(error).__name__})")
            else:
                if isinstance(answer, str) and "MYMEMORY WARNING" in answer:
                    raise out_of_quota(self._service.title, self._secrets.scrub(answer))
                if answer is None and not any(letter.isalnum() for letter in asked.text):
                    return asked.text  # the package's answer where the service gave a text back
                return answer
            raise fault

        yield ask

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


def _on_a_thread(function: Callable[[Asked], object], asked: Asked) -> asyncio.Future[object]:
    """Call a function on a thread of its own that nobody waits for, not even the end of the program."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[object] = loop.create_future()

    def settle(result: object, error: Exception | None) -> None:
        if not future.done():
            future.set_result(result) if error is None else future.set_exception(error)

    def call() -> None:
        result, problem = None, None
        try:
            result = function(asked)
        except Exception as error:
            problem = error
        with suppress(RuntimeError):  # the loop is closed: the call came too late
            loop.call_soon_threadsafe(settle, result, problem)

    threading.Thread(target=call, name="deep-translator", daemon=True).start()
    return future
