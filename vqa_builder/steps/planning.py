"""What can be said of a build before it is done: that its spec is sound, and what it would translate."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import schema
from vqa_builder.answers import candidates, vocabulary as vocabularies
from vqa_builder.quality import choice
from vqa_builder.release import images
from vqa_builder.steps.reading import bad_records
from vqa_builder.steps.releasing import Releasing
from vqa_builder.steps.workshop import SOURCE_LANGUAGE
from vqa_builder.store import Stored
from vqa_builder.translation import run
from vqa_builder.translation.engines.base import Engine
from vqa_builder.translation.planning import PlannedWork, planned_work


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
        work: what each engine would be sent, there and back, second opinions at most and answers in context
            included.
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


class Build(Releasing):
    """One build: every step of the pipeline, and what can be said without taking them.

    Its arguments are those of ``Workshop``.
    """

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

    def plan(self, examples: Stored, segments: Stored, contexts: Stored) -> Plan:
        """What a build would translate, without translating it; ``contexts``: what ``find_contexts`` made."""
        counts = pc.value_counts(examples.table["split"])
        strings: list[PlannedStrings] = []
        work: list[PlannedWork] = []
        for language in self.languages:
            for role in schema.ROLES:
                of_role = segments.table.filter(pc.equal(segments.table["role"], role))
                strings.append(self._planned(of_role, role, language))
                work += self._planned_work(of_role, role, language)
            work += self._planned_in_context(contexts.table, segments.table, language)
        return Plan(
            rows={entry["values"]: entry["counts"] for entry in counts.to_pylist()},
            bad_records=len(bad_records(examples.table)),
            strings=strings,
            engines=[engine.signature for engine in self.engines(self.spec.translate)],
            work=work,
            spent_characters=self.ledger.characters,
            spent_money=self.ledger.money,
            currency=self.ledger.currency,
        )

    def _planned(self, of_role: pa.Table, role: str, language: str) -> PlannedStrings:
        texts = of_role["text"].to_pylist()
        contexts = of_role["context"].to_pylist()
        answers = self._known(texts, contexts, role, SOURCE_LANGUAGE, language, self.chains[0])
        rows = pc.sum(of_role["count"]).as_py() or 0
        known = sum(answer is not None for answer in answers)
        return PlannedStrings(language, role, rows, len(texts), sum(map(len, texts)), known)

    def _planned_work(self, of_role: pa.Table, role: str, language: str) -> list[PlannedWork]:
        """What every chain would be sent, and the engines that translate back."""
        texts, contexts = of_role["text"].to_pylist(), of_role["context"].to_pylist()
        work: list[PlannedWork] = []
        for place, chain in enumerate(self.chains):
            asked_less = place > 0 and not self.spec.translate.best_of
            step = "second opinion" if asked_less else "all"
            answers = self._known(texts, contexts, role, SOURCE_LANGUAGE, language, chain)
            work += self._planned_there(texts, contexts, answers, role, language, chain, step, asked_less)
            apart = contexts if any(engine.uses_context for engine in chain) else [""] * len(texts)
            work += self._planned_back(texts, apart, answers, role, language, step, asked_less)
        return work

    def _planned_in_context(self, found: pa.Table, segments: pa.Table, language: str) -> list[PlannedWork]:
        """What the first chain would be asked about answers in context, and what at most comes back."""
        wanted, chain = self.spec.translate.answers, self.chains[0]
        if wanted.context == "none":
            return []
        unsettled = self._unsettled(found, segments, self._translated_by_people(segments, language), language)
        contexts: list[str] | None = None
        if chain[0].uses_context:
            asked = candidates.asked_with_questions(found, unsettled, wanted.top)
            texts, role = [one.answer_en for one in asked], "answer"
            contexts = [one.context for one in asked]
        else:
            asked = candidates.asked_in_frames(found, unsettled, wanted.top)
            texts, role = candidates.sentences(asked), ""
        if not asked:
            return []
        known = run.known(
            texts,
            role=role,
            contexts=contexts,
            source=SOURCE_LANGUAGE,
            target=language,
            engines=chain,
            memory=self.memory,
        )
        made = known
        if not role:
            found_already = dict(zip(texts, known, strict=True))
            candidates_made = candidates.from_frames(asked, lambda *_: known)
            pairs = [
                (one, text)
                for one, text in zip(asked, candidates_made, strict=True)
                if text is not None or None in map(found_already.get, candidates.sentences([one]))
            ]
            asked, made = [one for one, _ in pairs], [text for _, text in pairs]
        step, english = "in context", [one.answer_en for one in asked]
        apart = [f"{one.sense}: {one.context}" for one in asked]
        return [
            *self._planned_there(texts, contexts, known, role, language, chain, step, False),
            *self._planned_back(english, apart, made, "answer", language, step, True),
        ]

    def _translated_by_people(self, segments: pa.Table, language: str) -> pa.Table:
        """What is known of all segments, as translations with their engines."""
        found: list[tuple[str | None, str | None]] = []
        for role in schema.ROLES:
            of_role = segments.filter(pc.equal(segments["role"], role))
            found += run.recalled(
                of_role["text"].to_pylist(),
                role=role,
                contexts=of_role["context"].to_pylist(),
                source=SOURCE_LANGUAGE,
                target=language,
                engines=self.chains[0],
                memory=self.memory,
                guard=self.guard(language),
            )
        columns = [pa.array(list(column), pa.string()) for column in zip(*found, strict=True)]
        return pa.table(columns or [[], []], names=["text", "engine"])

    def _planned_there(
        self,
        texts: list[str],
        contexts: list[str] | None,
        answers: list[str | None],
        role: str,
        language: str,
        chain: list[Engine],
        step: str,
        at_most: bool,
    ) -> list[PlannedWork]:
        return planned_work(
            texts,
            answers,
            role=role,
            source=SOURCE_LANGUAGE,
            target=language,
            chain=chain,
            prices=self._prices(),
            contexts=contexts,
            step=step,
            at_most=at_most,
        )

    def _planned_back(
        self,
        texts: list[str],
        contexts: list[str],
        answers: list[str | None],
        role: str,
        language: str,
        step: str,
        at_most: bool,
    ) -> list[PlannedWork]:
        """The way back of answers that are there, and of texts for those that are not."""
        back = self._back_chain
        made = [answer for answer in answers if answer is not None]
        returned = self._known(made, None, role, language, SOURCE_LANGUAGE, back)
        pairs = zip(texts, contexts, answers, strict=True)
        to_come = [(text, context) for text, context, answer in pairs if answer is None]
        return planned_work(
            [*made, *(text for text, _ in to_come)],
            [*returned, *[None] * len(to_come)],
            role=role,
            source=language,
            target=SOURCE_LANGUAGE,
            chain=back,
            prices=self._prices(),
            contexts=[*[""] * len(made), *(context for _, context in to_come)],
            apart=True,
            step=step,
            at_most=at_most,
        )

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
