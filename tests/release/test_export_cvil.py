"""The files of cViL, read as its trainer reads them."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import write_vqa
from vqa_builder import build, load_spec
from vqa_builder.errors import ReleaseError, SourceError, StorageError
from vqa_builder.release.export_cvil import export_cvil, word_links
from vqa_builder.translation.aligners import words


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Both languages of the tiny data, with links however unsure: twelve questions teach little."""
    folder = tmp_path_factory.mktemp("aligned")
    align = {"type": "statistical", "threshold": 0.05}
    made = build(load_spec(write_vqa(folder / "source", align=align)), folder / "out", workers=1)
    return [release.folder for release in made]


def lines(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_the_files_hold_what_the_trainer_reads(releases: list[Path], tmp_path: Path) -> None:
    tags = tmp_path / "tags.json"
    tags.write_text(json.dumps({"3": ["bus", "street"]}))
    done = export_cvil(releases, tmp_path / "cvil", tags)
    train = lines(done.folder / "train2014_qla_mrcnn.json")
    row = next(line for line in train if line["q_id"] == 3001)
    assert (row["en"], row["ja"], row["o"], row["s"]) == (
        "What color is the bus?",
        "バスは何色ですか？",
        "bus;street",
        [1.0],
    )
    assert all(line["o"] == "" for line in train if line["img_id"] != 3)
    ans2label = pickle.loads((done.folder / "trainval_ans2label.pkl").read_bytes())
    label2ans = pickle.loads((done.folder / "trainval_label2ans.pkl").read_bytes())
    assert row["an"] == [ans2label["red"]] and label2ans[ans2label["red"]] == "red"
    assert [line["an"] for line in lines(done.folder / "test2015_qla_mrcnn.json")] == [[]] * done.rows["test"]
    assert done.rows["train"] + done.left_out["train"] <= 8
    linked = 0
    for split in ("train", "val"):
        for line in lines(done.folder / f"{split}2014_qla_mrcnn.json"):
            english = words(line["en"], "en")
            for code, space in (("ja", ""), ("hi", " ")):
                items = line[f"{code}-en"]
                assert space.join(item[0] for item in items).replace(" ?", "?") == line[code]
                for item in items:
                    assert len(item) in (1, 3)
                    linked += len(item) == 3
                    assert len(item) == 1 or english[item[2]] == item[1] != "?"
    assert linked > 20


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ([], [["何"], ["頭"], ["？"]]),
        ([(0, 0), (1, 1)], [["何", "How", 0], ["頭", "many", 1], ["？"]]),
        ([(0, 0), (1, 0)], [["何", "many", 1], ["頭"], ["？"]]),
        ([(0, 0), (1, 0), (1, 1)], [["何", "How", 0], ["頭", "many", 1], ["？"]]),
        ([(5, 2), (2, 1)], [["何"], ["頭", "cows", 2], ["？"]]),
    ],
)
def test_a_word_keeps_one_link(links: list[tuple[int, int]], expected: list[list[Any]]) -> None:
    row = {
        "question_en": "How many cows are there?",
        "question": "何頭？",
        "alignment": [{"en": en, "target": target} for en, target in links],
    }
    assert word_links(row, "ja") == expected


def test_one_language_is_enough(releases: list[Path], tmp_path: Path) -> None:
    done = export_cvil(releases[:1], tmp_path / "cvil")
    assert set(lines(done.folder / "val2014_qla_mrcnn.json")[0]) == {
        *("en", "ja", "ja-en", "o", "an", "s", "img_id", "q_id")
    }
    assert set(done.left_out.values()) == {0}


def test_releases_that_cannot_be_joined_are_refused(releases: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="Two releases of one language"):
        export_cvil([*releases, releases[0]], tmp_path / "a")
    other = write_vqa(tmp_path / "source", languages=["hi"], answers={"vocabulary": {"size": 2}})
    (unaligned,) = build(load_spec(other), tmp_path / "out", workers=1)
    with pytest.raises(ReleaseError, match="different answer vocabularies"):
        export_cvil([releases[0], unaligned.folder], tmp_path / "b")
    with pytest.raises(ReleaseError, match="no word alignments") as caught:
        export_cvil([unaligned.folder], tmp_path / "c")
    assert "align: {type: statistical}" in str(caught.value)
    assert not list(tmp_path.glob("[abc]"))


def test_a_folder_with_files_and_wrong_tags_are_refused(releases: list[Path], tmp_path: Path) -> None:
    (tmp_path / "tags.json").write_text("[1]")
    with pytest.raises(StorageError, match="there already"):
        export_cvil(releases, tmp_path)
    with pytest.raises(SourceError, match="tags"):
        export_cvil(releases, tmp_path / "new", tmp_path / "tags.json")
    assert not (tmp_path / "new").exists()
