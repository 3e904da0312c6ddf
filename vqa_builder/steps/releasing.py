"""The steps that release: the rows of a language, and the verified folder that holds them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from vqa_builder import languages, registry
from vqa_builder.answers import alignment, rows as answer_rows, soft_scores, winners
from vqa_builder.batches import Batches
from vqa_builder.errors import StorageError
from vqa_builder.quality import choice, policy as policies
from vqa_builder.quality.policy import is_human_verified
from vqa_builder.quality.policy_config import unfitted
from vqa_builder.release import (
    assemble as assembly,
    duplicates,
    facts,
    human_verified,
    images,
    packages,
    verify,
    write,
)
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.manifest import FILE, Manifest, load_manifest
from vqa_builder.segments import for_all
from vqa_builder.spec import Spec
from vqa_builder.steps import source_pictures
from vqa_builder.steps.answering import look_up
from vqa_builder.steps.build_context import BuildContext
from vqa_builder.steps.judging import scorer_signatures
from vqa_builder.steps.reading import SourceTables, bad_records, check_unchanged
from vqa_builder.steps.translating import Translated
from vqa_builder.store import Stored, fingerprint
from vqa_builder.translation import protect, run
from vqa_builder.translation.memory import Entry


@dataclass(frozen=True)
class BuiltRelease:
    """A release on disk and what it took to make it.

    Attributes:
        folder: the release.
        language: its ISO 639 code.
        manifest: what its manifest.json says.
        changed: whether this build wrote it; False if it was there already.
        work: strings asked for, remembered, translated and failed in this build, both directions.
        verification: what ``verify`` found; None if the release was there already.
    """

    folder: Path
    language: str
    manifest: Manifest
    changed: bool
    work: run.RunCounts
    verification: verify.VerifyReport | None


def assemble(
    job: BuildContext,
    source: SourceTables,
    translated: Translated,
    verdicts: Stored,
    answer_map: Stored,
    alignments: Stored | None,
    language: str,
) -> Stored:
    """Everything -> the rows of the release, kept and rejected; ``alignments`` link words."""
    rules, engines = languages.get(language), job.plugins.signatures(language)
    glossary = job.plugins.glossary(language)

    def rows(
        examples: Batches,
        senses: Batches,
        segments: pa.Table,
        listed: pa.Table,
        answer_map: pa.Table,
        vocabulary: pa.Table,
        *asked: pa.Table,
    ) -> Iterator[pa.Table]:
        translations, scores, verdicts, *links = (for_all(segments, table) for table in asked)
        texts = alignment.answer_texts(
            segments, listed, translations, verdicts, answer_map, rules, engines, glossary=glossary
        )
        return assembly.assemble(
            examples, senses, segments, translations, scores, verdicts, texts, vocabulary, rules, *links
        )

    return job.store.row_step(
        f"rows-{language}",
        rows,
        source.examples,
        source.senses,
        source.segments,
        look_up(job, source, language),
        answer_map,
        source.vocabulary,
        translated.translations,
        translated.scores,
        verdicts,
        *([alignments] if alignments else []),
        language=rules.signature,
        engines=engines,
        glossary=fingerprint(sorted(glossary.items())),
        version=[
            assembly.VERSION,
            alignment.VERSION,
            answer_rows.VERSION,
            winners.VERSION,
            soft_scores.VERSION,
        ],
    )


def find_release(job: BuildContext, key: str, language: str) -> BuiltRelease | None:
    """The release of a language as it is there already, whole and made from the same; None if it is not."""
    folder = job.out / job.spec.release_name(language)
    if not write.is_current(folder, key):
        return None
    return BuiltRelease(folder, language, load_manifest(folder), False, job.work.of(language), None)


def release(
    job: BuildContext,
    key: str,
    source: SourceTables,
    translated: Translated,
    verdicts: Stored,
    answer_map: Stored,
    rows: Stored,
    language: str,
) -> BuiltRelease:
    """Rows -> a verified folder.

    ``rows`` is what ``assemble`` made of the others, ``key`` what ``release_key`` says of them.
    """
    spec, folder = job.spec, job.out / job.spec.release_name(language)
    check_unchanged(job, was_read=False)
    contents = _contents(job, key, source, translated, verdicts, answer_map, rows, language)
    found = source_pictures.problems(source.examples.notes)
    contents = images.with_images(contents, spec.release.images, spec.folder, job.pictures, found)
    with job.progress.track(f"writing and verifying {folder.name}", rows.rows.num_rows) as advance:
        write.write_release(contents, job.out)
        report = verify.verify(folder)
        advance(rows.rows.num_rows)
    return BuiltRelease(folder, language, load_manifest(folder), True, job.work.of(language), report)


def release_key(job: BuildContext, **tables: object) -> str:
    """The key of a release: of its tables, and of all else that stands in it."""
    spec = job.spec
    return fingerprint(
        {
            **tables,
            "spec": facts.portable_text(spec),
            "changelog": spec.changelog,
            "card": spec.card_text,
            "images": images.images_fingerprint(spec.release.images, spec.folder),
            "facts": facts.VERSION,
        }
    )


def check_place(job: BuildContext, rows: int, language: str) -> None:
    """Refuse, before an engine is asked, to put a release where it may not go.

    Raises:
        StorageError: something else stands there, or a release that holds more rows than a trial of a few.
    """
    folder = job.out / job.spec.release_name(language)
    write.refuse_foreign(folder)
    there = sum(load_manifest(folder).counts["source"].values()) if (folder / FILE).is_file() else 0
    if rows < there and not job.overwrite:
        raise StorageError(
            "A release with more rows stands where this one would go",
            where=folder,
            expected=f"{there:,} rows or more",
            found=f"{rows:,} rows" + (f", with a limit of {job.limit:,} per split" if job.limit else ""),
            remedy="build into another folder with --out, or replace it with --overwrite",
        )


def _contents(
    job: BuildContext,
    key: str,
    source: SourceTables,
    translated: Translated,
    verdicts: Stored,
    answer_map: Stored,
    rows: Stored,
    language: str,
) -> ReleaseContents:
    spec, plugins = job.spec, job.plugins
    every = rows.rows.held()
    data, rejected = assembly.split_rows(every)
    policy = policies.judged_by(verdicts.table).model_dump(mode="json")
    segments, translations = translated.segments.table, translated.translations.table
    repeats = duplicates.repeats(every)
    return ReleaseContents(
        name=spec.release_name(language),
        language=language,
        data=data,
        rejected=rejected,
        answer_map=answer_map.table,
        facts=stated_facts(
            job,
            key,
            verdicts.table,
            language,
            counts=facts.counted(
                segments=source.segments.table,
                asked=segments,
                translations=translations,
                answer_map=answer_map.table,
                rows=every,
                language=language,
                policy=policy,
                people=is_human_verified(translations, plugins.signatures(language)),
                overruled=policies.overruled(verdicts.table),
                round_trip=policies.round_trip_of(verdicts.table),
                repeats=repeats.counts,
                bad_records=len(bad_records(source.examples)),
            ),
        ),
        spec_yaml=facts.portable_text(spec),
        changelog=spec.changelog,
        card_text=spec.card_text,
        human_verified=tuple(human_verified_entries(job, segments, translations, language)),
        repeated_rows=repeats.rows,
    )


def stated_facts(
    job: BuildContext, key: str, verdicts: pa.Table, language: str, counts: dict[str, Any], **stated: Any
) -> dict[str, Any]:
    """What the manifest states of a build beside its tables; the log hears of the round trip."""
    spec, plugins = job.spec, job.plugins
    files = plugins.source.files()
    engines = (engine.name for engine in (*plugins.engines, *plugins.back_chain))
    for told in (*policies.round_trip_of(verdicts).told(), unfitted(spec.policy, engines)):
        if told:
            job.progress.say(f"notice: {language}: {told}")
    return facts.facts(
        key=key,
        spec=spec,
        language=language,
        files=facts.input_files(spec, plugins.source, language),
        hashes=dict(zip(files, job.inputs, strict=True)) if len(files) == len(job.inputs) else {},
        source={
            "type": spec.source.type,
            "version": plugins.source.version,
            "fingerprint": list(job.inputs),
        },
        run={"limit": job.limit, "on_bad_record": job.on_bad_record},
        signatures=signatures(job, verdicts, language),
        engines=[*plugins.engines, *plugins.back_chain],
        policy=policies.judged_by(verdicts).model_dump(mode="json"),
        packages=packages.record(plugin_classes(spec)),
        counts=counts,
        **stated,
    )


def human_verified_entries(
    job: BuildContext, segments: pa.Table, translations: pa.Table, language: str
) -> list[Entry]:
    """Entries of the memory that people verified and the rows use; a glossary is a file of the spec."""
    engines = [*job.plugins.signatures(language), protect.EXACT]
    return human_verified.used(segments, translations, language, engines, job.plugins.back_signatures)


def plugin_classes(spec: Spec) -> list[type]:
    """The classes of all plug-ins that the spec names."""
    engines = (*spec.translate.plugins, *spec.back_translation.plugins)
    named = [("sources", spec.source), *(("engines", engine) for engine in engines)]
    named += [("scorers", scorer) for scorer in spec.scores]
    named += [("aligners", spec.align)] if spec.align else []
    return [registry.find(kind, plugin.type) for kind, plugin in named]


def signatures(job: BuildContext, verdicts: pa.Table, language: str) -> dict[str, Any]:
    chosen, plugins = job.spec.translate, job.plugins
    how = "best_of" if chosen.best_of else "second_opinion" if chosen.second_opinion else None
    guard, aligner = plugins.guards.get(language), plugins.aligners.get(language)
    vocabulary = job.spec.answers.vocabulary.model_dump(mode="json", exclude_none=True)
    return {
        "engine": [engine.signature for engine in plugins.engines],
        "back_engine": [engine.signature for engine in plugins.back_chain],
        **({"guard": guard.signature} if guard else {}),
        **({"choice": f"{how}|by:{chosen.choose_by}|version:{choice.VERSION}"} if how else {}),
        "scorers": scorer_signatures(job.spec, language),
        **({"aligner": aligner.signature} if aligner else {}),
        "language": languages.get(language).signature,
        "policy": policies.judged_by(verdicts).signature,
        "vocabulary": "|".join(f"{name}:{value}" for name, value in vocabulary.items()),
    }
