"""The recipe on a tiny world: every kind of row, its costs, and what must not move."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from safetensors.torch import load_file

from recipes.drawn_world.scenes.write import write
from recipes.lib import results
from recipes.mla import config as settings
from recipes.mla.backbone import open_backbone, pictures
from recipes.mla.material import Material
from recipes.mla.small import english_sentences
from recipes.mla.table import markdown
from recipes.mla.train import run
from vqa_builder.errors import SourceError, SpecError, UnknownNameError

RECIPE = Path(__file__).parents[3] / "recipes" / "mla"


def content(folder: Path) -> dict[str, Any]:
    world = str(folder / "world")
    images = {"root": f"{world}/images"}
    scenes: dict[str, Any] = {"form": "scenes", "path": world}
    small = {"width": 16, "layers": 2, "heads": 2, "picture": 32, "patch": 16, "epochs": 1, "batch_size": 16}
    stage = {"epochs": 2, "lr": 0.002, "optimiser": "muon", "batch_size": 8}
    return {
        "out": str(folder / "out"),
        "small_clip": {"world": world, "pieces": 400, **small},
        "tokens": {"pieces": 600, "width": 16, "longest": 40, "languages": ["ja", "hi"]},
        "train": [{**scenes, **images}, {**scenes, "facts": True}],
        "evaluate": [{**scenes, **images, "split": "validation"}],
        "languages": ["ja", "hi"],
        "bottleneck": 4,
        "quiet": True,
        "stages": {
            "transfer": {**stage, "terms": {"text_mse": 1.0}, "text_only": True},
            "exposure": {**stage, "terms": {"image_contrast": 1.0, "text_contrast": 0.5, "layer_mse": 0.5}},
            "everything": {**stage, "terms": {"image_contrast": 1.0}, "english": True},
        },
        "order": ["transfer"],
        "seeds": [0],
        "rows": {
            "both": {"order": ["transfer", "exposure"]},
            "transfer": {},
            "later": {"languages": ["ja"], "later": ["hi"], "at_embedding": True},
            "known": {
                "languages": ["ja"],
                "later": ["hi"],
                "at_embedding": True,
                "small_encoder": {"world": world, "pieces": 900, "width": 16, "steps": 30},
            },
            "full": {"order": ["everything"], "full": True},
        },
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("mla")
    write(made / "world", images=32, seed=5)
    return made


def ran(folder: Path, row: str) -> tuple[Any, Any, dict[str, dict[str, Any]]]:
    config = settings.validate(settings.Config, settings.of_row(content(folder), row), Path("here"))
    model, cost, lines = run(config)
    return model, cost, {line["language"]: line for line in lines}


def test_first_weights_are_the_same_whether_the_clip_was_trained_now_or_found(
    folder: Path, tmp_path: Path
) -> None:
    plan = settings.of_row({**content(folder), "out": str(tmp_path)}, "both")
    config = settings.validate(settings.Config, plan, Path("here"))
    trained, found = (Material(config).new_model().state_dict() for _ in range(2))
    assert all(value.equal(found[name]) for name, value in trained.items())


def test_acquirers_leave_english_as_it_is(folder: Path) -> None:
    model, cost, lines = ran(folder, "both")
    assert set(lines) == {"en", "ja", "hi"}
    assert lines["en"]["to_the_bit"] == 1.0
    assert lines["en"]["of_english"] == 100.0
    assert lines["ja"]["images"] == lines["ja"]["texts"] == 8
    assert not any(name.startswith("clip.") for name in cost.trained)
    assert lines["hi"]["trained"] == model.parameter_counts()["trained"]
    assert 0 < lines["hi"]["trained_share"] < 100
    facts = lines["hi"]["distinct_pairs"] - 2 * 24
    assert 2 * 3 * 24 <= facts <= 2 * 6 * 24


def test_a_finished_row_is_not_run_again_and_rows_share_their_stages(folder: Path) -> None:
    first = ran(folder, "both")[2]
    steps = {path: path.stat().st_mtime_ns for path in (folder / "out" / "steps").glob("*/log.jsonl")}
    again = ran(folder, "both")[2]
    transfer = ran(folder, "transfer")[2]
    assert again == first
    assert steps == {path: path.stat().st_mtime_ns for path in steps}
    assert transfer["ja"]["pairs"] < first["ja"]["pairs"]
    assert set(steps) == set((folder / "out" / "steps").glob("*/log.jsonl"))


def test_a_later_language_costs_its_acquirer_alone(folder: Path) -> None:
    model, cost, lines = ran(folder, "later")
    assert set(lines) == {"en", "ja", "hi"}
    assert {name for name in cost.trained if name.startswith("acquirers.hi")}
    assert not any(weight.requires_grad for weight in model.acquirers["ja"].parameters())
    alone = settings.of_row(content(folder), "later")
    config = settings.validate(settings.Config, {**alone, "later": [], "row": "ja alone"}, Path("here"))
    assert {line["language"]: line for line in run(config)[2]}["ja"]["average_recall"] == lines["ja"][
        "average_recall"
    ]


def test_a_later_language_may_find_vectors_that_know_it(folder: Path) -> None:
    model, _, lines = ran(folder, "known")
    assert set(lines) == {"en", "ja", "hi"}
    [made] = (folder / "out" / "steps").glob("encoder-*/vectors.safetensors")
    vectors = load_file(made)["vectors"]
    assert vectors.shape == model.multilingual_embedding.weight.shape
    stamp = made.stat().st_mtime_ns
    ran(folder, "known")
    assert made.stat().st_mtime_ns == stamp


def test_full_fine_tuning_moves_english(folder: Path) -> None:
    _, _, lines = ran(folder, "full")
    assert lines["en"]["to_the_bit"] == 0.0
    assert lines["en"]["trained_share"] == 100.0


def test_the_table_shows_what_ran(folder: Path) -> None:
    ran(folder, "both")
    table = markdown(folder / "out" / "results.jsonl", ["both", "never run"])
    assert "| both |" in table
    assert "| never run | - |" in table
    runs = results.read(folder / "out" / "results.jsonl")
    assert len({results.identity(each) for each in runs}) == len(runs)


def test_the_small_clip_opens_as_any_other(folder: Path) -> None:
    ran(folder, "transfer")
    [made] = (folder / "out" / "steps").glob("clip-*/clip")
    backbone = open_backbone(made)
    assert backbone.prepare([folder / "world/images/SCENE_000000000001.png"]).shape == (1, 3, 32, 32)
    ids, _ = backbone.encode(["A red bus on the street."])
    assert (ids == backbone.clip.config.text_config.eos_token_id).sum() == 1


def test_facts_of_a_picture_are_one_text(folder: Path) -> None:
    english = english_sentences(folder / "world")
    assert len(english) == 2 * 24
    assert english.text[-1].count(".") >= 3


@pytest.mark.parametrize(("squash", "left_red"), [(True, True), (False, False)])
def test_pictures_are_squashed_or_cropped(tmp_path: Path, squash: bool, left_red: bool) -> None:
    image = Image.new("RGB", (80, 40), "white")
    image.paste("red", (0, 0, 10, 40))
    image.save(tmp_path / "a.png")
    [made] = pictures([tmp_path / "a.png"], 20, squash=squash)
    assert made.shape == (3, 20, 20)
    assert (made[1, 10, 0] < 0) == left_red
    assert made.max() <= 1.01
    with pytest.raises(SourceError, match="cannot be read"):
        pictures([tmp_path / "b.png"], 20, squash=True)


@pytest.mark.parametrize("name", ["small", "base"])
def test_shipped_settings_are_valid_for_every_row(name: str) -> None:
    path = RECIPE / f"{name}.yaml"
    found = settings.read(path)
    assert path.read_text(encoding="utf-8").startswith("# python -m recipes.mla.")
    for row in found["rows"]:
        config = settings.validate(settings.Config, settings.of_row(found, row), path)
        assert config.row == row


def test_wrong_settings_are_named(folder: Path) -> None:
    plan = content(folder)
    with pytest.raises(UnknownNameError, match="'bth'"):
        settings.of_row(plan, "bth")
    for change, said in (
        ({"order": ["trnsfer"]}, "trnsfer"),
        ({"small_clip": None}, "checkpoint"),
        ({"bottleneck": -1}, "bottleneck"),
        ({"stages": {"transfer": {"terms": {"image_mse": 1.0}}}}, "no terms of images"),
    ):
        with pytest.raises(SpecError) as raised:
            settings.validate(settings.Config, settings.merged(settings.of_row(plan), change), Path("here"))
        assert said in str(raised.value)
