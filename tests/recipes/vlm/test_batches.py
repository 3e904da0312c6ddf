"""What the model reads and what it learns: labels on answers alone, one order per seed and epoch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from recipes.vlm.adapters import Trainable
from recipes.vlm.answering import answers
from recipes.vlm.batches import ConversationBatches, answer_spans, encode
from recipes.vlm.conversations import Conversation
from tests.recipes.vlm.conftest import png
from vqa_builder.errors import SourceError, SpecError

DIALOGUE = Conversation(
    7,
    png("red", (300, 90)),
    (
        ("system", "短く答えてください。"),
        ("user", "何が見えますか？"),
        ("assistant", "赤い壁です。"),
        ("user", "और कुछ?"),
        ("assistant", "नहीं।"),
    ),
    "ja",
)


def said(processor: Any, batch: dict[str, torch.Tensor]) -> list[str]:
    """What each row of a batch learns to say."""
    rows = batch["places"] // batch["input_ids"].shape[1]
    answers = [batch["answers"][rows == row] for row in range(len(batch["input_ids"]))]
    return [processor.tokenizer.decode(each) for each in answers]


def test_the_answers_and_the_end_of_the_turn_are_learned(
    opened: tuple[Any, Any], conversations: list[Conversation]
) -> None:
    processor = opened[1]
    batches = ConversationBatches(conversations, processor, 5)
    for batch in batches.epoch(0):
        answers = [batches.conversations[int(place)].turns[-1][1] for place in batch["index"]]
        assert said(processor, batch) == [f"{answer}<|end|>" for answer in answers]


def test_every_turn_of_the_assistant_is_learned_and_no_other(opened: tuple[Any, Any]) -> None:
    (batch,) = ConversationBatches([DIALOGUE], opened[1], 1).epoch(0)
    assert said(opened[1], batch) == ["赤い壁です。<|end|>नहीं।<|end|>"]
    assert torch.equal(batch["answers"], batch["input_ids"][0, batch["places"] + 1])


def test_logits_are_computed_where_something_is_said_and_are_those_of_the_whole_model(
    opened: tuple[Any, Any],
) -> None:
    (batch,) = ConversationBatches([DIALOGUE], opened[1], 1).epoch(0)
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "pixel_values")}
    with torch.no_grad():
        some = Trainable(opened[0])(batch["places"], **inputs)
        every = opened[0](**inputs).logits[0]
    torch.testing.assert_close(some, every[batch["places"]])


def test_an_epoch_holds_each_once_in_an_order_of_its_own(
    opened: tuple[Any, Any], conversations: list[Conversation]
) -> None:
    batches = ConversationBatches(conversations, opened[1], 3, seed=1)
    first, again, second = batches.plan(0), batches.plan(0), batches.plan(1)
    assert first == again != second
    assert sorted(place for batch in second for place in batch) == list(range(len(conversations)))
    assert [batch["index"].tolist() for batch in batches.epoch(1, 2)] == second[2:]


def test_the_parts_of_two_processes_make_the_batch(
    opened: tuple[Any, Any], conversations: list[Conversation]
) -> None:
    batches = ConversationBatches(conversations, opened[1], 4)
    parts = [[each["index"].tolist() for each in batches.shard(rank, 2).epoch(0)] for rank in (0, 1)]
    joined = [sorted(one + other) for one, other in zip(*parts, strict=True)]
    assert joined == [sorted(batch) for batch in batches.plan(0)]


def test_what_is_too_long_is_left_out_and_counted(
    opened: tuple[Any, Any], conversations: list[Conversation]
) -> None:
    longest = max(answer_spans(opened[1], each)[0] for each in conversations)
    batches = ConversationBatches([DIALOGUE, *conversations], opened[1], 4, longest=longest)
    assert (batches.left_out, len(batches.conversations)) == (1, len(conversations))
    with pytest.raises(SpecError, match="No conversation is short enough"):
        ConversationBatches(conversations, opened[1], 4, longest=3)


def test_a_model_is_asked_up_to_its_turn_with_the_padding_before(
    opened: tuple[Any, Any], conversations: list[Conversation]
) -> None:
    batch = encode(opened[1], [each.question for each in conversations[:4]], side="left", ask=True)
    assert (batch["attention_mask"][:, -1] == 1).all()
    assert opened[1].tokenizer.decode(batch["input_ids"][0][-1:]) == "<|assistant|>"


def test_a_processor_without_a_chat_template_is_refused(
    opened: tuple[Any, Any], conversations: list[Conversation]
) -> None:
    opened[1].chat_template = None
    with pytest.raises(SpecError, match="no chat template"):
        ConversationBatches(conversations, opened[1], 4)


@pytest.mark.parametrize("image", [b"no picture", png("red")[:60]])
def test_a_broken_picture_is_named_by_its_row(opened: tuple[Any, Any], image: bytes) -> None:
    with pytest.raises(SourceError, match="row 7"):
        encode(opened[1], [replace(DIALOGUE, image=image)], side="right")


def test_a_broken_picture_is_set_aside_and_named_once(
    opened: tuple[Any, Any], conversations: list[Conversation], capsys: pytest.CaptureFixture[str]
) -> None:
    some = [*conversations[:5], replace(DIALOGUE, image=b"no picture")]
    batches = ConversationBatches(some, opened[1], 3)
    for number in (0, 1):
        seen = [int(place) for batch in batches.epoch(number) for place in batch["index"]]
        assert sorted(seen) == [0, 1, 2, 3, 4]
    assert batches.broken == {5}
    assert answers(opened[0], opened[1], some[5:]) == [""]
    assert capsys.readouterr().err.count("row 7") == 2  # when it was learned from, and when it was asked
    with pytest.raises(SourceError, match="No picture of a batch"):
        list(ConversationBatches(some[5:], opened[1], 1).epoch(0))
