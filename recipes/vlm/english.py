"""What the small model learns before it is fine-tuned: to see, and then English about what it sees.

Both come from a drawn world of other pictures than the releases', as an English vision-language model has
learned from more pictures than anybody fine-tunes it on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from recipes.drawn_world.labels import World
from recipes.drawn_world.texts import read_sentences
from recipes.lib.records import read_json
from recipes.lib.steps import is_first_process, step_folder, wait_for_all_processes
from recipes.lib.trainer import Settings, train
from recipes.vlm.adapters import load_model, save
from recipes.vlm.config import ENGLISH, Config, Small
from recipes.vlm.conversations import Conversation, asked, by_picture
from recipes.vlm.small import PATCH, write_small
from recipes.vlm.tower import Naming, PatchBatches, naming_loss

DESCRIBE = "Describe the picture."


def beginning(config: Config, shape: Small, texts: Iterable[str]) -> Path:
    """The folder of a new model which, where a world is given, has learned to see.

    Args:
        config: of the run.
        shape: of the model.
        texts: what its tokenizer learns its pieces from.
    """
    texts = list(texts)
    drawn = shape.model_dump(mode="json", exclude={"english"})
    with step_folder(
        config.out, "beginning", {"seed": config.seed, "small": drawn, "texts": texts}
    ) as folder:
        begun = folder / "begun"
        if is_first_process() and not (begun / "config.json").exists():
            write_small(begun, shape, texts, config.seed)
        wait_for_all_processes()
        if shape.world is None:
            return begun
        seeing = folder / "seeing"
        if not seeing.exists():
            model, processor = load_model(str(begun), "float32")
            learn_to_see(model, processor, shape, folder, config)
            if is_first_process():
                save(model, processor, seeing)
    return seeing


def learn_to_see(model: Any, processor: Any, shape: Small, folder: Path, config: Config) -> None:
    """Train the tower and the projector to name what lies in each patch."""
    lesson, world = shape.tower, World.read(Path(str(shape.world)))
    batches = PatchBatches(world, processor, shape.picture // PATCH, lesson.batch_size, config.seed)
    naming = Naming(model, processor.tokenizer, batches.words, batches.present.mean((0, 1)))
    own = {"seed": config.seed, "precision": config.precision, "schedule": "cosine", "save_every": 100}
    settings = Settings.of(lesson, quiet=config.quiet, **own)
    train(naming, naming_loss, batches, settings, folder, parameters=naming.trained)


def lessons(world: Path) -> list[Conversation]:
    """What English says about each train picture of a world: its questions and, before or after them, its
    caption and facts."""
    told: dict[Any, str] = {
        _image(world, each["image_id"]): _told(each) for each in read_sentences(world, "train")
    }
    found = []
    for place, each in enumerate(by_picture(list(_questions(world)))):
        said = (("user", DESCRIBE), ("assistant", told[each.image]))
        found.append(replace(each, turns=(*said, *each.turns) if place % 2 else (*each.turns, *said)))
    return found


def _questions(world: Path) -> Iterator[Conversation]:
    answers = {
        each["question_id"]: each["multiple_choice_answer"]
        for each in read_json(world / "v2_scenes_train_annotations.json")["annotations"]
    }
    for each in read_json(world / "v2_scenes_train_questions.json")["questions"]:
        key = each["question_id"]
        yield asked(key, _image(world, each["image_id"]), each["question"], answers[key], ENGLISH)


def _image(world: Path, number: int) -> Path:
    return world / "images" / f"SCENE_{number:012d}.png"


def _told(record: dict[str, Any]) -> str:
    return " ".join(each[ENGLISH] for each in (record["caption"], *record["facts"]))
