"""The steps that judge: scores, what the next chain is asked for, the choice between chains, verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import registry
from vqa_builder.quality import choice, policy as policies, score_cache, scoring
from vqa_builder.spec import Plugin
from vqa_builder.steps.translating import Translating
from vqa_builder.store import Stored
from vqa_builder.translation import run


class Candidate(NamedTuple):
    """What one chain of engines made of some or all segments, and how it scored."""

    segments: Stored
    translations: Stored
    scores: Stored


class Judging(Translating):
    """Translations -> scores, the best candidates, verdicts."""

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

    def score(self, segments: Stored, translations: Stored, language: str) -> Stored:
        """Translations -> one column per measure; each scorer is a step of its own."""
        signatures = self._scorer_signatures(language).values()
        parts = [
            self._scored(segments, translations, plugin, signature, language)
            for plugin, signature in zip(self.spec.scores, signatures, strict=True)
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

    def keep_scores(self, candidates: Sequence[Candidate], language: str) -> None:
        """Write the scores of a part to where the build as a whole will look for them."""
        for plugin in self.spec.scores:
            columns = list(registry.find("scorers", plugin.type).columns)
            scored = [
                (
                    score_cache.pairs_of(each.segments.table, each.translations.table),
                    each.scores.table.select(columns),
                )
                for each in candidates
            ]
            score_cache.keep(self._kept_scores(plugin, language), scored)

    def judge(self, segments: Stored, translations: Stored, scores: Stored, language: str) -> Stored:
        """Scores -> keep or reject, and every reason."""
        policy, engines = self.policy(language), self._signatures_of_engines(language)
        self._verdicts[language] = self.store.step(
            f"verdicts-{language}",
            lambda: policies.judge(
                segments.table, translations.table, scores.table, policy, language, engines
            ),
            segments,
            translations,
            scores,
            policy=policy.signature,
            engines=engines,
            version=policies.VERSION,
        )
        return self._verdicts[language]

    def _scored(
        self, segments: Stored, translations: Stored, plugin: Plugin, signature: str, language: str
    ) -> Stored:
        return self.store.step(
            f"score-{plugin.type}-{language}",
            lambda: self._score(segments.table, translations.table, plugin, language),
            segments,
            translations,
            signature=signature,
        )

    def _score(self, segments: pa.Table, translations: pa.Table, plugin: Plugin, language: str) -> pa.Table:
        options = self._scorer_options(plugin)
        return score_cache.score_rest(
            self._kept_scores(plugin, language),
            score_cache.pairs_of(segments, translations),
            language,
            lambda some: scoring.score(some, plugin.type, options, language, self.executor, self.progress),
        )

    def _kept_scores(self, plugin: Plugin, language: str) -> Path:
        signature = scoring.build(plugin.type, self._scorer_options(plugin), language).signature
        return score_cache.path_of(self.store.root / "scores", plugin.type, language, signature)

    def _opinion(self, candidates: Sequence[Candidate], place: int, language: str) -> Stored:
        """What the policy says of one candidate; shares are those of all that were made of every string."""
        policy, candidate = self.policy(language), candidates[place]
        engines = self._signatures_of_engines(language)
        whole = candidates if self.spec.translate.best_of else candidates[:1]

        def opinion() -> pa.Table:
            segments, scores = (
                pa.concat_tables([each.table for each in some])
                for some in ([one.segments for one in whole], [one.scores for one in whole])
            )
            bounds = policies.resolved(policy, segments, scores)
            tables = (candidate.segments.table, candidate.translations.table, candidate.scores.table)
            return policies.judge(*tables, bounds, language, engines)

        inputs = [candidate.translations, *(step for one in whole for step in (one.segments, one.scores))]
        return self.store.step(
            f"opinion-{language}",
            opinion,
            candidate.segments,
            candidate.scores,
            *inputs,
            policy=policy.signature,
            engines=engines,
            version=policies.VERSION,
        )

    def _signatures_of_engines(self, language: str) -> list[str]:
        """All that may stand in the column ``engine`` where no people do."""
        guard = self.guard(language)
        return [engine.signature for chain in self.chains for engine in run.guarded(chain, guard)]


def _joined(parts: list[pa.Table]) -> pa.Table:
    """Tables of the same segments side by side."""
    first, *others = parts
    for part in others:
        for name in part.column_names[2:]:
            first = first.append_column(part.schema.field(name), part[name])
    return first
