"""Readers of the public image-caption files, on small files of the same form."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recipes.lib.pairs import (
    Pairs,
    image_key,
    joined,
    read_coco,
    read_multi30k,
    read_translated,
    read_xflickrco,
    read_xm3600,
    read_xtd,
)
from vqa_builder.errors import SourceError


def write(path: Path, text: str, *, zipped: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if zipped:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def json_lines(path: Path, records: list[Any]) -> Path:
    return write(path, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("COCO_val2014_000000398076.jpg#657409", 398076),
        ("COCO_train2014_000000117071.jpg", 117071),
        ("val2017/000000000139.jpg", 139),
        ("1000092795.jpg\n", "1000092795"),
        ("0000d67245642c5f", "0000d67245642c5f"),
    ],
)
def test_images_are_known_by_number_or_name(name: str, key: int | str) -> None:
    assert image_key(name) == key


@pytest.mark.parametrize("zipped", [True, False])
def test_multi30k_task_1_is_parallel(tmp_path: Path, zipped: bool) -> None:
    write(
        tmp_path / "task1/image_splits/test_2017_mscoco.txt",
        "COCO_val2014_000000398076.jpg#657409\n301.jpg\n",
    )
    texts = {"en": "A dog runs.\nTwo men sit.\n", "de": "Ein Hund rennt.\nZwei Männer sitzen.\n"}
    for language, text in texts.items():
        write(tmp_path / f"task1/raw/test_2017_mscoco.{language}", text, zipped=zipped)
    german = read_multi30k(tmp_path, "test_2017_mscoco", "de")
    assert german == Pairs(
        "de", [398076, "301"], ["Ein Hund rennt.", "Zwei Männer sitzen."], ["A dog runs.", "Two men sit."]
    )
    assert read_multi30k(tmp_path, "test_2017_mscoco", "en").english is None


def test_multi30k_task_2_has_five_captions_per_image(tmp_path: Path) -> None:
    write(tmp_path / "task2/image_splits/val_images.txt", "1.jpg\n2.jpg\n")
    for number in range(1, 6):
        write(tmp_path / f"task2/raw/val.{number}.de", f"Satz {number}a\nSatz {number}b\n", zipped=True)
    pairs = read_multi30k(tmp_path, "val", "de", task=2)
    assert len(pairs) == 10
    images, rows = pairs.images()
    assert images == ["1", "2"]
    assert rows.tolist() == [0, 1] * 5
    assert pairs.text[-1] == "Satz 5b"
    assert pairs.english is None


def test_coco_and_stair(tmp_path: Path) -> None:
    stair = {
        "images": [{"id": 1, "file_name": "COCO_val2014_000000000001.jpg"}, {"id": 2}],
        "annotations": [
            {
                "id": 10,
                "image_id": 1,
                "caption": "白い犬が芝生の上を走っている\n",
                "tokenized_caption": "白い 犬 が",
            },
            {"id": 11, "image_id": 2, "caption": "二人の男性がベンチに座っている"},
            {"id": 12, "image_id": 1, "caption": "犬が一匹いる"},
        ],
    }
    path = write(tmp_path / "stair_captions_v1.2_val.json", json.dumps(stair))
    assert read_coco(path, "ja").image_id == [1, 2, 1]


def test_translated_coco_is_parallel(tmp_path: Path) -> None:
    record = {
        "src_lang": "en",
        "caption_tokenized": "a red bus on a street",
        "backtranslation_tokenized": "red bus",
    }
    path = json_lines(
        tmp_path / "coco_mt_dev.jsonl",
        [
            {**record, "image_id": "391895_1", "trg_lang": "hi", "translation_tokenized": "सड़क पर एक लाल बस"},
            {**record, "image_id": "391895_1", "trg_lang": "ja", "translation_tokenized": "通りの赤いバス"},
        ],
    )
    assert read_translated(path, "hi") == Pairs(
        "hi", [391895], ["सड़क पर एक लाल बस"], ["a red bus on a street"]
    )
    assert read_translated(path, "ja").text == ["通りの赤いバス"]
    assert read_translated(path, "en").text == ["a red bus on a street"]


def test_xtd_finds_its_files_wherever_they_lie(tmp_path: Path) -> None:
    write(
        tmp_path / "XTD10/test_image_names.txt",
        "COCO_train2014_000000061844.jpg\nCOCO_train2014_000000061849.jpg\n",
    )
    write(
        tmp_path / "STAIR/test_1kcaptions_jp.txt", "木の枝に二羽の青い鳥がいる\n四人の男性が食事をしている\n"
    )
    assert read_xtd(tmp_path, "ja") == Pairs(
        "ja", [61844, 61849], ["木の枝に二羽の青い鳥がいる", "四人の男性が食事をしている"]
    )


def test_xm3600_holds_several_captions_in_many_languages(tmp_path: Path) -> None:
    captions = {
        "caption": ["एक काली बिल्ली", "मेज़ पर बिल्ली"],
        "caption/tokenized": ["x"],
        "caption/tokenized/lowercase": ["x"],
    }
    path = json_lines(
        tmp_path / "captions.jsonl",
        [
            {"image/key": "0000d67245642c5f", "image/locale": "ar", "hi": captions},
            {"image/key": "00abc", "image/locale": "ja", "ja": {"caption": ["黒い猫"]}},
        ],
    )
    hindi = read_xm3600(path, "hi")
    assert hindi.image_id == ["0000d67245642c5f"] * 2
    assert hindi.text == ["एक काली बिल्ली", "मेज़ पर बिल्ली"]
    assert read_xm3600(path, "ja").image_id == ["00abc"]


def test_xflickrco_mixes_flickr_and_coco(tmp_path: Path) -> None:
    path = json_lines(
        tmp_path / "test.jsonl",
        [
            {
                "sentences": ["体育館で若者たちがバスケットボールをしている。"],
                "id": "3497238310",
                "img_path": "3497238310.jpg",
            },
            {
                "sentences": ["青いフォークが入ったお弁当箱がある"],
                "id": 369771,
                "img_path": "COCO_val2014_000000369771.jpg",
            },
        ],
    )
    assert read_xflickrco(path, "ja").image_id == ["3497238310", 369771]


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda folder: read_xtd(folder, "ja"), "test_image_names.txt"),
        (lambda folder: read_xm3600(write(folder / "x.jsonl", "{}\n"), "ja"), "No captions in 'ja'"),
        (lambda folder: read_xm3600(folder / "none.jsonl", "ja"), "cannot be read"),
        (lambda folder: read_coco(write(folder / "x.json", "{"), "ja"), "no JSON"),
        (lambda folder: read_coco(write(folder / "x.json", "[]"), "ja"), "'annotations' is missing"),
        (lambda folder: read_xflickrco(write(folder / "x.jsonl", "{}\n{\n"), "ja"), "x.jsonl:1"),
        (lambda folder: read_multi30k(short_multi30k(folder), "val", "fr"), "do not pair up"),
    ],
)
def test_wrong_files_are_named(tmp_path: Path, read: Callable[[Path], Pairs], said: str) -> None:
    with pytest.raises(SourceError) as raised:
        read(tmp_path)
    assert said in str(raised.value)


def short_multi30k(folder: Path) -> Path:
    write(folder / "task1/image_splits/val.txt", "1.jpg\n2.jpg\n")
    write(folder / "task1/raw/val.fr", "Un chien court.\n")
    return folder


def test_rows_are_taken_and_joined() -> None:
    first = Pairs("ja", [1, 2], ["犬", "猫"], ["a dog", "a cat"])
    assert first.take([1]) == Pairs("ja", [2], ["猫"], ["a cat"])
    both = joined(first, Pairs("ja", [3], ["鳥"], ["a bird"]))
    assert both.english == ["a dog", "a cat", "a bird"]
    assert joined(first, Pairs("ja", [3], ["鳥"])).english is None
