"""What all steps of cViL share: questions, tokenizers, features, first weights, and a folder per step."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from filelock import FileLock

from recipes.cvil.config import Config, Model, Stage
from recipes.cvil.parallel import Tokenizers
from recipes.lib.data import QuestionBatches, Questions, check_labels, load_questions, load_vocabulary
from recipes.lib.features import FeatureStore
from recipes.lib.models import first_weights
from recipes.lib.models.checkpoints import from_transformers, load_oscar_checkpoint
from recipes.lib.models.oscar import Oscar, OscarConfig
from recipes.lib.pretrained import pretrained
from recipes.lib.tokens import train_tokenizer
from recipes.lib.trainer import Settings
from recipes.lib.wordings import read_held_out
from vqa_builder.errors import SpecError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Material:
    """The data of a run, read when first asked for.

    Raises:
        SpecError: no release for the language, or no held-out questions where some are named.
        ReleaseError, SourceError: a release or the features cannot serve; see ``load_questions``.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        if config.language not in config.data.releases:
            raise SpecError(
                "There is no release for the language",
                expected=", ".join(config.data.releases),
                found=config.language,
                remedy="name it under data.releases",
            )
        self.features = FeatureStore.open(config.data.features)
        self.held_out = read_held_out(config.data.held_out)

    @property
    def identity(self) -> dict[str, Any]:
        """What every step depends on."""
        config = self.config
        return {
            "data": config.data.model_dump(mode="json"),
            "model": config.model.model_dump(),
            "seed": config.seed,
            "loss": config.loss,
            "precision": config.precision,
        }

    def student_identity(self, config: Config) -> dict[str, Any]:
        """What every step of a student depends on."""
        return {
            **self.identity,
            "language": config.language,
            "text": config.text,
            "student": config.student and config.student.model_dump(),
            "distillation": config.distillation and config.distillation.model_dump(),
            "from teacher": config.from_teacher,
            "teacher": [config.teacher.model_dump(), config.teacher_seed]
            if config.distillation or config.from_teacher
            else None,
        }

    @cached_property
    def vocabulary(self) -> list[str]:
        """The English answers by label id, which are the same in every language's release."""
        return load_vocabulary(next(iter(self.config.data.releases.values())))

    def english(self, split: str) -> Questions:
        """The English questions of the source, those included whose translation was rejected.

        They come from the first release named, so that the teacher is the same for all languages.
        """
        release = next(iter(self.config.data.releases.values()))
        return load_questions(release, split, english=True, config="all")

    def target(self, split: str) -> Questions:
        """The questions that the student reads, as ``text`` of the settings says."""
        config = self.config
        if config.text == "clean":
            if config.language not in config.data.clean:
                raise SpecError("There is no clean release for the language", found=config.language)
            return load_questions(
                config.data.clean[config.language], split, config="all", language=config.language
            )
        release = config.data.releases[config.language]
        part: Literal["default", "all"] = "default" if config.text == "balanced" else "all"
        return load_questions(release, split, config=part, language=config.language)

    def labelled(self) -> Questions:
        """The share of the training questions whose answers the student may see; more labels hold fewer."""
        questions = self.target("train")
        count = max(1, round(self.config.labels * len(questions)))
        order = np.random.default_rng([self.config.seed, 17]).permutation(len(questions))
        return questions.take(np.sort(order[:count]))

    @cached_property
    def tokenizers(self) -> Tokenizers:
        """Of student and teacher."""
        teacher = self._tokenizer(self.config.data.tokenizer)
        own = self.config.data.student_tokenizer
        return Tokenizers(teacher if own is None else self._tokenizer(own), teacher)

    def batch_options(self, stage: Stage) -> dict[str, Any]:
        """The options of ``QuestionBatches`` that every step has in common."""
        data = self.config.data
        return {
            "batch_size": stage.batch_size,
            "regions": data.regions,
            "tags": data.tags,
            "labels": len(self.vocabulary),
            "seed": self.config.seed,
            "max_text": data.longest,
            **self.config.loader.options(),
        }

    def batches(
        self, questions: Questions, tokenizer: PreTrainedTokenizerBase, stage: Stage, **changes: Any
    ) -> QuestionBatches:
        """Plain batches of questions; ``changes`` are options of ``QuestionBatches``."""
        return QuestionBatches(questions, tokenizer, self.features, **self.batch_options(stage) | changes)

    def _tokenizer(self, name: str | int) -> PreTrainedTokenizerBase:
        from transformers import AutoTokenizer

        if isinstance(name, str):
            return pretrained(AutoTokenizer, name)
        texts = [load_questions(each, "train", config="all") for each in self.config.data.releases.values()]
        tags = {tag for row in range(len(self.features)) for tag in self.features.tags(row)}
        both = [text for each in texts for text in (*each.text, *each.text_en)]
        folder = self.config.out / f"tokenizer-{name}"
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                return train_tokenizer([*both, *sorted(tags)], name, folder)
        return pretrained(AutoTokenizer, folder)


