"""What translating costs: the estimate before, the ledger during, the stop before the budget is exceeded.

Characters are counted exactly. Tokens are estimated, the same for every model: a token per four bytes of
UTF-8; a translation into a language other than English is taken to have twice the tokens of its source, one
into English as many; and each string takes its share of instructions and of a reply's frame.

Where an endpoint says what it used, the ledger holds that and not the estimate. How much dearer that is than
estimated is learned from a first small batch, which is taken to be four times as dear, and minded from then
on; so a budget of money can be exceeded only where a batch is dearer than all before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from vqa_builder import named_files
from vqa_builder.errors import StorageError
from vqa_builder.spec import Budget, Price
from vqa_builder.store import write_json
from vqa_builder.strict_json import decode
from vqa_builder.translation.engines.base import Engine, Stopped
from vqa_builder.translation.request import Request

BYTES_PER_TOKEN = 4
TARGET_TOKENS = 2
FRAME_IN, FRAME_OUT = 25, 10
FIRST_BATCH, FIRST_GUESS = 100, 4.0


class Usage(NamedTuple):
    """What was sent to an engine, or would be; tokens are estimates where nobody has counted them."""

    strings: int = 0
    characters: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def plus(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(*(one + more for one, more in zip(self, other, strict=True)))

    def cost(self, price: Price | None) -> float:
        """Money, in the currency of the price; 0 without one."""
        if price is None:
            return 0.0
        millionths = (
            self.characters * price.per_million_characters
            + self.input_tokens * price.per_million_input_tokens
            + self.output_tokens * price.per_million_output_tokens
        )
        return millionths / 1e6


_LEDGER = dict[str, dict[str, int]]


def usage(texts: Sequence[str], target: str) -> Usage:
    """What it takes to translate strings.

    >>> usage(["What is this?"], "ja")
    Usage(strings=1, characters=13, input_tokens=28, output_tokens=16)
    """
    tokens = sum(len(text.encode()) // BYTES_PER_TOKEN for text in texts)
    return Usage(
        strings=len(texts),
        characters=sum(map(len, texts)),
        input_tokens=tokens + FRAME_IN * len(texts),
        output_tokens=tokens * (1 if target == "en" else TARGET_TOKENS) + FRAME_OUT * len(texts),
    )


def picture_tokens(side: int) -> int:
    """What a square picture costs a chat endpoint: 85 tokens and 170 for each tile of 512 x 512 pixels.

    Source: OpenAI, "Images and vision", API documentation; a model that takes a token for 28 x 28 pixels,
    such as Qwen2-VL, counts as many at 768 pixels.

    >>> picture_tokens(768), 768 * 768 // 28**2
    (765, 752)
    """
    return 85 + 170 * (-(-side // 512)) ** 2


class PlannedWork(NamedTuple):
    """What one engine would be sent of one role in one direction.

    Attributes:
        direction: ``en-ja``.
        role: ``question``, ``answer``, or "" for sentences that hold an answer.
        step: why it is sent: ``all`` strings once, ``second opinion`` on what is rejected, answers
            ``in context``, or ``pictures``, one with each answer whose sense they tell.
        engine: its signature.
        at_most: whether the numbers are the most it can be sent, and it may be less: engines before it are
            asked first, or what is asked depends on translations that are not there yet.
        strings, characters: what the memory and the glossary do not answer. A translation that is not there
            yet is counted as its English when it is to be translated back.
        input_tokens, output_tokens: estimates, see the module.
        money: at the engine's price, in ``currency``; None without a price.
    """

    direction: str
    role: str
    step: str
    engine: str
    at_most: bool
    strings: int
    characters: int
    input_tokens: int
    output_tokens: int
    money: float | None
    currency: str | None


def planned_work(
    request: Request,
    known: Sequence[str | None],
    chain: Sequence[Engine],
    prices: Mapping[str, Price],
    *,
    apart: bool = False,
    step: str = "all",
    at_most: bool = False,
    tokens_beside: int = 0,
) -> list[PlannedWork]:
    """The work of a chain of engines, without sending anything.

    Args:
        request: what is to be translated, repeated or not; an engine that does not use contexts is sent a
            text once for all.
        known: what ``run.recall`` says to each.
        chain: the engines.
        prices: engine signature -> price.
        apart: whether texts of different contexts count apart all the same: they stand for their
            translations, which will differ.
        step, at_most: see ``PlannedWork``.
        tokens_beside: input tokens that come with every text, as those of a picture.
    """
    pairs = zip(request.pairs, known, strict=True)
    missing = {pair for pair, answer in pairs if answer is None and pair[0]}
    rows = []
    for place, engine in enumerate(chain):
        heeded = engine.uses_context or apart
        sent = [text for text, _ in missing] if heeded else list({text for text, _ in missing})
        needed = usage(sent, request.target)
        needed = needed._replace(input_tokens=needed.input_tokens + tokens_beside * needed.strings)
        price = prices.get(engine.signature)
        rows.append(
            PlannedWork(
                request.direction,
                request.role,
                step,
                engine.signature,
                at_most or place > 0,
                *needed,
                money=None if price is None else needed.cost(price),
                currency=None if price is None else price.currency,
            )
        )
    return rows


class _Meter:
    """What an engine's endpoint counts, and how much dearer than estimated that turns out to be."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._seen = engine.tokens or (0, 0)
        self._estimated = self._charged = self._dearest = 0.0

    def used(self, estimate: Usage, price: Price | None) -> Usage:
        """The estimate, with the tokens that were counted since the last call where any are."""
        used, tokens = estimate, self._engine.tokens
        if tokens is not None:
            now = (max(tokens[0], self._seen[0]), max(tokens[1], self._seen[1]))
            more = (now[0] - self._seen[0], now[1] - self._seen[1])
            used = estimate._replace(input_tokens=more[0], output_tokens=more[1])
            self._seen = now
        self._estimated += estimate.cost(price)
        self._charged += used.cost(price)
        return used

    def dearer(self) -> float:
        """What was charged by what was estimated, in the dearest batch so far; 0 before the first one."""
        if self._estimated:
            self._dearest = max(self._dearest, self._charged / self._estimated)
            self._estimated = self._charged = 0.0
        return self._dearest


