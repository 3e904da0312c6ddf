"""The steps that release: the rows of a language, and the verified folder that holds them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from vqa_builder import languages, registry
from vqa_builder.answers import alignment, winners
from vqa_builder.quality import choice, policy as policies
from vqa_builder.quality.people import by_people
from vqa_builder.release import assemble, facts, human_verified, images, packages, verify, write
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.manifest import Manifest, load_manifest
from vqa_builder.steps.answering import Answering
from vqa_builder.steps.reading import bad_records
from vqa_builder.store import Stored, fingerprint
from vqa_builder.translation import protect, run
from vqa_builder.translation.entry import Entry


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


class Releasing(Answering):
    """Everything -> rows -> a release."""

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
        rules, engines = languages.get(language), self._signatures_of_engines(language)

        def rows() -> pa.Table:
            texts = alignment.answer_texts(
                segments.table, translations.table, verdicts.table, answer_map.table, rules, engines
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
        versions = [assemble.VERSION, alignment.VERSION, winners.VERSION]
        return self.store.step(
            f"rows-{language}",
            rows,
            *inputs,
            language=rules.signature,
            engines=engines,
            version=versions,
        )

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
        people = by_people(translations.table, self._signatures_of_engines(language))
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
                files=facts.input_files(self.spec, self.source, language),
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
                packages=packages.record(self._plugins()),
                bad_records=len(bad_records(examples.table)),
                people=people,
                overruled=policies.overruled(self._verdicts[language].table),
                examples=examples.table,
                segments=segments.table,
                translations=translations.table,
                answer_map=answer_map.table,
                rows=rows.table,
            ),
            spec_yaml=self.spec.text,
            changelog=self.spec.changelog,
            asserted=tuple(self._asserted(segments, translations, language)),
        )

    def _asserted(self, segments: Stored, translations: Stored, language: str) -> list[Entry]:
        """What people asserted in the memory and the rows use; a glossary is a file of the spec."""
        back = [engine.signature for engine in self.engines(self.spec.back_translation)]
        engines = [*self._signatures_of_engines(language), protect.EXACT]
        return human_verified.used(segments.table, translations.table, language, engines, back)

    def _plugins(self) -> list[type]:
        """The classes of all plug-ins that the spec names."""
        engines = (*self.spec.translate.plugins, *self.spec.back_translation.plugins)
        named = [("sources", self.spec.source), *(("engines", engine) for engine in engines)]
        named += [("scorers", scorer) for scorer in self.spec.scores]
        named += [("aligners", self.spec.align)] if self.spec.align else []
        return [registry.find(kind, plugin.type) for kind, plugin in named]

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

    def _take_work(self, language: str) -> run.RunCounts:
        return self.work.pop(language, run.RunCounts())
