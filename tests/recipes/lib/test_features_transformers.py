"""Extraction from pictures with real models of transformers, tiny and random, saved to disk in the test."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from numpy.typing import NDArray
from PIL import Image

import recipes.lib.features_transformers as features_transformers
from recipes.lib.features import FeatureStore
from recipes.lib.features_models import Detector, Vision, windows
from recipes.lib.features_pictures import find_pictures, read_pixels
from recipes.lib.features_shards import write_shard
from recipes.lib.features_transformers import Extraction, ahead, extract
from vqa_builder.errors import SourceError, SpecError

NAMES = {0: "cat", 1: "Dog", 2: "N/A"}
TRUNK = {"embedding_size": 8, "hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1]}
TOWER = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
LOOK = {"image_size": 32, "patch_size": 8}
EDGES = {"shortest_edge": 64, "longest_edge": 96}


def yolos() -> tuple[Any, Any]:
    config = transformers.YolosConfig(
        **TOWER, image_size=[96, 128], patch_size=16, num_detection_tokens=12, id2label=NAMES
    )
    return transformers.YolosForObjectDetection(config), ("Yolos", EDGES)


def detr() -> tuple[Any, Any]:
    config = transformers.DetrConfig(
        backbone_config=transformers.ResNetConfig(**TRUNK, out_features=["stage4"]),
        use_timm_backbone=False,
        use_pretrained_backbone=False,
        backbone=None,
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        num_queries=12,
        id2label=NAMES,
    )
    return transformers.DetrForObjectDetection(config), ("Detr", EDGES)


def rt_detr() -> tuple[Any, Any]:
    config = transformers.RTDetrConfig(
        backbone_config=transformers.RTDetrResNetConfig(
            **TRUNK, out_features=["stage2", "stage3", "stage4"], layer_type="basic"
        ),
        encoder_in_channels=[8, 16, 16],
        encoder_hidden_dim=32,
        encoder_ffn_dim=32,
        encoder_attention_heads=2,
        d_model=32,
        num_queries=12,
        decoder_in_channels=[32, 32, 32],
        decoder_ffn_dim=32,
        decoder_layers=1,
        decoder_attention_heads=2,
        id2label=NAMES,
    )
    return transformers.RTDetrForObjectDetection(config), ("RTDetr", {"height": 64, "width": 64})


def clip() -> tuple[Any, Any]:
    text = {**TOWER, "vocab_size": 30, "max_position_embeddings": 8}
    config = transformers.CLIPConfig(text_config=text, vision_config={**TOWER, **LOOK}, projection_dim=24)
    return transformers.CLIPModel(config), ("CLIP", {"shortest_edge": 32})


def siglip() -> tuple[Any, Any]:
    text = {**TOWER, "vocab_size": 30, "max_position_embeddings": 8}
    config = transformers.SiglipConfig(text_config=text, vision_config={**TOWER, **LOOK})
    return transformers.SiglipModel(config), ("Siglip", {"height": 32, "width": 32})


def vit() -> tuple[Any, Any]:
    return transformers.ViTModel(transformers.ViTConfig(**TOWER, **LOOK)), (
        "ViT",
        {"height": 32, "width": 32},
    )


KINDS = (yolos, detr, rt_detr, clip, siglip, vit)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Folders of tiny models with random weights, each with its image processor."""
    folder = tmp_path_factory.mktemp("models")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for kind in KINDS:
            model, (name, size) = kind()
            model.save_pretrained(folder / kind.__name__)
            processor = getattr(transformers, f"{name}ImageProcessorPil", None)
            processor = processor or getattr(transformers, f"{name}ImageProcessor")
            processor(size=size).save_pretrained(folder / kind.__name__)
    return {kind.__name__: str(folder / kind.__name__) for kind in KINDS}


def pixels(seed: int, width: int, height: int) -> NDArray[np.uint8]:
    coarse = np.random.default_rng([4, seed]).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BILINEAR))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures" / "val2014"
    folder.mkdir(parents=True)
    for number, (width, height) in enumerate([(80, 60), (60, 80), (80, 60), (50, 50), (80, 60)], 1):
        Image.fromarray(pixels(number, width, height)).save(folder / f"COCO_val2014_{number:012}.png")
    return folder.parent


