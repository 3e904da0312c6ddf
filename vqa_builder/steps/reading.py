"""The steps that read: the source into examples, the English answer labels, the strings to be translated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from pydantic import BaseModel

from vqa_builder import segments as segmentation
from vqa_builder.answers import vocabulary as vocabularies
from vqa_builder.errors import SourceError
from vqa_builder.plugins import plugin_options
from vqa_builder.sources.base import BadRecord, OnBadRecord
from vqa_builder.steps import source_pictures
from vqa_builder.steps.build_context import BuildContext
from vqa_builder.store import Stored, file_hash, json_lines, remove, write_text

BAD_RECORDS = b"bad_records"
DESCRIPTION = b"source"


class SourceTables(NamedTuple):
    """All that is known of the English data before anything is translated.

    Attributes:
        examples: the source's rows.
        vocabulary: the answer labels.
        senses: the sense of every answer in its row.
        contexts: of every sense, how often it occurs and the questions that explain it.
        segments: the unique strings.
    """

    examples: Stored
    vocabulary: Stored
    senses: Stored
    contexts: Stored
    segments: Stored


def read_examples(job: BuildContext) -> Stored:
    """Source -> examples; the bad records travel in the table's metadata."""
    source = job.plugins.source
    examples = job.store.row_step(
        "examples",
        lambda: _read(job),
        source=job.spec.source.type,
        version=source.version,
        options=without_paths(plugin_options("sources", job.spec.source, job.spec.folder)),
        fingerprint=job.inputs,
        limit=job.limit,
        on_bad_record=job.on_bad_record,
        pictures=source_pictures.parameters(job.spec),
    )
    report_bad_records(job, examples)
    return examples


def make_vocabulary(job: BuildContext, examples: Stored) -> Stored:
    """Examples, or a file, -> the English answer labels."""
    wanted = job.spec.answers.vocabulary
    if wanted.from_:
        path = job.spec.folder / wanted.from_
        content = file_hash(path) if path.exists() else None
        return job.store.step("vocabulary", lambda: vocabularies.from_file(path), file=content)
    return job.store.step(
        "vocabulary",
        lambda examples: vocabularies.from_examples(examples, size=wanted.size, min_count=wanted.min_count),
        examples,
        version=vocabularies.VERSION,
        size=wanted.size,
        min_count=wanted.min_count,
    )


def extract_segments(job: BuildContext, examples: Stored, senses: Stored) -> Stored:
    """Examples -> unique strings; an answer of several senses is one string for each."""
    return job.store.step("segments", segmentation.extract, examples, senses, version=segmentation.VERSION)


def check_unchanged(job: BuildContext, *, was_read: bool = True) -> None:
    """Refuse inputs that are no longer those that the build began with.

    Args:
        job: the build.
        was_read: whether they were read meanwhile: what was read may then be neither what stands there now
            nor what stood there first, so that any write counts. The bytes are hashed again where no file
            was written, but one was so shortly before the build that its times might not tell.

    Raises:
        SourceError: a file was changed meanwhile; nothing that was made of it is kept.
    """
    source = job.plugins.source
    untouched = source.marks().stats == job.marks.stats
    if untouched and job.marks.settled:
        return
    if (was_read and not untouched) or tuple(source.fingerprint()) != job.inputs:
        raise SourceError(
            "An input was changed while it was read",
            where=", ".join(str(path) for path in source.files()) or job.spec.source.type,
            remedy="wait until nobody writes to it, and run the same command again",
        )


def bad_records(examples: Stored) -> list[dict[str, Any]]:
    """The records set aside when the examples were read; they travel in the table's notes."""
    records: list[dict[str, Any]] = json.loads(examples.notes[BAD_RECORDS])
    return records


def source_description(examples: Stored) -> list[str]:
    """What became of the source's columns, and what else should be known of it, in lines."""
    lines: list[str] = json.loads(examples.notes.get(DESCRIPTION, b"[]"))
    return lines


def _read(job: BuildContext) -> Iterator[pa.Table]:
    bad: list[BadRecord] = []
    source, rows = job.plugins.source, 0
    kept = source_pictures.Keeper(job.pictures, job.spec.release.images)
    batches = map(kept.keep, source.read(reporter(job, bad), job.limit))
    with job.progress.track("reading the source", 0) as advance:
        for piece in source_pictures.in_one_schema(batches):
            rows += piece.num_rows
            yield piece
            advance(piece.num_rows)
    if not rows:
        raise SourceError(
            "The source holds no usable question",
            where=", ".join(str(path) for path in source.files()) or job.spec.source.type,
            found=f"{len(bad)} bad records" if bad else "no records",
        )
    check_unchanged(job)
    notes = {
        source_pictures.PROBLEMS: json.dumps(kept.problems),
        BAD_RECORDS: json.dumps([record._asdict() for record in bad]),
        DESCRIPTION: json.dumps(source.description()),
    }
    yield piece.slice(0, 0).replace_schema_metadata(notes)


def reporter(job: BuildContext, bad: list[BadRecord]) -> OnBadRecord:
    """What a source tells of bad records: the first one raises, or all are put into the list."""

    def on_bad_record(record: BadRecord) -> None:
        if job.on_bad_record == "error":
            raise record.error()
        bad.append(record)

    return on_bad_record


def report_bad_records(job: BuildContext, examples: Stored) -> None:
    """Write what was set aside where its owner finds it."""
    path = job.out / "bad_records.jsonl"
    records = bad_records(examples) if job.on_bad_record == "skip" else []
    if records:
        write_text(path, "".join(json_lines(records)))
        job.progress.say(f"{len(records)} bad records set aside: {path}")
    else:
        remove(path)


def without_paths(options: object) -> object:
    """A source's options as they enter a key: which file is what, by name, not where it lies."""
    if isinstance(options, BaseModel):
        return {name: without_paths(value) for name, value in options}
    if isinstance(options, dict):
        return {key: without_paths(value) for key, value in options.items()}
    if isinstance(options, list | tuple):
        return [without_paths(value) for value in options]
    if not isinstance(options, Path):
        return options
    path, mark, member = str(options).partition("!")
    return Path(path).name + mark + member
