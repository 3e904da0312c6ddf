"""The frozen model of the recipe: a CLIP or SigLIP, and how its pictures are prepared."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer
from transformers.utils import cached_file

from recipes.lib.pair_batches import encode
from recipes.lib.pretrained import pretrained
from recipes.lib.retrieval import features
from vqa_builder.errors import SourceError

Pictures = NDArray[np.float16]
MIDDLE = [0.5, 0.5, 0.5]


@dataclass(frozen=True)
class Backbone:
    """A CLIP or SigLIP with its tokenizer, and how its pictures are prepared.

    Attributes:
        clip: in evaluation mode.
        tokenizer: of English.
        prepare: picture files -> (N, 3, S, S) float16.
        longest: word pieces of an English sentence.
        whole_length: pad every sentence to ``longest``, as SigLIP was trained.
    """

    clip: nn.Module
    tokenizer: Any
    prepare: Callable[[Sequence[Path]], Pictures]
    longest: int
    whole_length: bool

    def encode(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """English texts as ``recipes.lib.pair_batches.encode`` gives them."""
        ids, lengths = encode(texts, self.tokenizer, self.longest)
        if not self.whole_length:
            return ids, lengths
        filler = self.tokenizer.pad_token_id
        padded = np.pad(ids, ((0, 0), (0, self.longest - ids.shape[1])), constant_values=filler)
        return padded, np.full(len(ids), self.longest, dtype=np.int64)


def open_backbone(checkpoint: str | Path) -> Backbone:
    """A CLIP or SigLIP of transformers, by folder or by name on the Hub."""
    clip = pretrained(AutoModel, checkpoint).eval()
    clip.to("cuda" if torch.cuda.is_available() else "cpu")
    rules = json.loads(Path(cached_file(str(checkpoint), "preprocessor_config.json")).read_text("utf-8"))
    mean, std = rules.get("image_mean", MIDDLE), rules.get("image_std", MIDDLE)
    side, squash = clip.config.vision_config.image_size, not rules.get("do_center_crop", False)
    return Backbone(
        clip,
        pretrained(AutoTokenizer, checkpoint),
        lambda paths: pictures(paths, side, squash=squash, mean=mean, std=std),
        clip.config.text_config.max_position_embeddings,
        whole_length=clip.config.model_type != "clip",
    )


def pictures(
    paths: Sequence[Path],
    side: int,
    *,
    squash: bool,
    mean: Sequence[float] = MIDDLE,
    std: Sequence[float] = MIDDLE,
) -> Pictures:
    """Picture files -> (N, 3, side, side) float16, normalised per channel.

    Args:
        paths: anything that Pillow opens.
        side: of the square.
        squash: the whole picture made square (SigLIP); else its shorter side is fitted and the middle cut out
            (CLIP).
        mean, std: of red, green and blue, of values from 0 to 1.

    Raises:
        SourceError: a file is missing or is no picture.
    """
    made = np.empty((len(paths), 3, side, side), dtype=np.float16)
    shift, scale = (np.asarray(each, np.float32)[:, None, None] for each in (mean, std))
    for row, path in enumerate(paths):
        try:
            with Image.open(path) as image:
                square = _square(image.convert("RGB"), side, squash)
        except OSError as error:
            raise SourceError("This picture cannot be read", where=path, found=error) from None
        made[row] = (np.asarray(square, np.float32).transpose(2, 0, 1) / 255 - shift) / scale
    return made


def _square(image: Image.Image, side: int, squash: bool) -> Image.Image:
    if squash:
        return image.resize((side, side), Image.Resampling.BICUBIC)
    scale = side / min(image.size)
    width, height = (max(side, round(edge * scale)) for edge in image.size)
    left, upper = (width - side) // 2, (height - side) // 2
    resized = image.resize((width, height), Image.Resampling.BICUBIC)
    return resized.crop((left, upper, left + side, upper + side))


def image_features(backbone: Backbone, files: Sequence[Path]) -> NDArray[np.float32]:
    """(N, D) features of picture files by the image tower."""

    def encode(pixels: Tensor) -> Tensor:
        found = backbone.clip.get_image_features(pixel_values=pixels)
        return found if isinstance(found, Tensor) else found.pooler_output

    return features(encode, _batches(backbone, files))


def patch_states(backbone: Backbone, files: Sequence[Path]) -> NDArray[np.float16]:
    """(N, P, H), the last states of the image tower, for a head that looks closer."""

    def encode(pixels: Tensor) -> Tensor:
        states: Tensor = backbone.clip.vision_model(pixel_values=pixels).last_hidden_state
        return states

    return features(encode, _batches(backbone, files)).astype(np.float16)


def _batches(backbone: Backbone, files: Sequence[Path], size: int = 128) -> Iterator[Tensor]:
    device = next(backbone.clip.parameters()).device
    for start in range(0, len(files), size):
        yield torch.from_numpy(backbone.prepare(files[start : start + size]).astype(np.float32)).to(device)
