"""Fine-tune a pre-trained RC3 on tasks in English; ask it in other languages, with no examples and with a
few.

    python -m recipes.rc3.finetune recipes/rc3/small.yaml [tasks.vqa.epochs=2 seed=1 ...] [--row NAME]

The pre-trained model is that of ``python -m recipes.rc3.pretrain`` with the same settings. Each score becomes
a line of ``--results`` (``OUT/results.jsonl``): row, task, language, setting, seed, score.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from recipes.lib import clock, results
from recipes.lib.checkpoint import read_log
from recipes.lib.data import QuestionBatches, check_labels, load_questions, load_vocabulary
from recipes.lib.evaluate import predict, questions_per_second, score, soft_accuracy
from recipes.lib.features import FeatureStore
from recipes.lib.losses import softmax_loss
from recipes.lib.models.first_weights import prior_bias
from recipes.lib.models.rc3 import RC3, RC3Classifier
from recipes.lib.pairs import Pairs
from recipes.lib.ragged import Rows
from recipes.lib.retrieval import pair_scores, score_pairs
from recipes.lib.steps import is_first_process
from recipes.lib.tasks import RETRIEVAL, Examples, TaskName, answer_vocabulary, read_iglue
from recipes.lib.trainer import Settings, train
from recipes.lib.wordings import seen_and_unseen
from recipes.rc3.beginnings import begin_answers
from recipes.rc3.config import Config, load
from recipes.rc3.pretrain import open_tokenizer
from vqa_builder.errors import SpecError, UnknownNameError
from vqa_builder.metrics.retrieval_recall import Recall

FEW_SHOT = "few-shot"
ZERO_SHOT = "zero-shot"


class Finetuner:
    """Everything that the tasks of one run have in common."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.features = FeatureStore.open(config.data.features)
        self.tokenizer = open_tokenizer(config)

    def run(self, task: TaskName, record: Callable[..., None]) -> None:
        """One task: English first, then every language as it is, then every language after a few examples."""
        tuning = self.config.tasks[task]
        english, tests, few = self.examples(task)
        model = self.new_model(english)

        # 1. Fine-tune on English.
        folder, started = self.config.out / task, clock.seconds()
        self.tune(model, english, folder / "en", tuning.epochs, tuning.lr)
        seconds = clock.seconds() - started + self.pretraining_seconds()

        # 2. Zero-shot: the same weights in every language.
        for language, examples in tests.items():
            scores = self.evaluate(model, examples)
            cost = {"seconds": seconds, "parameters": sum(each.numel() for each in model.parameters())}
            record(task=task, language=language, setting=ZERO_SHOT, **cost, **scores)

        # 3. Few-shot: each language goes on from the English weights.
        tuned = {name: value.clone() for name, value in model.state_dict().items()}
        for language, examples in few.items():
            model.load_state_dict(tuned)
            self.tune(model, examples, folder / language, tuning.few_epochs, tuning.few_lr)
            record(task=task, language=language, setting=FEW_SHOT, **self.evaluate(model, tests[language]))

    def examples(self, task: TaskName) -> tuple[Examples, dict[str, Examples], dict[str, Examples]]:
        """English to train on, examples of each language to test on, a few of each other to learn from."""
        tuning, data, seed = self.config.tasks[task], self.config.data, self.config.seed
        if task == "vqa" and data.releases:
            return self._release()
        if data.world is None:
            return self._iglue(task)
        from recipes.drawn_world.tasks import scene_examples

        train_set = self._some(scene_examples(data.world, task, "train", "en", seed=seed))
        tests = {each: scene_examples(data.world, task, "validation", each) for each in data.languages}
        few = {
            each: scene_examples(data.world, task, "train", each, seed=seed).of_images(
                tuning.few_images, seed
            )
            for each in data.languages
            if each != "en"
        }
        return train_set, tests, few

    def _release(self) -> tuple[Examples, dict[str, Examples], dict[str, Examples]]:
        """Questions of releases: the first one's English, all to learn from, and the translated ones kept."""
        releases, tuning = self.config.data.releases, self.config.tasks["vqa"]
        first = next(iter(releases.values()))
        labels = len(load_vocabulary(first))
        learned = load_questions(first, "train", english=True, config="all")
        train_set = Examples("vqa", learned, None, labels)
        english = Examples("vqa", load_questions(first, "validation", english=True), None, labels)
        tests, few = {"en": english}, {}
        for language, release in releases.items():
            tests[language] = Examples(
                "vqa", load_questions(release, "validation", language=language), None, labels
            )
            own = Examples("vqa", load_questions(release, "train"), None, labels)
            few[language] = own.of_images(tuning.few_images, self.config.seed)
        return self._some(train_set), tests, few

    def _some(self, examples: Examples) -> Examples:
        """As many as the settings of the task want, drawn."""
        wanted, seed = self.config.tasks[examples.task].examples, self.config.seed
        if wanted is None or wanted >= len(examples):
            return examples
        return examples.take(np.sort(np.random.default_rng([seed, 1]).permutation(len(examples))[:wanted]))

    def _iglue(self, task: TaskName) -> tuple[Examples, dict[str, Examples], dict[str, Examples]]:
        files = self.config.iglue.get(task)
        if files is None:
            raise SpecError("There are no files for this task", where=f"iglue.{task}", remedy="name them")
        vocabulary = answer_vocabulary([files.train]) if task == "vqa" else None
        english = read_iglue(task, files.train, "en", vocabulary=vocabulary)
        tests, few = (
            {each: read_iglue(task, path, each, vocabulary=vocabulary) for each, path in named.items()}
            for named in (files.test, files.few_shot)
        )
        return english, tests, few

    def new_model(self, examples: Examples) -> nn.Module:
        """The pre-trained model under the task's head; retrieval needs no new one."""
        body = RC3.load(self.config.out / "model")
        if examples.task in RETRIEVAL:
            return body
        generator = torch.Generator().manual_seed(self.config.seed)
        images = 1 if examples.second is None else 2
        model = RC3Classifier(body, examples.labels, images=images, generator=generator)
        if examples.task == "vqa":
            if self.config.model.first_weights == "mimetic":
                begin_answers(model, self.answers(), self.tokenizer)
            check_labels(examples.questions, examples.labels)
            prior_bias(model.head, examples.questions.labels, examples.questions.soft_scores)
        return model

    def answers(self) -> list[str]:
        """The English answers by label."""
        data = self.config.data
        if data.releases:
            return load_vocabulary(next(iter(data.releases.values())))
        if data.world is not None:
            from recipes.drawn_world.tasks import scene_vocabulary

            return scene_vocabulary(data.world)
        return answer_vocabulary([self.config.iglue["vqa"].train])

    def tune(self, model: nn.Module, examples: Examples, folder: Path, epochs: int, lr: float) -> None:
        """Train on some examples, the last weights count."""
        config, tuning = self.config, self.config.tasks[examples.task]
        settings = Settings.of(
            tuning,
            epochs=epochs,
            lr=lr,
            precision=config.precision,
            save_every=0,
            seed=config.seed,
            tensorboard=False,
            progress=False,
        )
        names = ("text.", "body.text.") if tuning.freeze_text else ()
        trained = [weight for name, weight in model.named_parameters() if not name.startswith(names)]
        task = Task(model, examples.task)
        train(task, task_loss, self.batches(examples), settings, folder, parameters=trained)

    def batches(self, examples: Examples, *, shuffle: bool = True) -> QuestionBatches:
        """Batches with the features that the settings name."""
        data = self.config.data
        return QuestionBatches(
            examples.questions,
            self.tokenizer,
            self.features,
            batch_size=self.config.tasks[examples.task].batch_size,
            regions=data.regions,
            tags=0,
            labels=examples.labels,
            patches=data.patches,
            seed=self.config.seed,
            max_text=data.longest,
            **self.config.loader.options(),
            shuffle=shuffle,
            collate=examples.collate(self.features, data.regions, data.patches),
        )

    def pretraining_seconds(self) -> float:
        """What the model that all tasks begin with has cost."""
        lines = read_log(self.config.out / "pretraining")
        return float(lines[-1]["seconds"]) if lines else 0.0

    def evaluate(self, model: nn.Module, examples: Examples) -> dict[str, float]:
        """``score``: accuracy, or the mean of R@1 both ways, in per cent; and what it is made of."""
        if examples.task == "vqa" and self.config.data.releases:
            return self._official(model, examples)
        if examples.task not in RETRIEVAL:
            return {**soft_accuracy(model, self.batches(examples, shuffle=False)), "n": len(examples)}
        first = examples.of_images(self.config.pool * self.config.pools, seed=0)
        of_pools = [
            recall(model, self.batches(pool, shuffle=False)).values()
            for pool in pools(first, self.config.pool)
        ]
        means = {name: float(np.mean([each[name] for each in of_pools])) for name in of_pools[0]}
        score = (means["image_to_text_r1"] + means["text_to_image_r1"]) / 2
        return {"score": score, **means, "n": len(first)}

    def _official(self, model: nn.Module, examples: Examples) -> dict[str, Any]:
        """The accuracy of the release's own metric, as the other systems are scored, and its parts."""
        releases, language = self.config.data.releases, examples.questions.language
        release = releases.get(language, next(iter(releases.values())))
        batches = self.batches(examples, shuffle=False)
        predictions = predict(model, batches, self.answers())
        groups = seen_and_unseen(release, "validation", english=language == "en")
        scores = score(predictions, release, "validation", language=language, groups=groups)
        parts = {name: value for name, value in scores.record().items() if name != "language"}
        speed = questions_per_second(model, batches)
        return {"score": scores.overall.value, "n": len(examples), "questions_per_second": speed, **parts}


