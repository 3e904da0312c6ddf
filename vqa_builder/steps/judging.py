"""The steps that judge: scores, what the next chain is asked for, the choice between chains, verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import registry
from vqa_builder.errors import UnknownNameError, VQABuilderError
from vqa_builder.plugins import plugin_options
from vqa_builder.quality import choice, policy as policies, score_cache, scoring
from vqa_builder.quality.policy_config import check_bounds, policy_for
from vqa_builder.quality.rules import Policy
from vqa_builder.spec import Plugin, Spec
from vqa_builder.spec_file import line_in
from vqa_builder.steps.build_context import BuildContext
from vqa_builder.steps.translating import Translated
from vqa_builder.store import Stored


def select_segments(
    job: BuildContext, segments: Stored, candidates: Sequence[Translated], language: str
) -> Stored:
    """Segments -> those that the next chain is to translate: all, or what the last one had rejected."""
    if not candidates or job.spec.translate.best_of:
        return segments
    return job.store.step(
        f"rejected-segments-{language}",
        lambda asked, verdicts: asked.filter(pc.invert(verdicts["keep"])),
        candidates[-1].segments,
        _candidate_verdicts(job, candidates, -1, language),
    )


def score(job: BuildContext, segments: Stored, translations: Stored, language: str) -> Stored:
    """Translations -> one column per measure; each scorer is a step of its own."""
    signatures = scorer_signatures(job.spec, language)
    pairs = job.store.step(
        f"pairs-{language}", score_cache.pairs_of, segments, translations, version=score_cache.VERSION
    )
    parts = [
        job.store.step(
            f"score-{plugin.type}-{language}",
            lambda pairs, plugin=plugin: _score(job, pairs, plugin, language),
            pairs,
            signature=signatures[plugin.type],
        )
        for plugin in job.spec.scores
    ]

    def together(*tables: pa.Table) -> pa.Table:
        job.progress.say(f"scoring {language}: {tables[0].num_rows:,} strings, {len(tables)} scorers")
        return _side_by_side(*tables)

    return job.store.step(f"scores-{language}", together, *parts)


def scored_by_models(job: BuildContext, language: str) -> bool:
    """Whether a scorer keeps all cores, or a GPU or a service, busy by itself."""
    spec = job.spec
    return any(
        scoring.build(plugin.type, _options(spec, plugin), language).threaded for plugin in spec.scores
    )


def choose(
    job: BuildContext, segments: Stored, candidates: Sequence[Translated], language: str
) -> Translated:
    """Candidates -> of each string its best translation; the record of all stays in the store."""
    if len(candidates) == 1:
        return candidates[0]
    by, inputs = job.spec.translate.choose_by, []
    for place, each in enumerate(candidates):
        inputs += [each.translations, each.scores, _candidate_verdicts(job, candidates, place, language)]
    record = job.store.step(
        f"choice-{language}",
        lambda segments, *tables: choice.choose(
            segments, list(zip(tables[::3], tables[1::3], tables[2::3], strict=True)), by
        ),
        segments,
        *inputs,
        by=by,
        version=choice.VERSION,
    )
    translations, scores = (
        job.store.step(
            f"chosen-{name}-{language}",
            lambda record, segments, *tables: choice.taken(record, segments, tables),
            record,
            segments,
            *parts,
        )
        for name, parts in (
            ("translations", [each.translations for each in candidates]),
            ("scores", [each.scores for each in candidates]),
        )
    )
    return Translated(segments, translations, scores)


def judge(job: BuildContext, translated: Translated, language: str) -> Stored:
    """Scores -> keep or reject, and every reason."""
    policy, engines = policy_of(job.spec, language), job.plugins.signatures(language)
    revised = _revised(job, language)
    return job.store.step(
        f"verdicts-{language}",
        lambda segments, translations, scores: policies.judge(
            segments, translations, scores, policy, language, engines, revised
        ),
        *translated,
        policy=policy.signature,
        engines=engines,
        revised=revised,
        version=policies.VERSION,
    )


def keep_scores(job: BuildContext, candidates: Sequence[Translated], language: str) -> None:
    """Write the scores of a part to where the build as a whole will look for them."""
    for plugin in job.spec.scores:
        columns = list(registry.find("scorers", plugin.type).columns)
        scored = [
            (
                score_cache.pairs_of(each.segments.table, each.translations.table),
                each.scores.table.select(columns),
            )
            for each in candidates
        ]
        score_cache.keep(_score_cache(job, plugin, language), scored)


def policy_of(spec: Spec, language: str) -> Policy:
    """The policy of the spec, or the language's default.

    Raises:
        SpecError, UnknownNameError: a rule, a bound or a language of it is wrong; says the line.
    """
    parts = spec.policy.get("languages") if isinstance(spec.policy, dict) else None
    scorers = [registry.find("scorers", plugin.type) for plugin in spec.scores]
    try:
        for code in parts if isinstance(parts, dict) else ():
            if code not in spec.languages:
                where = f"policy.languages.{code}"
                raise UnknownNameError("language of this spec", code, spec.languages, where=where)
        policy = policy_for(language, spec.policy, score_columns(spec))
        check_bounds(policy, {each.name: each.bounds for each in scorers if each.bounds})
        policy.check(score_columns(spec))
    except VQABuilderError as error:
        where = error.details["where"]
        if where.rpartition(".")[2] in registry.names("scorers"):
            error.details.setdefault("do", f"name it under scores, too: {where.rpartition('.')[2]}")
        if spec.policy in ("off", "none", "no"):
            error.details["do"] = "policy: {} rejects nothing"
        error.details["where"] += line_in(spec, where)
        raise
    return policy


def scorer_signatures(spec: Spec, language: str) -> dict[str, str]:
    """Scorer -> its signature; constructs, and so checks, each."""
    return {plugin.type: _signature(spec, plugin, language) for plugin in spec.scores}


def score_columns(spec: Spec) -> dict[str, pa.DataType]:
    """The columns that the spec's scorers make."""
    columns: dict[str, pa.DataType] = {}
    for plugin in spec.scores:
        columns.update(registry.find("scorers", plugin.type).columns)
    return columns


