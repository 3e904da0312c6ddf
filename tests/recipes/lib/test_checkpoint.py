"""A checkpoint is there whole whatever happened, and damage is told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save, save_file

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
    real = checkpoint.save

    def mortal(folder: Path, model: Any, state: Any, *rest: Any) -> None:
        if folder.name == "last" and state["batch"] == 0:
            raise KeyboardInterrupt
        real(folder, model, state, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save", mortal)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "killed", Net(), **settings)
    assert without_clock(run(tmp_path / "killed", Net(), **settings).history) == without_clock(calm)


def test_no_pickle_is_written_or_read(folder: Path) -> None:
    kinds = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert kinds == {".safetensors", ".json", ".jsonl", ""}  # the last is the lock


def _changed(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


DAMAGE = {
    "empty": lambda _: b"",
    "none of ours": lambda _: b"not safetensors at all, but long enough to be read",
    "cut": lambda content: content[: len(content) // 2],
    "a bit": lambda content: content[:-7] + bytes([content[-7] ^ 1]) + content[-6:],
    "no tensors": lambda _: save({}),
    "other tensors": lambda _: save({"0.99.exp_avg": torch.zeros(2), "odd": torch.zeros(2)}),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("name", ["best/model", "last/model", "last/optimisers"])
def test_damaged_weights_are_told(folder: Path, name: str, damage: Callable[[bytes], bytes]) -> None:
    path = folder / f"{name}.safetensors"
    _changed(path, damage)
    with pytest.raises(StorageError, match="cannot be used") as error:
        run(folder, Net(), epochs=1)
    assert error.value.details["where"] == str(path)
    assert f"delete {path.parent}:" in error.value.details["do"]


def test_a_missing_file_is_told_and_without_the_folder_the_run_begins_anew(folder: Path) -> None:
    (folder / "last" / "optimisers.safetensors").unlink()
    with pytest.raises(StorageError, match="cannot be used"):
        run(folder, Net(), epochs=1)
    shutil.rmtree(folder / "last")
    assert run(folder, Net(), epochs=1).steps == 5


@pytest.mark.parametrize("content", ["{", "[1]", "null", '{"step": 3, "stap": 4}', '"x"'])
def test_damaged_state_is_told(folder: Path, content: str) -> None:
    (folder / "last" / "state.json").write_text(content)
    with pytest.raises(StorageError, match="cannot be used"):
        run(folder, Net(), epochs=1)


def test_a_damaged_log_is_told(folder: Path) -> None:
    _changed(folder / "log.jsonl", lambda content: b"{" + content)
    with pytest.raises(StorageError, match="cannot be used"):
        run(folder, Net(), epochs=1)


def test_weights_alone_are_taken(folder: Path) -> None:
    (folder / "best" / "state.json").unlink()
    checkpoint.load_weights(folder / "best", Net())


def test_a_checkpoint_without_sums_is_taken(folder: Path) -> None:
    for name in ("last", "best"):
        path = folder / name / "state.json"
        state = json.loads(path.read_text())
        path.write_text(json.dumps({name: value for name, value in state.items() if name != "crc32"}))
    assert run(folder, Net(), epochs=1).steps == 5


def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(tensors: Any, path: str) -> None:
        if (tmp_path / "other" / "last").exists():
            raise SafetensorError("I/O error: No space left on device (os error 28)")
        save_file(tensors, path)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save_file", full)
        with pytest.raises(StorageError, match="cannot be written"):
            run(tmp_path / "other", Net(), epochs=1)
    assert {path.name for path in (tmp_path / "other").iterdir()} == {
        *("settings.json", "log.jsonl", "lock", "last")
    }
    again = run(tmp_path / "other", Net(seed=9), epochs=1).history
    assert without_clock(again) == without_clock(checkpoint.read_log(folder))


def test_weights_of_another_shape_are_told(folder: Path) -> None:
    other = Net()
    other.head = torch.nn.Linear(16, 2)
    with pytest.raises(StorageError, match="cannot be used"):
        checkpoint.load_weights(folder / "best", other)
