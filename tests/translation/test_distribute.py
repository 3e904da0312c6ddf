"""An engine behind an executor's workers: same results, same errors, nothing finished lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from vqa_builder.errors import EngineError
from vqa_builder.executors import Executor, LocalExecutor
from vqa_builder.translation import distribute
from vqa_builder.translation.distribute import DistributedEngine
from vqa_builder.translation.engines.mini import Mini
from vqa_builder.translation.engines.openai import OpenAI
from vqa_builder.translation.request import Request

TEXTS = [f"Is the car number {number} red?" for number in range(100)]


class Elsewhere(Executor):
    """As if on other machines; notes what it is sent."""

    remote: ClassVar[bool] = True
    workers = 2
    cores_per_worker = 3

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def map(self, function: Callable[..., Any], items: Sequence[Any]) -> Iterator[Any]:
        """See ``Executor``."""
        return map(function, items)

    def finished(self, function: Any, items: Any) -> Iterator[tuple[int, Any]]:
        """See ``Executor``."""
        for place, item in enumerate(items):
            self.sent.append((function.args, item))
            yield place, function(item)


@pytest.fixture
def mini() -> Iterator[Mini]:
    with Mini(Mini.Options()) as engine:
        yield engine


def many(engine: Mini, executor: Executor) -> DistributedEngine:
    """That engine, worked by many."""
    return DistributedEngine(engine, "mini", Mini.Options(), executor)


def test_results_are_those_of_the_engine_and_come_in_pieces(mini: Mini) -> None:
    executor = Elsewhere()
    parts = list(many(mini, executor).translate_in_parts(Request(TEXTS, "en", "ja", role="question")))
    assert [len(part) for part in parts] == [32, 32, 32, 4]
    found = {at: result for part in parts for at, result in part}
    assert [found[at] for at in range(100)] == mini.translate(Request(TEXTS, "en", "ja"))
    assert many(mini, executor).translate(Request(TEXTS[:3], "en", "hi")) == mini.translate(
        Request(TEXTS[:3], "en", "hi")
    )


def test_workers_get_the_engine_by_name_their_share_of_cores_and_the_contexts(mini: Mini) -> None:
    executor = Elsewhere()
    request = Request(["red"], "en", "ja", "answer", ["Which?"])
    list(many(mini, executor).translate_in_parts(request))
    assert executor.sent == [(("mini", '{"threads":3,"beam_size":4}'), request)]


def test_terms_travel_with_their_texts(mini: Mini) -> None:
    executor, request = Elsewhere(), Request(["red"], "en", "ja", terms=[{"red": "赤い"}])
    engine = many(mini, executor)
    assert engine.takes_terms is mini.takes_terms is True
    (done,) = engine.translate_in_parts(request)
    assert [piece for _, piece in executor.sent] == [request]
    assert done == list(enumerate(mini.translate(request)))
    assert "赤い" in str(done[0][1])


def test_it_is_the_same_engine_to_everybody(mini: Mini) -> None:
    engine = many(mini, Elsewhere())
    for name in ("name", "signature", "licence", "deterministic", "uses_context"):
        assert getattr(engine, name) == getattr(mini, name)
    with pytest.raises(EngineError, match="cannot translate from en to de"):
        engine.check_direction("en", "de")


class Failing:
    """Stands where a worker's engine stands: fails at the second piece, after half of it."""

    def __init__(self, signature: str) -> None:
        self.signature, self.calls = signature, 0

    def translate_in_parts(self, request: Request) -> Iterator[Any]:
        """Two parts of a piece."""
        self.calls += 1
        yield [(0, "一")]
        if self.calls == 2:
            raise EngineError("out of memory")
        yield [(at, "二") for at in range(1, len(request))]


def test_an_error_comes_after_all_that_was_finished(mini: Mini, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = Failing(mini.signature)
    monkeypatch.setattr(distribute, "_engine", lambda *_: failing)
    found: dict[int, Any] = {}
    with pytest.raises(EngineError, match="out of memory"):
        for part in many(mini, Elsewhere()).translate_in_parts(Request(TEXTS, "en", "ja")):
            found |= dict(part)
    assert sorted(found) == [*range(33)]
    assert failing.calls == 2


def test_a_worker_with_another_engine_is_found_out(mini: Mini, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distribute, "_engine", lambda *_: Failing("mini|ctranslate2:4.0"))
    with pytest.raises(EngineError, match="A worker has another engine") as caught:
        many(mini, Elsewhere()).translate(Request(TEXTS, "en", "ja"))
    assert "found:    mini|ctranslate2:4.0" in str(caught.value)


def test_only_what_gets_faster_is_distributed(mini: Mini) -> None:
    options: BaseModel = Mini.Options()
    assert isinstance(distribute.distributed(mini, "mini", options, Elsewhere()), DistributedEngine)
    assert distribute.distributed(mini, "mini", options, LocalExecutor(2)) is mini
    remote = OpenAI.Options(model="m", base_url="http://127.0.0.1:1/v1")
    service = OpenAI(remote)
    assert distribute.distributed(service, "openai", remote, Elsewhere()) is service
