"""The steps that read: the source into examples, their strings, the English answer labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import BaseModel

from vqa_builder import segments as segmentation
from vqa_builder.answers import vocabulary as vocabularies
from vqa_builder.errors import SourceError
from vqa_builder.plugins import plugin_options
from vqa_builder.sources.base import BadRecord
from vqa_builder.steps.workshop import Workshop
from vqa_builder.store import Stored, file_hash, remove, write_text

BAD_RECORDS = b"bad_records"


class Reading(Workshop):
    """Source -> examples, segments, vocabulary."""

    def read_examples(self) -> Stored:
        """Source -> examples; the bad records travel in the table's metadata."""
        examples = self.store.step(
            "examples",
            self._read_examples,
            source=self.spec.source.type,
            version=self.source.version,
            options=_without_paths(plugin_options("sources", self.spec.source, self.spec.folder)),
            fingerprint=self.source.fingerprint(),
            limit=self.limit,
            on_bad_record=self.on_bad_record,
        )
        self._report_bad_records(examples)
        return examples

    def extract_segments(self, examples: Stored, given_senses: Stored) -> Stored:
        """Examples -> unique strings; an answer of several senses is one string for each."""
        return self.store.step(
            "segments",
            lambda: segmentation.extract(examples.table, given_senses.table),
            examples,
            given_senses,
            version=segmentation.VERSION,
        )

    def make_vocabulary(self, examples: Stored) -> Stored:
        """Examples, or a file, -> the English answer labels."""
        wanted = self.spec.answers.vocabulary
        if wanted.from_:
            path = self.spec.folder / wanted.from_
            content = file_hash(path) if path.exists() else None
            return self.store.step("vocabulary", lambda: vocabularies.from_file(path), file=content)
        return self.store.step(
            "vocabulary",
            lambda: vocabularies.from_examples(examples.table, size=wanted.size, min_count=wanted.min_count),
            examples,
            version=vocabularies.VERSION,
            size=wanted.size,
            min_count=wanted.min_count,
        )

    def _read_examples(self) -> pa.Table:
        bad: list[BadRecord] = []

        def on_bad_record(record: BadRecord) -> None:
            if self.on_bad_record == "error":
                raise record.error()
            bad.append(record)

        batches = []
        with self.progress.track("reading the source", 0) as advance:
            for batch in self.source.read(on_bad_record, self.limit):
                batches.append(batch)
                advance(batch.num_rows)
        if not sum(batch.num_rows for batch in batches):
            raise SourceError(
                "The source holds no usable question",
                where=", ".join(str(path) for path in self.source.files()) or self.spec.source.type,
                found=f"{len(bad)} bad records" if bad else "no records",
            )
        table = pa.Table.from_batches(batches)
        return table.replace_schema_metadata({BAD_RECORDS: json.dumps([record._asdict() for record in bad])})

    def _report_bad_records(self, examples: Stored) -> None:
        """Write what was set aside where its owner finds it."""
        path = self.out / "bad_records.jsonl"
        records = bad_records(examples.table) if self.on_bad_record == "skip" else []
        if records:
            write_text(path, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))
            self.progress.say(f"{len(records)} bad records set aside: {path}")
        else:
            remove(path)


def bad_records(examples: pa.Table) -> list[dict[str, Any]]:
    """The records set aside when the examples were read; they travel in the table's metadata."""
    records: list[dict[str, Any]] = json.loads(examples.schema.metadata[BAD_RECORDS])
    return records


def _without_paths(options: object) -> object:
    """A source's options as they enter a key: which file is what, by name, not where it lies."""
    if isinstance(options, BaseModel):
        return {name: _without_paths(value) for name, value in options}
    if isinstance(options, dict):
        return {key: _without_paths(value) for key, value in options.items()}
    if isinstance(options, list | tuple):
        return [_without_paths(value) for value in options]
    if not isinstance(options, Path):
        return options
    path, mark, member = str(options).partition("!")
    return Path(path).name + mark + member
