"""Questions on frozen towers: the head, its batches, and the whole way on a tiny world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from recipes.drawn_world.scenes.write import write
from recipes.lib import results
from recipes.mla import config as settings
from recipes.mla.config import Vqa
from recipes.mla.vqa import AnswerHead, Vectors, run
from vqa_builder.errors import SpecError

SHAPE = Vqa(releases={}, order=["transfer"], layers=1, heads=2, width=16, epochs=2, lr=0.01, batch_size=32)


def test_padded_regions_change_no_answer() -> None:
    torch.manual_seed(0)
    head = AnswerHead(8, 6, 5, SHAPE).eval()
    sentence, regions = torch.randn(2, 8), torch.randn(2, 3, 6)
    mask = torch.ones(2, 3, dtype=torch.bool)
    logits = head(sentence, regions, mask, index=torch.arange(2))
    padded = torch.cat([regions, torch.randn(2, 4, 6)], dim=1)
    wider = head(sentence, padded, torch.cat([mask, torch.zeros(2, 4, dtype=torch.bool)], dim=1))
    assert logits.shape == (2, 5)
    torch.testing.assert_close(logits, wider)
    assert not torch.allclose(head(sentence.flip(0), regions, mask), logits)


@pytest.mark.parametrize("own", [True, False])
def test_batches_carry_cached_vectors_instead_of_pieces(own: bool) -> None:
    sentences = np.arange(12, dtype=np.float32).reshape(4, 3)
    pictures = np.arange(20, dtype=np.float16).reshape(2, 5, 2), np.array([0, 1, 1, 0])
    batch = {"input_ids": torch.zeros(2, 7), "index": torch.tensor([2, 0])}
    made = Vectors(sentences, pictures if own else None)(batch, np.array([2, 0]), np.random.default_rng(0))
    assert set(made) == {"index", "sentence", *(("regions", "region_mask") if own else ())}
    assert made["sentence"].tolist() == sentences[[2, 0]].tolist()
    if own:
        assert made["regions"].shape == (2, 5, 2)
        assert made["regions"][0, 0, 0] == 10
        assert made["region_mask"].all()


def content(folder: Path) -> dict[str, Any]:
    world = str(folder / "world")
    scenes = {"form": "scenes", "path": world, "root": f"{world}/images"}
    small = {"width": 16, "layers": 1, "heads": 2, "picture": 32, "patch": 16, "epochs": 1, "batch_size": 16}
    return {
        "out": str(folder / "out"),
        "small_clip": {"world": world, "pieces": 600, **small},
        "tokens": {"pieces": 600, "width": 16, "longest": 40},
        "train": [scenes],
        "evaluate": [{**scenes, "split": "validation"}],
        "languages": ["ja"],
        "bottleneck": 4,
        "quiet": True,
        "stages": {
            "transfer": {
                "terms": {"text_mse": 1.0},
                "text_only": True,
                "epochs": 1,
                "lr": 0.002,
                "batch_size": 16,
            }
        },
        "order": ["transfer"],
        "seeds": [0],
        "vqa": {**SHAPE.model_dump(mode="json"), "releases": {"ja": str(folder / "releases" / "scenes-ja")}},
        "rows": {"transfer": {}},
    }


@pytest.mark.slow
def test_taught_in_english_and_asked_in_japanese(tmp_path: Path) -> None:
    from vqa_builder import build, load_spec

    world = write(tmp_path / "world", images=24, seed=5)
    spec = yaml.safe_load((world / "build.yaml").read_text(encoding="utf-8"))
    spec |= {"languages": ["ja"], "policy": {}}
    (world / "build.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")
    build(load_spec(world / "build.yaml"), tmp_path / "releases", workers=1)

    plan = content(tmp_path)
    lines = run(settings.validate(settings.Config, settings.of_row(plan), Path("here")))

    assert [line["language"] for line in lines] == ["en", "ja"]
    for line in lines:
        assert 0 <= line["accuracy"] <= 100
        assert line["row"] == "MLA-VQA"
        assert (tmp_path / "out" / "predictions" / f"vqa-{line['language']}-0.json").exists()
    assert lines[0]["trained"] < lines[0]["whole"]
    assert len(results.read(tmp_path / "out" / "results.jsonl")) == 2


def test_settings_without_questions_are_refused(tmp_path: Path) -> None:
    plan = {**content(tmp_path), "vqa": None}
    with pytest.raises(SpecError, match="no questions"):
        run(settings.validate(settings.Config, settings.of_row(plan), Path("here")))
