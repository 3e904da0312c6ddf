"""Published weights under this project's names: Oscar and VinVL checkpoints, and encoders of transformers.

Both name their tensors as BERT does; :data:`NAMES` says which of ours each one is. Query, key and value lie
in one matrix here. What has no place in the model is an error, the heads of pre-training apart.
"""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from recipes.lib.models.oscar import Oscar, OscarConfig
from vqa_builder.errors import MissingExtraError, SourceError

NAMES = {
    r"embeddings\.word_embeddings\.": "words.",
    r"embeddings\.position_embeddings\.": "positions.",
    r"embeddings\.token_type_embeddings\.": "types.",
    r"embeddings\.LayerNorm\.": "embedding_norm.",
    r"img_embedding\.": "regions.",
    r"LayerNorm\.": "region_norm.",
    r"encoder\.layer\.(\d+)\.attention\.self\.(query|key|value)\.": r"layers.\1.\2.",
    r"encoder\.layer\.(\d+)\.attention\.output\.dense\.": r"layers.\1.attention_output.",
    r"encoder\.layer\.(\d+)\.attention\.output\.LayerNorm\.": r"layers.\1.attention_norm.",
    r"encoder\.layer\.(\d+)\.intermediate\.dense\.": r"layers.\1.intermediate.",
    r"encoder\.layer\.(\d+)\.output\.dense\.": r"layers.\1.output.",
    r"encoder\.layer\.(\d+)\.output\.LayerNorm\.": r"layers.\1.output_norm.",
    r"pooler\.dense\.": "pooler.",
    r"classifier\.": "classifier.",
}
PREFIXES = re.compile(r"^(module\.)?(bert\.|roberta\.)?")
OLD_LAYER_NORM = {".gamma": ".weight", ".beta": ".bias"}
NOT_OURS = re.compile(r"^(cls|lm_head|seq_relationship)\.|position_ids$|token_type_ids$")
WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")
COUNTED_FROM_PAD = ("roberta", "xlm-roberta", "camembert")


@dataclass(frozen=True)
class Published:
    """Weights by the names of :class:`~recipes.lib.models.oscar.Oscar`, and what they say of its shape.

    Args:
        weights: float32 tensors.
        shape: fields of :class:`~recipes.lib.models.oscar.OscarConfig`.
        where: for messages.
    """

    weights: dict[str, Tensor]
    shape: dict[str, Any]
    where: str


def load_oscar_checkpoint(
    path: Path, *, new: Collection[str] = (), generator: torch.Generator | None = None, **changes: Any
) -> Oscar:
    """A model from a published Oscar or VinVL checkpoint, or one of the same names.

    Args:
        path: a folder with ``pytorch_model.bin`` or ``model.safetensors`` and ``config.json``, or one file of
            weights.
        new: parts to start afresh: "classifier" for other answers, "regions" for other features.
        generator: where the new parts come from.
        **changes: fields of :class:`OscarConfig` that shall differ (dropout, labels, region_width ...).

    Raises:
        SourceError: no such checkpoint, or it has another shape than asked for.

    In a recipe::

        teacher = load_oscar_checkpoint(Path("vinvl/vqa/base/best"), dropout=0.3)
        vg = load_oscar_checkpoint(Path("vinvl/vqa/base/best"), new=["classifier"], labels=3000)
    """
    return _filled(read_oscar(path), new, generator, changes)


def from_transformers(
    name_or_path: str,
    region_width: int,
    labels: int,
    *,
    generator: torch.Generator | None = None,
    **changes: Any,
) -> Oscar:
    """A model from a BERT-family encoder of transformers, with new regions and a new classifier.

    Args:
        name_or_path: mBERT, MuRIL, a Japanese BERT, XLM-R ... on the hub, or a folder.
        region_width: values per region.
        labels: answers.
        generator: where the new parts come from.
        **changes: further fields of :class:`OscarConfig` (dropout ...).

    Raises:
        SourceError: no such model, or it is not built like BERT.

    In a recipe::

        student = from_transformers("google-bert/bert-base-multilingual-uncased", 2054, 3129, dropout=0.3)
    """
    published = read_transformers(name_or_path)
    new = ["regions", "classifier", *([] if "pooler.weight" in published.weights else ["pooler"])]
    return _filled(published, new, generator, {**changes, "region_width": region_width, "labels": labels})