@pytest.mark.parametrize("detector", ["yolos", "detr", "rt_detr"])
def test_detectors(models: dict[str, str], pictures: Path, tmp_path: Path, detector: str) -> None:
    settings = Extraction(models["clip"], models[detector], regions=6, least=2, threshold=2.0, shard=2)
    store = extract(pictures, tmp_path / "store", settings, batch=2, device="cpu")
    assert store is not None
    assert store.image_ids == [1, 2, 3, 4, 5]
    assert (store.region_width, store.patch_count, store.patch_width) == (24 + 6, 16, 32)
    image = store.image(1)
    assert (image.width, image.height) == (60, 80)
    assert image.boxes[0].tolist() == [0, 0, 60, 80]
    assert len(image.boxes) == len(image.tags) == 3
    assert (image.boxes[:, 2:] > image.boxes[:, :2]).all()
    assert (image.boxes >= 0).all()
    assert (image.boxes <= [60, 80, 60, 80]).all()
    assert image.tags[0] == ""
    assert set(image.tags) <= {"", "cat", "dog"}
    assert len(list(store.folder.glob("*.arrow"))) == 3


def test_more_boxes_where_the_detector_is_sure(
    models: dict[str, str], pictures: Path, tmp_path: Path
) -> None:
    counts = []
    for threshold in (0.0, 2.0):
        settings = Extraction(models["clip"], models["yolos"], regions=5, least=1, threshold=threshold)
        store = extract(pictures, tmp_path / f"store{threshold}", settings, device="cpu")
        assert store is not None
        counts.append(len(store.image(0).boxes))
    assert counts == [6, 2]


def test_boxes_are_those_of_the_model_alone(models: dict[str, str], pictures: Path) -> None:
    """A picture in a batch gets the boxes that the model gives it alone, surest first."""
    batch = [pixels(seed, 80, 60) for seed in (1, 3)]
    detector = Detector(models["detr"], "cpu")
    together = detector.find(detector.prepare(batch), (80, 60), 2, 12, 12, 0.0)
    processor = detector.processor
    for picture, (boxes, tags) in zip(batch, together, strict=True):
        with torch.no_grad():
            output = detector.model(**processor(images=[picture], return_tensors="pt"))
        expected = processor.post_process_object_detection(output, threshold=0.0, target_sizes=[(60, 80)])[0]
        order = expected["scores"].argsort(descending=True, stable=True)
        np.testing.assert_allclose(boxes, expected["boxes"][order].clamp(min=0).numpy(), atol=1e-2)
        names = [NAMES[number].lower() for number in expected["labels"][order].tolist()]
        assert tags == [name.replace("n/a", "") for name in names]


@pytest.mark.parametrize(("name", "width"), [("clip", 24), ("siglip", 32), ("vit", 32)])
def test_vision_models_see_warped_crops(models: dict[str, str], name: str, width: int) -> None:
    vision = Vision(models[name], "cpu")
    picture = pixels(7, 80, 60)
    boxes = np.array([[0, 0, 80, 60], [10.4, 5.2, 41.0, 33.7]], dtype=np.float32)
    regions, patches = vision.encode(picture, boxes)
    assert regions.shape == (2, width)
    assert patches.shape == (16, 32)
    cut = Image.fromarray(picture).crop((10, 5, 41, 34)).resize((32, 32), Image.Resampling.BICUBIC)
    values = torch.tensor(np.asarray(cut)).permute(2, 0, 1)[None].float()
    with torch.no_grad():
        output = vision.model(pixel_values=(values - vision.mean) / vision.deviation)
        expected = vision.project(output.pooler_output)
    off, apart = np.abs(regions[1] - expected[0].numpy()).max(), np.abs(regions[0] - regions[1]).max()
    assert off < apart / 10


def test_windows_without_a_detector(models: dict[str, str], pictures: Path, tmp_path: Path) -> None:
    settings = Extraction(models["siglip"], patches=False)
    store = extract(pictures, tmp_path / "store", settings, device="cpu")
    assert store is not None
    assert store.patch_count is None
    assert store.tags(0) == []
    image = store.image(0)
    np.testing.assert_allclose(image.boxes[1:], windows(80, 60))
    assert len(image.boxes) == 26


