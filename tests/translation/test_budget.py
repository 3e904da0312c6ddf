"""A budget is never exceeded, survives the build, and more of it goes on where less of it ended."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from vqa_builder.errors import StorageError
from vqa_builder.spec import Budget, Price
from vqa_builder.translation.budget import Ledger, Usage, usage
from vqa_builder.translation.engines.base import Engine, Failure, Options, Stopped
from vqa_builder.translation.memory import TranslationMemory
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

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[str | Failure]:
        self.sent += sum(map(len, texts))
        return [f"<{text}>" for text in texts]


def run(memory: TranslationMemory, ledger: Ledger, *engines: Engine, **more: Any) -> Outcome:
    fixed: dict[str, Any] = {"role": "question", "source": "en", "target": "ja", "batch_size": 2}
    return translate(TEXTS, engines=engines, memory=memory, ledger=ledger, **{**fixed, **more})


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


@pytest.mark.parametrize("content", ["", "[1]", '{"paid|1": {"pages": 3}}'])
def test_a_file_that_is_no_ledger(tmp_path: Path, content: str) -> None:
    (tmp_path / "spent.json").write_text(content)
    with pytest.raises(StorageError, match="no ledger"):
        Ledger(tmp_path / "spent.json")
