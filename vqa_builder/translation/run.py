"""The run: strings in, translations out in the same order; every distinct string is paid for once.

Asserted entries of the memory answer first, then the glossary. Then each engine of the fallback chain is
asked, by memory and in person, for what is still open. Every part of a batch that an engine hands over is in
the memory before the next one is asked for, so that a crash costs what is under way and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields

import pyarrow as pa

from vqa_builder.errors import EngineError, VQABuilderError
from vqa_builder.progress import Progress
from vqa_builder.translation.batch_state import (
    BatchState,
    ask_glossary,
    ask_memory,
    ask_overrides,
    deduplicate,
)
from vqa_builder.translation.batches import batches
from vqa_builder.translation.budget import Ledger
from vqa_builder.translation.engines.base import Engine, Failure, Part, Stopped, broken_contract
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.protect import SPANS, TERMS, Guard, Protected

VERSION = "1"  # raised by whoever changes what a run answers
BATCH_SIZE = 4096


@dataclass(frozen=True, slots=True)
class RunCounts:
    """What a run did; two add up to one.

    Attributes:
        asked: strings that came in.
        unique: distinct ones (a string in two contexts counts twice); the sum of the next three.
        remembered: answered by the memory or the glossary.
        translated: answered by an engine, now.
        failed: answered by nobody.
        engine_calls: batches that engines were asked to translate.
        engine_seconds: how long they took.
    """

    asked: int = 0
    unique: int = 0
    remembered: int = 0
    translated: int = 0
    failed: int = 0
    engine_calls: int = 0
    engine_seconds: float = 0.0

    def __add__(self, other: RunCounts) -> RunCounts:
        return RunCounts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


@dataclass(frozen=True, slots=True)
class Outcome:
    """The columns of a run, one row per string asked, in its order.

    Attributes:
        text: the translation; null where it failed.
        engine: signature of who answered, or the label of an asserted entry; null where it failed. It says
            that a string holds terms, not which: that stands in the memory alone.
        status: ``ok`` or ``failed``.
        error: what each engine had to say against it; null where it is ok.
        counts: what was asked, remembered, translated.
    """

    text: pa.StringArray
    engine: pa.StringArray
    status: pa.StringArray
    error: pa.StringArray
    counts: RunCounts


def translate(
    texts: Sequence[str],
    *,
    role: str,
    contexts: Sequence[str] | None = None,
    source: str,
    target: str,
    engines: Sequence[Engine],
    memory: TranslationMemory,
    guard: Guard | None = None,
    ledger: Ledger | None = None,
    progress: Progress | None = None,
    batch_size: int = BATCH_SIZE,
) -> Outcome:
    """Translate strings by the memory and a chain of engines.

    An engine that does not use contexts sees a text without them, and the memory keeps one translation of its
    for all contexts of a text. Asserted entries, and engines that use contexts, may tell them apart.

    Args:
        texts: normalised strings, without line breaks, repeated or not; an empty one fails and costs nothing.
        role: ``question`` or ``answer``.
        contexts: one per text ("" for none), or None.
        source, target: ISO 639 codes.
        engines: the first is asked first, the next ones for what those before could not translate.
        memory: asked before every engine, told of every part of a batch.
        guard: the glossary, whose terms outrank engines, and what else engines must not touch.
        ledger: told of every string that an engine answers; stops the run before its budget is exceeded.
        progress: follows the strings that engines translate.
        batch_size: strings per call of an engine, and at most per commit of the memory.

    Raises:
        EngineError: an engine cannot translate this direction, broke its contract or cannot go on; what was
            finished before is in the memory. ``Stopped`` if the same call may go on later.
        StorageError: the memory cannot be read or written.

    Example::

        with TranslationMemory(path) as memory, Mini(Mini.Options()) as mini:
            outcome = translate(["Is it red?"], role="question", source="en", target="ja",
                                engines=[mini], memory=memory)
        outcome.text[0].as_py()  # "それは赤いですか？"
    """
    for engine in engines:
        engine.check_direction(source, target)
    board, rows = deduplicate(texts, contexts, role, source, target, guard)
    ask_overrides(board, memory)
    ask_glossary(board, guard)
    for engine in guarded(engines, guard):
        if board.open(engine):
            ask_memory(board, memory, engine)
            _ask_engine(board, memory, engine, ledger or Ledger(), progress or Progress(), batch_size)
    return _outcome(board, rows)


def known(
    texts: Sequence[str],
    *,
    role: str,
    contexts: Sequence[str] | None = None,
    source: str,
    target: str,
    engines: Sequence[Engine],
    memory: TranslationMemory,
    guard: Guard | None = None,
) -> list[str | None]:
    """What ``translate`` would answer without asking any engine: a translation or None per text.

    Arguments as in ``translate``.
    """
    found = recalled(
        texts,
        role=role,
        contexts=contexts,
        source=source,
        target=target,
        engines=engines,
        memory=memory,
        guard=guard,
    )
    return [text for text, _ in found]


def recalled(
    texts: Sequence[str],
    *,
    role: str,
    contexts: Sequence[str] | None = None,
    source: str,
    target: str,
    engines: Sequence[Engine],
    memory: TranslationMemory,
    guard: Guard | None = None,
) -> list[tuple[str | None, str | None]]:
    """As ``known``, each with who said it: a column ``text`` and a column ``engine``, row by row."""
    board, rows = deduplicate(texts, contexts, role, source, target, guard)
    ask_overrides(board, memory)
    ask_glossary(board, guard)
    for engine in guarded(engines, guard):
        ask_memory(board, memory, engine)
    return [(board.answers[at], board.engines[at]) for at in rows]


def guarded(engines: Sequence[Engine], guard: Guard | None) -> Iterator[Engine]:
    """The engines, each for the strings of every kind."""
    for engine in engines:
        if guard is not None:
            yield Protected(engine, guard, TERMS)
            yield Protected(engine, guard, SPANS)
        yield engine


def _ask_engine(
    board: BatchState,
    memory: TranslationMemory,
    engine: Engine,
    ledger: Ledger,
    progress: Progress,
    batch_size: int,
) -> None:
    """Batches of strings of like length, in an order that only the strings decide."""
    places: dict[tuple[str, str], list[int]] = {}
    still_open = board.open(engine)
    contexts = board.contexts_for(engine, still_open) or [""] * len(still_open)
    for at, context in zip(still_open, contexts, strict=True):
        places.setdefault((board.texts[at], context), []).append(at)
    if not places:
        return
    signature, done = engine.signature, 0
    guarded_engine = engine if isinstance(engine, Protected) else None
    paid = guarded_engine.engine if guarded_engine else engine
    times = guarded_engine.MOST_TIMES if guarded_engine else 1
    what = f"translating {board.role or 'sentence'}s from {board.source} to {board.target} ({engine.name})"
    try:
        with progress.track(what, total=len(places)) as advance:
            ordered = sorted(places, key=lambda pair: (len(pair[0]), pair))
            for batch in _affordable(ordered, batch_size, ledger, paid, board.target, times):
                try:
                    with closing(_parts(board, engine, [places[pair][0] for pair in batch])) as parts:
                        for part in parts:
                            where = [places[batch[at]] for at, _ in part]
                            done += _keep(board, memory, engine, signature, part, where)
                            ledger.charge(paid, [batch[at][0] for at, _ in part], board.target)
                            advance(len(part))
                finally:
                    again = guarded_engine.sent_again if guarded_engine else []
                    ledger.charge(paid, again, board.target)
                    again.clear()
    except Stopped as error:
        error.details["done"] = (
            f"{done:,} of {len(places):,} {board.role}s translated, all kept in the memory"
        )
        raise


def _affordable(
    pairs: Sequence[tuple[str, str]], size: int, ledger: Ledger, paid: Engine, target: str, times: int
) -> Iterator[list[tuple[str, str]]]:
    """Batches of texts with their contexts, each no more than the budget then still allows."""
    for batch in batches(pairs, size):
        while batch:
            fitting = ledger.fitting(paid, [text for text, _ in batch], target, times)
            if not fitting:
                raise ledger.stop(paid)
            yield batch[:fitting]
            batch = batch[fitting:]


def _keep(
    board: BatchState,
    memory: TranslationMemory,
    engine: Engine,
    signature: str,
    part: Part,
    places: Sequence[Sequence[int]],
) -> int:
    """A part of a batch goes into the memory and on the board; ``places``: those of each of its results.

    Returns:
        How many of the results are translations.
    """
    made = [
        (some[0], result) for (_, result), some in zip(part, places, strict=True) if isinstance(result, str)
    ]
    there = [at for at, _ in made]
    memory.store(
        [board.texts[at] for at in there],
        [result for _, result in made],
        role=board.role,
        contexts=board.contexts_for(engine, there),
        source=board.source,
        target=board.target,
        engine=board.signatures_for(engine, signature, there),
    )
    for (_, result), some in zip(part, places, strict=True):
        for at in some:
            if isinstance(result, Failure):
                board.reasons.setdefault(at, []).append(f"{engine.name}: {result.reason}")
            else:
                board.fill(at, result, signature)
    return len(made)


def _parts(board: BatchState, engine: Engine, places: Sequence[int]) -> Generator[Part, None, None]:
    """One call of an engine, timed, and what it hands over, checked."""
    if not places:
        return
    texts = [board.texts[at] for at in places]
    missing = set(range(len(texts)))
    board.calls += 1
    contexts = board.contexts_for(engine, places)
    calling = engine.translate_in_parts(texts, board.source, board.target, role=board.role, contexts=contexts)
    with closing(calling):
        while (part := _next(board, engine, calling)) is not None:
            for at, result in part:
                if not isinstance(result, str | Failure):
                    raise broken_contract(
                        engine, expected="strings and Failures", found=f"{result!r} for {texts[at]!r}"
                    )
                if at not in missing:
                    raise broken_contract(
                        engine, expected="one result per string", found=f"two for place {at}"
                    )
                missing.remove(at)
            yield [(at, _usable(result)) for at, result in part]
    if missing:
        raise broken_contract(
            engine,
            expected=f"{len(texts)} results, one per string",
            found=f"{len(texts) - len(missing)} results",
        )


def _next(board: BatchState, engine: Engine, calling: Iterator[Part]) -> Part | None:
    began = time.perf_counter()
    try:
        return next(calling, None)
    except VQABuilderError:
        raise
    except Exception as error:
        raise EngineError(
            f"The engine {engine.name} failed",
            where=engine.signature,
            found=f"{type(error).__name__}: {error}",
            remedy="what was finished before is in the memory; mend the cause and run the same command again",
        ) from error
    finally:
        board.seconds += time.perf_counter() - began


def _usable(result: str | Failure) -> str | Failure:
    """A result on one line, without white space around it, or the failure that it amounts to."""
    if isinstance(result, Failure):
        return result
    text = result.strip()
    if not text:
        return Failure("empty translation")
    if not text.isprintable():
        text = " ".join(filter(None, map(str.strip, text.splitlines())))
    try:
        text.encode()
    except UnicodeEncodeError:
        return Failure("translation is not valid Unicode")
    return text


def _outcome(board: BatchState, rows: Iterable[int]) -> Outcome:
    failed = sum(answer is None for answer in board.answers)
    took = pa.array(rows, pa.int64())
    counts = RunCounts(
        asked=len(took),
        unique=len(board.texts),
        remembered=board.remembered,
        translated=len(board.texts) - board.remembered - failed,
        failed=failed,
        engine_calls=board.calls,
        engine_seconds=board.seconds,
    )
    status = ["failed" if answer is None else "ok" for answer in board.answers]
    errors = [
        "; ".join(board.reasons.get(at, ["no engine"])) if answer is None else None
        for at, answer in enumerate(board.answers)
    ]
    text, engine, state, error = (
        pa.array(column, pa.string()).take(took) for column in (board.answers, board.engines, status, errors)
    )
    return Outcome(text, engine, state, error, counts)
