"""Requests are polite and patient, results are never lost, and secrets never show."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from tests.benchmarks import remote as benchmark
from vqa_builder.errors import EngineError
from vqa_builder.interrupts import Interrupted
from vqa_builder.translation import run
from vqa_builder.translation.engines._faults import (
    Refused,
    Secrets,
    Temporary,
    is_echo,
    root_of,
    seconds_of,
    trouble_of,
)
from vqa_builder.translation.engines._remote import Dispatcher, Job, RemoteEngine, RemoteOptions, Reply, Send
from vqa_builder.translation.engines.base import Failure, Stopped
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.request import Request

Act = Callable[[str, int], Reply | None]


class Service(RemoteEngine):
    """Answers after a moment; ``act`` may raise, given a text and how often it was asked before."""

    name: ClassVar[str] = "service"
    summary: ClassVar[str] = "for tests"
    Options = RemoteOptions

    def __init__(self, act: Callable[[str, int], None] = lambda text, before: None, **options: Any) -> None:
        self.options = RemoteOptions(**{"first_wait": 0.0, **options})
        self.act = act
        self._dispatcher = Dispatcher(self.options, "The service")
        self.asked: Counter[str] = Counter()
        self.begun: list[float] = []
        self.under_way = self.most = 0

    @property
    def signature(self) -> str:
        return "service|1"

    def check_direction(self, source: str, target: str) -> None:
        pass

    def _jobs(self, request: Request) -> list[Job]:
        return [(place,) for place in range(len(request))]

    @asynccontextmanager
    async def _connect(self, request: Request) -> AsyncIterator[Send]:
        async def send(job: Job) -> Reply:
            text = request.texts[job[0]]
            self.begun.append(time.monotonic())
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            await asyncio.sleep(0.005)
            self.under_way -= 1
            before = self.asked[text]
            self.asked[text] += 1
            self.act(text, before)
            return Reply([(job[0], f"訳{text}")])

        yield send


def numbers(count: int) -> list[str]:
    return [f"{number:03}" for number in range(count)]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("soon", None),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("Sun, 06 Nov 1994 08:49:37 -0000", 0.0),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert seconds_of(header) == seconds


def test_retry_after_a_date_to_come() -> None:
    header = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert seconds_of(header) == pytest.approx(90, abs=5)


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (400, Refused, "refused (400: why)"),
        (401, Stopped, "refuses access"),
        (402, Stopped, "quota"),
        (403, Stopped, "refuses access"),
        (404, Stopped, "address"),
        (301, Stopped, "address"),
        (408, Temporary, "the service failed"),
        (413, Refused, "refused"),
        (429, Temporary, "too many requests"),
        (456, Stopped, "quota"),
        (500, Temporary, "the service failed"),
        (503, Temporary, "the service failed"),
        (529, Temporary, "the service failed"),
    ],
)
def test_what_a_status_means(status: int, kind: type[Exception], says: str) -> None:
    trouble = trouble_of("X", status, "why", "4")
    assert isinstance(trouble, kind)
    assert says in str(trouble)
    if isinstance(trouble, Temporary):
        assert (trouble.after, trouble.everyone) == (4.0, True)
    if isinstance(trouble, Stopped) and status != 404 and status != 301:
        assert "run the same command again" in str(trouble)


@pytest.mark.parametrize(
    ("text", "translation", "echo"),
    [
        ("red", "red", True),
        ("Is it red?", " Is it  red? ", True),
        ("red", "赤", False),
        ("NASA", "NASA", False),
        ("12", "12", False),
        ("?", "?", False),
        ("iPod", "iPod", True),
        ("赤", "赤", True),
        ("लाल", "लाल", True),
        ("5 cats", "५ बिल्लियाँ", False),
    ],
)
def test_echoes(text: str, translation: str, echo: bool) -> None:
    assert is_echo(text, translation) is echo


def test_a_key_in_the_place_of_its_variable_is_not_shown() -> None:
    with pytest.raises(EngineError, match="the name of an environment variable") as caught:
        Secrets().read("sk-4242424242", "The service")
    assert "4242" not in str(caught.value)


def test_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", " s3cret/+key ")
    secrets = Secrets()
    assert secrets.read("A_KEY", "X") == "s3cret/+key"
    assert secrets.scrub("no s3cret/+key,\n no s3cret%2F%2Bkey") == "no ***, no ***"
    assert len(secrets.scrub("x" * 5000)) == 300
    assert secrets.read("NO_KEY", "X", optional=True) == ""
    with pytest.raises(EngineError, match="X needs a key") as caught:
        secrets.read("NO_KEY", "X")
    assert "export NO_KEY=" in str(caught.value)


def test_the_root_of_an_error() -> None:
    try:
        try:
            raise ConnectionRefusedError(111, "refused")
        except OSError as error:
            raise ValueError("http://host/?key=1") from error
    except ValueError as outer:
        assert root_of(outer) == "ConnectionRefusedError: [Errno 111] refused"


@pytest.mark.parametrize("address", ["host:80", "ftp://host", "https://", "https://me:pass@host/v1"])
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(ValidationError, match="must"):
        RemoteOptions(base_url=address)


def test_in_order_and_never_more_than_allowed() -> None:
    service = Service(concurrency=7)
    assert service.translate(Request(numbers(100), "en", "ja")) == [f"訳{text}" for text in numbers(100)]
    assert service.most == 7
    assert set(service.asked.values()) == {1}


def test_no_texts_are_no_work() -> None:
    assert Service().translate(Request([], "en", "ja")) == []


def test_the_rate_is_kept_and_even() -> None:
    service = Service(concurrency=10, requests_per_second=50)
    service.translate(Request(numbers(20), "en", "ja"))
    gaps = [second - first for first, second in pairwise(service.begun)]
    assert sorted(gaps)[9] > 0.01
    assert service.begun[-1] - service.begun[0] > 0.3


def test_a_passing_fault_is_asked_again_and_a_lasting_one_is_not() -> None:
    def act(text: str, before: int) -> None:
        if text == "001" and before < 2:
            raise Temporary("busy")
        if text == "002":
            raise Refused("too odd")
        if text == "003":
            raise Temporary("broken")

    service = Service(act, retries=3)
    results = service.translate(Request(numbers(5), "en", "ja"))
    assert results == ["訳000", "訳001", Failure("too odd"), Failure("broken"), "訳004"]
    assert dict(service.asked) == {"000": 1, "001": 3, "002": 1, "003": 4, "004": 1}


def test_everyone_waits_as_long_as_the_service_asks() -> None:
    def act(text: str, before: int) -> None:
        if text == "003" and not before:
            raise Temporary("slow down", 0.3, everyone=True)

    service = Service(act, concurrency=2)
    assert service.translate(Request(numbers(20), "en", "ja"))[3] == "訳003"
    assert sum(second - first > 0.25 for first, second in pairwise(service.begun)) == 1


def test_a_service_that_asks_for_too_much_patience_stops_the_build() -> None:
    def act(text: str, before: int) -> None:
        raise Temporary("slow down", 3600.0)

    with pytest.raises(Stopped, match="asks to wait for 3,600 seconds"):
        Service(act).translate(Request(numbers(3), "en", "ja"))


def test_backoff_grows_and_is_bounded() -> None:
    dispatcher = Dispatcher(RemoteOptions(first_wait=2.0), "X")
    for attempt, most in enumerate([2, 4, 8, 16, 32, 60, 60]):
        waits = [dispatcher.wait_after(Temporary("busy"), attempt) for _ in range(200)]
        assert 0.6 * most < max(waits) <= most
        assert min(waits) < 0.4 * most


def test_a_long_wait_is_worth_a_word_but_not_many(caplog: pytest.LogCaptureFixture) -> None:
    dispatcher = Dispatcher(RemoteOptions(), "X")
    for seconds in (1.0, 20.0, 30.0):
        dispatcher.wait_after(Temporary("busy", seconds), 0)
    assert [record.getMessage() for record in caplog.records] == ["X: busy; trying again in 20 s"]


def parts_until_stopped(service: Service, texts: Sequence[str]) -> tuple[dict[int, Any], Stopped]:
    found: dict[int, Any] = {}
    with pytest.raises(Stopped) as caught:
        for part in service.translate_in_parts(Request(texts, "en", "ja")):
            found.update(part)
    return found, caught.value


def test_the_circuit_breaker_hands_over_all_that_is_finished() -> None:
    def act(text: str, before: int) -> None:
        if text >= "050":
            raise Temporary("down")

    service = Service(act, concurrency=4, retries=1, stop_after=3)
    found, stopped = parts_until_stopped(service, numbers(1000))
    assert [at for at, result in found.items() if isinstance(result, str)] == [*range(50)]
    assert sum(service.asked.values()) < 50 + 2 * (3 + 4 + 1)
    assert "failed 3 times in a row" in str(stopped)
    assert "down" in str(stopped)


def test_a_single_success_closes_the_circuit_again() -> None:
    def act(text: str, before: int) -> None:
        if int(text) % 3:
            raise Refused("odd")

    results = Service(act, concurrency=1, stop_after=3).translate(Request(numbers(60), "en", "ja"))
    assert sum(isinstance(result, Failure) for result in results) == 40


def test_what_is_under_way_when_it_stops_is_paid_for_and_kept() -> None:
    def act(text: str, before: int) -> None:
        if text == "010":
            raise Stopped("no more", remedy="pay")

    service = Service(act, concurrency=6)
    found, _ = parts_until_stopped(service, numbers(500))
    assert len(found) == sum(service.asked.values()) - 1
    assert len(found) < 30


def test_a_retry_that_waits_does_not_hold_up_the_end() -> None:
    def act(text: str, before: int) -> None:
        if text == "000":
            raise Temporary("busy", 60.0)
        if text == "009":
            raise Stopped("no more")

    began = time.monotonic()
    found, _ = parts_until_stopped(Service(act, concurrency=2), numbers(100))
    assert time.monotonic() - began < 5
    assert 0 not in found


def test_a_defect_of_the_engine_is_shown_as_it_is_and_costs_nothing_else() -> None:
    def act(text: str, before: int) -> None:
        if text == "020":
            raise KeyError("oops")

    service = Service(act, concurrency=3)
    found: dict[int, Any] = {}
    with pytest.raises(KeyError, match="oops"):
        for part in service.translate_in_parts(Request(numbers(100), "en", "ja")):
            found.update(part)
    assert set(range(20)) <= set(found)


def test_parts_come_while_the_rest_is_under_way() -> None:
    parts = Service(concurrency=8).translate_in_parts(Request(numbers(200), "en", "ja"))
    sizes = [len(part) for part in parts]
    assert sum(sizes) == 200
    assert max(sizes) <= 64


def test_few_and_slow_results_come_after_a_second() -> None:
    def act(text: str, before: int) -> None:
        time.sleep(0.3)

    sizes = [
        len(part) for part in Service(act, concurrency=1).translate_in_parts(Request(numbers(6), "en", "ja"))
    ]
    assert len(sizes) >= 2


def test_nothing_is_left_running_when_the_caller_turns_away() -> None:
    service = Service(concurrency=2)
    parts = service.translate_in_parts(Request(numbers(500), "en", "ja"))
    next(parts)
    parts.close()
    asked = sum(service.asked.values())
    time.sleep(0.05)
    assert asked == sum(service.asked.values()) < 500
    assert not [thread for thread in threading.enumerate() if thread.name == "requests"]


@pytest.mark.parametrize("pressed", [KeyboardInterrupt, Interrupted])
def test_ctrl_c_keeps_what_is_finished(pressed: type[BaseException]) -> None:
    service = Service(concurrency=2)
    found: dict[int, Any] = {}
    parts = service.translate_in_parts(Request(numbers(500), "en", "ja"))
    found.update(next(parts))
    time.sleep(0.1)
    part = parts.throw(pressed)
    found.update(part)
    with pytest.raises(pressed):
        for part in parts:
            found.update(part)
    assert 32 < len(found) < 500
    assert sum(service.asked.values()) == len(found)


def test_it_works_where_a_loop_is_running() -> None:
    async def notebook() -> list[str | Failure]:
        return Service().translate(Request(numbers(10), "en", "ja"))

    assert asyncio.run(notebook()) == [f"訳{text}" for text in numbers(10)]


def test_a_stopped_run_says_how_far_it_came_and_goes_on_from_there(memory: TranslationMemory) -> None:
    def act(text: str, before: int) -> None:
        if text >= "040":
            raise Stopped("The quota is used up", remedy="raise it, then run the same command again")

    with pytest.raises(Stopped) as caught:
        run.translate(Request(numbers(100), "en", "hi", "question"), [Service(act, concurrency=4)], memory)
    assert "done:     40 of 100 questions translated, all kept in the memory" in str(caught.value)
    assert "run the same command again" in str(caught.value)
    service = Service()
    outcome = run.translate(Request(numbers(100), "en", "hi", "question"), [service], memory)
    assert (outcome.counts.remembered, outcome.counts.translated) == (40, 60)
    assert sorted(service.asked) == numbers(100)[40:]
    assert outcome.text.to_pylist() == [f"訳{text}" for text in numbers(100)]


@pytest.mark.parametrize("make", [benchmark.libre, benchmark.chat])
def test_the_capacity_of_a_service_is_used_and_never_exceeded(make: Callable[..., RemoteEngine]) -> None:
    """The figures proper come from tests/benchmarks/remote.py, on a machine with nothing else to do."""
    more = {"items_per_request": 1} if make is benchmark.chat else {}
    with benchmark.server() as at, make(at.url, **more) as engine:
        done, stats = benchmark.throughput(engine, at, 300)
    assert stats.most_at_once == benchmark.AT_ONCE
    assert stats.requests == 300
    assert stats.busy / benchmark.AT_ONCE > 0.6
    assert done > 0.5
