from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recipes.cvil import config as settings
from recipes.cvil.config import Distillation
from recipes.cvil.material import Material, new_model
from recipes.cvil.parallel import Parallel, Tokenizers, distillation_batches
from recipes.cvil.states import OnlineStates, States, TeacherStates, asked, write_states
from recipes.cvil.train import hidden_step
from recipes.lib.data import Batch, Questions
from recipes.lib.features import FeatureStore
from recipes.lib.models.oscar import Oscar
from vqa_builder.errors import SpecError

FULL = Distillation(epochs=1, lr=1e-3, layers=[0, 1], mixed=1.0, batch_size=4)


@pytest.fixture
def material(content: dict[str, Any], tmp_path: Path) -> Material:
    return Material(settings.validate(settings.Config, content, tmp_path))


@pytest.fixture
def teacher(material: Material) -> Oscar:
    made = new_model(material.config.model, material, material.tokenizers.teacher, ("teacher", 0))
    made.eval()
    return made


def states_of(teacher: Oscar, material: Material, folder: Path) -> TeacherStates:
    english = material.english("train")
    batches = material.batches(english, material.tokenizers.teacher, material.config.teacher, shuffle=False)
    write_states(teacher, batches, [0, 1], folder)
    return TeacherStates.open(folder)


def batch_of(
    material: Material,
    states: States,
    distillation: Distillation = FULL,
    tokenizers: Tokenizers | None = None,
    questions: Questions | None = None,
) -> tuple[Questions, Batch]:
    questions = questions or material.target("train")
    parallel = Parallel(
        questions, tokenizers or material.tokenizers, states, material.features, distillation, 4
    )
    batches = distillation_batches(
        questions, parallel, material.features, **material.batch_options(distillation)
    )
    return questions, next(batches.epoch(0))


def test_states_are_what_the_teacher_says_of_each_question(
    material: Material, teacher: Oscar, tmp_path: Path
) -> None:
    states = states_of(teacher, material, tmp_path / "states")
    english = material.english("train").take([2])
    [batch] = material.batches(english, material.tokenizers.teacher, FULL).epoch(0)
    output = teacher(**batch, hidden_states=True)
    [row] = states.rows(english.question_id)
    length = states.text_lengths[row] + 4
    found = states.gather(states.starts[row] + np.arange(length))["teacher"]
    torch.testing.assert_close(found.float(), torch.stack(output.hidden)[:, 0], atol=2e-3, rtol=2e-3)
    torch.testing.assert_close(
        torch.from_numpy(np.array(states.logits[row])).float(), output.logits[0], atol=2e-3, rtol=2e-3
    )


class Killed(RuntimeError):
    pass


