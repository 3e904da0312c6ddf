"""From a release to scores: it learns, goes on after a kill bit for bit, and says what is wrong."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
import yaml

from recipes.lib.config import of_row, read, validate
from recipes.lib.trainer import Settings, train
from recipes.vlm import train as recipe
from recipes.vlm.adapters import Lora, Trainable, load_model, with_adapters
from recipes.vlm.answering import answers
from recipes.vlm.batches import ConversationBatches
from recipes.vlm.config import Config, Stage
from recipes.vlm.conversations import Conversation, load_conversations
from recipes.vlm.memory import estimate
from recipes.vlm.prompts import PROMPTS
from tests.recipes.vlm.conftest import TINY
from vqa_builder.errors import ReleaseError, SourceError, SpecError, UnknownNameError
from vqa_builder.release import manifest

RECIPES = Path(recipe.__file__).parents[1]


def config(made: dict[str, Path], pictures: Path, out: Path, **changes: Any) -> Config:
    content = {
        "row": "some",
        "small": TINY.model_dump(),
        "releases": {language: str(folder) for language, folder in made.items()},
        "images": str(pictures),
        "image_name": "{}.png",
        "stage": {"epochs": 1, "batch_size": 4},
        "quiet": True,
        "out": str(out),
        **changes,
    }
    return validate(Config, content, "here")


def test_it_learns_the_colours_and_says_them_in_either_language(
    opened: tuple[Any, Any], conversations: list[Conversation], tmp_path: Path
) -> None:
    model, processor = opened
    settings = Config(row="x", checkpoint="x", releases={"ja": "x"}, out=tmp_path, quiet=True, threads=1)
    stage = Stage(epochs=120, lr=4e-3, batch_size=8)
    outcome = recipe.learn(settings, stage, model, processor, conversations, tmp_path / "run")
    assert outcome.history[-1]["loss"] < outcome.history[0]["loss"] / 5
    said = answers(model, processor, conversations[:8])
    assert said == [each.turns[-1][1] for each in conversations[:8]]


def test_a_killed_run_of_adapters_goes_on_bit_for_bit(
    checkpoint: Path, conversations: list[Conversation], tmp_path: Path
) -> None:
    settings = Settings(epochs=2, lr=1e-3, save_every=1, log_every=1, tensorboard=False, progress=False)

    def begin() -> tuple[Trainable, ConversationBatches]:
        torch.manual_seed(3)
        model, processor = load_model(str(checkpoint), "float32")
        tuned = Trainable(with_adapters(model, Lora(r=4, lora_dropout=0.1)))
        return tuned, ConversationBatches(conversations, processor, 4)

    class Killed(RuntimeError):
        pass

    calls = 0

    def dying(model: Any, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise Killed
        return recipe.answer_loss(model, batch)

    whole, batches = begin()
    train(whole, recipe.answer_loss, batches, settings, tmp_path / "whole")
    cut, batches = begin()
    with pytest.raises(Killed):
        train(cut, dying, batches, settings, tmp_path / "cut")
    again, batches = begin()
    train(again, recipe.answer_loss, batches, settings, tmp_path / "cut")
    for name, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_from_releases_to_scores_in_every_language(
    releases: dict[str, Path], pictures: Path, tmp_path: Path
) -> None:
    stage = {"epochs": 1, "batch_size": 4, "checkpointing": True, "accumulate": 2}
    lines = recipe.run(config(releases, pictures, tmp_path, learn=["ja", "hi"], merge=True, stage=stage))
    assert [line["language"] for line in lines] == ["en", "ja", "hi"]
    assert all(0 <= line["accuracy"] <= 100 and line["trained"] < line["whole"] for line in lines)
    (tuned,) = tmp_path.glob("steps/lora-ja-hi-*/tuned")
    (merged,) = tmp_path.glob("steps/lora-ja-hi-*/merged")
    assert (tuned / "adapter_config.json").exists()
    assert (merged / "model.safetensors").exists()
    through = recipe.run(config(releases, pictures, tmp_path, translate_test=True, ask=["ja"]))
    assert [line["language"] for line in through] == ["ja"]
    (line,) = recipe.run(config(releases, pictures, tmp_path, blind=True, ask=["ja"]))
    assert line["whole"] == 0
    assert len((tmp_path / "results.jsonl").read_text().splitlines()) == 5


def test_english_texts_and_languages_of_a_release(releases: dict[str, Path], pictures: Path) -> None:
    options: dict[str, Any] = {"images": pictures, "image_name": "{}.png"}
    japanese = load_conversations(releases["ja"], "train", **options)
    english = load_conversations(releases["ja"], "train", english=True, **options)
    assert [each.id for each in japanese] == [each.id for each in english]
    cat = english[[each.id for each in english].index(1001)]
    assert cat.turns == (
        ("user", PROMPTS["en"].format(question="What color is the cat?")),
        ("assistant", "black"),
    )
    assert {each.language for each in japanese} == {"ja"}
    assert all(each.turns[0][1].startswith("質問：") for each in japanese)


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"images": None}, SourceError, "holds no pictures"),
        ({"image_name": "COCO_{:012d}.jpg"}, SourceError, "pictures are not there"),
        ({"image_name": "COCO_{number}.jpg"}, SpecError, "image_name"),
        ({"releases": {"ja": "/nothing/here"}}, ReleaseError, "no release"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_trained(
    releases: dict[str, Path], pictures: Path, tmp_path: Path, changes: dict[str, Any], error: Any, match: str
) -> None:
    wanted = config(releases, pictures, tmp_path, **changes)
    with pytest.raises(error, match=match):
        recipe.conversations(wanted, "ja", "train")


def test_an_unknown_split_and_a_folder_without_a_model(
    releases: dict[str, Path], pictures: Path, tmp_path: Path
) -> None:
    with pytest.raises(UnknownNameError, match="trian"):
        load_conversations(releases["ja"], "trian", images=pictures)
    with pytest.raises(SpecError, match="cannot be opened"):
        load_model(str(tmp_path), "float32")


def test_a_release_of_another_form_is_named(releases: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(releases["ja"], tmp_path / "release")
    pq.write_table(pa.table({"text": ["猫"]}), folder / "data" / "train-00000-of-00001.parquet")
    content = manifest.load_manifest(folder).content
    manifest.save(folder, {name: content[name] for name in content if name != "checksum"})
    with pytest.raises(ReleaseError, match="another form"):
        load_conversations(folder, "train", images=tmp_path)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"learn": ["ko"]}, "releases has no ko"),
        ({"learn": ["ja"], "blind": True}, "nothing is learned"),
        ({"small": None}, "give a checkpoint"),
        ({"lora": None, "adapter": "there"}, "not from adapters"),
        ({"lora": {"rank": 4}}, "lora.rank: no such setting; did you mean r"),
        ({"lora": {"lora_dropuot": 0}}, "did you mean lora_dropout"),
        ({"lora": {"r": 0}}, "lora.r: Input should be greater"),
    ],
)
def test_wrong_settings_are_named(
    releases: dict[str, Path], pictures: Path, tmp_path: Path, changes: dict[str, Any], match: str
) -> None:
    with pytest.raises(SpecError, match=match):
        config(releases, pictures, tmp_path, **changes)


def test_every_row_of_the_small_table_is_valid() -> None:
    content = read(RECIPES / "vlm" / "small.yaml")
    rows = [validate(Config, of_row(content, row, 0), row) for row in content["rows"]]
    assert {each.row for each in rows} == set(content["rows"])


@pytest.mark.parametrize(
    ("content", "arguments", "told"),
    [
        ({"row": "one"}, [], "releases: Field required"),  # the settings of one run, as base.yaml has them
        ({"row": "one"}, ["--row", "other"], "no table's"),
        ({"rows": {"one": {}}}, ["--row", "other"], "Unknown row 'other'"),
    ],
)
def test_the_command_takes_one_run_or_a_row_of_a_table(
    content: dict[str, Any],
    arguments: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(yaml.safe_dump({"out": str(tmp_path), **content}))
    monkeypatch.setattr("sys.argv", ["train", str(path), *arguments])
    assert recipe.main() == 2
    assert told in capsys.readouterr().err


def test_the_harnesses_ask_as_the_recipe_does() -> None:
    for harness in ("lm_eval", "lmms_eval"):
        for language in ("ja", "hi"):
            text = (RECIPES / "evaluation" / harness / f"vqa_{language}.yaml").read_text(encoding="utf-8")
            task = yaml.safe_load("\n".join(line for line in text.splitlines() if "!function" not in line))
            if harness == "lm_eval":
                asked = task["doc_to_text"].removeprefix("<image>").replace("{{question}}", "{question}")
            else:
                around = task["lmms_eval_specific_kwargs"]["default"]
                asked = f"{around['pre_prompt']}{{question}}{around['post_prompt']}"
            assert asked == PROMPTS[language], harness


def test_an_8b_model_fits_on_gpus_of_80_gb() -> None:
    """On one by LoRA; with all weights on eight, in parts."""
    from transformers import Qwen3VLConfig

    text = {
        "hidden_size": 4096,
        "intermediate_size": 12288,
        "num_hidden_layers": 36,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "vocab_size": 151_936,
    }
    path, shape = RECIPES / "vlm" / "base.yaml", Qwen3VLConfig(text_config=text)
    found = estimate(validate(Config, read(path), "base.yaml"), shape)
    assert 7e9 < found.parameters < 10e9
    assert 0.005 < found.trained_parameters / found.parameters < 0.02
    assert found.total < 0.8 * 80e9 / 2**30
    settings = read(path, ["lora=null", "dtype=float32", "stage.fsdp=true"])
    one, eight = (estimate(validate(Config, settings, "base.yaml"), shape, count) for count in (1, 8))
    assert one.trained_parameters == one.parameters
    assert (
        eight.total
        < 0.5 * 80e9 / 2**30
        < 80e9 / 2**30
        < one.total
        == pytest.approx(8 * eight.trained + one.activations + one.logits)
    )
