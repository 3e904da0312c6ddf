"""What needs no student: the teacher in English, what the annotators allow, translate-test, and zero-shot."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from filelock import FileLock

from recipes.cvil.config import Config
from recipes.cvil.material import Material
from recipes.cvil.train import train_teacher
from recipes.lib import results
from recipes.lib.data import Questions, load_questions
from recipes.lib.evaluate import predict, score
from recipes.lib.models.oscar import Oscar
from recipes.lib.translate_test import into_english


def record_teacher(config: Config) -> None:
    """Train the teacher, or find it trained, and score it on the validation questions of every language."""
    material = Material(config)
    teacher, seconds = train_teacher(config)
    for language, release in config.data.releases.items():
        questions = load_questions(release, "validation")
        ceiling = sum(max(scores, default=0.0) for scores in questions.soft_scores) / len(questions)
        common = {"seed": config.seed, "share": 0.0, "setting": "release", "language": language}
        results.append(
            config.out / "results.jsonl",
            {**common, "row": "what the annotators allow", "accuracy": 100 * ceiling},
        )
        english = load_questions(release, "validation", english=True)
        translated = _translated(config, questions)
        asked = {"teacher, in English": english, "translate-test": translated, "zero-shot": questions}
        for row, asked_questions in asked.items():
            start = time.perf_counter()
            record = _score(material, teacher, asked_questions, release)
            latency = 1000 * (time.perf_counter() - start) / len(questions)
            own = {"seconds": seconds, "parameters": sum(each.numel() for each in teacher.parameters())}
            results.append(
                config.out / "results.jsonl",
                {**record, **common, **own, "row": row, "milliseconds": latency},
            )


def _score(material: Material, teacher: Oscar, questions: Questions, release: str) -> dict[str, Any]:
    batches = material.batches(questions, material.tokenizers.teacher, material.config.teacher, shuffle=False)
    predictions = predict(teacher, batches, material.vocabulary)
    return score(predictions, release, "validation", language=questions.language).record()


def _translated(config: Config, questions: Questions) -> Questions:
    """The questions as ``mini`` says them in English; translated once for all seeds."""
    memory = Path(config.out) / "translate_test.sqlite"
    with FileLock(f"{memory}.lock"):
        english = into_english(questions, memory=memory)
    return replace(english.questions, language="en")
