"""Multi-Lingual Acquisition: light acquirers that teach a frozen CLIP or SigLIP further languages.

English text and images go through the original modules and stay theirs to the bit. Text in another language
enters as multilingual token vectors, one linear layer takes them to the width of the frozen text tower, and
after every layer of that tower the *acquirer* of the language, a bottleneck with a residual, bends the result
towards what the tower would have made of the English sentence.

Source: Zhang, Hu, Jin, "Multi-Lingual Acquisition on Multimodal Pre-training for Cross-modal Retrieval"
(NeurIPS 2022, arXiv 2206.11091) and the authors' public code. Ours, not theirs: SigLIP, the zero-initialised
up-projection (the acquirer starts as the identity), the acquirer at the embedding, and the rule for languages
that come later (:meth:`MLA.add_language`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from recipes.lib.models.attention import attention
from recipes.lib.pretrained import pretrained
from vqa_builder.errors import SourceError, SpecError, UnknownNameError
from vqa_builder.store import atomic_folder, write_json

ENGLISH = "en"


@dataclass(frozen=True)
class MLAConfig:
    """What is added to the frozen model; the defaults are the paper's for CLIP ViT-B/32 and mBERT.

    Args:
        languages: the acquired languages; English is never one of them.
        vocabulary: pieces of the multilingual tokenizer.
        embedding_width: values per multilingual token vector.
        bottleneck: width of an acquirer; 0 for none, the text tower then reads the languages as it is.
        end_id: the piece at which the sentence vector is taken ([SEP]).
        at_embedding: an acquirer before the first layer too, so that a language added later, which may not
            touch the shared linear layer, can still turn its own token vectors.
        train_embeddings: whether the multilingual token vectors learn.
        train_linear: whether the linear layer after them learns.
        frozen: whether CLIP is. False is the baseline: full fine-tuning of everything.
    """

    languages: tuple[str, ...]
    vocabulary: int = 119_547
    embedding_width: int = 768
    bottleneck: int = 256
    end_id: int = 102
    at_embedding: bool = False
    train_embeddings: bool = True
    train_linear: bool = True
    frozen: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "languages", tuple(self.languages))
        if ENGLISH in self.languages:
            raise SpecError(
                "English cannot be acquired: it is the language of the frozen model",
                found=", ".join(self.languages),
                remedy="leave en out of the languages",
            )


class TextOutput(NamedTuple):
    """``feature`` (B, D), un-normalised; ``layers`` (B, L, H): the end token after each layer, or None."""

    feature: Tensor
    layers: Tensor | None


class Bottleneck(nn.Module):
    """``x + up(relu(down(x)))``; ``up`` starts at zero, so the module starts as the identity."""

    def __init__(self, width: int, bottleneck: int) -> None:
        super().__init__()
        self.down = nn.Linear(width, bottleneck)
        self.up = nn.Linear(bottleneck, width)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, hidden: Tensor) -> Tensor:
        """(..., width) -> (..., width)."""
        return hidden + self.up(functional.relu(self.down(hidden)))


class MLA(nn.Module):
    """A CLIP or SigLIP of transformers with acquirers for further languages.

    Args:
        clip: a ``CLIPModel`` or ``SiglipModel`` with its weights; it is frozen in place.
        config: what is added.
        embeddings: (vocabulary, embedding_width) token vectors of any multilingual checkpoint
            (:func:`token_vectors`); random when None.

    Raises:
        SpecError: a model of another architecture, or embeddings of another shape than the config says.

    In a recipe::

        clip = CLIPModel.from_pretrained("openai/clip-vit-base-patch32")
        model = MLA(clip, MLAConfig(languages=("ja", "hi")), token_vectors("bert-base-multilingual-cased"))
        model(**clip_tokenizer(["a red bus"], return_tensors="pt"), language="en").feature  # CLIP's own
        model(**mbert_tokenizer(["赤いバス"], return_tensors="pt"), language="ja").feature  # the acquirer's
    """

    def __init__(self, clip: nn.Module, config: MLAConfig, embeddings: Tensor | None = None) -> None:
        super().__init__()
        self.causal, self.width, self.layers = _text_tower(clip)
        self.config, self.clip = config, clip
        self.multilingual_embedding = nn.Embedding(config.vocabulary, config.embedding_width)
        nn.init.normal_(self.multilingual_embedding.weight, std=0.02)
        self.multilingual_embedding_linear = nn.Linear(config.embedding_width, self.width)
        self.acquirers = nn.ModuleDict({language: self._acquirer() for language in config.languages})
        if embeddings is not None:
            self._copy_embeddings(embeddings)
        self._freeze()
        self.train(self.training)

    def train(self, mode: bool = True) -> MLA:
        """As of any module, but a frozen CLIP always stays in evaluation mode."""
        super().train(mode)
        if self.config.frozen:
            self.clip.eval()
        return self

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, language: str, hidden_states: bool = False, **_: Any
    ) -> TextOutput:
        """Sentences of one language -> their features in the space of the images.

        Args:
            input_ids: (B, T) int64 padded on the right; CLIP's pieces for English, else the multilingual
                tokenizer's, each row with one end token.
            attention_mask: (B, T), 1 for pieces and 0 for padding.
            language: ``en`` takes the original module, any other its acquirer.
            hidden_states: also return the end token after each layer.

        Raises:
            UnknownNameError: a language that was never acquired.
        """
        if language == ENGLISH:
            return self.english(input_ids, attention_mask, hidden_states)
        if language not in self.acquirers:
            raise UnknownNameError("acquired language", language, [ENGLISH, *self.acquirers])
        return self._acquired(input_ids, attention_mask, self.acquirers[language], hidden_states)

    def english(self, input_ids: Tensor, attention_mask: Tensor, hidden_states: bool = False) -> TextOutput:
        """English sentences through the original module, untouched by all acquirers."""
        found = self.clip.get_text_features(
            input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=hidden_states
        )
        if isinstance(found, Tensor):  # transformers 4
            return TextOutput(found, None)
        if not hidden_states:
            return TextOutput(found.pooler_output, None)
        layers = torch.stack(found.hidden_states[1 : self.layers + 1], dim=1)
        ends = _english_ends(self.clip, input_ids)
        return TextOutput(found.pooler_output, layers[torch.arange(len(ends)), :, ends])

    def image(self, pixel_values: Tensor) -> Tensor:
        """(B, 3, S, S) pictures as the model's image processor makes them -> (B, D) features."""
        found = self.clip.get_image_features(pixel_values=pixel_values)
        return found if isinstance(found, Tensor) else found.pooler_output

    def add_language(self, language: str) -> list[nn.Parameter]:
        """Give the model one more language and freeze all that the others use.

        Everything shared (token vectors, linear layer) and every other acquirer stops learning, so the
        outputs of the languages acquired before stay the same to the bit whatever the new one is taught.

        Args:
            language: its name.

        Returns:
            The parameters to train: those of the new acquirer.

        Raises:
            SpecError: the language is there already, is English, or the model has no acquirers.
        """
        if language in self.acquirers or self.config.bottleneck == 0:
            raise SpecError(
                f"The language {language!r} cannot be added",
                expected="a new language and a bottleneck above 0",
                found=f"languages {', '.join(self.acquirers)}; bottleneck {self.config.bottleneck}",
            )
        added = replace(self.config, languages=(*self.config.languages, language))
        self.config = replace(added, train_embeddings=False, train_linear=False)
        self.requires_grad_(False)
        self.acquirers[language] = self._acquirer().to(self.multilingual_embedding.weight.device)
        return list(self.acquirers[language].parameters())

    def parameter_counts(self) -> dict[str, int]:
        """Parameters trained now, of the whole model (both towers, token vectors, acquirers), and the share.

        ``per_language`` is what one acquirer holds.
        """
        counted = list(self.parameters())
        acquirer = next(iter(self.acquirers.values()), nn.ModuleList())
        return {
            "trained": sum(weight.numel() for weight in counted if weight.requires_grad),
            "whole": sum(weight.numel() for weight in counted),
            "per_language": sum(weight.numel() for weight in acquirer.parameters()),
            "token_vectors": self.multilingual_embedding.weight.numel(),
        }

    def save(self, folder: Path) -> None:
        """Write what was added to CLIP, whole or not at all: ``mla.json`` and ``model.safetensors``."""
        kept = {name: weight for name, weight in self.state_dict().items() if not name.startswith("clip.")}
        with atomic_folder(folder) as partial:
            save_file(
                {name: weight.contiguous() for name, weight in kept.items()}, partial / "model.safetensors"
            )
            write_json(partial / "mla.json", asdict(self.config))

    @classmethod
    def load(cls, clip: nn.Module, folder: Path) -> MLA:
        """Put what :meth:`save` wrote on top of the same CLIP.

        Raises:
            SourceError: the folder holds no acquirers, or those of a text tower of another shape.
        """
        try:
            model = cls(clip, MLAConfig(**json.loads((folder / "mla.json").read_text(encoding="utf-8"))))
            left = model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise SourceError(
                "These acquirers cannot be loaded",
                where=folder,
                expected=f"mla.json and model.safetensors for a text tower of width {_text_tower(clip)[1]}",
                found=error,
            ) from None
        missing = [name for name in left.missing_keys if not name.startswith("clip.")]
        if missing or left.unexpected_keys:
            raise SourceError(
                "The weights are not those of this config",
                where=folder,
                found=f"missing {missing}, unexpected {left.unexpected_keys}",
            )
        return model

    def _acquired(
        self, input_ids: Tensor, attention_mask: Tensor, acquirer: nn.ModuleList, hidden_states: bool
    ) -> TextOutput:
        tower, rows = self.clip.text_model, torch.arange(len(input_ids), device=input_ids.device)
        ends = (input_ids == self.config.end_id).int().argmax(dim=1)
        hidden = self.multilingual_embedding_linear(self.multilingual_embedding(input_ids))
        hidden = hidden + tower.embeddings.position_embedding.weight[: input_ids.shape[1]]
        bends = list(acquirer)
        if self.config.at_embedding and bends:
            hidden = bends.pop(0)(hidden)
        # Padding stands on the right of the end token: a causal tower never lets it look there.
        mask = None if self.causal else attention_mask.bool()[:, None, None, :]
        kept = []
        for index, layer in enumerate(tower.encoder.layers):
            hidden = _run_layer(layer, hidden, mask, self.causal)
            hidden = bends[index](hidden) if bends else hidden
            if hidden_states:
                kept.append(hidden[rows, ends])
        pooled = tower.final_layer_norm(hidden[rows, ends])
        project = self.clip.text_projection if self.causal else tower.head
        return TextOutput(project(pooled), torch.stack(kept, dim=1) if kept else None)

    def _acquirer(self) -> nn.ModuleList:
        places = (self.layers + self.config.at_embedding) if self.config.bottleneck else 0
        return nn.ModuleList(Bottleneck(self.width, self.config.bottleneck) for _ in range(places))

    def _copy_embeddings(self, embeddings: Tensor) -> None:
        expected = tuple(self.multilingual_embedding.weight.shape)
        if tuple(embeddings.shape) != expected:
            raise SpecError(
                "The multilingual token vectors have another shape than the config says",
                expected=f"(vocabulary, embedding_width) = {expected}",
                found=tuple(embeddings.shape),
            )
        with torch.no_grad():
            self.multilingual_embedding.weight.copy_(embeddings)

    def _freeze(self) -> None:
        self.clip.requires_grad_(not self.config.frozen)
        self.multilingual_embedding.requires_grad_(self.config.train_embeddings)
        self.multilingual_embedding_linear.requires_grad_(self.config.train_linear)


