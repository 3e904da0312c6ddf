"""A service that answers as it is told, one reply after the other, and then well."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from werkzeug import Request, Response

Answer = Callable[[Request], Response]


class Scripted:
    """Answers with ``script`` first and then with ``good``, and keeps all requests."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.script: list[Answer] = []
        self.good: Answer = reply(200, {})
        self.requests: list[Request] = []
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Response:
        request.get_data()
        with self._lock:
            self.requests.append(request)
            answer = self.script.pop(0) if self.script else self.good
        return answer(request)


def reply(status: int, body: Any, **headers: str) -> Answer:
    """JSON, or a page where ``body`` is a string."""
    kind = "text/html; charset=utf-8" if isinstance(body, str) else "application/json"
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: Response(text, status, named, content_type=kind)


def hang(request: Request) -> Response:
    """Nothing, for longer than any engine here waits."""
    time.sleep(0.8)
    return Response("", 200)


def cut(request: Request) -> Response:
    """A connection that ends without a reply."""
    request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return Response("", 200)


def half(request: Request) -> Response:
    """A connection that ends in the middle of a reply."""
    return Response('{"translatedText": "', 200, {"Content-Length": "4000"}, content_type="application/json")


CAPTCHA = """<!DOCTYPE html><html><head><title>Sorry...</title></head><body>
<form action="index" method="post">Our systems have detected unusual traffic from your computer network.
</form></body></html>"""
