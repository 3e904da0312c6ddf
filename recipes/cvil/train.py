"""Distil an English VQA model into another language: cViL in six steps.

    python -m recipes.cvil.train recipes/cvil/small.yaml --set language=ja --set labels=0.1

1. A teacher learns to answer English questions.
2. Its hidden states for every English question are computed once.
3. A student reads the same questions in its language and learns the states; it needs no answers for that.
4. A new head is trained on the student, its body frozen.
5. The student is trained end to end on the labels that the language has.
6. Everybody answers the validation questions.

A step whose folder is complete is not run again, so that rows of a table share what they have in common.
Source: Gupta, Gautam and Mamidi, cViL (ICPR 2022), and their public code. What is ours is said where it is.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from recipes.cvil import config as settings
from recipes.cvil.ask import save
from recipes.cvil.config import Config, Distillation, Stage
from recipes.cvil.material import Material, new_model, trainer_settings
from recipes.cvil.parallel import Parallel, distillation_batches
from recipes.cvil.states import OnlineStates, States, TeacherStates, asked, check_layers, write_states
from recipes.lib import results
from recipes.lib.command import finish, parser
from recipes.lib.data import QuestionBatches, Questions, load_questions, load_vocabulary
from recipes.lib.evaluate import (
    Scores,
    predict,
    questions_per_second,
    score,
    soft_accuracy,
    write_predictions,
)
from recipes.lib.losses import answer_loss, hidden_state_loss, logit_loss, softmax_loss
from recipes.lib.models.oscar import Oscar
from recipes.lib.steps import is_first_process, step_folder, work_folder
from recipes.lib.trainer import Validate, train
from recipes.lib.wordings import seen_and_unseen
from vqa_builder.errors import SpecError
from vqa_builder.metrics.references import load_references


def run(config: Config) -> Oscar:
    """Train one student as the settings say, score it, and append the scores to ``results.jsonl``.

    Teacher and student go to ``students/``, ready to be asked (``recipes.cvil.ask``) or published. Under
    ``torchrun`` all processes train, and the first one alone scores and saves.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    material = Material(config)
    teacher, _ = train_teacher(config)
    student, seconds = train_student(config, material, teacher)
    if not is_first_process():
        return student
    record_scores(config, material, student, seconds)
    reads = {"regions": config.data.regions, "tags": config.data.tags, "max_text": config.data.longest}
    for name, model, tokenizer in (
        (f"teacher-{of_teacher(config).seed}", teacher, material.tokenizers.teacher),
        (
            run_name(config.row, config.language, config.labels, config.seed),
            student,
            material.tokenizers.student,
        ),
    ):
        save(config.out / "students" / name, model, tokenizer, material.vocabulary, reads)
    return student


def train_teacher(config: Config) -> tuple[Oscar, float]:
    """Step 1: an Oscar model learns the English side of the release, rejected translations included."""
    config = of_teacher(config)
    material = Material(config)
    identity = {"stage": "teacher", **material.identity, "stages": config.teacher.model_dump()}
    teacher = new_model(config.model, material, material.tokenizers.teacher, ("teacher", config.seed))
    if not config.teacher.epochs:
        return teacher.eval(), 0.0
    with step_folder(config.out, "teacher", identity) as folder:
        batches = material.batches(material.english("train"), material.tokenizers.teacher, config.teacher)
        outcome = train(
            teacher,
            ANSWER_STEPS[config.loss],
            batches,
            trainer_settings(config, config.teacher, batches),
            folder,
            validate=validation(config.teacher, material, material.english, material.tokenizers.teacher),
            identity=identity,
        )
    return teacher, outcome.seconds


def train_student(config: Config, material: Material, teacher: Oscar | None = None) -> tuple[Oscar, float]:
    """Steps 2 to 5; gives the student and the seconds of its own training.

    The teacher is trained, or found trained, where one is needed and none is given.
    """
    student = new_model(
        config.student or config.model, material, material.tokenizers.student, ("student", config.seed)
    )
    seconds = 0.0
    if config.from_teacher:
        teacher = teacher or train_teacher(config)[0]
        student.load_state_dict(teacher.state_dict())
    if config.distillation is not None:
        teacher = teacher or train_teacher(config)[0]
        seconds += distil(config, config.distillation, material, teacher, student)
        if not config.distillation.logits and (config.head_from_teacher or not config.labels):
            copy_head(teacher, student)
    elif not config.labels:
        raise SpecError("A student without distillation and without labels learns nothing", found="labels: 0")
    if config.labels:
        seconds += learn_answers(config, material, student)
    return student, seconds


