"""What every step works with: the spec, the folders, the executor and the plug-ins."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import pyarrow as pa

from vqa_builder import executors, languages, registry
from vqa_builder.errors import UnknownNameError
from vqa_builder.plugins import construct, plugin_options
from vqa_builder.progress import Progress
from vqa_builder.quality import scoring
from vqa_builder.quality.policy_config import policy_for
from vqa_builder.quality.rules import Policy
from vqa_builder.sources.base import Source
from vqa_builder.spec import Plugin, Price, Spec, Translation
from vqa_builder.store import Store, Stored, fingerprint
from vqa_builder.translation import run
from vqa_builder.translation.aligners.base import Aligner
from vqa_builder.translation.budget import Ledger
from vqa_builder.translation.distribute import spread
from vqa_builder.translation.engines.base import Engine
from vqa_builder.translation.glossary import load_glossary
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.protect import Guard

SOURCE_LANGUAGE = "en"
WORK_FOLDER = ".vqa-builder"

OnBadRecord = Literal["error", "skip"]


class Workshop:
    """The store, the translation memory and the plug-ins of one build.

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

    @cached_property
    def source(self) -> Source:
        """The source that the spec names."""
        source: Source = construct("sources", self.spec.source, self.spec.folder)
        return source

    def engines(self, translation: Translation) -> list[Engine]:
        """All engines of one direction, in order."""
        return self._made(translation.plugins)

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

    def _prices(self) -> dict[str, Price]:
        """Engine signature -> price, of every engine that has one."""
        plugins = (*self.spec.translate.plugins, *self.spec.back_translation.plugins)
        engines = self._made(plugins)
        pairs = zip(plugins, engines, strict=True)
        return {engine.signature: plugin.price for plugin, engine in pairs if plugin.price}

    def policy(self, language: str) -> Policy:
        """The policy of the spec, or the language's default."""
        return policy_for(language, self.spec.policy, self._score_columns())

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
