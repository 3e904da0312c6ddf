"""An engine that sees is asked which sense a picture shows: where no cue tells, once, and only if told to."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from recipes.drawn_world import seen_senses
from recipes.drawn_world.seen_senses import Nearest, drawn, endpoint, measure
from vqa_builder.pipeline import plan, read_questions
from vqa_builder.steps.build_context import open_build
from vqa_builder.translation.budget import picture_tokens
from vqa_builder.translation.memory import TranslationMemory

QUESTIONS = drawn(42, seed=0)


@pytest.fixture(scope="module")
def known() -> Nearest:
    return Nearest.of(drawn(140, seed=1))


def test_the_picture_tells_what_the_question_does_not(tmp_path: Path) -> None:
    figures = measure(QUESTIONS, tmp_path)
    told = sum(one.told for one in QUESTIONS)
    assert figures.without_where_open < 0.75 < 0.85 < figures.seen_where_open
    assert 0 < figures.requests <= len(QUESTIONS) - told


def test_a_picture_is_paid_for_once_and_a_plan_sends_none(tmp_path: Path, known: Nearest) -> None:
    measure_folder = tmp_path / "data"
    measure_folder.mkdir()
    seen_senses.write(QUESTIONS[:14], measure_folder)
    with endpoint(known) as (address, served):
        engine = {"type": "openai", "base_url": address, "model": "m", "images": "always"}
        spec = seen_senses.spec(measure_folder, engine)
        (work,) = [one for one in plan(spec, tmp_path).work if one.step == "pictures"]
        assert served.requests == 0 and work.strings == 14 and work.input_tokens > 14 * picture_tokens(768)
        for _ in range(2):
            with open_build(spec, tmp_path, workers=1) as job:
                read_questions(job).senses.table  # noqa: B018
            shutil.rmtree(tmp_path / ".vqa-builder" / "steps")
        assert served.requests == 14
        assert max(served.sides) <= 768
        without = seen_senses.spec(measure_folder, {**engine, "images": None})
        with open_build(without, tmp_path / "none", workers=1) as job:
            read_questions(job).senses.table  # noqa: B018
        assert served.requests == 14
    with TranslationMemory(tmp_path / ".vqa-builder" / "memory.sqlite") as memory:
        contexts = {entry.context for entry in memory.entries(human_verified=False)}
    assert len(contexts) == 14 and all(len(context.split('"')[1]) == 64 for context in contexts)
