"""The state of a run: its distinct strings, what is known of each, and what is known without any engine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from vqa_builder.translation.engines.base import Engine
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.phrasebook import Phrasebook
from vqa_builder.translation.protect import EXACT, KEPT, PLAIN, TERMS, Guard, Protected
from vqa_builder.translation.request import Request

_LETTER_OR_DIGIT = re.compile(r"[^\W_]")


@dataclass(slots=True)
class BatchState:
    """The distinct strings of a run and what is known of each.

    Attributes:
        request: the distinct strings; a string in two contexts stands there twice.
        answers, engines: the translation of each and who gave it; None where it is not known.
        kinds: what each holds that engines must not touch.
        reasons: place -> why those who were asked could not translate it.
        overridden: the places that people have answered.
        remembered: how many were known without asking an engine or the phrasebook.
        in_phrasebook: how many the phrasebook knew.
        calls, seconds: of engines.
    """

    request: Request
    answers: list[str | None]
    engines: list[str | None]
    kinds: list[int]
    reasons: dict[int, list[str]] = field(default_factory=dict)
    overridden: set[int] = field(default_factory=set)
    remembered: int = 0
    in_phrasebook: int = 0
    calls: int = 0
    seconds: float = 0.0

    def open(self, engine: Engine | None = None) -> list[int]:
        """The places that have a text and no answer, and are for this engine."""
        texts = self.request.texts
        places = [at for at, answer in enumerate(self.answers) if answer is None and texts[at]]
        if engine is None:
            return places
        kind = engine.kind if isinstance(engine, Protected) else PLAIN
        return [at for at in places if self.kinds[at] == kind]

    def asked(self, engine: Engine, places: Sequence[int]) -> Request:
        """What an engine is asked about some places: with their contexts only if it heeds them."""
        part = self.request.take(places)
        return part if engine.uses_context else replace(part, contexts=None)

    def signatures_for(self, engine: Engine, signature: str, places: Sequence[int]) -> str | list[str]:
        """What the memory keeps an engine's answers under; the terms that a string holds decide with it."""
        if not isinstance(engine, Protected) or engine.kind != TERMS:
            return signature
        texts, role = self.request.texts, self.request.role
        return [f"{signature}:{engine.guard.digest(texts[at], role)}" for at in places]

    def fill(self, at: int, answer: str, engine: str) -> None:
        """Write down an answer and who gave it."""
        self.answers[at], self.engines[at] = answer, engine


def deduplicate(request: Request, guard: Guard | None) -> tuple[BatchState, list[int]]:
    """The distinct strings of a request, nothing known of them, and for every string its place there."""
    places: dict[tuple[str, str], int] = {}
    rows = [places.setdefault(pair, len(places)) for pair in request.pairs]
    texts = [text for text, _ in places]
    contexts = None if request.contexts is None else [context for _, context in places]
    state = BatchState(
        request=replace(request, texts=texts, contexts=contexts),
        answers=[None] * len(places),
        engines=[None] * len(places),
        kinds=[PLAIN if guard is None else guard.kind(text, request.role) for text in texts],
        reasons={at: ["empty text"] for at, text in enumerate(texts) if not text},
    )
    return state, rows


def ask_overrides(state: BatchState, memory: TranslationMemory) -> None:
    """Take what people have said of the strings from the memory."""
    for at, answer in enumerate(memory.lookup_overrides(state.request)):
        if answer is not None and state.request.texts[at]:
            state.fill(at, *answer)
            state.overridden.add(at)
            state.remembered += 1


def ask_glossary(state: BatchState, guard: Guard | None) -> None:
    """Take what is a term and nothing else from the glossary."""
    if guard is None or guard.glossary is None:
        return
    for at in state.open():
        answer = guard.glossary.exact(state.request.texts[at], state.request.role)
        if answer is not None:
            state.fill(at, answer, EXACT)
            state.remembered += 1


