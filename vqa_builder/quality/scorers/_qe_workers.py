"""The outside workers of the scorer ``qe``: a command that stays, and an HTTP endpoint.

The protocol, version 1, is JSON. Over pipes every message is one line in UTF-8; over HTTP every request is a
POST and every reply a 200.

1. A command introduces itself once, before it loads anything heavy::

       {"protocol": 1, "signature": "comet:2.2.7|model:Unbabel/wmt22-cometkiwi-da"}

   The signature names everything that decides a score. It keys the scores and stands in the manifest. An
   endpoint puts both fields into every reply instead; it is asked for them with an empty list of pairs.
2. A request holds some pairs of one language, in ISO 639 codes::

       {"id": 7, "source_language": "en", "target_language": "ja",
        "pairs": [{"role": "question", "source": "Is it red?", "translation": "赤いですか？"}]}

3. The reply holds one score per pair, in their order, from 0 (worthless) to 1 (perfect), or null for a pair
   that the worker cannot judge::

       {"id": 7, "scores": [0.87]}

   or says why there are none: ``{"id": 7, "error": "out of memory"}``.

A command ends when its input ends. What it writes to stderr is shown only if it fails.
"""

from __future__ import annotations

import atexit
import http.client
import json
import math
import os
import shlex
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from vqa_builder.errors import ScorerError
from vqa_builder.redaction import redact_masked, repeats

PROTOCOL = 1
MOST_BYTES = 16 << 20
PASSING = frozenset({429, 500, 502, 503, 504})


class Pair(NamedTuple):
    """What a worker judges."""

    role: str
    source: str
    translation: str


class Worker(Protocol):
    """Whoever judges pairs: a command or an endpoint."""

    @property
    def signature(self) -> str:
        """Everything that decides a score, as ``key:value`` joined by ``|``."""

    def scores(self, pairs: Sequence[Pair], language: str) -> list[float | None]:
        """One score from 0 to 1, or None, per pair; raises ``ScorerError`` where there are none."""

    def close(self) -> None:
        """End it; it may be used again and then starts anew."""