def _score(job: BuildContext, pairs: pa.Table, plugin: Plugin, language: str) -> pa.Table:
    options = _options(job.spec, plugin)
    return score_cache.score_rest(
        _score_cache(job, plugin, language),
        pairs,
        language,
        lambda some: scoring.score(some, plugin.type, options, language, job.executor, job.progress),
    )


def _score_cache(job: BuildContext, plugin: Plugin, language: str) -> Path:
    signature = _signature(job.spec, plugin, language)
    return score_cache.path_of(job.store.root / "scores", plugin.type, language, signature)


def _signature(spec: Spec, plugin: Plugin, language: str) -> str:
    return scoring.build(plugin.type, _options(spec, plugin), language).signature


def _options(spec: Spec, plugin: Plugin) -> dict[str, Any]:
    return plugin_options("scorers", plugin, spec.folder).model_dump(mode="json")


def _candidate_verdicts(
    job: BuildContext, candidates: Sequence[Translated], place: int, language: str
) -> Stored:
    """The verdicts on one candidate; shares are those of all that were made of every string."""
    policy, engines = policy_of(job.spec, language), job.plugins.signatures(language)
    revised = _revised(job, language)
    whole = candidates if job.spec.translate.best_of else candidates[:1]

    def verdicts(
        segments: pa.Table, translations: pa.Table, scores: pa.Table, *all_tables: pa.Table
    ) -> pa.Table:
        all_segments, all_scores = (pa.concat_tables(all_tables[start::2]) for start in (0, 1))
        bounds = policies.resolved(policy, all_segments, all_scores)
        return policies.judge(segments, translations, scores, bounds, language, engines, revised)

    return job.store.step(
        f"candidate-verdicts-{language}",
        verdicts,
        *candidates[place],
        *(step for each in whole for step in (each.segments, each.scores)),
        policy=policy.signature,
        engines=engines,
        revised=revised,
        version=policies.VERSION,
    )


def _side_by_side(first: pa.Table, *others: pa.Table) -> pa.Table:
    """Tables of the same segments as one."""
    for part in others:
        for name in part.column_names[2:]:
            first = first.append_column(part.schema.field(name), part[name])
    return first


def _revised(job: BuildContext, language: str) -> list[str]:
    """The signatures whose texts were revised by their writers: the phrasebook's."""
    phrasebook = job.plugins.phrasebooks.get(language)
    return [phrasebook.signature] if phrasebook else []
