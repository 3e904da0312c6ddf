"""A budget is never exceeded, survives the build, and more of it goes on where less of it ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from vqa_builder.errors import StorageError
from vqa_builder.spec import Budget, Price
from vqa_builder.translation.budget import Ledger, Usage, planned_work, usage
from vqa_builder.translation.engines.base import Engine, Failure, Options, Stopped
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.request import Request
from vqa_builder.translation.run import Outcome, translate

TEXTS = ["a", "bb", "ccc", "dddd", "eeeee"]
PRICE = Price(per_million_characters=1_000_000)


class Paid(Engine):
    """Counts what it is sent."""

    name: ClassVar[str] = "paid"
    summary: ClassVar[str] = "for tests"
    Options: ClassVar[type[Options]] = Options

    def __init__(self, name: str = "paid|1") -> None:
        self.signed, self.sent = name, 0

    @property
    def signature(self) -> str:
        return self.signed

    def check_direction(self, source: str, target: str) -> None: ...

    def translate(self, request: Request) -> list[str | Failure]:
        self.sent += sum(map(len, request.texts))
        return [f"<{text}>" for text in request.texts]


def run(memory: TranslationMemory, ledger: Ledger, *engines: Engine, **more: Any) -> Outcome:
    request = Request(TEXTS, "en", "ja", "question")
    return translate(request, engines, memory, ledger=ledger, **{"batch_size": 2, **more})


@pytest.mark.parametrize(
    ("texts", "target", "expected"),
    [
        ([], "ja", Usage()),
        (["What is this?"], "ja", Usage(1, 13, 28, 16)),
        (["これは何ですか？"], "en", Usage(1, 8, 31, 16)),
        (["यह क्या है?", "a"], "en", Usage(2, 12, 56, 26)),
    ],
)
def test_characters_are_counted_and_tokens_estimated(texts: list[str], target: str, expected: Usage) -> None:
    assert usage(texts, target) == expected


def test_money() -> None:
    price = Price(per_million_characters=20, per_million_input_tokens=2, per_million_output_tokens=8)
    assert Usage(1, 1_000_000, 500_000, 250_000).cost(price) == 20 + 1 + 2
    assert Usage(1, 1_000_000).cost(None) == 0


@pytest.mark.parametrize("batch_size", [1, 2, 100])
@pytest.mark.parametrize(
    ("budget", "sent"),
    [
        (Budget(characters=0), 0),
        (Budget(characters=9), 6),
        (Budget(characters=10), 10),
        (Budget(money=3.5), 3),
        (Budget(characters=6, money=1), 1),
    ],
)
def test_a_budget_is_used_and_never_exceeded(
    memory: TranslationMemory, tmp_path: Path, budget: Budget, sent: int, batch_size: int
) -> None:
    engine, path = Paid(), tmp_path / "spent.json"
    with pytest.raises(Stopped) as caught:
        run(memory, Ledger(path, budget, {"paid|1": PRICE}), engine, batch_size=batch_size)
    assert engine.sent == sent == Ledger(path, budget, {"paid|1": PRICE}).characters
    assert "raise `budget:`" in str(caught.value)
    assert "of 5 questions translated, all kept" in str(caught.value)
    assert f"{sent:,} characters, {sent:,.2f} USD spent" in str(caught.value)


def test_a_larger_budget_goes_on_where_the_smaller_one_ended(
    memory: TranslationMemory, tmp_path: Path
) -> None:
    engine, path = Paid(), tmp_path / "spent.json"
    for characters in (3, 3, 6):
        with pytest.raises(Stopped):
            run(memory, Ledger(path, Budget(characters=characters)), engine)
    ledger = Ledger(path, Budget(characters=15))
    outcome = run(memory, ledger, engine)
    assert outcome.text.to_pylist() == [f"<{text}>" for text in TEXTS]
    assert (engine.sent, ledger.characters, outcome.counts.remembered) == (15, 15, 3)


def test_only_engines_with_a_price_count_where_one_has_a_price(
    memory: TranslationMemory, tmp_path: Path
) -> None:
    free, paid = Paid("free|1"), Paid("paid|1")
    ledger = Ledger(tmp_path / "spent.json", Budget(characters=20), {"paid|1": PRICE})
    run(memory, ledger, free)
    run(memory, ledger, paid)
    assert list(ledger.spent) == ["paid|1"]
    assert (ledger.characters, ledger.money, ledger.currency) == (15, 15.0, "USD")


def test_without_a_price_and_a_budget_nothing_is_written(memory: TranslationMemory, tmp_path: Path) -> None:
    run(memory, Ledger(tmp_path / "spent.json"), Paid())
    assert not (tmp_path / "spent.json").exists()


@pytest.mark.parametrize("content", ["", "[1]", '{"paid|1": {"strings": "3"}}', '{"paid|1": {"pages": 3}}'])
def test_a_file_that_is_no_ledger(tmp_path: Path, content: str) -> None:
    (tmp_path / "spent.json").write_text(content)
    with pytest.raises(StorageError, match="no ledger"):
        Ledger(tmp_path / "spent.json")


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

    def translate(self, request: Request) -> list[str | Failure]:
        raise AssertionError("a plan asks no engine")


def test_every_engine_of_a_chain_with_what_it_can_be_sent_at_most() -> None:
    first, second = planned_work(
        Request(["cat", "a dog", "cat", ""], "en", "ja", "answer"),
        [None, "犬", None, None],
        [Named("free|1"), Named("paid|1")],
        {"paid|1": Price(per_million_characters=1_000_000, currency="EUR")},
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
        Request(["orange"] * 3, "en", "hi", "answer", ["colour", "fruit", "colour"]),
        [None, None, None],
        [Named("one|1", heeding)],
        {},
    )
    assert work.strings == strings


def test_translations_that_are_not_there_yet_count_apart() -> None:
    (work,) = planned_work(
        Request(["orange", "orange", "अंगूर", "अंगूर"], "hi", "en", "answer", ["colour", "fruit", "", ""]),
        [None, None, None, None],
        [Named("one|1")],
        {},
        apart=True,
        step="in context",
        at_most=True,
    )
    assert (work.strings, work.step, work.at_most) == (3, "in context", True)
