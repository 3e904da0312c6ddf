"""Questions translated into English, so that an English model can be asked in another language.

Translate-test is what every student is to be held against: on xGQA, it beats every zero-shot multilingual
model by some 19 points (IGLUE, Bugliarello et al. 2022).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vqa_builder.plugins import construct
from vqa_builder.progress import Progress
from vqa_builder.spec import Plugin
from vqa_builder.translation import run
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.request import Request

if TYPE_CHECKING:
    from recipes.lib.data import Questions

ENGLISH = "en"
ROLE = "question"
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

    In a recipe::

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
