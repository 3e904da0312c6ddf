"""What a stage of MLA teaches: its loss, a weighted sum of terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.nn import functional

from recipes.lib.losses import symmetric_contrast
from recipes.lib.models.mla import TextOutput


@dataclass(frozen=True)
class Acquisition:
    """What one stage teaches: a weight per term, 0 for off. Callable as the trainer's step loss.

    Args:
        languages: names by the number that batches carry in ``language``.
        text_mse: stage 1, Native Language Transfer: the mean squared distance between the un-normalised
            feature of the acquirer and the frozen one of the English sentence.
        image_contrast: stage 2, Language Exposure.
        text_contrast: InfoNCE of a sentence and its English parallel.
        image_mse: MSE of a sentence and its image, un-normalised.
        layer_mse: MSE of the end token after every layer of the tower, beside the other terms. In the code
            of a derivative (DASD) it takes the place of the final feature's in the first epochs.
        scale: of both InfoNCE terms, 1 / temperature.

    A batch holds ``input_ids``, ``attention_mask``, ``language`` (one number), and by term ``english``
    (B, D), ``image`` (B, D) or ``pixel_values`` (B, 3, S, S), ``english_layers`` (B, L, H).

    Example, the paper's two stages::

        transfer = Acquisition(("ja", "hi"), text_mse=1.0)  # Native Language Transfer
        exposure = Acquisition(("ja", "hi"), image_contrast=1.0)  # Language Exposure
    """

    languages: tuple[str, ...]
    text_mse: float = 0.0
    image_contrast: float = 0.0
    text_contrast: float = 0.0
    image_mse: float = 0.0
    layer_mse: float = 0.0
    scale: float = 100.0

    def __call__(self, model: Any, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """The weighted sum as ``loss``, and each term that is on under its own name."""
        language = self.languages[int(batch["language"])]
        text = model(batch["input_ids"], batch["attention_mask"], language, hidden_states=self.layer_mse > 0)
        terms = {name: self._term(name, model, text, batch) for name in self.active()}
        return {"loss": sum(getattr(self, name) * value for name, value in terms.items()), **terms}

    def active(self) -> list[str]:
        """The terms that are on."""
        return [name for name in _TERMS if getattr(self, name)]

    def _term(self, name: str, model: Any, text: TextOutput, batch: dict[str, Tensor]) -> Tensor:
        if name == "text_mse":
            return functional.mse_loss(text.feature, batch["english"])
        if name == "text_contrast":
            return symmetric_contrast(batch["english"], text.feature, self.scale)
        if name == "layer_mse":
            return functional.mse_loss(text.layers, batch["english_layers"])
        image = (
            batch["image"]
            if "image" in batch
            else getattr(model, "module", model).image(batch["pixel_values"])
        )
        if name == "image_mse":
            return functional.mse_loss(text.feature, image.detach())
        return symmetric_contrast(image, text.feature, self.scale)


_TERMS = ("text_mse", "image_contrast", "text_contrast", "image_mse", "layer_mse")
