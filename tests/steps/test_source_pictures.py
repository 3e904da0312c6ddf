"""Pictures in the rows of a source: they travel byte for byte, or as references; broken ones are named."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from tests.sources.reading import source
from vqa_builder import build, load_spec
from vqa_builder.errors import SourceError, StorageError
from vqa_builder.pictures import Pictures
from vqa_builder.release import parquet
from vqa_builder.release.hub.publish import publish
from vqa_builder.release.manifest import load_manifest
from vqa_builder.schema import IMAGE
from vqa_builder.sources.base import BadRecord
from vqa_builder.steps.source_pictures import Keeper, in_one_schema
from vqa_builder.store import write_table

QUESTIONS = ("What is this?", "Is it raining?", "What color is the cat?", "How many dogs are there?")


def _picture(colour: str, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (16, 12), colour).save(stream, kind)
    return stream.getvalue()


PIXELS = (_picture("red"), _picture("blue", "JPEG"), b"\x89PNG", _picture("red"))


def _rows(folder: Path, image: pa.Array, name: str = "image", **more: Any) -> Path:
    columns = {
        name: image,
        "question": QUESTIONS[: len(image)],
        "answer": ["cat", "no", "black", "2"][: len(image)],
    }
    pq.write_table(pa.table({**columns, **more}), folder / "rows.parquet", row_group_size=2)
    return folder / "rows.parquet"


def _structs() -> pa.Array:
    return pa.array([{"bytes": data, "path": f"{place}.png"} for place, data in enumerate(PIXELS)], IMAGE)


def _spec(folder: Path, columns: dict[str, Any], **release: Any) -> Path:
    path = folder / "build.yaml"
    content = {
        "name": "shown",
        "languages": ["ja"],
        "source": {
            "type": "table",
            "splits": {"train": "rows.parquet"},
            "columns": {"question_id": None, "answers": "answer", **columns},
        },
        "translate": {"answers": {"context": "none"}},
        "scores": ["script"],
        "policy": {"script": {"min": 0.5}},
        "answers": {"vocabulary": {"min_count": 1}},
        "release": {"licence": "cc-by-4.0", **release},
    }
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def _fail(record: BadRecord) -> None:
    raise record.error()


def _kept(path: Path, folder: Path, columns: dict[str, Any] | None = None) -> tuple[pa.Table, Keeper]:
    """The examples of a table, their pictures kept in a folder."""
    read = source(
        "table",
        splits={"train": [path]},
        columns={"question_id": None, "image_id": None, "answers": "answer", **(columns or {})},
    )
    read.pictures = "bytes"
    keeper = Keeper(Pictures(folder / "pictures"), None)
    return pa.concat_tables(in_one_schema(map(keeper.keep, read.read(_fail)))).combine_chunks(), keeper


def test_pictures_of_rows_are_released_byte_for_byte(tmp_path: Path) -> None:
    from datasets import load_dataset

    _rows(tmp_path, _structs())
    (built,) = build(load_spec(_spec(tmp_path, {"image_id": "image"})), tmp_path / "out", workers=1)
    assert built.verification is not None and built.verification.ok
    rows = [row for table in ("data", "rejected") for row in _released(built.folder, table)]
    assert {(row["image_id"], row["image"]["bytes"], row["image"]["path"]) for row in rows} == {
        (f"{place}.png", data, f"{place}.png") for place, data in enumerate(PIXELS)
    }
    found = load_manifest(built.folder)
    assert found.counts["images"] == {"distinct": {"train": 3}, "problems": {"broken": 1}}
    assert found.tables["data/train"]["pictures"] == ["image"]
    named = (built.folder / "image_problems.jsonl").read_text(encoding="utf-8")
    assert "rows.parquet, record 2" in named and str(tmp_path) not in named
    first = load_dataset(str(built.folder), split="train", cache_dir=str(tmp_path / "cache"))[0]["image"]
    assert first.size == (16, 12)
    with pytest.raises(Exception, match="no licence that allows"):
        publish(built.folder, "org/shown-ja", dry_run=True)


def _released(folder: Path, table: str) -> list[dict[str, Any]]:
    return [row for file in folder.glob(f"{table}/*.parquet") for row in pq.read_table(file).to_pylist()]


@pytest.mark.parametrize(
    ("image", "columns"),
    [
        (_structs(), {}),
        (pa.array(PIXELS, pa.large_binary()), {}),
        (pa.array(PIXELS, pa.binary()), {"image": "image"}),
    ],
)
def test_structs_and_bytes_are_pictures(tmp_path: Path, image: pa.Array, columns: dict[str, str]) -> None:
    table, keeper = _kept(_rows(tmp_path, image), tmp_path, columns)
    assert table["image"].type == IMAGE
    read = [Pictures(tmp_path / "pictures").read(row["bytes"]) for row in table["image"].to_pylist()]
    assert tuple(read) == PIXELS
    assert [(each.file, each.problem) for each in keeper.problems] == [("rows.parquet, record 2", "broken")]
    assert len(list((tmp_path / "pictures").rglob("*/*"))) == 3


def test_pictures_in_base64_are_pictures(tmp_path: Path) -> None:
    texts = [base64.b64encode(data).decode() for data in (*PIXELS[:2], PIXELS[3])]
    image = pa.array([texts[0], f"data:image/jpeg;base64,{texts[1]}", "a.png", texts[2]])
    table, keeper = _kept(_rows(tmp_path, image), tmp_path, {"image": "image"})
    rows = table["image"].to_pylist()
    read = [row["bytes"] and Pictures(tmp_path / "pictures").read(row["bytes"]) for row in rows]
    assert read == [*PIXELS[:2], None, PIXELS[3]] and not keeper.problems
    assert [row["path"] for row in rows] == [None, None, "a.png", None]


def test_pictures_that_no_table_names_are_dropped(tmp_path: Path) -> None:
    table, _ = _kept(_rows(tmp_path, _structs()), tmp_path, {})
    write_table(tmp_path / "examples.arrow", table.slice(1, 1))
    held = Pictures(tmp_path / "pictures")
    held.prune([tmp_path / "examples.arrow"])
    assert held.read(table["image"][1]["bytes"].as_py()) == PIXELS[1]
    assert len(list(held.root.rglob("*/*"))) == 1


def test_a_large_table_is_read_row_group_by_row_group(tmp_path: Path) -> None:
    data = [bytes([number]) * 100_000 for number in range(200)]
    columns = {"image": pa.array(data, pa.binary()), "question": ["What?"] * 200, "answer": ["cat"] * 200}
    pq.write_table(pa.table(columns), tmp_path / "rows.parquet", row_group_size=10, compression="none")
    read = source(
        "table",
        splits={"train": [tmp_path / "rows.parquet"]},
        columns={"question_id": None, "image_id": None, "answers": "answer"},
    )
    read.pictures = "bytes"
    before, held = pa.total_allocated_bytes(), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vqa_builder.sources._table_formats.PICTURE_BATCH", 10)
        for _ in read.read(_fail):
            held.append(pa.total_allocated_bytes() - before)
    assert max(held) < 8_000_000 < sum(map(len, data))


def test_a_row_may_hold_several_pictures(tmp_path: Path) -> None:
    lists = pa.array([_structs().to_pylist()[:2], [], None, _structs().to_pylist()[3:]], pa.list_(IMAGE))
    path = _rows(tmp_path, lists, "images")
    table, _ = _kept(path, tmp_path, {"image_id": "images"})
    assert table["image_id"].to_pylist() == ["0.png", "train-1", "train-2", "3.png"]
    (built,) = build(load_spec(_spec(tmp_path, {"image_id": "images"})), tmp_path / "out", workers=1)
    assert built.verification is not None and built.verification.ok
    rows = {row["question_en"]: row["images"] for row in _released(built.folder, "[dr]*")}
    assert rows == dict(zip(QUESTIONS, lists.to_pylist(), strict=True))


def test_references_leave_the_bytes_behind(tmp_path: Path) -> None:
    _rows(tmp_path, _structs())
    images = {"embed": False, "url": "https://images.example.org/{file}"}
    (built,) = build(
        load_spec(_spec(tmp_path, {"image_id": None}, images=images)), tmp_path / "out", workers=1
    )
    assert {row["image"] for row in _released(built.folder, "[dr]*")} == {
        f"https://images.example.org/{place}.png" for place in range(4)
    }
    assert not (tmp_path / "out" / ".vqa-builder" / "pictures").exists()


@pytest.mark.parametrize(
    ("columns", "message"),
    [({"image": "picture"}, "no column 'picture'"), ({"image": "number"}, "holds no pictures")],
)
def test_a_column_without_pictures_is_refused(tmp_path: Path, columns: dict[str, str], message: str) -> None:
    path = _rows(tmp_path, _structs(), number=[1, 2, 3, 4])
    with pytest.raises(SourceError, match=message):
        _kept(path, tmp_path, columns)


def test_a_row_group_of_pictures_is_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = Pictures(tmp_path / "pictures")
    monkeypatch.setattr(parquet, "IMAGE_GROUP_BYTES", 25)
    values = [{"bytes": pictures.add(bytes([number]) * 10), "path": None} for number in range(5)]
    table = pa.table({"image": pa.array(values, IMAGE)})
    parquet.write_file(table, tmp_path / "a.parquet", pictures)
    written = pq.ParquetFile(tmp_path / "a.parquet")
    assert [written.metadata.row_group(at).num_rows for at in range(written.num_row_groups)] == [2, 2, 1]
    assert written.read()["image"][4].as_py() == {"bytes": b"\x04" * 10, "path": None}
    assert parquet.arrow_bytes(table, pictures) - parquet.arrow_bytes(table) == 50


def test_a_damaged_picture_is_an_error(tmp_path: Path) -> None:
    pictures = Pictures(tmp_path)
    key = pictures.add(b"GIF89a")
    pictures.path(key).write_bytes(b"GIF89b")
    with pytest.raises(StorageError, match="gone or damaged"):
        pictures.read(key)
    assert pictures.read(pictures.add(b"GIF89")) == b"GIF89"
