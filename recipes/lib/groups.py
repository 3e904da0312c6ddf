"""Which weights are trained, at what rate, and which of them decay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import nn

from recipes.lib.settings import Settings
from vqa_builder.errors import SpecError


@contextmanager
def only(
    model: nn.Module, parameters: Iterable[Any] | None, settings: Settings
) -> Iterator[list[dict[str, Any]]]:
    """The optimiser's groups, matrices apart from vectors; all other weights are frozen meanwhile."""
    given = list(model.parameters() if parameters is None else parameters)
    groups: list[Mapping[str, Any]] = [{"params": given}]
    if given and isinstance(given[0], Mapping):
        groups = given
    split: list[dict[str, Any]] = []
    for group in groups:
        weights = [each for each in group["params"] if each.requires_grad]
        rate = group.get("lr", settings.lr)
        for decay, some in (
            (settings.weight_decay, [each for each in weights if each.dim() > 1]),
            (0.0, [each for each in weights if each.dim() <= 1]),
        ):
            split += [{"params": some, "lr": rate, "highest": rate, "weight_decay": decay}] if some else []
    if not split:
        raise SpecError(
            "There is nothing to train", expected="parameters that require a gradient", found="none"
        )
    trained = {id(each) for group in split for each in group["params"]}
    frozen = [each for each in model.parameters() if each.requires_grad and id(each) not in trained]
    for each in frozen:
        each.requires_grad_(False)
    try:
        yield split
    finally:
        for each in frozen:
            each.requires_grad_(True)
