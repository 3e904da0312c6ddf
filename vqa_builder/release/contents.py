"""What goes into a release, and the checks that it must pass before a byte is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import schema
from vqa_builder.batches import Batches
from vqa_builder.errors import ReleaseError
from vqa_builder.pictures import COLUMNS, Pictures, are_pictures
from vqa_builder.quality.rules import reason_codes
from vqa_builder.release.parquet import ANSWER_MAP_KEY, config_of, open_table
from vqa_builder.translation.memory import Entry


@dataclass(frozen=True)
class ReleaseContents:
    """One language's tables and everything the builder knows about how they came to be.

    Attributes:
        name: the release's folder, ``vqa-ja``.
        language: ISO 639 code of the target language.
        data: split -> kept rows, ``schema.data_schema``; a table, or ``Batches`` of one.
        rejected: split -> rejected rows, ``schema.rejected_schema``, likewise.
        answer_map: ``schema.ANSWER_MAP``.
        facts: JSON values for the manifest: ``key``, ``spec``, ``repo``, ``licence``, ``sources``,
            ``inputs``, ``signatures``, ``engines`` and ``counts``. ``counts["source"]`` (split -> rows)
            counts the usable questions, ``counts["bad_records"]`` what was set aside before them.
        spec_yaml: the text of ``build.yaml``.
        changelog: the text of ``CHANGELOG.md``; None for none.
        card_text: Markdown by the maintainers, a part of the card and ``card.md``; None for none.
        human_verified: the translations by people that the rows use.
        pictures: where the pictures are whose sums stand in the tables; None without any.
        picture_folder: where the spec says that pictures lie; the report shows some.
        image_problems: the records of ``image_problems.jsonl``; no file without any.
        repeated_rows: those of ``repeated_rows.jsonl``, likewise; see ``duplicates.Repeats``.
    """

    name: str
    language: str
    data: Mapping[str, pa.Table]
    rejected: Mapping[str, pa.Table]
    answer_map: pa.Table
    facts: Mapping[str, Any]
    spec_yaml: str
    changelog: str | None = None
    card_text: str | None = None
    image_problems: tuple[Mapping[str, Any], ...] = ()
    repeated_rows: pa.Table | None = None
    human_verified: tuple[Entry, ...] = ()
    pictures: Pictures | None = None
    picture_folder: Path | None = None

    @property
    def tables(self) -> dict[str, Batches]:
        """The tables that a release holds, by their key: ``data/train``, ``answers/answer_map``.

        A table without rows is left out, because ``load_dataset`` refuses to load an empty split.
        """
        splits = in_order({*self.data, *self.rejected})
        found = {f"data/{split}": self.data[split] for split in splits if split in self.data}
        found |= {f"rejected/{split}": self.rejected[split] for split in splits if split in self.rejected}
        found[ANSWER_MAP_KEY] = self.answer_map
        return {key: Batches.of(table) for key, table in found.items() if table.num_rows}

    def storable(self) -> ReleaseContents:
        """The same contents without what Parquet cannot hold: ``scores`` where no scorer was chosen."""
        return self._with(_without_empty_structs)

    def written(self, folder: Path) -> ReleaseContents:
        """The same contents as they stand in the files of a release."""
        parts: dict[str, dict[str, Batches]] = {"data": {}, "rejected": {}, "answers": {}}
        for key in self.tables:
            parts[key.split("/")[0]][key.split("/")[1]] = open_table(folder, key).held()
        return replace(
            self, data={**self.data, **parts["data"]}, rejected={**self.rejected, **parts["rejected"]}
        )

    def _with(self, change: Callable[[Batches], Batches]) -> ReleaseContents:
        data, rejected = (
            {split: change(Batches.of(rows)) for split, rows in tables.items()}
            for tables in (self.data, self.rejected)
        )
        return replace(self, data=data, rejected=rejected)


def in_order(splits: Iterable[str]) -> list[str]:
    """Splits as people list them: train, validation, test, then any other by name.

    >>> in_order(["test", "dev", "train"])
    ['train', 'test', 'dev']
    """
    known = {split: place for place, split in enumerate(schema.SPLITS)}
    return sorted(splits, key=lambda split: (known.get(split, len(known)), split))


def expected_schema(config: str, found: pa.Schema) -> pa.Schema:
    """The schema that a table of this config must have, given the ids and scores that it has.

    Ids may be int64 or string; without any score there is no column ``scores``; ``image`` and ``images``,
    where one is there, hold references or pictures, one in each row or a list.
    """
    if config == "answers":
        return schema.ANSWER_MAP
    question_id, image_id = _id_type(found, "question_id"), _id_type(found, "image_id")
    scores = found.field("scores").type if "scores" in found.names else pa.struct([])
    scores = scores if pa.types.is_struct(scores) else pa.struct([])
    expected = schema.data_schema(question_id, image_id, scores)
    if "scores" not in found.names:
        expected = expected.remove(expected.get_field_index("scores"))
    for name in COLUMNS:
        if name in found.names:
            kind = schema.IMAGE if are_pictures(found.field(name).type) else pa.string()
            field = pa.field(name, kind if name == "image" else pa.list_(kind))
            expected = expected.insert(expected.get_field_index("image_id") + 1, field)
    return schema.rejected_schema(expected) if config == "rejected" else expected


def schema_fault(config: str, found: pa.Schema) -> tuple[str, str] | None:
    """The first column that is not as declared, as (expected, found); None if all are."""
    for wanted, actual in zip_longest(expected_schema(config, found), found):
        if wanted is None or actual is None or (wanted.name, wanted.type) != (actual.name, actual.type):
            return _column(wanted), _column(actual)
    return None


def type_name(kind: pa.DataType) -> str:
    """An Arrow type as people write it.

    >>> type_name(pa.list_(pa.int32()))
    'list<int32>'
    """
    return re.sub(r"<(item|element): ", "<", str(kind))


def check(contents: ReleaseContents) -> None:
    """Refuse contents that would make a wrong release.

    Raises:
        ReleaseError: a table has another schema than declared, rows were lost on the way from the source, or
            nothing was kept.
    """
    for key, table in contents.tables.items():
        if fault := schema_fault(config_of(key), table.schema):
            where = f"{contents.name}, table {key}"
            raise ReleaseError("A table is not as declared", where=where, expected=fault[0], found=fault[1])
    check_counts(contents.name, row_counts(contents))
    if not any(table.num_rows for table in contents.data.values()):
        raise nothing_kept(contents.name, reason_counts(contents))


def nothing_kept(name: str, counts: Mapping[str, int]) -> ReleaseError:
    """The error for a release without a row; ``counts`` says by what rows were rejected."""
    reasons = ", ".join(f"{reason}: {rows:,}" for reason, rows in counts.items())
    return ReleaseError(
        "No question was kept, so there is nothing to release",
        where=name,
        found=f"rejected by {reasons}" if reasons else "no rows at all",
        remedy="loosen the policy in build.yaml, or look at the scores behind these reasons",
    )


def row_counts(contents: ReleaseContents) -> dict[str, dict[str, int]]:
    """Rows per step and split: ``{"source": {...}, "kept": {...}, "rejected": {...}}``, zeros included."""
    source = contents.facts["counts"]["source"]
    splits = in_order({*source, *contents.data, *contents.rejected})
    return {
        "source": {split: source.get(split, 0) for split in splits},
        "kept": {split: _rows(contents.data, split) for split in splits},
        "rejected": {split: _rows(contents.rejected, split) for split in splits},
    }


def check_counts(name: str, counts: Mapping[str, Mapping[str, int]]) -> None:
    """Hold the rule that no row is lost: source = kept + rejected, in every split.

    Raises:
        ReleaseError: a row was lost or appeared from nowhere.
    """
    for split in in_order({*counts["source"], *counts["kept"], *counts["rejected"]}):
        source, kept, rejected = (counts[step].get(split, 0) for step in ("source", "kept", "rejected"))
        if source != kept + rejected:
            raise ReleaseError(
                "Rows were lost or added between the source and the release",
                where=f"{name}, {split}",
                expected=f"{source:,} source rows",
                found=f"{kept:,} kept + {rejected:,} rejected",
                remedy="this is a fault in vqa-builder; please report it with your build.yaml",
            )


def reason_counts(contents: ReleaseContents) -> dict[str, int]:
    """Reason -> rejected rows that it applied to, the most frequent first; a row may have several."""
    tables = [Batches.of(table) for table in contents.rejected.values()]
    pieces = (piece for table in tables for piece in table.read(["reasons"]))
    return tally(reason_codes(pc.list_flatten(piece["reasons"])) for piece in pieces)


def method_counts(contents: ReleaseContents) -> dict[str, int]:
    """Method -> rows of the answer map that it made, the most frequent first."""
    return tally([contents.answer_map["method"]])


def tally(columns: Iterable[pa.ChunkedArray]) -> dict[str, int]:
    """How often each value occurs, the most frequent first and equals by name; nulls do not count."""
    counted: Counter[str] = Counter()
    for column in columns:
        pairs = pc.value_counts(column.drop_null())
        counted.update(
            dict(zip(pairs.field("values").to_pylist(), pairs.field("counts").to_pylist(), strict=True))
        )
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def _without_empty_structs(rows: Batches) -> Batches:
    kept = [field.name for field in rows.schema if not _is_empty_struct(field.type)]
    return rows if len(kept) == len(rows.schema) else rows.changed(lambda piece: piece.select(kept))


def _is_empty_struct(kind: pa.DataType) -> bool:
    return bool(pa.types.is_struct(kind) and kind.num_fields == 0)


def _id_type(found: pa.Schema, name: str) -> pa.DataType:
    kind = found.field(name).type if name in found.names else pa.int64()
    return pa.string() if pa.types.is_string(kind) else pa.int64()


def _column(field: pa.Field | None) -> str:
    return "no further column" if field is None else f"{field.name}: {type_name(field.type)}"


def _rows(tables: Mapping[str, pa.Table], split: str) -> int:
    return tables[split].num_rows if split in tables else 0