def remember_teacher(config: Config, teacher: Oscar, distillation: Distillation) -> States:
    """Step 2: run the teacher once over every English question of training, or get ready to ask it."""
    config = of_teacher(config)
    material = Material(config)
    if distillation.states == "online":
        check_layers(teacher, distillation.layers)
        english = material.batches(
            material.english("train"), material.tokenizers.teacher, config.teacher, shuffle=False, regions=0
        )
        return OnlineStates(english, config.data.regions)
    identity = {
        "stage": "states",
        **material.identity,
        "teacher": config.teacher.model_dump(),
        "layers": distillation.layers,
    }
    with work_folder(config.out, "states", identity) as folder:
        if not (folder / "states.json").exists():
            batches = material.batches(
                material.english("train"), material.tokenizers.teacher, config.teacher, shuffle=False
            )
            write_states(teacher, batches, distillation.layers, folder, precision=config.precision)
    return TeacherStates.open(folder)


def distil(
    config: Config, distillation: Distillation, material: Material, teacher: Oscar, student: Oscar
) -> float:
    """Step 3: the student's states become the teacher's, at the positions that mean the same."""
    questions = material.target("train")
    states = remember_teacher(config, teacher, distillation)
    online = teacher.eval() if distillation.states == "online" else None
    parallel = Parallel(
        questions, material.tokenizers, states, material.features, distillation, config.data.tags
    )
    batches = distillation_batches(
        questions,
        parallel,
        material.features,
        **material.batch_options(distillation),
    )
    if distillation.logits:
        step = partial(logit_step, softmax=config.loss == "softmax", teacher=online)
    else:
        step = partial(hidden_step, layers=distillation.layers, teacher=online)
    identity = material.student_identity(config)
    with step_folder(config.out, f"distilled-{config.language}", identity) as folder:
        outcome = train(
            student, step, batches, trainer_settings(config, distillation, batches), folder, identity=identity
        )
    return outcome.seconds


def learn_answers(config: Config, material: Material, student: Oscar) -> float:
    """Steps 4 and 5: first the new head alone, then everything, on the share of labels that there is."""
    questions = material.labelled()
    seconds = 0.0
    for name, stage in (("head", config.head), ("tuned", config.fine_tuning)):
        if not stage.epochs:
            continue
        identity = {
            **material.student_identity(config),
            "labels": config.labels,
            "from teacher": config.head_from_teacher,
            "head": config.head.model_dump(),
        }
        if name == "tuned":
            identity["tuning"] = stage.model_dump()
        batches = material.batches(questions, material.tokenizers.student, stage)
        with step_folder(config.out, f"{name}-{config.language}", identity) as folder:
            outcome = train(
                student,
                ANSWER_STEPS[config.loss],
                batches,
                trainer_settings(config, stage, batches),
                folder,
                validate=validation(stage, material, material.target, material.tokenizers.student),
                parameters=list(student.classifier.parameters()) if name == "head" else None,
                identity=identity,
            )
        seconds += outcome.seconds
    return seconds


def validation(
    stage: Stage, material: Material, questions: Callable[[str], Questions], tokenizer: Any
) -> Validate | None:
    """What chooses the epoch of a stage: the soft score on the validation split, or nothing."""
    if stage.keep == "last":
        return None
    held_out = material.batches(questions("validation"), tokenizer, stage, shuffle=False)
    return partial(soft_accuracy, batches=held_out)