def ask_phrasebook(state: BatchState, phrasebook: Phrasebook | None, guard: Guard | None) -> None:
    """Take what the phrasebook has, unless a term or a span that must not change is missing there."""
    if phrasebook is None:
        return
    places, signature, role = state.open(), phrasebook.signature, state.request.role
    for at, answer in zip(places, phrasebook.lookup(state.request.take(places)), strict=True):
        text = state.request.texts[at]
        guarded = guard if state.kinds[at] != PLAIN else None
        if answer is not None and (guarded is None or guarded.accepts(text, role, answer)):
            state.fill(at, answer, signature)
            state.in_phrasebook += 1


def keep_phrases(state: BatchState, memory: TranslationMemory, phrasebook: Phrasebook) -> None:
    """Write what the phrasebook answered into the memory, which knows all that a build translated."""
    signature = phrasebook.signature
    places = [at for at, engine in enumerate(state.engines) if engine == signature]
    asked = replace(state.request.take(places), contexts=None)
    missing = [number for number, known in enumerate(memory.knows(asked, signature)) if not known]
    memory.store(asked.take(missing), [str(state.answers[places[at]]) for at in missing], signature)


def ask_memory(state: BatchState, memory: TranslationMemory, engine: Engine) -> None:
    """Take what the engine has answered before."""
    places = state.open(engine)
    if not places:
        return
    signature = engine.signature
    found = memory.lookup(state.asked(engine, places), state.signatures_for(engine, signature, places))
    for at, answer in zip(places, found, strict=True):
        if answer is not None:
            state.fill(at, answer, signature)
            state.remembered += 1


@dataclass(frozen=True, slots=True)
class Cut:
    """Strings cut into sentences, without what stands between and around them, white space collapsed.

    Attributes:
        sentences: of all strings, repeated or not, one after the other.
        patterns: place of a string -> its pieces; None where a sentence goes.
    """

    sentences: Request
    patterns: dict[int, list[str | None]]


def cut_open(state: BatchState, guard: Guard | None) -> Cut:
    """The open strings, cut; those without a sentence are answered by themselves."""
    texts, contexts = state.request.texts, state.request.contexts
    sentences: list[str] = []
    places: list[int] = []
    patterns: dict[int, list[str | None]] = {}
    for at in state.open():
        is_said = guard is None or _LETTER_OR_DIGIT.search(texts[at])
        if is_said and state.kinds[at] == PLAIN and texts[at] == " ".join(texts[at].split()):
            patterns[at] = [None]
            sentences.append(texts[at])
            places.append(at)
            continue
        pieces = guard.cut(texts[at]) if guard else []
        found = [piece.text for piece in pieces if not piece.is_kept] if pieces else [texts[at]]
        inner = [" ".join(text.split()) if not guard or not guard.has_spans(text) else text for text in found]
        if not inner:
            state.fill(at, texts[at], KEPT)
            state.remembered += 1
            continue
        patterns[at] = [piece.text if piece.is_kept else None for piece in pieces] or [None]
        sentences += inner
        places += [at] * len(inner)
    beside = contexts and [contexts[at] for at in places]
    return Cut(replace(state.request, texts=sentences, contexts=beside), patterns)


def join(state: BatchState, cut: Cut, sentences: BatchState, rows: Sequence[int]) -> None:
    """Answer the strings that were cut, each by the answers of its sentences and what stands around them.

    Args:
        state: of the strings.
        cut: what ``cut_open`` made of them.
        sentences: the distinct sentences, answered.
        rows: for every sentence of ``cut`` its place there.
    """
    following = iter(rows)
    for at, pattern in cut.patterns.items():
        places = [next(following) for piece in pattern if piece is None]
        if len(pattern) == len(places) == 1 and (answer := sentences.answers[places[0]]) is not None:
            state.fill(at, answer, str(sentences.engines[places[0]]))
            continue
        answers = [sentences.answers[place] for place in places]
        if None in answers:
            failed = places[answers.index(None)]
            state.reasons[at] = sentences.reasons.get(failed, ["no engine"])
            continue
        # A string is an engine's as soon as one of its sentences is.
        by = next((place for place in places if place not in sentences.overridden), places[0])
        said = iter(answers)
        text = "".join(str(next(said)) if piece is None else piece for piece in pattern)
        state.fill(at, text, str(sentences.engines[by]))
