"""What every step of a build works with: the spec, the folders, the executor and the plug-ins."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from vqa_builder import executors, languages as language_rules, trust
from vqa_builder.answers import answer_glossary, modes, senses
from vqa_builder.errors import UnknownNameError
from vqa_builder.executors import Executor
from vqa_builder.pictures import Pictures
from vqa_builder.plugins import construct, plugin_options
from vqa_builder.progress import Progress
from vqa_builder.sources.base import Marks, Source, at_commit
from vqa_builder.spec import EnginePlugin, Plugin, Price, Spec
from vqa_builder.store import Store, fingerprint
from vqa_builder.translation import protect, run
from vqa_builder.translation.aligners.base import Aligner
from vqa_builder.translation.budget import Ledger
from vqa_builder.translation.distribute import distributed
from vqa_builder.translation.engines.base import Engine
from vqa_builder.translation.glossary import load_glossary
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.phrasebook import Phrasebook, languages as phrasebook_languages
from vqa_builder.translation.protect import Guard

SOURCE_LANGUAGE = "en"
WORK_FOLDER = ".vqa-builder"
MEMORY_FILE = "memory.sqlite"
SPENT_FILE = "spent.json"
PICTURES = "pictures"

_NOT_THERE = "no engine translates into it; only what people verified is translated"
_NOT_BACK = (
    "no engine translates back into English, so no score compares meanings; what a rule needs such a score "
    "for is rejected, unless the policy says `missing: keep`"
)

OnBadRecord = Literal["error", "skip"]


@dataclass(frozen=True)
class PluginSet:
    """Everything that a spec names, constructed, and thereby checked.

    Attributes:
        source: the English data.
        chains: chains of engines whose translations compete; one, unless the spec asks for a choice.
        back_chain: the engines that translate back.
        prices: signature -> price, of every engine that has one.
        guards: language -> what engines must not touch on the way into it, English for the way back; none
            where the spec protects nothing and has no glossary.
        phrasebooks: language -> ready translations, asked before engines; none where the spec wants none.
        aligners: language -> what links the words of questions; none where the spec names no aligner.
        glossaries: language -> the glossary of answers; none where the spec names none.
        sense_rules: the senses of homographs, the glossaries' before the built-in ones.
        answer_mode: whether answers are translated, copied, or each by its question.
    """

    source: Source
    chains: tuple[tuple[Engine, ...], ...]
    back_chain: tuple[Engine, ...]
    prices: Mapping[str, Price]
    guards: Mapping[str, Guard]
    phrasebooks: Mapping[str, Phrasebook]
    aligners: Mapping[str, Aligner]
    glossaries: Mapping[str, answer_glossary.Glossary]
    sense_rules: senses.Rules
    answer_mode: modes.Mode

    @property
    def engines(self) -> list[Engine]:
        """Every engine that translates into the languages, in order; one that is named twice stands twice."""
        return [engine for chain in self.chains for engine in chain]

    def signatures(self, language: str) -> list[str]:
        """All that may stand in the column ``engine`` of translations where no people do."""
        guard, phrasebook = self.guards.get(language), self.phrasebooks.get(language)
        return [
            *(engine.signature for chain in self.chains for engine in run.guarded(chain, guard)),
            *([phrasebook.signature] if phrasebook else []),
            protect.KEPT,
        ]

    def phrasebook_for(self, target: str, chain: Sequence[Engine]) -> Phrasebook | None:
        """The phrasebook for the first chain; what the others say is compared with it."""
        return self.phrasebooks.get(target) if tuple(chain) == self.chains[0] else None

    @property
    def back_signatures(self) -> list[str]:
        """All that may stand in the column ``back_engine`` where no people do."""
        guard = self.guards.get(SOURCE_LANGUAGE)
        return [*(engine.signature for engine in run.guarded(self.back_chain, guard)), protect.KEPT]

    def glossary(self, language: str) -> Mapping[tuple[str, str], str]:
        """(English answer, sense) -> answer, as the spec's glossary has it."""
        return self.glossaries[language].answers if language in self.glossaries else {}

    def notices(self, languages: Sequence[str]) -> list[str]:
        """What a reader must know before a build starts: directions that no engine serves."""
        notices = []
        for code in languages:
            if not any(engine.serves(SOURCE_LANGUAGE, code) for engine in self.engines):
                notices.append(f"{code}: {_NOT_THERE}")
            if not any(engine.serves(code, SOURCE_LANGUAGE) for engine in self.back_chain):
                notices.append(f"{code}: {_NOT_BACK}")
        return notices

    def close(self) -> None:
        """Close the engines."""
        for engine in dict.fromkeys([*self.engines, *self.back_chain]):
            engine.close()


