"""The steps of records: their strings, the strings in a language, and the release in the source's schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from vqa_builder import languages, record_strings, registry
from vqa_builder.answers import modes, options, short_texts
from vqa_builder.answers.short_texts import Meaning
from vqa_builder.errors import SourceError
from vqa_builder.plugins import plugin_options
from vqa_builder.quality import policy as policies
from vqa_builder.release import card, facts, manifest, record_view, records, verify, write
from vqa_builder.release.contents import check_counts, nothing_kept, type_name
from vqa_builder.release.images import check_images
from vqa_builder.release.manifest import load_manifest
from vqa_builder.release.parquet import config_of
from vqa_builder.release.record_pictures import as_stated
from vqa_builder.release.record_view import FORM
from vqa_builder.sources.base import BadRecord, OnBadRecord
from vqa_builder.sources.records import RecordBatch, Records, RecordsOptions, question_source
from vqa_builder.spec import Plugin, Spec
from vqa_builder.steps.answering import tables_of
from vqa_builder.steps.build_context import BuildContext
from vqa_builder.steps.reading import (
    BAD_RECORDS,
    DESCRIPTION,
    bad_records,
    check_unchanged,
    report_bad_records,
    reporter,
    without_paths,
)
from vqa_builder.steps.releasing import (
    BuiltRelease,
    human_verified_entries,
    release_key,
    stated_facts,
)
from vqa_builder.steps.translating import Translated
from vqa_builder.store import Stored, fingerprint
from vqa_builder.translation import instructions, sentences

ROWS = "rows"


class RecordTables(NamedTuple):
    """All that is known of records before anything is translated.

    Attributes:
        places: where every string stands; its metadata count the rows and hold the bad records.
        strings: the distinct strings, in sentences.
        segments: the distinct sentences.
    """

    places: Stored
    strings: Stored
    segments: Stored


def read_strings(job: BuildContext) -> RecordTables:
    """Source -> the strings of its records, and where they stand; the records themselves are not kept."""
    source, (mode, rules, in_view) = records_of(job), _meaning(job)
    places = job.store.step(
        "places",
        lambda: _read(job),
        source=job.spec.source.type,
        version=[source.version, record_strings.VERSION],
        options=without_paths(plugin_options("sources", job.spec.source, job.spec.folder)),
        meaning=[mode, fingerprint(list(rules.values())), in_view, modes.table_hash(), short_texts.VERSION],
        fingerprint=job.inputs,
        limit=job.limit,
        on_bad_record=job.on_bad_record,
    )
    report_bad_records(job, places)
    kinds = list(job.spec.translate.protect)
    strings = job.store.step(
        "strings",
        lambda places: record_strings.cut(places, kinds),
        places,
        protect=kinds,
        version=[record_strings.VERSION, sentences.VERSION, instructions.signature()],
    )
    segments = job.store.step("segments", record_strings.extract, strings, version=record_strings.VERSION)
    return RecordTables(places, strings, segments)


def _meaning(job: BuildContext) -> Meaning:
    """How answers and options are meant."""
    engines = [engine for chain in job.plugins.chains for engine in chain]
    in_view = any(engine.uses_context for engine in engines)
    return Meaning(job.plugins.answer_mode, job.plugins.sense_rules, in_view)


def put_together(
    job: BuildContext, source: RecordTables, translated: Translated, verdicts: Stored, language: str
) -> Stored:
    """Sentences -> the strings in the language, each with a verdict."""
    ends = policies.good_ends()
    return job.store.step(
        f"strings-{language}",
        lambda strings, segments, translations, scores, verdicts: record_strings.translated(
            strings, segments, translations, scores, verdicts, language, ends
        ),
        source.strings,
        *translated,
        verdicts,
        language=tables_of(language),
        ends=ends,
        version=[record_strings.VERSION, short_texts.VERSION, instructions.signature()],
    )


def settle_options(job: BuildContext, source: RecordTables, strings: Stored, language: str) -> Stored:
    """Strings -> what places hold instead, so that options can be told apart and quoted as they are."""
    kinds = [path.kind for path in records_of(job).paths]
    return job.store.step(
        f"options-{language}",
        lambda places, english, texts: options.settle(
            pa.table(
                {
                    **{name: places[name] for name in ("row", "path")},
                    "string": record_strings.string_numbers(places),
                }
            ),
            kinds,
            english,
            texts,
            languages.get(language),
        ),
        source.places,
        source.strings,
        strings,
        kinds=kinds,
        language=tables_of(language),
        version=options.VERSION,
    )


def key_of_records(job: BuildContext, source: RecordTables, strings: Stored, settled: Stored) -> str:
    """The key of a release of records."""
    return release_key(
        job, strings=strings.key, options=settled.key, places=source.places.key, version=records.VERSION
    )


def release_records(
    job: BuildContext,
    key: str,
    source: RecordTables,
    strings: Stored,
    settled: Stored,
    translated: Translated,
    verdicts: Stored,
    language: str,
) -> BuiltRelease:
    """Strings -> a verified folder in the source's schema."""
    folder = job.out / job.spec.release_name(language)
    check_unchanged(job, was_read=False)
    form = _form_of(job, strings.table, language)
    with write.replacing(folder) as unfinished:
        written = records.write(
            _batches(job), source.places.table, strings.table, settled.table, form, unfinished
        )
        check_unchanged(job)
        counts = _counts(job, source, translated, verdicts.table, language)
        said = stated_facts(
            job, key, verdicts.table, language, counts, form=FORM, records=_stated(job, form, written)
        )
        _complete(job, unfinished, said, written, translated, language)
    report = verify.verify(folder)
    return BuiltRelease(folder, language, load_manifest(folder), True, job.work.of(language), report)


