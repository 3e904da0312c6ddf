"""The steps that align answers: senses, contexts, candidates in context, and the answer map itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import languages
from vqa_builder.answers import alignment, candidates, contexts, merges, modes, senses
from vqa_builder.batches import Batches
from vqa_builder.languages.base import tables_hash
from vqa_builder.steps import looking
from vqa_builder.steps.build_context import SOURCE_LANGUAGE, BuildContext
from vqa_builder.steps.reading import SourceTables
from vqa_builder.steps.translating import Translated, ask_engines
from vqa_builder.store import Stored, fingerprint
from vqa_builder.translation import run
from vqa_builder.translation.request import Request


def assign_senses(job: BuildContext, examples: Stored, vocabulary: Stored) -> Stored:
    """Examples -> the sense of every answer in its row, and why it is copied, where it is."""
    codes, rules = job.spec.languages, job.plugins.sense_rules
    in_context = job.spec.translate.answers.context == "auto"
    mode, by_question = job.plugins.answer_mode, job.spec.answers.modes

    def assigned(examples: Batches, vocabulary: pa.Table) -> Iterator[pa.Table]:
        labels = vocabulary["answer_en"].to_pylist() if in_context else []
        unsettled = [
            label for label in labels if any(languages.get(code).answer(label) is None for code in codes)
        ]
        return senses.assign(
            examples,
            rules,
            unsettled,
            lambda rows: modes.decide(rows, mode, by_question),
            partial(looking.looker, job) if looking.seeing_engine(job) else None,
        )

    return job.store.row_step(
        "senses",
        assigned,
        examples,
        vocabulary,
        rules=fingerprint(list(rules.values())),
        languages=[tables_of(code) for code in codes] if in_context else None,
        mode=[mode, list(by_question.items()), modes.table_hash()],
        pictures=looking.parameters(job),
        version=[senses.VERSION, modes.VERSION],
    )


def find_contexts(job: BuildContext, examples: Stored, given_senses: Stored, vocabulary: Stored) -> Stored:
    """Senses -> how often each occurs and the questions that explain it."""
    rules = job.plugins.sense_rules
    return job.store.step(
        "contexts",
        lambda examples, given, vocabulary: contexts.find(examples, given, vocabulary, rules),
        examples,
        given_senses,
        vocabulary,
        version=contexts.VERSION,
    )


def look_up(job: BuildContext, source: SourceTables, language: str) -> Stored:
    """Answers -> what the language's tables say of them, whatever engines, people and policy do."""
    return job.store.step(
        f"listed-answers-{language}",
        lambda segments: alignment.listed_answers(segments, languages.get(language)),
        source.segments,
        language=tables_of(language),
        version=alignment.VERSION,
    )


def leave_out_known(job: BuildContext, source: SourceTables, language: str) -> Stored:
    """Segments -> those that are translated: answers that glossary or tables know need no engine."""
    guard, glossary = job.plugins.guards.get(language), job.plugins.glossary(language)

    def unknown(segments: pa.Table, listed: pa.Table, contexts: pa.Table) -> pa.Table:
        are_answers = pc.equal(segments["role"], "answer")
        answers = segments.filter(are_answers)
        texts, senses = answers["text"].to_pylist(), answers["context"].to_pylist()
        request = Request(texts, SOURCE_LANGUAGE, language, "answer", senses)
        said = run.recall(request, (), job.memory, guard=guard).texts
        known = listed.filter(are_answers)
        wanted = alignment.unknown_answers(answers, known, contexts, said, languages.get(language), glossary)
        return pa.concat_tables([segments.filter(pc.invert(are_answers)), answers.filter(wanted)])

    return job.store.step(
        f"asked-{language}",
        unknown,
        source.segments,
        look_up(job, source, language),
        source.contexts,
        language=tables_of(language),
        glossary=_glossary_hash(job, language),
        guard=guard and guard.signature,
        overrides=job.memory.overrides_fingerprint(SOURCE_LANGUAGE, language),
        version=[alignment.VERSION, run.VERSION],
    )


