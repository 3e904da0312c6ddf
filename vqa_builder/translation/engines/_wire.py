"""What deep-translator's objects use in place of the module ``requests``: nothing hangs, leaks or lies."""

from __future__ import annotations

import importlib
import types
from importlib import metadata
from typing import Any

from vqa_builder.errors import EngineError
from vqa_builder.translation.engines._faults import Secrets, Temporary, root_of, trouble_of
from vqa_builder.translation.engines._web_services import Service

FOUND_BY_GOOGLE = ('class="result-container"', 'class="t0"')


class Wire:
    """One connection of one thread to one service.

    It has the functions of ``requests`` that deep-translator calls. Every request gets a timeout. Keys travel
    in the body or in headers, never in an address, which logs would show. A reply that is no translation
    raises ``Temporary``, ``Refused`` or ``Stopped`` here, before deep-translator loses its status.

    Args:
        service: whom to ask.
        timeout: seconds to connect, and seconds without a byte.
        secrets: what to keep out of messages.
    """

    def __init__(self, service: Service, timeout: float, secrets: Secrets) -> None:
        import requests

        self.exceptions = requests.exceptions
        self.proxies: dict[str, str] = {}
        self._session = requests.Session()
        self._service, self._timeout, self._secrets = service, timeout, secrets

    def get(self, url: str, **more: Any) -> Any:
        """As ``requests.get``."""
        return self.request("GET", url, **more)

    def post(self, url: str, **more: Any) -> Any:
        """As ``requests.post``."""
        return self.request("POST", url, **more)

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Any = None,
        data: Any = None,
        json: Any = None,
        headers: Any = None,
        **_: object,
    ) -> Any:
        """As ``requests.request``; what is named nowhere here is ignored, timeouts among them.

        Raises:
            Temporary, Refused, Stopped: the reply is no translation.
        """
        headers, params = dict(headers or {}), dict(params or {})
        if "auth_key" in params:  # DeepL takes keys in a header and texts in a body only
            method, headers["Authorization"] = "POST", f"DeepL-Auth-Key {params.pop('auth_key')}"
        if method == "POST" and data is None and json is None:
            params, data = {}, params
        try:
            reply = self._session.request(
                method, url, params=params, data=data, json=json, headers=headers, timeout=self._timeout
            )
        except self.exceptions.Timeout:
            fault = Temporary(f"no answer within {self._timeout:g} s")
        except self.exceptions.RequestException as error:
            fault = Temporary(self._secrets.scrub(f"no connection ({root_of(error)})"))
        else:
            self._check(reply)
            return reply
        raise fault

    def close(self) -> None:
        """End the connection."""
        self._session.close()

    def _check(self, reply: Any) -> None:
        service, status, said = self._service, int(reply.status_code), ""
        html = reply.text.lstrip()[:1] == "<"
        if not html:
            try:
                status, said = service.status_of(status, reply.json())
            except ValueError:
                if status < 300:
                    raise Temporary("an empty reply" if not reply.text.strip() else "no JSON") from None
        if not 200 <= status < 300:
            message = self._secrets.scrub(said)
            raise trouble_of(service.title, status, message, reply.headers.get("Retry-After"))
        if html and not (service.html and any(mark in reply.text for mark in FOUND_BY_GOOGLE)):
            raise Temporary("a web page without a translation, perhaps a captcha", everyone=True)


def through(wire: Wire, translator: Any) -> Any:
    """The same translator, its ``translate`` using ``wire`` where its module says ``requests``.

    Only this object changes: the function gets globals of its own, and the module keeps ``requests``.
    """
    method = type(translator).translate
    function = types.FunctionType(
        method.__code__,
        {**method.__globals__, "requests": wire},
        method.__name__,
        method.__defaults__,
        method.__closure__,
    )
    function.__kwdefaults__ = method.__kwdefaults__
    translator.translate = types.MethodType(function, translator)
    return translator


def check_old_openai() -> None:
    """Raise ``EngineError`` unless the version of openai that deep-translator is written for is there."""
    try:
        found = metadata.version("openai")
    except metadata.PackageNotFoundError:
        found = "not installed"
    if not found.startswith("0."):
        raise EngineError(
            "deep_translator's chatgpt works with an old version of the package openai only",
            expected="openai<0.28",
            found=found,
            remedy="write `engine: {type: openai, model: ...}`, which needs no such package and asks for many"
            " texts at once; or pip install 'openai<0.28'",
        )


def use_in_old_openai(wire: Wire, base_url: str | None) -> None:
    """Have openai<0.28 send this thread's requests through a wire; it has no other way to set a timeout."""
    old: Any = importlib.import_module("openai")
    old.requestssession = lambda: wire
    if base_url is not None:
        old.api_base = base_url.rstrip("/")
