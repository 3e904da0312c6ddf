"""Ten annotators in another language: the most frequent answer, how many gave it, and what drifted.

A translation can merge two answers of a row ("cat" and "cats" are 猫) so that more annotators agree, or a
row can get another winner. Both are counted, and ``drift`` lists the rows. ``Summary`` says what became of
all answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.answers.vocabulary import normalised
from vqa_builder.languages.base import Language

VERSION = "2"

DRIFT = pa.schema(
    [
        ("kind", pa.string()),
        ("split", pa.string()),
        ("question_en", pa.string()),
        ("winner_en", pa.string()),
        ("winner", pa.string()),
        ("winner_before", pa.string()),
        ("agreement_en", pa.int64()),
        ("agreement", pa.int64()),
    ],
)
CHANGED, ROSE, FELL = "winner changed", "agreement rose", "agreement fell"

Numbers = NDArray[np.int64]

_KEPT = 1 << 17


def winners(
    answers: pa.ListArray, before: pa.Array, method_before: pa.Array, language: Language
) -> tuple[pa.Array, pa.Array]:
    """The most frequent answer of every row, in the target language.

    Args:
        answers: ``list<struct<answer, answer_en, method, ...>>``, translated; null where the source has none.
        before: the English winners, translated; they win ties, then the answer given first.
        method_before: how they came about.
        language: whose normaliser tells which answers are the same.

    Returns:
        One text and one method per row; those of ``before`` where nothing beats it, null where that is null.
    """
    texts, methods = (pc.struct_field(answers.flatten(), name) for name in ("answer", "method"))
    codes, own = _codes(partial(_read, language), texts, before)
    row = pc.list_parent_indices(answers).to_numpy().astype(np.int64)
    best, first, _ = _most_frequent(row, codes, own)
    changed = (best >= 0) & (best != own) & (own >= 0)
    places = pa.array(np.where(changed, first, 0), mask=~changed)
    return pc.coalesce(texts.take(places), before), pc.coalesce(methods.take(places), method_before)


def drift(rows: pa.Table, language: Language) -> pa.Table:
    """The rows that read otherwise in the target language than in English, one for each kind of change.

    Args:
        rows: a release's rows, as ``assemble`` makes them, with ``question_id`` and perhaps ``split``.
        language: the target language.

    Returns:
        Columns question_id, then those of ``DRIFT``: ``winner_before`` is the English winner translated,
        ``agreement`` how many annotators gave the winner, before and after.
    """
    answers = rows["answers"].combine_chunks()
    row = pc.list_parent_indices(answers).to_numpy().astype(np.int64)
    texts, english = (pc.struct_field(answers.flatten(), name) for name in ("answer", "answer_en"))
    said_en, winner_en = _codes(normalised, english, rows["multiple_choice_answer_en"].combine_chunks())
    said, winner = _codes(partial(_read, language), texts, rows["multiple_choice_answer"].combine_chunks())
    _, _, count_en = _most_frequent(row, said_en, winner_en)
    _, _, count = _most_frequent(row, said, winner)
    theirs = np.flatnonzero(said_en == winner_en[row])
    of_row, places = np.unique(row[theirs], return_index=True)
    before = np.full(len(rows), -1)
    before[of_row] = theirs[places]
    read = np.where(before >= 0, said[before], winner) if len(said) else winner
    kinds = {CHANGED: read != winner, ROSE: count > count_en, FELL: count < count_en}
    place = pa.array(before, mask=before < 0)
    columns = {
        "question_id": rows["question_id"],
        "split": rows["split"] if "split" in rows.column_names else pa.nulls(len(rows), pa.string()),
        "question_en": rows["question_en"],
        "winner_en": rows["multiple_choice_answer_en"],
        "winner": rows["multiple_choice_answer"],
        "winner_before": texts.take(place),
        "agreement_en": pa.array(count_en),
        "agreement": pa.array(count),
    }
    table = pa.table(columns)
    parts = [
        table.filter(pa.array(mask)).add_column(1, "kind", pa.repeat(kind, int(mask.sum())))
        for kind, mask in kinds.items()
    ]
    return pa.concat_tables(parts).cast(pa.schema([rows.schema.field("question_id"), *DRIFT]))


class Summary:
    """What became of all answers, counted over rows that come piece by piece.

    Args:
        answer_map: a table of schema ``ANSWER_MAP``.
        language: the target language.
    """

    def __init__(self, answer_map: pa.Table, language: Language) -> None:
        self._labels, self._language = set(answer_map["answer_en"].to_pylist()), language
        self._formless: Counter[str] = Counter()
        self._drift = Counter({CHANGED: 0, ROSE: 0, FELL: 0})
        self._coverage: dict[str, Counter[tuple[str, bool]]] = {
            name: Counter() for name in ("split", "answer_type")
        }

    def add(self, rows: pa.Table) -> None:
        """Count rows, kept and rejected, as ``assemble`` makes them."""
        answered = rows.filter(pc.is_valid(rows["answers"]))
        self._formless.update(formless(answered["answers"]))
        self._drift.update(drift(answered, self._language)["kind"].to_pylist())
        winning = answered["multiple_choice_answer_en"].combine_chunks().dictionary_encode()
        known = [normalised(text) in self._labels for text in winning.dictionary.to_pylist()]
        inside = pa.array(known, pa.bool_()).take(winning.indices)
        for name, counts in self._coverage.items():
            table = pa.table({"name": answered[name], "inside": inside})
            pairs = table.filter(pc.is_valid(table["name"])).group_by(["name", "inside"])
            for row in pairs.aggregate([([], "count_all")]).to_pylist():
                counts[row["name"], row["inside"]] += row["count_all"]

    def of(self, answer_map: pa.Table) -> dict[str, Any]:
        """Counts, as JSON.

        Returns:
            ``labels``: how many there are; ``coverage``: split and answer type -> rows with answers, and of
            these the rows whose winner is a label; ``methods`` and ``merges``: method, or verdict -> entries
            of the map and annotators' answers; ``drift``: kind -> rows; ``formless``: annotators' answers of
            which the official normaliser leaves nothing ("A+", "the"), so that no label can be theirs.
        """
        return {
            "labels": pc.count_distinct(answer_map["label"]).as_py(),
            "coverage": {
                column: {
                    name: {
                        "rows": counts[name, True] + counts[name, False],
                        "inside": counts[name, True],
                    }
                    for name in sorted({name for name, _ in counts})
                }
                for column, counts in self._coverage.items()
            },
            "methods": _mass(answer_map, "method"),
            "merges": _mass(answer_map, "merge"),
            "formless": dict(sorted(self._formless.items())),
            "drift": dict(self._drift),
        }


def formless(answers: pa.ChunkedArray) -> dict[str, int]:
    """Answers of which the official normaliser leaves nothing -> how many annotators gave them.

    >>> formless(pa.chunked_array([[[{"answer_en": "A+"}, {"answer_en": "a b"}, {"answer_en": ""}]]]))
    {'A+': 1}
    """
    given = pc.struct_field(pc.list_flatten(answers), "answer_en").value_counts()
    texts, counts = (given.field(name).to_pylist() for name in ("values", "counts"))
    pairs = zip(texts, counts, strict=True)
    return {
        text: count
        for text, count in sorted(pairs, key=str)
        if text and text.strip() and not normalised(text)
    }


def _most_frequent(row: Numbers, code: Numbers, preferred: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """For each row: its most frequent code, the place where that stands first, its count; -1, 0, 0 if none.

    Of codes equally frequent the row's preferred one wins, then the one that stands first.
    """
    size = len(preferred)
    best, first, count = np.full(size, -1), np.zeros(size, np.int64), np.zeros(size, np.int64)
    if not len(row):
        return best, first, count
    base = int(code.max()) + 1
    pairs, places, counts = np.unique(row * base + code, return_index=True, return_counts=True)
    rows, codes = np.divmod(pairs, base)
    order = np.lexsort((places, codes != preferred[rows], -counts, rows))
    rows, codes, places, counts = rows[order], codes[order], places[order], counts[order]
    leading = np.flatnonzero(np.diff(rows, prepend=-1))
    at = rows[leading]
    best[at], first[at], count[at] = codes[leading], places[leading], counts[leading]
    return best, first, count


@lru_cache(maxsize=_KEPT)
def _read(language: Language, text: str) -> str:
    """An answer as it is compared; kept, since a build counts drift for the manifest and for the report."""
    return language.normalise(text)


def _codes(key: Callable[[str], str], *columns: Any) -> list[Numbers]:
    """Columns of texts as numbers: the same for texts with the same key, -1 for null."""
    encoded = pa.concat_arrays([column.cast(pa.string()) for column in columns]).dictionary_encode()
    places: dict[str, int] = {}
    of_text = [places.setdefault(key(text), len(places)) for text in encoded.dictionary.to_pylist()]
    numbers = pc.fill_null(encoded.indices, len(of_text)).to_numpy(zero_copy_only=False)
    coded = np.array([*of_text, -1], np.int64)[numbers]
    bounds = np.cumsum([len(column) for column in columns])[:-1]
    return np.split(coded, bounds)


def _mass(answer_map: pa.Table, column: str) -> dict[str, dict[str, int]]:
    """Value -> entries and annotators' answers, by falling number of answers, then by value."""
    filled = answer_map.set_column(
        answer_map.schema.get_field_index(column), column, pc.fill_null(answer_map[column], "")
    )
    counted = filled.group_by(column).aggregate([("label", "count"), ("support", "sum")]).to_pylist()
    return {
        row[column]: {"entries": row["label_count"], "answers": row["support_sum"] or 0}
        for row in sorted(counted, key=lambda row: (-(row["support_sum"] or 0), row[column]))
    }
