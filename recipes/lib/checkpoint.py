"""Checkpoints: safetensors and JSON, whole or not at all, and the proof that a folder is of this run."""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from filelock import FileLock, Timeout
from safetensors import SafetensorError
from safetensors.torch import load_file, load_model, save_file, save_model
from torch import Tensor, nn
from torch.optim import Optimizer

from recipes.lib.fsdp import gathered, part_of
from vqa_builder.errors import SpecError, StorageError
from vqa_builder.store import atomic_folder, remove, write_json, write_text

WEIGHTS, OPTIMISERS, STATE, LOG = "model.safetensors", "optimisers.safetensors", "state.json", "log.jsonl"
SUMS = "crc32"
DAMAGE = (AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError, SafetensorError)
FREE_TO_CHANGE = (
    "log_every",
    "save_every",
    "tensorboard",
    "progress",
    "peak_tflops",
    "checkpointing",
    "fsdp",
)


@dataclass
class Place:
    """Where a run is: all of its state that is not a tensor."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    samples: int = 0
    seconds: float = 0.0
    best: dict[str, Any] | None = None
    waited: int = 0
    stopped: str = ""
    sums: dict[str, list[float]] = field(default_factory=dict)
    scaler: dict[str, Any] = field(default_factory=dict)
    processes: int = 0


def claim(
    folder: Path,
    model: nn.Module,
    batches: Any,
    settings: Mapping[str, Any],
    identity: Mapping[str, Any] | None,
) -> None:
    """Write what makes a run this run into its folder, or compare it with what is there.

    Raises:
        SpecError: the folder holds another run; names the fields that differ.
    """
    run = {
        "settings": {name: value for name, value in settings.items() if name not in FREE_TO_CHANGE},
        "batches": {"per epoch": len(batches), **getattr(batches, "identity", {})},
        "identity": dict(identity or {}),
        "model": {name: list(value.shape) for name, value in model.state_dict().items()},
    }
    run = json.loads(json.dumps(run, default=str, sort_keys=True))
    path = folder / "settings.json"
    if not path.exists():
        write_json(path, run)
        return
    there = _read_json(path)
    differences = [
        f"{section} {name}: {_named(there, section, name)} there, {_named(run, section, name)} now"
        for section in run
        for name in dict.fromkeys([*there.get(section, {}), *run[section]])
        if _named(there, section, name) != _named(run, section, name)
    ]
    if differences:
        more = f"; and {len(differences) - 8} more" if len(differences) > 8 else ""
        raise SpecError(
            "The folder holds another run",
            where=path,
            expected="the settings, batches, identity and model that it was begun with",
            found="; ".join(differences[:8]) + more,
            remedy="name another folder, or delete this one to begin anew",
        )


@contextmanager
def locked(folder: Path, accelerator: Accelerator) -> Iterator[None]:
    """Keep the folder for this run alone; what a run left that was killed while it saved is put right.

    Raises:
        StorageError: another process trains here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock")
    if accelerator.is_main_process:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            remedy = "wait for it, or name another folder"
            raise StorageError("Another process trains in this folder", where=folder, remedy=remedy) from None
        for name in ("last", "best"):
            recover(folder / name)
    accelerator.wait_for_everyone()
    try:
        yield
    finally:
        lock.release()


def save(
    folder: Path,
    model: nn.Module,
    state: Mapping[str, Any],
    accelerator: Accelerator,
    optimisers: Sequence[Optimizer] = (),
    average: Sequence[Tensor] = (),
) -> None:
    """Write one checkpoint in the place of the one before; the first process does it, the others wait."""
    tensors = _tensors(optimisers, average, keep=accelerator.is_main_process)
    if accelerator.is_main_process:
        try:
            with atomic_folder(folder) as partial:
                save_model(model, str(partial / WEIGHTS))
                if optimisers:
                    save_file(tensors, str(partial / OPTIMISERS))
                sums = {file.name: _sum(file) for file in sorted(partial.iterdir())}
                (partial / STATE).write_text(json.dumps({**state, SUMS: sums}, indent=2), encoding="utf-8")
        except (OSError, SafetensorError) as error:
            remedy = "make room; the same command then goes on from the checkpoint before"
            raise StorageError(
                "The checkpoint cannot be written", where=folder, found=error, remedy=remedy
            ) from error
    accelerator.wait_for_everyone()


def count_processes(place: Place, now: int, folder: Path) -> None:
    """Note how many processes train, and say where that is another number than before.

    Batches, rate and data stay what they are; what every process draws for itself, as dropout, does not.
    """
    if place.step and place.processes not in (0, now):
        print(
            f"{folder} was trained by {place.processes} processes up to step {place.step}, and goes on with"
            f" {now}: the batches are the same, but dropout is not what it would have been",
            file=sys.stderr,
        )
    place.processes = now


