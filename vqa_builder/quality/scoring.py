"""From source and translation to scores: one call per scorer, in batches, through an executor."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ValidationError

from vqa_builder import languages, registry
from vqa_builder.errors import SpecError
from vqa_builder.executors import Executor
from vqa_builder.progress import Progress
from vqa_builder.quality.scorers.base import Scorer

BATCH = 10_000


def build(scorer: str, options: Mapping[str, Any], language: str) -> Scorer:
    """A scorer by its name, for one language.

    Args:
        scorer: a name of ``registry.names("scorers")``.
        options: what the spec says under that name.
        language: ISO 639 code.

    Raises:
        UnknownNameError: no scorer or no language has this name.
        SpecError: an option is unknown or has a wrong value.
        ScorerError: a file that the scorer needs is missing or broken.
    """
    kind: type[Scorer] = registry.find("scorers", scorer)
    try:
        chosen = kind.Options.model_validate(dict(options))
    except ValidationError as error:
        raise _option_error(scorer, kind, error) from None
    return kind(languages.get(language), chosen)


def score(
    pairs: pa.Table,
    scorer: str,
    options: Mapping[str, Any] | BaseModel,
    language: str,
    executor: Executor,
    progress: Progress,
) -> pa.Table:
    """Scores of one scorer for all pairs.

    Args:
        pairs: schema ``PAIRS``.
        scorer: a name of ``registry.names("scorers")``.
        options: what the spec says under that name, checked or not; ``{}`` for the defaults.
        language: ISO 639 code of the translations.
        executor: where the batches of 10,000 run, unless the scorer keeps all cores of this machine busy by
            itself and no others can help.
        progress: told of every finished batch.

    Returns:
        segment_id, language, then the scorer's columns; one row per pair, in their order.

    Raises:
        UnknownNameError, SpecError, ScorerError: see ``build``; ``ScorerError`` also for a scorer that breaks
            its contract.
    """
    given = options.model_dump(mode="json") if isinstance(options, BaseModel) else dict(options)
    chosen = json.dumps(given, sort_keys=True, default=str)
    built = _built(scorer, chosen, language)
    work = partial(_score_batch, scorer, chosen, language)
    here = built.threaded and not (executor.remote and built.distributable)
    scored = [pa.table({name: pa.array([], kind) for name, kind in built.columns.items()})]
    with progress.track(f"scoring {language} with {scorer}", pairs.num_rows, brief=True) as advance:
        for packed in (map if here else executor.map)(work, _Batches(pairs)):
            scored.append(_unpacked(packed))
            advance(scored[-1].num_rows)
    table = pa.concat_tables(scored)
    table = table.add_column(0, "segment_id", pairs["segment_id"])
    return table.add_column(1, "language", pa.repeat(language, pairs.num_rows)).combine_chunks()


def _option_error(scorer: str, kind: type[Scorer], error: ValidationError) -> SpecError:
    first = error.errors()[0]
    option = ".".join(str(part) for part in first["loc"])
    known = ", ".join(sorted(kind.Options.model_fields)) or "no options"
    unknown = first["type"] == "extra_forbidden"
    return SpecError(
        f"The option {option!r} of the scorer {scorer} " + ("does not exist" if unknown else "is wrong"),
        where=f"scores.{scorer}.{option}",
        expected=known if unknown else first["msg"],
        found=repr(first["input"]),
    )


@cache
def _built(scorer: str, options: str, language: str) -> Scorer:
    """One scorer per process and configuration: some hold a model."""
    return build(scorer, json.loads(options), language)


def _score_batch(scorer: str, options: str, language: str, packed: pa.Buffer) -> pa.Buffer:
    return _packed(_built(scorer, options, language).score(_unpacked(packed)))


class _Batches(Sequence[pa.Buffer]):
    """The batches of a table, each packed when it is asked for."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self.starts = range(0, table.num_rows, BATCH)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: Any) -> Any:
        return _packed(self.table.slice(self.starts[index], BATCH))


def _packed(table: pa.Table) -> pa.Buffer:
    """A table as an Arrow stream: pickling a slice would take the whole table's buffers along."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()


def _unpacked(packed: pa.Buffer) -> pa.Table:
    return pa.ipc.open_stream(packed).read_all()
