"""Any model that CTranslate2 has converted, with its SentencePiece model or ``tokenizer.json``.

The result of a string does not depend on what else is in the run. CTranslate2 pads the sentences of a batch
to the longest one, and padding changes sums in their last bits, which now and then changes a word. So only
sentences of the same number of tokens share a batch; of like length, they are also the fastest to translate.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

from pydantic import Field

from vqa_builder.errors import EngineError
from vqa_builder.store import files_hash
from vqa_builder.translation import slots
from vqa_builder.translation.engines import base
from vqa_builder.translation.engines.base import EngineInParts, Failure, Page, Parts
from vqa_builder.translation.pieces import Tokenizer, find_tokenizer, listing
from vqa_builder.translation.request import Request, batches
from vqa_builder.translation.slots import Found, Hypothesis, Words, filled, merged, with_places

DECODING = (
    "beam_size",
    "length_penalty",
    "repetition_penalty",
    "no_repeat_ngram_size",
    "disable_unk",
    "max_decoding_length",
)
WORDS, TEXTS = "words.{}.tsv", "texts.{}.tsv"
PART = 1024
"""Texts of a part: the embedded model takes about a second for them."""
SCORED = 256  # pairs that are scored at a time, so that memory does not grow with the texts
_Job: TypeAlias = tuple[list[int], list[Any]]


def in_parts(request: Request, begin: Callable[[Request], Callable[[], list[str | Failure]]]) -> Parts:
    """Translate part after part; while one is made ready, handed over and kept, the model is at the next."""
    waiting: list[tuple[Sequence[int], Callable[[], list[str | Failure]]]] = []
    for places in batches(range(len(request)), PART):
        waiting.append((places, begin(request.take(places))))
        if len(waiting) > 1:
            begun, results = waiting.pop(0)
            yield list(zip(begun, results(), strict=True))
    for begun, results in waiting:
        yield list(zip(begun, results(), strict=True))


class Candidate(NamedTuple):
    """A translation, and the mean log-probability of its pieces; 0 where only one was asked for."""

    text: str
    score: float


class CTranslate2Options(base.Options):
    """What the spec may say.

    Attributes:
        model: the folder that ``vqa-builder convert-model`` or ``ct2-*-converter`` wrote.
        tokenizer: a file, a folder, or ``characters``; looked for beside the model if not given.
        source_prefix, source_suffix: tokens around every source sentence, separated by spaces; ``{source}``
            and ``{target}`` stand for the languages' codes. Marian, M2M-100 and NLLB models converted from
            transformers want the suffix ``</s>``.
        target_prefix: tokens that every translation begins with (NLLB: ``{target}``).
        codes: the model's own language codes by ISO code (``ja: jpn_Jpan``).
        directions: what the model can do (``[en-ja, en-hi]``); anything if not given.
        device: ``auto`` takes a GPU where there is one.
        device_index: which GPUs, each with a copy of the model: ``[0, 1]``; the first if not given.
        compute_type: ``auto`` is int8 on a CPU and float16 on a GPU.
        beam_size, length_penalty, repetition_penalty, no_repeat_ngram_size, disable_unk: CTranslate2's own.
        use_vmap: choose among the pieces that the model's ``vmap.txt`` lists for what stands in the source;
            a line for a language's symbol holds a translation to the script of that language.
        slots: rare words and a glossary's terms come through slots, as ``recipes/translator`` trains it; the
            model's folder holds the words of a direction in ``words.en-ja.tsv``. A text that is an entry of
            them, or of ``texts.en-ja.tsv``, and nothing else is translated by it alone.
        max_input_length, max_decoding_length: in tokens; a longer sentence fails, it is never cut off.
        batch_tokens: source tokens per batch; decides the speed, never the result.
        threads: batches at a time on a CPU; 0 for one per core.
        licence: the terms of the model, for cards.
    """

    model: Path
    tokenizer: Path | Literal["characters"] | None = None
    source_prefix: str = ""
    source_suffix: str = ""
    target_prefix: str = ""
    codes: dict[str, str] = Field(default_factory=dict)
    directions: tuple[str, ...] | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    device_index: tuple[int, ...] = Field((0,), min_length=1)
    compute_type: str = "auto"
    beam_size: int = Field(1, ge=1)
    length_penalty: float = 1.0
    repetition_penalty: float = Field(1.0, gt=0)
    no_repeat_ngram_size: int = Field(0, ge=0)
    disable_unk: bool = False
    use_vmap: bool = False
    slots: bool = False
    max_input_length: int = Field(512, ge=1)
    max_decoding_length: int = Field(256, ge=1)
    batch_tokens: int = Field(1024, ge=1)
    threads: int = Field(0, ge=0)
    licence: str = "unknown"


class CTranslate2(EngineInParts):
    """A converted model on CPU or GPU.

    Example::

        translate:
          engine:
            type: ctranslate2
            model: nllb-600m-int8
            source_prefix: "{source}"
            source_suffix: "</s>"
            target_prefix: "{target}"
            codes: {en: eng_Latn, ja: jpn_Jpan}
    """

    name: ClassVar[str] = "ctranslate2"
    summary: ClassVar[str] = "any model converted for CTranslate2, with SentencePiece or tokenizer.json"
    page: ClassVar[Page] = Page(
        install="pip install vqa-builder; to convert a model also pip install 'vqa-builder[transformers]'",
        limits="512 tokens in, 256 out",
        output="the terms of the model; say them under `licence`",
        languages="those of the model",
    )
    Options = CTranslate2Options

    def __init__(self, options: CTranslate2Options) -> None:
        self.options = options
        self.licence = options.licence
        self._files = _model_files(options.model)
        self._words: dict[str, Words | None] = {}
        self._tokenizer: Tokenizer = find_tokenizer(options.model, options.tokenizer)

    @cached_property
    def signature(self) -> str:
        """Model, tokenizer, decoding, compute type and library version; neither device nor batch size."""
        chosen = self.options
        frame = [
            chosen.source_prefix,
            chosen.source_suffix,
            chosen.target_prefix,
            sorted(chosen.codes.items()),
        ]
        decoding = [frame, chosen.max_input_length, sorted(self._decoding.items())]
        parts = {
            "model": chosen.model.resolve().name,
            "sha": files_hash(self._files),
            "tokenizer": files_hash(self._tokenizer.files) if self._tokenizer.files else "characters",
            "beam": chosen.beam_size,
            "decoding": hashlib.sha256(repr(decoding).encode()).hexdigest()[:8],
            "compute": self._compute_type,
            "ctranslate2": version("ctranslate2"),
        }
        if self.options.slots:
            parts["slots"] = slots.VERSION
        if beside := self._beside:
            parts["beside"] = files_hash(beside)
        return "|".join([self.name, *(f"{key}:{value}" for key, value in parts.items())])

    def check_direction(self, source: str, target: str) -> None:
        """Raise ``EngineError`` if ``directions`` is given and lacks this one."""
        directions = self.options.directions
        if directions is not None and f"{source}-{target}" not in directions:
            raise EngineError(
                f"The engine {self.name} cannot translate from {source} to {target}",
                where=self.options.model,
                expected=", ".join(directions),
                found=f"{source}-{target}",
                remedy="name an engine for this direction, or translate through a language that both share",
            )

    def translate_in_parts(self, request: Request) -> Parts:
        """Translate every text; one that is too long, or whose translation is, fails."""
        return in_parts(request, self.begin)

    def begin(self, request: Request) -> Callable[[], list[str | Failure]]:
        """Begin to translate; what is returned waits for the results."""
        waiting = self.begin_candidates(request, 1)
        return lambda: [each if isinstance(each, Failure) else each[0].text for each in waiting()]

    def begin_candidates(self, request: Request, many: int) -> Callable[[], list[list[Candidate] | Failure]]:
        """Begin to search for translations of every text.

        Args:
            request: what to translate.
            many: at most so many of each, and no more than ``beam_size``.

        Returns:
            What waits for them, the likeliest first: for each text at least one, or why there is none.
        """
        self.check_direction(request.source, request.target)
        found = self._found(request) if self.options.slots else [[] for _ in request.texts]
        marked = [with_places(text, some) for text, some in zip(request.texts, found, strict=True)]
        begun = self._begin(request, slots.with_symbols(self._tokenizer.encode(marked), found), many)
        return lambda: self._answers(request, found, begun(), many)

    def _answers(
        self,
        request: Request,
        found: Sequence[list[Found]],
        results: Sequence[list[Hypothesis] | Failure],
        many: int,
    ) -> list[list[Candidate] | Failure]:
        """What a search found, with the words of its slots."""
        placed = [
            result if isinstance(result, Failure) else slots.in_slots(result, some)
            for result, some in zip(results, found, strict=True)
        ]
        # Slots were lost: the model's own words then.
        again = [at for at, each in enumerate(placed) if not each]
        plain = self._begin(request, self._tokenizer.encode([request.texts[at] for at in again]), many)
        for at, result in zip(again, plain(), strict=True):
            placed[at] = result if isinstance(result, Failure) else slots.in_slots(result, [])
        made = [each for some in placed if not isinstance(some, Failure) for each in some]
        texts = iter(self._tokenizer.decode([pieces for pieces, _, _ in made]))
        answers: list[list[Candidate] | Failure] = [
            some
            if isinstance(some, Failure)
            else [Candidate(filled(next(texts), forms), score) for _, forms, score in some]
            for some in placed
        ]
        if self.options.slots:
            tables = [table for name in (TEXTS, WORDS) if (table := self._table(name, request))]
            for at, entry in slots.entries(request.texts, request.terms, tables):
                answers[at] = [Candidate(entry, 0.0)]
        return answers

    def _table(self, name: str, request: Request) -> Words | None:
        """A table of the model for the direction of a request, where there is one."""
        path = self.options.model / name.format(request.direction)
        if path.name not in self._words:
            self._words[path.name] = Words.read(path, request.source) if path.is_file() else None
        return self._words[path.name]

    def _found(self, request: Request) -> list[list[Found]]:
        """What takes a slot in each text: the glossary's terms, numbers, words of the model's table."""
        known = self._table(WORDS, request)
        terms = request.terms or [{}] * len(request)
        return [
            merged(text, some, known.find(text) if known else [])
            for text, some in zip(request.texts, terms, strict=True)
        ]

    def _begin(
        self, request: Request, sources: Sequence[list[str]], many: int
    ) -> Callable[[], list[list[Hypothesis] | Failure]]:
        """Begin to search for the pieces and scores of every translation, or say why there is none.

        Args:
            request: its languages count, its texts do not.
            sources: the pieces of its texts.
            many: translations of each.
        """
        results: list[list[Hypothesis] | Failure] = [Failure("not translated")] * len(sources)
        skip = len(self._tokens(self.options.target_prefix, request))
        most = self.options.max_decoding_length
        # Waiting only when all are under way keeps every thread busy from the first batch to the last.
        begun = list(self._jobs(request, sources, results, min(many, self.options.beam_size)))

        def found() -> list[list[Hypothesis] | Failure]:
            for places, pending in begun:
                for at, waiting in zip(places, pending, strict=True):
                    result = waiting.result()
                    ended = [
                        (pieces[skip:], score)
                        for pieces, score in zip(result.hypotheses, result.scores or [0.0], strict=True)
                        if len(pieces) < most
                    ]
                    results[at] = ended or Failure(f"translation cut off at {most} tokens")
            return results

        return found

    def log_probabilities(self, request: Request, translations: Sequence[str]) -> list[float | None]:
        """How likely the model finds given translations: the mean log-probability of their pieces.

        Args:
            request: what was translated.
            translations: one for each of its texts.

        Returns:
            At most 0; None where a side has no pieces, or more than the model takes.
        """
        self.check_direction(request.source, request.target)
        before, after, opening = (
            self._tokens(template, request)
            for template in (
                self.options.source_prefix,
                self.options.source_suffix,
                self.options.target_prefix,
            )
        )
        pairs: dict[tuple[int, int], list[int]] = {}
        sides = [self._tokenizer.encode(texts) for texts in (request.texts, translations)]
        for at, (source, target) in enumerate(zip(*sides, strict=True)):
            fits = (
                len(source) <= self.options.max_input_length
                and len(target) < self.options.max_decoding_length
            )
            if source and target and fits:
                pairs.setdefault((len(source), len(target)), []).append(at)
        # Of one length each, and a few pairs each: all are under way before the first is waited for.
        groups = [some for places in pairs.values() for some in batches(places, SCORED)]
        begun = [
            self._translator.score_batch(
                [[*before, *sides[0][at], *after] for at in places],
                [[*opening, *sides[1][at]] for at in places],
                max_batch_size=0,
                max_input_length=0,
                offset=len(opening),
                asynchronous=True,
            )
            for places in groups
        ]
        results: list[float | None] = [None] * len(request)
        for places, pending in zip(groups, begun, strict=True):
            for at, waiting in zip(places, pending, strict=True):
                log_probabilities = waiting.result().log_probs
                results[at] = sum(log_probabilities) / len(log_probabilities)
        return results

    def close(self) -> None:
        """Free the model."""
        self.__dict__.pop("_translator", None)

    def _jobs(
        self, request: Request, pieces: Sequence[list[str]], results: list[Any], many: int
    ) -> Iterator[_Job]:
        """Start every batch: the places of its texts and their results to come."""
        chosen = self.options
        before, after, opening = (
            self._tokens(template, request)
            for template in (chosen.source_prefix, chosen.source_suffix, chosen.target_prefix)
        )
        of_length: dict[int, list[int]] = {}
        for at, some in enumerate(pieces):
            if not some:
                results[at] = Failure("no piece of it is known to the model")
            elif len(some) > chosen.max_input_length:
                results[at] = Failure(f"{len(some)} tokens, more than {chosen.max_input_length}")
            else:
                of_length.setdefault(len(some), []).append(at)
        for length in sorted(of_length):
            for places in batches(of_length[length], max(1, chosen.batch_tokens // length)):
                yield (
                    places,
                    self._translator.translate_batch(
                        [[*before, *pieces[at], *after] for at in places],
                        target_prefix=[opening] * len(places) if opening else None,
                        asynchronous=True,
                        max_batch_size=0,
                        max_input_length=0,
                        num_hypotheses=many,
                        return_scores=many > 1,
                        **self._decoding,
                    ),
                )

    @property
    def _decoding(self) -> dict[str, Any]:
        chosen = self.options.model_dump(include=set(DECODING))
        return {**chosen, "use_vmap": True} if self.options.use_vmap else chosen

    def _tokens(self, template: str, request: Request) -> list[str]:
        source, target = (self.options.codes.get(code, code) for code in (request.source, request.target))
        return template.format(source=source, target=target).split()

    @property
    def _beside(self) -> list[Path]:
        """Further files of the model's folder that decide what it says."""
        names = ["vmap.txt"] * self.options.use_vmap
        names += [WORDS.format("*"), TEXTS.format("*")] * self.options.slots
        return sorted(file for name in names for file in self.options.model.glob(name))

    @cached_property
    def _device(self) -> str:
        if self.options.device != "auto":
            return self.options.device
        import ctranslate2

        return "cuda" if ctranslate2.get_cuda_device_count() else "cpu"

    @property
    def _compute_type(self) -> str:
        if self.options.compute_type != "auto":
            return self.options.compute_type
        return "int8" if self._device == "cpu" else "float16"

    @cached_property
    def _translator(self) -> Any:
        import ctranslate2

        # Many small batches at a time beat one batch on many threads (3 x on 2 cores with a small model).
        threads = (self.options.threads or _cores()) if self._device == "cpu" else 1
        try:
            return ctranslate2.Translator(
                str(self.options.model),
                device=self._device,
                device_index=list(self.options.device_index),
                compute_type=self._compute_type,
                inter_threads=threads,
                intra_threads=1,
            )
        except (RuntimeError, ValueError) as error:
            raise EngineError(
                "CTranslate2 cannot load the model", where=self.options.model, found=error
            ) from error


def _model_files(model: Path) -> tuple[Path, ...]:
    """The files that make up a converted model, checked."""
    files = (*model.glob("model.bin"), *model.glob("config.json"), *model.glob("*vocabulary*"))
    if not (model / "model.bin").is_file() or not any("vocabulary" in file.name for file in files):
        raise EngineError(
            "This folder holds no model converted for CTranslate2",
            where=model,
            expected="model.bin, config.json and a vocabulary file",
            found=listing(model),
            remedy="vqa-builder convert-model NAME_OR_FOLDER FOLDER, or one of the ct2-*-converter commands",
        )
    return tuple(sorted(files))


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
