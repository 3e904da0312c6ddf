"""Batches hold what they should, the same whoever prepares them, and say what does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from recipes.lib.data import Batch, QuestionBatches, Questions, load_questions, load_vocabulary
from recipes.lib.features import FeatureStore, ImageFeatures, write_store
from recipes.lib.tokens import train_tokenizer
from vqa_builder.errors import SourceError, SpecError

TAGS = {1: ["black cat", "dog", "sofa"], 2: ["man", "table"], 3: ["", "red bus", "street"], 9: []}


@pytest.fixture(scope="module")
def questions(releases: dict[str, Path]) -> Questions:
    """Fifty of seven: the same questions again and again."""
    few = load_questions(releases["ja"], "train")
    return few.take([place % len(few) for place in range(50)])


@pytest.fixture(scope="module")
def labels(releases: dict[str, Path]) -> int:
    return len(load_vocabulary(releases["ja"]))


@pytest.fixture(scope="module")
def tokenizer(questions: Questions, tmp_path_factory: pytest.TempPathFactory) -> PreTrainedTokenizerBase:
    texts = [*questions.text, *questions.text_en, *(tag for tags in TAGS.values() for tag in tags)]
    return train_tokenizer(texts, 500, tmp_path_factory.mktemp("tokens") / "tokenizer")


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    random = np.random.default_rng(0)
    images = [
        ImageFeatures(
            image_id=image,
            width=320,
            height=240,
            boxes=np.tile(np.array([[16, 24, 160, 240]], np.float32), (len(tags) + 1, 1)),
            regions=random.normal(size=(len(tags) + 1, 5)).astype(np.float16),
            tags=[*tags, ""],
            patches=random.normal(size=(6, 4)).astype(np.float16),
        )
        for image, tags in TAGS.items()
    ]
    return write_store(tmp_path_factory.mktemp("features") / "store", images, source="a test")


@pytest.fixture
def options(
    questions: Questions, tokenizer: PreTrainedTokenizerBase, features: FeatureStore, labels: int
) -> dict[str, Any]:
    return {
        "questions": questions,
        "tokenizer": tokenizer,
        "features": features,
        "batch_size": 8,
        "regions": 3,
        "tags": 2,
        "labels": labels,
    }


def same(one: Batch, other: Batch) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def all_same(one: list[Batch], other: list[Batch]) -> bool:
    return len(one) == len(other) and all(map(same, one, other))


def test_a_batch_has_the_shapes_of_the_contract(options: dict[str, Any], labels: int) -> None:
    batch = next(QuestionBatches(**options, patches=True).epoch(0))
    length = batch["input_ids"].shape[1]
    assert {name: (tuple(value.shape), value.dtype) for name, value in batch.items()} == {
        "input_ids": ((8, length), torch.int64),
        "attention_mask": ((8, length), torch.int64),
        "token_type_ids": ((8, length), torch.int64),
        "targets": ((8, labels), torch.float32),
        "regions": ((8, 3, 11), torch.float16),
        "region_mask": ((8, 3), torch.bool),
        "patches": ((8, 6, 4), torch.float32),
        "index": ((8,), torch.int64),
    }
    assert batch["attention_mask"].sum(1).max() == length


def test_text_is_what_the_tokenizer_makes_of_question_and_tags(
    options: dict[str, Any], questions: Questions, tokenizer: PreTrainedTokenizerBase
) -> None:
    for batch in QuestionBatches(**options).epoch(3):
        rows = batch["index"].tolist()
        tags = [" ".join([tag for tag in TAGS[questions.image_id[row]] if tag][:2]) for row in rows]
        expected = tokenizer([questions.text[row] for row in rows], tags, padding=True, return_tensors="pt")
        for name in ("input_ids", "attention_mask", "token_type_ids"):
            assert torch.equal(batch[name], expected[name]), name


def test_targets_and_regions_are_those_of_the_rows(
    options: dict[str, Any], questions: Questions, features: FeatureStore
) -> None:
    for batch in QuestionBatches(**options).epoch(0):
        for place, row in enumerate(batch["index"].tolist()):
            found = {
                int(label): float(batch["targets"][place, label])
                for label in batch["targets"][place].nonzero()
            }
            expected = dict(zip(questions.labels[row], questions.soft_scores[row], strict=True))
            assert found == pytest.approx({label: score for label, score in expected.items() if score})
            regions, mask = features.regions(features.rows([questions.image_id[row]]), 3, np.float16)
            assert torch.equal(batch["regions"][place], torch.from_numpy(regions[0]))
            assert torch.equal(batch["region_mask"][place], torch.from_numpy(mask[0]))


def test_an_epoch_has_every_question_once(options: dict[str, Any]) -> None:
    batches = QuestionBatches(**options)
    assert len(batches) == 7
    orders = [torch.cat([batch["index"] for batch in batches.epoch(number)]) for number in (0, 1)]
    for order in orders:
        assert sorted(order.tolist()) == list(range(50))
    assert orders[0].tolist() != orders[1].tolist()
    in_order = QuestionBatches(**options, shuffle=False).epoch(4)
    assert torch.cat([batch["index"] for batch in in_order]).tolist() == list(range(50))


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_batches_are_the_same_whoever_prepares_them(options: dict[str, Any], workers: int) -> None:
    alone, threaded = QuestionBatches(**options, seed=4), QuestionBatches(**options, seed=4, workers=workers)
    expected = list(alone.epoch(2))
    assert all_same(list(threaded.epoch(2)), expected)
    assert all_same(list(threaded.epoch(2, start=5)), expected[5:])
    assert not all_same(list(QuestionBatches(**options, seed=5).epoch(2)), expected)


def test_a_reader_may_stop_early(options: dict[str, Any]) -> None:
    for batch in QuestionBatches(**options, workers=2).epoch(0):
        assert len(batch["index"])
        break


def test_processes_share_a_batch_in_equal_parts(options: dict[str, Any]) -> None:
    batches = QuestionBatches(**options)
    parts = [list(batches.shard(rank, 3).epoch(1)) for rank in range(3)]
    for whole, *shares in zip(batches.epoch(1), *parts, strict=True):
        assert {len(share["index"]) for share in shares} == {-(-len(whole["index"]) // 3)}
        rows = torch.cat([share["index"] for share in shares])
        assert set(rows.tolist()) == set(whole["index"].tolist())


def test_buckets_leave_less_padding(options: dict[str, Any]) -> None:
    def padding(buckets: bool) -> int:
        batches = QuestionBatches(**options, length_buckets=buckets).epoch(0)
        return sum(int((batch["attention_mask"] == 0).sum()) for batch in batches)

    assert padding(True) < 0.5 * padding(False)


@pytest.mark.parametrize(
    ("spare", "tags"),
    [(99, ["black", "cat", "dog"]), (3, ["black", "cat", "dog"]), (2, ["black", "cat"]), (1, []), (-1, [])],
)
def test_tags_give_way_whole_before_the_question_does(
    options: dict[str, Any], tokenizer: PreTrainedTokenizerBase, spare: int, tags: list[str]
) -> None:
    pieces = tokenizer.tokenize(options["questions"].text[0])
    room = 3 + len(pieces) + spare
    batch = QuestionBatches(**options, max_text=room).batch(np.array([0, 1]))
    found = tokenizer.convert_ids_to_tokens(batch["input_ids"][0][batch["attention_mask"][0] == 1].tolist())
    assert found == ["[CLS]", *pieces[: room - 3], "[SEP]", *tags, *(["[SEP]"] if tags else [])]
    assert batch["input_ids"].shape[1] <= room


def test_text_alone_needs_no_features(options: dict[str, Any]) -> None:
    alone = {**options, "features": None, "regions": 0, "tags": 0}
    batch = next(QuestionBatches(**alone).epoch(0))
    assert batch.keys() == {"input_ids", "attention_mask", "token_type_ids", "targets", "index"}
    assert not batch["token_type_ids"].any()


def test_an_image_without_tags_has_one_separator(options: dict[str, Any], questions: Questions) -> None:
    bare = replace(questions, image_id=[9] * len(questions))
    batch = next(QuestionBatches(**{**options, "questions": bare}).epoch(0))
    separators = (batch["input_ids"] == options["tokenizer"].sep_token_id).sum(1)
    assert separators.tolist() == [1] * 8


def test_hooks_see_every_batch_anew_and_alike(
    options: dict[str, Any], tokenizer: PreTrainedTokenizerBase
) -> None:
    [english] = tokenizer(["red bus"], add_special_tokens=False)["input_ids"]

    def augment(rows: NDArray[np.int64], random: np.random.Generator) -> tuple[list[list[int]], Batch]:
        drawn = random.integers(1, 4, len(rows))
        return [english * int(times) for times in drawn], {"times": torch.from_numpy(drawn)}

    def collate(batch: Batch, rows: NDArray[np.int64], random: np.random.Generator) -> Batch:
        assert rows.tolist() == batch["index"].tolist()
        return batch | {"twice": batch["times"] * 2}

    batches = QuestionBatches(**options, augment=augment, collate=collate)
    first, second = list(batches.epoch(0)), list(batches.epoch(1))
    for batch in first:
        question = (batch["attention_mask"] == 1) & (batch["token_type_ids"] == 0)
        assert (question.sum(1) - 2 == len(english) * batch["times"]).all()
        assert torch.equal(batch["twice"], batch["times"] * 2)
    threaded = QuestionBatches(**options, augment=augment, collate=collate, workers=2)
    assert all_same(list(threaded.epoch(0, start=3)), first[3:])
    assert [batch["times"].tolist() for batch in first] != [batch["times"].tolist() for batch in second]


def test_pieces_and_tags_can_be_looked_up(
    options: dict[str, Any], questions: Questions, tokenizer: PreTrainedTokenizerBase
) -> None:
    batches = QuestionBatches(**options)
    assert tokenizer.convert_ids_to_tokens(batches.pieces(2).tolist()) == tokenizer.tokenize(
        questions.text[2]
    )
    place = questions.image_id.index(3)
    assert tokenizer.decode(batches.tag_pieces(place).tolist()) == "red bus street"


def test_other_content_is_another_identity(options: dict[str, Any], questions: Questions) -> None:
    one = QuestionBatches(**options).identity
    assert QuestionBatches(**options).identity == one
    assert one["questions"] == 50
    others: list[dict[str, Any]] = [
        {"questions": replace(questions, text=[questions.text[1], *questions.text[1:]])},
        {"questions": replace(questions, soft_scores=[[0.3], *questions.soft_scores[1:]])},
        {"tags": 1},
        {"batch_size": 4},
    ]
    for changes in others:
        assert QuestionBatches(**{**options, **changes}).identity != one, changes


def test_labels_outside_the_head_are_counted(options: dict[str, Any], labels: int) -> None:
    with pytest.raises(SourceError, match="of 50 questions have labels outside the head") as error:
        QuestionBatches(**{**options, "labels": labels - 1})
    assert error.value.details["expected"] == f"0 to {labels - 2}"


def test_images_that_the_features_lack_are_named(options: dict[str, Any], questions: Questions) -> None:
    other = replace(questions, image_id=[77, 78, *questions.image_id[2:]])
    with pytest.raises(SourceError, match="misses 2 of the images") as error:
        QuestionBatches(**{**options, "questions": other})
    assert "77, 78" in error.value.details["found"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": None}, "need features"),
        ({"batch_size": 0}, "too small"),
        ({"max_text": 4}, "too small"),
    ],
)
def test_options_that_contradict_each_other(
    options: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        QuestionBatches(**{**options, **changes})
