"""What can be said of a build before it is done: that its spec is sound, and what it would translate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.answers import candidates, vocabulary as vocabularies
from vqa_builder.executors import LocalExecutor
from vqa_builder.quality import choice
from vqa_builder.record_strings import stated
from vqa_builder.release import images
from vqa_builder.release.metadata import licence_notices
from vqa_builder.spec import Spec
from vqa_builder.steps import looking
from vqa_builder.steps.answering import leave_out_known, open_senses
from vqa_builder.steps.build_context import (
    SOURCE_LANGUAGE,
    BuildContext,
    PluginSet,
    check_trust,
    chosen_languages,
    make_plugins,
)
from vqa_builder.steps.input_checks import check_inputs
from vqa_builder.steps.judging import policy_of, score_columns, scorer_signatures
from vqa_builder.steps.reading import SourceTables, bad_records, source_description
from vqa_builder.steps.recording import ROWS, RecordTables
from vqa_builder.translation import run
from vqa_builder.translation.budget import PlannedWork, picture_tokens, planned_work
from vqa_builder.translation.engines.base import Engine
from vqa_builder.translation.request import Request


class PlannedStrings(NamedTuple):
    """The strings of one role into one language: how many, how long, how many are known already."""

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
        source: what becomes of the source's columns, and splits that are left aside, in lines.
    """

    rows: dict[str, int]
    bad_records: int
    strings: list[PlannedStrings]
    engines: list[str]
    work: list[PlannedWork]
    spent_characters: int
    spent_money: float
    currency: str
    source: list[str]


class _Strings(NamedTuple):
    """What an engine may be asked, and what is known of it already."""

    request: Request
    known: list[str | None]


def check_spec(
    spec: Spec, wanted: Sequence[str] | None = None, allow: Collection[str] = (), *, full: bool = False
) -> list[str]:
    """Construct everything that a spec names, and read of its inputs; the first thing wrong raises.

    Args:
        spec: what to build.
        wanted: only these of its languages.
        allow: what a spec that came with a release may decide.
        full: read the inputs whole, however large they are.

    Returns:
        What was checked, a line each.
    """
    languages = chosen_languages(spec, wanted)
    check_trust(spec, allow)
    plugins = make_plugins(spec, languages, LocalExecutor(1))
    checked = [f"source {spec.source.type}: {len(plugins.source.files())} files"]
    encoding = spec.source.options.get("encoding")
    read = check_inputs(plugins.source, spec.folder, encoding=encoding, full=full)
    checked += plugins.source.description() + read
    if spec.answers.vocabulary.from_:
        labels = vocabularies.from_file(spec.folder / spec.answers.vocabulary.from_)
        checked.append(f"vocabulary: {labels.num_rows} labels")
    checked.append(f"answers: mode {plugins.answer_mode}")
    if plugins.glossaries:
        checked.append(f"glossaries of answers: {', '.join(plugins.glossaries)}")
    images.check_images(spec.release.images, spec.folder)
    if spec.changelog is not None:
        checked.append(f"changelog: {spec.release.changelog}")
    if spec.card_text is not None:
        checked.append(f"text for the card: {spec.release.card}")
    for language in languages:
        checked += _check_language(spec, plugins, language)
    notices = plugins.notices(languages) + licence_notices(spec.release.licence, spec.release.licence_url)
    checked += [f"notice: {line}" for line in notices]
    engines = dict.fromkeys([*plugins.engines, *plugins.back_chain])
    return [*checked, *(f"engine {engine.signature}" for engine in engines)]


