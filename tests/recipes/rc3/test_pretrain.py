"""Pre-training and fine-tuning from end to end, on forty scenes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from recipes.lib import results
from recipes.lib.config import merged, validate
from recipes.lib.models.rc3 import RC3
from recipes.rc3 import finetune, pretrain, table
from recipes.rc3.config import Config
from recipes.rc3.material import read_material
from vqa_builder.errors import SpecError, UnknownNameError


def written(settings: dict[str, Any], folder: Path) -> Path:
    path = folder / "settings.yaml"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("changes", "logged"),
    [
        ({"pretraining": {"weak": "none"}}, set()),
        ({"pretraining": {"weak": "plain"}}, {"weak", "weak_closeness"}),
        ({"pretraining": {"weak": "kl"}, "data": {"patches": False}}, {"weak", "weak_closeness"}),
        ({"pretraining": {"weak": "bounded"}, "data": {"regions": 0}}, {"weak", "weak_closeness"}),
        (
            {"pretraining": {"weak": "kl"}, "model": {"first_weights": "mimetic"}},
            {"weak", "weak_closeness"},
        ),
    ],
)
def test_every_row_pre_trains_with_its_own_objectives(
    settings: dict[str, Any], changes: dict[str, Any], logged: set[str]
) -> None:
    config = validate(Config, merged(settings, changes), "test")
    model = pretrain.pretrain(config)
    lines = (config.out / "pretraining" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    seen = {name for line in lines for name in json.loads(line)}
    assert logged == seen & {"weak", "weak_closeness"}
    assert ("masked_regions" in seen, "masked_patches" in seen) == (
        config.data.regions > 0,
        config.data.patches,
    )
    again = pretrain.pretrain(config)
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name]), name
    assert RC3.load(config.out / "model").config == model.config


def test_the_commands_pre_train_and_score_every_task_in_every_language(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    path = written(settings, tmp_path)
    pretrain.main([str(path), "pretraining.weak=plain"])
    scores = tmp_path / "results.jsonl"
    finetune.main([str(path), "pretraining.weak=plain", "--row", "plain", "--results", str(scores)])
    records = results.read(scores)
    found = {(each["task"], each["language"], each["setting"]) for each in records}
    assert found == {
        (task, language, setting)
        for task in table.TASKS
        for setting, languages in table.TABLES.items()
        for language in languages
    }
    assert all(0 <= each["score"] <= 100 and each["row"] == "plain" for each in records)


def test_the_table_has_a_line_per_row(settings: dict[str, Any], tmp_path: Path) -> None:
    rows = {"none": {"pretraining": {"weak": "none"}}, "regularised": None}
    path = written(settings | {"rows": rows, "seeds": [0, 1]}, tmp_path)
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    plan = table.jobs(content, [], [])
    assert [(row, config.seed, config.pretraining.weak) for row, config in plan] == [
        ("none", 0, "none"),
        ("regularised", 0, "kl"),
        ("none", 1, "none"),
        ("regularised", 1, "kl"),
    ]
    assert len({config.out for _, config in plan}) == 4
    scores = tmp_path / "run" / "results.jsonl"
    for row, config in plan:
        for setting, languages in table.TABLES.items():
            for language in languages:
                known = {"task": "vqa", "language": language, "setting": setting, "seed": config.seed}
                results.append(scores, {"row": row, "score": 50.0 + config.seed, **known})
    shown = table.tables(scores, list(rows), 2)
    assert "| none | 50.5 ± 0.7 | 50.5 ± 0.7 | 50.5 ± 0.7 | - |" in shown["zero-shot"]
    assert table.main([str(path), "--show"]) == 0
    assert table.main([str(path), "--row", "other"]) == 2


def test_workers_that_need_the_sentence_encoder_at_once_wait_for_each_other(settings: dict[str, Any]) -> None:
    config = validate(Config, settings, "test")
    tokenizer = pretrain.open_tokenizer(config)
    material = read_material(config.data, weak=False, seed=0)
    with ThreadPoolExecutor(4) as pool:
        encoders = [pool.submit(pretrain.relevance_encoder, config, material, tokenizer) for _ in range(4)]
        first, *others = [dict(each.result().state_dict()) for each in encoders]
    for other in others:
        assert all(torch.equal(weight, other[name]) for name, weight in first.items())


def test_an_unknown_task_is_named(settings: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'vqa'"):
        finetune.main([str(written(settings, tmp_path)), "--tasks", "vqaa"])


def test_a_tokenizer_of_other_pieces_is_not_taken(settings: dict[str, Any]) -> None:
    config = Config.model_validate(settings)
    first = len(pretrain.open_tokenizer(config))
    assert len(pretrain.open_tokenizer(config)) == first
    data = config.data.model_copy(update={"tokenizer": 123})
    with pytest.raises(SpecError, match="tokenizer of another run") as error:
        pretrain.open_tokenizer(config.model_copy(update={"data": data}))
    assert "'pieces': 123" in error.value.details["expected"]