def test_a_stopped_extraction_goes_on_and_gives_the_same_store(
    models: dict[str, str], pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Extraction(models["clip"], models["yolos"], regions=3, shard=2)
    whole = extract(pictures, tmp_path / "whole", settings, device="cpu")
    written: list[int] = []

    def stopping(folder: Path, number: int, images: Any) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        write_shard(folder, number, images)
        written.append(number)

    monkeypatch.setattr(features_transformers, "write_shard", stopping)
    with pytest.raises(KeyboardInterrupt):
        extract(pictures, tmp_path / "store", settings, device="cpu")
    assert not (tmp_path / "store").exists()
    with pytest.raises(SpecError, match="other settings") as caught:
        extract(pictures, tmp_path / "store", replace(settings, regions=4), device="cpu")
    assert (caught.value.details["expected"], caught.value.details["found"]) == ("regions 3", "regions 4")
    written.clear()
    store = extract(pictures, tmp_path / "store", settings, device="cpu")
    assert written == [2]
    assert whole is not None
    assert store is not None
    rows = np.arange(5)
    np.testing.assert_array_equal(store.regions(rows, 4)[0], whole.regions(rows, 4)[0])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pictures", "store", "whole"]
    written.clear()
    assert extract(pictures, tmp_path / "store", settings, device="cpu") is not None
    assert written == []


def test_workers_share_the_shards(models: dict[str, str], pictures: Path, tmp_path: Path) -> None:
    settings = Extraction(models["clip"], models["yolos"], regions=3, shard=1)
    news: list[str] = []
    first = extract(pictures, tmp_path / "s", settings, device="cpu", worker=(1, 2), say=news.append)
    assert first is None
    assert [line.partition(":")[0] for line in news] == ["shard 2 of 5", "shard 4 of 5"]
    second = extract(pictures, tmp_path / "s", settings, device="cpu", worker=(0, 2))
    assert second is not None
    assert second.image_ids == [1, 2, 3, 4, 5]
    assert FeatureStore.open(tmp_path / "s").source.endswith(models["clip"])


def test_broken_pictures_are_set_aside_and_named(
    pictures: Path, models: dict[str, str], tmp_path: Path
) -> None:
    (pictures / "notes.txt").write_text("no picture")
    (pictures / "000000000007.jpg").write_bytes(b"\xff\xd8 broken")
    whole = (pictures / "val2014" / "COCO_val2014_000000000001.png").read_bytes()
    (pictures / "000000000008.png").write_bytes(whole[: len(whole) // 2])
    said: list[str] = []
    settings = Extraction(models["clip"], models["yolos"], regions=3, least=1)
    store = extract(pictures, tmp_path / "s", settings, device="cpu", say=said.append)
    assert said[0] == "Set aside: 1 of 7 files are no pictures: 000000000007.jpg"
    assert "cannot be read" in said[1]
    assert "000000000008.png" in said[1]
    assert store is not None
    assert json.loads((tmp_path / "s" / "features.json").read_bytes())["set_aside"] == [7, 8]
    rows = store.rows([1, 7, 8])
    values, mask = store.regions(rows, 4)
    assert mask.any(1).tolist() == [True, False, False]
    assert not values[1:].any()
    assert not store.patches(rows)[1:].any()


def test_a_folder_of_broken_pictures_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(b"\xff\xd8 broken")
    with pytest.raises(SourceError, match="There are no pictures") as caught:
        find_pictures(tmp_path)
    assert caught.value.details["found"] == "1 that cannot be read: 1.jpg"


def test_ids_must_differ_and_some_pictures_must_be_there(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There are no pictures"):
        find_pictures(tmp_path / "nowhere")
    Image.new("RGB", (4, 4)).save(pictures / "COCO_train2014_000000000002.png")
    with pytest.raises(SourceError, match="Two pictures have the id 2"):
        find_pictures(pictures)


def test_numbers_and_names_mixed_are_names(tmp_path: Path) -> None:
    for name in ("12", "cat"):
        Image.new("RGB", (4, 4)).save(tmp_path / f"{name}.png")
    assert [picture.image_id for picture in find_pictures(tmp_path)] == ["12", "cat"]


def test_pictures_are_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 20)).save(tmp_path / "1.jpg", exif=exif)
    (picture,) = find_pictures(tmp_path)
    assert picture.size == (20, 30)
    assert read_pixels(picture.path).shape == (30, 20, 3)


def test_reading_ahead_keeps_the_order_and_passes_errors_on() -> None:
    assert list(ahead(lambda number: number * 2, range(50), 3)) == list(range(0, 100, 2))

    def fails(number: int) -> int:
        if number == 3:
            raise SourceError("three")
        return number

    results = ahead(fails, range(50), 2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(SourceError, match="three"):
        next(results)


def test_models_that_cannot_serve_are_told(models: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be loaded"):
        Detector(str(tmp_path / "nothing"), "cpu")
    with pytest.raises(SourceError, match="cannot be loaded") as caught:
        Detector(models["clip"], "cpu")
    assert "AutoModelForObjectDetection" in caught.value.details["expected"]
    config = json.loads((Path(models["vit"]) / "config.json").read_text())
    assert config["model_type"] == "vit"
    with pytest.raises(SourceError, match="no fixed patch grid"):
        Vision(models["rt_detr"], "cpu")
