"""The steps that translate: into the language, back, and the links between the words of questions."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import schema
from vqa_builder.steps.reading import Reading
from vqa_builder.steps.workshop import SOURCE_LANGUAGE
from vqa_builder.store import Stored
from vqa_builder.translation import run
from vqa_builder.translation.aligners import align_questions
from vqa_builder.translation.engines.base import Engine


class Translating(Reading):
    """Segments -> translations, back-translations, word links."""

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
