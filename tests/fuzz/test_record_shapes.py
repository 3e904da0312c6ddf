"""Damaged records of every shape: each is read, or set aside by name; none is lost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.records import write_mutated
from tests.sources.shapes import SHAPES
from vqa_builder import registry

MUTATIONS = int(os.environ.get("FUZZ_MUTATIONS", "120"))


@pytest.mark.parametrize("name", SHAPES)
def test_every_damaged_record_is_read_or_set_aside(tmp_path: Path, name: str) -> None:
    source = write_mutated(name, MUTATIONS, tmp_path)
    plugin = registry.find("sources", source.pop("type"))
    if "splits" in source:
        source["splits"] = {"train": tmp_path / source["splits"]["train"]}
    told: list[Any] = []
    batches = list(plugin(plugin.Options.model_validate(source)).batches(told.append))
    assert sum(batch.table.num_rows for batch in batches) + len(told) == MUTATIONS + 1
    assert len({bad.record for bad in told}) == len(told)
    for batch in batches:
        batch.table.validate(full=True)
    assert all(bad.problem and bad.expected and bad.file in str(bad.error()) for bad in told)
