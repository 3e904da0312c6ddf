"""A checkpoint is there whole whatever happened, and damage is told."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from recipes.lib import checkpoint
from tests.recipes.lib.training import Net, run, without_clock
from vqa_builder.errors import StorageError


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    run(folder, Net(), epochs=1)
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "run")


def test_a_process_killed_between_two_renames_loses_nothing(folder: Path) -> None:
    shutil.copytree(folder / "last", folder / ".last.123.partial")
    (folder / "last").rename(folder / ".last.123.replaced")
    model = Net(seed=4)
    assert run(folder, model, epochs=1).steps == 5
    assert {path.name for path in folder.iterdir()} == {
        *("settings.json", "log.jsonl", "lock", "last", "best")
    }


def test_a_process_killed_while_it_writes_loses_nothing(folder: Path) -> None:
    (folder / ".last.123.partial").mkdir()
    (folder / ".last.123.partial" / "model.safetensors").write_bytes(b"half")
    checkpoint.recover(folder / "last")
    assert (folder / "last" / "state.json").exists()
    assert not list(folder.glob(".last*"))


def test_a_log_is_cut_back_to_a_step(folder: Path) -> None:
    lines = checkpoint.read_log(folder)
    checkpoint.cut_log(folder, checkpoint.Place(step=3))
    assert checkpoint.read_log(folder) == [line for line in lines if line["step"] <= 3]
    assert [line["step"] for line in checkpoint.read_log(folder)] == [1, 2, 3]


@pytest.mark.parametrize("log_every", [1, 3])
def test_a_process_killed_between_a_checkpoint_and_that_of_its_epoch_logs_nothing_twice(
    log_every: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"epochs": 2, "log_every": log_every, "save_every": 5}  # five steps make an epoch
    calm = run(tmp_path / "calm", Net(), **settings).history
    save = checkpoint.save

    def mortal(folder: Path, model: Any, state: Any, *rest: Any) -> None:
        if folder.name == "last" and state["batch"] == 0:
            raise KeyboardInterrupt
        save(folder, model, state, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save", mortal)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "killed", Net(), **settings)
    assert without_clock(run(tmp_path / "killed", Net(), **settings).history) == without_clock(calm)


def test_no_pickle_is_written_or_read(folder: Path) -> None:
    kinds = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert kinds == {".safetensors", ".json", ".jsonl", ""}  # the last is the lock


@pytest.mark.parametrize("content", [b"", b"not safetensors at all, but long enough to be read"])
def test_damaged_weights_are_told(folder: Path, content: bytes) -> None:
    (folder / "best" / "model.safetensors").write_bytes(content)
    with pytest.raises(StorageError, match="cannot be loaded") as error:
        run(folder, Net(), epochs=1)
    assert error.value.details["where"] == str(folder / "best" / "model.safetensors")


def test_damaged_state_is_told(folder: Path) -> None:
    (folder / "last" / "state.json").write_text("{")
    with pytest.raises(StorageError, match="cannot be read"):
        run(folder, Net(), epochs=1)


def test_weights_of_another_shape_are_told(folder: Path) -> None:
    other = Net()
    other.head = torch.nn.Linear(16, 2)
    with pytest.raises(StorageError, match="cannot be loaded"):
        checkpoint.load_weights(folder / "best", other)
