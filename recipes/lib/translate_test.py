"""What an English model scores in another language without training: translate-test, and zero-shot.

Translate-test has the question translated into English by an engine of vqa_builder, through its translation
memory; zero-shot asks the model in the target language. Every student is to be held against both: on xGQA,
translate-test beats every zero-shot multilingual model by some 19 points (IGLUE, Bugliarello et al. 2022).

Example::

    def batches_of(questions):
        return QuestionBatches(questions, tokenizer, features, batch_size=256, regions=8, tags=4,
                               labels=len(vocabulary), shuffle=False)

    questions = load_questions(release, "validation")
    references = load_references(release, split="validation")
    translated = translate_test(teacher, questions, batches_of, vocabulary, references, memory=memory)
    zero_shot = ask(teacher, questions, batches_of, vocabulary, references)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recipes.lib.evaluate import Batches, Precision, Scores, predict, score, write_predictions
from vqa_builder.metrics.references import References
from vqa_builder.plugins import construct
from vqa_builder.progress import Progress
from vqa_builder.spec import Plugin
from vqa_builder.translation import run
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.request import Request

if TYPE_CHECKING:
    from torch import nn

    from recipes.lib.data import Questions

ENGLISH = "en"
ROLE = "question"
BatchesOf = Callable[["Questions"], Batches]
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class InEnglish:
    """Questions as an engine says them in English.

    Attributes:
        questions: the same questions in the same order, ``text`` in English; where every engine failed, the
            question as it was asked.
        engines: signatures of those who answered, the most frequent first.
        counts: what the run asked, remembered and translated.
        failed: ids of the questions that nobody translated.
    """

    questions: Questions
    engines: tuple[str, ...]
    counts: run.RunCounts
    failed: tuple[Any, ...]

    @property
    def notes(self) -> dict[str, Any]:
        """For a record of results."""
        return {"engine": ", ".join(self.engines), "untranslated": len(self.failed)}


def into_english(
    questions: Questions,
    *,
    memory: Path,
    engines: Sequence[str | Mapping[str, Any]] = ("mini",),
    progress: Progress | None = None,
) -> InEnglish:
    """Translate questions into English.

    Args:
        questions: in any language but English.
        memory: file of the translation memory, made if missing; a question is translated once, whatever model
            and seed is asked. The memory of the build serves too, and never answers for another engine.
        engines: as in a spec, ``mini`` or ``{"type": "ctranslate2", "model": ...}``; the next one is asked
            for what those before could not translate.
        progress: shows the translation.

    Raises:
        UnknownNameError: there is no such engine.
        EngineError: an engine does not translate from this language, or cannot go on.

    Example::

        into_english(questions, memory=Path("memory.sqlite")).questions.text[0]  # "Is it red?"
    """
    plugins = [Plugin.model_validate({"type": each} if isinstance(each, str) else each) for each in engines]
    made = [construct("engines", plugin, Path.cwd()) for plugin in plugins]
    try:
        with TranslationMemory(memory) as held:
            outcome = run.translate(
                Request(
                    [_SPACES.sub(" ", text).strip() for text in questions.text],
                    questions.language,
                    ENGLISH,
                    ROLE,
                ),
                made,
                held,
                progress=progress,
            )
    finally:
        for engine in made:
            engine.close()
    texts = outcome.text.to_pylist()
    who = outcome.engine.drop_null().value_counts().to_pylist()
    ranked = sorted(who, key=lambda each: (-each["counts"], each["values"]))
    said = [new or old for new, old in zip(texts, questions.text, strict=True)]
    return InEnglish(
        questions=replace(questions, text=said, language=ENGLISH),
        engines=tuple(each["values"] for each in ranked),
        counts=outcome.counts,
        failed=tuple(id_ for id_, text in zip(questions.question_id, texts, strict=True) if text is None),
    )


def translate_test(
    model: nn.Module,
    questions: Questions,
    batches_of: BatchesOf,
    vocabulary: Sequence[str],
    references: References,
    *,
    memory: Path,
    engines: Sequence[str | Mapping[str, Any]] = ("mini",),
    precision: Precision = "fp32",
    file: Path | None = None,
    progress: Progress | None = None,
) -> Scores:
    """An English model's accuracy on the translations of the questions into English.

    Args:
        model, vocabulary, precision: as for ``evaluate.predict``.
        questions: of a release, in its language.
        batches_of: questions -> the batches that the model reads.
        references: of the same split, from ``metrics.references.load_references``.
        memory, engines, progress: as for ``into_english``.
        file: where to write the predictions, in the official result format.

    Returns:
        Scores whose notes name the engines and count the questions that nobody translated.
    """
    english = into_english(questions, memory=memory, engines=engines, progress=progress)
    found = ask(model, english.questions, batches_of, vocabulary, references, precision=precision, file=file)
    return replace(found, language=questions.language, notes=english.notes)


def ask(
    model: nn.Module,
    questions: Questions,
    batches_of: BatchesOf,
    vocabulary: Sequence[str],
    references: References,
    *,
    precision: Precision = "fp32",
    file: Path | None = None,
) -> Scores:
    """A model's accuracy on the questions as they are: a student's, or zero-shot for one trained in English.

    Arguments as in ``translate_test``.
    """
    predictions = predict(model, batches_of(questions), vocabulary, precision=precision)
    if file is not None:
        write_predictions(file, predictions)
    return score(predictions, references, None, language=questions.language)
