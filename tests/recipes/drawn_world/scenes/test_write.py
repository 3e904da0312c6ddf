"""The files of a world, and that the builder reads them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from PIL import Image

from recipes.drawn_world.scenes.__main__ import main
from recipes.drawn_world.scenes.write import count, file_name, write
from vqa_builder import load_spec
from vqa_builder.errors import SpecError


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("scenes") / "world", images=40, seed=3)


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_file_is_there(world: Path) -> None:
    assert sorted(path.name for path in world.iterdir()) == [
        "build.yaml",
        "clean_questions.jsonl",
        "holdout.json",
        "images",
        "scenes.jsonl",
        "sentences.jsonl",
        "v2_scenes_train_annotations.json",
        "v2_scenes_train_questions.json",
        "v2_scenes_validation_annotations.json",
        "v2_scenes_validation_questions.json",
    ]
    with Image.open(world / "images" / file_name(1)) as picture:
        assert (picture.size, picture.mode) == ((160, 120), "RGB")
    assert len(list((world / "images").iterdir())) == len(lines(world / "scenes.jsonl")) == 40


def test_questions_annotations_and_clean_texts_belong_together(world: Path) -> None:
    clean = {row["question_id"]: row for row in lines(world / "clean_questions.jsonl")}
    seen = 0
    for split, images in (("train", 30), ("validation", 10)):
        path = world / f"v2_scenes_{split}_questions.json"
        questions = json.loads(path.read_text(encoding="utf-8"))["questions"]
        path = world / f"v2_scenes_{split}_annotations.json"
        annotations = json.loads(path.read_text(encoding="utf-8"))["annotations"]
        assert len({row["image_id"] for row in questions}) == images
        for question, annotation in zip(questions, annotations, strict=True):
            assert question["question_id"] == annotation["question_id"]
            assert clean[question["question_id"]]["en"] == question["question"]
            assert len(annotation["answers"]) == 10
            assert annotation["multiple_choice_answer"] in {each["answer"] for each in annotation["answers"]}
            seen += 1
    assert seen == len(clean)


def test_sentences_have_a_caption_and_a_few_facts(world: Path) -> None:
    for row in lines(world / "sentences.jsonl"):
        assert set(row["caption"]) == {"en", "ja", "hi"}  # type: ignore[call-overload]
        assert 3 <= len(row["facts"]) <= 6  # type: ignore[arg-type]


def test_the_held_out_questions_are_of_the_validation_images(world: Path) -> None:
    held = json.loads((world / "holdout.json").read_text(encoding="utf-8"))
    assert held["question_ids"]
    assert all(number // 1000 > 30 for number in held["question_ids"])


def test_the_spec_is_valid(world: Path) -> None:
    spec = load_spec(world / "build.yaml")
    assert spec.languages == ("ja", "hi")
    assert spec.align is not None


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_workers(world: Path, tmp_path: Path) -> None:
    assert hashes(write(tmp_path / "again", images=40, seed=3, workers=2)) == hashes(world)
    assert hashes(write(tmp_path / "other", images=8, seed=4)) != hashes(world)


def test_wrong_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SpecError):
        write(tmp_path / "none", images=2)
    assert main([str(tmp_path / "none"), "--images", "0"]) == 2
    assert "--images 4 or more" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "world"), "--images", "4", "--seed", "2"]) == 0
    assert "4 scenes" in capsys.readouterr().err
    assert (tmp_path / "world" / "scenes.jsonl").exists()


def test_counting_draws_nothing_and_counts_what_is_written(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--count", "--images", "40", "--seed", "3"]) == 0
    shown = {
        name: int(number)
        for number, name in (line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    }
    texts = {
        split: [
            row["question"]
            for row in json.loads((world / f"v2_scenes_{split}_questions.json").read_text("utf-8"))[
                "questions"
            ]
        ]
        for split in ("train", "validation")
    }
    learned = set(texts["train"])
    assert shown == {
        "questions": sum(map(len, texts.values())),
        "distinct": len(learned.union(texts["validation"])),
        "training": len(texts["train"]),
        "distinct training": len(learned),
        "validation": len(texts["validation"]),
        "seen validation": sum(text in learned for text in texts["validation"]),
    }


def test_the_open_world_grows_with_its_pictures() -> None:
    """A world of 150,000 pictures has 61,000 distinct questions, by ``--count``; here the first of them."""
    few, more = (count(images=images, seed=0, open_world=True) for images in (150, 600))
    closed = count(images=600, seed=0)
    assert more["distinct"] > 2 * few["distinct"]
    assert more["distinct"] > 1.5 * closed["distinct"]
    assert (
        more["seen validation"] / more["validation"] < 0.4 < closed["seen validation"] / closed["validation"]
    )
