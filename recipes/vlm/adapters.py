"""LoRA through peft, full fine-tuning, and what of a model is trained and kept.

Source: Hu et al., LoRA (ICLR 2022).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from pydantic import Field
from torch import Tensor, nn

from recipes.lib.config import Section
from vqa_builder.errors import SpecError, UnknownNameError
from vqa_builder.store import atomic_folder

if TYPE_CHECKING:
    from peft import PeftModel

INSTALL = "pip install -c constraints.txt -e '.[recipes]'"


class Lora(Section):
    """The shape of the adapters; the names are those of peft.

    Attributes:
        r: rank.
        lora_alpha: the update is scaled by ``lora_alpha / r``.
        lora_dropout: before the update.
        target_modules: a pattern of whole names, or names; the projections of the language model alone.
        modules_to_save: trained whole beside the adapters: ``[embed_tokens]`` where the base has not read the
            language, so that the vectors of its pieces are noise. Tied output vectors stay tied.
    """

    r: int = Field(16, ge=1)
    lora_alpha: int = Field(32, ge=1)
    lora_dropout: float = Field(0.05, ge=0, lt=1)
    target_modules: str | list[str] = r".*language_model.*\.(q|k|v|o|gate|up|down)_proj"
    modules_to_save: list[str] | None = None


class Trainable(nn.Module):
    """A model of which only the trained weights are kept: checkpoints of adapters are as small as they are.

    Its state is that of the parameters that require a gradient; the others come from the base.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, places: Tensor, **batch: Tensor) -> Tensor:
        """Logits (N, pieces) at some places (N,) of the flattened batch alone, as no others are learned from.

        What the last layer is given is cut down before it: over a vocabulary of 150,000 pieces logits take
        more memory than all layers together.
        """

        def chosen(_: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            return given[0].flatten(0, 1)[places], *given[1:]

        model: Any = self.model
        hook = model.get_output_embeddings().register_forward_pre_hook(chosen)
        try:
            logits: Tensor = model(**batch).logits
        finally:
            hook.remove()
        return logits

    def train(self, mode: bool = True) -> Trainable:
        """As any module; but parts of which nothing is trained stay as they answer."""
        super().train(mode)
        for part in self.model.modules():
            own = list(part.parameters())
            if own and not any(each.requires_grad for each in own):
                part.eval()
        return self

    def state_dict(self, *_: Any, **__: Any) -> dict[str, Tensor]:
        """Name -> tensor of what is trained."""
        return {name: value.detach() for name, value in self._trained()}

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """Fill what is trained.

        Raises:
            RuntimeError: the tensors are others.
        """
        own = dict(self._trained())
        if own.keys() != state_dict.keys():
            raise RuntimeError(f"other tensors: {sorted(own.keys() ^ state_dict.keys())[:5]}")
        with torch.no_grad():
            for name, value in own.items():
                value.copy_(state_dict[name])
        return torch.nn.modules.module._IncompatibleKeys([], [])

    def _trained(self) -> Iterator[tuple[str, nn.Parameter]]:
        seen: set[int] = set()
        for name, value in self.model.named_parameters():
            if value.requires_grad and id(value) not in seen:
                seen.add(id(value))
                yield name, value


def with_adapters(model: Any, lora: Lora, adapter: Path | None = None, *, seed: int = 0) -> PeftModel:
    """The model with new adapters, or with those of an earlier run to go on from.

    Args:
        model: of transformers.
        lora: the shape of new ones.
        adapter: folder of earlier ones.
        seed: of the first weights of new ones.

    Raises:
        SpecError: peft is not installed; the model has no such modules; the adapters belong to another base.
    """
    peft = _peft()
    if adapter is None:
        _check_modules(model, lora)
        shape = lora.model_dump() | {"ensure_weight_tying": bool(lora.modules_to_save)}
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return peft.get_peft_model(model, peft.LoraConfig(**shape, task_type="CAUSAL_LM"))
    check_base(adapter, model.name_or_path)
    return peft.PeftModel.from_pretrained(model, str(adapter), is_trainable=True)


def _check_modules(model: nn.Module, lora: Lora) -> None:
    """Refuse names of modules that the model has not: peft passes over some of them."""
    names = [name for name, _ in model.named_modules()]
    ends = {name.rpartition(".")[2] for name in names} - {""}
    layers = {name.rpartition(".")[2] for name, each in model.named_modules() if isinstance(each, nn.Linear)}
    wanted, known = lora.target_modules, lora.modules_to_save or []
    for key, given, there in (
        ("target_modules", [] if isinstance(wanted, str) else wanted, layers),
        ("modules_to_save", known, {each for each in ends if not each.isdecimal()}),
    ):
        for name in given:
            if not any(each == name or each.endswith(f".{name}") for each in names):
                raise UnknownNameError("module of the model", name, there, where=f"lora.{key}")
    if isinstance(wanted, str) and wanted != "all-linear" and not any(re.fullmatch(wanted, n) for n in names):
        raise SpecError(
            "No module of the model fits the pattern",
            where="lora.target_modules",
            expected=f"a pattern of whole names, or some of {', '.join(sorted(layers))}",
            found=wanted,
        )


def load_model(checkpoint: str, dtype: str, attention: str | None = None) -> tuple[Any, Any]:
    """A model and its processor.

    Args:
        checkpoint: a folder, or a name on the Hub.
        dtype: of the weights.
        attention: its implementation; the choice of transformers if not given.

    Raises:
        SpecError: there is none, or it takes no pictures.
    """
    from transformers import AutoModelForImageTextToText, AutoProcessor

    try:
        processor = AutoProcessor.from_pretrained(checkpoint)
        model = AutoModelForImageTextToText.from_pretrained(
            checkpoint, dtype=getattr(torch, dtype), attn_implementation=attention
        )
    except (OSError, ValueError, KeyError) as error:
        raise SpecError(
            "The model cannot be opened",
            where=checkpoint,
            expected="a model of transformers' AutoModelForImageTextToText, with its processor",
            found=error,
        ) from error
    return model, processor


def check_base(adapter: Path, checkpoint: str) -> None:
    """Refuse adapters of another model.

    Raises:
        SpecError: there are none, or they were trained on another base.
    """
    try:
        facts = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
        base = facts["base_model_name_or_path"]
    except (OSError, ValueError, KeyError) as error:
        raise SpecError("The folder holds no adapters", where=adapter, found=error) from error
    if base != checkpoint:
        raise SpecError(
            "The adapters belong to another model", where=adapter, expected=checkpoint, found=base
        )


def save(model: nn.Module, processor: Any, folder: Path, *, merged: bool = False) -> None:
    """Write adapters as peft does, or, merged or trained in full, a model as transformers does; whole or not.

    Args:
        model: as ``with_adapters`` gives it, or any model of transformers.
        processor: of the model; goes along.
        folder: made anew.
        merged: add the adapters to the weights, so that peft is not needed.
    """
    whole: Any = model.merge_and_unload() if merged and hasattr(model, "merge_and_unload") else model
    with atomic_folder(folder) as partial:
        whole.save_pretrained(partial)
        processor.save_pretrained(partial)


def _peft() -> Any:
    try:
        import peft
    except ImportError as error:
        raise SpecError("LoRA needs peft", found=error, remedy=INSTALL) from error
    return peft