def translate_in_context(job: BuildContext, found: Stored, translated: Translated, language: str) -> Stored:
    """Senses that no table translates -> what engines make of them in the context of their questions.

    Args:
        job: the build.
        found: what ``find_contexts`` made.
        translated: all segments.
        language: ISO 639 code.
    """
    plugins, wanted = job.plugins, job.spec.translate.answers
    guard = plugins.guards.get(language)

    def candidates_in_context(found: pa.Table, segments: pa.Table, translations: pa.Table) -> pa.Table:
        if wanted.context == "none":
            return candidates.table([], [], [])
        return _candidates(job, found, open_senses(job, found, segments, translations, language), language)

    return job.store.step(
        f"candidates-{language}",
        candidates_in_context,
        found,
        translated.segments,
        translated.translations,
        language=tables_of(language),
        glossary=_glossary_hash(job, language),
        engines=[engine.signature for engine in (*plugins.chains[0], *plugins.back_chain)],
        guard=guard and guard.signature,
        context=wanted.model_dump(mode="json"),
        version=candidates.VERSION,
    )


def align_answers(
    job: BuildContext,
    found: Stored,
    translated: Translated,
    verdicts: Stored,
    in_context: Stored,
    language: str,
) -> Stored:
    """Labels and senses -> their answers in the language.

    Args:
        job: the build.
        found: what ``find_contexts`` made.
        translated: all segments.
        verdicts: on their translations.
        in_context: what ``translate_in_context`` made.
        language: ISO 639 code.
    """

    def answers(
        found: pa.Table,
        segments: pa.Table,
        translations: pa.Table,
        scores: pa.Table,
        verdicts: pa.Table,
        in_context: pa.Table,
    ) -> pa.Table:
        return alignment.align(
            found,
            segments,
            translations,
            verdicts,
            scores,
            in_context,
            languages.get(language),
            glossary=job.plugins.glossary(language),
            engines=job.plugins.signatures(language),
        )

    return job.store.step(
        f"answer-map-{language}",
        answers,
        found,
        *translated,
        verdicts,
        in_context,
        language=tables_of(language),
        glossary=_glossary_hash(job, language),
        merges=merges.table_hash(),
        version=alignment.VERSION,
    )


def open_senses(
    job: BuildContext, found: pa.Table, segments: pa.Table, translations: pa.Table, language: str
) -> list[tuple[str, str]]:
    """The senses that engines are asked for in context."""
    return alignment.open_senses(
        found,
        segments,
        translations,
        languages.get(language),
        glossary=job.plugins.glossary(language),
        engines=job.plugins.signatures(language),
    )


def _candidates(
    job: BuildContext, found: pa.Table, unsettled: list[tuple[str, str]], language: str
) -> pa.Table:
    chain, top = job.plugins.chains[0], job.spec.translate.answers.top

    def forward(texts: Sequence[str], questions: Sequence[str] | None) -> list[str | None]:
        role = "answer" if questions else ""
        outcome = ask_engines(job, Request(texts, SOURCE_LANGUAGE, language, role, questions), chain)
        return list(outcome.text.to_pylist())

    if chain[0].uses_context:
        asked = candidates.asked_with_questions(found, unsettled, top)
        texts = forward([one.text for one in asked], [one.context for one in asked])
    else:
        asked = candidates.asked_in_frames(found, unsettled, top)
        texts = candidates.from_frames(asked, forward)
    there = [text for text in texts if text is not None]
    back = ask_engines(job, Request(there, language, SOURCE_LANGUAGE, "answer"), job.plugins.back_chain)
    returned = iter(back.text.to_pylist())
    return candidates.table(asked, texts, [None if text is None else next(returned) for text in texts])


def _glossary_hash(job: BuildContext, language: str) -> str:
    return fingerprint(sorted(job.plugins.glossary(language).items()))


def tables_of(code: str) -> list[str]:
    """What decides a language's own answers."""
    return [languages.get(code).signature, tables_hash(code)]
