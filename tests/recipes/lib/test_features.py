"""The store: what goes in comes out, padded and gathered; what misses or does not fit is named."""

from __future__ import annotations

import json
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import recipes.lib.features as features
from recipes.lib.features import FeatureStore, ImageFeatures, write_store
from recipes.lib.features_command import main
from vqa_builder.errors import SourceError


def image(number: int | str, regions: int, *, width: int = 6, patches: int | None = 4) -> ImageFeatures:
    rng = np.random.default_rng([1, int(number)])
    corners = np.sort(rng.random((regions, 2, 2)), axis=1).reshape(-1, 4) * [160, 120, 160, 120]
    return ImageFeatures(
        image_id=number,
        width=160,
        height=120,
        boxes=corners.astype(np.float32),
        regions=rng.standard_normal((regions, width)).astype(np.float32),
        tags=[("red car", "", "dog", "red car")[place % 4] for place in range(regions)],
        patches=None if patches is None else rng.standard_normal((patches, 3)).astype(np.float32),
    )


IMAGES = [image(number, regions) for number, regions in [(42, 3), (7, 0), (9, 6), (1000000000007, 1), (5, 2)]]


@pytest.fixture(params=[1 << 30, 1], ids=["one shard", "a shard per image"])
def store(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeatureStore:
    monkeypatch.setattr(features, "SHARD_BYTES", request.param)
    return write_store(tmp_path / "store", iter(IMAGES), source="five images")


def by_hand(wanted: ImageFeatures, count: int) -> tuple[Any, Any]:
    """One image's padded regions, the slow way."""
    values, mask = np.zeros((count, 12), dtype=np.float32), np.zeros(count, dtype=bool)
    for place, (region, (x0, y0, x1, y1)) in enumerate(zip(wanted.regions, wanted.boxes, strict=True)):
        if place < count:
            box = [x0 / 160, y0 / 120, x1 / 160, y1 / 120, (x1 - x0) / 160, (y1 - y0) / 120]
            values[place] = [*region.astype(np.float16), *box]
            mask[place] = True
    return values, mask


@pytest.mark.parametrize("count", [1, 4, 8])
def test_regions_are_gathered_in_the_order_asked_for(store: FeatureStore, count: int) -> None:
    order = [2, 0, 0, 4, 1, 3, 2]
    values, mask = store.regions(np.array(order), count)
    assert values.shape == (7, count, store.region_width)
    assert [str(array.dtype) for array in (values, mask)] == ["float32", "bool"]
    for place, row in enumerate(order):
        expected, real = by_hand(IMAGES[row], count)
        np.testing.assert_allclose(values[place], expected, atol=1e-6)
        assert mask[place].tolist() == real.tolist()


def test_patches_tags_and_whole_records(store: FeatureStore) -> None:
    grids = store.patches(np.array([3, 1]))
    assert grids.shape == (2, store.patch_count, store.patch_width) == (2, 4, 3)
    assert IMAGES[3].patches is not None
    np.testing.assert_array_equal(grids[0], IMAGES[3].patches.astype(np.float16).astype(np.float32))
    assert [store.tags(row) for row in range(3)] == [["red car", "dog"], [], ["red car", "dog"]]
    whole = store.image(2)
    assert (whole.image_id, whole.width, whole.height) == (9, 160, 120)
    assert list(whole.tags) == ["red car", "", "dog", "red car", "red car", ""]
    np.testing.assert_array_equal(whole.boxes, IMAGES[2].boxes)


def test_images_are_found_by_number_or_name(store: FeatureStore) -> None:
    assert store.image_ids == [42, 7, 9, 1000000000007, 5]
    assert len(store) == 5
    assert store.rows([9, 42, 9]).tolist() == [2, 0, 2]
    assert store.rows(["9", "1000000000007"]).tolist() == [2, 3]
    assert store.rows(np.array([5])).tolist() == [4]
    assert store.rows([]).tolist() == []


def test_missing_images_are_counted_and_named(store: FeatureStore) -> None:
    with pytest.raises(SourceError, match="misses 7 of the images") as caught:
        store.rows([9, 1, 2, 3, 4, 4, 6, 8, 10])
    assert caught.value.details["found"] == "none for image_id 1, 2, 3, 4, 6 and 2 more"
    assert caught.value.details["where"] == str(store.folder)
    with pytest.raises(SourceError, match="misses 1 of") as caught:
        store.rows(["COCO_9", "9"])
    assert "COCO_9" in caught.value.details["found"]


def test_names_as_ids(tmp_path: Path) -> None:
    store = write_store(tmp_path / "store", [image("12", 2), image("013", 1)], source="names")
    assert store.image_ids == ["12", "013"]
    assert store.rows([12, "013"]).tolist() == [0, 1]


def test_a_store_travels_to_workers(store: FeatureStore) -> None:
    there = pickle.loads(pickle.dumps(store))
    np.testing.assert_array_equal(there.regions(np.array([0]), 2)[0], store.regions(np.array([0]), 2)[0])


def test_values_are_mapped_not_loaded(store: FeatureStore) -> None:
    import pyarrow as pa

    before = pa.total_allocated_bytes()
    again = FeatureStore.open(store.folder)
    again.regions(np.arange(5), 4)
    assert pa.total_allocated_bytes() - before < 2048


def test_without_patches(tmp_path: Path) -> None:
    store = write_store(tmp_path / "store", [image(1, 2, patches=None)], source="regions alone")
    assert store.patch_width is None
    assert store.image(0).patches is None
    with pytest.raises(SourceError, match="no patches"):
        store.patches(np.array([0]))


def test_what_does_not_fit_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    huge = image(3, 1)
    huge.regions[0, 0] = 1e6
    cases = [
        ([], "no images"),
        ([image(1, 2), image(2, 2, width=5)], "do not fit together"),
        ([image(1, 2), image(1, 3)], "1 images are there more than once"),
        ([image(1, 2), image(2, 2, patches=None)], "patch grids"),
        ([image(1, 2), image("2", 2)], "numbers and strings"),
        ([huge], "too large for float16"),
    ]
    for images, message in cases:
        with pytest.raises(SourceError, match=message):
            write_store(tmp_path / "store", images, source="test")
        assert not list(tmp_path.iterdir())


def test_widths_must_agree_between_shards_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "SHARD_BYTES", 1)
    with pytest.raises(SourceError, match="different widths") as caught:
        write_store(tmp_path / "store", [image(1, 2), image(2, 2, width=5)], source="test")
    assert "(5, (4, 3)) and (6, (4, 3))" in caught.value.details["found"]


