"""Times the remote engines against a server of this file's own: python -m tests.benchmarks.remote [REQUESTS]

The server answers in 100 ms and allows 20 requests at once. Prints for each engine which share of the time
of these 20 places was taken, its throughput as a share of 200 requests per second (a busy machine lowers it
although the places are taken), and the most requests that were under way; then how 10,000 strings fare if
20 % of replies are faults.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from urllib.request import urlopen

from vqa_builder.translation import run
from vqa_builder.translation.engines.base import Engine
from vqa_builder.translation.engines.deep_translator import DeepTranslator
from vqa_builder.translation.engines.openai import OpenAI
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.request import Request

SECONDS = 0.1
AT_ONCE = 20
FAULTS = ("busy", "busy with date", "down", "cut", "captcha", "empty", "garbled")


def translation_of(text: str) -> str:
    """What the server answers."""
    return f"訳：{text}"


class Stats(NamedTuple):
    """What a server saw.

    Attributes:
        requests: how many came.
        most_at_once: the most that were under way.
        busy: how many were under way on average, from the first request to the last reply.
        paid: how often each text was translated.
    """

    requests: int
    most_at_once: int
    busy: float
    paid: dict[str, int]


class Server(NamedTuple):
    """A running server."""

    url: str

    def stats(self) -> Stats:
        """What it saw since this was last asked."""
        with urlopen(f"{self.url}/stats") as reply:
            return Stats(*json.load(reply))


@contextmanager
def server(seconds: float = SECONDS, faults: float = 0.0) -> Iterator[Server]:
    """A server in a process of its own that speaks LibreTranslate's and OpenAI's protocols.

    Args:
        seconds: how long each reply takes.
        faults: which share of replies is faulty.
    """
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, seconds, faults), daemon=True)
    process.start()
    try:
        yield Server(f"http://127.0.0.1:{here.recv()}")
    finally:
        process.terminate()
        process.join()


def _serve(ready: Connection, seconds: float, faults: float) -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        state = _State(seconds, faults)
        listening = await loop.create_server(lambda: _Connection(state), "127.0.0.1", 0, backlog=512)
        ready.send(listening.sockets[0].getsockname()[1])
        await listening.serve_forever()

    asyncio.run(work())


class _State:
    def __init__(self, seconds: float, faults: float) -> None:
        self.seconds, self.faults = seconds, faults
        self.dice = random.Random(5)
        self.forget()

    def forget(self) -> None:
        self.requests = self.under_way = self.most = 0
        self.first = self.last = self.busy_seconds = 0.0
        self.paid: Counter[str] = Counter()

    def count(self, change: int) -> None:
        now = time.perf_counter()
        if not self.requests:
            self.first = self.last = now
        self.busy_seconds += self.under_way * (now - self.last)
        self.last = now
        self.requests += change == 1
        self.under_way += change
        self.most = max(self.most, self.under_way)

    def stats(self) -> Stats:
        busy = self.busy_seconds / max(self.last - self.first, 1e-9)
        return Stats(self.requests, self.most, busy, self.paid)


class _Connection(asyncio.Protocol):
    """Just enough of HTTP/1.1, so that the server costs little of the machine that it shares."""

    def __init__(self, state: _State) -> None:
        self.state, self.read = state, b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.read += data
        head, end, body = self.read.partition(b"\r\n\r\n")
        if not end:
            return
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        length = int(lengths[0].partition(b":")[2]) if lengths else 0
        if len(body) >= length:
            self.read = b""
            self._request(head.split(b" ", 2)[1].decode(), body)

    def _request(self, path: str, body: bytes) -> None:
        state = self.state
        if path == "/stats":
            self._send("200 OK", json.dumps(state.stats()))
            state.forget()
            return
        state.count(1)
        asyncio.get_running_loop().call_later(state.seconds, self._answer, path, body)

    def _answer(self, path: str, body: bytes) -> None:
        state = self.state
        state.count(-1)
        fault = state.dice.choice(FAULTS) if state.dice.random() < state.faults else ""
        match fault:
            case "busy":
                self._send("429 Too Many Requests", '{"error": "slow down"}', "Retry-After: 0\r\n")
            case "busy with date":
                date = "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                self._send("429 Too Many Requests", '{"error": "slow down"}', date)
            case "down":
                self._send("500 Internal Server Error", "")
            case "cut":
                self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
                self.transport.close()
            case "captcha":
                self._send("200 OK", "<html><body>unusual traffic</body></html>")
            case "empty":
                self._send("200 OK", "")
            case _ if path == "/translate":
                self._libre(body, garbled=bool(fault))
            case _:
                self._chat(body, garbled=bool(fault))

    def _libre(self, body: bytes, garbled: bool) -> None:
        text = parse_qs(body.decode())["q"][0]
        self.state.paid[text] += not garbled
        self._send("200 OK", json.dumps({} if garbled else {"translatedText": translation_of(text)}))

    def _chat(self, body: bytes, garbled: bool) -> None:
        """``garbled``: the first item is missing, and the next two have each other's numbers."""
        items = json.loads(json.loads(body)["messages"][1]["content"])["items"]
        for item in items:
            item["translation"] = translation_of(item["text"])
        right = items
        if garbled:
            right = items = items[1:]
            if len(items) > 1:
                items[0]["id"], items[1]["id"] = items[1]["id"], items[0]["id"]
                right = items[2:]
        self.state.paid.update(item["text"] for item in right)
        choice = {"message": {"content": json.dumps({"items": items})}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 20 * len(items), "completion_tokens": 15 * len(items)}
        self._send("200 OK", json.dumps({"choices": [choice], "usage": usage}))

    def _send(self, status: str, body: str, more: str = "") -> None:
        data = body.encode()
        kind = "Content-Type: application/json\r\n"
        head = f"HTTP/1.1 {status}\r\n{kind}{more}Content-Length: {len(data)}\r\n\r\n"
        self.transport.write(head.encode() + data)