class CommandWorker:
    """A process that reads requests from stdin and writes replies to stdout, started when it is first needed.

    Args:
        command: the program and its arguments.
        timeout: seconds that one request may take.
        start_timeout: seconds until it must have introduced itself.
    """

    def __init__(self, command: Sequence[str], timeout: float, start_timeout: float) -> None:
        self.command, self.timeout, self.start_timeout = tuple(command), timeout, start_timeout
        self._process: subprocess.Popen[str] | None = None
        self._said: deque[str] = deque(maxlen=5)
        self._number = 0
        atexit.register(self.close)

    @cached_property
    def signature(self) -> str:
        """What the worker said of itself."""
        self._started()
        return self.__dict__["signature"]  # type: ignore[no-any-return]

    def scores(self, pairs: Sequence[Pair], language: str) -> list[float | None]:
        """See ``Worker``."""
        process = self._started()
        self._number += 1
        with self._ended_by_errors():
            reply = self._exchange(process, _request(self._number, pairs, language), self.timeout)
            if reply.get("id") != self._number:
                found = f"id {reply.get('id')!r}"
                raise _trouble("answered another request", self._where, f"id {self._number}", found)
            return _checked(reply, len(pairs), self._where)

    def close(self) -> None:
        """End the process and what it started."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(OSError):
            if process.stdin:
                process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        _kill(process)
        process.wait()
        if process.stdout:
            process.stdout.close()

    @property
    def _where(self) -> str:
        return shlex.join(self.command)

    def _started(self) -> subprocess.Popen[str]:
        if self._process is not None:
            return self._process
        self._said.clear()
        pipe = subprocess.PIPE
        try:
            process = subprocess.Popen(
                self.command,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise _trouble("cannot be started", self._where, "a program that can be run", error) from None
        self._process = process
        self._listening = threading.Thread(target=self._listen, args=(process,), daemon=True)
        self._listening.start()
        with self._ended_by_errors():
            signature = _introduced(self._exchange(process, None, self.start_timeout), self._where)
            if self.__dict__.setdefault("signature", signature) != signature:
                raise _other_worker(self._where, self.signature, signature)
        return process

    @contextmanager
    def _ended_by_errors(self) -> Iterator[None]:
        """After an error nobody knows what the process will write next."""
        try:
            yield
        except ScorerError:
            self.close()
            raise

    def _exchange(
        self, process: subprocess.Popen[str], request: str | None, timeout: float
    ) -> dict[str, Any]:
        """Send a request, if there is one, and read a line; the process is killed if that takes too long."""
        assert process.stdin and process.stdout
        line = ""
        began = time.monotonic()
        with _killed_after(process, timeout) as late, suppress(BrokenPipeError):
            if request is not None:
                process.stdin.write(request + "\n")
                process.stdin.flush()
            line = process.stdout.readline()
        if line.endswith("\n"):
            return _parsed(line, self._where)
        code = process.poll() if late.is_set() else _code(process)
        self.close()
        self._listening.join(timeout=1)
        if late.is_set():
            raise _trouble(
                "gave no answer in time",
                self._where,
                f"a line within {timeout:g} s",
                f"none after {time.monotonic() - began:.1f} s",
                "raise timeout or start_timeout, or lower batch_size, under scores: qe",
            )
        said = "; ".join(self._said) or "nothing on stderr"
        raise _trouble("died", self._where, "a line of JSON", f"exit code {code}: {said}")

    def _listen(self, process: subprocess.Popen[str]) -> None:
        """Keep the last lines of stderr, so that a full pipe never stops the worker."""
        assert process.stderr
        with process.stderr as lines:
            for line in lines:
                if line.strip():
                    self._said.append(line.strip()[:300])


class HttpWorker:
    """An endpoint that answers POST requests; a passing failure is tried again.

    Args:
        url: where to send requests.
        key: sent as ``Authorization: Bearer``; "" for none.
        timeout: seconds that may pass without an answer, and about so many for all of it once it has begun.
        retries: how often a request is sent again after 429, 5xx or no connection.
        first_wait: seconds before the first retry; twice as many before each further one.
    """

    def __init__(self, url: str, key: str, timeout: float, retries: int, first_wait: float = 1.0) -> None:
        self.url, self.timeout, self.retries, self.first_wait = url, timeout, retries, first_wait
        self._headers = {"Content-Type": "application/json"}
        self._key = key
        if key:
            self._headers["Authorization"] = f"Bearer {key}"

    @cached_property
    def signature(self) -> str:
        """What the endpoint says of itself."""
        return _introduced(self._reply([], ""), self.url)

    def scores(self, pairs: Sequence[Pair], language: str) -> list[float | None]:
        """See ``Worker``."""
        reply = self._reply(pairs, language)
        if "error" not in reply:
            signature = _introduced(reply, self.url)
            if signature != self.signature:
                raise _other_worker(self.url, self.signature, signature)
        return _checked(reply, len(pairs), self.url)

    def close(self) -> None:
        """Nothing stays open."""

    def _reply(self, pairs: Sequence[Pair], language: str) -> dict[str, Any]:
        for attempt in range(self.retries + 1):
            if attempt:
                time.sleep(self.first_wait * 2 ** (attempt - 1))
            request = urllib.request.Request(
                self.url, _request(1, pairs, language).encode(), self._headers, method="POST"
            )
            try:
                with _OPENER.open(request, timeout=self.timeout) as answer:
                    text = _read(answer, time.monotonic() + self.timeout)
                if text is None:
                    found = f"a reply of more than {MOST_BYTES >> 20} MiB"
                elif repeats(text, [self._key]):
                    found = "a reply that repeats the key"
                else:
                    return _parsed(text, self.url)
                break
            except urllib.error.HTTPError as error:
                found = f"status {error.code}: {error.read(300).decode('utf-8', 'replace')}"
                if error.code not in PASSING:
                    break
            except TimeoutError:
                found = f"no answer within {self.timeout:g} s"
            except (OSError, http.client.HTTPException) as error:
                found = f"no connection ({error})"
        found = redact_masked(found, [self._key])
        raise _trouble(
            "does not answer", self.url, "status 200 and JSON", found, "see to it that the service runs"
        )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key and the texts to an address that nobody named."""

    def redirect_request(self, *_: Any) -> None:
        """None: the redirect is an error."""


