"""The run: strings in, translations out in the same order; every distinct string is paid for once.

Human-verified entries of the memory answer first, then the glossary. What is still open is cut into
sentences, so that engines see neither line breaks nor what stands around a sentence and must not change. The
phrasebook is asked for these, then each engine of the fallback chain, by memory and in person. Every part of
a batch that an engine hands over is in the memory before the next one is asked for, so that a crash costs
what is under way and nothing else.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import pyarrow as pa

from vqa_builder.errors import EngineError, VQABuilderError
from vqa_builder.progress import Progress
from vqa_builder.translation.batch_state import (
    BatchState,
    Cut,
    ask_glossary,
    ask_memory,
    ask_overrides,
    ask_phrasebook,
    cut_open,
    deduplicate,
    join,
    keep_phrases,
)
from vqa_builder.translation.budget import Ledger
from vqa_builder.translation.engines.base import Engine, Failure, Part, Parts, Stopped, broken_contract
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.pacing import Pace, affordable
from vqa_builder.translation.phrasebook import Phrasebook
from vqa_builder.translation.protect import SPANS, TERMS, Guard, Protected
from vqa_builder.translation.request import Request

VERSION = "2"  # raised by whoever changes what a run answers
BATCH_SIZE = 4096
SHORTEST_HUGE, HUGE = 1000, 20
_NO_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffd-\uffff]")


@dataclass(frozen=True, slots=True)
class RunCounts:
    """What a run did; two add up to one.

    Attributes:
        asked: strings that came in.
        unique: distinct ones (a string in two contexts counts twice), cut into sentences where no whole
            string is known; the sum of the next four.
        remembered: answered by the memory or the glossary, or kept as they are.
        in_phrasebook: answered by the phrasebook.
        translated: answered by an engine, now.
        failed: answered by nobody.
        engine_calls: batches that engines were asked to translate.
        engine_seconds: how long they took.
    """

    asked: int = 0
    unique: int = 0
    remembered: int = 0
    in_phrasebook: int = 0
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
        engine: signature of who answered, or the label of a human-verified entry; null where it failed. It
            says that a string holds terms, not which: that stands in the memory alone.
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
    request: Request,
    engines: Sequence[Engine],
    memory: TranslationMemory,
    *,
    guard: Guard | None = None,
    phrasebook: Phrasebook | None = None,
    ledger: Ledger | None = None,
    progress: Progress | None = None,
    batch_size: int = BATCH_SIZE,
) -> Outcome:
    """Translate strings by the memory and a chain of engines.

    An engine that does not use contexts sees a text without them, and the memory keeps one translation of its
    for all contexts of a text. Human-verified entries, and engines that use contexts, may tell them apart.

    Args:
        request: normalised strings, repeated or not; an empty one fails and costs nothing. It has no terms:
            these come from the guard.
        engines: the first is asked first, the next ones for what those before could not translate.
        memory: asked before every engine, told of every part of a batch.
        guard: the glossary, whose terms outrank engines, and what else engines must not touch.
        phrasebook: ready translations, asked before the engines.
        ledger: told of every string that an engine answers; stops the run before its budget is exceeded.
        progress: follows the strings that engines translate.
        batch_size: strings per call of an engine, at most; a slow engine gets as many as take a few seconds.

    Raises:
        EngineError: an engine cannot translate this direction, broke its contract or cannot go on; what was
            finished before is in the memory. ``Stopped`` if the same call may go on later.
        StorageError: the memory cannot be read or written.

    Example::

        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from vqa_builder.translation.engines.mini import Mini
        >>> with (
        ...     TemporaryDirectory() as folder,
        ...     TranslationMemory(Path(folder, "memory.sqlite")) as memory,
        ...     Mini(Mini.Options()) as mini,
        ... ):
        ...     outcome = translate(Request(["How many cows are there?"] * 2, "en", "ja"), [mini], memory)
        >>> outcome.text.to_pylist(), outcome.counts.translated
        (['牛は何頭いますか？', '牛は何頭いますか？'], 1)
    """
    for engine in engines:
        engine.check_direction(request.source, request.target)
    work = _Work.begun(request, memory, guard, phrasebook)
    if phrasebook is not None:
        keep_phrases(work.sentences, memory, phrasebook)
    for engine in guarded(engines, guard):
        if work.sentences.open(engine):
            ask_memory(work.sentences, memory, engine)
            _ask_engine(
                work.sentences, memory, engine, ledger or Ledger(), progress or Progress(), batch_size
            )
    work.join()
    return _outcome(work)


class Recalled(NamedTuple):
    """What is known without asking an engine, one per string asked; None where nothing is.

    Attributes:
        texts: translations.
        engines: who said them.
    """

    texts: list[str | None]
    engines: list[str | None]


def recall(
    request: Request,
    engines: Sequence[Engine],
    memory: TranslationMemory,
    *,
    guard: Guard | None = None,
    phrasebook: Phrasebook | None = None,
) -> Recalled:
    """What ``translate`` would answer without asking any engine. Arguments as there."""
    work = _Work.begun(request, memory, guard, phrasebook)
    for engine in guarded(engines, guard):
        ask_memory(work.sentences, memory, engine)
    work.join()
    whole = work.strings
    return Recalled([whole.answers[at] for at in work.rows], [whole.engines[at] for at in work.rows])


class _Work(NamedTuple):
    """The distinct strings of a run, and their sentences.

    Attributes:
        strings, rows: distinct strings, and for every string asked its place among them.
        cut: the open ones in sentences.
        sentences, places: distinct sentences, and for every sentence of ``cut`` its place among them.
    """

    strings: BatchState
    rows: list[int]
    cut: Cut
    sentences: BatchState
    places: list[int]

    @classmethod
    def begun(
        cls, request: Request, memory: TranslationMemory, guard: Guard | None, phrasebook: Phrasebook | None
    ) -> _Work:
        """With what people, the glossary and the phrasebook say."""
        strings, rows = deduplicate(request, None)
        ask_overrides(strings, memory)
        ask_glossary(strings, guard)
        cut = cut_open(strings, guard)
        sentences, places = deduplicate(cut.sentences, guard)
        if list(cut.sentences.texts) != [strings.request.texts[at] for at in cut.patterns]:
            ask_overrides(sentences, memory)
            ask_glossary(sentences, guard)
        ask_phrasebook(sentences, phrasebook, guard)
        return cls(strings, rows, cut, sentences, places)

    def join(self) -> None:
        """Answer the strings by their sentences."""
        join(self.strings, self.cut, self.sentences, self.places)


def guarded(engines: Sequence[Engine], guard: Guard | None) -> Iterator[Engine]:
    """The engines, each for the strings of every kind."""
    for engine in engines:
        if guard is not None:
            yield Protected(engine, guard, TERMS)
            yield Protected(engine, guard, SPANS)
        yield engine


def _ask_engine(
    state: BatchState,
    memory: TranslationMemory,
    engine: Engine,
    ledger: Ledger,
    progress: Progress,
    batch_size: int,
) -> None:
    """Batches of strings of like length, in an order that only the strings decide."""
    still_open = state.open(engine)
    places: dict[tuple[str, str], list[int]] = {}
    for at, pair in zip(still_open, state.asked(engine, still_open).pairs, strict=True):
        places.setdefault(pair, []).append(at)
    if not places:
        return
    signature, done, target = engine.signature, 0, state.request.target
    protected = engine if isinstance(engine, Protected) else None
    paid = protected.engine if protected else engine
    times = protected.MOST_TIMES if protected else 1
    pace = Pace(batch_size, steady=not paid.distributable)
    role = state.request.role or "sentence"
    what = f"translating {role}s from {state.request.source} to {target} ({engine.name})"
    try:
        with progress.track(what, total=len(places)) as advance:
            ordered = sorted(places, key=lambda pair: (len(pair[0]), pair))
            for batch in affordable(ordered, pace, ledger, paid, target, times):
                try:
                    with closing(_parts(state, engine, [places[pair][0] for pair in batch], pace)) as parts:
                        for part in parts:
                            where = [places[batch[at]] for at, _ in part]
                            done += _keep(state, memory, engine, signature, part, where)
                            ledger.charge(paid, [batch[at][0] for at, _ in part], target)
                            advance(len(part))
                finally:
                    again = protected.sent_again if protected else []
                    ledger.charge(paid, again, target)
                    again.clear()
    except Stopped as error:
        error.details["done"] = f"{done:,} of {len(places):,} {role}s translated, all kept in the memory"
        raise


def _keep(
    state: BatchState,
    memory: TranslationMemory,
    engine: Engine,
    signature: str,
    part: Part,
    places: Sequence[Sequence[int]],
) -> int:
    """A part of a batch goes into the memory and the state; ``places``: those of each of its results.

    Returns:
        How many of the results are translations.
    """
    made = [
        (some[0], result) for (_, result), some in zip(part, places, strict=True) if isinstance(result, str)
    ]
    there = [at for at, _ in made]
    memory.store(
        state.asked(engine, there),
        [result for _, result in made],
        state.signatures_for(engine, signature, there),
    )
    for (_, result), some in zip(part, places, strict=True):
        for at in some:
            if isinstance(result, Failure):
                state.reasons.setdefault(at, []).append(f"{engine.name}: {result.reason}")
            else:
                state.fill(at, result, signature)
    return len(made)


def _parts(state: BatchState, engine: Engine, places: Sequence[int], pace: Pace) -> Parts:
    """One call of an engine, timed, and what it hands over, checked."""
    slowest = 0.0
    asked = state.asked(engine, places)
    missing = set(range(len(asked)))
    state.calls += 1
    with closing(_handed_over(engine, asked)) as calling:
        while True:
            before = state.seconds
            part = _next(state, engine, calling)
            slowest = max(slowest, state.seconds - before)
            if part is None:
                break
            for at, result in part:
                if not isinstance(result, str | Failure):
                    raise broken_contract(
                        engine, expected="strings and Failures", found=f"{result!r} for {asked.texts[at]!r}"
                    )
                if at not in missing:
                    raise broken_contract(
                        engine, expected="one result per string", found=f"two for place {at}"
                    )
                missing.remove(at)
            yield [(at, _usable(asked.texts[at], result)) for at, result in part]
    pace.took(slowest, len(asked))
    if missing:
        raise broken_contract(
            engine,
            expected=f"{len(asked)} results, one per string",
            found=f"{len(asked) - len(missing)} results",
        )


def _handed_over(engine: Engine, request: Request) -> Parts:
    yield from engine.translate_in_parts(request)  # an error at its call comes from ``next``, too


def _next(state: BatchState, engine: Engine, calling: Iterator[Part]) -> Part | None:
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
        state.seconds += time.perf_counter() - began


def _usable(text: str, result: str | Failure) -> str | Failure:
    """A result on one line, without white space around it, or the failure that it amounts to."""
    if isinstance(result, Failure):
        return result
    result = result.strip()
    if not result:
        return Failure("empty translation")
    if len(result) > max(SHORTEST_HUGE, HUGE * len(text)):
        return Failure(f"a translation of {len(result):,} characters for {len(text):,}")
    if result.isprintable() and "\ufffd" not in result:
        return result
    result = " ".join(filter(None, map(str.strip, result.splitlines())))
    if _NO_TEXT.search(result):
        return Failure("translation is not valid Unicode, or holds control characters")
    return result


def _outcome(work: _Work) -> Outcome:
    whole, sentences = work.strings, work.sentences
    took = pa.array(work.rows, pa.int64())
    counts = RunCounts(
        asked=len(took),
        remembered=whole.remembered + sentences.remembered,
        in_phrasebook=sentences.in_phrasebook,
        failed=sum(answer is None for answer in sentences.answers) + whole.request.texts.count(""),
        unique=whole.remembered + whole.request.texts.count("") + len(sentences.request),
        engine_calls=sentences.calls,
        engine_seconds=sentences.seconds,
    )
    answered = counts.remembered + counts.in_phrasebook + counts.failed
    counts = replace(counts, translated=counts.unique - answered)
    status = ["failed" if answer is None else "ok" for answer in whole.answers]
    errors = [
        "; ".join(whole.reasons.get(at, ["no engine"])) if answer is None else None
        for at, answer in enumerate(whole.answers)
    ]
    text, engine, state, error = (
        pa.array(column, pa.string()).take(took) for column in (whole.answers, whole.engines, status, errors)
    )
    return Outcome(text, engine, state, error, counts)
