"""VinVL's TSV files in their three forms: values, boxes, tags and sizes come out as they went in."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from recipes.lib.features import write_store
from recipes.lib.features_vinvl import image_key, read_vinvl
from vqa_builder.errors import SourceError

SIZES = {"000000391895": (640, 360), "522418": (640, 480)}
CLASSES = {"000000391895": ["man", "motorcycle", "man"], "522418": ["woman", "cake"]}


def boxes(key: str) -> NDArray[np.float32]:
    rng = np.random.default_rng([2, int(key)])
    count = len(CLASSES[key])
    corners = np.concatenate([rng.uniform(0, 0.4, (count, 2)), rng.uniform(0.5, 1, (count, 2))], axis=1)
    return np.asarray(corners * np.tile(SIZES[key], 2), dtype=np.float32)


def values(key: str) -> NDArray[np.float32]:
    """(R, 2054): the last six say where the box lies."""
    visual = np.random.default_rng([3, int(key)]).exponential(1.0, (len(CLASSES[key]), 2048))
    corners = boxes(key) / np.tile(SIZES[key], 2)
    return np.concatenate([visual, corners, corners[:, 2:] - corners[:, :2]], axis=1).astype(np.float32)


def coded(array: NDArray[np.float32]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def objects(key: str) -> list[dict[str, Any]]:
    return [
        {"class": name, "conf": 0.9, "rect": box}
        for name, box in zip(CLASSES[key], boxes(key).tolist(), strict=True)
    ]


def write_rows(path: Path, rows: dict[str, Any]) -> Path:
    text = {key: cell if isinstance(cell, str) else json.dumps(cell) for key, cell in rows.items()}
    path.write_text("".join(f"{key}\t{cell}\n" for key, cell in text.items()), encoding="utf-8")
    return path


def three_columns(folder: Path) -> Path:
    return write_rows(folder / "features.tsv", {k: f"{len(values(k))}\t{coded(values(k))}" for k in SIZES})


def captioning(folder: Path) -> Path:
    rows = {k: {"num_boxes": len(values(k)), "features": coded(values(k))} for k in SIZES}
    return write_rows(folder / "train.feature.tsv", rows)


def own_extraction(folder: Path) -> Path:
    rows = {
        k: {"objects": [o | {"feature": coded(v[:2048])} for o, v in zip(objects(k), values(k), strict=True)]}
        for k in SIZES
    }
    return write_rows(folder / "predictions.tsv", rows)


def predictions(folder: Path) -> Path:
    rows = {k: {"image_w": w, "image_h": h, "objects": objects(k)} for k, (w, h) in SIZES.items()}
    return write_rows(folder / "labels.tsv", rows)


def sizes(folder: Path) -> Path:
    return write_rows(
        folder / "train.hw.tsv", {k: [{"height": h, "width": w}] for k, (w, h) in SIZES.items()}
    )


@pytest.mark.parametrize("form", [three_columns, captioning, own_extraction])
def test_every_form_gives_the_same_store(tmp_path: Path, form: Any) -> None:
    labels = predictions(tmp_path)
    hw = sizes(tmp_path) if form is own_extraction else None
    store = write_store(tmp_path / "store", read_vinvl(form(tmp_path), labels, hw), source="VinVL")
    assert store.image_ids == [391895, 522418]
    assert store.region_width == 2054
    found, mask = store.regions(np.array([0, 1]), 4)
    assert mask.sum(1).tolist() == [3, 2]
    for row, key in enumerate(SIZES):
        np.testing.assert_allclose(found[row][mask[row]], values(key), rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(store.image(row).boxes, boxes(key), atol=0.1)
    assert (store.image(0).width, store.image(0).height) == (640, 360)
    assert [store.tags(0), store.tags(1)] == [["man", "motorcycle"], ["woman", "cake"]]


def test_without_labels_and_with_a_plain_list_of_labels(tmp_path: Path) -> None:
    bare = list(read_vinvl(three_columns(tmp_path)))
    assert [(image.width, image.height, tuple(image.tags)) for image in bare] == [(1, 1, ())] * 2
    assert float(bare[0].boxes.max()) <= 1
    labels = write_rows(tmp_path / "train.label.tsv", {"522418": objects("522418")[:1]})
    listed = list(read_vinvl(three_columns(tmp_path), labels, sizes(tmp_path)))
    assert [tuple(image.tags) for image in listed] == [(), ("woman",)]
    np.testing.assert_allclose(listed[1].boxes, boxes("522418"), atol=0.1)


def test_an_image_without_regions(tmp_path: Path) -> None:
    rows = {"7": "0\t", "522418": f"2\t{coded(values('522418'))}"}
    store = write_store(tmp_path / "s", read_vinvl(write_rows(tmp_path / "f.tsv", rows)), source="VinVL")
    assert store.regions(store.rows([7, 522418]), 2)[1].tolist() == [[False, False], [True, True]]


BROKEN = [
    ("391895", "three\tAAAA", "The row holds no features"),
    ("391895", "2\tnot base64!", "The row holds no features"),
    ("391895", "3\tAAAAAAAAAAA=", "The row holds no features"),
    ("391895", '{"num_boxes": 1}', "The row holds no features"),
    ("391895", "{", "The row holds no features"),
]


@pytest.mark.parametrize(("key", "cell", "message"), BROKEN)
def test_broken_rows_are_named_with_their_line(tmp_path: Path, key: str, cell: str, message: str) -> None:
    good = f"{len(values('522418'))}\t{coded(values('522418'))}"
    path = write_rows(tmp_path / "features.tsv", {"522418": good, key: cell})
    with pytest.raises(SourceError, match=message) as caught:
        list(read_vinvl(path))
    assert caught.value.details["where"] == f"{path}:2"


def test_values_that_end_in_no_box_are_refused(tmp_path: Path) -> None:
    wrong = values("522418")
    wrong[:, -2:] = wrong[:, :-3:-1]
    path = write_rows(tmp_path / "features.tsv", {"522418": f"2\t{coded(wrong)}"})
    with pytest.raises(SourceError, match="boxes of the regions are not known") as caught:
        list(read_vinvl(path))
    assert "--labels" in caught.value.details["do"]
    with pytest.raises(SourceError, match="boxes of the regions"):
        list(read_vinvl(own_extraction(tmp_path)))


def test_broken_side_files_are_named(tmp_path: Path) -> None:
    features = three_columns(tmp_path)
    with pytest.raises(SourceError, match="holds no labels"):
        list(read_vinvl(features, write_rows(tmp_path / "l.tsv", {"1": [{"rect": [0, 0, 1, 1]}]})))
    with pytest.raises(SourceError, match="no key and JSON"):
        list(read_vinvl(features, write_rows(tmp_path / "l.tsv", {"1": "[{"})))
    with pytest.raises(SourceError, match="holds no size"):
        list(read_vinvl(features, None, write_rows(tmp_path / "s.tsv", {"1": [{"width": 3}]})))
    with pytest.raises(SourceError, match="cannot be read"):
        list(read_vinvl(tmp_path / "none.tsv"))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("42", 42),
        ("000000391895", 391895),
        ("COCO_val2014_000000391895", 391895),
        ("SCENE_000000000001", 1),
        ("vg_12", "vg_12"),
        ("cat", "cat"),
    ],
)
def test_ids(name: str, key: int | str) -> None:
    assert image_key(name) == key
