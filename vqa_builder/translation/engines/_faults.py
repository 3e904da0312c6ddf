"""What can go wrong between an engine and a service, and what must never show when it does."""

from __future__ import annotations

import asyncio
import codecs
import json
import os
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from vqa_builder.errors import EngineError
from vqa_builder.redaction import redact_masked, repeats
from vqa_builder.translation.engines.base import Stopped

MOST_BYTES = 16 << 20
LONGEST_SENSIBLE_WAIT = 366 * 86_400.0
_PAGES_IN = {"iso8859-1", "cp1252", "shift_jis", "cp932", "euc_jp"}  # punycode takes time without end
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
AGAIN = "run the same command again: what is finished will not be paid for twice"


class Temporary(Exception):
    """A request failed in a way that may pass; it is sent again.

    Attributes:
        reason: one short sentence without secrets.
        after: how many seconds the service asks to wait, if it says so.
        everyone: whether all requests should wait, not only this one.
        of_service: whether the service is to blame, so that many in a row stop the run; not where it answers
            as it should, but with nothing that can be used.
    """

    def __init__(
        self, reason: str, after: float | None = None, *, everyone: bool = False, of_service: bool = True
    ) -> None:
        super().__init__(reason)
        self.reason, self.after, self.everyone, self.of_service = reason, after, everyone, of_service


class Refused(Exception):
    """The service will never answer this request; its texts fail.

    Attributes:
        reason: one short sentence without secrets.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_NO_KEYS = ContextVar("no keys", default=False)


@contextmanager
def without_keys() -> Iterator[None]:
    """Engines are made whether their keys are there or not; for what asks none of them."""
    token = _NO_KEYS.set(True)
    try:
        yield
    finally:
        _NO_KEYS.reset(token)


class Secrets:
    """Keys from the environment, and their removal from whatever people may read.

    Example::

        >>> os.environ["SOME_KEY"] = "k3y-of-mine"
        >>> secrets = Secrets()
        >>> key = secrets.read("SOME_KEY", "The service")
        >>> secrets.scrub(f"403 for {key}")
        '403 for ***'
    """

    def __init__(self) -> None:
        self._values: set[str] = set()

    def read(self, variable: str, service: str, *, optional: bool = False) -> str:
        """The value of an environment variable, "" if it may be missing and is.

        Raises:
            EngineError: it is missing; says which one to set.
        """
        if not re.fullmatch(r"[A-Za-z_]\w*", variable):  # it may be the key itself, so it is not shown
            raise EngineError(
                f"{service} has no usable key",
                expected="the name of an environment variable, such as OPENAI_API_KEY",
                remedy="export the key under that name (a key never belongs in the spec), and make a new key",
            )
        value = os.environ.get(variable, "").strip()
        if not value and not optional and not _NO_KEYS.get():
            raise EngineError(
                f"{service} needs a key",
                expected=f"the environment variable {variable}",
                found="not set",
                remedy=f"export {variable}=... (a key never belongs in the spec)",
            )
        if value:
            self._values.add(value)
        return value

    def scrub(self, text: str) -> str:
        """The text without any key, nor what begins like one, on one line and not too long."""
        return " ".join(redact_masked(text, self._values).split())[:300]

    def stand_in(self, text: str) -> bool:
        """Whether a text that is to be kept holds a key."""
        return repeats(text, self._values)


class HttpReply(NamedTuple):
    """What a service answered, at most ``MOST_BYTES`` of it; bytes that are no text are U+FFFD.

    Attributes:
        status: HTTP status.
        headers: names in any case.
        text: the body.
    """

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def is_good(self) -> bool:
        """Whether the status says so."""
        return 200 <= self.status < 300

    @property
    def json(self) -> Any:
        """What the body holds; None where it is no JSON, or none that anybody could have meant."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return None


def new_client(**settings: Any) -> Any:
    """An ``httpx.AsyncClient``, which goes through the proxies that the environment names.

    Args:
        settings: its arguments.

    Raises:
        EngineError: these cannot be used.
    """
    import httpx

    try:
        return httpx.AsyncClient(**settings)
    except (ImportError, ValueError) as error:
        named = [name for name in _PROXIES if os.environ.get(name) or os.environ.get(name.lower())]
        raise EngineError(
            "The proxy that the environment names cannot be used",
            where=", ".join(named),
            expected="http://host:port",
            remedy="correct or unset it; for socks5:// pip install 'httpx[socks]'",
        ) from error


