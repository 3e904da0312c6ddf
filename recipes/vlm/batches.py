"""Batches of conversations as a processor makes them; labels stand where the assistant speaks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from recipes.lib.ahead import Parts, ahead
from recipes.vlm.conversations import Conversation
from vqa_builder.errors import SourceError, SpecError
from vqa_builder.store import fingerprint

if TYPE_CHECKING:
    from PIL.Image import Image

IGNORED = -100
BUCKET = 50


def messages(conversation: Conversation, turns: int | None = None) -> list[dict[str, Any]]:
    """Its first turns for a chat template; the picture comes with the user's first one.

    >>> messages(Conversation(1, b"", (("user", "何色？"), ("assistant", "赤")), "ja"), 1)
    [{'role': 'user', 'content': [{'type': 'image'}, {'type': 'text', 'text': '何色？'}]}]
    """
    found: list[dict[str, Any]] = [
        {"role": speaker, "content": [{"type": "text", "text": text}]}
        for speaker, text in conversation.turns[:turns]
    ]
    first = next(each for each in found if each["role"] == "user")
    first["content"].insert(0, {"type": "image"})
    return found


class ConversationBatches(Parts):
    """Batches for the trainer: pictures and texts through the model's own processor and chat template.

    Conversations of like length stand together, so that little is computed on padding; which these are is a
    function of (seed, epoch). A picture that cannot be read is named on stderr, once, and its conversation is
    left out of its batch and counted in ``broken``.

    Args:
        conversations: to learn from; each has an assistant's turn.
        processor: of the model.
        batch_size: conversations of a step, over all processes.
        longest: pieces of the text of a conversation; longer ones are left out and counted in ``left_out``.
        seed: of the order.
        workers, prefetch: threads that prepare batches, and how many lie ready for each; see ``ahead``.

    Raises:
        SpecError: the processor has no chat template, or nothing is short enough.
    """

    def __init__(
        self,
        conversations: Sequence[Conversation],
        processor: Any,
        batch_size: int,
        *,
        longest: int = 1024,
        seed: int = 0,
        workers: int = 2,
        prefetch: int = 2,
    ) -> None:
        check_template(processor)
        self.processor, self.batch_size, self.seed = processor, batch_size, seed
        self.workers, self.prefetch = workers, prefetch
        self.broken: set[int] = set()
        spans = [answer_spans(processor, each) for each in conversations]
        fits = [place for place, (length, _) in enumerate(spans) if length <= longest]
        self.left_out = len(conversations) - len(fits)
        self.conversations = [conversations[place] for place in fits]
        self.lengths = np.array([spans[place][0] for place in fits])
        self.spans = [spans[place] for place in fits]
        if not fits:
            raise SpecError(
                "No conversation is short enough",
                expected=f"texts of at most {longest:,} pieces",
                found=f"{len(conversations):,} conversations, the shortest of {min(n for n, _ in spans):,}"
                if spans
                else "none",
                remedy="raise `longest`",
            )
        texts = [[str(each.id), each.language, *each.turns] for each in self.conversations]
        self.identity = {"conversations": fingerprint(texts), "batch_size": batch_size, "seed": seed}

    def __len__(self) -> int:
        return -(-len(self.conversations) // self.batch_size)

    def epoch(self, number: int, start: int = 0) -> Iterator[dict[str, Tensor]]:
        """The batches of an epoch from a place on, prepared ahead of their use."""
        plan = ((batch[self.rank :: self.world],) for batch in self.plan(number)[start:])
        yield from ahead(self._made, plan, self.workers, self.prefetch)

    def plan(self, number: int) -> list[list[int]]:
        """Places of the conversations of every batch of an epoch."""
        chance = np.random.default_rng([self.seed, number])
        order, size = chance.permutation(len(self.conversations)), self.batch_size
        batches = []
        for at in range(0, len(order), BUCKET * size):
            bucket = order[at : at + BUCKET * size]
            bucket = bucket[np.argsort(self.lengths[bucket], kind="stable")]
            batches += [bucket[first : first + size].tolist() for first in range(0, len(bucket), size)]
        return [batches[place] for place in chance.permutation(len(batches))]

    def _made(self, places: Sequence[int]) -> dict[str, Tensor]:
        pictures = {place: picture for place in places if (picture := self._picture(place))}
        if not pictures:
            raise SourceError(
                "No picture of a batch can be read",
                where=f"row {self.conversations[places[0]].id} and {len(places) - 1} others",
                remedy="mend the files that are named above",
            )
        places = list(pictures)
        some = [self.conversations[place] for place in places]
        batch = encode(self.processor, some, side="right", pictures=list(pictures.values()))
        said = labels(batch, [self.spans[place] for place in places])
        before = (said[:, 1:] != IGNORED).nonzero()
        batch["places"] = before[:, 0] * said.shape[1] + before[:, 1]
        batch["answers"] = said.flatten()[batch["places"] + 1]
        return {**batch, "index": torch.tensor(places)}

    def _picture(self, place: int) -> Image | None:
        if place in self.broken:
            return None
        picture = self.conversations[place].seen()
        if picture is None:
            self.broken.add(place)
        return picture


def encode(
    processor: Any,
    conversations: Sequence[Conversation],
    *,
    side: str,
    ask: bool = False,
    pictures: Sequence[Image] | None = None,
) -> dict[str, Tensor]:
    """What the model is called with, padded at one side; with ``ask``, up to where it is to answer."""
    texts = [rendered(processor, each, ask=ask) for each in conversations]
    processor.tokenizer.padding_side = side
    made = processor(
        images=[[each] for each in pictures or (each.picture() for each in conversations)],
        text=texts,
        padding=True,
        return_tensors="pt",
        add_special_tokens=_adds(texts, processor),
    )
    return {name: value for name, value in made.items() if isinstance(value, Tensor)}


def rendered(
    processor: Any, conversation: Conversation, turns: int | None = None, *, ask: bool = False
) -> str:
    """The text of a conversation as the processor's chat template writes it."""
    text: str = processor.apply_chat_template(
        messages(conversation, turns), tokenize=False, add_generation_prompt=ask
    )
    return text


