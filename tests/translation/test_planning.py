"""What each engine of a chain would be sent, and what it would cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import pytest

from vqa_builder.spec import Price
from vqa_builder.translation.engines.base import Engine, Failure, Options
from vqa_builder.translation.planning import planned_work


class Named(Engine):
    """Has a signature and nothing else."""

    name: ClassVar[str] = "named"
    summary: ClassVar[str] = "for tests"
    Options: ClassVar[type[Options]] = Options

    def __init__(self, signature: str, heeding: bool = False) -> None:
        self.signed = signature
        self.uses_context = heeding  # type: ignore[misc]

    @property
    def signature(self) -> str:
        return self.signed

    def check_direction(self, source: str, target: str) -> None: ...

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[str | Failure]:
        raise AssertionError("a plan asks no engine")


def test_every_engine_of_a_chain_with_what_it_can_be_sent_at_most() -> None:
    first, second = planned_work(
        ["cat", "a dog", "cat", ""],
        [None, "犬", None, None],
        role="answer",
        source="en",
        target="ja",
        chain=[Named("free|1"), Named("paid|1")],
        prices={"paid|1": Price(per_million_characters=1_000_000, currency="EUR")},
    )
    assert first._asdict() == {
        "direction": "en-ja",
        "role": "answer",
        "step": "all",
        "engine": "free|1",
        "at_most": False,
        "strings": 1,
        "characters": 3,
        "input_tokens": 25,
        "output_tokens": 10,
        "money": None,
        "currency": None,
    }
    assert (second.at_most, second.strings, second.money, second.currency) == (True, 1, 3.0, "EUR")


@pytest.mark.parametrize(("heeding", "strings"), [(False, 1), (True, 2)])
def test_a_text_counts_once_per_context_where_the_engine_heeds_it(heeding: bool, strings: int) -> None:
    (work,) = planned_work(
        ["orange", "orange", "orange"],
        [None, None, None],
        role="answer",
        source="en",
        target="hi",
        chain=[Named("one|1", heeding)],
        prices={},
        contexts=["colour", "fruit", "colour"],
    )
    assert work.strings == strings


def test_translations_that_are_not_there_yet_count_apart() -> None:
    (work,) = planned_work(
        ["orange", "orange", "अंगूर", "अंगूर"],
        [None, None, None, None],
        role="answer",
        source="hi",
        target="en",
        chain=[Named("one|1")],
        prices={},
        contexts=["colour", "fruit", "", ""],
        apart=True,
        step="in context",
        at_most=True,
    )
    assert (work.strings, work.step, work.at_most) == (3, "in context", True)
