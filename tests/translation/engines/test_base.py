"""The contract between a run and an engine that hands its results over in parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest

from vqa_builder.errors import EngineError
from vqa_builder.translation.engines.base import Engine, Failure, Options, Parts, Stopped
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.request import Request
from vqa_builder.translation.run import Outcome, translate


class Trickling(Engine):
    """Yields what it is told to, of the texts it is asked for."""

    name: ClassVar[str] = "trickling"
    summary: ClassVar[str] = "for tests"
    Options: ClassVar[type[Options]] = Options

    def __init__(self, *parts: list[tuple[int, Any]], ends: Exception | None = None) -> None:
        self.parts, self.ends = parts, ends
        self.calls: list[tuple[list[str], str, list[str] | None]] = []

    @property
    def signature(self) -> str:
        return "trickling|1"

    def check_direction(self, source: str, target: str) -> None:
        pass

    def translate(self, request: Request) -> list[str | Failure]:
        raise AssertionError("a run calls translate_in_parts")

    def translate_in_parts(self, request: Request) -> Parts:
        contexts = None if request.contexts is None else list(request.contexts)
        self.calls.append((list(request.texts), request.role, contexts))
        yield from self.parts
        if self.ends:
            raise self.ends


class Heeding(Trickling):
    """Also uses contexts."""

    uses_context: ClassVar[bool] = True


def run(memory: TranslationMemory, texts: Sequence[str], engine: Engine, **more: Any) -> Outcome:
    return translate(Request(texts, "en", "ja", "answer", **more), [engine], memory)


def test_parts_in_any_order_come_back_in_their_places(memory: TranslationMemory) -> None:
    engine = Trickling([(2, "三")], [], [(0, "一"), (1, Failure("odd"))])
    outcome = run(memory, ["ccc", "a", "bb"], engine)
    assert outcome.text.to_pylist() == ["三", "一", None]
    assert outcome.error.to_pylist() == [None, None, "trickling: odd"]
    assert (outcome.counts.translated, outcome.counts.failed, outcome.counts.engine_calls) == (2, 1, 1)
    assert engine.calls == [(["a", "bb", "ccc"], "answer", None)]


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ([[(0, "一")]], "1 results"),
        ([[(0, "一"), (1, "二")], [(1, "三")]], "two for place 1"),
        ([[(0, "一"), (7, "二")]], "two for place 7"),
        ([[(0, "一"), (1, None)]], "None for 'bb'"),
    ],
)
def test_a_part_that_breaks_the_contract(memory: TranslationMemory, parts: list[Any], found: str) -> None:
    with pytest.raises(EngineError, match="broke its contract") as caught:
        run(memory, ["a", "bb"], Trickling(*parts))
    assert found in str(caught.value)


@pytest.mark.parametrize("error", [Stopped("no quota", remedy="wait"), EngineError("no"), ValueError("bug")])
def test_parts_before_an_error_are_kept(memory: TranslationMemory, error: Exception) -> None:
    with pytest.raises(EngineError) as caught:
        run(memory, ["a", "bb", "ccc"], Trickling([(0, "一")], [(2, "三")], ends=error))
    assert ("2 of 3 answers translated" in str(caught.value)) is isinstance(error, Stopped)
    rest = Trickling([(0, "二")])
    assert run(memory, ["a", "bb", "ccc"], rest).text.to_pylist() == ["一", "二", "三"]
    assert rest.calls == [(["bb"], "answer", None)]


def test_contexts_reach_only_those_who_use_them(memory: TranslationMemory) -> None:
    contexts = ["fruit", "colour", "", "fruit"]
    plain, heeding = Trickling([(0, "橙")]), Heeding([(0, "オレンジ"), (1, "オレンジ色"), (2, "みかん")])
    assert run(memory, ["orange"] * 4, plain, contexts=contexts).text.to_pylist() == ["橙"] * 4
    assert plain.calls == [(["orange"], "answer", None)]
    memory.close()
    with TranslationMemory(memory.path.with_name("other.sqlite")) as other:
        outcome = run(other, ["orange"] * 4, heeding, contexts=contexts)
        assert heeding.calls == [(["orange"] * 3, "answer", ["", "colour", "fruit"])]
        assert outcome.text.to_pylist() == ["みかん", "オレンジ色", "オレンジ", "みかん"]
        again = run(other, ["orange"] * 2, Heeding(), contexts=["colour", "fruit"])
        assert again.text.to_pylist() == ["オレンジ色", "みかん"]
        new = Heeding([(0, "オレンジジュース")])
        assert run(other, ["orange"], new, contexts=["drink"]).counts.translated == 1


def test_an_engine_that_uses_contexts_needs_none(memory: TranslationMemory) -> None:
    engine = Heeding([(0, "赤")])
    assert run(memory, ["red"], engine).text.to_pylist() == ["赤"]
    assert engine.calls == [(["red"], "answer", None)]
    assert run(memory, ["red"], Heeding(), contexts=[""]).text.to_pylist() == ["赤"]