def libre(url: str, **more: Any) -> DeepTranslator:
    """The engine deep_translator, at a server as LibreTranslate."""
    options: dict[str, Any] = {"concurrency": AT_ONCE, "requests_per_second": 10_000, **more}
    return DeepTranslator(DeepTranslator.Options(provider="libre", base_url=url, **options))


def chat(url: str, **more: Any) -> OpenAI:
    """The engine openai, at a server."""
    options: dict[str, Any] = {"concurrency": AT_ONCE, **more}
    return OpenAI(OpenAI.Options(base_url=f"{url}/v1", model="any", **options))


def texts(count: int) -> list[str]:
    """Questions, each with a number of its own."""
    return [f"Is there a cat in box {number}?" for number in range(count)]


def throughput(engine: Engine, at: Server, requests: int) -> tuple[float, Stats]:
    """Requests per second, one text each, as a share of what a server can do, and what the server saw."""
    engine.translate(Request(texts(AT_ONCE), "en", "ja"))
    at.stats()
    began = time.perf_counter()
    results = engine.translate(Request(texts(requests), "en", "ja"))
    seconds = time.perf_counter() - began
    assert results == list(map(translation_of, texts(requests)))
    return requests / AT_ONCE * SECONDS / seconds, at.stats()


def under_faults(engine: Engine, asked: Sequence[str], memory: Path) -> run.RunCounts:
    """A run under faults; raises unless it ends complete and in order."""
    with TranslationMemory(memory) as opened:
        outcome = run.translate(Request(asked, "en", "ja", "question"), [engine], opened)
    assert outcome.text.to_pylist() == list(map(translation_of, asked)), outcome.error.drop_null()
    return outcome.counts


def main() -> None:
    """All measurements."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    for make, more in ((libre, {}), (chat, {"items_per_request": 1})):
        with server() as at, make(at.url, **more) as engine:
            done, stats = throughput(engine, at, requests)
            print(
                f"{engine.name}: {stats.busy / AT_ONCE:.1%} of the places taken,"
                f" {done:.1%} of the throughput, {stats.most_at_once} at once",
                flush=True,
            )
    for make in (libre, chat):
        with (
            server(0.005, faults=0.2) as at,
            make(at.url, first_wait=0.05) as engine,
            tempfile.TemporaryDirectory() as folder,
        ):
            asked = random.Random(1).sample(texts(10_000), 10_000)
            counts = under_faults(engine, asked, Path(folder) / "memory.sqlite")
            stats = at.stats()
            print(
                f"{engine.name}: {counts.translated:,} of {counts.asked:,} strings in order after"
                f" {stats.requests:,} requests and {counts.engine_seconds:.1f} s; most often paid for one:"
                f" {max(stats.paid.values())}",
                flush=True,
            )


if __name__ == "__main__":
    main()
