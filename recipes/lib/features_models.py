"""The two models of an extraction, behind calls that know pictures and boxes alone."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from recipes.lib.pretrained import pretrained
from vqa_builder.errors import SourceError, SpecError

CROPS = 64
UNKNOWN_TAGS = ("n/a", "no-object", "__background__")

Found = tuple[NDArray[np.float32], list[str]]


class Detector:
    """A model of ``AutoModelForObjectDetection``.

    Args:
        name: on the hub, or a folder.
        device: where it works.

    Raises:
        SourceError: it cannot be loaded.
    """

    def __init__(self, name: str, device: str) -> None:
        from transformers import AutoModelForObjectDetection

        self.model = pretrained(AutoModelForObjectDetection, name).eval().to(device)
        self.processor = _processor(name)
        self.device = device
        names = self.model.config.id2label
        self.names = {int(number): str(names[number]).lower() for number in names}

    def prepare(self, pixels: list[NDArray[np.uint8]]) -> dict[str, Tensor]:
        """Pictures of one size -> the model's input."""
        return dict(self.processor(images=pixels, return_tensors="pt"))

    @torch.inference_mode()
    def find(
        self,
        inputs: dict[str, Tensor],
        size: tuple[int, int],
        count: int,
        most: int,
        least: int,
        threshold: float,
    ) -> list[Found]:
        """For every picture its boxes (R, 4) in pixels and their tags, surest first."""
        moved = {name: values.to(self.device) for name, values in inputs.items()}
        with _autocast(self.device):
            output = _told(lambda: self.model(**moved))
        for name in ("logits", "pred_boxes"):
            output[name] = output[name].float()
        results = self.processor.post_process_object_detection(
            output, threshold=0.0, target_sizes=[(size[1], size[0])] * count
        )
        return [self._best(result, size, most, least, threshold) for result in results]

    def _best(
        self, result: dict[str, Tensor], size: tuple[int, int], most: int, least: int, threshold: float
    ) -> Found:
        scores = result["scores"].cpu().numpy()
        boxes = np.clip(result["boxes"].float().cpu().numpy(), 0, np.array(size * 2, dtype=np.float32))
        order = np.argsort(-scores, kind="stable")
        order = order[((boxes[order, 2:] - boxes[order, :2]) >= 1).all(axis=1)]
        kept = order[: max(least, int((scores[order] >= threshold).sum()))][:most]
        tags = [self.names.get(number, "") for number in result["labels"].cpu().numpy()[kept].tolist()]
        return boxes[kept], ["" if tag in UNKNOWN_TAGS else tag for tag in tags]


class Vision:
    """CLIP's or SigLIP's vision tower, or another model with pooled output and patches.

    Args:
        name: on the hub, or a folder; of a two-tower model only the vision tower is kept.
        device: where it works.

    Raises:
        SourceError: it cannot be loaded, or does not see a fixed square.
    """

    def __init__(self, name: str, device: str) -> None:
        from transformers import AutoModel

        model = pretrained(AutoModel, name).eval().to(device)
        self.model = getattr(model, "vision_model", model)
        self.project = getattr(model, "visual_projection", torch.nn.Identity())
        seen = getattr(model.config, "vision_config", model.config)
        try:
            self.side, self.patches = (
                int(seen.image_size),
                (int(seen.image_size) // int(seen.patch_size)) ** 2,
            )
        except (AttributeError, TypeError) as error:
            raise SourceError(
                "The vision model has no fixed patch grid",
                where=name,
                expected="one with image_size and patch_size, such as CLIP, SigLIP, ViT, DINOv2",
                found=model.config.model_type,
            ) from error
        processor = _processor(name)
        self.device = device
        self.mean, self.deviation = (
            torch.tensor(values, device=device)[:, None, None] * 255
            for values in (processor.image_mean, processor.image_std)
        )

    @torch.inference_mode()
    def encode(
        self, pixels: NDArray[np.uint8], boxes: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """A picture (H, W, 3) and boxes (R, 4), the whole picture first -> (R, D) and (P, D2)."""
        picture = torch.tensor(pixels, device=self.device).permute(2, 0, 1).float()
        crops = torch.stack([self._crop(picture, box) for box in boxes])
        pooled, grids = [], []
        for part in crops.split(CROPS):
            with _autocast(self.device):
                output = _told(lambda part=part: self.model(pixel_values=part))
                vectors = self.project(output.pooler_output)
            pooled.append(vectors.float())
            grids.append(output.last_hidden_state[0, -self.patches :])
        return torch.cat(pooled).cpu().numpy(), grids[0].float().cpu().numpy()

    def _crop(self, picture: Tensor, box: NDArray[np.float32]) -> Tensor:
        """A box warped to the model's square, normalised."""
        left, top = np.floor(box[:2]).astype(int)
        right, bottom = np.maximum(np.ceil(box[2:]).astype(int), [left + 1, top + 1])
        cut = picture[None, :, top:bottom, left:right]
        warped = functional.interpolate(cut, (self.side, self.side), mode="bicubic", antialias=True)[0]
        return (warped.clamp(0, 255) - self.mean) / self.deviation


def windows(width: int, height: int) -> NDArray[np.float32]:
    """Boxes for pictures that no detector sees: halves overlapping by half, and a grid of quarters: (25, 4).

    >>> windows(100, 100)[0].tolist()
    [0.0, 0.0, 50.0, 50.0]
    """
    corners = []
    for parts, side in ((3, 0.5), (4, 0.25)):
        starts = np.linspace(0, 1 - side, parts)
        corners += [[x, y, x + side, y + side] for y in starts for x in starts]
    return np.array(corners, dtype=np.float32) * np.array([width, height] * 2, dtype=np.float32)


def _autocast(device: str) -> Any:
    return torch.autocast("cuda", dtype=torch.bfloat16) if device.startswith("cuda") else nullcontext()


def _told(work: Any) -> Any:
    try:
        return work()
    except torch.cuda.OutOfMemoryError as error:
        raise SpecError(
            "The accelerator's memory is full", remedy="a smaller --batch; finished shards are kept"
        ) from error


def _processor(name: str) -> Any:
    from transformers import AutoImageProcessor

    return pretrained(AutoImageProcessor, name)