def read_oscar(path: Path) -> Published:
    """Read a checkpoint of microsoft/Oscar (or of VinVL, or cViL).

    Args:
        path: a folder with ``pytorch_model.bin`` or ``model.safetensors`` and perhaps ``config.json``; or one
            such file of weights.

    Raises:
        SourceError: it cannot be read, or holds tensors that the model has no place for.
    """
    file = _weights_file(Path(path))
    weights = rename(_read_weights(file), where=str(file))
    settings = _read_settings(file.with_name("config.json"))
    if settings.get("img_feature_type", "faster_r-cnn").startswith("dis_code"):
        raise SourceError("The checkpoint reads discrete image codes, not regions", where=file)
    shape = _shape(weights, settings, where=str(file))
    if "region_norm.weight" in weights:
        shape["region_layer_norm"] = settings.get("img_layer_norm_eps", 1e-12)
    return Published(weights, shape, str(file))


def read_transformers(name_or_path: str) -> Published:
    """Read a BERT-family encoder (BERT, MuRIL, Japanese BERT, RoBERTa, XLM-R) through transformers.

    A model with one segment gets a second one that starts equal to the first, so that tags can become
    different from the question.

    Raises:
        SourceError: there is no such model, or it is not built like BERT.
    """
    try:
        from transformers import AutoConfig, AutoModel
    except ImportError as error:
        raise MissingExtraError("reading encoders of transformers", "transformers", "recipes") from error
    try:
        config = AutoConfig.from_pretrained(name_or_path)
        model, loading = AutoModel.from_pretrained(
            name_or_path, config=config, dtype=torch.float32, output_loading_info=True
        )
    except (OSError, ValueError) as error:
        raise SourceError(
            "The encoder cannot be loaded",
            where=name_or_path,
            expected="a BERT-family model of transformers: a folder, or a name on the hub",
            found=str(error).strip().splitlines()[0],
        ) from error
    kept = {name: value for name, value in model.state_dict().items() if name not in loading["missing_keys"]}
    weights = rename(kept, where=name_or_path)
    shape = _shape(weights, config.to_dict(), where=name_or_path)
    if shape["types"] == 1:
        weights["types.weight"] = weights["types.weight"].repeat(2, 1)
        shape["types"] = 2
    if config.model_type in COUNTED_FROM_PAD:
        shape["position_offset"] = config.pad_token_id + 1
    return Published(weights, shape, name_or_path)


def rename(weights: dict[str, Tensor], *, where: str) -> dict[str, Tensor]:
    """Tensors under our names, query, key and value joined.

    Raises:
        SourceError: some have no place in the model.
    """
    ours: dict[str, Tensor] = {}
    strangers = []
    for name, value in weights.items():
        plain = PREFIXES.sub("", name)
        if NOT_OURS.search(plain):
            continue
        for old, new in OLD_LAYER_NORM.items():
            plain = plain.removesuffix(old) + new if plain.endswith(old) else plain
        target = _our_name(plain)
        if target is None:
            strangers.append(name)
        else:
            ours[target] = value.float()
    if strangers:
        raise SourceError(
            "The checkpoint is not built like BERT with regions",
            where=where,
            expected="tensors named bert.embeddings.*, bert.encoder.layer.N.*, bert.img_embedding.*, ...",
            found=f"{len(strangers)} others: {', '.join(strangers[:5])}",
        )
    return _joined(ours)


