"""Images that look alike: found when scaled and saved anew, across splits and in one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.images import with_images
from vqa_builder.release.near_images import NEAR, difference_hash, near
from vqa_builder.spec import Images

Image = pytest.importorskip("PIL.Image")


def scene(seed: int) -> Any:
    """A picture of soft shapes."""
    spots = np.random.default_rng(seed).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    return Image.fromarray(spots).resize((320, 240), Image.Resampling.BICUBIC)


def test_a_picture_that_was_scaled_and_saved_anew_is_the_same(tmp_path: Path) -> None:
    distances = []
    for seed in range(8):
        scene(seed).save(tmp_path / "one.png")
        scene(seed).resize((150, 112)).save(tmp_path / "other.jpg", quality=60)
        one, other = difference_hash(tmp_path / "one.png"), difference_hash(tmp_path / "other.jpg")
        assert one is not None and other is not None
        distances.append((one ^ other).bit_count())
    assert max(distances) <= NEAR
    (tmp_path / "broken.png").write_bytes(b"no picture")
    Image.new("RGB", (32, 32), "red").save(tmp_path / "flat.png")
    assert difference_hash(tmp_path / "broken.png") is None
    assert difference_hash(tmp_path / "flat.png") is None


def test_every_pair_of_near_hashes_is_found() -> None:
    chance = np.random.default_rng(1)
    hashes = chance.integers(0, 2**64, 400, dtype=np.uint64)
    places = chance.permutation(400)
    for one, other in zip(places[:50], places[50:100], strict=True):
        flips = chance.choice(64, chance.integers(0, NEAR + 1), replace=False)
        hashes[other] = hashes[one] ^ np.bitwise_or.reduce(np.uint64(1) << flips.astype(np.uint64), initial=0)
    apart = [
        (one, other, (int(hashes[one]) ^ int(hashes[other])).bit_count())
        for one in range(400)
        for other in range(one + 1, 400)
    ]
    assert sorted(near(hashes)) == [pair for pair in apart if pair[2] <= NEAR]


def test_a_release_names_images_that_look_like_others(ja: ReleaseContents, tmp_path: Path) -> None:
    folder = tmp_path / "png"
    folder.mkdir()
    scene(0).save(folder / "228478.png")
    scene(0).save(folder / "111756.png", format="JPEG", quality=70)
    scene(1).save(folder / "376241.png")
    scene(1).resize((200, 150)).save(folder / "434045.png")
    scene(2).save(folder / "167330.png")
    contents = with_images(ja, Images(file="{image_id}.png", folder=folder), tmp_path)
    found = {(each["split"], each["image_id"]): each for each in contents.image_problems}
    assert {key: each["problem"] for key, each in found.items()} == {
        ("train", 111756): "repeated",
        ("validation", 434045): "leaked",
    }
    assert "train 376241 (376241.png)" in found["validation", 434045]["detail"]
    assert contents.facts["counts"]["images"]["problems"] == {"leaked": 1, "repeated": 1}
