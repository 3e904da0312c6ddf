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

from vqa_builder import executors, languages, registry, schema, segments as segmentation
from vqa_builder.answer_steps import SOURCE_LANGUAGE, AnswerSteps
from vqa_builder.answers import agreement, alignment, vocabulary as vocabularies
from vqa_builder.errors import SourceError, UnknownNameError
from vqa_builder.progress import Progress
from vqa_builder.quality import choice, kept_scores, policy as policies, scoring
from vqa_builder.release import assemble, facts, images, verify, write
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.manifest import Manifest, load_manifest
from vqa_builder.sources.base import BadRecord, Source
from vqa_builder.spec import Plugin, Price, Spec, Translation, construct, plugin_options
from vqa_builder.store import Store, Stored, file_hash, fingerprint, remove, write_text
from vqa_builder.translation import run
from vqa_builder.translation.aligners import align_questions
from vqa_builder.translation.aligners.base import Aligner
from vqa_builder.translation.budget import Ledger
from vqa_builder.translation.engines.base import Engine
from vqa_builder.translation.glossary import load_glossary
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.planning import PlannedWork, planned_work
from vqa_builder.translation.protect import Guard
from vqa_builder.translation.spread import spread

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
    """What a build would do.

    Attributes:
        rows: per split.
        bad_records: rows that cannot be read.
        strings: per language and role.
        engines: signatures of all that translate into the languages.
        work: what each engine would be sent, there and back. What a second opinion will be asked depends on
            the scores; it is not in it.
        spent_characters, spent_money: what earlier builds into this folder have spent of the budget.
        currency: of the money; "" without prices.
    """

    rows: dict[str, int]
    bad_records: int
    strings: list[PlannedStrings]
    engines: list[str]
    work: list[PlannedWork]
    spent_characters: int
    spent_money: float
    currency: str


class Candidate(NamedTuple):
    """What one chain of engines made of some or all segments, and how it scored."""

    segments: Stored
    translations: Stored
    scores: Stored


