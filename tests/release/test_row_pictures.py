"""Pictures beside rows: small, from the rows or from the folder that the user named, from nowhere else."""

from __future__ import annotations

import base64
import dataclasses
import io
from pathlib import Path

import pyarrow as pa
import pytest
from PIL import Image

from vqa_builder.pictures import Pictures
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.row_pictures import shown_pictures
from vqa_builder.release.write import write_release, write_report
from vqa_builder.schema import IMAGE


def _png(size: tuple[int, int], colour: str = "red") -> bytes:
    stream = io.BytesIO()
    Image.new("RGBA", size, colour).save(stream, "PNG")
    return stream.getvalue()


def _opened(address: str) -> Image.Image:
    kind, _, data = address.partition(",")
    assert kind == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def _released(ja: ReleaseContents, out: Path, column: pa.Array, pictures: Pictures | None = None) -> Path:
    """A release whose first table has a column of pictures."""
    train = ja.data["train"].add_column(2, "image", column)
    data = {**ja.data, "train": train}
    return write_release(dataclasses.replace(ja, data=data, pictures=pictures), out)


def test_pictures_of_rows_are_shown_small_in_page_and_report(ja: ReleaseContents, tmp_path: Path) -> None:
    pictures = Pictures(tmp_path / "pictures")
    keys = [pictures.add(_png((800, 400))), None, pictures.add(b"no picture")]
    column = pa.array([key and {"bytes": key, "path": None} for key in keys], IMAGE)
    release = _released(ja, tmp_path, column, pictures)
    found = shown_pictures(release, ["data/train", "rejected/train"])(range(3), 96, 9)
    assert list(found) == [0]
    assert _opened(found[0]).size == (96, 48)
    assert shown_pictures(release, ["data/train"])(range(3), 96, 0) == {}
    page = (release / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg;base64,") > 0
    assert write_report(release).read_text(encoding="utf-8") == page


@pytest.mark.parametrize("name", ["../secret.png", "nowhere.png", "{tmp}/secret.png"])
def test_files_outside_the_named_folder_are_never_opened(
    ja: ReleaseContents, tmp_path: Path, name: str
) -> None:
    (tmp_path / "png").mkdir()
    for path in (tmp_path / "secret.png", tmp_path / "png" / "a.png"):
        path.write_bytes(_png((8, 8)))
    column = pa.array(["a.png", name.format(tmp=tmp_path), "https://images.example.org/a.png"])
    release = _released(ja, tmp_path / "out", column)
    found = shown_pictures(release, ["data/train"], tmp_path / "png")(range(3), 96, 9)
    assert _opened(found.pop(0)).size == (8, 8)
    assert found == {2: "https://images.example.org/a.png"}
    assert shown_pictures(release, ["data/train"])(range(3), 96, 9) == found