async def fetch(
    client: Any, method: str, url: str, timeout: float, secrets: Secrets, **content: Any
) -> HttpReply:
    """Send one request and read the reply, in all no longer than ``timeout`` seconds.

    Args:
        client: an ``httpx.AsyncClient``.
        method: ``GET`` or ``POST``.
        url: whole address.
        timeout: seconds.
        secrets: what to keep out of messages.
        content: further arguments of ``client.stream``.

    Raises:
        Temporary: there is no reply.
        Refused: a good reply holds a key, which would stand in the memory and in releases.
    """
    import httpx

    headers = {**(content.pop("headers", None) or {}), "Accept-Encoding": "gzip"}
    try:
        async with (
            asyncio.timeout(timeout),
            client.stream(method, url, headers=headers, **content) as reply,
        ):
            body, unpack = bytearray(), _unpacking(reply.headers.get("Content-Encoding", ""))
            async for part in reply.aiter_raw():
                body += unpack(part, MOST_BYTES + 1 - len(body))
                if len(body) > MOST_BYTES:
                    break
    except zlib.error as error:
        fault = Temporary(f"a reply that cannot be unpacked ({error})")
    except (TimeoutError, httpx.TimeoutException):
        fault = Temporary(f"no answer within {timeout:g} s")
    except httpx.HTTPError as error:
        fault = Temporary(secrets.scrub(f"no connection ({root_of(error)})"))
    else:
        if len(body) <= MOST_BYTES:
            said = HttpReply(int(reply.status_code), reply.headers, body.decode(_charset(reply), "replace"))
            if said.is_good and secrets.stand_in(said.text):
                raise Refused("a reply that repeats the key")
            return said
        fault = Temporary(f"a reply of more than {MOST_BYTES >> 20} MiB")
    raise fault


def _charset(reply: Any) -> str:
    """What a page says that it is written in, if pages are; UTF-8 of all else, as JSON is."""
    if reply.headers.get("Content-Type", "").lower().startswith("text/html"):
        with suppress(LookupError, ValueError):
            name = codecs.lookup(reply.charset_encoding or "").name
            return name if name in _PAGES_IN else "utf-8"
    return "utf-8"


def _unpacking(encoding: str) -> Callable[[bytes, int], bytes]:
    """What unpacks a part of a body, to no more bytes than are wanted.

    Raises:
        zlib.error: nobody asked for this encoding.
    """
    if encoding.lower() in ("gzip", "x-gzip", "deflate"):
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress
    if encoding.lower() not in ("", "identity"):
        raise zlib.error("an encoding that was not asked for")
    return lambda part, most: part


def trouble_of(
    service: str, status: int, message: str, retry_after: str | None = None
) -> Temporary | Refused | Stopped:
    """What an HTTP status other than 2xx means.

    Args:
        service: who answered.
        status: the status code.
        message: what the service says, scrubbed.
        retry_after: the header.
    """
    said = f"{status}: {message}" if message else str(status)
    if status in (401, 403):
        return Stopped(
            f"{service} refuses access",
            found=said,
            remedy=f"check the key, and whether the service has barred this machine, then {AGAIN}",
        )
    if status in (402, 456):
        return out_of_quota(service, said)
    if 300 <= status < 400 or status in (404, 405, 410):
        return Stopped(
            f"{service} does not answer at this address", found=said, remedy="check base_url and the model"
        )
    if status == 429:
        return Temporary(f"too many requests ({said})", seconds_of(retry_after), everyone=True)
    if status in (408, 409, 425) or status >= 500:
        after = seconds_of(retry_after)
        return Temporary(f"the service failed ({said})", after, everyone=after is not None)
    return Refused(f"refused ({said})")


def out_of_quota(service: str, said: str) -> Stopped:
    """The error for a used-up quota or balance."""
    return Stopped(
        f"The quota of {service} is used up",
        found=said,
        remedy=f"wait until it is renewed, or raise it, then {AGAIN}",
    )


def seconds_of(retry_after: str | None) -> float | None:
    """The seconds that a ``Retry-After`` header asks for, by a number or a date (RFC 9110); None for neither.

    >>> seconds_of("120")
    120.0
    """
    if not retry_after:
        return None
    with suppress(ValueError):
        return _sensible(float(retry_after))
    try:
        date = parsedate_to_datetime(retry_after)
        return _sensible((date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def _sensible(seconds: float) -> float | None:
    """Seconds from now, none for the past; None for what no service can mean."""
    return max(0.0, seconds) if seconds <= LONGEST_SENSIBLE_WAIT else None


def root_of(error: BaseException) -> str:
    """The innermost cause of a network error; the outer ones repeat addresses with all that is in them."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def is_echo(text: str, translation: str) -> bool:
    """Whether a service gave a text back as it was, though there was something to translate.

    Numbers, signs and initialisms may stay as they are.

    >>> is_echo("red", "red"), is_echo("NASA", "NASA"), is_echo("12", "12")
    (True, False, False)
    """
    same = " ".join(translation.split()) == " ".join(text.split())
    return same and any(letter.isalpha() and not letter.isupper() for letter in text)
