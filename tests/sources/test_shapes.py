"""Each known form of data set, built in both languages: what is not translated comes back as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from tests.sources.shapes import SHAPES, features, write
from vqa_builder import build, load_spec, plan, registry, validate
from vqa_builder.errors import SourceError
from vqa_builder.schema import content_hash
from vqa_builder.sources.records import ENGLISH
from vqa_builder.steps.releasing import BuiltRelease

ADDED = {"row_id", "language", "scores", "engine", "kept_english", "reasons"}


def spec_of(folder: Path, source: dict[str, Any], **more: Any) -> Path:
    """A spec that keeps what mini makes, and scores next to nothing."""
    spec = {"name": "s", "languages": ["ja", "hi"], "source": source, "scores": ["script"]}
    spec |= {"policy": {"rules": {"script": {"min": 0.1}}}}
    path = folder / "build.yaml"
    path.write_text(yaml.safe_dump(spec | {"release": {"licence": "cc-by-4.0"}} | more))
    return path


@pytest.fixture(scope="module", params=SHAPES)
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, list[BuiltRelease]]:
    folder = tmp_path_factory.mktemp(request.param)
    source = write(request.param, folder) | {"on_bad_string": "english"}
    return request.param, build(load_spec(spec_of(folder, source)), folder / "out", workers=1)


def source_table(name: str, folder: Path) -> pa.Table:
    """What was written, read by others than our source."""
    if SHAPES[name].form == "hub":
        return pq.read_table(folder / "data" / "train-00000-of-00001.parquet")
    rows = SHAPES[name].rows
    if name == "scienceqa_json":
        rows = [{"key": key, **row} for key, row in rows.items()]
    if SHAPES[name].form == "tsv":
        rows = [{column: str(value) or None for column, value in row.items()} for row in rows]
        return pa.Table.from_pylist(rows, pa.schema([(column, pa.string()) for column in rows[0]]))
    return pa.Table.from_pylist(rows)


def released(folder: Path) -> pa.Table:
    """All rows of a release, kept or rejected, in the order of the source."""
    tables = [pq.read_table(path) for path in sorted(folder.rglob("*.parquet"))]
    names = [name for name in tables[0].column_names if name != "reasons"]
    whole = pa.concat_tables([table.select(names) for table in tables])
    return whole.take(
        pa.array(sorted(range(len(whole)), key=lambda at: int(whole["row_id"][at].as_py()[6:])))
    )


def test_all_but_the_named_texts_is_identical_to_the_source(built: tuple[str, list[BuiltRelease]]) -> None:
    name, releases = built
    for release in releases:
        assert release.verification is not None and release.verification.ok
        source, found = source_table(name, release.folder.parents[1]), released(release.folder)
        assert found.num_rows == source.num_rows == sum(release.manifest.counts["source"].values())
        translated = {column for column in source.column_names if column + ENGLISH in found.column_names}
        added = {column + ENGLISH for column in translated} | (ADDED & {*found.column_names})
        assert translated and {*found.column_names} == {*source.column_names} | added
        for column in source.column_names:
            english = found[column + ENGLISH if column in translated else column]
            assert found.schema.field(column).type == english.type
            assert content_hash(pa.table({"": english})) == content_hash(pa.table({"": source[column]})), (
                column
            )


def test_what_is_released_reads_as_the_source_does(built: tuple[str, list[BuiltRelease]]) -> None:
    import datasets

    name, releases = built
    for release in releases:
        whole = datasets.load_dataset(str(release.folder), split="train")
        streamed = list(datasets.load_dataset(str(release.folder), split="train", streaming=True))
        assert [row["row_id"] for row in streamed] == whole["row_id"][:]
        assert {row["language"] for row in streamed} == {release.language}
        if SHAPES[name].form == "hub":
            known = features(name)
            assert {column: whole.features[column] for column in known} == known


def test_in_every_shape_something_is_translated(built: tuple[str, list[BuiltRelease]]) -> None:
    for release in built[1]:
        found = released(release.folder)
        names = [column for column in found.column_names if column + ENGLISH in found.column_names]
        assert any(not found[column].equals(found[column + ENGLISH]) for column in names)


def read(name: str, folder: Path, rows: Any) -> list[str]:
    """The bad records of a JSON file."""
    path = folder / "rows.json"
    path.write_text(json.dumps(rows))
    plugin = registry.find("sources", name)
    told: list[Any] = []
    batches = plugin(plugin.Options.model_validate({"splits": {"train": path}})).batches(told.append)
    assert sum(batch.table.num_rows for batch in batches) + len(told) == len(rows)
    return [f"{bad.record}: {bad.problem}; expected {bad.expected}, found {bad.found}" for bad in told]


NO_KEY = "No option has the key"
NO_LIST = "The text is no list at options; expected a list of texts, as JSON or as Python prints one, found"
KEYS: list[tuple[dict[str, Any], str | None]] = [
    (
        {"A": "yes", "B": "no", "C": "nan", "D": "nan", "answer": "C"},
        f"{NO_KEY} at answer; expected a key of its 2 options, found 'C'",
    ),
    (
        {"choices": ["yes", "no"], "answer": 2},
        f"{NO_KEY} at answer; expected a key of its 2 options, found 2",
    ),
    ({"choices": ["yes", "no"], "answer": 1}, None),
    ({"choices": ["yes", "no"], "answer": None}, None),
    (
        {"A": "yes", "B": "no", "C": None, "answer": "C"},
        f"{NO_KEY} at answer; expected a key of its 2 options, found 'C'",
    ),
    ({"A": "yes", "B": "no", "C": None, "answer": "B"}, None),
    ({"options": "['3', '4']", "answer": "4"}, None),
    ({"options": "[]", "answer": "16"}, None),
    ({"options": "['3', 4", "answer": "A"}, f"{NO_LIST} \"['3', 4\""),
    ({"choices": {"text": ["yes", "no"], "label": ["1", "2"]}, "answerKey": "2"}, None),
    (
        {"choices": {"text": ["yes", "no"], "label": ["A", "B"]}, "answerKey": "C"},
        f"{NO_KEY} at answerKey; expected a key of its 2 options, found 'C'",
    ),
]


@pytest.mark.parametrize(("row", "told"), KEYS)
def test_a_key_that_no_option_has_is_named(tmp_path: Path, row: dict[str, Any], told: str | None) -> None:
    rows = [{"question": "Is it red?", **row}]
    assert read("multiple_choice", tmp_path, rows) == ([f"0: {told}"] if told else [])


def test_a_source_without_options_is_no_multiple_choice(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no options") as raised:
        read("multiple_choice", tmp_path, [{"question": "Is it red?", "answer": "yes"}])
    assert "choices[*]" in str(raised.value)


@pytest.mark.parametrize("name", SHAPES)
def test_validate_names_the_shape(tmp_path: Path, name: str) -> None:
    source = write(name, tmp_path)
    shape = source["type"]
    fields = {"question?": "question", "query?": "question", "conversations[*].value?": "turn"}
    fields |= {"texts[*].user?": "turn"}
    named = [f"shape: {shape}; `type: {shape}` needs no fields"]
    assert named[0] in validate(load_spec(spec_of(tmp_path, source | {"type": "records", "fields": fields})))
    assert named[0] not in validate(load_spec(spec_of(tmp_path, source)))


def test_a_table_of_conversations_is_named(tmp_path: Path) -> None:
    source = write("llava", tmp_path) | {
        "type": "table",
        "columns": {"question_id": "id", "image_id": "image"},
    }
    with pytest.raises(SourceError, match="type: llava"):
        plan(load_spec(spec_of(tmp_path, source)), tmp_path / "out")


def test_a_row_whose_picture_cannot_be_opened_is_rejected(tmp_path: Path) -> None:
    source = write("finevision", tmp_path)
    path = tmp_path / "data" / "train-00000-of-00001.parquet"
    table = pq.read_table(path)
    images = table["images"].to_pylist()
    images[1][1]["bytes"] = images[1][1]["bytes"][:60]
    at = table.schema.get_field_index("images")
    pq.write_table(
        table.set_column(at, table.schema.field(at), pa.array(images, table.schema.field(at).type)), path
    )
    (release,) = build(load_spec(spec_of(tmp_path, source, languages=["hi"])), tmp_path / "out", workers=1)
    rejected = pq.read_table(next((release.folder / "rejected").iterdir())).to_pylist()
    assert [row["row_id"] for row in rejected if "picture cannot be read (images[1])" in row["reasons"]] == [
        "train-1"
    ]
    assert rejected[-1]["images"] == images[1]


def test_options_come_out_distinct_and_quoted(tmp_path: Path) -> None:
    write("a_okvqa", tmp_path)
    source = {"type": "multiple_choice", "splits": {"train": "a_okvqa.json"}, "on_bad_string": "english"}
    (release,) = build(load_spec(spec_of(tmp_path, source, languages=["hi"])), tmp_path / "out", workers=1)
    rows = released(release.folder).to_pylist()
    assert rows[1]["choices"] == ["नदी", "सड़क (road)", "सड़क (street)", "बगीचा"]
    assert rows[1]["direct_answers"] == ["नदी"] * 7 + ["सड़क (road)"] * 3
    assert rows[2]["choices"] == ["चश्मा", "गिलास", "टोपी", "मास्क"]
    assert [row["correct_choice_idx"] for row in rows] == [2, 0, 0]
    quoting = rows[1]["rationales_en"].index('The water is a "river".')
    told = f"option not quoted (rationales[{quoting}]: river)"
    assert ("नदी" in rows[1]["rationales"][quoting]) != (told in rows[1]["kept_english"])
