"""A hub on the loopback interface, enough for the real client to push to and to load from.

``Hub`` serves from a thread of its own, logs every request, and injects the faults that it is told to.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

from tests.hub.state import Commit, HubError, State

TOKEN = "hf_loopback_secret"
CHUNK = 1 << 18
FOREVER = 1 << 30


@dataclass
class Fault:
    """What goes wrong with the nth request that matches, and with the ``times - 1`` after it.

    Attributes:
        pattern: regular expression, searched for in ``"POST /api/..."``.
        nth: counted from 1.
        times: how many matching requests in a row fail.
        status: answer this instead of doing the work.
        headers: of that answer, such as ``Retry-After``.
        cut: close the connection: ``before`` anything is done, in the middle of the request's ``body``, or
            ``after`` the work is done, so that only the answer is lost.
        change: change the bytes of the answer's body, and answer normally.
        then: called with the hub, before the work, or after it where only the answer is lost.
    """

    pattern: str = ""
    nth: int = 1
    times: int = 1
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: Literal["before", "body", "after"] | None = None
    change: Callable[[bytes], bytes] | None = None
    then: Callable[[Hub], None] | None = None
    seen: int = 0

    def strikes(self, request: str) -> bool:
        """Count a request; whether it is one of those that fail."""
        if not re.search(self.pattern, request):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


@dataclass
class Request:
    """One line of the log; ``received`` counts the bytes of the request's body, ``sent`` of the answer's."""

    method: str
    path: str
    authorized: bool
    status: int = 0
    received: int = 0
    sent: int = 0

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Answer:
    """What a route answers: JSON, or the bytes of a file from ``start`` on."""

    body: object = None
    file: Path | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    start: int = 0
    size: int = 0


class Hub:
    """A running hub.

    Args:
        root: folder for its contents.
        page: entries per page of a tree.
        part: large files above this many bytes are uploaded in parts of this size.
        bytes_per_second: limit of all uploads together, None for as fast as it goes.

    Example::

        with Hub(tmp_path) as hub:
            HfApi(endpoint=hub.url, token=TOKEN).create_repo("org/vqa-ja", repo_type="dataset")
            hub.faults.append(Fault(r"POST .*/commit/", status=503))
            [str(request) for request in hub.log]
    """

    def __init__(
        self,
        root: Path,
        *,
        page: int = 1000,
        part: int = 5_000_000_000,
        bytes_per_second: float | None = None,
    ) -> None:
        self.state = State(root, {TOKEN: "tester"})
        self.page, self.part, self.bytes_per_second = page, part, bytes_per_second
        self._free_at = 0.0
        self.log: list[Request] = []
        self.faults: list[Fault] = []
        self.broken: list[str] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.hub = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def url(self) -> str:
        """What goes into ``HF_ENDPOINT``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        assert not self.broken, "\n".join(self.broken)

    def files(self, repo: str, revision: str = "main") -> dict[str, bytes]:
        """Path -> content at a revision."""
        tree = self.state.repo(repo).at(revision).files
        return {path: blob.path.read_bytes() for path, blob in sorted(tree.items())}

    def history(self, repo: str, revision: str = "main") -> list[Commit]:
        """The commits of a revision, the newest first."""
        return self.state.repo(repo).history(revision)

    def requests(self, pattern: str) -> list[Request]:
        """The logged requests that match."""
        return [request for request in self.log if re.search(pattern, str(request))]

    def strike(self, request: str) -> Fault | None:
        """The fault that a request meets, if any; every fault counts every request."""
        with self.state.lock:
            struck = [fault for fault in self.faults if fault.strikes(request)]
        return struck[0] if struck else None

    def slow_down(self, size: int) -> None:
        """Let ``size`` bytes pass a line that all uploads share."""
        if self.bytes_per_second:
            with self.state.lock:
                self._free_at = max(self._free_at, time.monotonic()) + size / self.bytes_per_second
                seconds = self._free_at - time.monotonic()
            threading.Event().wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    hub: Hub

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no fault of the hub; anything else fails the test."""
        text = traceback.format_exc()
        if "ConnectionResetError" not in text and "BrokenPipeError" not in text:
            self.hub.broken.append(text)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: _Server

    def do(self) -> None:
        """Answer one request, or fail as a fault says."""
        hub = self.server.hub
        user = self._user()
        entry = Request(self.command, self.path, user is not None)
        hub.log.append(entry)
        self.entry = entry
        self.left = int(self.headers.get("Content-Length") or 0)
        self.chunked = "chunked" in self.headers.get("Transfer-Encoding", "")
        fault = hub.strike(str(entry))
        if fault and fault.then and fault.cut != "after":
            fault.then(hub)
        if fault and fault.cut in ("before", "body"):
            if fault.cut == "body":
                self.rfile.read(min(self.left // 2, CHUNK) or 1)
            self._hang_up()
            return
        answer = self._work(user, fault)
        if fault and fault.cut == "after":
            if fault.then:
                fault.then(hub)
            self._hang_up()
            return
        self._send(answer, fault.change if fault else None)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do

    def body(self) -> Iterator[bytes]:
        """The request's body, piece by piece."""
        while self.chunked:
            size = int(self.rfile.readline().split(b";")[0], 16)
            piece = self.rfile.read(size)
            self.rfile.readline()
            if not size:
                self.chunked = False
                return
            yield self._count(piece)
        while self.left:
            piece = self.rfile.read(min(self.left, CHUNK))
            if not piece:
                raise ConnectionResetError("the client went away")
            self.left -= len(piece)
            yield self._count(piece)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr; the log is a list."""

    def _count(self, piece: bytes) -> bytes:
        self.entry.received += len(piece)
        self.server.hub.slow_down(len(piece))
        return piece

    def _user(self) -> str | None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        return self.server.hub.state.tokens.get(token)

    def _work(self, user: str | None, fault: Fault | None) -> Answer:
        from tests.hub import calls, repositories, transfers  # noqa: F401  (the routes register themselves)

        if fault and fault.status:
            answer = Answer({"error": f"fault {fault.status}"}, status=fault.status, headers=fault.headers)
        elif self.headers.get("Authorization") and user is None:
            answer = Answer({"error": "Invalid credentials in Authorization header"}, status=401)
        else:
            try:
                url = urlsplit(self.path)
                call = calls.Call(
                    self.server.hub, user, url.path, parse_qs(url.query), self.headers, self.body
                )
                answer = calls.answer(self.command, call)
            except HubError as error:
                code = {"X-Error-Code": error.code} if error.code else {}
                headers = {**code, "X-Error-Message": error.message}
                answer = Answer({"error": error.message}, status=error.status, headers=headers)
        for _ in self.body():
            pass
        return answer

    def _send(self, answer: Answer, change: Callable[[bytes], bytes] | None) -> None:
        content = b"" if answer.file else json.dumps(answer.body).encode()
        if answer.file and change:
            content = change(answer.file.read_bytes())[answer.start : answer.start + answer.size]
        size = answer.size if answer.file else len(content)
        self.entry.status = answer.status
        self.send_response(answer.status)
        kind = {} if answer.file else {"Content-Type": "application/json"}
        for name, value in {**kind, "Content-Length": str(size), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        self.entry.sent = size
        if content or not answer.file:
            self.wfile.write(content)
            return
        with answer.file.open("rb") as file:
            file.seek(answer.start)
            while size:
                piece = file.read(min(size, CHUNK))
                self.wfile.write(piece)
                size -= len(piece)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)