def new_model(
    wanted: Model, material: Material, tokenizer: PreTrainedTokenizerBase, seed: tuple[str, int]
) -> Oscar:
    """A model with the head and the regions that the material needs, from a checkpoint or from nothing."""
    width, labels = material.features.region_width, len(material.vocabulary)
    number = int.from_bytes(hashlib.sha256(repr(seed).encode()).digest()[:6], "big")
    generator = torch.Generator().manual_seed(number)
    changes = {"generator": generator, "region_width": width, "labels": labels, "dropout": wanted.dropout}
    if wanted.kind == "oscar":
        own = _answers_of(wanted.labels) if wanted.labels else None
        changes |= {"labels": len(own)} if own else {}
        model = load_oscar_checkpoint(Path(str(wanted.checkpoint)), new=wanted.new, **changes)
        return _with_labels_of(model, own, material.vocabulary, wanted) if own else model
    if wanted.kind == "transformers":
        return from_transformers(str(wanted.checkpoint), **changes)
    shape = OscarConfig(
        vocabulary=len(tokenizer),
        hidden=wanted.hidden,
        layers=wanted.layers,
        heads=wanted.heads,
        intermediate=wanted.intermediate,
        positions=max(material.config.data.longest, 64),
        region_width=width,
        labels=labels,
        dropout=wanted.dropout,
        attention_dropout=wanted.dropout,
        pad_id=tokenizer.pad_token_id,
        region_layer_norm=1e-12 if wanted.first_weights == "mimetic" else None,
    )
    model = Oscar(shape, generator=generator)
    if wanted.first_weights == "mimetic":
        first_weights.mimetic(model, generator)
        first_weights.anchor_regions(model, material.features, tokenizer)
    questions = material.english("train")
    check_labels(questions, labels)
    first_weights.prior_bias(model.classifier, questions.labels, questions.soft_scores)
    return model


def _answers_of(path: Path) -> list[str]:
    try:
        answers = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SpecError("The answers of a checkpoint cannot be read", where=path, found=error) from error
    if not isinstance(answers, list) or not all(isinstance(each, str) for each in answers):
        raise SpecError("These are no answers of a checkpoint", where=path, expected='["no", "yes", ...]')
    return answers


def _with_labels_of(model: Oscar, own: list[str], vocabulary: list[str], wanted: Model) -> Oscar:
    """The model with its outputs in the order of the release's labels, matched by their answers.

    Raises:
        SpecError: the checkpoint does not give some answer of the release.
    """
    places = {answer: place for place, answer in enumerate(own)}
    if missing := [answer for answer in vocabulary if answer not in places]:
        raise SpecError(
            "The checkpoint does not know all answers of the release",
            where=wanted.labels,
            expected=f"all {len(vocabulary):,}",
            found=f"{len(missing):,} missing: {', '.join(missing[:10])}",
            remedy="build the release with answers.vocabulary.from naming this list, or set model.new to"
            " [classifier] and train the teacher",
        )
    order = torch.tensor([places[answer] for answer in vocabulary])
    last = [part for part in model.classifier.modules() if isinstance(part, torch.nn.Linear)][-1]
    last.weight = torch.nn.Parameter(last.weight.detach()[order])
    last.bias = torch.nn.Parameter(last.bias.detach()[order])
    last.out_features = len(vocabulary)
    model.config = replace(model.config, labels=len(vocabulary))
    return model


def trainer_settings(config: Config, stage: Stage, batches: QuestionBatches) -> Settings:
    """The trainer's settings of a stage; few labels are seen more often, up to ``least_steps``."""
    return Settings.of(
        stage,
        quiet=config.quiet,
        epochs=max(stage.epochs, math.ceil(stage.least_steps / len(batches))),
        seed=config.seed,
        precision=config.precision,
        compile=config.compile,
    )
