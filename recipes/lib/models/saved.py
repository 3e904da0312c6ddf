"""A model in a folder: ``config.json`` and ``model.safetensors``, each written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from vqa_builder.errors import SourceError
from vqa_builder.store import atomic_file, write_json

M = TypeVar("M", bound=nn.Module)


def save(model: nn.Module, folder: Path, architecture: str) -> None:
    """Write a model whose ``config`` is a dataclass.

    Args:
        model: with ``config``.
        folder: made if missing.
        architecture: what :func:`load` is to find, such as ``oscar``.
    """
    with atomic_file(Path(folder) / "model.safetensors") as partial:
        save_file({name: value.contiguous() for name, value in model.state_dict().items()}, partial)
    write_json(Path(folder) / "config.json", {"architecture": architecture, **asdict(model.config)})


def load(folder: Path, architecture: str, config: type, make: Callable[[Any], M], *, remedy: str = "") -> M:
    """Read a model that :func:`save` wrote.

    Args:
        folder: of the model.
        architecture: as it was saved.
        config: its dataclass.
        make: configuration -> model.
        remedy: what to do about a folder of another kind.

    Raises:
        SourceError: the folder holds no model, one of another architecture, or weights of another shape.
    """
    model = make(_read_config(Path(folder) / "config.json", architecture, config, remedy))
    weights = Path(folder) / "model.safetensors"
    try:
        model.load_state_dict(load_file(weights))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise SourceError(
            "The weights do not belong to this configuration",
            where=weights,
            found=str(error).strip().splitlines()[-1].strip(),
        ) from error
    return model


def _read_config(path: Path, architecture: str, config: type, remedy: str) -> Any:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError("The folder holds no model", where=path, found=str(error)) from error
    known = {field.name for field in fields(config)}
    found = values.pop("architecture", None) if isinstance(values, dict) else None
    if found != architecture or set(values) - known:
        raise SourceError(
            "The configuration is of another model",
            where=path,
            expected=f'a config.json of the architecture "{architecture}"',
            found=found,
            remedy=remedy or None,
        )
    return config(**values)
