"""What a build would send to each engine, and what that would cost, without sending anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from vqa_builder.spec import Price
from vqa_builder.translation.budget import usage
from vqa_builder.translation.engines.base import Engine


class PlannedWork(NamedTuple):
    """What one engine would be sent of one role in one direction.

    Attributes:
        direction: ``en-ja``.
        role: ``question``, ``answer``, or "" for sentences that hold an answer.
        step: why it is sent: ``all`` strings once, ``second opinion`` on what is rejected, or answers
            ``in context``.
        engine: its signature.
        at_most: whether the numbers are the most it can be sent, and it may be less: engines before it are
            asked first, or what is asked depends on translations that are not there yet.
        strings, characters: what the memory and the glossary do not answer. A translation that is not there
            yet is counted as its English when it is to be translated back.
        input_tokens, output_tokens: estimates, see ``translation.budget``.
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
    texts: Sequence[str],
    known: Sequence[str | None],
    *,
    role: str,
    source: str,
    target: str,
    chain: Sequence[Engine],
    prices: Mapping[str, Price],
    contexts: Sequence[str] | None = None,
    apart: bool = False,
    step: str = "all",
    at_most: bool = False,
) -> list[PlannedWork]:
    """The work of a chain of engines.

    Args:
        texts: what is to be translated, repeated or not.
        known: what ``run.known`` says to each.
        role, source, target: as in ``run.translate``.
        chain: the engines.
        prices: engine signature -> price.
        contexts: one per text, or None; an engine that does not use them is sent a text once for all.
        apart: whether texts of different contexts count apart all the same: they stand for their
            translations, which will differ.
        step, at_most: see ``PlannedWork``.
    """
    pairs = list(zip(texts, contexts or [""] * len(texts), strict=True))
    missing = {pair for pair, answer in zip(pairs, known, strict=True) if answer is None and pair[0]}
    rows = []
    for place, engine in enumerate(chain):
        heeded = engine.uses_context or apart
        sent = [text for text, _ in missing] if heeded else list({text for text, _ in missing})
        needed = usage(sent, target)
        price = prices.get(engine.signature)
        rows.append(
            PlannedWork(
                f"{source}-{target}",
                role,
                step,
                engine.signature,
                at_most or place > 0,
                *needed,
                money=None if price is None else needed.cost(price),
                currency=None if price is None else price.currency,
            )
        )
    return rows
