"""RC3's model: a multilingual text encoder, and a cross-modal encoder over text, regions **and** patches.

The text is read alone first, by a small BERT of this file or by any transformers encoder (XLM-R, mBERT). Its
states, the projected regions and the projected patches then form one sequence, told apart by type embeddings,
which the cross-modal layers read; the first position and the mean of the text are pooled into the vision-text
representation. Regions or patches may be absent, in pre-training and in fine-tuning. A sentence about two
images is fused with each alone (``RC3Classifier``).

Source: Zhou et al., RC3, Findings of ACL 2023. Only its abstract was at hand: which layers, heads and widths
the authors chose is not known here, so the shape below is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from recipes.lib.models import saved
from recipes.lib.models.oscar import Layer, OscarConfig, initialise
from recipes.lib.pretrained import pretrained
from vqa_builder.errors import SpecError

TEXT, REGION, PATCH = 0, 1, 2


@dataclass(frozen=True)
class RC3Config:
    """The shape of an RC3 model; the defaults sit on XLM-R base.

    Args:
        vocabulary: word pieces of the tokenizer.
        hidden: width of every layer, a multiple of ``heads``.
        text_layers: layers that see the text alone (of the small BERT; a transformers encoder has its own).
        cross_layers: layers that see text, regions and patches.
        intermediate: width of the feed-forward layers.
        positions: longest text in word pieces.
        region_width: values per region, the six box values included.
        patch_width: values per patch.
        patches: patches per image; each has a learned position.
        projection: width of the vectors that are contrasted.
        dropout: on embeddings and layer outputs; attention weights have none.
        pad_id: the padding piece.
        text_config: the configuration of a transformers encoder as a dict; None for the small BERT.
    """

    vocabulary: int
    hidden: int = 768
    text_layers: int = 12
    cross_layers: int = 6
    heads: int = 12
    intermediate: int = 3072
    positions: int = 512
    region_width: int = 2054
    patch_width: int = 768
    patches: int = 196
    projection: int = 256
    dropout: float = 0.1
    pad_id: int = 0
    text_config: dict[str, Any] | None = None

    def layer(self) -> OscarConfig:
        """The shape of one layer, in the terms of the BERT layer that Oscar uses too."""
        return OscarConfig(
            vocabulary=self.vocabulary,
            hidden=self.hidden,
            heads=self.heads,
            intermediate=self.intermediate,
            dropout=self.dropout,
            attention_dropout=0.0,
        )


class RC3Output(NamedTuple):
    """What one forward pass gives: ``pooled`` (B, H) and the last states of ``text`` (B, T, H), ``regions``
    (B, I x R, H) and ``patches`` (B, I x P, H); the last two are None where that input is absent."""

    pooled: Tensor
    text: Tensor
    regions: Tensor | None
    patches: Tensor | None


class PreNormLayer(Layer):
    """The BERT layer with its norms before attention and feed-forward: it bears high rates from the start."""

    def forward(self, sequence: Tensor, mask: Tensor) -> Tensor:
        """(B, N, H) and a boolean mask (B, 1, 1, N) of the positions to look at -> (B, N, H)."""
        sequence = sequence + self.dropout(self.attend(self.attention_norm(sequence), mask))
        widened = functional.gelu(self.intermediate(self.output_norm(sequence)))
        return sequence + self.dropout(self.output(widened))


class TextEncoder(nn.Module):
    """A small BERT: (B, T) word pieces and their mask -> (B, T, H)."""

    def __init__(self, config: RC3Config) -> None:
        super().__init__()
        self.words = nn.Embedding(config.vocabulary, config.hidden, padding_idx=config.pad_id)
        self.positions = nn.Embedding(config.positions, config.hidden)
        self.norm = nn.LayerNorm(config.hidden)
        self.dropout = nn.Dropout(config.dropout)
        self.layers = nn.ModuleList(PreNormLayer(config.layer()) for _ in range(config.text_layers))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """States of every piece after the last layer."""
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        states = self.dropout(self.norm(self.words(input_ids) + self.positions(places)))
        mask = attention_mask.bool()[:, None, None, :]
        for layer in self.layers:
            states = layer(states, mask)
        return states


class TransformersText(nn.Module):
    """Any encoder of transformers behind the same two arguments."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    @property
    def words(self) -> nn.Embedding:
        """The input embeddings, to which the word predictions are tied."""
        return self.model.get_input_embeddings()

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """States of every piece after the last layer."""
        return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


