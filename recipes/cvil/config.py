"""The settings of the recipe, as its YAML files hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from recipes.lib import settings
from recipes.lib.config import Section, merged, read, validate
from recipes.lib.precision import Precision
from recipes.lib.settings import Loader

__all__ = [
    "Config",
    "Data",
    "Distillation",
    "Model",
    "Section",
    "Stage",
    "merged",
    "read",
    "validate",
]

Fraction = float


class Data(Section):
    """What is learned from.

    Attributes:
        releases: language -> folder or hub name of a release with word alignments.
        features: the feature store of its images.
        clean: language -> a release of the same questions without translation noise, where there is one.
        held_out: a JSON file whose ``question_ids`` are scored on their own besides: the scenes world's
            ``holdout.json`` lists the questions about pairs of kind and colour that training never shows.
        tokenizer: of the teacher; a folder, a hub name, or a number of pieces to train one of on the texts.
        student_tokenizer: of the student, in the same forms; the teacher's if not given.
        regions, tags, longest: regions and tags per picture, word pieces per text.
    """

    releases: dict[str, str]
    features: Path
    clean: dict[str, str] = Field(default_factory=dict)
    held_out: Path | None = None
    tokenizer: str | int = 4000
    student_tokenizer: str | int | None = None
    regions: int = Field(50, ge=1)
    tags: int = Field(20, ge=0)
    longest: int = Field(128, ge=8)


class Model(Section):
    """Where the weights of a model come from: a shape with random weights, or a checkpoint.

    Attributes:
        checkpoint: an Oscar or VinVL checkpoint, or any BERT of transformers (as ``kind`` says).
        new: parts of a checkpoint to start afresh: ``classifier`` for another answer vocabulary.
        labels: a JSON list of the answers that an Oscar checkpoint's classifier gives, in its order (authors
            publish it as ``trainval_label2ans``); they are matched with the release's vocabulary by name.
        hidden, layers, heads, intermediate: the shape without a checkpoint.
        first_weights: ``bert``, or ``mimetic`` for small models; see ``recipes.lib.models.first_weights``.
    """

    checkpoint: str | None = None
    kind: Literal["random", "oscar", "transformers"] = "random"
    new: list[str] = Field(default_factory=list)
    labels: Path | None = None
    hidden: int = Field(768, ge=1)
    layers: int = Field(12, ge=1)
    heads: int = Field(12, ge=1)
    intermediate: int = Field(3072, ge=1)
    dropout: float = Field(0.3, ge=0, lt=1)
    first_weights: Literal["bert", "mimetic"] = "bert"


class Stage(settings.Stage):
    """One training stage.

    Attributes:
        least_steps: raises the number of epochs where few labels would mean few steps.
        keep: the ``last`` epoch's weights, or the ``best``'s by the soft score on the validation split, as
            the authors choose; that split then is no test of the stage any more.
    """

    epochs: int = Field(ge=0)
    least_steps: int = Field(0, ge=0)
    keep: Literal["last", "best"] = "last"


class Distillation(Stage):
    """Stage 1 of cViL; every switch is an ablation of the paper.

    Attributes:
        layers: 0-based layers, of teacher and student alike, whose states are compared.
        mixed: share of the target words replaced by their English words; 0 is "no code-mix".
        cls, regions, tags: which positions carry loss, beside the mixed words.
        logits: learn the teacher's answers instead of its states.
        states: ``kept`` on disk, computed once; or computed ``online``, which takes no disk and a pass of the
            teacher for every batch. What each takes stands in ``recipes.cvil.states``.
    """

    layers: list[int] = Field(default_factory=lambda: [10, 11], min_length=1)
    mixed: Fraction = Field(0.15, ge=0, le=1)
    cls: bool = True
    regions: bool = True
    tags: bool = True
    logits: bool = False
    states: Literal["kept", "online"] = "kept"


class Config(Section):
    """All settings of one run.

    Attributes:
        row: what the run is called in the tables.
        student: the student's weights; a model like the teacher's, with other random weights, if not given.
        teacher: how it learns to answer; ``epochs: 0`` takes a checkpoint that can do it already.
        distillation: None for a student without it.
        teacher_seed: of the teacher alone, where all students are to learn from one; ``seed`` if not given.
        labels: share of the training questions whose answers the student sees.
        from_teacher: begin with the teacher's weights, as an English model that is fine-tuned does; without
            distillation, the plain way to another language. Both read with one tokenizer.
        head_from_teacher: give a distilled student the teacher's head, to start steps 4 and 5 from.
        text: which translations the student reads: those that the policy kept, all, or the clean release's.
        loss: over answers: the paper's binary cross-entropy, or a softmax, for small models.
        threads: of the CPU; torch's choice if not given.
        quiet: one log line per epoch, none on the terminal.
        out: where every step has its folder, and results.jsonl lies.
    """

    row: str = "student"
    data: Data
    model: Model
    student: Model | None = None
    teacher: Stage
    distillation: Distillation | None = None
    head: Stage
    fine_tuning: Stage
    labels: Fraction = Field(1.0, ge=0, le=1)
    from_teacher: bool = False
    head_from_teacher: bool = False
    text: Literal["balanced", "raw", "clean"] = "balanced"
    loss: Literal["binary", "softmax"] = "binary"
    language: str
    seed: int = Field(88, ge=0)
    teacher_seed: int | None = Field(None, ge=0)
    precision: Precision = "fp32"
    compile: bool = False
    loader: Loader = Loader()
    threads: int | None = Field(None, ge=1)
    quiet: bool = False
    out: Path

    @model_validator(mode="after")
    def _ready_teacher(self) -> Config:
        ready = self.model.kind == "oscar" and "classifier" not in self.model.new and self.model.labels
        if not self.teacher.epochs and not ready:
            raise ValueError(
                "teacher.epochs: 0 needs an Oscar checkpoint with its own classifier, and model.labels, the "
                "JSON list of the answers that it gives"
            )
        if self.from_teacher and (self.student or self.data.student_tokenizer is not None):
            raise ValueError("from_teacher: the student then is the teacher's model, with its tokenizer")
        return self
