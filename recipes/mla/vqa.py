"""Answer questions with the acquired text tower: taught in English only, asked in every language.

    python -m recipes.mla.vqa recipes/mla/small.yaml --seed 1

1. Acquirers learn as in ``train.py``, from parallel questions too; no answer is looked at.
2. Sentence vectors of all questions and features of all pictures are computed once: the towers are frozen.
3. A head over the sentence vector and the picture learns the English answers from the vectors of all English
   questions, those included whose translation was rejected.
4. It is asked in each language with the vectors of that language's acquirer.

The paper has no such experiment: carrying its method to VQA is ours.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from recipes.lib import clock, results
from recipes.lib.command import finish, parser, whole
from recipes.lib.config import check_rows
from recipes.lib.data import QuestionBatches, Questions, load_questions, load_vocabulary
from recipes.lib.evaluate import predict, questions_per_second, score, write_predictions
from recipes.lib.features import FeatureStore
from recipes.lib.losses import softmax_loss
from recipes.lib.models.mla import ENGLISH, MLA
from recipes.lib.steps import step_folder
from recipes.lib.trainer import train
from recipes.lib.wordings import seen_and_unseen
from recipes.mla import config as settings
from recipes.mla.backbone import patch_states
from recipes.mla.config import Config, Vqa
from recipes.mla.material import Material, text_features
from recipes.mla.train import Cost, acquire, identity_of, trainer_settings
from vqa_builder.errors import SpecError


class AnswerHead(nn.Module):
    """A sentence vector among the vectors of a picture: a few layers of attention, then the answers.

    Args:
        sentence, picture: widths of the frozen vectors.
        labels: answers.
        shape: width, layers, heads and dropout.
    """

    def __init__(self, sentence: int, picture: int, labels: int, shape: Vqa) -> None:
        super().__init__()
        self.sentence = nn.Sequential(nn.LayerNorm(sentence), nn.Linear(sentence, shape.width))
        self.picture = nn.Sequential(nn.LayerNorm(picture), nn.Linear(picture, shape.width))
        layer = nn.TransformerEncoderLayer(
            shape.width,
            shape.heads,
            4 * shape.width,
            shape.dropout,
            "gelu",
            batch_first=True,
            norm_first=True,
        )
        self.layers = nn.TransformerEncoder(layer, shape.layers, enable_nested_tensor=False)
        self.classifier = nn.Sequential(
            nn.LayerNorm(shape.width),
            nn.Linear(shape.width, 2 * shape.width),
            nn.GELU(),
            nn.Dropout(shape.dropout),
            nn.Linear(2 * shape.width, labels),
        )

    def forward(self, sentence: Tensor, regions: Tensor, region_mask: Tensor, **_: Any) -> Tensor:
        """(B, D) sentence vectors, (B, R, P) vectors of the picture, (B, R) which are real -> (B, labels)."""
        tokens = torch.cat(
            [self.sentence(sentence)[:, None], self.picture(regions.to(sentence.dtype))], dim=1
        )
        padding = nn.functional.pad(~region_mask, (1, 0), value=False)
        return self.classifier(self.layers(tokens, src_key_padding_mask=padding)[:, 0])


class Vectors:
    """The hook of ``QuestionBatches`` that puts cached vectors into a batch.

    Args:
        sentences: (questions, D).
        pictures: (images, P, H) of the frozen image tower and the row of each question's image; None where
            the batches hold regions of a feature store.
    """

    def __init__(
        self, sentences: NDArray[np.float32], pictures: tuple[NDArray[np.float16], NDArray[np.int64]] | None
    ) -> None:
        self.sentences, self.pictures = sentences, pictures

    def __call__(
        self, batch: dict[str, Tensor], rows: NDArray[np.int64], _: np.random.Generator
    ) -> dict[str, Tensor]:
        """``sentence`` (B, D), and where asked for ``regions`` (B, P, H), ``region_mask``; pieces go."""
        made = {"sentence": torch.from_numpy(self.sentences[rows])}
        if self.pictures is not None:
            patches = self.pictures[0][self.pictures[1][rows]].astype(np.float32)
            made["regions"] = torch.from_numpy(patches)
            made["region_mask"] = torch.ones(patches.shape[:2], dtype=torch.bool)
        text = ("input_ids", "attention_mask", "token_type_ids")
        return {name: value for name, value in batch.items() if name not in text} | made


class Asked:
    """Questions as batches of frozen vectors, in any of the languages."""

    def __init__(self, config: Config, shape: Vqa, material: Material, model: MLA) -> None:
        self.config, self.shape, self.material, self.model = config, shape, material, model
        self.release = next(iter(shape.releases.values()))
        self.vocabulary = load_vocabulary(self.release)
        self.store = FeatureStore.open(shape.features) if shape.features else None

    def batches(self, questions: Questions, *, shuffle: bool) -> QuestionBatches:
        """Batches with ``sentence``, ``regions``, ``region_mask``, ``targets`` and ``index``."""
        language = questions.language
        sentences = text_features(self.model, self.material.pieces(questions.text, language), language)
        pictures = None if self.store else self._patches(questions)
        return QuestionBatches(
            questions,
            self.material.backbone.tokenizer if language == ENGLISH else self.material.tokenizer,
            self.store,
            batch_size=self.shape.batch_size,
            regions=self.shape.regions if self.store else 0,
            tags=0,
            labels=len(self.vocabulary),
            seed=self.config.seed,
            shuffle=shuffle,
            collate=Vectors(sentences, pictures),
        )

    def _patches(self, questions: Questions) -> tuple[NDArray[np.float16], NDArray[np.int64]]:
        material = self.material
        files = material.images([*self.config.train, *self.config.evaluate])
        missing = {image for image in questions.image_id if image not in files}
        if missing:
            raise SpecError(
                f"{len(missing):,} pictures of the questions are in none of the sets",
                expected="their folder as root of a set under train or evaluate",
                found=", ".join(map(str, sorted(missing)[:5])),
            )
        paths = list(files.values())
        names = [str(path) for path in paths]
        states = material.kept("patches", names, lambda: patch_states(material.backbone, paths))
        position = {image: row for row, image in enumerate(files)}
        return states, np.asarray([position[image] for image in questions.image_id], dtype=np.int64)


def run(config: Config) -> list[dict[str, Any]]:
    """Steps 1 to 4; appends accuracies to ``results.jsonl`` and returns the lines."""
    shape = config.vqa
    if shape is None:
        raise SpecError("The settings have no questions", expected="a section vqa", found="none")
    if config.threads:
        torch.set_num_threads(config.threads)
    if config.worlds:
        from recipes.mla.small import make_worlds

        make_worlds(config.worlds)
    parallel = [
        settings.Source(form="release", path=path, languages=[language])
        for language, path in shape.releases.items()
    ]
    config = config.model_copy(update={"train": [*config.train, *parallel], "order": shape.order})
    material = Material(config)
    model, cost = acquire(config, material)
    asked = Asked(config, shape, material, model.eval())
    head, seconds = teach(config, shape, asked)
    return [
        record_answers(config, asked, head, language, cost, seconds)
        for language in (ENGLISH, *shape.releases)
    ]


def teach(config: Config, shape: Vqa, asked: Asked) -> tuple[AnswerHead, float]:
    """Step 3: the head learns from English questions; gives it and the seconds it took."""
    questions = load_questions(asked.release, "train", english=True, config="all")
    batches = asked.batches(questions, shuffle=True)
    first = next(batches.epoch(0))
    torch.manual_seed(config.seed)
    widths = first["sentence"].shape[-1], first["regions"].shape[-1]
    head = AnswerHead(*widths, len(asked.vocabulary), shape)
    how = trainer_settings(config, shape, weight_decay=0.05, warmup=0.1, schedule="cosine")
    identity = identity_of(config, asked.material, []) | {
        "head": shape.model_dump(mode="json"),
        "questions": len(questions),
    }
    with step_folder(config.out, "head", identity) as folder:
        outcome = train(head, answer_step, batches, how, folder, identity=identity)
    return head, outcome.seconds


def answer_step(head: AnswerHead, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Cross-entropy with soft scores."""
    return {"loss": softmax_loss(head(**batch), batch["targets"])}


