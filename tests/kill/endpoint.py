"""A chat endpoint on the loopback interface that counts what it was paid for, and fails as often as told."""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

FAULTS = (429, 500, 503, "cut", "empty", "half")


class Endpoint:
    """Knows one kind of question, there and back.

    Attributes:
        paid: (language, text) -> how often it was answered.
        trouble: share of requests that come to nothing, before they cost anything.
        seconds: that a request takes.
    """

    def __init__(self, trouble: float = 0.0, seconds: float = 0.01) -> None:
        self.paid: Counter[tuple[str, str]] = Counter()
        self.trouble, self.seconds = trouble, seconds
        self._chance, self._lock = random.Random(0), threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.endpoint = self

    @property
    def url(self) -> str:
        """For ``base_url``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def twice(self) -> int:
        """How many texts were paid for more often than once."""
        return self.paid.total() - len(self.paid)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fault(self) -> int | str | None:
        """What goes wrong with the next request."""
        with self._lock:
            return self._chance.choice(FAULTS) if self._chance.random() < self.trouble else None

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """What a model would say; counted."""
        time.sleep(self.seconds)
        system, user = (message["content"] for message in body["messages"])
        into = "ja" if "into Japanese" in system else "en"
        items = json.loads(user)["items"]
        with self._lock:
            self.paid.update((into, item["text"]) for item in items)
        said = [{**item, "translation": translated(item["text"], into)} for item in items]
        message = {"content": json.dumps({"items": said}, ensure_ascii=False)}
        usage = {"prompt_tokens": 10 * len(items), "completion_tokens": 10 * len(items)}
        return {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}


def question(number: int) -> str:
    """Every number its own question."""
    return f"How many cats are in box {number}?"


def translated(text: str, into: str) -> str:
    """The question in the other language."""
    number = int((re.findall(r"\d+", text) or ["0"])[0])
    return f"箱{number}には猫が何匹いますか？" if into == "ja" else question(number)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    endpoint: Endpoint

    def handle_error(self, *_: object) -> None:
        """A client that was killed hears nothing any more."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fault = self.server.endpoint.fault()
        if fault == "cut":
            self.close_connection = True
        elif isinstance(fault, int):
            self._send(fault, b'{"error": {"message": "later"}}')
        elif fault:
            self._send(200, b"" if fault == "empty" else b'{"choices": [{"mess')
        else:
            self._send(200, json.dumps(self.server.endpoint.answer(body)).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""
