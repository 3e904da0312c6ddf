"""A multilingual sentence encoder: a public one, or a small one trained on parallel sentences.

A sentence and its translation are to find each other among the sentences of a batch (translation ranking, as
LaBSE: Feng et al., ACL 2022). Sentences that share words come out near each other: to RC3 this is how related
two texts are, to MLA a source of token vectors that know several languages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from recipes.lib.ahead import Parts
from recipes.lib.losses import paired_logits
from recipes.lib.models.oscar import initialise
from recipes.lib.models.rc3 import RC3Config, TextEncoder
from recipes.lib.ragged import Ragged
from recipes.lib.trainer import Settings, train
from vqa_builder.errors import MissingExtraError, SourceError

TEMPERATURE = 0.05


class SentenceEncoder(nn.Module):
    """A text encoder whose states are averaged: (B, T) pieces and mask -> (B, H) of length one."""

    def __init__(self, config: RC3Config, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.encoder = TextEncoder(config)
        initialise(self, generator)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, **_: Tensor) -> Tensor:
        """Sentence vectors."""
        weight = attention_mask[..., None].float()
        states = self.encoder(input_ids, attention_mask) * weight
        return functional.normalize(states.sum(1) / weight.sum(1), dim=-1)


class TranslationBatches(Parts):
    """Sentences and their translations: the first texts of a batch, then the second, padded together.

    Args:
        translations: rows of parallel sentences, each a list with one per language.
        tokenizer: of all languages.
        batch_size: sentence pairs per batch; the two languages of each are drawn.
        steps: batches per epoch.
        seed: of the draws.
    """

    def __init__(
        self, translations: Sequence[Sequence[str]], tokenizer: Any, *, batch_size: int, steps: int, seed: int
    ) -> None:
        self.rows, self.languages = len(translations), len(translations[0])
        texts = [text for row in translations for text in row]
        self.pieces = Ragged.of(tokenizer(texts)["input_ids"], np.int64)
        self.batch_size, self.steps, self.seed = min(batch_size, self.rows), steps, seed
        self.pad_id = tokenizer.pad_token_id

    def __len__(self) -> int:
        return self.steps

    def epoch(self, number: int, start: int = 0) -> Iterator[dict[str, Tensor]]:
        """The batches of an epoch from step ``start`` on."""
        for step in range(start, self.steps):
            chance = np.random.default_rng([self.seed, number, step])
            rows = chance.choice(self.rows, self.batch_size, replace=False) * self.languages
            first = chance.integers(self.languages, size=self.batch_size)
            second = (first + chance.integers(1, self.languages, size=self.batch_size)) % self.languages
            size = self.batch_size // self.world
            own = slice(size * self.rank, size * (self.rank + 1))
            texts = np.concatenate([(rows + first)[own], (rows + second)[own]])
            arrays = self.pieces.take(texts).padded(self.pad_id)
            yield {name: torch.from_numpy(array) for name, array in arrays.items()}


def ranking_loss(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Symmetric InfoNCE between the two halves of a batch."""
    first, second = model(**batch).float().chunk(2)
    forth, back, own = paired_logits(first, second)
    losses = (functional.cross_entropy(each / TEMPERATURE, own) for each in (forth, back))
    return {"loss": sum(losses) / 2, "ranked_first": (forth.argmax(1) == own).float().mean().detach()}


def trained_encoder(
    translations: Sequence[Sequence[str]],
    tokenizer: Any,
    folder: Path,
    *,
    shape: RC3Config,
    steps: int,
    batch_size: int = 128,
    lr: float = 2e-3,
    seed: int = 0,
) -> SentenceEncoder:
    """Train a small sentence encoder, or load the one that ``folder`` holds already.

    Args:
        translations: parallel sentences, one list per sentence with one text per language.
        tokenizer: of all languages.
        folder: of the trainer.
        shape: its text layers, and their width, which is that of the sentence vector.
        steps: batches.
        batch_size: sentence pairs per batch.
        lr: highest learning rate.
        seed: of weights and draws.
    """
    encoder = SentenceEncoder(shape, generator=torch.Generator().manual_seed(seed))
    batches = TranslationBatches(translations, tokenizer, batch_size=batch_size, steps=steps, seed=seed)
    settings = Settings(epochs=1, lr=lr, warmup=0.05, weight_decay=0.01, seed=seed)
    train(encoder, ranking_loss, batches, settings, folder, identity={"texts": batches.rows})
    return encoder


def embedded(
    encoder: SentenceEncoder, pieces: Ragged, pad_id: int, batch_size: int = 512
) -> NDArray[np.float32]:
    """(N, H) sentence vectors of length one."""
    encoder.eval()
    vectors = []
    with torch.inference_mode():
        for start in range(0, len(pieces.lengths), batch_size):
            rows = np.arange(start, min(start + batch_size, len(pieces.lengths)))
            arrays = pieces.take(rows).padded(pad_id)
            vectors.append(encoder(**{name: torch.from_numpy(each) for name, each in arrays.items()}).numpy())
    return np.concatenate(vectors)


def embedded_by(name: str, texts: Sequence[str]) -> NDArray[np.float32]:
    """(N, E) sentence vectors of length one, by a model of sentence-transformers.

    Args:
        name: such as ``sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2``, or a folder.
        texts: in any of its languages.

    Raises:
        MissingExtraError: the package is not installed.
        SourceError: there is no such model.
    """
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise MissingExtraError("Textual relevance", "sentence-transformers", "similarity") from error
    try:
        model = SentenceTransformer(name)
    except (OSError, ValueError, RuntimeError) as error:
        raise SourceError(
            "The model of textual relevance cannot be loaded",
            where=name,
            expected="world, or a model of sentence-transformers: a folder, or a name on the Hub",
            found=str(error).strip().split("\n")[0],
        ) from error
    vectors = model.encode(list(texts), normalize_embeddings=True, convert_to_numpy=True)
    return np.asarray(vectors, dtype=np.float32)