class RC3(nn.Module):
    """The model with the heads of its pre-training objectives.

    Args:
        config: its shape.
        text: a transformers encoder to start from, of width ``config.hidden``; made from the config if None.
        generator: where the first weights come from; torch's own generator if None.

    In a recipe::

        model = RC3(RC3Config(vocabulary=4000, hidden=96, heads=4, text_layers=1, cross_layers=2))
        output = model(**batch)  # input_ids, attention_mask; regions, region_mask and/or patches
        output.pooled, model.match(output.pooled)
    """

    def __init__(
        self, config: RC3Config, text: nn.Module | None = None, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.config = config
        self.text = TextEncoder(config) if config.text_config is None else _wrap(config, text)
        self.types = nn.Embedding(3, config.hidden)
        self.region_projection = nn.Linear(config.region_width, config.hidden)
        self.region_norm = nn.LayerNorm(config.hidden)
        self.patch_projection = nn.Linear(config.patch_width, config.hidden)
        self.patch_positions = nn.Embedding(config.patches, config.hidden)
        self.patch_norm = nn.LayerNorm(config.hidden)
        self.text_norm = nn.LayerNorm(config.hidden)
        self.dropout = nn.Dropout(config.dropout)
        self.layers = nn.ModuleList(PreNormLayer(config.layer()) for _ in range(config.cross_layers))
        self.final_norm = nn.LayerNorm(config.hidden)
        self.pooler = nn.Linear(2 * config.hidden, config.hidden)
        self.word_transform = nn.Linear(config.hidden, config.hidden)
        self.word_norm = nn.LayerNorm(config.hidden)
        self.word_bias = nn.Parameter(torch.zeros(config.vocabulary))
        self.region_head = nn.Linear(config.hidden, config.region_width)
        self.patch_head = nn.Linear(config.hidden, config.patch_width)
        self.match_head = nn.Linear(config.hidden, 1)
        self.projection = nn.Linear(config.hidden, config.projection)
        for name, part in self.named_children():
            if name != "text" or config.text_config is None:
                initialise(part, generator)
        if config.text_config is None:
            _widen(self, generator)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        regions: Tensor | None = None,
        region_mask: Tensor | None = None,
        patches: Tensor | None = None,
        **_: Tensor,
    ) -> RC3Output:
        """Fuse each text with its image.

        Args:
            input_ids: (B, T) word pieces, padded on the right.
            attention_mask: (B, T), zero or false where padded.
            regions: (B, R, region_width); None for none.
            region_mask: bool like ``regions`` without its last axis; None where all are real.
            patches: (B, P, patch_width); None for none.
            **_: the rest of the batch is not the model's business.
        """
        states = self.text(input_ids, attention_mask)
        return self.fuse(states, attention_mask, regions, region_mask, patches)

    def fuse(
        self,
        text: Tensor,
        attention_mask: Tensor,
        regions: Tensor | None = None,
        region_mask: Tensor | None = None,
        patches: Tensor | None = None,
    ) -> RC3Output:
        """The cross-modal half alone, for texts (B, T, H) that were encoded before."""
        parts = [self.dropout(self.text_norm(text + self.types.weight[TEXT]))]
        masks = [attention_mask.bool()]
        if regions is not None:
            parts.append(self.embed_regions(regions))
            masks.append(_mask_of(regions, region_mask))
        if patches is not None:
            parts.append(self.embed_patches(patches))
            masks.append(_mask_of(patches, None))
        sequence, looked_at = torch.cat(parts, dim=1), torch.cat(masks, dim=1)[:, None, None, :]
        for layer in self.layers:
            sequence = layer(sequence, looked_at)
        sequence = self.final_norm(sequence)
        pieces = list(sequence.split([part.shape[1] for part in parts], dim=1))
        return RC3Output(
            pooled=self.pool(pieces[0], attention_mask),
            text=pieces[0],
            regions=pieces[1] if regions is not None else None,
            patches=pieces[-1] if patches is not None else None,
        )

    def pool(self, text: Tensor, attention_mask: Tensor) -> Tensor:
        """The last states of the text (B, T, H) and its mask -> (B, H), from the first and from the mean."""
        weight = attention_mask[..., None].to(text.dtype)
        mean = (text * weight).sum(1) / weight.sum(1)
        return torch.tanh(self.pooler(torch.cat([text[:, 0], mean], dim=1)))

    def embed_regions(self, regions: Tensor) -> Tensor:
        """(B, R, D) -> (B, R, H)."""
        seen = regions.to(self.region_projection.weight.dtype)
        embedded = self.region_projection(seen) + self.types.weight[REGION]
        return self.dropout(self.region_norm(embedded))

    def embed_patches(self, patches: Tensor) -> Tensor:
        """(B, P, D2) -> (B, P, H)."""
        count = patches.shape[-2]
        if count > self.config.patches:
            raise SpecError(
                "The images have more patches than the model has positions",
                expected=f"at most {self.config.patches}",
                found=count,
                remedy="set `patches` of the model to those of the feature store",
            )
        embedded = self.patch_projection(patches) + self.patch_positions.weight[:count]
        return self.dropout(self.patch_norm(embedded + self.types.weight[PATCH]))

    def predict_words(self, text: Tensor) -> Tensor:
        """(..., H) -> logits over word pieces (..., vocabulary), tied to the input embeddings."""
        transformed = self.word_norm(functional.gelu(self.word_transform(text)))
        return functional.linear(transformed, self.text.words.weight, self.word_bias)

    def match(self, pooled: Tensor) -> Tensor:
        """(B, H) -> (B,) logits: positive where text and image belong together."""
        return self.match_head(pooled).squeeze(-1)

    def contrast(self, pooled: Tensor) -> Tensor:
        """(B, H) -> (B, projection) of length one, the vectors of the contrastive objectives."""
        return functional.normalize(self.projection(pooled), dim=-1)

    def save(self, folder: Path) -> None:
        """Write ``config.json`` and ``model.safetensors``, each whole or not at all."""
        saved.save(self, folder, "rc3")

    @classmethod
    def load(cls, folder: Path) -> RC3:
        """Read a model that :meth:`save` wrote.

        Raises:
            SourceError: the folder holds no RC3 model, or weights of another shape.
        """
        return saved.load(folder, "rc3", RC3Config, cls)


