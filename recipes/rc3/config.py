"""The settings of the recipe, as its YAML files hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from recipes.lib.config import Section, read, validate
from recipes.lib.precision import Precision
from recipes.lib.settings import Loader, Stage

Weak = Literal["none", "texts", "plain", "kl", "bounded"]
TaskName = Literal["vqa", "two_images", "entailment", "captions", "wit"]


class Parallel(Section):
    """Captions with their translations (or the English captions alone), as ``recipes.lib.pairs`` reads them.

    Attributes:
        reader: ``multi30k`` and ``xflickrco`` take a folder or file; ``translated`` is COCO by XM3600's
            authors.
        path: what the reader reads.
        language: of the captions.
        split: for readers that want one.
    """

    reader: Literal["multi30k", "translated", "xflickrco"]
    path: Path
    language: str
    split: str = "train"


class Iglue(Section):
    """The files of one task: English ones to fine-tune on, and of each language to test and for few shots.

    Attributes:
        train: English file in the form of the task's training set (GQA, NLVR2, SNLI-VE, Flickr30K, WIT).
        test: language -> file.
        few_shot: language -> file.
    """

    train: Path
    test: dict[str, Path]
    few_shot: dict[str, Path] = Field(default_factory=dict)


class Data(Section):
    """What is learned from.

    Attributes:
        world: a scenes world; everything is made from it.
        strict, weak: without a world, files of translated captions and of WIT.
        features: the feature store of the images.
        languages: English first.
        releases: language -> release of vqa_builder, in whose questions and answers ``vqa`` is then asked, as
            the other systems are; the world's own questions if none.
        strict_share: of the world's train images, those with translated captions and facts; the others have
            weakly aligned texts only.
        facts_per_text: of the world, sentences in a weakly aligned text.
        regions: slots per image; 0 for patches only.
        patches: give the patches too.
        longest: word pieces per text.
        tokenizer: a folder or hub name, or a number of pieces to train one of on the texts.
    """

    world: Path | None = None
    strict: list[Parallel] = Field(default_factory=list)
    weak: list[Path] = Field(default_factory=list)
    features: Path
    languages: list[str] = Field(default_factory=lambda: ["en", "ja", "hi"], min_length=2)
    releases: dict[str, str] = Field(default_factory=dict)
    strict_share: float = Field(0.25, gt=0, le=1)
    facts_per_text: int = Field(1, ge=1)
    regions: int = Field(36, ge=0)
    patches: bool = True
    longest: int = Field(64, ge=8)
    tokenizer: str | int

    @model_validator(mode="after")
    def _one_source(self) -> Data:
        if (self.world is None) != bool(self.strict):
            raise ValueError("give either `world` or `strict` (with or without `weak`)")
        if not self.regions and not self.patches:
            raise ValueError("give regions, patches or both")
        return self


class Model(Section):
    """The shape of the model; ``text`` names an encoder of transformers, whose shape then counts.

    Attributes:
        first_weights: without such an encoder: ``bert``, or ``mimetic``, what ``beginnings.py`` says.
    """

    text: str | None = None
    hidden: int = Field(768, ge=1)
    text_layers: int = Field(12, ge=1)
    cross_layers: int = Field(6, ge=1)
    heads: int = Field(12, ge=1)
    intermediate: int = Field(3072, ge=1)
    projection: int = Field(256, ge=1)
    dropout: float = Field(0.1, ge=0, lt=1)
    first_weights: Literal["bert", "mimetic"] = "bert"


class Weights(Section):
    """How often each objective is drawn, in proportion."""

    masked_language: float = Field(1.0, ge=0)
    matching: float = Field(1.0, ge=0)
    masked_visual: float = Field(1.0, ge=0)
    strict: float = Field(1.0, ge=0)
    weak: float = Field(1.0, ge=0)


class Pretraining(Stage):
    """Attributes:
    steps: batches; each is of one objective. All rows of the table take the same number.
    texts_per_image: texts of one image that stand in one batch of the contrastive objectives.
    weak: what is done with weakly aligned text: left out (``none``), read by the other objectives only
        (``texts``), contrasted as if it were translated (``plain``), or regularised (``kl``, ``bounded``).
    masked: share of word pieces that masked language modelling hides.
    translated: share of its batches that show a text and its translation side by side.
    relevance: ``world`` trains a small sentence encoder on the world's parallel sentences; anything else is a
        model of sentence-transformers.
    relevance_steps: of that training.
    """

    steps: int = Field(ge=1)
    batch_size: int = Field(64, ge=2)
    warmup: float = Field(0.05, ge=0, lt=1)
    weight_decay: float = 0.01
    texts_per_image: int = Field(1, ge=1)
    weak: Weak = "kl"
    masked: float = Field(0.15, gt=0, lt=1)
    translated: float = Field(0.5, ge=0, le=1)
    weights: Weights = Weights()
    temperature: float = Field(0.1, gt=0)
    relevance_temperature: float = Field(0.1, gt=0)
    relevance: str = "world"
    relevance_steps: int = Field(600, ge=1)


class Tuning(Stage):
    """Fine-tuning on one task in English.

    Attributes:
        examples: so many drawn at most.
        freeze_text: train all but the text encoder, so that languages stay where pre-training has put them.
        few_images, few_epochs, few_lr: how it goes on with a few examples of another language.
    """

    epochs: int = Field(ge=1)
    batch_size: int = Field(64, ge=1)
    warmup: float = Field(0.1, ge=0, lt=1)
    weight_decay: float = 1e-4
    examples: int | None = Field(None, ge=1)
    freeze_text: bool = False
    few_images: int = Field(20, ge=1)
    few_epochs: int = Field(5, ge=1)
    few_lr: float = Field(1e-4, gt=0)


class Config(Section):
    """All settings of one run.

    Attributes:
        pool, pools: images among which a text has to find its own, and the reverse; so many sets are
            averaged.
        shared: tokenizer and relevance encoder, which several runs may share; ``out`` if not given.
        out: the folder of this run.
    """

    data: Data
    model: Model = Model()
    pretraining: Pretraining
    tasks: dict[TaskName, Tuning]
    iglue: dict[TaskName, Iglue] = Field(default_factory=dict)
    pool: int = Field(100, ge=2)
    pools: int = Field(10, ge=1)
    seed: int = Field(0, ge=0)
    precision: Precision = "fp32"
    loader: Loader = Loader()
    threads: int | None = Field(None, ge=1)
    shared: Path | None = None
    out: Path


def load(path: Path, overrides: list[str] | None = None) -> Config:
    """A YAML file with ``section.name=value`` replaced; the rows and seeds of a table are passed over.

    Raises:
        SpecError: names every wrong field.
    """
    content = read(path, overrides)
    own = {name: value for name, value in content.items() if name not in ("rows", "seeds")}
    return validate(Config, own, path)