def _filled(
    published: Published, new: Collection[str], generator: torch.Generator | None, changes: dict[str, Any]
) -> Oscar:
    """A model of the published shape and weights, the new parts and changes apart."""
    model = Oscar(OscarConfig(**{**published.shape, **changes}), generator=generator)
    state = model.state_dict()
    taken = {name: value for name, value in published.weights.items() if name.partition(".")[0] not in new}
    wrong = [
        f"{name} {list(taken[name].shape) if name in taken else 'missing'}, not {list(value.shape)}"
        for name, value in state.items()
        if name.partition(".")[0] not in new and (name not in taken or taken[name].shape != value.shape)
    ]
    if wrong or set(taken) - set(state):
        raise SourceError(
            "The checkpoint has another shape than the model",
            where=published.where,
            found="; ".join([*wrong[:3], *sorted(set(taken) - set(state))[:3]]),
            remedy='parts of another shape can start afresh: new=["classifier"], new=["regions"]',
        )
    model.load_state_dict(taken, strict=False)
    return model


def _our_name(name: str) -> str | None:
    for pattern, ours in NAMES.items():
        if match := re.match(pattern, name):
            return match.expand(ours) + name[match.end() :]
    return None


def _joined(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    joined = {}
    for name, value in weights.items():
        if ".query." in name:
            parts = [weights.get(name.replace(".query.", f".{part}.")) for part in ("key", "value")]
            joined[name.replace(".query.", ".query_key_value.")] = torch.cat(
                [value, *(part for part in parts if part is not None)]
            )
        elif ".key." not in name and ".value." not in name:
            joined[name] = value
    return joined


def _shape(weights: dict[str, Tensor], settings: dict[str, Any], *, where: str) -> dict[str, Any]:
    """What tensors and settings say of the model's shape; tensors win."""
    try:
        vocabulary, hidden = weights["words.weight"].shape
        shape: dict[str, Any] = {
            "vocabulary": vocabulary,
            "hidden": hidden,
            "layers": len([name for name in weights if name.endswith(".query_key_value.weight")]),
            "heads": settings.get("num_attention_heads", hidden // 64),
            "intermediate": weights["layers.0.intermediate.weight"].shape[0],
            "positions": weights["positions.weight"].shape[0],
            "types": weights["types.weight"].shape[0],
        }
    except KeyError as error:
        raise SourceError(
            "The checkpoint lacks a part of the encoder", where=where, found=f"no {error}"
        ) from error
    if settings.get("hidden_act", "gelu") != "gelu":
        raise SourceError(
            "The encoder has another activation", expected="gelu", found=settings["hidden_act"], where=where
        )
    shape["layer_norm_eps"] = settings.get("layer_norm_eps", 1e-12)
    shape["pad_id"] = settings.get("pad_token_id") or 0
    if "regions.weight" in weights:
        shape["region_width"] = weights["regions.weight"].shape[1]
    if "classifier.weight" in weights:
        shape |= {"labels": weights["classifier.weight"].shape[0], "classifier": "linear"}
    elif "classifier.2.weight" in weights:
        labels, width = weights["classifier.2.weight"].shape
        shape |= {"labels": labels, "classifier": "mlp", "classifier_hidden": width}
    return shape


def _weights_file(path: Path) -> Path:
    candidates = [path / name for name in WEIGHT_FILES] if path.is_dir() else [path]
    for file in candidates:
        if file.is_file():
            return file
    raise SourceError(
        "There is no checkpoint",
        where=path,
        expected=f"a file of weights, or a folder with {' or '.join(WEIGHT_FILES)}",
    )


def _read_weights(file: Path) -> dict[str, Tensor]:
    try:
        if file.suffix == ".safetensors":
            loaded = load_file(file)
        else:
            loaded = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, SafetensorError) as error:
        raise SourceError(
            "The weights cannot be read",
            where=file,
            expected="safetensors, or a .bin of plain tensors (nothing else is ever unpickled)",
            found=str(error).strip().splitlines()[0],
        ) from error
    if not isinstance(loaded, dict) or not all(isinstance(value, Tensor) for value in loaded.values()):
        raise SourceError("The file holds no weights", where=file, expected="a dict of tensors")
    return loaded


def _read_settings(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        settings: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError("The configuration cannot be read", where=path, found=str(error)) from error
    return settings