class WorkLog:
    """What this build asked of the memory and of engines, language by language, in both directions."""

    def __init__(self) -> None:
        self._counts: dict[str, run.RunCounts] = {}

    def add(self, language: str, counts: run.RunCounts) -> None:
        """Write down what a run did."""
        self._counts[language] = self.of(language) + counts

    def of(self, language: str) -> run.RunCounts:
        """All that was done for a language so far."""
        return self._counts.get(language, run.RunCounts())


@dataclass(frozen=True)
class BuildContext:
    """One build; handed to every step.

    Attributes:
        spec: what to build.
        out: where the releases go; the store and the memory lie in its ``.vqa-builder``.
        languages: those of the spec that are built.
        limit: only the first so many questions of each split.
        on_bad_record: stop at the first bad record, or set bad records aside.
        overwrite: whether a release may take the place of one with more rows.
        plugins: what the spec names, constructed.
        inputs, marks: the source's fingerprint as the build began, and the state of its files just before.
        store: the tables of the steps.
        memory: the translation memory.
        executor: where translating and scoring run.
        progress: told of every long step.
        ledger: what engines with a price, or under a budget, have been sent.
        work: told what the memory and the engines were asked for.
        may_ask: whether engines may be asked while the source is read; not in a plan.
    """

    spec: Spec
    out: Path
    languages: tuple[str, ...]
    limit: int | None
    on_bad_record: OnBadRecord
    overwrite: bool
    plugins: PluginSet
    marks: Marks
    inputs: tuple[str, ...]
    store: Store
    memory: TranslationMemory
    executor: Executor
    progress: Progress
    ledger: Ledger
    work: WorkLog = field(default_factory=WorkLog)
    may_ask: bool = True

    @property
    def pictures(self) -> Pictures:
        """The pictures that were read from the rows of the source."""
        return Pictures(self.store.root / PICTURES)


class SharedBuild(NamedTuple):
    """What another process needs to make the release of a language; fields as of ``BuildContext``."""

    spec: Spec
    out: Path
    languages: tuple[str, ...]
    limit: int | None
    on_bad_record: OnBadRecord
    overwrite: bool
    marks: Marks
    inputs: tuple[str, ...]

    @classmethod
    def of(cls, job: BuildContext, language: str) -> SharedBuild:
        """What a build shares."""
        return cls(*(getattr(job, name) for name in cls._fields))._replace(languages=(language,))


@contextmanager
def open_build(
    spec: Spec,
    out: Path,
    *,
    languages: Sequence[str] | None = None,
    limit: int | None = None,
    on_bad_record: OnBadRecord = "error",
    workers: int | None = None,
    executor: str = "local",
    progress: Progress | None = None,
    allow: Collection[str] = (),
    overwrite: bool = False,
) -> Iterator[BuildContext]:
    """Open the store and the memory for one build, and close all that it used; arguments as of ``build``.

    Raises:
        UnknownNameError: the spec has no such language; nothing has the name of a plug-in.
        SpecError: an option is wrong, or the spec came with a release and decides what it may not.
        StorageError: another build is running in ``out``, or the memory cannot be opened.
    """
    chosen, progress = chosen_languages(spec, languages), progress or Progress()
    check_trust(spec, allow)
    with ExitStack() as opened:
        workers_of_build = opened.enter_context(executors.make(executor, workers))
        plugins = make_plugins(spec, chosen, workers_of_build)
        opened.callback(plugins.close)
        for notice in plugins.notices(chosen):
            progress.say(f"notice: {notice}")
        store = opened.enter_context(Store(out / WORK_FOLDER, progress.say))
        ledger = Ledger(out / WORK_FOLDER / SPENT_FILE, spec.budget, plugins.prices)
        if ledger.currency:
            progress.spent = lambda: f"{ledger.money:,.2f} {ledger.currency}"
        under_way = store.under_way
        opened.enter_context(progress.watched(lambda: under_way[-1] if under_way else "reading files"))
        opened.push(workers_of_build)  # they write here, and end before another build may begin
        yield BuildContext(
            spec=spec,
            out=out,
            languages=chosen,
            limit=limit,
            on_bad_record=on_bad_record,
            overwrite=overwrite,
            plugins=plugins,
            marks=plugins.source.marks(),
            inputs=tuple(plugins.source.fingerprint()),
            store=store,
            memory=opened.enter_context(TranslationMemory(memory_path(spec, out))),
            executor=workers_of_build,
            progress=progress,
            ledger=ledger,
        )
        store.prune()
        Pictures(store.root / PICTURES).prune(store.tables("examples"))


