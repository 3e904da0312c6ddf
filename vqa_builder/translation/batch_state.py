"""The board of a run: its distinct strings, what is known of each, and what is known without any engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import repeat

from vqa_builder.translation.engines.base import Engine
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.protect import EXACT, PLAIN, TERMS, Guard, Protected


@dataclass(slots=True)
class BatchState:
    """The distinct strings of a run and what is known of each."""

    role: str
    source: str
    target: str
    texts: list[str]
    contexts: list[str] | None
    answers: list[str | None]
    engines: list[str | None]
    kinds: list[int]
    reasons: dict[int, list[str]] = field(default_factory=dict)
    remembered: int = 0
    calls: int = 0
    seconds: float = 0.0

    def open(self, engine: Engine | None = None) -> list[int]:
        """The places that have a text and no answer, and are for this engine."""
        places = [at for at, answer in enumerate(self.answers) if answer is None and self.texts[at]]
        if engine is None:
            return places
        kind = engine.kind if isinstance(engine, Protected) else PLAIN
        return [at for at in places if self.kinds[at] == kind]

    def contexts_for(self, engine: Engine, places: Sequence[int]) -> list[str] | None:
        """The contexts of some places, as far as the engine cares."""
        if self.contexts is None or not engine.uses_context:
            return None
        return [self.contexts[at] for at in places]

    def signatures_for(self, engine: Engine, signature: str, places: Sequence[int]) -> str | list[str]:
        """What the memory keeps an engine's answers under; the terms that a string holds decide with it."""
        if not isinstance(engine, Protected) or engine.kind != TERMS:
            return signature
        return [f"{signature}:{engine.guard.digest(self.texts[at], self.role)}" for at in places]

    def fill(self, at: int, answer: str, engine: str) -> None:
        """Write down an answer and who gave it."""
        self.answers[at], self.engines[at] = answer, engine


def deduplicate(
    texts: Sequence[str],
    contexts: Sequence[str] | None,
    role: str,
    source: str,
    target: str,
    guard: Guard | None,
) -> tuple[BatchState, list[int]]:
    """The board of distinct strings, and for every string its place there."""
    places: dict[tuple[str, str], int] = {}
    pairs = zip(texts, repeat("")) if contexts is None else zip(texts, contexts, strict=True)
    rows = [places.setdefault(pair, len(places)) for pair in pairs]
    board = BatchState(
        role=role,
        source=source,
        target=target,
        texts=[text for text, _ in places],
        contexts=None if contexts is None else [context for _, context in places],
        answers=[None] * len(places),
        engines=[None] * len(places),
        kinds=[PLAIN if guard is None else guard.kind(text, role) for text, _ in places],
    )
    board.reasons = {at: ["empty text"] for at, text in enumerate(board.texts) if not text}
    return board, rows


def ask_overrides(board: BatchState, memory: TranslationMemory) -> None:
    """Take the entries of the memory that people assert."""
    found = memory.lookup_asserted(
        board.texts, role=board.role, contexts=board.contexts, source=board.source, target=board.target
    )
    for at, answer in enumerate(found):
        if answer is not None and board.texts[at]:
            board.fill(at, *answer)
            board.remembered += 1


def ask_glossary(board: BatchState, guard: Guard | None) -> None:
    """Take what is a term and nothing else from the glossary."""
    if guard is None or guard.glossary is None:
        return
    for at in board.open():
        answer = guard.glossary.exact(board.texts[at], board.role)
        if answer is not None:
            board.fill(at, answer, EXACT)
            board.remembered += 1


def ask_memory(board: BatchState, memory: TranslationMemory, engine: Engine) -> None:
    """Take what the engine has answered before."""
    places = board.open(engine)
    if not places:
        return
    signature = engine.signature
    found = memory.lookup(
        [board.texts[at] for at in places],
        role=board.role,
        contexts=board.contexts_for(engine, places),
        source=board.source,
        target=board.target,
        engine=board.signatures_for(engine, signature, places),
    )
    for at, answer in zip(places, found, strict=True):
        if answer is not None:
            board.fill(at, answer, signature)
            board.remembered += 1