def vqa_loss(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The soft scores of the answers, which compete: a small budget is soon spent on thousands of noes."""
    return {"loss": softmax_loss(model(**batch), batch["targets"])}


def class_loss(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """One class is right."""
    return {"loss": functional.cross_entropy(model(**batch).float(), batch["targets"])}


def matching_loss(model: RC3, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The own pair against three wrong ones: the text with two other images, the image with another text.

    As IGLUE fine-tunes retrieval, with one more random image in the place of its hard negative.
    """
    count = len(batch["input_ids"])
    text, mask = model.text(batch["input_ids"], batch["attention_mask"]), batch["attention_mask"]
    shifts = 1 + torch.randperm(max(count - 1, 1))[:3]
    far, further, other = (int(shift) for shift in shifts.repeat(3)[:3])
    images = {name: batch[name] for name in ("regions", "region_mask", "patches") if name in batch}
    columns = []
    for text_shift, image_shift in ((0, 0), (0, far), (0, further), (other, 0)):
        shown = {name: value.roll(image_shift, 0) for name, value in images.items()}
        fused = model.fuse(text.roll(text_shift, 0), mask.roll(text_shift, 0), **shown)
        columns.append(model.match(fused.pooled))
    logits = torch.stack(columns, dim=1).float()
    return {"loss": functional.cross_entropy(logits, logits.new_zeros(count, dtype=torch.long))}


LOSSES: dict[TaskName, Any] = {
    "vqa": vqa_loss,
    "two_images": class_loss,
    "entailment": class_loss,
    "captions": matching_loss,
    "wit": matching_loss,
}


class Task(nn.Module):
    """A model and the loss of a task as one module, so that several processes can share it."""

    def __init__(self, model: nn.Module, task: TaskName) -> None:
        super().__init__()
        self.model, self.loss = model, LOSSES[task]

    def forward(self, **batch: Tensor) -> dict[str, Tensor]:
        """The terms of the loss of a batch."""
        terms: dict[str, Tensor] = self.loss(self.model, batch)
        return terms


def task_loss(task: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """The loss of a :class:`Task`."""
    terms: dict[str, Tensor] = task(**batch)
    return terms


def pools(examples: Examples, size: int) -> list[Examples]:
    """The examples of every ``size`` images, in order; images left over at the end are left out."""
    images = list(dict.fromkeys(examples.questions.image_id))
    place = {image: number // size for number, image in enumerate(images)}
    of_row = np.array([place[image] for image in examples.questions.image_id])
    return [examples.take(np.flatnonzero(of_row == pool)) for pool in range(max(1, len(images) // size))]


def recall(model: RC3, batches: QuestionBatches) -> Recall:
    """Recall of a pool, every text fused with every image.

    Args:
        model: its matching head scores the pairs.
        batches: one text per row; texts of one image share it.
    """
    asked = batches.questions
    captions = Pairs(asked.language, asked.image_id, asked.text)
    images, owners = captions.images()
    _, firsts = np.unique(owners, return_index=True)
    model.eval()
    device = next(model.parameters()).device
    batch = {name: value.to(device) for name, value in batches.batch(np.arange(len(asked))).items()}
    mask = batch["attention_mask"]
    shown = {name: batch[name][firsts] for name in ("regions", "region_mask", "patches") if name in batch}
    with torch.inference_mode():
        text = model.text(batch["input_ids"], mask)

    def match(image: Rows, row: Rows) -> Tensor:
        these = {name: value[image] for name, value in shown.items()}
        return model.match(model.fuse(text[row], mask[row], **these).pooled)

    return score_pairs(pair_scores(match, len(images), len(asked)), captions)


def finetune(config: Config, *, row: str, path: Path, tasks: list[TaskName] | None = None) -> None:
    """Fine-tune on the tasks of the settings and append every score to a file.

    Args:
        config: as for pre-training, which must be done.
        row: what the runs are called in the table.
        path: of the results.
        tasks: these alone.
    """
    for task in tasks or ():
        if task not in config.tasks:
            raise UnknownNameError("task", task, config.tasks)
    tuner = Finetuner(config)
    for task in tasks or list(config.tasks):

        def record(**scores: Any) -> None:
            if is_first_process():
                results.append(path, {"row": row, "seed": config.seed, **scores})

        tuner.run(task, record)


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Fine-tune RC3 on the five tasks.")
    parser.add_argument("settings", type=Path, help="a YAML file such as recipes/rc3/small.yaml")
    parser.add_argument("overrides", nargs="*", help="section.name=value")
    parser.add_argument("--row", default="RC3", help="name of the runs in the results")
    parser.add_argument("--results", type=Path, help="JSONL file; OUT/results.jsonl if not given")
    parser.add_argument("--tasks", nargs="*", help="these tasks alone")
    args = parser.parse_args(arguments)
    config = load(args.settings, args.overrides)
    if config.threads:
        torch.set_num_threads(config.threads)
    path = args.results or config.out / "results.jsonl"
    finetune(config, row=args.row, path=path, tasks=args.tasks)
    print(f"The scores lie in {path}")


if __name__ == "__main__":
    main()