def load(folder: Path, model: nn.Module, optimisers: Sequence[Optimizer], average: Sequence[Tensor]) -> Place:
    """Bring model, optimisers and average to where a checkpoint left them; the start without one.

    Raises:
        StorageError: a file of it is damaged, missing, or another run's.
    """
    if not (folder / STATE).exists():
        return Place()
    load_weights(folder, model)
    state = {name: value for name, value in _read_json(folder / STATE).items() if name != SUMS}
    try:
        _fill(_whole(folder / OPTIMISERS), optimisers, average)
        return Place(**state)
    except DAMAGE as error:
        raise _unusable(folder / OPTIMISERS, error) from error


def _fill(path: Path, optimisers: Sequence[Optimizer], average: Sequence[Tensor]) -> None:
    slots: list[dict[int, dict[str, Tensor]]] = [{} for _ in optimisers]
    weights = [[each for group in own.param_groups for each in group["params"]] for own in optimisers]
    for name, value in load_file(str(path)).items():
        which, number, key = name.split(".")
        if which == "average":
            average[int(number)].copy_(part_of(value, average[int(number)]))
        else:
            weight = weights[int(which)][int(number)]
            slots[int(which)].setdefault(int(number), {})[key] = part_of(value, weight).clone()
    for optimiser, own in zip(optimisers, slots, strict=True):
        optimiser.load_state_dict({"state": own, "param_groups": optimiser.state_dict()["param_groups"]})


def load_weights(folder: Path, model: nn.Module) -> None:
    """Load ``model.safetensors`` of a checkpoint.

    Raises:
        StorageError: the file is damaged or missing.
    """
    try:
        load_model(model, str(_whole(folder / WEIGHTS)))
    except DAMAGE as error:
        raise _unusable(folder / WEIGHTS, error) from error


def recover(folder: Path) -> None:
    """Undo what a process that was killed while it wrote this checkpoint left behind."""
    for aside in folder.parent.glob(f".{folder.name}.*.replaced"):
        if not folder.exists():
            aside.replace(folder)
        remove(aside)
    for partial in folder.parent.glob(f".{folder.name}.*.partial"):
        remove(partial)


def read_log(folder: Path) -> list[dict[str, Any]]:
    """The lines of ``log.jsonl``; a line that a killed process left unfinished is no line."""
    path = folder / LOG
    try:
        lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
        return [json.loads(line) for line in lines]
    except ValueError as error:
        raise _unusable(path, error) from error


def cut_log(folder: Path, place: Place) -> None:
    """Take what a killed run logged after its last checkpoint out of ``log.jsonl``.

    A step that ends an epoch may be saved before its means are written and before its validation, too.
    """

    def is_older(record: Mapping[str, Any]) -> bool:
        if record["step"] != place.step:
            return bool(record["step"] < place.step)
        return bool(record["epoch"] <= place.epoch) if "validation" in record else not place.sums

    lines = [json.dumps(record) + "\n" for record in read_log(folder) if is_older(record)]
    write_text(folder / LOG, "".join(lines))


def _tensors(optimisers: Sequence[Optimizer], average: Sequence[Tensor], *, keep: bool) -> dict[str, Tensor]:
    """Whole ones; all processes give their parts, and those keep them that are told to."""
    tensors = {
        f"{which}.{number}.{key}": value
        for which, optimiser in enumerate(optimisers)
        for number, slot in optimiser.state_dict()["state"].items()
        for key, value in slot.items()
    }
    averages = {f"average.{number}.mean": value for number, value in enumerate(average)}
    whole = ((name, gathered(value)) for name, value in (tensors | averages).items())
    return {name: value.cpu().contiguous() for name, value in whole if keep}


def _named(run: Mapping[str, Any], section: str, name: str) -> Any:
    return run.get(section, {}).get(name, "none")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_bytes()))
    except DAMAGE as error:
        raise _unusable(path, error) from error


def _whole(path: Path) -> Path:
    """The path of a file that is what was written; earlier checkpoints have no sums to compare with."""
    state = path.with_name(STATE)
    wanted = _read_json(state).get(SUMS, {}).get(path.name) if state.exists() else None
    if wanted not in (None, found := _sum(path)):
        raise ValueError(f"the sum of its bytes is {found}, not {wanted}")
    return path


def _sum(path: Path) -> str:
    """A check against damage, not against intent: SHA-256 of large models would take longer than writing."""
    total = 0
    with path.open("rb") as file:
        while part := file.read(1 << 24):
            total = zlib.crc32(part, total)
    return f"{total:08x}"


def _unusable(path: Path, error: Exception) -> StorageError:
    remedy = f"if it is damaged, delete {path.parent}: what needs it is then computed anew"
    expected = "what a run of this model wrote there, unchanged"
    return StorageError(
        "The file of a training run cannot be used", where=path, expected=expected, found=error, remedy=remedy
    )