def token_vectors(checkpoint: str | Path) -> Tensor:
    """The (vocabulary, width) input embeddings of any checkpoint that transformers' AutoModel opens."""
    from transformers import AutoModel

    return pretrained(AutoModel, checkpoint).get_input_embeddings().weight.detach().clone()


def _text_tower(clip: nn.Module) -> tuple[bool, int, int]:
    """Whether the text tower is causal, its width and its layers."""
    kind = getattr(getattr(clip, "config", None), "model_type", type(clip).__name__)
    if kind not in {"clip", "siglip", "siglip2"}:
        raise SpecError(
            "Acquirers fit CLIP and SigLIP models only",
            expected="a model of type clip, siglip or siglip2",
            found=kind,
        )
    text = clip.config.text_config
    return kind == "clip", text.hidden_size, text.num_hidden_layers


def _run_layer(layer: nn.Module, hidden: Tensor, mask: Tensor | None, causal: bool) -> Tensor:
    """One frozen pre-norm layer, from its parts: their names outlived every signature of the layer itself."""
    reading, normed = layer.self_attn, layer.layer_norm1(hidden)
    query, key, value = (
        project(normed).unflatten(-1, (reading.num_heads, -1)).transpose(1, 2)
        for project in (reading.q_proj, reading.k_proj, reading.v_proj)
    )
    mixed = attention(query, key, value, attn_mask=mask, is_causal=causal)
    hidden = hidden + reading.out_proj(mixed.transpose(1, 2).flatten(2))
    return hidden + layer.mlp(layer.layer_norm2(hidden))


def _english_ends(clip: nn.Module, input_ids: Tensor) -> Tensor:
    """Where the original module takes the sentence vector of each row."""
    if clip.config.model_type != "clip":
        return torch.full((len(input_ids),), input_ids.shape[1] - 1, device=input_ids.device)
    end = clip.config.text_config.eos_token_id
    # 2 stands in old configs for "the highest id", which was the end token of every CLIP of that time.
    return input_ids.argmax(dim=1) if end == 2 else (input_ids == end).int().argmax(dim=1)