class Ledger:
    """What was spent so far, in a file that outlives the build, and how much more may be.

    Args:
        path: the file; None keeps no account and sets no limit.
        budget: the limits; None for none.
        prices: engine signature -> price. With any price only these engines count, without all do.

    Raises:
        StorageError: the file is no ledger.

    Example::

        >>> from tempfile import TemporaryDirectory
        >>> from vqa_builder.translation.engines.mini import Mini
        >>> with TemporaryDirectory() as folder, Mini(Mini.Options()) as mini:
        ...     ledger = Ledger(Path(folder, "spent.json"), Budget(characters=10))
        ...     ledger.fitting(mini, ["cat", "dog", "an elephant"], "ja")
        2
    """

    def __init__(
        self,
        path: Path | None = None,
        budget: Budget | None = None,
        prices: Mapping[str, Price] | None = None,
    ) -> None:
        self.path, self.budget, self.prices = path, budget, dict(prices or {})
        self.spent: dict[str, Usage] = self._read()
        self._meters: dict[int, _Meter] = {}

    def counts(self, engine: Engine) -> bool:
        """Whether an engine's work is written down: it has a price, or none has and there is a budget."""
        if self.path is None or not (self.prices or self.budget):
            return False
        return not self.prices or engine.signature in self.prices

    def fitting(self, engine: Engine, texts: Sequence[str], target: str, times: int = 1) -> int:
        """How many of the strings, from the first on, the budget still allows, each sent so many times."""
        if self.budget is None or not self.counts(engine):
            return len(texts)
        price, most, dearer = self.prices.get(engine.signature), len(texts), self._meter(engine).dearer()
        if not dearer:
            most, dearer = (FIRST_BATCH, FIRST_GUESS) if self._by_the_token(price) else (most, 1.0)
        characters, money = self.characters, self.money
        for place, text in enumerate(texts[:most]):
            one = usage([text] * times, target)
            characters, money = characters + one.characters, money + one.cost(price) * dearer
            if self._exceeds(characters, money):
                return place
        return min(most, len(texts))

    def charge(self, engine: Engine, texts: Sequence[str], target: str) -> None:
        """Write down that an engine answered some strings, with the tokens that were counted since."""
        if not self.counts(engine):
            return
        used = self._meter(engine).used(usage(texts, target), self.prices.get(engine.signature))
        if not any(used):
            return
        self.spent[engine.signature] = self.spent.get(engine.signature, Usage()).plus(used)
        if self.path is not None:
            write_json(self.path, {name: each._asdict() for name, each in sorted(self.spent.items())})

    def stop(self, engine: Engine) -> Stopped:
        """The error that says that the budget is used up."""
        asked = self.budget or Budget(characters=0)
        limits = [] if asked.characters is None else [f"{asked.characters:,} characters"]
        limits += [] if asked.money is None else [f"{asked.money:,.2f} {self.currency}"]
        spent = f"{self.characters:,} characters"
        return Stopped(
            f"The budget is used up: one more string for the engine {engine.name} would exceed it",
            where=self.path,
            expected=f"at most {' and '.join(limits)}",
            found=f"{spent}, {self.money:,.2f} {self.currency} spent" if self.prices else f"{spent} spent",
            remedy="raise `budget:` in the spec and run the same command: nothing is paid twice",
        )

    @property
    def characters(self) -> int:
        """Characters spent by the engines that count."""
        return sum(each.characters for name, each in self.spent.items() if self._counted(name))

    @property
    def money(self) -> float:
        """Money spent, at the prices of today's spec."""
        return sum(each.cost(self.prices.get(name)) for name, each in self.spent.items())

    @property
    def currency(self) -> str:
        """The currency of the prices."""
        return next((price.currency for price in self.prices.values()), "")

    def _meter(self, engine: Engine) -> _Meter:
        return self._meters.setdefault(id(engine), _Meter(engine))

    def _by_the_token(self, price: Price | None) -> bool:
        """Whether what a string costs is known only after it has been sent."""
        asked = self.budget is not None and self.budget.money is not None and price is not None
        return asked and bool(price and (price.per_million_input_tokens or price.per_million_output_tokens))

    def _counted(self, signature: str) -> bool:
        return not self.prices or signature in self.prices

    def _exceeds(self, characters: int, money: float) -> bool:
        limit = self.budget
        if limit is None:
            return False
        too_long = limit.characters is not None and characters > limit.characters
        return too_long or (limit.money is not None and money > limit.money + 1e-9)

    def _read(self) -> dict[str, Usage]:
        if self.path is None or not self.path.exists():
            return {}
        try:
            content = decode(named_files.read_bytes(self.path, "ledger", StorageError), _LEDGER)
            return {name: Usage(**fields) for name, fields in content.items()}
        except (ValueError, TypeError) as error:
            raise StorageError(
                "This file is no ledger of what was spent",
                where=self.path,
                found=error,
                remedy="restore it, or remove it to begin a new account at zero",
            ) from None
