"""What other policies would keep of a build, counted by role and reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.quality.policy import judge, judged_by
from vqa_builder.quality.rules import Policy, reason_codes
from vqa_builder.schema import KINDS, ROLES

_ANY = "any"
_REASON = pa.struct([("reason", pa.string()), ("segments", pa.int64()), ("alone", pa.int64())])
_NAMES, _COUNTS = ("policy", "role"), ("segments", "kept", "rows", "rows_kept")
_COLUMNS = pa.schema(
    [
        *((name, pa.string()) for name in _NAMES),
        *((name, pa.int64()) for name in _COUNTS),
        ("reasons", pa.list_(_REASON)),
        ("signature", pa.string()),
    ]
)


def what_if(
    segments: pa.Table,
    scores: pa.Table,
    policies: Mapping[str, Policy],
    translations: pa.Table | None = None,
    revised: Collection[str] = (),
) -> pa.Table:
    """What each policy would keep, from scores that are there: nothing is translated or scored again.

    Args:
        segments: segment_id, role and, for ``round_trip: auto``, text; ``count`` (rows per segment) if it is
            there.
        scores: segment_id and one column per measure, of one language, in any order.
        policies: name -> policy.
        translations: schema ``TRANSLATIONS`` of this language, in any order; without them a segment without
            any score counts as untranslated, and nothing is known to be right.
        revised: as of ``judge``.

    Returns:
        One row per policy and role: policy, role, segments, kept, rows and rows_kept (null without counts),
        signature (bounds resolved) and ``reasons`` list<struct<reason, segments, alone>>: how many segments
        each bound rejects, and how many nothing else does.

    Raises:
        UnknownNameError, SpecError: see ``judge``.
    """
    scores, made = _keyed(scores), _stand_ins(scores) if translations is None else _keyed(translations)
    counts = segments["count"] if "count" in segments.column_names else None
    found = []
    for name, policy in policies.items():
        verdicts = judge(segments, made, scores, policy, _ANY, None, revised)
        signature = judged_by(verdicts).signature
        for role in _roles(segments):
            rows = pc.equal(segments["role"], role)
            told = _told(verdicts.filter(rows), None if counts is None else counts.filter(rows))
            found.append({"policy": name, "role": role, **told, "signature": signature})
    return pa.Table.from_pylist(found, _COLUMNS)


def _keyed(table: pa.Table) -> pa.Table:
    """A table of one language, which need not say which."""
    others = table.drop_columns([name for name in ("language",) if name in table.column_names])
    return others.append_column("language", pa.repeat(_ANY, table.num_rows))


def _stand_ins(scores: pa.Table) -> pa.Table:
    """Some text wherever there is a score."""
    keys = ("segment_id", "language")
    measured = [pc.is_valid(scores[name]) for name in scores.column_names if name not in keys]
    texts = pc.if_else(reduce(pc.or_, measured, pa.scalar(False)), "x", pa.scalar(None, pa.string()))
    return _keyed(pa.table({"segment_id": scores["segment_id"], "text": texts}))


def _roles(segments: pa.Table) -> list[str]:
    """The roles of segments; those of questions and answers stand there in any case."""
    found = set(segments["role"].unique().to_pylist())
    return list(ROLES) if found <= {*ROLES} else [role for role in KINDS if role in found]


def _told(verdicts: pa.Table, counts: pa.ChunkedArray | None) -> dict[str, Any]:
    kept, lists = verdicts["keep"], verdicts["reasons"].combine_chunks()
    codes = reason_codes(pc.list_flatten(lists))
    alone = pc.equal(pc.list_value_length(lists), 1).take(pc.list_parent_indices(lists))
    reasons = pa.table(
        {"reason": codes, "segments": pa.repeat(1, len(codes)), "alone": alone.cast(pa.int64())}
    )
    told = reasons.group_by("reason", use_threads=False).aggregate([("segments", "sum"), ("alone", "sum")])
    return {
        "segments": verdicts.num_rows,
        "kept": pc.sum(kept).as_py() or 0,
        "rows": None if counts is None else pc.sum(counts).as_py() or 0,
        "rows_kept": None if counts is None else pc.sum(counts.filter(kept)).as_py() or 0,
        "reasons": told.rename_columns(["reason", "segments", "alone"]).to_pylist(),
    }
