"""Web services through the package deep-translator, made polite, patient and safe to run for hours."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import cached_property
from importlib import metadata
from typing import Any, ClassVar, Literal

from pydantic import Field

from vqa_builder.errors import EngineError
from vqa_builder.languages.base import known_languages
from vqa_builder.translation.engines._faults import Refused, Secrets, Temporary, is_echo
from vqa_builder.translation.engines._remote import Job, Line, RemoteEngine, RemoteOptions, Reply, Send
from vqa_builder.translation.engines._web_services import SERVICES
from vqa_builder.translation.engines._wire import Wire, check_old_openai, through, use_in_old_openai
from vqa_builder.translation.engines.base import Failure, Page, Stopped
from vqa_builder.translation.request import Request

VERSION = 1  # raised by whoever changes what an answer of a service becomes


class DeepTranslatorOptions(RemoteOptions):
    """What the spec may say."""

    provider: Literal[
        "google", "mymemory", "libre", "deepl", "microsoft", "yandex", "papago", "baidu", "chatgpt"
    ] = Field(description="the service")
    key_variables: dict[str, str] = Field(
        default_factory=dict,
        description="environment variables that hold the keys, where they are not the usual ones:"
        " {api_key: MY_DEEPL_KEY}",
    )
    region: str | None = Field(None, description="region of the key (microsoft only)")
    model: str = Field("gpt-3.5-turbo", description="name of the model (chatgpt only)")


class DeepTranslator(RemoteEngine):
    """One text per request to a web service that deep-translator knows.

    Installed with vqa-builder itself; chatgpt also needs ``pip install 'openai<0.28'``. An address of one's
    own (``base_url``) replaces the service's; for libre it also makes the key optional.

    ========== ===================================== ======== ========== =============================
    provider   keys, from the environment            requests characters languages
                                                     / second per text
    ========== ===================================== ======== ========== =============================
    google     none                                  2        4,999      ja, hi
    mymemory   none                                  2        499        ja, hi
    libre      LIBRE_API_KEY                         5        2,000      ja, hi
    deepl      DEEPL_API_KEY                         5        30,000     ja
    microsoft  MICROSOFT_API_KEY, option ``region``  10       50,000     ja, hi
    yandex     YANDEX_API_KEY                        5        10,000     ja, hi
    papago     PAPAGO_CLIENT_ID, PAPAGO_SECRET_KEY   5        5,000      ja
    baidu      BAIDU_APPID, BAIDU_APPKEY             1        2,000      ja
    chatgpt    OPEN_API_KEY                          3        5,000      ja, hi
    ========== ===================================== ======== ========== =============================

    Output: each service has terms of its own, which the card repeats; google reads the public web page, which
    is good for a trial and not for a release. Services change their models without a word, so that the same
    string need not give the same translation twice; the memory keeps the first.

    Example::

        options = DeepTranslator.Options(provider="libre", base_url="http://127.0.0.1:5000/")
        with DeepTranslator(options) as engine:
            engine.translate(Request(["Is it red?"], "en", "ja"))
    """

    name: ClassVar[str] = "deep_translator"
    summary: ClassVar[str] = "web services: Google, MyMemory, LibreTranslate, DeepL, Microsoft and others"
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
        self_hosted = options.provider == "libre" and options.base_url is not None
        self._keys = {
            argument: self._secrets.read(
                options.key_variables.get(argument, variable),
                service.title,
                optional=self_hosted,
            )
            for argument, variable in service.keys.items()
        }
        if options.provider == "chatgpt":
            check_old_openai()
        self._line = Line(options, service.title, service.per_second)

    @cached_property
    def signature(self) -> str:
        """The service, the package's version and, for chatgpt, the model; no address, no limits."""
        model = f"|model:{self.options.model}" if self.options.provider == "chatgpt" else ""
        version = metadata.version("deep-translator")
        return f"{self.name}|provider:{self.options.provider}{model}|package:{version}|rules:{VERSION}"

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
        own, wires = threading.local(), list[Wire]()

        def ask(text: str) -> str | Failure:
            # One translator per thread: the package keeps the query on the object, and two threads
            # that share one swap their answers.
            if not hasattr(own, "translator"):
                wires.append(Wire(self._service, self.options.timeout, self._secrets))
                own.translator = self._translator(request.source, request.target, wires[-1])
            return self._ask(own.translator, text)

        async def send(job: Job) -> Reply:
            (place,) = job
            return Reply([(place, await loop.run_in_executor(threads, ask, request.texts[place]))])

        loop = asyncio.get_running_loop()
        threads = ThreadPoolExecutor(self.options.concurrency, thread_name_prefix=self.options.provider)
        try:
            yield send
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            for wire in wires:
                wire.close()

    def _ask(self, translator: Any, text: str) -> str | Failure:
        """One request, and what its answer amounts to."""
        service = self._service
        if len(text) > service.longest or len(text.encode()) > service.longest_bytes:
            return Failure(f"{len(text)} characters, more than {service.title} takes")
        try:
            answer = translator.translate(text)
        except (Temporary, Refused, Stopped):
            raise
        except Exception as error:
            fault = Temporary(f"a reply without a translation ({type(error).__name__})")
        else:
            return _result(text, answer)
        raise fault

    def _translator(self, source: str, target: str, wire: Wire) -> Any:
        """An object of the package for one thread."""
        import deep_translator

        chosen, service = self.options, self._service
        codes = {iso: str(self._code(iso)) for iso in (source, target)}
        kind = getattr(deep_translator, service.translator)
        more: dict[str, Any] = {name: value for name, value in self._keys.items() if value}
        if chosen.provider == "microsoft":
            # The package asks the network for the languages while it constructs.
            kind = type(kind.__name__, (kind,), {"_get_supported_languages": lambda self: codes})
            more["region"] = chosen.region
        elif chosen.provider == "libre":
            more = {"api_key": "none", "use_free_api": False} | more
        elif chosen.provider == "deepl":
            more["use_free_api"] = self._keys["api_key"].endswith(":fx")
        elif chosen.provider == "chatgpt":
            use_in_old_openai(wire, chosen.base_url)
            more["model"] = chosen.model
        translator = kind(source=codes[source], target=codes[target], **more)
        # The package turns Papago's codes into names, which the service does not know, and has but one
        # code where DeepL wants two.
        translator._source = codes[source]
        translator._target = service.target_codes.get(target, codes[target])
        if chosen.provider == "chatgpt":
            translator._target = known_languages()[target][0]
        elif chosen.base_url is not None:
            translator._base_url = _address(chosen.base_url, chosen.provider)
        elif chosen.provider == "libre":
            translator._base_url = "https://libretranslate.com/"
        return through(wire, translator)

    def _code(self, iso: str) -> str | None:
        """The service's code of a language; None if it does not have it."""
        if iso in self._service.codes:
            return self._service.codes[iso]
        if self._service.table is None:
            return iso if iso in known_languages() else None
        from deep_translator import constants

        codes = list(getattr(constants, self._service.table).values())
        return next((code for code in codes if code == iso or code.startswith(f"{iso}-")), None)


def _result(text: str, answer: object) -> str | Failure:
    """What the package returned: it gives None for a text that the service gave back."""
    if isinstance(answer, list):
        answer = " ".join(map(str, answer))
    if answer is None and not any(letter.isalnum() for letter in text):
        return text
    if not isinstance(answer, str) or not answer.strip():
        return Failure("no translation")
    return Failure("echo") if is_echo(text, answer) else answer


def _address(base_url: str, provider: str) -> str:
    """The address as the package's classes want it."""
    if provider in ("libre", "deepl"):
        return base_url.rstrip("/") + "/"
    if provider == "yandex" and "{endpoint}" not in base_url:
        return base_url.rstrip("/") + "/api/{version}/tr.json/{endpoint}"
    return base_url
