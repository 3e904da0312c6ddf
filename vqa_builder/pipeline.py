"""The whole job, in order: source -> segments -> translation -> scores -> verdicts -> answers -> release.

Every step takes the steps before it and returns its own table; ``steps`` says how each is made and what
its table depends on. A table is computed when a later step asks for it, and only if nothing that went into it
has been seen before: a build with nothing changed ends at the first look.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from vqa_builder.progress import Progress
from vqa_builder.sources.records import Records
from vqa_builder.spec import Spec
from vqa_builder.steps import preview
from vqa_builder.steps.answering import (
    align_answers,
    assign_senses,
    find_contexts,
    leave_out_known,
    translate_in_context,
)
from vqa_builder.steps.build_context import BuildContext, OnBadRecord, open_build
from vqa_builder.steps.judging import choose, judge, score, select_segments
from vqa_builder.steps.preview import Plan
from vqa_builder.steps.reading import SourceTables, extract_segments, make_vocabulary, read_examples
from vqa_builder.steps.recording import (
    RecordTables,
    in_question_form,
    put_together,
    read_strings,
    release_records,
    settle_options,
)
from vqa_builder.steps.releasing import BuiltRelease, assemble, release
from vqa_builder.steps.translating import Translated, align_words, translate, translate_back
from vqa_builder.store import Stored
from vqa_builder.translation.engines._faults import without_keys


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
        workers: processes for scoring; the number of cores if None. It changes no result.
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
            source = read_source(job)
            releases += [build_language(job, source, language) for language in job.languages]
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


def build_language(job: BuildContext, source: SourceTables | RecordTables, language: str) -> BuiltRelease:
    """The release of one language."""
    asked = select_asked(job, source, language)
    candidates = translate_by_chains(job, asked, language)
    translated = choose(job, asked, candidates, language)
    verdicts = judge(job, translated, language)
    if isinstance(source, RecordTables):
        strings = put_together(job, source, translated, verdicts, language)
        settled = settle_options(job, source, strings, language)
        return release_records(job, source, strings, settled, translated, verdicts, language)
    alignments = align_words(job, translated, language)
    in_context = translate_in_context(job, source.contexts, translated, language)
    answer_map = align_answers(job, source.contexts, translated, verdicts, in_context, language)
    rows = assemble(job, source, translated, verdicts, answer_map, alignments, language)
    return release(job, source, translated, verdicts, answer_map, rows, language)


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
