"""The settings of the recipe, as its YAML files hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, model_validator

from recipes.lib import settings
from recipes.lib.config import Section, merged, of_row, read, validate
from recipes.lib.precision import Precision
from recipes.lib.settings import Loader, Optimiser

__all__ = [
    "Config",
    "Section",
    "SmallClip",
    "SmallEncoder",
    "Source",
    "Stage",
    "Tokens",
    "merged",
    "of_row",
    "read",
    "validate",
]

Form = Literal["scenes", "multi30k", "coco", "translated", "xtd", "xm3600", "xflickrco", "release"]
Term = Literal["text_mse", "image_contrast", "text_contrast", "image_mse", "layer_mse"]


S = TypeVar("S", "SmallClip", "Vqa")


class Source(Section):
    """A set of sentences, with pictures or without.

    Attributes:
        form: of the files, a reader of ``recipes.lib.pairs``; ``release`` for the questions of a release.
        path: file or folder; ``{language}`` stands for the language.
        split: where the form has any.
        languages: that it holds; all that are asked for, if not given.
        images: where a picture lies, as ``images/SCENE_{:012d}.png`` or ``{}.jpg`` under ``root``.
        root: folder of the pictures; None for parallel text without pictures.
        facts: of scenes, the one-fact sentences instead of the captions.
        name: in the table of results, for a set that is evaluated.
    """

    form: Form
    path: str
    split: str = "train"
    languages: list[str] | None = None
    images: str = "SCENE_{:012d}.png"
    root: Path | None = None
    facts: bool = False
    name: str = "scenes"


class Stage(settings.Stage):
    """One training stage.

    Attributes:
        terms: weight of each term of the loss.
        text_only: learn from parallel text without pictures too.
        english: draw English as one more language, for full fine-tuning.
    """

    terms: dict[Term, float]
    epochs: int = Field(ge=1)
    batch_size: int = Field(128, ge=2)
    text_only: bool = False
    english: bool = False
    weight_decay: float = 0.2
    warmup: float = Field(0.1, ge=0, lt=1)
    schedule: Literal["linear", "cosine", "constant"] = "cosine"


class SmallClip(Section):
    """Stage 0: the shape of a CLIP that is trained from nothing on a world of drawn scenes, and how.

    Attributes:
        world: the scenes, whose train pictures and English sentences it learns from.
        pieces, longest: word pieces of its tokenizer, and of a sentence.
        picture, patch: sides of the square picture and of its patches, in pixels.
        width, layers, heads: of both towers.
        epochs: passes over the captions and the facts of all pictures.
    """

    world: Path
    pieces: int = Field(1000, ge=1)
    longest: int = Field(48, ge=3)
    picture: int = Field(120, ge=1)
    patch: int = Field(20, ge=1)
    width: int = Field(128, ge=1)
    layers: int = Field(3, ge=1)
    heads: int = Field(4, ge=1)
    epochs: int = Field(10, ge=1)
    lr: float = Field(0.001, gt=0)
    optimiser: Optimiser = "adamw"
    batch_size: int = Field(128, ge=2)

    @model_validator(mode="after")
    def _fits(self) -> SmallClip:
        return _whole_heads(self)


class SmallEncoder(Section):
    """Stage 0 too: an encoder of parallel sentences, whose token vectors know its languages.

    Attributes:
        world: the scenes whose train sentences it reads; pictures are not looked at.
        languages: of the sentences.
        pieces, width: of its token vectors.
        steps: batches of 128 sentences and their translations.
    """

    world: Path
    languages: list[str] = Field(default_factory=lambda: ["en", "ja", "hi"])
    pieces: int = Field(2000, ge=1)
    width: int = Field(256, ge=1)
    steps: int = Field(200, ge=1)


class Tokens(Section):
    """The multilingual token vectors: of a checkpoint, or drawn at random for word pieces learned here.

    Attributes:
        checkpoint: any of transformers with a tokenizer; pieces and width are its own.
        pieces, width: of random vectors.
        languages: whose sentences the pieces are learned from; all of the run, if not given.
        longest: word pieces of a sentence.
    """

    checkpoint: str | None = None
    pieces: int = Field(1500, ge=1)
    width: int = Field(128, ge=1)
    languages: list[str] | None = None
    longest: int = Field(77, ge=3)


class World(Section):
    """A world of drawn scenes to make if it is not there."""

    images: int = Field(ge=1)
    seed: int = Field(0, ge=0)


class Vqa(Section):
    """The answering head on the frozen towers; see ``recipes/mla/vqa.py``.

    Attributes:
        releases: language -> release; English questions are those of the first.
        features: a feature store whose regions the head looks at; the image tower's patches if not given.
        regions: of the store, per picture.
        order: the stages that the acquirers go through.
        layers, heads, width: of the head.
    """

    releases: dict[str, str]
    features: Path | None = None
    regions: int = Field(8, ge=1)
    order: list[str]
    layers: int = Field(2, ge=1)
    heads: int = Field(4, ge=1)
    width: int = Field(128, ge=1)
    dropout: float = Field(0.1, ge=0, lt=1)
    epochs: int = Field(10, ge=1)
    lr: float = Field(0.001, gt=0)
    optimiser: Optimiser = "adamw"
    batch_size: int = Field(128, ge=1)

    @model_validator(mode="after")
    def _fits(self) -> Vqa:
        return _whole_heads(self)


def _whole_heads(section: S) -> S:
    if section.width % section.heads:
        raise ValueError(f"width {section.width} cannot be shared by {section.heads} heads")
    return section


class Config(Section):
    """All settings of one run.

    Attributes:
        row: what the run is called in the tables.
        checkpoint: a CLIP or SigLIP of transformers; without it ``small_clip`` is trained.
        small_encoder: gives the token vectors, in the place of those that ``tokens`` names.
        train, evaluate: what is learned from, and what the recalls are of.
        languages: to acquire together; English is never one of them.
        later: to be added one after the other when the first are done.
        bottleneck, at_embedding, train_embeddings, train_linear: see ``MLAConfig``.
        full: the baseline, everything trained and no acquirers.
        order: the stages' names in the order they run.
        vqa: None where no questions are answered.
        threads: of the CPU; torch's choice if not given.
        quiet: one log line per epoch, none on the terminal.
        out: where every step has its folder, and results.jsonl lies.
    """

    row: str
    checkpoint: str | None = None
    small_clip: SmallClip | None = None
    worlds: dict[str, World] = Field(default_factory=dict)
    tokens: Tokens
    small_encoder: SmallEncoder | None = None
    train: list[Source] = Field(min_length=1)
    evaluate: list[Source]
    languages: list[str] = Field(min_length=1)
    later: list[str] = Field(default_factory=list)
    bottleneck: int = Field(256, ge=0)
    at_embedding: bool = False
    train_embeddings: bool = True
    train_linear: bool = True
    full: bool = False
    stages: dict[str, Stage]
    order: list[str]
    vqa: Vqa | None = None
    seed: int = Field(42, ge=0)
    precision: Precision = "fp32"
    loader: Loader = Loader()
    threads: int | None = Field(None, ge=1)
    quiet: bool = False
    out: Path

    @model_validator(mode="after")
    def _fits(self) -> Config:
        wanted = [*self.order, *(self.vqa.order if self.vqa else [])]
        if unknown := [name for name in wanted if name not in self.stages]:
            raise ValueError(f"order: no stage is called {', '.join(unknown)}")
        for name, stage in self.stages.items():
            if stage.text_only and {"image_contrast", "image_mse"} & set(stage.terms):
                raise ValueError(f"stages.{name}: text without pictures has no terms of images")
        if not (self.checkpoint or self.small_clip):
            raise ValueError("give a checkpoint, or small_clip to train one")
        return self