def preview(job: BuildContext, source: SourceTables | RecordTables) -> Plan:
    """What a build would translate, without translating it."""
    origin = source.places if isinstance(source, RecordTables) else source.examples
    strings: list[PlannedStrings] = []
    work: list[PlannedWork] = []
    for language in job.languages:
        policy_of(job.spec, language)  # what a build would refuse before it asks an engine
        segments = every = source.segments.table
        if isinstance(source, SourceTables):
            segments = leave_out_known(job, source, language).table
        for role in job.plugins.source.roles:
            of_role, asked = (each.filter(pc.equal(each["role"], role)) for each in (every, segments))
            strings.append(_planned_strings(job, of_role, asked, role, language))
            work += _work_of_chains(job, asked, role, language)
        if isinstance(source, SourceTables):
            work += _work_in_context(job, source.contexts.table, segments, language)
    if isinstance(source, SourceTables):
        work += _work_with_pictures(job, source)
    return Plan(
        rows=rows_of_splits(source),
        bad_records=len(bad_records(origin)),
        strings=strings,
        engines=[engine.signature for engine in job.plugins.engines],
        work=work,
        spent_characters=job.ledger.characters,
        spent_money=job.ledger.money,
        currency=job.ledger.currency,
        source=source_description(origin),
    )


def rows_of_splits(source: SourceTables | RecordTables) -> dict[str, int]:
    """Split -> rows of the source that can be used."""
    if isinstance(source, RecordTables):
        rows: dict[str, int] = stated(source.places.table, ROWS)
        return rows
    counts: Counter[str] = Counter()
    for piece in source.examples.rows.read(["split"]):
        found = piece["split"].value_counts()
        counts.update(
            dict(zip(*(found.field(name).to_pylist() for name in ("values", "counts")), strict=True))
        )
    return dict(counts)


def _check_language(spec: Spec, plugins: PluginSet, language: str) -> list[str]:
    for engine in plugins.engines:
        engine.check_direction(SOURCE_LANGUAGE, language)
    for engine in plugins.back_chain:
        engine.check_direction(language, SOURCE_LANGUAGE)
    policy, columns = policy_of(spec, language), score_columns(spec)
    if len(plugins.chains) > 1:
        choice.check(spec.translate.choose_by, columns)
    guard, aligner = plugins.guards.get(language), plugins.aligners.get(language)
    scorers = scorer_signatures(spec, language)
    return [
        *([f"{language}: {guard.signature}"] if guard else []),
        f"{language}: {len(scorers)} scorers, policy {policy.signature}",
        *([f"{language}: aligner {aligner.signature}"] if aligner else []),
    ]


def _planned_strings(
    job: BuildContext, of_role: pa.Table, asked: pa.Table, role: str, language: str
) -> PlannedStrings:
    unknown = _asked(job, asked, role, language, job.plugins.chains[0]).known.count(None)
    strings = of_role.num_rows
    rows, characters = (
        pc.sum(each).as_py() or 0 for each in (of_role["count"], pc.utf8_length(of_role["text"]))
    )
    return PlannedStrings(language, role, rows, strings, characters, strings - unknown)


def _work_of_chains(job: BuildContext, of_role: pa.Table, role: str, language: str) -> list[PlannedWork]:
    """What every chain would be sent, and the engines that translate back."""
    work: list[PlannedWork] = []
    for place, chain in enumerate(job.plugins.chains):
        asked_less = place > 0 and not job.spec.translate.best_of
        step = "second opinion" if asked_less else "all"
        asked = _asked(job, of_role, role, language, chain)
        work += _work_there(job, asked, chain, step, asked_less)
        if not any(engine.uses_context for engine in chain):
            asked = asked._replace(request=replace(asked.request, contexts=None))
        work += _work_back(job, asked, step, asked_less)
    return work