class RC3Classifier(nn.Module):
    """RC3 under a head of two layers: (B, labels) logits for a text about one image or several.

    Of several images each is fused with the text alone, and the head reads their representations side by
    side, as IGLUE does for NLVR2 and MaRVL: pre-training has taught what one image says about a text.

    Args:
        body: a (pre-trained) model; trained along.
        labels: classes.
        images: of a text.
        generator: where the first weights of the head come from.
    """

    def __init__(
        self, body: RC3, labels: int, *, images: int = 1, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        hidden = body.config.hidden
        self.body, self.images = body, images
        self.head = nn.Sequential(
            nn.Linear(images * hidden, 2 * hidden),
            nn.GELU(),
            nn.LayerNorm(2 * hidden),
            nn.Linear(2 * hidden, labels),
        )
        initialise(self.head, generator)

    def forward(self, **batch: Tensor) -> Tensor:
        """The batch of :class:`RC3` -> (B, labels) logits."""
        if self.images == 1:
            return self.head(self.body(**batch).pooled)
        mask = batch["attention_mask"]
        text = self.body.text(batch["input_ids"], mask)
        features = {name: batch[name] for name in ("regions", "region_mask", "patches") if name in batch}
        pooled = [
            self.body.fuse(text, mask, **{name: each[:, place] for name, each in features.items()}).pooled
            for place in range(self.images)
        ]
        return self.head(torch.cat(pooled, dim=1))


def from_transformers(
    name_or_path: str, *, region_width: int, patch_width: int, patches: int, **shape: Any
) -> RC3:
    """An RC3 model whose text encoder starts from a checkpoint, such as ``FacebookAI/xlm-roberta-base``.

    Args:
        name_or_path: an encoder on the hub or on disk.
        region_width: values per region, box values included.
        patch_width: values per patch.
        patches: patches per image.
        **shape: further fields of :class:`RC3Config`, such as ``cross_layers``.
    """
    from transformers import AutoModel

    text = pretrained(AutoModel, name_or_path)
    read = text.config
    defaults = {"heads": read.num_attention_heads, "intermediate": read.intermediate_size}
    config = RC3Config(
        vocabulary=read.vocab_size,
        hidden=read.hidden_size,
        text_layers=read.num_hidden_layers,
        region_width=region_width,
        patch_width=patch_width,
        patches=patches,
        pad_id=read.pad_token_id or 0,
        text_config=read.to_dict(),
        **{**defaults, **shape},
    )
    return RC3(config, text)


def _widen(model: nn.Module, generator: torch.Generator | None) -> None:
    """BERT's 0.02 suits wide layers read for millions of steps; narrow ones start from 1 / sqrt(inputs)."""
    for part in model.modules():
        if isinstance(part, nn.Linear):
            nn.init.normal_(part.weight, std=part.in_features**-0.5, generator=generator)


def _wrap(config: RC3Config, text: nn.Module | None) -> TransformersText:
    from transformers import AutoConfig, AutoModel

    if text is None:
        described = dict(config.text_config or {})
        text = AutoModel.from_config(AutoConfig.for_model(described.pop("model_type"), **described))
    return TransformersText(text)


def _mask_of(features: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        mask = torch.ones(features.shape[:-1], dtype=torch.bool, device=features.device)
    return mask.bool()