def answer_spans(processor: Any, conversation: Conversation) -> tuple[int, list[tuple[int, int]]]:
    """The pieces of a conversation's text, and where among them the assistant's turns and their ends stand.

    Counted before the image's tag grows into its patches; the pictures come before the first answer, so
    that places counted from the end stay what they are.
    """
    whole = rendered(processor, conversation)
    pieces, ends = _pieces(processor, whole)
    spans = []
    for place, (speaker, _) in enumerate(conversation.turns):
        if speaker == "assistant":
            parts = (
                rendered(processor, conversation, place, ask=True),
                rendered(processor, conversation, place + 1),
            )
            begin, end = (_common(whole, pieces, ends, processor, part) for part in parts)
            spans.append((begin, end))
    if not spans or any(begin >= end for begin, end in spans):
        raise SpecError(
            "The chat template does not set answers apart",
            where=f"conversation {conversation.id}",
            expected="that the text up to an answer begins the whole text",
            found=whole[-200:],
        )
    return len(pieces), spans


def labels(batch: Mapping[str, Tensor], spans: Sequence[tuple[int, list[tuple[int, int]]]]) -> Tensor:
    """(B, length): the pieces of the assistant's turns, ``IGNORED`` elsewhere; padded at the right."""
    ids, mask = batch["input_ids"], batch["attention_mask"]
    found = torch.full_like(ids, IGNORED)
    for row, (length, some) in enumerate(spans):
        shift = int(mask[row].sum()) - length
        for begin, end in some:
            found[row, begin + shift : end + shift] = ids[row, begin + shift : end + shift]
    return found


def check_template(processor: Any) -> None:
    """Refuse a processor that cannot write a conversation.

    Raises:
        SpecError: it has no chat template.
    """
    if not getattr(processor, "chat_template", None):
        raise SpecError(
            "The processor has no chat template",
            where=getattr(getattr(processor, "tokenizer", None), "name_or_path", type(processor).__name__),
            expected="a model that was tuned to follow instructions, or a chat_template.jinja beside it",
        )


def _pieces(processor: Any, text: str) -> tuple[list[int], list[int]]:
    """The pieces of a text, and where each ends in it; a tokenizer that does not know gives none."""
    fast = processor.tokenizer.is_fast
    made = processor.tokenizer(text, add_special_tokens=_adds([text], processor), return_offsets_mapping=fast)
    return made["input_ids"], [end for _, end in made["offset_mapping"]] if fast else []


def _adds(texts: Sequence[str], processor: Any) -> bool:
    """Whether the tokenizer is to add its first piece: not where the template wrote it already."""
    first = processor.tokenizer.bos_token
    return not (first and texts[0].startswith(first))


def _common(whole: str, pieces: Sequence[int], ends: Sequence[int], processor: Any, part: str) -> int:
    """How many pieces of a text also begin another one, as a rule its beginning."""
    if ends and whole.startswith(part):
        return bisect_right(ends, len(part))
    others = _pieces(processor, part)[0]
    return begins_alike(pieces, others)


def begins_alike(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How many places both begin with."""
    differ = (place for place, (own, its) in enumerate(zip(one, other, strict=False)) if own != its)
    return next(differ, min(len(one), len(other)))