def _work_in_context(
    job: BuildContext, found: pa.Table, segments: pa.Table, language: str
) -> list[PlannedWork]:
    """What the first chain would be asked about answers in context, and what at most comes back."""
    wanted, chain = job.spec.translate.answers, job.plugins.chains[0]
    if wanted.context == "none":
        return []
    known_to_people = _translated_by_people(job, segments, language)
    unsettled = open_senses(job, found, segments, known_to_people, language)
    if chain[0].uses_context:
        asked = candidates.asked_with_questions(found, unsettled, wanted.top)
        texts, role = [one.text for one in asked], "answer"
        contexts: list[str] | None = [one.context for one in asked]
    else:
        asked = candidates.asked_in_frames(found, unsettled, wanted.top)
        texts, role, contexts = candidates.sentences(asked), "", None
    if not asked:
        return []
    request = Request(texts, SOURCE_LANGUAGE, language, role, contexts)
    made = known = _known(job, request, chain)
    if not role:
        known_of = dict(zip(texts, known, strict=True))
        pairs = [
            (one, text)
            for one, text in zip(asked, candidates.from_frames(asked, lambda *_: known), strict=True)
            if text is not None or None in map(known_of.get, candidates.sentences([one]))
        ]
        asked, made = [one for one, _ in pairs], [text for _, text in pairs]
    step, english = "in context", [one.text for one in asked]
    apart = [f"{one.sense}: {one.context}" for one in asked]
    return [
        *_work_there(job, _Strings(request, known), chain, step, False),
        *_work_back(
            job, _Strings(Request(english, SOURCE_LANGUAGE, language, "answer", apart), made), step, True
        ),
    ]


def _work_with_pictures(job: BuildContext, source: SourceTables) -> list[PlannedWork]:
    """What an engine that sees would be asked about senses, a picture with every question."""
    if (found := looking.to_look_at(job, source.examples.rows)) is None or not len(found[1]):
        return []
    engine, request = found
    known = run.recall(request, [engine], job.memory).texts
    tokens = picture_tokens(engine.options.image_side)
    prices = job.plugins.prices
    return planned_work(request, known, [engine], prices, apart=True, step="pictures", tokens_beside=tokens)


def _translated_by_people(job: BuildContext, segments: pa.Table, language: str) -> pa.Table:
    """What is known of all segments, as translations with their engines."""
    texts: list[str | None] = []
    engines: list[str | None] = []
    for role in job.plugins.source.roles:
        of_role = segments.filter(pc.equal(segments["role"], role))
        recalled = _recalled(job, _request(of_role, role, language), job.plugins.chains[0])
        texts, engines = texts + recalled.texts, engines + recalled.engines
    return pa.table({"text": pa.array(texts, pa.string()), "engine": pa.array(engines, pa.string())})


def _work_there(
    job: BuildContext, asked: _Strings, chain: Sequence[Engine], step: str, at_most: bool
) -> list[PlannedWork]:
    return planned_work(asked.request, asked.known, chain, job.plugins.prices, step=step, at_most=at_most)


def _work_back(job: BuildContext, asked: _Strings, step: str, at_most: bool) -> list[PlannedWork]:
    """The way back of translations that are there, and of texts for those that are not."""
    back, prices, there = job.plugins.back_chain, job.plugins.prices, asked.request
    made = [answer for answer in asked.known if answer is not None]
    request = Request(made, there.target, there.source, there.role)
    returned = _known(job, request, back)
    to_come = [pair for pair, answer in zip(there.pairs, asked.known, strict=True) if answer is None]
    request = replace(
        request,
        texts=[*made, *(text for text, _ in to_come)],
        contexts=[*[""] * len(made), *(context for _, context in to_come)],
    )
    known = [*returned, *[None] * len(to_come)]
    return planned_work(request, known, back, prices, apart=True, step=step, at_most=at_most)


def _asked(
    job: BuildContext, of_role: pa.Table, role: str, language: str, chain: Sequence[Engine]
) -> _Strings:
    request = _request(of_role, role, language)
    return _Strings(request, _known(job, request, chain))


def _request(of_role: pa.Table, role: str, language: str) -> Request:
    texts, contexts = of_role["text"].to_pylist(), of_role["context"].to_pylist()
    return Request(texts, SOURCE_LANGUAGE, language, role, contexts)


def _known(job: BuildContext, request: Request, engines: Sequence[Engine]) -> list[str | None]:
    """What the memory and the glossary answer."""
    return _recalled(job, request, engines).texts


def _recalled(job: BuildContext, request: Request, engines: Sequence[Engine]) -> run.Recalled:
    guard = job.plugins.guards.get(request.target)
    phrasebook = job.plugins.phrasebook_for(request.target, engines)
    return run.recall(request, engines, job.memory, guard=guard, phrasebook=phrasebook)
