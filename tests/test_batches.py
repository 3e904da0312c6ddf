"""Rows in pieces say what they say in one, wherever they lie."""

from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vqa_builder import batches
from vqa_builder.answers import contexts, modes, senses, vocabulary
from vqa_builder.batches import LARGE_PIECE, PIECE_BYTES, Batches, Groups, rows_at_once
from vqa_builder.errors import SourceError
from vqa_builder.sample import sample_folder
from vqa_builder.schema import content_hash
from vqa_builder.segments import extract
from vqa_builder.sources.vqa_json import VQAJSON
from vqa_builder.store import Store

TABLE = pa.table({"n": list(range(25)), "text": [f"猫{n}" if n % 3 else None for n in range(25)]})


def lying(where: str, folder: Path) -> Batches:
    if where == "memory":
        return Batches.of(TABLE)
    path = folder / "rows"
    if where == "parquet":
        pq.write_table(TABLE, path, row_group_size=10)
        return Batches.parquet_files([path])
    new = pa.ipc.new_file if where == "arrow" else pa.ipc.new_stream
    with new(str(path), TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=10)
    return Batches.arrow_file(path) if where == "arrow" else Batches.arrow_streams([path], 25)


@pytest.mark.parametrize("where", ["memory", "parquet", "arrow", "stream"])
def test_the_same_rows_wherever_they_lie(where: str, tmp_path: Path) -> None:
    rows = lying(where, tmp_path)
    assert (rows.num_rows, rows.schema) == (25, TABLE.schema)
    for _ in range(2):
        assert rows.table().equals(TABLE)
    assert rows.table(["text"]).equals(TABLE.select(["text"]))
    assert rows.take([0, 9, 10, 24], ["n"])["n"].to_pylist() == [0, 9, 10, 24]
    assert content_hash(rows) == content_hash(TABLE)
    odd = rows.changed(
        lambda piece: piece.filter(pa.array([n % 2 == 1 for n in piece["n"].to_pylist()], pa.bool_())), 12
    )
    assert odd.table(["n"])["n"].to_pylist() == list(range(1, 25, 2))


def test_small_tables_are_held_and_large_ones_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = lying("arrow", tmp_path)
    held = rows.held()
    monkeypatch.setattr(batches, "HELD_BYTES", TABLE.nbytes // 2)
    assert rows.held() is rows
    (tmp_path / "rows").unlink()
    assert held.table().equals(TABLE)
    assert [piece.num_rows for piece in held.read(["text"])] == [10, 10, 5]


def test_pieces_of_any_size_become_pieces_of_one_size() -> None:
    groups = Groups(7)
    full = [piece for start, end in ((0, 3), (3, 20), (20, 25)) for piece in groups.add(TABLE[start:end])]
    assert [piece.num_rows for piece in full] == [7, 7, 7]
    assert pa.concat_tables([*full, *groups.rest()]).equals(TABLE)


def test_a_step_may_give_its_table_in_pieces_with_notes(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        pieces = [TABLE[:10], TABLE[10:], TABLE[:0].replace_schema_metadata({"bad": "2"})]
        rows = store.row_step("rows", lambda: iter(pieces))
        sizes = store.step("sizes", lambda rows: pa.table({"n": [p.num_rows for p in rows.read()]}), rows)
        assert sizes.table["n"].to_pylist() == [10, 15]
        assert rows.rows.table().equals(TABLE)
        assert rows.notes == {b"bad": b"2"}


@pytest.mark.parametrize("piece", [7, 90])
def test_what_is_found_in_rows_does_not_depend_on_their_pieces(
    piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {name: sample_folder() / f"v2_sample_train_{name}.json" for name in ("questions", "annotations")}
    options = VQAJSON.Options.model_validate({"splits": {"train": files}})
    examples = pa.Table.from_batches(VQAJSON(options).read(lambda record: None))
    found = []
    for size in (batches.PIECE, piece):
        monkeypatch.setattr(batches, "PIECE", size)
        labels = vocabulary.from_examples(examples, min_count=2)
        unsettled = labels["answer_en"].to_pylist()
        rules = senses.known_rules()
        meant = pa.concat_tables(
            senses.assign(examples, rules, unsettled, lambda rows: modes.decide(rows, "auto"))
        )
        steps = [labels, meant, contexts.find(examples, meant, labels, rules), extract(examples, meant)]
        found.append([content_hash(table) for table in steps])
    assert found[0] == found[1]


def test_large_rows_are_read_few_at_a_time(tmp_path: Path) -> None:
    text, data = "犬" * 20_000, b"GIF89a" * 1_000
    rows = pa.table({"n": range(300), "text": [f"{at}{text}" for at in range(300)], "image": [data] * 300})
    pq.write_table(rows, tmp_path / "rows.parquet")
    found = pq.ParquetFile(tmp_path / "rows.parquet")
    at_once = partial(rows_at_once, found, tmp_path / "rows.parquet")
    assert [at_once([name], 1_000) for name in ("n", "image")] == [1_000, LARGE_PIECE]
    assert 300 < at_once(["n", "text"], 1_000) < 600
    pieces = Batches.parquet_files([tmp_path / "rows.parquet"]).read(["image", "n"])
    assert [piece.num_rows for piece in pieces] == [100] * 3


@pytest.mark.parametrize("nested", [False, True])
def test_a_small_file_that_repeats_a_large_text_is_no_large_piece(tmp_path: Path, nested: bool) -> None:
    path, texts = tmp_path / "rows.parquet", ["犬", "猫" * 100_000]
    column = pa.array([1] + [0] * 9_998 + [1], pa.int32())
    text = pa.DictionaryArray.from_arrays(column, texts).cast(pa.string())
    rows = pa.table({"text": pa.ListArray.from_arrays(range(10_001), text) if nested else text})
    pq.write_table(rows, path, compression="zstd")
    assert path.stat().st_size < 5_000
    assert rows_at_once(pq.ParquetFile(path), path, ["text"]) == PIECE_BYTES // 300_000
    pq.write_table(rows.take([9_999] * 250), path, compression="zstd")
    with pytest.raises(SourceError, match="unpacks to far more"):
        for piece in Batches.parquet_files([path]).read():
            assert piece.nbytes < 2 * PIECE_BYTES
