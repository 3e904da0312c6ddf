"""Images by reference and embedded; those that are not as expected are named and stop nothing."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from tests.release.conftest import changed
from vqa_builder.errors import SpecError
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.diff.compare import diff
from vqa_builder.release.images import images_fingerprint, inspect, with_images
from vqa_builder.release.manifest import load_manifest
from vqa_builder.release.verify import verify
from vqa_builder.release.write import write_release
from vqa_builder.schema import IMAGE
from vqa_builder.spec import Images

COCO = "COCO_train2014_{image_id:012d}.jpg"
ADDRESS = "http://images.example.org/train2014/{file}"


def _folder(folder: Path) -> Path:
    """The images of the Japanese rows: good, animated, 16 bits, broken; that of the test row is missing."""
    Image = pytest.importorskip("PIL.Image")
    folder.mkdir()
    red, blue = (Image.new("RGB", (32, 24), colour) for colour in ("red", "blue"))
    red.save(folder / "228478.png")
    red.save(folder / "111756.png", format="GIF", save_all=True, append_images=[blue])
    Image.new("I;16", (8, 8), 40_000).save(folder / "376241.png")
    red.save(folder / "434045.png")
    (folder / "434045.png").write_bytes((folder / "434045.png").read_bytes()[:60])
    return folder


def _embedding(folder: Path, **more: Any) -> Images:
    return Images(file="{image_id}.png", folder=folder, embed=True, licence="cc-by-4.0", **more)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"file": COCO}, "COCO_train2014_000000228478.jpg"),
        ({"file": COCO, "url": ADDRESS}, ADDRESS.format(file="COCO_train2014_000000228478.jpg")),
        ({"file": "x", "url": "http://example.org/{image_id}"}, "http://example.org/228478"),
        ({"file": {"train": COCO, "validation": "v", "test": "t"}}, "COCO_train2014_000000228478.jpg"),
    ],
)
def test_a_reference_is_a_name_or_an_address(
    ja: ReleaseContents, tmp_path: Path, settings: dict[str, Any], expected: str
) -> None:
    found = with_images(ja, Images(**settings), tmp_path)
    assert found.data["train"].schema.names[:3] == ["question_id", "image_id", "image"]
    assert found.data["train"]["image"].to_pylist()[0] == expected
    folder = write_release(found, tmp_path)
    assert verify(folder).ok
    assert load_manifest(folder).counts["images"] == {
        "distinct": {"train": 3, "validation": 1, "test": 1},
        "problems": {},
    }
    assert "image" in (folder / "README.md").read_text(encoding="utf-8")


def test_string_ids_name_files_themselves(hi: ReleaseContents, tmp_path: Path) -> None:
    found = with_images(hi, Images(file="val/{image_id}"), tmp_path)
    assert found.data["validation"]["image"].to_pylist()[0] == "val/VizWiz_val_00001089.jpg"


def test_without_settings_nothing_changes(ja: ReleaseContents, tmp_path: Path) -> None:
    assert with_images(ja, None, tmp_path) is ja
    assert images_fingerprint(None, tmp_path) is None
    assert images_fingerprint(Images(file=COCO), tmp_path) is None


def test_images_are_embedded_and_loaded_as_images(ja: ReleaseContents, tmp_path: Path) -> None:
    from datasets import load_dataset

    contents = with_images(ja, _embedding(_folder(tmp_path / "png")), tmp_path)
    assert contents.data["train"].schema.field("image").type == IMAGE
    folder = write_release(contents, tmp_path / "out")
    report = verify(folder)
    assert report.ok, [check.detail for check in report.checks if not check.ok]
    rows = load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "cache"))
    assert rows[0]["image"].size == (32, 24)
    assert rows[0]["image"].getpixel((0, 0)) == (255, 0, 0)
    test = load_dataset(str(folder), split="test", cache_dir=str(tmp_path / "cache"))
    assert test[0]["image"] is None
    croissant = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    types = {field["@id"]: field.get("dataType") for field in croissant["recordSet"][0]["field"]}
    assert types["default/image"] == "sc:ImageObject"


def test_every_problem_is_named_in_the_release(ja: ReleaseContents, tmp_path: Path) -> None:
    contents = with_images(ja, _embedding(_folder(tmp_path / "png")), tmp_path)
    folder = write_release(contents, tmp_path / "out")
    lines = (folder / "image_problems.jsonl").read_text(encoding="utf-8").splitlines()
    found = {(record["split"], record["image_id"]): record["problem"] for record in map(json.loads, lines)}
    assert found == {
        ("train", 111756): "animated",
        ("train", 376241): "16-bit",
        ("validation", 434045): "broken",
        ("test", 167330): "missing",
    }
    assert load_manifest(folder).counts["images"]["problems"] == {
        "16-bit": 1,
        "animated": 1,
        "broken": 1,
        "missing": 1,
    }
    assert str(tmp_path) not in "".join(lines)
    assert "animated 1" in (folder / "README.md").read_text(encoding="utf-8")


def test_references_may_be_looked_at_without_embedding(ja: ReleaseContents, tmp_path: Path) -> None:
    settings = Images(file="{image_id}.png", folder=Path("png"))
    _folder(tmp_path / "png")
    contents = with_images(ja, settings, tmp_path)
    assert contents.data["train"]["image"].type == pa.string()
    assert len(contents.image_problems) == 4
    before = images_fingerprint(settings, tmp_path)
    (tmp_path / "png" / "228478.png").write_bytes(b"other")
    assert images_fingerprint(settings, tmp_path) != before


@pytest.mark.parametrize("limit", [{"max_pixels": 100}, {"max_bytes": 20}])
def test_huge_images_are_named_and_not_embedded(
    ja: ReleaseContents, tmp_path: Path, limit: dict[str, int]
) -> None:
    contents = with_images(ja, _embedding(_folder(tmp_path / "png"), **limit), tmp_path)
    problems = {record["image_id"]: record["problem"] for record in contents.image_problems}
    assert problems[228478] == "huge"
    assert contents.data["train"]["image"].to_pylist()[0] is None


def test_ids_do_not_lead_out_of_the_folder(hi: ReleaseContents, tmp_path: Path) -> None:
    root = _folder(tmp_path / "png")
    (tmp_path / "secret.png").write_bytes((root / "228478.png").read_bytes())
    ids = pa.chunked_array([["../secret"] * 3])
    table = hi.data["validation"].set_column(1, "image_id", ids)
    contents = with_images(dataclasses.replace(hi, data={"validation": table}), _embedding(root), tmp_path)
    assert contents.data["validation"]["image"].null_count == 3
    assert contents.image_problems[0]["detail"] == "outside the folder"


def test_paths_are_read_from_the_folder_of_the_spec_and_no_other(tmp_path: Path, ja: ReleaseContents) -> None:
    good = (_folder(tmp_path / "png") / "228478.png").read_bytes()
    (tmp_path / "secret.png").write_bytes(good)
    kind = pa.list_(IMAGE)
    path = [
        {"bytes": None, "path": name}
        for name in ("228478.png", "../secret.png", str(tmp_path / "secret.png"))
    ]
    train = ja.data["train"].add_column(2, "images", pa.array([[path[0]], path[1:], []], kind))
    contents = ReleaseContents(**{**vars(ja), "data": {"train": train}, "rejected": {}})
    shown = with_images(contents, Images(folder=Path("png")), tmp_path)
    pictures = shown.data["train"]["images"].to_pylist()
    assert shown.pictures is not None and shown.pictures.read(pictures[0][0]["bytes"]) == good
    assert [each["bytes"] for each in pictures[1]] == [None, None]
    assert {each["detail"] for each in shown.image_problems} == {"outside the folder"}


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        (Images(file="{image}.jpg"), "release.images.file"),
        (Images(file="{image_id:q}.jpg"), "release.images.file"),
        (Images(file="x", url="{name}"), "release.images.url"),
        (Images(file={"train": "x"}), "release.images.file"),
        (Images(file="x", folder=Path("nowhere")), "nowhere"),
    ],
)
def test_a_pattern_or_folder_that_does_not_fit_is_refused(
    ja: ReleaseContents, tmp_path: Path, settings: Images, where: str
) -> None:
    with pytest.raises(SpecError) as caught:
        with_images(ja, settings, tmp_path)
    assert caught.value.details["where"].endswith(where)


def test_embedding_needs_a_licence() -> None:
    with pytest.raises(ValidationError, match="licence"):
        Images(file="x", folder=Path("x"), embed=True)


def test_a_diff_shows_no_bytes(ja: ReleaseContents, tmp_path: Path) -> None:
    contents = with_images(ja, _embedding(_folder(tmp_path / "png")), tmp_path)
    other = changed(contents, 228478001, "image", None)
    found = diff(write_release(contents, tmp_path / "a"), write_release(other, tmp_path / "b"))
    (group,) = found.rows
    assert group.kind == "image reference"
    assert json.dumps(group.examples[0]["old"]).startswith('{"bytes": "')
    assert dataclasses.asdict(group)["examples"][0]["new"] is None


REAL = {
    "astronaut.png": set(),
    "hubble_deep_field.jpg": set(),
    "palette_color.png": set(),
    "truncated.jpg": {"broken"},
    "no_time_for_that_tiny.gif": {"animated"},
    "chessboard_GRAY_U16.tif": {"16-bit"},
    "nothing.jpg": {"missing"},
}


@pytest.mark.parametrize("name", REAL)
def test_real_files(shared: Path, name: str) -> None:
    pytest.importorskip("PIL")
    settings = Images(file="x")
    assert {problem for problem, _ in inspect(shared / "data" / "images_skimage" / name, settings)} == REAL[
        name
    ]


def test_real_photographs_have_no_problem(shared: Path) -> None:
    pytest.importorskip("PIL")
    files = sorted((shared / "data" / "images_xm3600").glob("*.jpg"))
    assert files and [problem for path in files for problem in inspect(path, Images(file="x"))] == []
