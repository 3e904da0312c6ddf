"""The settings of the recipe, as its YAML files hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from recipes.lib import settings
from recipes.lib.config import Section
from recipes.lib.precision import Precision
from recipes.lib.settings import Loader, Optimiser
from recipes.vlm.adapters import Lora

ENGLISH = "en"


class Lesson(Section):
    """A stage of the small model's training from nothing, by :class:`Stage`'s names."""

    epochs: int = Field(4, ge=1)
    lr: float = Field(0.004, gt=0)
    optimiser: Optimiser = "muon"
    batch_size: int = Field(64, ge=1)
    warmup: float = Field(0.05, ge=0, lt=1)


class Small(Section):
    """Stage 0: the shape of a vision-language model that learns English from nothing, and how.

    The convolutions of a LeViT (Graham et al., ICCV 2021), which learn from few pictures, and a Llama, joined
    as LLaVA joins them (Liu et al., NeurIPS 2023).

    Attributes:
        pieces: of its tokenizer, learned from the questions and answers in all languages.
        picture: side of the square picture, in pixels; a multiple of 16, each square of which is one vector.
        tower_width, tower_layers: of the image tower; its width is a multiple of 16, its layers are those of
            attention over the convolutions' outputs.
        width, layers, heads: of the language model.
        world: a drawn world of other pictures than the releases'. The tower learns from the labels of its
            train split, and then the language model, the tower frozen, its captions, facts and questions.
            Without it, the English questions of the first release are all that is learned.
        tower, english: the two trainings.
    """

    pieces: int = 3000
    picture: int = Field(128, multiple_of=16)
    tower_width: int = Field(192, multiple_of=16)
    tower_layers: int = 2
    width: int = 128
    layers: int = 3
    heads: int = 4
    world: Path | None = None
    tower: Lesson = Lesson()
    english: Lesson = Lesson()


class Stage(settings.Stage):
    """The fine-tuning."""

    epochs: int = Field(1, ge=1)
    lr: float = Field(2e-4, gt=0)
    batch_size: int = Field(16, ge=1)
    weight_decay: float = 0.0
    warmup: float = Field(0.03, ge=0, lt=1)
    schedule: Literal["linear", "cosine", "constant"] = "cosine"
    save_every: int = 200


class Config(Section):
    """All settings of one run.

    Attributes:
        row: what the run is called in the table.
        checkpoint: any AutoModelForImageTextToText; without it ``small`` is trained in English first.
        releases: language -> release to learn from and to be asked by; English texts are those of the first.
        images, image_name: where pictures lie that are not in the rows; see ``load_conversations``.
        learn: the languages to fine-tune on, together; none for zero-shot.
        ask: the languages to be evaluated in; English, which may be forgotten, and all of the releases if not
            given.
        blind: no model and no picture: the commonest training answer to the same text, or to the likest one.
            What a model has to beat before it can be said to see.
        translate_test: ask in English what the engine makes of the questions, and answer in English.
        together: learn all questions about a picture as one conversation, of which the first has the prompt,
            as LLaVA-1.5 does (Liu et al., CVPR 2024): a picture is looked at once for all of them.
        share: of the conversations of each language that are learned from.
        lora: None for full fine-tuning.
        adapter: go on from these.
        longest: pieces of a conversation's text.
        questions: of the evaluation, at most; all if not given.
        held_out: a JSON file of questions that are also scored on their own; see ``recipes.lib.wordings``.
        dtype: of weights that are not trained.
        attention: the implementation that transformers computes attention by; its choice if not given.
        merge: also write the model with its adapters added to the weights.
        loader: two workers if it names none: pictures take time to decode.
        threads: of the CPU; torch's choice if not given.
        out: where every step has its folder, and results.jsonl lies.
    """

    row: str
    checkpoint: str | None = None
    small: Small | None = None
    releases: dict[str, str]
    images: Path | None = None
    image_name: str = "{}"
    learn: list[str] = Field(default_factory=list)
    ask: list[str] | None = None
    blind: bool = False
    translate_test: bool = False
    together: bool = False
    share: float = Field(1.0, gt=0, le=1)
    stage: Stage = Stage()
    lora: Lora | None = Lora()
    adapter: Path | None = None
    longest: int = 1024
    questions: int | None = None
    held_out: Path | None = None
    dtype: Literal["float32", "bfloat16"] = "float32"
    attention: Literal["eager", "sdpa", "flash_attention_2", "flex_attention"] | None = None
    merge: bool = False
    loader: Loader = Loader()
    seed: int = Field(0, ge=0)
    precision: Precision = "fp32"
    threads: int | None = Field(None, ge=1)
    quiet: bool = False
    out: Path

    @model_validator(mode="after")
    def _fits(self) -> Config:
        if not (self.checkpoint or self.small):
            raise ValueError("give a checkpoint, or small to train one")
        if self.adapter and not self.lora:
            raise ValueError("adapter: full fine-tuning goes on from a checkpoint, not from adapters")
        if self.blind and (self.learn or self.translate_test):
            raise ValueError("blind: nothing is learned, nothing translated")
        for name in ("learn", "ask"):
            if unknown := [
                each for each in getattr(self, name) or () if each not in (ENGLISH, *self.releases)
            ]:
                raise ValueError(f"{name}: releases has no {', '.join(unknown)}")
        return self

    def release(self, language: str) -> str:
        """The release that holds the texts of a language; English ones stand in each."""
        return next(iter(self.releases.values())) if language == ENGLISH else self.releases[language]

    @property
    def asked(self) -> list[str]:
        """The languages of the evaluation."""
        return self.ask or [ENGLISH, *self.releases]
