"""The steps that align answers: senses, contexts, candidates in context, and the answer map itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import pyarrow as pa

from vqa_builder import languages
from vqa_builder.answers import alignment, answer_glossary, candidates, contexts, merges, senses
from vqa_builder.languages.base import tables_hash
from vqa_builder.steps.judging import Judging
from vqa_builder.steps.workshop import SOURCE_LANGUAGE
from vqa_builder.store import Stored, fingerprint
from vqa_builder.translation import run
from vqa_builder.translation.engines.base import Engine


class Answering(Judging):
    """Examples and translations -> the answer of every sense in the language."""

    @cached_property
    def glossaries(self) -> dict[str, answer_glossary.Glossary]:
        """Language -> the glossary of answers that the spec names for it."""
        named = self.spec.answers.glossary
        if named is None:
            return {}
        paths = {code: self.spec.folder / named.replace("{language}", code) for code in self.spec.languages}
        return {code: answer_glossary.load(path, senses.known_rules()) for code, path in paths.items()}

    @cached_property
    def rules(self) -> senses.Rules:
        """The senses of homographs, the glossaries' before the built-in ones."""
        return answer_glossary.united(senses.known_rules(), self.glossaries.values())

    def assign_senses(self, examples: Stored, vocabulary: Stored) -> Stored:
        """Examples -> the sense of every answer in its row."""
        codes = self.spec.languages
        in_context = self.spec.translate.answers.context == "auto"

        def assigned() -> pa.Table:
            labels = vocabulary.table["answer_en"].to_pylist() if in_context else []
            unsettled = [
                label for label in labels if any(languages.get(code).answer(label) is None for code in codes)
            ]
            return senses.assign(examples.table, self.rules, unsettled)

        return self.store.step(
            "senses",
            assigned,
            examples,
            vocabulary,
            rules=fingerprint(list(self.rules.values())),
            languages=[_tables(code) for code in codes] if in_context else None,
            version=senses.VERSION,
        )

    def find_contexts(self, examples: Stored, given_senses: Stored, vocabulary: Stored) -> Stored:
        """Senses -> their support and the questions that explain them."""
        return self.store.step(
            "contexts",
            lambda: contexts.find(examples.table, given_senses.table, vocabulary.table, self.rules),
            examples,
            given_senses,
            vocabulary,
            version=contexts.VERSION,
        )

    def translate_in_context(
        self, found: Stored, segments: Stored, translations: Stored, language: str
    ) -> Stored:
        """Senses that no table translates -> what engines make of them in the context of their questions."""
        chain, back = self.chains[0], self._back_chain
        wanted = self.spec.translate.answers

        def translated() -> pa.Table:
            if wanted.context == "none":
                return candidates.table([], [], [])
            unsettled = self._unsettled(found.table, segments.table, translations.table, language)
            return self._candidates(found.table, unsettled, language)

        return self.store.step(
            f"candidates-{language}",
            translated,
            found,
            segments,
            translations,
            language=_tables(language),
            glossary=fingerprint(sorted(self._glossary(language).items())),
            engines=[engine.signature for engine in (*chain, *back)],
            context=wanted.model_dump(mode="json"),
            version=candidates.VERSION,
        )

    def align_answers(
        self,
        found: Stored,
        segments: Stored,
        translations: Stored,
        verdicts: Stored,
        scores: Stored,
        in_context: Stored,
        language: str,
    ) -> Stored:
        """Labels and senses -> their answers in the language."""
        rules = languages.get(language)
        inputs = (found, segments, translations, verdicts, scores, in_context)

        def answers() -> pa.Table:
            return alignment.align(
                found.table,
                segments.table,
                translations.table,
                verdicts.table,
                scores.table,
                in_context.table,
                rules,
                glossary=self._glossary(language),
                engines=self._signatures_of_engines(language),
            )

        return self.store.step(
            f"answer-map-{language}",
            answers,
            *inputs,
            language=_tables(language),
            glossary=fingerprint(sorted(self._glossary(language).items())),
            merges=merges.table_hash(),
            version=alignment.VERSION,
        )

    def _unsettled(
        self, found: pa.Table, segments: pa.Table, translations: pa.Table, language: str
    ) -> list[tuple[str, str]]:
        """The senses that engines are asked for in context."""
        return alignment.open_senses(
            found,
            segments,
            translations,
            languages.get(language),
            glossary=self._glossary(language),
            engines=self._signatures_of_engines(language),
        )

    def _candidates(self, found: pa.Table, unsettled: list[tuple[str, str]], language: str) -> pa.Table:
        chain, top = self.chains[0], self.spec.translate.answers.top

        def forward(texts: Sequence[str], questions: Sequence[str] | None) -> list[str | None]:
            role = "answer" if questions else ""
            return self._ask(texts, questions, role, SOURCE_LANGUAGE, language, chain)

        if chain[0].uses_context:
            asked = candidates.asked_with_questions(found, unsettled, top)
            texts = forward([one.answer_en for one in asked], [one.context for one in asked])
        else:
            asked = candidates.asked_in_frames(found, unsettled, top)
            texts = candidates.from_frames(asked, forward)
        there = [text for text in texts if text is not None]
        back = iter(self._ask(there, None, "answer", language, SOURCE_LANGUAGE, self._back_chain))
        return candidates.table(asked, texts, [None if text is None else next(back) for text in texts])

    def _ask(
        self,
        texts: Sequence[str],
        questions: Sequence[str] | None,
        role: str,
        source: str,
        target: str,
        engines: list[Engine],
    ) -> list[str | None]:
        outcome = run.translate(
            texts,
            role=role,
            contexts=questions,
            source=source,
            target=target,
            engines=engines,
            memory=self.memory,
            ledger=self.ledger,
            progress=self.progress,
            batch_size=self.spec.translate.batch_size,
        )
        language = target if source == SOURCE_LANGUAGE else source
        self.work[language] = self.work.get(language, run.RunCounts()) + outcome.counts
        answers: list[str | None] = outcome.text.to_pylist()
        return answers

    def _glossary(self, language: str) -> dict[tuple[str, str], str]:
        return dict(self.glossaries[language].answers) if language in self.glossaries else {}


def _tables(code: str) -> list[str]:
    """What decides a language's own answers."""
    return [languages.get(code).signature, tables_hash(code)]