def record_answers(
    config: Config, asked: Asked, head: AnswerHead, language: str, cost: Cost, seconds: float
) -> dict[str, Any]:
    """Step 4 in one language: predictions kept in the official form, and a line of results."""
    release = asked.shape.releases.get(language, asked.release)
    own = None if language == ENGLISH else language
    questions = load_questions(release, "validation", english=language == ENGLISH, language=own)
    start = clock.seconds()
    batches = asked.batches(questions, shuffle=False)
    reading = clock.seconds() - start
    predictions = predict(head, batches, asked.vocabulary)
    write_predictions(config.out / "predictions" / f"vqa-{language}-{config.seed}.json", predictions)
    groups = seen_and_unseen(release, "validation", english=language == ENGLISH)
    scores = score(predictions, release, "validation", language=language, groups=groups)
    costs = cost.record(asked.model)
    head_size = sum(weight.numel() for weight in head.parameters())
    costs |= {"trained": costs["trained"] + head_size, "whole": costs["whole"] + head_size}
    costs["trained_share"] = 100 * costs["trained"] / costs["whole"]
    costs["seconds"] = round(costs["seconds"] + seconds, 1)
    costs["questions_per_second"] = 1 / (reading / len(questions) + 1 / questions_per_second(head, batches))
    line = {"row": "MLA-VQA", "seed": config.seed, "setting": "release", **scores.record(), **costs}
    results.append(config.out / "results.jsonl", line)
    return line


def main() -> int:
    """The command line."""
    made = parser(__doc__)
    made.add_argument("--seed", type=whole(0))
    return finish(_run, made)


def _run(args: argparse.Namespace) -> None:
    table = settings.read(args.settings, args.set)
    check_rows(table, [next(iter(table.get("rows") or [""]))], args.set, args.settings)
    content = settings.of_row(table, None, args.seed)
    for line in run(settings.validate(settings.Config, content, args.settings)):
        print(f"{line['language']}  {line['accuracy']:.2f}  of {line['questions']:,} questions")


if __name__ == "__main__":
    raise SystemExit(main())