def in_question_form(spec: Spec) -> Spec | None:
    """The spec of the release of questions that a spec of records asks for beside it; None without one."""
    if not issubclass(registry.find("sources", spec.source.type), Records):
        return None
    options = plugin_options("sources", spec.source, Path())
    assert isinstance(options, RecordsOptions)
    source = question_source(options)
    if source is None:
        return None
    repo = spec.release.repo and spec.release.repo.replace("{language}", "questions-{language}")
    release = spec.release.model_copy(update={"repo": repo})
    changed = {"name": f"{spec.name}-questions", "source": Plugin.model_validate(source), "release": release}
    return spec.model_copy(update=changed)


def records_of(job: BuildContext) -> Records:
    """The source of the build, which is one of records."""
    source = job.plugins.source
    assert isinstance(source, Records)
    return source


def _form_of(job: BuildContext, strings: pa.Table, language: str) -> records.Form:
    """What the release looks like."""
    own = records_of(job)
    return records.Form(
        source=own.schema,
        paths=own.paths,
        language=language,
        scores=pa.struct(list(strings.schema)[4:]),
        ends=policies.good_ends(),
        keeps_english=own.options.on_bad_string == "english",
        embeds=bool((settings := job.spec.release.images) and settings.embed and settings.folder),
    )


def _complete(
    job: BuildContext,
    folder: Path,
    stated: dict[str, Any],
    written: records.Written,
    translated: Translated,
    language: str,
) -> None:
    """Put everything else beside the tables; what they hold is counted from the files."""
    spec, name = job.spec, job.spec.release_name(language)
    stated["counts"] |= record_view.counted(folder, written.tables, stated["policy"]) | written.rows
    if not any(written.rows["kept"].values()):
        raise nothing_kept(name, stated["counts"]["reasons"])
    check_counts(name, written.rows)
    people = tuple(
        human_verified_entries(job, translated.segments.table, translated.translations.table, language)
    )
    described = manifest.described(
        name,
        language,
        stated,
        scores=manifest.score_summaries(record_view.score_tables(folder, written.tables)),
        tables=written.tables,
        human=people,
    )
    first = next(key for key in written.tables if config_of(key) == "default")
    write.complete(
        folder,
        described,
        {config_of(key): schema for key, schema in written.schemas.items()},
        record_view.sample(folder, described, first, card.SAMPLE_ROWS),
        write.Texts(facts.portable_text(spec), spec.changelog, spec.card_text, people),
        {key: record_view.view(folder, described, key) for key in written.tables},
        check_images(spec.release.images, spec.folder),
    )


def _counts(
    job: BuildContext, source: RecordTables, translated: Translated, verdicts: pa.Table, language: str
) -> dict[str, Any]:
    """What is counted before the rows are written."""
    segments, translations = translated.segments.table, translated.translations.table
    people = policies.is_human_verified(translations, job.plugins.signatures(language))
    return {
        "bad_records": len(bad_records(source.places)),
        **facts.string_counts(segments, segments, translations, people, job.plugins.source.roles),
        "overruled": policies.overruled(verdicts),
        "round_trip": policies.round_trip_of(verdicts)._asdict(),
        "back_translated": len(translations) - translations["back_text"].null_count,
        "answer_map": {},
    }


def _stated(job: BuildContext, form: records.Form, written: records.Written) -> dict[str, Any]:
    """What the manifest says of the form of the release, and of the source's columns."""
    return {
        "fields": {path.text: path.kind for path in form.paths},
        "on_bad_string": records_of(job).options.on_bad_string,
        "types": {own.name: type_name(own.type) for own in form.source},
        "columns": written.source,
    }


def _batches(job: BuildContext) -> Iterator[RecordBatch]:
    """The records once more; what is bad was told before."""
    rows, settings = 0, job.spec.release.images
    root = check_images(settings, job.spec.folder)
    with job.progress.track("writing the records", 0) as advance:
        for batch in records_of(job).batches(lambda record: None, job.limit):
            rows += batch.table.num_rows
            yield batch._replace(table=as_stated(batch.table, settings, root))
            advance(batch.table.num_rows)


def _read(job: BuildContext) -> pa.Table:
    source, gathered = records_of(job), record_strings.Places(_meaning(job))
    bad: list[BadRecord] = []
    told: OnBadRecord = reporter(job, bad)
    rows: dict[str, int] = {}
    with job.progress.track("reading the source", 0) as advance:
        for batch in source.batches(told, job.limit, texts_alone=True):
            gathered.add(batch.table, source.paths)
            rows[batch.split] = rows.get(batch.split, 0) + batch.table.num_rows
            advance(batch.table.num_rows)
    if not sum(rows.values()):
        raise SourceError(
            "The source holds no usable record",
            where=", ".join(map(str, source.files())) or job.spec.source.type,
            found=f"{len(bad)} bad records" if bad else "no records",
        )
    check_unchanged(job)
    return record_strings.metadata(
        gathered.table(),
        **{
            ROWS: rows,
            BAD_RECORDS.decode(): [record._asdict() for record in bad],
            DESCRIPTION.decode(): source.description(),
        },
    )
