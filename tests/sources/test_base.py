"""What all sources share: order of splits, what identifies the input, and their pages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.sources.reading import source, write
from tests.tiny import write_vqa
from vqa_builder import catalogue, load_spec, registry
from vqa_builder.errors import SourceError
from vqa_builder.sources.base import BadRecord, Options, Source, in_order
from vqa_builder.steps.build_context import open_build
from vqa_builder.steps.reading import read_examples
from vqa_builder.store import file_hash


def test_splits_come_in_fixed_order() -> None:
    assert list(in_order({"test": 1, "train": 2, "validation": 3})) == ["train", "validation", "test"]


def test_the_bytes_of_the_files_identify_the_input(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", b"{}\n")
    table = source("table", splits={"train": path})
    assert table.fingerprint() == [file_hash(path)]
    write(path, b"{ }\n")
    assert table.fingerprint() == [file_hash(path)]


class Counted(Source):
    """A source that reads no file."""

    name = "counted"
    Options = Options

    def __init__(self, commit: str) -> None:
        self.commit = commit

    def files(self) -> list[Path]:
        return []

    def fingerprint(self) -> list[str]:
        return [f"org/data@{self.commit}"]

    def read(self, on_bad_record: object, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        return iter(())


def examples_key(spec: Path, out: Path, made: Source | None = None) -> str:
    """The key under which a build keeps its examples."""
    with open_build(load_spec(spec), out, workers=1) as job:
        if made:
            job = replace(
                job,
                plugins=replace(job.plugins, source=made),
                marks=made.marks(),
                inputs=tuple(made.fingerprint()),
            )
        return read_examples(job).key


def test_a_build_starts_anew_when_the_fingerprint_changes(tmp_path: Path) -> None:
    spec = write_vqa(tmp_path)
    keys = [examples_key(spec, tmp_path / "out", Counted(commit)) for commit in ("a", "b", "a")]
    assert keys[0] == keys[2] != keys[1]


@pytest.mark.parametrize(
    "changes", [{"separator": "/"}, {"columns": {"question": "en/text"}}, {"text_ids": True}]
)
def test_a_build_starts_anew_when_an_option_changes(tmp_path: Path, changes: dict[str, Any]) -> None:
    write(tmp_path / "rows.csv", b"qid\n1\n")
    plain = {
        "type": "table",
        "splits": {"train": "rows.csv"},
        "separator": "//",
        "columns": {"question": "text"},
    }
    keys = {
        examples_key(write_vqa(tmp_path, source=options), tmp_path / "out")
        for options in (plain, plain | changes, plain | {"quote": '"'})
    }
    assert len(keys) == 2


def test_options_mean_the_same_through_a_spec(tmp_path: Path) -> None:
    write(tmp_path / "rows.csv", b"question,image_id,answers\nWhat is it?,1,cat\n")
    options = {"type": "table", "splits": {"train": "rows.csv"}, "columns": {"question_id": None}}
    spec = load_spec(write_vqa(tmp_path, source=options))
    with open_build(spec, tmp_path / "out", workers=1) as job:
        assert read_examples(job).table["question_id"].to_pylist() == ["train-0"]


def test_where_the_files_lie_does_not_matter(tmp_path: Path) -> None:
    specs = [write_vqa(tmp_path / name) for name in ("here", "there")]
    assert len({examples_key(spec, tmp_path / "out") for spec in specs}) == 1


def test_a_bad_record_says_where_it_stands() -> None:
    error = BadRecord("a.json", None, "q7", "It is bad", "good", "bad").error()
    assert "a.json, question_id 'q7'" in str(error)


@pytest.mark.parametrize("name", registry.names("sources"))
def test_every_source_has_a_page(name: str) -> None:
    (page,) = [entry for entry in catalogue.entries("sources") if entry["name"] == name]
    assert page["summary"] and page["description"].endswith(".") and "\n" not in page["description"]
    assert page["documentation"].startswith(page["description"][:40]) and "Example" in page["documentation"]
    assert "$ref" not in str(page["options"])
    for option in described(page["options"]):
        assert option["description"]


def described(options: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every option, and the options within it."""
    for option in options.values():
        yield option
        for inner in (option, option.get("additionalProperties")):
            if isinstance(inner, dict):
                yield from described(inner.get("properties", {}))


@pytest.mark.skipif(os.name == "nt", reason="pipes in folders")
@pytest.mark.parametrize("name", ["vqa_json", "table", "gqa", "visual_genome", "a_okvqa", "records"])
@pytest.mark.parametrize("suffix", [".json", ".jsonl.gz", ".parquet"])
def test_a_pipe_which_may_never_end_is_not_read(name: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"rows{suffix}"
    os.mkfifo(path)
    splits = {"train": {"questions": path} if name in ("vqa_json", "visual_genome") else path}
    more = {"fields": {"question": "question"}} if name == "records" else {}
    made = registry.find("sources", name)
    with pytest.raises(SourceError, match="a pipe or a device"):
        made(made.Options.model_validate({"splits": splits, **more})).fingerprint()
