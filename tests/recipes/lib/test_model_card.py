"""The card is the golden file, and every number of it is in the files that it was made from."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import save_file
from torch import nn

from recipes.lib import model_card
from recipes.lib.model_card import About, describe, front_matter, render
from recipes.lib.results import append
from tests.release.conftest import _fixed_versions, hi, ja
from vqa_builder.errors import ReleaseError, SourceError, SpecError
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.write import write_release

__all__ = ["_fixed_versions", "hi", "ja"]
GOLDEN = Path(__file__).parent / "golden" / "model.README.md"
REGENERATE = "VQA_BUILDER_REGENERATE_GOLDEN"
WHERE = {"share": 1.0}


def _run(row: str, language: str, seed: int, accuracy: float, **more: Any) -> dict[str, Any]:
    kinds = {
        "accuracy_yes/no": accuracy + 10,
        "accuracy_number": accuracy - 20,
        "accuracy_other": accuracy - 5,
    }
    return {
        "row": row, "language": language, "seed": seed, "share": 1.0, "accuracy": accuracy, **kinds,
        "signature": "metric:vqa_accuracy|version:1|language:en", **more,
    }  # fmt: skip


RUNS = [
    *(_run("distilled", "ja", seed, 70 + seed) for seed in range(3)),
    *(_run("distilled", "hi", seed, 60 + seed) for seed in range(2)),
    *(_run("distilled", "ja", seed, 50 + seed, share=0.1) for seed in range(3)),
    *({**_run("translate-test", "ja", seed, 64.5), "share": 0.0} for seed in range(3)),
    *(_run("without distillation", "ja", seed, 61 + seed) for seed in range(3)),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny model with its configuration, as a run leaves it, and the settings of the run one folder up."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.Linear(8, 3))
    (tmp_path / "run" / "model").mkdir(parents=True)
    save_file(dict(model.state_dict()), tmp_path / "run" / "model" / "model.safetensors")
    (tmp_path / "run" / "model" / "config.json").write_text(
        json.dumps({"architecture": "oscar", "hidden": 8, "layers": 1, "labels": 3})
    )
    run = {
        "settings": {"epochs": 3, "lr": 0.001, "seed": 1, "betas": [0.9, 0.999]},
        "batches": {"per epoch": 7, "batch_size": 64},
        "identity": {"release": "/home/me/out/vqa-ja", "teacher": {"epochs": 12}},
        "model": {"0.weight": [8, 4]},
    }
    (tmp_path / "run" / "settings.json").write_text(json.dumps(run))
    return tmp_path / "run" / "model"


@pytest.fixture
def about(tmp_path: Path, ja: ReleaseContents, hi: ReleaseContents, monkeypatch: pytest.MonkeyPatch) -> About:
    monkeypatch.setattr(model_card, "__version__", "1.2.3")
    for run in RUNS:
        append(tmp_path / "results.jsonl", run)
    return About(
        name="Student of vqa-ja",
        releases=[write_release(each, tmp_path / "out") for each in (ja, hi)],
        results=tmp_path / "results.jsonl",
        row="distilled",
        beside=["translate-test", "without distillation"],
        where=WHERE,
        licence="apache-2.0",
        base={"google-bert/bert-base-multilingual-uncased": "apache-2.0", "random weights": None},
        command="python -m recipes.cvil.train recipes/cvil/small.yaml --set language=ja",
        limits=["It was trained on drawn scenes, not on photographs."],
    )


def test_the_card_is_the_golden_file(folder: Path, about: About) -> None:
    text = render(describe(folder, about, "org/vqa-ja-student"))
    if os.environ.get(REGENERATE):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8"), f"if the change is meant, set {REGENERATE}=1"


def test_results_are_of_the_row_and_its_conditions(folder: Path, about: About) -> None:
    japanese, hindi = describe(folder, about)["results"]
    assert japanese["own"]["accuracy"] == {"mean": 71, "deviation": 1.0, "seeds": [0, 1, 2], "these": 71}
    assert hindi["own"]["accuracy_number"] == {
        "mean": 40.5, "deviation": 0.7071, "seeds": [0, 1], "these": 41,
    }  # fmt: skip
    assert japanese["beside"]["translate-test"]["mean"] == 64.5 and hindi["beside"] == {}


def test_a_student_of_one_language_shows_that_language_alone(folder: Path, about: About) -> None:
    described = describe(folder, replace(about, releases=about.releases[:1]))
    assert [each["language"] for each in described["results"]] == ["ja"]
    assert described["languages"] == ["ja", "en"]


def test_a_model_that_retrieves_says_so(folder: Path, about: About, tmp_path: Path) -> None:
    recalls = {"average_recall": 61.5, "image_to_text_r1": 40.0, "signature": "metric:retrieval_recall"}
    append(tmp_path / "recalls.jsonl", {"row": "stage 2", "language": "ja", "seed": 1, **recalls})
    described = describe(folder, replace(about, results=tmp_path / "recalls.jsonl", row="stage 2", where={}))
    text = render(described)
    assert text.count("An image-text retrieval model") == 1 and "English labels" not in text
    assert "| Japanese | average recall | 1 | 61.50 | 61.50 |" in text
    assert front_matter(described)["pipeline_tag"] == "zero-shot-image-classification"


def test_weights_are_counted_from_the_file(folder: Path, about: About) -> None:
    found = describe(folder, about)["weights"]
    size = (folder / "model.safetensors").stat().st_size
    assert found == {"tensors": 6, "parameters": 40 + 16 + 27, "types": {"F32": 83}, "bytes": size}


def test_paths_of_this_machine_do_not_travel(folder: Path, about: About) -> None:
    described = describe(folder, about)
    assert described["settings"]["identity"] == {"release": "vqa-ja", "teacher.epochs": 12}
    assert "/home" not in json.dumps(described) and str(folder) not in render(described)


def test_the_metadata_is_what_the_hub_expects(folder: Path, about: About) -> None:
    from huggingface_hub import ModelCard

    text = render(describe(folder, about, "org/vqa-ja-student"))
    found = yaml.safe_load(text.split("---\n")[1])
    assert found["language"] == ["ja", "hi", "en"] and found["license"] == "apache-2.0"
    assert found["datasets"] == ["org/vqa-ja"]
    assert found["base_model"] == ["google-bert/bert-base-multilingual-uncased"]
    assert ModelCard(text).data.get("license") == "apache-2.0"
    values = {
        (each["dataset"]["name"], each["metrics"][0]["type"]): each["metrics"][0]["value"]
        for each in found["model-index"][0]["results"]
    }
    assert values == {("vqa-ja", "accuracy"): 71, ("vizwiz-hi", "accuracy"): 61}


def test_a_model_without_anything_but_weights_has_a_card(folder: Path) -> None:
    (folder / "config.json").unlink()
    (folder.parent / "settings.json").unlink()
    described = describe(folder, About())
    text = render(described)
    assert described["name"] == "model" and described["seed"] is None
    assert "83 in 6 tensors" in text and "No licence was stated" in text
    assert "load_file" in text and "## Results" not in text
    assert "model-index" not in front_matter(described) and front_matter(described)["license"] == "unknown"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no weights"),
        (b"", "damaged"),
        (b"\x02\0\0\0\0\0\0\0{}xx", "damaged"),
        (b"PK\3\4" * 9, "damaged"),
    ],
)
def test_weights_that_are_none(folder: Path, content: bytes | None, message: str) -> None:
    (folder / "model.safetensors").unlink()
    if content is not None:
        (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(SourceError, match=message):
        describe(folder, About())


def test_cut_weights_are_damaged(folder: Path) -> None:
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:-4])
    with pytest.raises(SourceError, match="damaged"):
        describe(folder, About())


def test_facts_that_cannot_be_read_are_errors(folder: Path, about: About, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no run of this row") as caught:
        describe(folder, replace(about, row="distiled"))
    assert "distilled, translate-test" in caught.value.details["found"]
    with pytest.raises(SourceError, match="only one can be meant"):
        describe(folder, replace(about, where={}))
    with pytest.raises(ReleaseError):
        describe(folder, replace(about, releases=[tmp_path]))
    (folder / "config.json").write_text("[1]")
    with pytest.raises(SpecError, match="another form"):
        describe(folder, about)