def record_scores(config: Config, material: Material, student: Oscar, seconds: float) -> list[Scores]:
    """Step 6: the student's answers to the release's validation questions.

    A student of all labels is asked the clean release's too, where there is one: what translation noise does
    is a question of its own.
    """
    sets = {"release": config.data.releases} | ({"clean": config.data.clean} if config.labels == 1 else {})
    fields = {"row": config.row, "seed": config.seed, "share": config.labels, "seconds": seconds}
    tokenizer = material.tokenizers.student
    return [
        record_answers(
            material,
            material.batches(
                load_questions(release, "validation"), tokenizer, config.fine_tuning, shuffle=False
            ),
            student,
            release,
            {**fields, "setting": setting, "language": config.language},
        )
        for setting, releases in sets.items()
        if (release := releases.get(config.language))
    ]


def record_answers(
    material: Material, batches: QuestionBatches, model: Oscar, release: str, fields: dict[str, Any]
) -> Scores:
    """A model's answers to a release's validation questions: the file kept, the scores recorded.

    Questions whose texts training has shown, others, and those held out are also scored on their own.
    """
    predictions = predict(model, batches, load_vocabulary(release))
    write_predictions(prediction_file(material.config.out, release, fields), predictions)
    references = load_references(release, "en", "validation")
    fields = {
        "questions_per_second": questions_per_second(model, batches),
        "parameters": sum(each.numel() for each in model.parameters()),
        **fields,
    }
    language = batches.questions.language
    groups = seen_and_unseen(release, "validation", english=language == "en") | material.held_out
    scores = score(predictions, references, None, language=language, groups=groups)
    results.append(material.config.out / "results.jsonl", {**scores.record(), **fields})
    return scores


def prediction_file(out: Path, release: str, fields: Mapping[str, Any]) -> Path:
    """Where the answers of a row to the questions of a release are kept."""
    name = run_name(fields["row"], fields["language"], fields["share"], fields["seed"])
    return out / "predictions" / f"{name}-{Path(release).name}.json"


def answer_step(model: Oscar, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Binary cross-entropy with soft scores."""
    return {"loss": answer_loss(model(**batch).logits, batch["targets"])}


def softmax_step(model: Oscar, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Cross-entropy with soft scores."""
    return {"loss": softmax_loss(model(**batch).logits, batch["targets"])}


ANSWER_STEPS = {"binary": answer_step, "softmax": softmax_step}


def hidden_step(
    model: Oscar, batch: dict[str, Tensor], *, layers: list[int], teacher: Oscar | None = None
) -> dict[str, Tensor]:
    """L_KD: squared distance to the teacher's states, kept or asked for now; no answer is looked at."""
    batch = asked(teacher, batch, layers)
    hidden = model(**batch, hidden_states=True).hidden
    chosen = [hidden[layer] for layer in layers]
    loss = hidden_state_loss(chosen, batch["teacher"].float(), batch["matched"])
    return {"loss": loss, "weight": torch.full((), float(len(batch["matched"])), device=loss.device)}


def logit_step(
    model: Oscar, batch: dict[str, Tensor], *, softmax: bool, teacher: Oscar | None = None
) -> dict[str, Tensor]:
    """The ablation: the teacher's answers instead of its states."""
    batch = asked(teacher, batch, [])
    return {"loss": logit_loss(model(**batch).logits, batch["teacher_logits"], softmax=softmax)}


def run_name(row: str, language: str, share: float, seed: int) -> str:
    """Of a student's folder and files."""
    return f"{row}-{language}-{share:g}-{seed}".replace(" ", "_")


def of_teacher(config: Config) -> Config:
    """The settings with the teacher's seed in the place of the student's."""
    return config.model_copy(
        update={"seed": config.seed if config.teacher_seed is None else config.teacher_seed}
    )


def copy_head(teacher: Oscar, student: Oscar) -> None:
    """Give the student the teacher's pooler and classifier, which read the states that it has learned."""
    student.pooler.load_state_dict(teacher.pooler.state_dict())
    student.classifier.load_state_dict(teacher.classifier.state_dict())


def main() -> int:
    """The command line."""
    return finish(_run, parser(__doc__))


def _run(args: argparse.Namespace) -> None:
    content = settings.read(args.settings, args.set)
    for name in ("rows", "seeds", "shares"):  # of the table
        content.pop(name, None)
    run(settings.validate(settings.Config, content, args.settings))


if __name__ == "__main__":
    raise SystemExit(main())
