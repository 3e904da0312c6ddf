"""The whole job, in order: source -> segments -> translation -> scores -> verdicts -> answers -> release.

Every step takes the steps before it and returns its own table; ``steps`` says how each is made and what
its table depends on. A table is computed when a later step asks for it, and only if nothing that went into it
has been seen before: a build with nothing changed ends at the first look.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from vqa_builder.errors import SpecError
from vqa_builder.progress import Progress
from vqa_builder.sources.records import Records
from vqa_builder.spec import Spec
from vqa_builder.steps import preview, side_by_side
from vqa_builder.steps.answering import (
    align_answers,
    assign_senses,
    find_contexts,
    leave_out_known,
    translate_in_context,
)
from vqa_builder.steps.build_context import BuildContext, OnBadRecord, open_build
from vqa_builder.steps.judging import choose, judge, score, scored_by_models, select_segments
from vqa_builder.steps.preview import Plan
from vqa_builder.steps.reading import SourceTables, extract_segments, make_vocabulary, read_examples
from vqa_builder.steps.recording import (
    RecordTables,
    in_question_form,
    key_of_records,
    put_together,
    read_strings,
    release_records,
    settle_options,
)
from vqa_builder.steps.releasing import (
    BuiltRelease,
    assemble,
    check_place,
    find_release,
    release,
    release_key,
)
from vqa_builder.steps.translating import Translated, align_words, translate, translate_back
from vqa_builder.store import Stored
from vqa_builder.translation.engines._faults import without_keys


class LanguageTables(NamedTuple):
    """What a release of a language is made from.

    Attributes:
        key: of the release.
        by_models: the tables for which engines, or other models and services, are asked.
        release: makes all other tables, and the release.
    """

    key: str
    by_models: list[Stored]
    release: Callable[[], BuiltRelease]


def build(
    spec: Spec,
    out: Path | str = ".",
    *,
    languages: Sequence[str] | None = None,
    limit: int | None = None,
    on_bad_record: OnBadRecord = "error",
    workers: int | None = None,
    executor: str = "local",
    progress: Progress | None = None,
    allow: Collection[str] = (),
    overwrite: bool = False,
) -> list[BuiltRelease]:
    """Build a verified release for every language.

    Args:
        spec: what to build.
        out: the folder for the releases; step outputs and the translation memory go to its ``.vqa-builder``.
        languages: only these of the spec's languages.
        limit: only the first so many questions of each split.
        on_bad_record: ``error`` stops at the first bad record, ``skip`` writes them to ``bad_records.jsonl``.
        workers: processes that score, and finish a language while engines translate the next; the number of
            cores if None, and with 1 everything is done here. It changes no result.
        executor: ``local``, or ``ray`` to translate and score on Ray's workers, here or on the cluster that
            ``RAY_ADDRESS`` names. It changes no result.
        progress: told of every long step; silent if None.
        allow: what a spec that came with a release may decide; see ``trust.KINDS``.
        overwrite: let a release take the place of one with more rows.

    Returns:
        One release per language, in the order of the spec.

    Example:
        >>> from vqa_builder import build, load_spec
        >>> from vqa_builder.sample import sample_folder
        >>> spec = load_spec(sample_folder() / "build.yaml")
        >>> (release,) = build(spec, "releases", languages=["ja"], limit=5)
        >>> release.folder.name, release.verification.ok
        ('sample-ja', True)
    """
    releases: list[BuiltRelease] = []
    for form in filter(None, (spec, in_question_form(spec))):
        with open_build(
            form,
            Path(out),
            languages=languages,
            limit=limit,
            on_bad_record=on_bad_record,
            workers=workers,
            executor=executor,
            progress=progress,
            allow=allow,
            overwrite=overwrite,
        ) as job:
            side_by_side.get_ready(job)
            releases += build_languages(job, read_source(job))
    return releases


def read_source(job: BuildContext) -> SourceTables | RecordTables:
    """The English data, the same for all languages."""
    return read_strings(job) if isinstance(job.plugins.source, Records) else read_questions(job)


def read_questions(job: BuildContext) -> SourceTables:
    """Questions and answers, in whatever format."""
    examples = read_examples(job)
    vocabulary = make_vocabulary(job, examples)
    senses = assign_senses(job, examples, vocabulary)
    contexts = find_contexts(job, examples, senses, vocabulary)
    segments = extract_segments(job, examples, senses)
    return SourceTables(examples, vocabulary, senses, contexts, segments)


def build_languages(job: BuildContext, source: SourceTables | RecordTables) -> list[BuiltRelease]:
    """The releases of all languages; while one is finished in another process, engines translate the next."""
    begun: dict[str, Callable[[], BuiltRelease]] = {}
    releases: dict[str, BuiltRelease] = {}
    for language in job.languages:
        tables = declare_language(job, source, language)
        if there := find_release(job, tables.key, language):
            releases[language] = there
            continue
        check_place(job, sum(preview.rows_of_splits(source).values()), language)
        if language != job.languages[-1] and (
            finished := side_by_side.begin(
                job, tables.by_models, partial(finish_language, tables.key), language
            )
        ):
            begun[language] = finished
        else:
            releases[language] = tables.release()
    releases |= {language: finished() for language, finished in begun.items()}
    return [releases[language] for language in job.languages]


def finish_language(key: str, job: BuildContext, language: str) -> BuiltRelease:
    """The release of a language whose source has been read, and told of, by another process.

    Raises:
        SpecError: what it is made from is not what the other process translated, whose key is ``key``.
    """
    source = read_source(replace(job, progress=Progress()))
    tables = declare_language(job, source, language)
    if tables.key != key:  # engines would be asked here, too, beside the account of what they cost
        raise SpecError(
            "A file that the spec names, or what people verified, was changed while the build ran",
            where=job.spec.release_name(language),
            remedy="run the same command again; what was translated is kept",
        )
    return tables.release()


def declare_language(job: BuildContext, source: SourceTables | RecordTables, language: str) -> LanguageTables:
    """The tables of one language, of which none is made before it is asked for."""
    asked = select_asked(job, source, language)
    candidates = translate_by_chains(job, asked, language)
    translated = choose(job, asked, candidates, language)
    verdicts = judge(job, translated, language)
    by_models = [each.translations for each in candidates]
    if scored_by_models(job, language):
        by_models += [each.scores for each in candidates]
    if isinstance(source, RecordTables):
        strings = put_together(job, source, translated, verdicts, language)
        settled = settle_options(job, source, strings, language)
        key = key_of_records(job, source, strings, settled)
        make = partial(release_records, job, key, source, strings, settled, translated, verdicts, language)
        return LanguageTables(key, by_models, make)
    alignments = align_words(job, translated, language)
    in_context = translate_in_context(job, source.contexts, translated, language)
    answer_map = align_answers(job, source.contexts, translated, verdicts, in_context, language)
    rows = assemble(job, source, translated, verdicts, answer_map, alignments, language)
    key = release_key(job, rows=rows.key, answers=answer_map.key)
    make = partial(release, job, key, source, translated, verdicts, answer_map, rows, language)
    by_models += [in_context, *([alignments] if alignments else [])]
    return LanguageTables(key, by_models, make)


def select_asked(job: BuildContext, source: SourceTables | RecordTables, language: str) -> Stored:
    """The segments that have to be translated: all but answers that tables know."""
    if isinstance(source, RecordTables):
        return source.segments
    return leave_out_known(job, source, language)


def translate_by_chains(job: BuildContext, segments: Stored, language: str) -> list[Translated]:
    """What each chain of engines makes of the segments, and how it scores; most specs have one chain."""
    candidates: list[Translated] = []
    for engines in job.plugins.chains:
        asked = select_segments(job, segments, candidates, language)
        there = translate(job, asked, language, engines)
        translations = translate_back(job, asked, there, language)
        scores = score(job, asked, translations, language)
        candidates.append(Translated(asked, translations, scores))
    return candidates


def plan(
    spec: Spec,
    out: Path | str = ".",
    *,
    languages: Sequence[str] | None = None,
    limit: int | None = None,
    on_bad_record: OnBadRecord = "error",
    progress: Progress | None = None,
    allow: Collection[str] = (),
) -> Plan:
    """What a build would do: rows, unique strings, characters, and what the memory holds already.

    Reads the source and nothing else; calls no engine, and needs no key of one. Arguments as of ``build``.
    """
    with (
        without_keys(),
        open_build(
            spec,
            Path(out),
            languages=languages,
            limit=limit,
            on_bad_record=on_bad_record,
            workers=1,
            progress=progress,
            allow=allow,
        ) as job,
    ):
        return preview.preview(job, read_source(replace(job, may_ask=False)))


def validate(
    spec: Spec, languages: Sequence[str] | None = None, *, allow: Collection[str] = (), full: bool = False
) -> list[str]:
    """Everything that can be known without work; inputs are read, large ones in part unless ``full``.

    Returns:
        What was checked, a line each.

    Raises:
        VQABuilderError: the first thing that is wrong.
    """
    return preview.check_spec(spec, languages, allow, full=full)