def test_an_older_store_is_replaced_whole(store: FeatureStore) -> None:
    write_store(store.folder, [image(1, 2)], source="another")
    assert FeatureStore.open(store.folder).image_ids == [1]
    assert len(list(store.folder.iterdir())) == 2


def test_folders_that_hold_no_store_are_told(store: FeatureStore, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no feature store") as caught:
        FeatureStore.open(tmp_path)
    assert "recipes.lib.features" in caught.value.details["do"]
    facts = json.loads((store.folder / "features.json").read_text())
    (store.folder / facts["shards"][-1]).unlink()
    with pytest.raises(SourceError, match="cannot be read") as caught:
        FeatureStore.open(store.folder)
    assert facts["shards"][-1] in caught.value.details["found"]


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("features-00000.arrow", lambda content: b""),
        ("features-00000.arrow", lambda content: content[: len(content) // 2]),
        ("features.json", lambda content: b"[1]"),
        ("features.json", lambda content: content.replace(b"region_width", b"region_depth")),
        ("features.json", lambda content: re.sub(rb'("region_width": )\d+', rb"\g<1>1", content)),
    ],
)
def test_a_damaged_store_is_told(
    store: FeatureStore, tmp_path: Path, name: str, damage: Callable[[bytes], bytes]
) -> None:
    path = shutil.copytree(store.folder, tmp_path / "copy") / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(SourceError, match=r"store is damaged|holds no feature store"):
        FeatureStore.open(tmp_path / "copy")


def test_help_names_every_way(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["vinvl"], ["authors"], ["transformers"]):
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--help"])
        assert ended.value.code == 0
        shown = capsys.readouterr().out
        assert "python -m recipes.lib.features" in shown
        assert all(way in shown for way in ("vinvl", "authors", "transformers")) or arguments
