"""The Oscar / OSCAR+ encoder: BERT over a question, object tags and image regions, in current PyTorch.

The sequence is ``[CLS] question [SEP] tags [SEP] | region 1 ... region R``. Text gets BERT's embeddings, a
region its visual features and six box values through one linear layer (regions carry no position and no
segment). The first position is pooled and classified into answers.

Source: Li et al., Oscar (2020) and Zhang et al., VinVL (2021); architecture as in the public code of
microsoft/Oscar. Reading published weights is the business of :mod:`recipes.lib.models.checkpoints`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from recipes.lib.models import saved
from recipes.lib.models.attention import attention
from vqa_builder.errors import SpecError


@dataclass(frozen=True)
class OscarConfig:
    """The shape of an Oscar model; the defaults are VinVL-base's, fine-tuned on VQA v2.

    Args:
        vocabulary: word pieces of the tokenizer.
        hidden: width of every layer, a multiple of ``heads``.
        intermediate: width of the feed-forward layers.
        positions: longest text in word pieces, ``position_offset`` included.
        types: segments (0 question, 1 tags).
        region_width: values per region, the six box values included.
        labels: answers.
        dropout: on embeddings, layer outputs and before the classifier; VQA fine-tuning uses 0.3.
        attention_dropout: on attention weights.
        classifier: one linear layer, or two with a ReLU between (``classifier_hidden`` wide).
        pad_id: the padding piece.
        position_offset: position of the first piece; RoBERTa and XLM-R count from ``pad_id + 1``.
        layer_norm_eps: of every layer norm.
        region_layer_norm: epsilon of a layer norm on projected regions, as OSCAR+ checkpoints may have; None
            for no such norm.
    """

    vocabulary: int
    hidden: int = 768
    layers: int = 12
    heads: int = 12
    intermediate: int = 3072
    positions: int = 512
    types: int = 2
    region_width: int = 2054
    labels: int = 3129
    dropout: float = 0.1
    attention_dropout: float = 0.1
    classifier: Literal["linear", "mlp"] = "linear"
    classifier_hidden: int = 1536
    pad_id: int = 0
    position_offset: int = 0
    layer_norm_eps: float = 1e-12
    region_layer_norm: float | None = None

    def __post_init__(self) -> None:
        if self.hidden % self.heads:
            raise SpecError(
                "The width of the model is no multiple of its attention heads",
                expected=f"a multiple of {self.heads}",
                found=f"hidden: {self.hidden}",
            )


class OscarOutput(NamedTuple):
    """What one forward pass gives.

    ``logits`` (B, labels); ``pooled`` (B, H) after tanh; ``hidden`` one (B, T + R, H) per layer, text first,
    or None when not asked for.
    """

    logits: Tensor
    pooled: Tensor
    hidden: list[Tensor] | None


class Layer(nn.Module):
    """One BERT layer: attention, then feed-forward, each with a residual and a layer norm after it."""

    def __init__(self, config: OscarConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.attention_dropout = config.attention_dropout
        self.query_key_value = nn.Linear(config.hidden, 3 * config.hidden)
        self.attention_output = nn.Linear(config.hidden, config.hidden)
        self.attention_norm = nn.LayerNorm(config.hidden, eps=config.layer_norm_eps)
        self.intermediate = nn.Linear(config.hidden, config.intermediate)
        self.output = nn.Linear(config.intermediate, config.hidden)
        self.output_norm = nn.LayerNorm(config.hidden, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, sequence: Tensor, mask: Tensor) -> Tensor:
        """(B, N, H) and a boolean mask (B, 1, 1, N) of the positions to look at -> (B, N, H)."""
        sequence = self.attention_norm(sequence + self.dropout(self.attend(sequence, mask)))
        widened = functional.gelu(self.intermediate(sequence))
        return self.output_norm(sequence + self.dropout(self.output(widened)))

    def attend(self, sequence: Tensor, mask: Tensor) -> Tensor:
        """Self-attention, its output layer included."""
        batch, length, hidden = sequence.shape
        projected = self.query_key_value(sequence).view(batch, length, 3, self.heads, -1)
        query, key, value = projected.permute(2, 0, 3, 1, 4).unbind(0)
        dropped = self.attention_dropout if self.training else 0.0
        attended = attention(query, key, value, attn_mask=mask, dropout_p=dropped)
        return self.attention_output(attended.transpose(1, 2).reshape(batch, length, hidden))


class Oscar(nn.Module):
    """The model.

    Args:
        config: its shape.
        generator: where the first weights come from; torch's own generator if None.

    In a recipe::

        model = Oscar(OscarConfig(vocabulary=30522), generator=torch.Generator().manual_seed(0))
        output = model(**batch)  # input_ids, attention_mask, token_type_ids, regions, region_mask
        output.logits.sigmoid().argmax(dim=-1)
    """

    def __init__(self, config: OscarConfig, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config = config
        self.words = nn.Embedding(config.vocabulary, config.hidden, padding_idx=config.pad_id)
        self.positions = nn.Embedding(config.positions, config.hidden)
        self.types = nn.Embedding(config.types, config.hidden)
        self.embedding_norm = nn.LayerNorm(config.hidden, eps=config.layer_norm_eps)
        self.regions = nn.Linear(config.region_width, config.hidden)
        self.region_norm = (
            nn.Identity()
            if config.region_layer_norm is None
            else nn.LayerNorm(config.hidden, eps=config.region_layer_norm)
        )
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.pooler = nn.Linear(config.hidden, config.hidden)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = _classifier(config)
        initialise(self, generator)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor,
        regions: Tensor | None = None,
        region_mask: Tensor | None = None,
        *,
        hidden_states: bool = False,
        **_: Tensor,
    ) -> OscarOutput:
        """Classify a batch.

        Args:
            input_ids: (B, T) word pieces, padded on the right.
            attention_mask: (B, T), zero or false where padded.
            token_type_ids: (B, T) segments.
            regions: (B, R, region_width), box values last; None for text alone.
            region_mask: (B, R) bool, false where padded; None where all are real.
            hidden_states: also return the states after each layer.
            **_: the rest of the batch (targets, index) is not the model's business.
        """
        sequence = self.embed_text(input_ids, token_type_ids)
        mask = attention_mask.bool()
        if regions is not None:
            sequence = torch.cat([sequence, self.embed_regions(regions)], dim=1)
            real = region_mask if region_mask is not None else regions.new_ones(regions.shape[:2])
            mask = torch.cat([mask, real.bool()], dim=1)
        hidden = self.encode(sequence, mask)
        pooled = self.pool(hidden[-1])
        return OscarOutput(self.classify(pooled), pooled, hidden if hidden_states else None)

    def embed_text(self, input_ids: Tensor, token_type_ids: Tensor) -> Tensor:
        """(B, T) pieces and segments -> (B, T, H)."""
        places = torch.arange(input_ids.shape[1], device=input_ids.device) + self.config.position_offset
        embedded = self.words(input_ids) + self.positions(places) + self.types(token_type_ids)
        return self.dropout(self.embedding_norm(embedded))

    def embed_regions(self, regions: Tensor) -> Tensor:
        """(B, R, region_width) -> (B, R, H)."""
        projected = self.regions(regions.to(self.regions.weight.dtype))
        return self.dropout(self.region_norm(projected))

    def encode(self, sequence: Tensor, mask: Tensor) -> list[Tensor]:
        """Embedded positions (B, N, H) and their mask (B, N) -> the states after each layer."""
        looked_at = mask[:, None, None, :]
        states = []
        for layer in self.layers:
            sequence = layer(sequence, looked_at)
            states.append(sequence)
        return states

    def pool(self, sequence: Tensor) -> Tensor:
        """The last states (B, N, H) -> (B, H), from the first position."""
        return torch.tanh(self.pooler(sequence[:, 0]))

    def classify(self, pooled: Tensor) -> Tensor:
        """(B, H) -> logits (B, labels)."""
        return self.classifier(self.dropout(pooled))

    def save(self, folder: Path) -> None:
        """Write ``config.json`` and ``model.safetensors``, each whole or not at all."""
        saved.save(self, folder, "oscar")

    @classmethod
    def load(cls, folder: Path) -> Oscar:
        """Read a model that :meth:`save` wrote.

        Raises:
            SourceError: the folder holds no Oscar model, or weights of another shape.
        """
        other = "for checkpoints of other projects use load_oscar_checkpoint or from_transformers"
        return saved.load(folder, "oscar", OscarConfig, cls, remedy=other)


def initialise(module: nn.Module, generator: torch.Generator | None = None) -> None:
    """BERT's first weights: normal(0, 0.02), biases and the padding piece zero, layer norms one."""
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Embedding):
            nn.init.normal_(part.weight, std=0.02, generator=generator)
        if isinstance(part, nn.Linear) and part.bias is not None:
            nn.init.zeros_(part.bias)
        if isinstance(part, nn.Embedding) and part.padding_idx is not None:
            with torch.no_grad():
                part.weight[part.padding_idx].zero_()


def _classifier(config: OscarConfig) -> nn.Module:
    if config.classifier == "linear":
        return nn.Linear(config.hidden, config.labels)
    return nn.Sequential(
        nn.Linear(config.hidden, config.classifier_hidden),
        nn.ReLU(),
        nn.Linear(config.classifier_hidden, config.labels),
    )