class Build(AnswerSteps):
    """One build: its spec, its folders, its plug-ins, and every step.

    Args:
        spec: what to build.
        out: where the releases go; the store and the memory lie in its ``.vqa-builder``.
        chosen: only these languages of the spec.
        limit: only the first so many questions of each split.
        on_bad_record: stop at the first bad record, or set bad records aside.
        workers: processes for scoring; None for one per core.
        progress: told of every long step.
        executor: ``local``, or ``ray`` to translate and score on its workers.
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
        executor: str = "local",
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
        self.executor = executors.make(executor, workers)
        self.work: dict[str, run.RunCounts] = {}
        self._engines: dict[str, Engine] = {}
        self._guards: dict[str, Guard] = {}
        self._aligners: dict[str, Aligner] = {}
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
        if self.rules and self.glossaries:
            checked.append(f"glossaries of answers: {', '.join(self.glossaries)}")
        images.check_images(self.spec.release.images, self.spec.folder)
        if self.spec.changelog is not None:
            checked.append(f"changelog: {self.spec.release.changelog}")
        for code in self.languages:
            for engine in self.engines(self.spec.translate):
                engine.check_direction(SOURCE_LANGUAGE, code)
            if guard := self.guard(code):
                checked.append(f"{code}: {guard.signature}")
            for engine in self.engines(self.spec.back_translation):
                engine.check_direction(code, SOURCE_LANGUAGE)
            signatures = self._scorer_signatures(code)
            policy = self.policy(code)
            policy.check(self._score_columns())
            if len(self.chains) > 1:
                choice.check(self.spec.translate.choose_by, self._score_columns())
            checked.append(f"{code}: {len(signatures)} scorers, policy {policy.signature}")
            if aligner := self.aligner(code):
                checked.append(f"{code}: aligner {aligner.signature}")
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
        """All engines of one direction, in order."""
        return self._made(translation.plugins)

    def guard(self, language: str) -> Guard | None:
        """What engines must not touch on the way into a language."""
        wanted = self.spec.translate
        if not (wanted.glossary or wanted.protect):
            return None
        if language not in self._guards:
            path = wanted.glossary and self.spec.folder / wanted.glossary.replace("{language}", language)
            self._guards[language] = Guard(load_glossary(path) if path else None, wanted.protect or ())
        return self._guards[language]

    def aligner(self, language: str) -> Aligner | None:
        """What links the words of questions, if the spec names it."""
        if self.spec.align is None:
            return None
        if language not in self._aligners:
            rules = languages.get(language)
            self._aligners[language] = construct("aligners", self.spec.align, self.spec.folder, rules)
        return self._aligners[language]

    @cached_property
    def ledger(self) -> Ledger:
        """What engines with a price, or under a budget, have been sent."""
        return Ledger(self.out / WORK_FOLDER / "spent.json", self.spec.budget, self._prices())

    @property
    def chains(self) -> list[list[Engine]]:
        """The chains whose translations compete; one, unless the spec asks for a choice."""
        return [self._made(plugins) for plugins in self.spec.translate.chains]

    @property
    def _back_chain(self) -> list[Engine]:
        return self.engines(self.spec.back_translation)

    def _made(self, plugins: Sequence[Plugin]) -> list[Engine]:
        """Engines of the spec; one that is named twice is made once."""
        made = []
        for plugin in plugins:
            key = fingerprint({"type": plugin.type, **plugin.options})
            if key not in self._engines:
                engine = construct("engines", plugin, self.spec.folder)
                options = plugin_options("engines", plugin, self.spec.folder)
                self._engines[key] = spread(engine, plugin.type, options, self.executor)
            made.append(self._engines[key])
        return made

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

    def wanted(self, segments: Stored, candidates: Sequence[Candidate], language: str) -> Stored:
        """Segments -> those that the next chain is to translate: all, or what was rejected so far."""
        if not candidates or self.spec.translate.best_of:
            return segments
        asked, opinion = candidates[-1].segments, self._opinion(candidates, -1, language)
        return self.store.step(
            f"wanted-{language}",
            lambda: asked.table.filter(pc.invert(opinion.table["keep"])),
            asked,
            opinion,
        )

    def translate(self, segments: Stored, language: str, engines: list[Engine]) -> Stored:
        """Segments -> translations, English into the language."""
        return self.store.step(
            f"translations-{language}",
            lambda: self._translate(segments.table, language, engines),
            segments,
            language=language,
            engines=[engine.signature for engine in engines],
            **({"guard": guard.signature} if (guard := self.guard(language)) else {}),
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

    def choose(
        self, segments: Stored, candidates: Sequence[Candidate], language: str
    ) -> tuple[Stored, Stored]:
        """Candidates -> translations and scores, of each string its best; the record stays in the store."""
        if len(candidates) == 1:
            return candidates[0].translations, candidates[0].scores
        by = self.spec.translate.choose_by
        opinions = [self._opinion(candidates, place, language) for place in range(len(candidates))]
        both = list(zip(candidates, opinions, strict=True))

        def record_of_all() -> pa.Table:
            tables = [(each.translations.table, each.scores.table, said.table) for each, said in both]
            return choice.choose(segments.table, tables, by)

        inputs = [step for each, said in both for step in (each.translations, each.scores, said)]
        record = self.store.step(
            f"choice-{language}", record_of_all, segments, *inputs, by=by, version=choice.VERSION
        )

        def taken(name: str, parts: list[Stored]) -> Stored:
            def rows() -> pa.Table:
                return choice.taken(record.table, segments.table, [part.table for part in parts])

            return self.store.step(f"{name}-{language}", rows, record, segments, *parts)

        return (
            taken("chosen-translations", [each.translations for each in candidates]),
            taken("chosen-scores", [each.scores for each in candidates]),
        )

    def _opinion(self, candidates: Sequence[Candidate], place: int, language: str) -> Stored:
        """What the policy says of one candidate; shares are those of all that were made of every string."""
        policy, candidate = self.policy(language), candidates[place]
        whole = candidates if self.spec.translate.best_of else candidates[:1]

        def opinion() -> pa.Table:
            segments, scores = (
                pa.concat_tables([each.table for each in some])
                for some in ([one.segments for one in whole], [one.scores for one in whole])
            )
            bounds = policies.resolved(policy, segments, scores)
            tables = (candidate.segments.table, candidate.translations.table, candidate.scores.table)
            return policies.judge(*tables, bounds, language)

        inputs = [candidate.translations, *(step for one in whole for step in (one.segments, one.scores))]
        return self.store.step(
            f"opinion-{language}",
            opinion,
            candidate.segments,
            candidate.scores,
            *inputs,
            policy=policy.signature,
        )

    def keep_scores(self, candidates: Sequence[Candidate], language: str) -> None:
        """Write the scores of a part to where the build as a whole will look for them."""
        for plugin in self.spec.scores:
            columns = list(registry.find("scorers", plugin.type).columns)
            scored = [
                (
                    kept_scores.pairs_of(each.segments.table, each.translations.table),
                    each.scores.table.select(columns),
                )
                for each in candidates
            ]
            kept_scores.keep(self._kept_scores(plugin, language), scored)

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
            version=policies.VERSION,
        )
        return self._verdicts[language]

    def align_words(self, segments: Stored, translations: Stored, language: str) -> Stored | None:
        """Translations -> links between the words of questions; None where the spec names no aligner."""
        aligner = self.aligner(language)
        if aligner is None:
            return None
        return self.store.step(
            f"alignments-{language}",
            lambda: align_questions(segments.table, translations.table, aligner),
            segments,
            translations,
            aligner=aligner.signature,
        )

    def assemble(
        self,
        examples: Stored,
        given_senses: Stored,
        segments: Stored,
        translations: Stored,
        scores: Stored,
        verdicts: Stored,
        answer_map: Stored,
        vocabulary: Stored,
        alignments: Stored | None,
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
                rules,
                given_senses.table,
                alignments.table if alignments else None,
                normalise_answers=not self.source.normalised_answers,
            )

        inputs = [examples, given_senses, segments, translations, scores, verdicts, answer_map, vocabulary]
        inputs += [alignments] if alignments else []
        versions = [assemble.VERSION, alignment.VERSION, agreement.VERSION]
        return self.store.step(f"rows-{language}", rows, *inputs, language=rules.signature, version=versions)

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
            {
                "rows": rows.key,
                "answers": answer_map.key,
                "spec": self.spec.text,
                "changelog": self.spec.changelog,
                "images": images.images_fingerprint(self.spec.release.images, self.spec.folder),
                "facts": facts.VERSION,
            }
        )
        folder = self.out / self.spec.release_name(language)
        if write.is_current(folder, key):
            return BuiltRelease(
                folder, language, load_manifest(folder), False, self._take_work(language), None
            )
        contents = self._contents(key, examples, segments, translations, answer_map, rows, language)
        contents = images.with_images(contents, self.spec.release.images, self.spec.folder)
        with self.progress.track(f"writing and verifying {folder.name}", rows.table.num_rows) as advance:
            write.write_release(contents, self.out)
            report = verify.verify(folder)
            advance(rows.table.num_rows)
        return BuiltRelease(folder, language, load_manifest(folder), True, self._take_work(language), report)

    def plan(self, examples: Stored, segments: Stored) -> Plan:
        """What a build would translate, without translating it."""
        counts = pc.value_counts(examples.table["split"])
        strings: list[PlannedStrings] = []
        work: list[PlannedWork] = []
        for language in self.languages:
            for role in schema.ROLES:
                of_role = segments.table.filter(pc.equal(segments.table["role"], role))
                strings.append(self._planned(of_role, role, language))
                work += self._planned_work(of_role, role, language)
        return Plan(
            rows={entry["values"]: entry["counts"] for entry in counts.to_pylist()},
            bad_records=len(_bad_records(examples.table)),
            strings=strings,
            engines=[engine.signature for engine in self.engines(self.spec.translate)],
            work=work,
            spent_characters=self.ledger.characters,
            spent_money=self.ledger.money,
            currency=self.ledger.currency,
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
            contexts=texts["context"].to_pylist() if "context" in texts.column_names else None,
            source=source,
            target=target,
            engines=engines,
            memory=self.memory,
            guard=self.guard(target) if source == SOURCE_LANGUAGE else None,
            ledger=self.ledger,
            progress=self.progress,
            batch_size=translation.batch_size * (self.executor.workers if self.executor.remote else 1),
        )
        language = target if source == SOURCE_LANGUAGE else source
        self.work[language] = self.work.get(language, run.RunCounts()) + outcome.counts
        return outcome

    def _score(self, segments: pa.Table, translations: pa.Table, plugin: Plugin, language: str) -> pa.Table:
        options = self._scorer_options(plugin)
        return kept_scores.score_rest(
            self._kept_scores(plugin, language),
            kept_scores.pairs_of(segments, translations),
            language,
            lambda some: scoring.score(some, plugin.type, options, language, self.executor, self.progress),
        )

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
                files=self._input_files(),
                source={
                    "type": self.spec.source.type,
                    "version": self.source.version,
                    "fingerprint": self.source.fingerprint(),
                    "normalised_answers": self.source.normalised_answers,
                },
                run={"limit": self.limit, "on_bad_record": self.on_bad_record},
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
            changelog=self.spec.changelog,
        )

    def _input_files(self) -> list[Path]:
        """Every file that the rows of a release come from."""
        vocabulary = self.spec.answers.vocabulary.from_
        return [*self.source.files(), *([self.spec.folder / vocabulary] if vocabulary else [])]

    # Signatures and counts

    def _signatures(self, language: str) -> dict[str, Any]:
        chosen = self.spec.translate
        how = "best_of" if chosen.best_of else "second_opinion" if chosen.second_opinion else None
        vocabulary = self.spec.answers.vocabulary.model_dump(mode="json", exclude_none=True)
        return {
            "engine": [engine.signature for engine in self.engines(self.spec.translate)],
            "back_engine": [engine.signature for engine in self.engines(self.spec.back_translation)],
            **({"guard": guard.signature} if (guard := self.guard(language)) else {}),
            **({"choice": f"{how}|by:{chosen.choose_by}|version:{choice.VERSION}"} if how else {}),
            "scorers": self._scorer_signatures(language),
            **({"aligner": aligner.signature} if (aligner := self.aligner(language)) else {}),
            "language": languages.get(language).signature,
            "policy": policies.judged_by(self._verdicts[language].table).signature,
            "vocabulary": "|".join(f"{name}:{value}" for name, value in vocabulary.items()),
        }

    def _scorer_signatures(self, language: str) -> dict[str, str]:
        return {
            plugin.type: scoring.build(plugin.type, self._scorer_options(plugin), language).signature
            for plugin in self.spec.scores
        }

    def _kept_scores(self, plugin: Plugin, language: str) -> Path:
        signature = scoring.build(plugin.type, self._scorer_options(plugin), language).signature
        return kept_scores.path_of(self.store.root / "scores", plugin.type, language, signature)

    def _scorer_options(self, plugin: Plugin) -> dict[str, Any]:
        return plugin_options("scorers", plugin, self.spec.folder).model_dump(mode="json")

    def _score_columns(self) -> dict[str, pa.DataType]:
        columns: dict[str, pa.DataType] = {}
        for plugin in self.spec.scores:
            columns.update(registry.find("scorers", plugin.type).columns)
        return columns

    def _planned(self, of_role: pa.Table, role: str, language: str) -> PlannedStrings:
        texts = of_role["text"].to_pylist()
        contexts = of_role["context"].to_pylist()
        answers = self._known(texts, contexts, role, SOURCE_LANGUAGE, language, self.chains[0])
        rows = pc.sum(of_role["count"]).as_py() or 0
        known = sum(answer is not None for answer in answers)
        return PlannedStrings(language, role, rows, len(texts), sum(map(len, texts)), known)

    def _planned_work(self, of_role: pa.Table, role: str, language: str) -> list[PlannedWork]:
        """What every chain that translates everything would be sent, and the engines that translate back."""
        texts, contexts = of_role["text"].to_pylist(), of_role["context"].to_pylist()
        back = self.engines(self.spec.back_translation)
        prices = self._prices()
        work: list[PlannedWork] = []
        for chain in self.chains if self.spec.translate.best_of else self.chains[:1]:
            answers = self._known(texts, contexts, role, SOURCE_LANGUAGE, language, chain)
            work += planned_work(
                texts,
                answers,
                role=role,
                source=SOURCE_LANGUAGE,
                target=language,
                chain=chain,
                prices=prices,
                contexts=contexts,
            )
            made = [answer for answer in answers if answer is not None]
            returned = self._known(made, None, role, language, SOURCE_LANGUAGE, back)
            to_come = [text for text, answer in zip(texts, answers, strict=True) if answer is None]
            work += planned_work(
                [*made, *to_come],
                [*returned, *[None] * len(to_come)],
                role=role,
                source=language,
                target=SOURCE_LANGUAGE,
                chain=back,
                prices=prices,
            )
        return work

    def _known(
        self,
        texts: list[str],
        contexts: list[str] | None,
        role: str,
        source: str,
        target: str,
        engines: list[Engine],
    ) -> list[str | None]:
        """What the memory and the glossary answer."""
        return run.known(
            texts,
            role=role,
            contexts=contexts,
            source=source,
            target=target,
            engines=engines,
            memory=self.memory,
            guard=self.guard(target) if source == SOURCE_LANGUAGE else None,
        )

    def _prices(self) -> dict[str, Price]:
        """Engine signature -> price, of every engine that has one."""
        plugins = (*self.spec.translate.plugins, *self.spec.back_translation.plugins)
        engines = self._made(plugins)
        pairs = zip(plugins, engines, strict=True)
        return {engine.signature: plugin.price for plugin, engine in pairs if plugin.price}

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
