"""The whole job, in order: source -> segments -> translation -> scores -> verdicts -> answers -> release.

Every step takes the steps before it and returns its own table; ``steps`` says how each is made and what
its table depends on. A table is computed when a later step asks for it, and only if nothing that went into it
has been seen before: a build with nothing changed ends at the first look.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vqa_builder.progress import Progress
from vqa_builder.spec import Spec
from vqa_builder.steps import Build, BuiltRelease, Candidate, OnBadRecord, Plan


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

    Returns:
        One release per language, in the order of the spec.

    Example::

        from vqa_builder import build, load_spec
        for release in build(load_spec("build.yaml"), "releases"):
            print(release.folder, release.kept, release.rejected)
    """
    with Build(
        spec, Path(out), languages, limit, on_bad_record, workers, progress or Progress(), executor
    ) as steps:
        examples = steps.read_examples()
        vocabulary = steps.make_vocabulary(examples)
        senses = steps.assign_senses(examples, vocabulary)
        contexts = steps.find_contexts(examples, senses, vocabulary)
        segments = steps.extract_segments(examples, senses)
        releases = []
        for language in steps.languages:
            candidates: list[Candidate] = []
            for engines in steps.chains:  # one, unless the spec asks for a choice
                wanted = steps.wanted(segments, candidates, language)
                translations = steps.translate(wanted, language, engines)
                checked = steps.translate_back(wanted, translations, language)
                scores = steps.score(wanted, checked, language)
                candidates.append(Candidate(wanted, checked, scores))
            checked, scores = steps.choose(segments, candidates, language)
            verdicts = steps.judge(segments, checked, scores, language)
            alignments = steps.align_words(segments, checked, language)
            in_context = steps.translate_in_context(contexts, segments, checked, language)
            answer_map = steps.align_answers(
                contexts, segments, checked, verdicts, scores, in_context, language
            )
            rows = steps.assemble(
                examples,
                senses,
                segments,
                checked,
                scores,
                verdicts,
                answer_map,
                vocabulary,
                alignments,
                language,
            )
            releases.append(steps.release(examples, segments, checked, answer_map, rows, language))
        return releases


def plan(
    spec: Spec,
    out: Path | str = ".",
    *,
    languages: Sequence[str] | None = None,
    limit: int | None = None,
    on_bad_record: OnBadRecord = "error",
    progress: Progress | None = None,
) -> Plan:
    """What a build would do: rows, unique strings, characters, and what the memory holds already.

    Reads the source and nothing else; calls no engine.
    """
    with Build(spec, Path(out), languages, limit, on_bad_record, 1, progress or Progress()) as steps:
        examples = steps.read_examples()
        vocabulary = steps.make_vocabulary(examples)
        senses = steps.assign_senses(examples, vocabulary)
        contexts = steps.find_contexts(examples, senses, vocabulary)
        segments = steps.extract_segments(examples, senses)
        return steps.plan(examples, segments, contexts)


def validate(spec: Spec, languages: Sequence[str] | None = None) -> list[str]:
    """Everything that can be known without work.

    Returns:
        What was checked, a line each.

    Raises:
        VQABuilderError: the first thing that is wrong.
    """
    return Build(spec, Path(), languages, None, "error", 1, Progress()).validate()
