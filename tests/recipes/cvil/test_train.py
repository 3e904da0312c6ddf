from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import save_file

from recipes.cvil import config as settings, table, train
from recipes.lib import results
from recipes.lib.data import load_questions, load_vocabulary
from recipes.lib.models.oscar import Oscar
from vqa_builder.errors import SourceError, SpecError, UnknownNameError

ROOT = Path(__file__).parents[3]


def run(content: dict[str, Any], **changes: Any) -> Oscar:
    return train.run(settings.validate(settings.Config, settings.merged(content, changes), Path("test")))


def weights(model: Oscar) -> torch.Tensor:
    return torch.cat([each.flatten() for each in model.state_dict().values()])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"labels": 0.0},
        {"labels": 0.3, "head_from_teacher": True},
        {"distillation": None, "from_teacher": True},
        {"distillation": {"mixed": 0.0, "layers": [1]}},
        {"distillation": {"logits": True, "states": "online"}},
        {"text": "raw", "language": "hi"},
    ],
    ids=str,
)
def test_every_row_runs_and_records_what_it_came_to(content: dict[str, Any], changes: dict[str, Any]) -> None:
    run(content, **changes)
    [record] = results.read(Path(content["out"]) / "results.jsonl")
    assert record["questions"] == 2 and 0 <= record["accuracy"] <= 100
    assert record["language"] == changes.get("language", "ja") and record["share"] == changes.get(
        "labels", 1.0
    )


def test_finished_steps_are_not_run_again_and_a_row_shares_them(content: dict[str, Any]) -> None:
    first = weights(run(content))
    steps = Path(content["out"]) / "steps"
    before = {path.name: path.stat().st_mtime_ns for path in steps.glob("*/last/model.safetensors")}
    torch.testing.assert_close(weights(run(content)), first, rtol=0, atol=0)
    assert before == {path.name: path.stat().st_mtime_ns for path in steps.glob("*/last/model.safetensors")}
    run(content, labels=0.5)
    names = sorted(path.name.rsplit("-", 1)[0] for path in steps.iterdir() if path.is_dir())
    assert names == ["distilled-ja", "head-ja", "head-ja", "states", "teacher", "tuned-ja", "tuned-ja"]


def test_the_same_settings_give_the_same_student(content: dict[str, Any], tmp_path: Path) -> None:
    one = weights(run(content))
    torch.testing.assert_close(weights(run(content, out=str(tmp_path / "again"))), one, rtol=0, atol=0)
    assert not torch.equal(weights(run(content, out=str(tmp_path / "other"), seed=1)), one)


def test_the_best_epoch_is_kept_where_the_settings_say_so(content: dict[str, Any]) -> None:
    tuned = {"epochs": 3, "keep": "best"}
    run(content, teacher={"epochs": 2, "keep": "best"}, fine_tuning=tuned)
    steps = Path(content["out"]) / "steps"
    assert {path.parent.name.split("-")[0] for path in steps.glob("*/best")} == {"teacher", "tuned"}


def test_a_ready_teacher_is_taken_as_it_is_its_labels_matched_by_name(
    content: dict[str, Any], tmp_path: Path
) -> None:
    trained, _ = train.train_teacher(settings.validate(settings.Config, content, Path("test")))
    vocabulary = load_vocabulary(content["data"]["releases"]["ja"])
    own = ["elsewhere", *reversed(vocabulary)]  # another order, and an answer that the release does not have
    ready = write_oscar(trained, [None, *reversed(range(len(vocabulary)))], tmp_path / "ready")
    (tmp_path / "labels.json").write_text(json.dumps(own))
    model = {
        "kind": "oscar",
        "checkpoint": str(ready),
        "labels": str(tmp_path / "labels.json"),
        "dropout": 0.1,
    }
    changed = settings.merged(content, {"teacher": {"epochs": 0}, "out": str(tmp_path / "other")})
    changed["model"] = model
    changed["student"] = content["model"]
    config = settings.validate(settings.Config, changed, Path("test"))
    taken, seconds = train.train_teacher(config)
    assert seconds == 0
    assert torch.equal(taken.classifier.weight, trained.classifier.weight)
    assert torch.equal(taken.classifier.bias, trained.classifier.bias)
    (tmp_path / "labels.json").write_text(json.dumps(["elsewhere", "no", *reversed(vocabulary[1:])]))
    with pytest.raises(SpecError, match="does not know all answers"):
        train.train_teacher(config)
    with pytest.raises(SpecError, match=r"teacher\.epochs: 0 needs"):
        run(content, teacher={"epochs": 0})


