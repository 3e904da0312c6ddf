"""The steps that translate: into the language, back, and the links between the words of questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import schema
from vqa_builder.steps.build_context import SOURCE_LANGUAGE, BuildContext
from vqa_builder.store import Stored, json_lines, remove, write_text
from vqa_builder.translation import run
from vqa_builder.translation.aligners import align_questions
from vqa_builder.translation.engines.base import Engine
from vqa_builder.translation.request import Request

STRINGS_AT_ONCE = 500_000
"""Strings whose state is held in memory while they are translated: half a GiB or so."""


class Translated(NamedTuple):
    """Some or all segments as one chain of engines, or the best of several, translated them.

    Attributes:
        segments: what was translated.
        translations: there and back, row-aligned with the segments.
        scores: what the scorers measured of them, row-aligned, too.
    """

    segments: Stored
    translations: Stored
    scores: Stored


def translate(job: BuildContext, segments: Stored, language: str, engines: Sequence[Engine]) -> Stored:
    """Segments -> translations, English into the language."""
    guard = job.plugins.guards.get(language)
    phrasebook = job.plugins.phrasebook_for(language, engines)
    return job.store.step(
        f"translations-{language}",
        lambda segments: _translations(job, segments, language, engines),
        segments,
        language=language,
        engines=[engine.signature for engine in engines],
        guard=guard and guard.signature,
        phrasebook=phrasebook and phrasebook.signature,
        overrides=job.memory.overrides_fingerprint(SOURCE_LANGUAGE, language),
        version=run.VERSION,
    )


def translate_back(job: BuildContext, segments: Stored, translations: Stored, language: str) -> Stored:
    """Translations -> the same with their back-translations."""
    guard = job.plugins.guards.get(SOURCE_LANGUAGE)
    return job.store.step(
        f"back-translations-{language}",
        lambda segments, translations: _with_back_translations(job, segments, translations, language),
        segments,
        translations,
        engines=[engine.signature for engine in job.plugins.back_chain],
        guard=guard and guard.signature,
        overrides=job.memory.overrides_fingerprint(language, SOURCE_LANGUAGE),
        version=run.VERSION,
    )


def align_words(job: BuildContext, translated: Translated, language: str) -> Stored | None:
    """Translations -> links between the words of questions; None where the spec names no aligner."""
    aligner = job.plugins.aligners.get(language)
    if aligner is None:
        return None
    return job.store.step(
        f"alignments-{language}",
        lambda segments, translations: align_questions(segments, translations, aligner),
        translated.segments,
        translated.translations,
        aligner=aligner.signature,
    )


def ask_engines(job: BuildContext, request: Request, engines: Sequence[Engine]) -> run.Outcome:
    """Translate strings by the memory, the glossary and a chain of engines; every step asks here."""
    into_language = request.source == SOURCE_LANGUAGE
    settings = job.spec.translate if into_language else job.spec.back_translation
    outcome = run.translate(
        request,
        engines,
        job.memory,
        guard=job.plugins.guards.get(request.target),
        phrasebook=job.plugins.phrasebook_for(request.target, engines),
        ledger=job.ledger,
        progress=job.progress,
        batch_size=settings.batch_size * (job.executor.workers if job.executor.remote else 1),
    )
    job.work.add(request.target if into_language else request.source, outcome.counts)
    return outcome


def _translations(
    job: BuildContext, segments: pa.Table, language: str, engines: Sequence[Engine]
) -> Iterator[pa.Table]:
    """Translations in pieces: what stands in memory for each string does not grow with their number."""
    failed: list[dict[str, str]] = []
    for role, part in _parts(job, segments):
        texts, contexts = part["text"].to_pylist(), part["context"].to_pylist()
        outcome = ask_engines(job, Request(texts, SOURCE_LANGUAGE, language, role, contexts), engines)
        columns = {
            "segment_id": part["segment_id"],
            "language": pa.repeat(language, part.num_rows),
            "text": outcome.text,
            "back_text": pa.nulls(part.num_rows, pa.string()),
            "engine": outcome.engine,
            "back_engine": pa.nulls(part.num_rows, pa.string()),
            "status": outcome.status,
            "error": outcome.error,
        }
        made = pa.table(columns, schema=schema.TRANSLATIONS)
        listed = part.select(["role", "text"]).append_column("reason", made["error"])
        failed += listed.filter(pc.equal(made["status"], "failed")).to_pylist()
        yield made
    if tuple(engines) == job.plugins.chains[0]:
        _list_failures(job, failed, language)


def _parts(job: BuildContext, segments: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Segments of one role each, in their order, and no more of them than are asked for at a time."""
    for role in job.plugins.source.roles:
        of_role = segments.filter(pc.equal(segments["role"], role))
        for start in range(0, max(of_role.num_rows, 1), STRINGS_AT_ONCE):
            yield role, of_role.slice(start, STRINGS_AT_ONCE)


def _list_failures(job: BuildContext, failed: Sequence[dict[str, str]], language: str) -> None:
    """Write what the first chain could not translate, and why, where its owner finds it."""
    path = job.out / f"failed_strings-{language}.jsonl"
    if failed:
        write_text(path, "".join(json_lines(failed)))
        job.progress.say(f"{len(failed):,} strings could not be translated into {language}: {path}")
    else:
        remove(path)


def _with_back_translations(
    job: BuildContext, segments: pa.Table, translations: pa.Table, language: str
) -> Iterator[pa.Table]:
    beside = translations.append_column("role", segments["role"])
    for role, part in _parts(job, beside):
        wanted = pc.is_valid(part["text"]).combine_chunks()
        texts = part["text"].filter(wanted).to_pylist()
        outcome = ask_engines(job, Request(texts, language, SOURCE_LANGUAGE, role), job.plugins.back_chain)
        for name, values in (("back_text", outcome.text), ("back_engine", outcome.engine)):
            filled = pc.replace_with_mask(pa.nulls(part.num_rows, pa.string()), wanted, values)
            part = part.set_column(part.schema.get_field_index(name), name, filled)
        yield part.select(schema.TRANSLATIONS.names)