def test_a_killed_writing_of_states_goes_on_to_the_same_files(
    material: Material, teacher: Oscar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states_of(teacher, material, tmp_path / "whole")
    asked_for: list[int] = []
    spoken = Oscar.forward

    def speak(self: Oscar, *arguments: Any, **inputs: Any) -> Any:
        asked_for.append(len(inputs["input_ids"]))
        if len(asked_for) == 2:
            raise Killed
        return spoken(self, *arguments, **inputs)

    monkeypatch.setattr(Oscar, "forward", speak)
    with pytest.raises(Killed):
        states_of(teacher, material, tmp_path / "states")
    begun = tmp_path / "states.begun"
    assert not (tmp_path / "states").exists()
    with (begun / "layer1.npy").open("ab") as torn:
        torn.write(b"half a batch that was cut off")
    states_of(teacher, material, tmp_path / "states")
    english = len(material.english("train"))
    assert sum(asked_for) == english + asked_for[1]  # nothing but the batch that died was asked again
    assert not begun.exists()
    for file in (tmp_path / "whole").iterdir():
        assert file.read_bytes() == (tmp_path / "states" / file.name).read_bytes(), file.name


def test_states_begun_by_another_teacher_are_not_gone_on_with(
    material: Material, teacher: Oscar, tmp_path: Path
) -> None:
    states_of(teacher, material, tmp_path / "states")
    (tmp_path / "states").replace(tmp_path / "states.begun")
    (tmp_path / "states.begun" / "identity.json").write_text('"of another"')
    found = states_of(teacher, material, tmp_path / "states")
    assert len(found.logits) == len(material.english("train"))


def test_online_the_teacher_says_what_it_said_when_its_states_were_kept(
    material: Material, teacher: Oscar, tmp_path: Path
) -> None:
    _, kept = batch_of(material, states_of(teacher, material, tmp_path / "states"))
    english = material.batches(
        material.english("train"), material.tokenizers.teacher, FULL, shuffle=False, regions=0
    )
    _, batch = batch_of(material, OnlineStates(english, material.config.data.regions))
    online = asked(teacher, batch, [0, 1])
    assert torch.equal(online["matched"], kept["matched"])
    for name in ("teacher", "teacher_logits"):
        torch.testing.assert_close(online[name].float(), kept[name].float(), atol=2e-3, rtol=2e-3)


def test_a_layer_that_the_teacher_has_not_is_refused(
    material: Material, teacher: Oscar, tmp_path: Path
) -> None:
    batches = material.batches(material.english("train"), material.tokenizers.teacher, FULL, shuffle=False)
    with pytest.raises(SpecError, match="no such layer"):
        write_states(teacher, batches, [5], tmp_path / "states")
    assert not (tmp_path / "states").exists()


@pytest.mark.parametrize("student_pieces", [600, 330])
def test_matched_pieces_are_the_same_pieces(
    material: Material, teacher: Oscar, tmp_path: Path, student_pieces: int
) -> None:
    """Whatever the tokenizers, a matched piece of the student is spelt like the teacher's at that place."""
    states = states_of(teacher, material, tmp_path / "states")
    tokenizers = Tokenizers(material._tokenizer(student_pieces), material.tokenizers.teacher)
    questions, batch = batch_of(material, states, tokenizers=tokenizers)
    english = material.english("train")
    parallel = Parallel(questions, tokenizers, states, material.features, FULL, 4)
    rows = batch["index"].numpy()
    _, extra = parallel.augment(rows, np.random.default_rng(0))
    assert extra["mixed"].shape[1] > 0
    for place, row in enumerate(rows):
        question = english.question_id.index(questions.question_id[row])
        theirs = tokenizers.teacher.tokenize(english.text[question])
        ids, _ = parallel.augment(rows[place : place + 1], np.random.default_rng(1))
        own = tokenizers.student.convert_ids_to_tokens(ids[0])
        _, again = parallel.augment(rows[place : place + 1], np.random.default_rng(1))
        for student, source in again["mixed"][0].tolist():
            assert student < 0 or own[student] == theirs[source]


@pytest.mark.parametrize(
    ("changes", "groups"),
    [
        ({}, {"cls", "tags", "words", "regions"}),
        ({"cls": False}, {"tags", "words", "regions"}),
        ({"regions": False}, {"cls", "tags", "words"}),
        ({"tags": False}, {"cls", "words", "regions"}),
        ({"mixed": 0.0}, {"cls", "tags", "regions"}),
    ],
)
def test_every_switch_takes_its_positions_away(
    material: Material, teacher: Oscar, tmp_path: Path, changes: dict[str, Any], groups: set[str]
) -> None:
    states = states_of(teacher, material, tmp_path / "states")
    _, batch = batch_of(material, states, FULL.model_copy(update=changes))
    text = batch["input_ids"].shape[1]
    question = (batch["token_type_ids"] == 0) & batch["attention_mask"].bool()
    ends = question.sum(1) - 1
    matched = torch.zeros(len(question), text + batch["region_mask"].shape[1], dtype=torch.bool)
    matched.view(-1)[batch["matched"]] = True
    inside = torch.zeros_like(question)
    for row, end in enumerate(ends):
        inside[row, 1:end] = True
    found = {
        "cls": bool(matched[:, 0].all()),
        "words": bool((matched[:, :text] & inside).any()),
        "tags": bool((matched[:, :text] & (batch["token_type_ids"] == 1)).any()),
        "regions": bool((matched[:, text:] == batch["region_mask"]).all()),
    }
    assert {name for name, there in found.items() if there} == groups
    assert not (matched[:, :text] & ~batch["attention_mask"].bool()).any()


def test_a_student_that_is_the_teacher_and_reads_english_has_nothing_to_learn(
    material: Material, teacher: Oscar, tmp_path: Path
) -> None:
    states = states_of(teacher, material, tmp_path / "states")
    _, batch = batch_of(
        material, states, FULL.model_copy(update={"mixed": 0.0}), questions=material.english("train")
    )
    loss = hidden_step(teacher, batch, layers=[0, 1])["loss"]
    assert loss < 1e-5 * sum(each.shape[-1] for each in states.layers)
    other = new_model(material.config.model, material, material.tokenizers.student, ("other", 0)).eval()
    assert hidden_step(other, batch, layers=[0, 1])["loss"] > 1


def test_questions_that_the_teacher_has_not_seen_are_counted(
    material: Material, teacher: Oscar, tmp_path: Path
) -> None:
    states = states_of(teacher, material, tmp_path / "states")
    with pytest.raises(SpecError, match="lack 2 of 2"):
        Parallel(
            material.target("validation"),
            material.tokenizers,
            states,
            FeatureStore.open(material.features.folder),
            FULL,
            4,
        )


def test_states_are_plain_arrays_written_batch_by_batch(
    teacher: Oscar, material: Material, tmp_path: Path
) -> None:
    states = states_of(teacher, material, tmp_path / "states")
    questions = len(material.english("train"))
    positions = int(states.text_lengths.sum()) + 4 * questions
    for layer in (0, 1):
        loaded = np.load(tmp_path / "states" / f"layer{layer}.npy")
        assert loaded.shape == (positions, 16) and loaded.dtype == np.float16
        assert np.isfinite(loaded).all() and loaded.std() > 0
    assert np.load(tmp_path / "states" / "logits.npy").shape == (questions, len(material.vocabulary))


def test_questions_without_alignments_cannot_be_mixed_and_say_so(
    teacher: Oscar, material: Material, tmp_path: Path
) -> None:
    states = states_of(teacher, material, tmp_path / "states")
    questions = material.target("train")
    bare = replace(questions, alignment=[[] for _ in range(len(questions))])
    with pytest.warns(UserWarning, match="can be mixed"):
        batch_of(material, states, questions=bare)