def write_oscar(model: Oscar, outputs: list[int | None], folder: Path) -> Path:
    """A checkpoint by the authors' names, its classifier's outputs in another order; None is a new one."""
    names = {
        "words": "embeddings.word_embeddings",
        "positions": "embeddings.position_embeddings",
        "types": "embeddings.token_type_embeddings",
        "embedding_norm": "embeddings.LayerNorm",
        "regions": "img_embedding",
        "pooler": "pooler.dense",
        "attention_output": "attention.output.dense",
        "attention_norm": "attention.output.LayerNorm",
        "intermediate": "intermediate.dense",
        "output": "output.dense",
        "output_norm": "output.LayerNorm",
    }
    weights: dict[str, torch.Tensor] = {}
    for name, value in model.state_dict().items():
        layer, _, rest = (
            name.removeprefix("layers.").partition(".") if name.startswith("layers.") else ("", "", name)
        )
        part, _, kind = rest.rpartition(".")
        before = f"bert.encoder.layer.{layer}." if layer else "bert."
        if part == "classifier":
            value = torch.stack([value[each] if each is not None else value[0] for each in outputs])
            weights[name] = value
        elif part == "query_key_value":
            for own, some in zip(("query", "key", "value"), value.chunk(3), strict=True):
                weights[f"{before}attention.self.{own}.{kind}"] = some.clone()
        else:
            weights[f"{before}{names[part]}.{kind}"] = value
    folder.mkdir()
    save_file({name: value.contiguous() for name, value in weights.items()}, folder / "model.safetensors")
    facts = {"num_attention_heads": 2, "use_img_layernorm": 0}
    (folder / "config.json").write_text(json.dumps(facts))
    return folder


def test_a_student_that_could_learn_nothing_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="learns nothing"):
        run(content, distillation=None, labels=0.0)
    with pytest.raises(SpecError, match="from_teacher: the student"):
        run(content, from_teacher=True, student=content["model"])


def test_a_language_without_a_release_is_named(content: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="no release for the language"):
        run(content, language="sw")
    with pytest.raises(SpecError, match="clean release"):
        run(content, text="clean")


def test_images_without_features_are_counted_before_anything_is_trained(
    content: dict[str, Any], world: Path, tmp_path: Path
) -> None:
    from recipes.lib.features import FeatureStore, write_store

    store = FeatureStore.open(world / "features")
    write_store(tmp_path / "some", [store.image(row) for row in (0, 1)], source="two of four")
    with pytest.raises(SourceError, match="misses 1 of the images"):
        run(content, data={"features": str(tmp_path / "some")})
    assert not list(Path(content["out"]).glob("steps/*/last"))


def test_held_out_questions_are_scored_on_their_own_besides(content: dict[str, Any], tmp_path: Path) -> None:
    asked = load_questions(content["data"]["releases"]["ja"], "validation").question_id
    path = tmp_path / "holdout.json"
    path.write_text(json.dumps({"question_ids": [asked[0], 10**9]}))
    run(content, data={"held_out": str(path)})
    [record] = results.read(Path(content["out"]) / "results.jsonl")
    assert record["questions"] == record["questions_seen"] + record["questions_unseen"] == len(asked)
    assert record["questions_held out"] == 1


def test_held_out_questions_that_are_not_there_are_told_before_training(
    content: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(SpecError, match="held-out questions cannot be read"):
        run(content, data={"held_out": str(tmp_path / "none.json")})
    assert not list(Path(content["out"]).glob("steps/*/last"))


def test_the_command_says_what_is_wrong_and_exits_with_2(
    content: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(yaml.safe_dump(content))
    monkeypatch.setattr(sys, "argv", ["train", str(path), "--set", "teacher.epochs=x"])
    assert train.main() == 2
    assert "teacher.epochs" in capsys.readouterr().err


def test_one_run_takes_the_settings_of_a_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["train", str(ROOT / "recipes/cvil/small.yaml"), "--set", "language=xx"])
    assert train.main() == 2
    assert "no release for the language" in capsys.readouterr().err


@pytest.mark.parametrize("path", sorted((ROOT / "recipes/cvil").glob("*.yaml")), ids=lambda path: path.name)
def test_every_shipped_row_is_valid(path: Path) -> None:
    content = settings.read(path)
    if "rows" not in content:
        assert settings.validate(settings.Config, content, path)
        return
    jobs = table.jobs(content, [], content["seeds"])
    found = [settings.validate(settings.Config, job, path) for job, _ in jobs]
    teachers = 1 if "teacher_seed" in content else len(content["seeds"])
    assert len(found) == teachers + len(content["seeds"]) * 2 * len(content["rows"])
    waits = [job["row"] != table.TEACHER and job["distillation"] is not None for job, _ in jobs]
    assert waits == sorted(waits), "a student that needs the teacher comes before one that does not"
    assert path.read_text().startswith(f"# python -m recipes.cvil.table recipes/cvil/{path.name}")
    with pytest.raises(UnknownNameError):
        table.jobs(content, ["no such row"], [0])


def test_the_table_trains_teachers_first_and_prints_a_line_per_job(
    content: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    content |= {"seeds": [0], "shares": [1.0], "rows": {"distilled": {"shares": [1.0, 0.0]}}}
    path = tmp_path / "a.yaml"
    path.write_text(yaml.safe_dump(content))
    monkeypatch.setattr(sys, "argv", ["table", str(path), "--workers", "1"])
    assert table.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("1/3  teacher, seed 0") and "100%" in lines[1] and "0%" in lines[1]
    rows = {record["row"] for record in results.read(Path(content["out"]) / "results.jsonl")}
    assert rows == {
        "distilled",
        "teacher, in English",
        "translate-test",
        "zero-shot",
        "what the annotators allow",
    }