_OPENER = urllib.request.build_opener(_NoRedirect)


def _read(answer: http.client.HTTPResponse, until: float) -> str | None:
    """What a reply holds; None for more than ``MOST_BYTES``.

    Raises:
        TimeoutError: it does not end in time.
    """
    body = bytearray()
    while part := answer.read1(1 << 16):
        body += part
        if len(body) > MOST_BYTES:
            return None
        if time.monotonic() > until:
            raise TimeoutError
    return body.decode("utf-8", "replace")


def _request(number: int, pairs: Sequence[Pair], language: str) -> str:
    content = {
        "id": number,
        "source_language": "en",
        "target_language": language,
        "pairs": [pair._asdict() for pair in pairs],
    }
    return json.dumps(content, ensure_ascii=False)


def _parsed(text: str, where: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise _trouble("wrote something else than JSON", where, "one JSON object", repr(text.strip()[:200]))
    return content


def _introduced(said: dict[str, Any], where: str) -> str:
    signature = said.get("signature")
    if said.get("protocol") == PROTOCOL and isinstance(signature, str) and signature.strip():
        return " ".join(signature.split())
    raise _trouble(
        "did not introduce itself",
        where,
        f'{{"protocol": {PROTOCOL}, "signature": "..."}}',
        json.dumps(said, ensure_ascii=False)[:200],
        "see recipes/policy/qe/README.md for the protocol",
    )


def _checked(reply: dict[str, Any], count: int, where: str) -> list[float | None]:
    if "error" in reply:
        raise _trouble("reports an error", where, "scores", str(reply["error"])[:300])
    scores = reply.get("scores")
    if not isinstance(scores, list) or len(scores) != count:
        found = f"{len(scores)} scores" if isinstance(scores, list) else f"scores: {scores!r}"[:200]
        raise _trouble("returned the wrong number of scores", where, f"{count} scores", found)
    for at, score in enumerate(scores):
        if score is not None and not _is_score(score):
            raise _trouble(
                "returned a number that is no score",
                where,
                "from 0 to 1, or null",
                f"{score!r} for pair {at + 1} of {count}",
            )
    return scores


def _is_score(score: object) -> bool:
    number = isinstance(score, int | float) and not isinstance(score, bool)
    return number and math.isfinite(score) and 0 <= score <= 1  # type: ignore[arg-type,operator]


def _trouble(
    what: str, where: str, expected: object, found: object, remedy: str | None = None
) -> ScorerError:
    return ScorerError(
        f"The worker of the scorer qe {what}", where=where, expected=expected, found=found, remedy=remedy
    )


def _other_worker(where: str, expected: str, found: str) -> ScorerError:
    return _trouble(
        "is not the one that was expected", where, expected, found, "scores of two workers do not mix"
    )


def check_signature(worker: Worker, expected: str, where: str) -> None:
    """Raise ``ScorerError`` if a worker is another than the spec says."""
    if worker.signature != expected:
        raise _other_worker(where, expected, worker.signature)


@contextmanager
def _killed_after(process: subprocess.Popen[str], seconds: float) -> Iterator[threading.Event]:
    """A block in which reading and writing end, by the death of the process, when the time is over."""
    late = threading.Event()

    def kill() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def _kill(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _code(process: subprocess.Popen[str]) -> int | None:
    """The exit code of a process that has closed its output."""
    with suppress(subprocess.TimeoutExpired):
        return process.wait(timeout=1)
    return None
