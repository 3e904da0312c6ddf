"""How each step of the pipeline is made and what its table depends on.

A ``Build`` opens the store and the translation memory and holds the plug-ins that the spec names. Each of its
methods declares one step: the inputs and parameters that make its key, and the function that makes its table.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel

from vqa_builder import languages, registry, schema, segments as segmentation
from vqa_builder.answers import alignment, vocabulary as vocabularies
from vqa_builder.errors import SourceError, UnknownNameError
from vqa_builder.executors.local import LocalExecutor
from vqa_builder.progress import Progress
from vqa_builder.quality import policy as policies, scoring
from vqa_builder.release import assemble, facts, verify, write
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.manifest import Manifest, load_manifest
from vqa_builder.sources.base import BadRecord, Source
from vqa_builder.spec import Plugin, Spec, Translation, construct, plugin_options
from vqa_builder.store import Store, Stored, file_hash, fingerprint, remove, write_text
from vqa_builder.translation import run
from vqa_builder.translation.engines.base import Engine
from vqa_builder.translation.memory import TranslationMemory

SOURCE_LANGUAGE = "en"
WORK_FOLDER = ".vqa-builder"
BAD_RECORDS = b"bad_records"

OnBadRecord = Literal["error", "skip"]


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


class PlannedStrings(NamedTuple):
    """The strings of one role into one language: how many, how long, how many the memory holds already."""

    language: str
    role: str
    rows: int
    strings: int
    characters: int
    known: int


class Plan(NamedTuple):
    """What a build would do."""

    rows: dict[str, int]
    bad_records: int
    strings: list[PlannedStrings]
    engines: list[str]


class Build:
    """One build: its spec, its folders, its plug-ins, and every step.

    Args:
        spec: what to build.
        out: where the releases go; the store and the memory lie in its ``.vqa-builder``.
        chosen: only these languages of the spec.
        limit: only the first so many questions of each split.
        on_bad_record: stop at the first bad record, or set bad records aside.
        workers: processes for scoring; None for one per core.
        progress: told of every long step.
    """

    def __init__(
        self,
        spec: Spec,
        out: Path,
        chosen: Sequence[str] | None,
        limit: int | None,
        on_bad_record: OnBadRecord,
        workers: int | None,
        progress: Progress,
    ) -> None:
        for code in chosen or ():
            if code not in spec.languages:
                raise UnknownNameError("language of this spec", code, spec.languages, where="--language")
        self.spec, self.out, self.progress = spec, out, progress
        self.languages = list(chosen or spec.languages)
        self.limit, self.on_bad_record = limit, on_bad_record
        self.store = Store(out / WORK_FOLDER)
        memory = spec.folder / spec.memory if spec.memory else out / WORK_FOLDER / "memory.sqlite"
        self.memory = TranslationMemory(memory)
        self.executor = LocalExecutor(workers)
        self.work: dict[str, run.RunCounts] = {}
        self._engines: dict[str, Engine] = {}
        self._verdicts: dict[str, Stored] = {}

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            opened.enter_context(self.store)
            opened.enter_context(self.memory)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *problem: object) -> None:
        with self._opened:
            for engine in self._engines.values():
                engine.close()
            self.executor.close()
            if problem[0] is None:
                self.store.prune()

    def validate(self) -> list[str]:
        """Construct everything that the spec names; the first thing wrong raises."""
        checked = [f"source {self.spec.source.type}: {len(self.source.files())} files"]
        if self.spec.answers.vocabulary.from_:
            labels = vocabularies.from_file(self.spec.folder / self.spec.answers.vocabulary.from_)
            checked.append(f"vocabulary: {labels.num_rows} labels")
        for code in self.languages:
            for engine in self.engines(self.spec.translate):
                engine.check_direction(SOURCE_LANGUAGE, code)
            for engine in self.engines(self.spec.back_translation):
                engine.check_direction(code, SOURCE_LANGUAGE)
            signatures = self._scorer_signatures(code)
            policy = self.policy(code)
            policy.check(self._score_columns())
            checked.append(f"{code}: {len(signatures)} scorers, policy {policy.signature}")
        for engine in dict.fromkeys(
            self.engines(self.spec.translate) + self.engines(self.spec.back_translation)
        ):
            checked.append(f"engine {engine.signature}")
        return checked

    # Plug-ins

    @cached_property
    def source(self) -> Source:
        """The source that the spec names."""
        source: Source = construct("sources", self.spec.source, self.spec.folder)
        return source

    def engines(self, translation: Translation) -> list[Engine]:
        """The chain of engines of one direction; an engine named twice is made once."""
        chain = []
        for plugin in translation.engine:
            key = fingerprint(plugin.model_dump(mode="json"))
            if key not in self._engines:
                self._engines[key] = construct("engines", plugin, self.spec.folder)
            chain.append(self._engines[key])
        return chain

    def policy(self, language: str) -> policies.Policy:
        """The policy of the spec, or the language's default."""
        return policies.policy_for(language, self.spec.policy, self._score_columns())

    # Steps, in the order of the pipeline

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

    def extract_segments(self, examples: Stored) -> Stored:
        """Examples -> unique strings."""
        return self.store.step(
            "segments",
            lambda: segmentation.extract(examples.table),
            examples,
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

    def translate(self, segments: Stored, language: str) -> Stored:
        """Segments -> translations, English into the language."""
        engines = self.engines(self.spec.translate)
        return self.store.step(
            f"translations-{language}",
            lambda: self._translate(segments.table, language, engines),
            segments,
            language=language,
            engines=[engine.signature for engine in engines],
            asserted=self.memory.asserted_fingerprint(SOURCE_LANGUAGE, language),
            version=run.VERSION,
        )

    def translate_back(self, segments: Stored, translations: Stored, language: str) -> Stored:
        """Translations -> the same with their back-translations."""
        engines = self.engines(self.spec.back_translation)
        return self.store.step(
            f"back-translations-{language}",
            lambda: self._translate_back(segments.table, translations.table, language, engines),
            segments,
            translations,
            engines=[engine.signature for engine in engines],
            asserted=self.memory.asserted_fingerprint(language, SOURCE_LANGUAGE),
            version=run.VERSION,
        )

    def score(self, segments: Stored, translations: Stored, language: str) -> Stored:
        """Translations -> one column per measure; each scorer is a step of its own."""
        parts = [
            self.store.step(
                f"score-{plugin.type}-{language}",
                lambda plugin=plugin: self._score(segments.table, translations.table, plugin, language),  # type: ignore[misc]
                segments,
                translations,
                signature=signature,
            )
            for plugin, signature in zip(
                self.spec.scores, self._scorer_signatures(language).values(), strict=True
            )
        ]
        return self.store.step(f"scores-{language}", lambda: _joined([part.table for part in parts]), *parts)

    def judge(self, segments: Stored, translations: Stored, scores: Stored, language: str) -> Stored:
        """Scores -> keep or reject, and every reason."""
        policy = self.policy(language)
        self._verdicts[language] = self.store.step(
            f"verdicts-{language}",
            lambda: policies.judge(segments.table, translations.table, scores.table, policy, language),
            segments,
            translations,
            scores,
            policy=policy.signature,
        )
        return self._verdicts[language]

    def align_answers(
        self,
        vocabulary: Stored,
        segments: Stored,
        translations: Stored,
        verdicts: Stored,
        scores: Stored,
        language: str,
    ) -> Stored:
        """Labels -> their answers in the language."""
        rules = languages.get(language)

        def answers() -> pa.Table:
            return alignment.align(
                vocabulary.table, segments.table, translations.table, verdicts.table, scores.table, rules
            )

        inputs = (vocabulary, segments, translations, verdicts, scores)
        return self.store.step(
            f"answer-map-{language}",
            answers,
            *inputs,
            language=rules.signature,
            version=alignment.VERSION,
        )

    def assemble(
        self,
        examples: Stored,
        segments: Stored,
        translations: Stored,
        scores: Stored,
        verdicts: Stored,
        answer_map: Stored,
        vocabulary: Stored,
        language: str,
    ) -> Stored:
        """Everything -> the rows of the release, kept and rejected."""
        rules = languages.get(language)

        def rows() -> pa.Table:
            texts = alignment.answer_texts(
                segments.table, translations.table, verdicts.table, answer_map.table, rules
            )
            return assemble.assemble(
                examples.table,
                segments.table,
                translations.table,
                scores.table,
                verdicts.table,
                texts,
                vocabulary.table,
            )

        inputs = (examples, segments, translations, scores, verdicts, answer_map, vocabulary)
        return self.store.step(f"rows-{language}", rows, *inputs, version=assemble.VERSION)

    def release(
        self,
        examples: Stored,
        segments: Stored,
        translations: Stored,
        answer_map: Stored,
        rows: Stored,
        language: str,
    ) -> BuiltRelease:
        """Rows -> a verified folder; left alone if it is there already, whole and made from the same."""
        key = fingerprint(
            {"rows": rows.key, "answers": answer_map.key, "spec": self.spec.text, "facts": facts.VERSION}
        )
        folder = self.out / self.spec.release_name(language)
        if write.is_current(folder, key):
            return BuiltRelease(
                folder, language, load_manifest(folder), False, self._take_work(language), None
            )
        contents = self._contents(key, examples, segments, translations, answer_map, rows, language)
        with self.progress.track(f"writing and verifying {folder.name}", rows.table.num_rows) as advance:
            write.write_release(contents, self.out)
            report = verify.verify(folder)
            advance(rows.table.num_rows)
        return BuiltRelease(folder, language, load_manifest(folder), True, self._take_work(language), report)

    def plan(self, examples: Stored, segments: Stored) -> Plan:
        """What a build would translate, without translating it."""
        counts = pc.value_counts(examples.table["split"])
        chain = self.engines(self.spec.translate)
        strings = [
            self._planned(segments.table, role, language, chain)
            for language in self.languages
            for role in schema.ROLES
        ]
        return Plan(
            rows={entry["values"]: entry["counts"] for entry in counts.to_pylist()},
            bad_records=len(_bad_records(examples.table)),
            strings=strings,
            engines=[engine.signature for engine in chain],
        )

    # How the tables are made

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
        records = _bad_records(examples.table) if self.on_bad_record == "skip" else []
        if records:
            write_text(path, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))
            self.progress.say(f"{len(records)} bad records set aside: {path}")
        else:
            remove(path)

    def _translate(self, segments: pa.Table, language: str, engines: list[Engine]) -> pa.Table:
        for engine in engines:
            engine.check_direction(SOURCE_LANGUAGE, language)
        parts = [
            self._run(
                segments.filter(pc.equal(segments["role"], role)), role, SOURCE_LANGUAGE, language, engines
            )
            for role in schema.ROLES
        ]
        columns = {
            "segment_id": segments["segment_id"],
            "language": pa.repeat(language, segments.num_rows),
            "text": pa.chunked_array([part.text for part in parts]),
            "back_text": pa.nulls(segments.num_rows, pa.string()),
            "engine": pa.chunked_array([part.engine for part in parts]),
            "back_engine": pa.nulls(segments.num_rows, pa.string()),
            "status": pa.chunked_array([part.status for part in parts]),
            "error": pa.chunked_array([part.error for part in parts]),
        }
        return pa.table(columns, schema=schema.TRANSLATIONS)

    def _translate_back(
        self, segments: pa.Table, translations: pa.Table, language: str, engines: list[Engine]
    ) -> pa.Table:
        for engine in engines:
            engine.check_direction(language, SOURCE_LANGUAGE)
        back_text = pa.nulls(segments.num_rows, pa.string())
        back_engine = back_text
        for role in schema.ROLES:
            wanted = pc.and_(pc.equal(segments["role"], role), pc.is_valid(translations["text"]))
            wanted = wanted.combine_chunks()
            texts = pa.table({"text": translations["text"].filter(wanted)})
            part = self._run(texts, role, language, SOURCE_LANGUAGE, engines)
            back_text = pc.replace_with_mask(back_text, wanted, part.text)
            back_engine = pc.replace_with_mask(back_engine, wanted, part.engine)
        for name, values in (("back_text", back_text), ("back_engine", back_engine)):
            translations = translations.set_column(translations.schema.get_field_index(name), name, values)
        return translations

    def _run(
        self, texts: pa.Table, role: str, source: str, target: str, engines: list[Engine]
    ) -> run.Outcome:
        translation = self.spec.translate if source == SOURCE_LANGUAGE else self.spec.back_translation
        outcome = run.translate(
            texts["text"].to_pylist(),
            role=role,
            contexts=None,
            source=source,
            target=target,
            engines=engines,
            memory=self.memory,
            progress=self.progress,
            batch_size=translation.batch_size,
        )
        language = target if source == SOURCE_LANGUAGE else source
        self.work[language] = self.work.get(language, run.RunCounts()) + outcome.counts
        return outcome

    def _score(self, segments: pa.Table, translations: pa.Table, plugin: Plugin, language: str) -> pa.Table:
        pairs = pa.table(
            {
                "segment_id": segments["segment_id"],
                "role": segments["role"],
                "source": segments["text"],
                "translation": translations["text"],
                "back_translation": translations["back_text"],
            },
        )
        options = self._scorer_options(plugin)
        return scoring.score(pairs, plugin.type, options, language, self.executor, self.progress)

    def _contents(
        self,
        key: str,
        examples: Stored,
        segments: Stored,
        translations: Stored,
        answer_map: Stored,
        rows: Stored,
        language: str,
    ) -> ReleaseContents:
        data, rejected = assemble.split_rows(rows.table)
        return ReleaseContents(
            name=self.spec.release_name(language),
            language=language,
            data=data,
            rejected=rejected,
            answer_map=answer_map.table,
            facts=facts.facts(
                key=key,
                spec=self.spec,
                language=language,
                files=self.source.files(),
                signatures=self._signatures(language),
                engines=self.engines(self.spec.translate) + self.engines(self.spec.back_translation),
                policy=policies.judged_by(self._verdicts[language].table).model_dump(mode="json"),
                bad_records=len(_bad_records(examples.table)),
                examples=examples.table,
                segments=segments.table,
                translations=translations.table,
                answer_map=answer_map.table,
                rows=rows.table,
            ),
            spec_yaml=self.spec.text,
        )

    # Signatures and counts

    def _signatures(self, language: str) -> dict[str, Any]:
        vocabulary = self.spec.answers.vocabulary.model_dump(mode="json", exclude_none=True)
        return {
            "engine": [engine.signature for engine in self.engines(self.spec.translate)],
            "back_engine": [engine.signature for engine in self.engines(self.spec.back_translation)],
            "scorers": self._scorer_signatures(language),
            "language": languages.get(language).signature,
            "policy": policies.judged_by(self._verdicts[language].table).signature,
            "vocabulary": "|".join(f"{name}:{value}" for name, value in vocabulary.items()),
        }

    def _scorer_signatures(self, language: str) -> dict[str, str]:
        return {
            plugin.type: scoring.build(plugin.type, self._scorer_options(plugin), language).signature
            for plugin in self.spec.scores
        }

    def _scorer_options(self, plugin: Plugin) -> dict[str, Any]:
        return plugin_options("scorers", plugin, self.spec.folder).model_dump(mode="json")

    def _score_columns(self) -> dict[str, pa.DataType]:
        columns: dict[str, pa.DataType] = {}
        for plugin in self.spec.scores:
            columns.update(registry.find("scorers", plugin.type).columns)
        return columns

    def _planned(self, segments: pa.Table, role: str, language: str, chain: list[Engine]) -> PlannedStrings:
        of_role = segments.filter(pc.equal(segments["role"], role))
        texts = of_role["text"].to_pylist()
        known = self.memory.count_known(
            texts,
            role=role,
            source=SOURCE_LANGUAGE,
            target=language,
            engines=[engine.signature for engine in chain],
        )
        rows = pc.sum(of_role["count"]).as_py() or 0
        characters = sum(map(len, texts))
        return PlannedStrings(language, role, rows, len(texts), characters, known)

    def _take_work(self, language: str) -> run.RunCounts:
        return self.work.pop(language, run.RunCounts())


def _joined(parts: list[pa.Table]) -> pa.Table:
    """Tables of the same segments side by side."""
    first, *others = parts
    for part in others:
        for name in part.column_names[2:]:
            first = first.append_column(part.schema.field(name), part[name])
    return first


def _bad_records(examples: pa.Table) -> list[dict[str, Any]]:
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