@contextmanager
def join_build(shared: SharedBuild, progress: Progress) -> Iterator[BuildContext]:
    """Take part, in this process, in a build that another one has opened and holds the lock of."""
    spec, work = shared.spec, shared.out / WORK_FOLDER
    with ExitStack() as opened:
        executor = opened.enter_context(executors.make("local", 1))
        read = Plugin(type=spec.source.type, **at_commit(spec.source.options, shared.inputs))
        plugins = make_plugins(spec.model_copy(update={"source": read}), shared.languages, executor)
        opened.callback(plugins.close)
        yield BuildContext(
            **shared._asdict(),
            plugins=plugins,
            store=Store(work, progress.say),
            memory=opened.enter_context(TranslationMemory(memory_path(spec, shared.out))),
            executor=executor,
            progress=progress,
            ledger=Ledger(work / SPENT_FILE, spec.budget, plugins.prices),
        )


def check_trust(spec: Spec, allow: Collection[str] = ()) -> None:
    """Refuse what a build.yaml that came with a release may not decide; the user's own may decide all."""
    if release := trust.release_around(spec.folder):
        trust.check(spec, allow, [release])


def memory_path(spec: Spec, out: Path) -> Path:
    """Where a build into ``out`` keeps its translation memory."""
    return spec.folder / spec.memory if spec.memory else out / WORK_FOLDER / MEMORY_FILE


def chosen_languages(spec: Spec, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """The spec's languages, or those of them that are wanted.

    Raises:
        UnknownNameError: the spec does not have one of them.
    """
    for code in wanted or ():
        if code not in spec.languages:
            raise UnknownNameError("language of this spec", code, spec.languages, where="--language")
    return tuple(wanted or spec.languages)


def make_plugins(spec: Spec, languages: Sequence[str], executor: Executor) -> PluginSet:
    """Construct everything that a spec names.

    Raises:
        UnknownNameError: nothing has this name.
        SpecError: an option, a glossary or a term is wrong.
    """
    made: dict[str, Engine] = {}
    chains = tuple(_chain(spec, chain, executor, made) for chain in spec.translate.chains)
    back_chain = _chain(spec, spec.back_translation.plugins, executor, made)
    plugins = (*spec.translate.plugins, *spec.back_translation.plugins)
    engines = (*(engine for chain in chains for engine in chain), *back_chain)
    align, glossaries = spec.align, _glossaries(spec)
    source: Source = construct("sources", spec.source, spec.folder)
    source.pictures = spec.source_pictures
    return PluginSet(
        source=source,
        chains=chains,
        back_chain=back_chain,
        prices={
            engine.signature: plugin.price
            for plugin, engine in zip(plugins, engines, strict=True)
            if plugin.price
        },
        guards=_guards(spec, languages),
        phrasebooks={
            code: Phrasebook(code)
            for code in languages
            if spec.translate.phrasebook and code in phrasebook_languages()
        },
        aligners={
            code: construct("aligners", align, spec.folder, language_rules.get(code))
            for code in languages
            if align
        },
        glossaries=glossaries,
        sense_rules=answer_glossary.united(senses.known_rules(), glossaries.values()),
        answer_mode=spec.answers.mode
        or modes.of_dataset([spec.name, *map(str, spec.source.options.values())], source.answer_mode),
    )


def _chain(
    spec: Spec, plugins: Sequence[EnginePlugin], executor: Executor, made: dict[str, Engine]
) -> tuple[Engine, ...]:
    """Engines of the spec; one that is named twice is made once, and kept in ``made``."""
    chain = []
    for plugin in plugins:
        key = fingerprint({"type": plugin.type, **plugin.options})
        if key not in made:
            options = plugin_options("engines", plugin, spec.folder)
            made[key] = distributed(construct("engines", plugin, spec.folder), plugin.type, options, executor)
        chain.append(made[key])
    return tuple(chain)


def _guards(spec: Spec, languages: Sequence[str]) -> dict[str, Guard]:
    wanted = spec.translate
    if not (wanted.glossary or wanted.protect):
        return {}
    way_back = {SOURCE_LANGUAGE: Guard(None, wanted.protect, enforced=False)} if wanted.protect else {}
    glossaries = {
        code: load_glossary(spec.folder / wanted.glossary.replace("{language}", code))
        if wanted.glossary
        else None
        for code in languages
    }
    return way_back | {code: Guard(glossary, wanted.protect) for code, glossary in glossaries.items()}


def _glossaries(spec: Spec) -> dict[str, answer_glossary.Glossary]:
    """Those of all languages of the spec, built or not: senses must not depend on what is built."""
    named = spec.answers.glossary
    paths = (
        {code: spec.folder / named.replace("{language}", code) for code in spec.languages} if named else {}
    )
    return {code: answer_glossary.load(path, senses.known_rules()) for code, path in paths.items()}
