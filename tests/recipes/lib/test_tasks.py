"""IGLUE's files, in small excerpts of our own with every field that they have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recipes.lib.features import ImageFeatures, write_store
from recipes.lib.tasks import Row, TaskName, answer_vocabulary, gathered, read_iglue
from vqa_builder.errors import SourceError

XGQA = {
    "202158849": {
        "semantic": [{"operation": "select", "dependencies": [], "argument": "Bus (3)"}],
        "entailed": ["202158850"],
        "equivalent": ["202158849"],
        "question": "Ist der Bus neben dem Haus rot?",
        "imageId": "n406334",
        "isBalanced": True,
        "groups": {"global": None, "local": "05-red"},
        "answer": "no",
        "semanticStr": "select: bus (3)->verify color: red [0]",
        "annotations": {"answer": {}, "question": {"2": "0"}, "fullAnswer": {"2": "0"}},
        "types": {"detailed": "verifyAttrC", "semantic": "attr", "structural": "verify"},
        "fullAnswer": "No, the bus is blue.",
    },
    "202158850": {"question": "Welche Farbe hat der Bus?", "imageId": "n406334", "answer": "blue"},
    "202158851": {"question": "Was steht neben dem Haus?", "imageId": "n7", "answer": "lighthouse"},
}
NLVR2 = {
    "validation": {"61": "False"},
    "sentence": "右の写真には曲がった道が写っています。",
    "left_url": "https://example.org/left.jpg",
    "writer": "61",
    "label": "False",
    "right_url": "https://example.org/right.jpg",
    "synset": "beer bottle",
    "query": "some bottles38",
    "identifier": "dev-850-0-1",
    "extra_validations": {"154": "False"},
}
MARVL = {
    "concept": "39-Panci",
    "language": "id",
    "caption": "Terdapat panci pada gambar sebelah kiri",
    "left_img": "39-Panci/39-n-5.jpg",
    "right_img": "39-Panci/39-10.jpg",
    "annotator_info": {"annotator_id": "id_01", "country_of_birth": "Indonesia", "age": 31},
    "chapter": "Basic actions and technology",
    "id": "id-0",
    "label": True,
}
XVNLI = {
    "gold_label": "contradiction",
    "sentence1": "黄色い服の客室乗務員が救命胴衣の使い方を見せている。",
    "sentence2": "女性が機内で飲み物を作っている。",
    "captionID": "2487069642.jpg#1",
    "pairID": "2487069642.jpg#1r1c",
    "Flikr30kID": "2487069642",
}
XFLICKRCO = [
    {"sentences": ["庭を犬が走っている。", "犬が走る。"], "id": "1009434119", "img_path": "1009434119.jpg"},
    {"sentences": ["パンがある"], "id": 67686, "img_path": "COCO_val2014_000000067686.jpg"},
]
WIT = {
    "image_idx": 7,
    "image_url": "https://upload.wikimedia.org/wikipedia/commons/3/38/Bridge.jpg",
    "meta_url": "http://commons.wikimedia.org/wiki/File:Bridge.jpg",
    "caption_reference_description": "川に架かる石橋",
    "language": "ja",
    "page_url": "https://ja.wikipedia.org/wiki/%E6%A9%8B",
    "wit_ix": "wit-test_1",
}


def jsonl(path: Path, *records: Any) -> Path:
    path.write_text(
        "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records), encoding="utf-8"
    )
    return path


def test_xgqa_keeps_english_answers_and_leaves_unknown_ones_without_labels(tmp_path: Path) -> None:
    path = tmp_path / "testdev_balanced_questions_de.json"
    path.write_text(json.dumps(XGQA), encoding="utf-8")
    found = read_iglue("vqa", path, "de", vocabulary=["yes", "no", "blue"])
    assert found.questions.question_id == ["202158849", "202158850", "202158851"]
    assert found.questions.image_id == ["n406334", "n406334", "n7"]
    assert found.questions.text[1] == "Welche Farbe hat der Bus?"
    assert found.questions.labels == [[1], [2], []]
    assert found.questions.soft_scores == [[1.0], [1.0], []]
    assert (found.labels, found.second, found.questions.language) == (3, None, "de")


def test_the_answers_are_ordered_by_frequency_then_by_name(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    answers = ["red", "no", "yes", "no", "blue"]
    path.write_text(
        json.dumps({str(n): {"answer": answer} for n, answer in enumerate(answers)}), encoding="utf-8"
    )
    assert answer_vocabulary([path]) == ["no", "blue", "red", "yes"]
    assert answer_vocabulary([path], min_count=2) == ["no"]


@pytest.mark.parametrize(
    ("record", "images", "text", "label"),
    [
        (NLVR2, ("dev-850-0-img0", "dev-850-0-img1"), "右の写真には曲がった道が写っています。", 0),
        (NLVR2 | {"label": "True"}, ("dev-850-0-img0", "dev-850-0-img1"), NLVR2["sentence"], 1),
        (MARVL, ("39-n-5", "39-10"), "Terdapat panci pada gambar sebelah kiri", 1),
        (MARVL | {"label": False}, ("39-n-5", "39-10"), MARVL["caption"], 0),
    ],
)
def test_two_images_of_nlvr2_and_marvl(
    tmp_path: Path, record: dict[str, Any], images: tuple[str, str], text: str, label: int
) -> None:
    found = read_iglue("two_images", jsonl(tmp_path / "test.jsonl", record), "ja")
    assert found.second is not None
    assert (found.questions.image_id[0], found.second[0]) == images
    assert (found.questions.text, found.questions.labels, found.labels) == ([text], [[label]], 2)


def test_entailment_shows_the_image_and_not_its_caption(tmp_path: Path) -> None:
    records = [
        XVNLI,
        XVNLI | {"gold_label": "neutral"},
        XVNLI | {"gold_label": "-"},
        XVNLI | {"gold_label": "entailment", "Flikr30kID": "2487069642.jpg"},
    ]
    found = read_iglue("entailment", jsonl(tmp_path / "test.jsonl", *records), "ja")
    assert found.questions.labels == [[0], [1], [2]]
    assert set(found.questions.image_id) == {"2487069642"}
    assert set(found.questions.text) == {"女性が機内で飲み物を作っている。"}


def test_captions_and_wit_have_no_labels(tmp_path: Path) -> None:
    captions = read_iglue("captions", jsonl(tmp_path / "test.jsonl", *XFLICKRCO), "ja")
    assert captions.questions.image_id == ["1009434119", "1009434119", 67686]
    assert captions.questions.labels == [[], [], []]
    english = WIT | {"language": "en", "caption_reference_description": "A stone bridge"}
    wit = read_iglue("wit", jsonl(tmp_path / "wit.jsonl", WIT, english), "ja")
    assert (wit.questions.image_id, wit.questions.text, wit.labels) == (["wit-test_1"], ["川に架かる石橋"], 1)


@pytest.mark.parametrize(
    ("task", "content", "problem"),
    [
        ("vqa", "[]", "not of GQA's form"),
        ("vqa", "{", "no JSON"),
        ("vqa", '{"1": {"question": "Was?"}}', "'imageId' is missing"),
        ("two_images", '{"caption": "a"}', "'label' is missing"),
        ("two_images", "[1]", "no record"),
        ("entailment", '{"gold_label": "maybe"}', "Unknown label"),
        ("entailment", "", "no examples"),
        (
            "wit",
            '{"language": "en", "wit_ix": "a", "caption_reference_description": "b"}',
            "no examples of wit",
        ),
    ],
)
def test_what_is_of_another_form_is_refused(
    tmp_path: Path, task: TaskName, content: str, problem: str
) -> None:
    path = tmp_path / "test.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match=problem):
        read_iglue(task, path, "ja", vocabulary=["yes"])


@pytest.mark.parametrize("task", ["vqa", "two_images", "entailment"])
def test_a_missing_file_says_so(tmp_path: Path, task: TaskName) -> None:
    with pytest.raises(SourceError, match="No such file"):
        read_iglue(task, tmp_path / "none", "ja")


def pairs_of_images() -> list[Row]:
    return [Row(n, (n % 4, (n + 1) % 4), f"sentence {n}", (n % 2,), (1.0,)) for n in range(8)]


def test_few_images_bring_all_their_examples() -> None:
    examples = gathered("two_images", "en", pairs_of_images(), 2)
    few = examples.of_images(2, seed=3)
    assert len(few) == 4 and len(set(few.questions.image_id)) == 2
    assert few.second == [(image + 1) % 4 for image in few.questions.image_id]
    assert few == examples.of_images(2, seed=3)


def test_a_batch_gets_its_second_images(tmp_path: Path) -> None:
    import torch

    random = np.random.default_rng(0)
    store = write_store(
        tmp_path / "store",
        [
            ImageFeatures(
                image_id=image,
                width=10,
                height=10,
                boxes=np.array([[0, 0, 5, 5]] * (image + 1), dtype=np.float32),
                regions=random.random((image + 1, 4)).astype(np.float16),
                tags=["dog"] * (image + 1),
                patches=random.random((3, 2)).astype(np.float16),
            )
            for image in range(4)
        ],
        source="test",
    )
    examples = gathered("two_images", "en", pairs_of_images(), 2)
    hook = examples.collate(store, 2, True)
    assert hook is not None
    rows = np.array([1, 6])
    first, mask = store.regions(store.rows([1, 2]), 2, np.float16)
    patches = store.patches(store.rows([1, 2]))
    batch = {"regions": first, "region_mask": mask, "patches": patches}
    grown = hook({name: torch.from_numpy(each) for name, each in batch.items()}, rows, None)
    assert {name: tuple(value.shape) for name, value in grown.items()} == {
        "regions": (2, 2, 2, 10),
        "region_mask": (2, 2, 2),
        "patches": (2, 2, 3, 2),
    }
    second = store.rows([2, 3])
    np.testing.assert_array_equal(grown["regions"][:, 1].numpy(), store.regions(second, 2, np.float16)[0])
    np.testing.assert_array_equal(grown["patches"][:, 1].numpy(), store.patches(second))
    assert gathered("vqa", "en", [Row(1, (1,), "?")], 1).collate(store, 2, True) is None
