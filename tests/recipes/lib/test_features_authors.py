"""The authors' .pt files: one dict of a split, or one file per image; nothing but tensors is unpickled."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from recipes.lib.features import write_store
from recipes.lib.features_authors import read_authors
from vqa_builder.errors import SourceError


def tensor(seed: int, regions: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    low = torch.rand((regions, 2), generator=generator) * 0.4
    high = 0.5 + torch.rand((regions, 2), generator=generator) * 0.5
    visual = torch.rand((regions, 10), generator=generator)
    return torch.cat([visual, low, high, high - low], dim=1)


def questions(path: Path) -> Path:
    records = [
        {"q": "What is it?", "o": "dog;grass; dog ;", "img_id": 9, "q_id": 90},
        {"q": "犬はいますか?", "o": "sky", "img_id": "000000000025", "q_id": 91},
    ]
    path.write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_of_a_split(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "train_img_frcnn_feats.pt"
    torch.save({9: tensor(9), "000000000025": tensor(25, 1)}, path, _use_new_zipfile_serialization=zipped)
    images = read_authors([path], [questions(tmp_path / "train2014_qla_mrcnn.json")])
    store = write_store(tmp_path / "store", images, source="cViL")
    assert store.image_ids == [9, 25]
    assert [store.tags(0), store.tags(1)] == [["dog", "grass"], ["sky"]]
    found, mask = store.regions(np.array([0, 1]), 3)
    np.testing.assert_allclose(found[0], tensor(9).numpy(), atol=1e-3)
    assert mask[1].tolist() == [True, False, False]


def test_a_folder_with_a_file_per_image(tmp_path: Path) -> None:
    folder = tmp_path / "train"
    folder.mkdir()
    for number in (9, 25):
        torch.save(tensor(number).half(), folder / f"{number}.pt")
    images = list(read_authors([folder]))
    assert [image.image_id for image in images] == [25, 9]
    np.testing.assert_allclose(images[1].regions, tensor(9)[:, :10].numpy(), atol=1e-3)


def test_other_files_are_refused(tmp_path: Path) -> None:
    torch.save({9: Path("code")}, tmp_path / "objects.pt")
    with pytest.raises(SourceError, match="cannot be read") as caught:
        list(read_authors([tmp_path / "objects.pt"]))
    assert "unpickled" in caught.value.details["expected"]
    torch.save([tensor(1)], tmp_path / "list.pt")
    with pytest.raises(SourceError, match="holds no features"):
        list(read_authors([tmp_path / "list.pt"]))
    torch.save({9: torch.zeros(5)}, tmp_path / "flat.pt")
    with pytest.raises(SourceError, match="no tensor of regions") as caught:
        list(read_authors([tmp_path / "flat.pt"]))
    assert "image 9" in caught.value.details["where"]
    torch.save({9: torch.rand(2, 16) + 1}, tmp_path / "boxless.pt")
    with pytest.raises(SourceError, match="boxes of the regions"):
        list(read_authors([tmp_path / "boxless.pt"]))
    (tmp_path / "q.json").write_text('[{"img_id": 9}]')
    with pytest.raises(SourceError, match="has no tags"):
        list(read_authors([tmp_path / "flat.pt"], [tmp_path / "q.json"]))
    with pytest.raises(SourceError, match="cannot be read"):
        list(read_authors([tmp_path / "none.pt"]))
