"""What needs no student: the teacher in English, what the annotators allow, translate-test, and zero-shot."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from filelock import FileLock

from recipes.cvil.config import Config
from recipes.cvil.material import Material
from recipes.cvil.train import record_answers, train_teacher
from recipes.lib import clock, results
from recipes.lib.data import Questions, load_questions
from recipes.lib.translate_questions import into_english

TIMED = 500


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
        asked = {
            "teacher, in English": load_questions(release, "validation", english=True),
            "translate-test": _translated(config, questions),
            "zero-shot": questions,
        }
        for row, own in asked.items():
            fields = {**common, "row": row, "seconds": seconds}
            if row == "translate-test":
                fields["translations_per_second"] = _translations_per_second(questions)
            batches = material.batches(own, material.tokenizers.teacher, config.teacher, shuffle=False)
            record_answers(material, batches, teacher, release, fields)


def _translated(config: Config, questions: Questions) -> Questions:
    """The questions as ``mini`` says them in English; translated once for all seeds."""
    memory = Path(config.out) / "translate_test.sqlite"
    with FileLock(f"{memory}.lock"):
        english = into_english(questions, memory=memory)
    return replace(english.questions, language="en")


def _translations_per_second(questions: Questions) -> float:
    """How fast ``mini`` translates questions that nobody has asked yet, no two of them alike."""
    _, first = np.unique(questions.text, return_index=True)
    some = questions.take(np.sort(first)[:TIMED])
    with tempfile.TemporaryDirectory() as folder:
        into_english(some.take(np.arange(1)), memory=Path(folder) / "warm.sqlite")
        start = clock.seconds()
        into_english(some, memory=Path(folder) / "memory.sqlite")
        return len(some) / (clock.seconds() - start)
