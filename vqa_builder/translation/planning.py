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
        role: ``question`` or ``answer``.
        engine: its signature.
        fallback: whether engines before it are asked first; the numbers are then the most it can be sent.
        strings, characters: what the memory and the glossary do not answer. A translation that is not there
            yet is counted as its English when it is to be translated back.
        input_tokens, output_tokens: estimates, see ``translation.budget``.
        money: at the engine's price, in ``currency``; None without a price.
    """

    direction: str
    role: str
    engine: str
    fallback: bool
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
) -> list[PlannedWork]:
    """The work of a chain of engines.

    Args:
        texts: what is to be translated, repeated or not.
        known: what ``run.known`` says to each.
        role, source, target: as in ``run.translate``.
        chain: the engines.
        prices: engine signature -> price.
        contexts: one per text, or None; an engine that does not use them is sent a text once for all.
    """
    pairs = list(zip(texts, contexts or [""] * len(texts), strict=True))
    missing = {pair for pair, answer in zip(pairs, known, strict=True) if answer is None and pair[0]}
    rows = []
    for place, engine in enumerate(chain):
        sent = [text for text, _ in missing] if engine.uses_context else list({text for text, _ in missing})
        needed = usage(sent, target)
        price = prices.get(engine.signature)
        rows.append(
            PlannedWork(
                f"{source}-{target}",
                role,
                engine.signature,
                place > 0,
                *needed,
                money=None if price is None else needed.cost(price),
                currency=None if price is None else price.currency,
            )
        )
    return rows
