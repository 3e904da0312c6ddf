"""A release as batches of tensors: questions tokenised once, regions gathered, soft targets, tags.

A batch is a function of the seed, the epoch and its number alone, so that any number of workers, a second
start in the middle of an epoch and several processes all see the same batches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recipes.lib.ahead import Parts, ahead
from recipes.lib.questions import Questions, load_questions, load_vocabulary, split_images, word_spans
from recipes.lib.ragged import Ragged, Rows
from vqa_builder.errors import SourceError, SpecError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from recipes.lib.features import FeatureStore

Batch = dict[str, Tensor]
Augment = Callable[[Rows, np.random.Generator], tuple[Sequence[Sequence[int]], Batch]]
Collate = Callable[[Batch, Rows, np.random.Generator], Batch]

BATCHES_PER_BUCKET = 32

__all__ = [
    "Augment",
    "Batch",
    "Collate",
    "QuestionBatches",
    "Questions",
    "Ragged",
    "Rows",
    "check_labels",
    "load_questions",
    "load_vocabulary",
    "split_images",
    "word_spans",
]


class QuestionBatches(Parts):
    """Batches of questions, with the regions and tags of their images.

    A batch is a dict of tensors: ``input_ids``, ``attention_mask`` and ``token_type_ids`` (B, T) int64, which
    are [CLS] question [SEP] tags [SEP] up to the longest of the batch; ``regions`` (B, R, D) float16, which
    the models widen on their device, and ``region_mask`` (B, R) bool, True where there is a region;
    ``patches`` (B, P, D2) where asked for;
    ``targets`` (B, labels) float32 soft scores; ``index`` (B,) int64, rows of ``questions``.

    Tags give way first: a question keeps up to ``max_text - 3`` pieces, tags fill the rest and none is cut in
    two. An image without tags has no second [SEP].

    Args:
        questions: of one language.
        tokenizer: any fast tokenizer with [CLS], [SEP] and padding (``<s>`` and ``</s>`` serve too).
        features: of the images; None for text alone.
        batch_size: questions per batch, over all processes together; the last of an epoch may be smaller.
        regions: slots per image, filled with zeros; the best come first in the store.
        tags: object tags per image at most; 0 for none.
        labels: size of the answer vocabulary.
        patches: give the patch grid too.
        seed: of the order.
        max_text: positions of text, specials and tags included.
        length_buckets: batch questions of like length together.
        shuffle: a new order in each epoch; False keeps the order of ``questions``.
        augment: ``augment(rows, generator)`` gives other pieces for the questions of a batch (lists of ids
            without special tokens) and further tensors for the batch, anew in each epoch.
        collate: ``collate(batch, rows, generator)`` sees each batch last and returns it, changed or grown.
        workers, prefetch: threads that prepare batches, and how many lie ready for each; see ``ahead``.
        pin_memory: for a GPU.

    Raises:
        SourceError: a label outside the head, or images that the features lack.
        SpecError: options that contradict each other.

    In a recipe::

        batches = QuestionBatches(questions, tokenizer, FeatureStore.open(folder), batch_size=64, regions=8,
                                  tags=4, labels=len(load_vocabulary(release)))
        for batch in batches.epoch(0):
            model(**batch)
    """

    def __init__(
        self,
        questions: Questions,
        tokenizer: PreTrainedTokenizerBase,
        features: FeatureStore | None,
        *,
        batch_size: int,
        regions: int,
        tags: int,
        labels: int,
        patches: bool = False,
        seed: int = 0,
        max_text: int = 128,
        length_buckets: bool = True,
        shuffle: bool = True,
        augment: Augment | None = None,
        collate: Collate | None = None,
        workers: int = 0,
        prefetch: int = 2,
        pin_memory: bool = False,
    ) -> None:
        if features is None and (regions or tags or patches):
            raise SpecError("Regions, tags and patches need features", found="features=None")
        if batch_size < 1 or max_text < 8:
            raise SpecError(
                "The batches are too small",
                expected="batch_size >= 1, max_text >= 8",
                found=(batch_size, max_text),
            )
        if None in (tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id):
            raise SpecError("The tokenizer lacks [CLS], [SEP] or [PAD]", found=tokenizer.special_tokens_map)
        check_labels(questions, labels)
        self.questions, self.tokenizer, self.features = questions, tokenizer, features
        self.batch_size, self.regions, self.labels, self.patches = batch_size, regions, labels, patches
        self.seed, self.max_text, self.length_buckets, self.shuffle = seed, max_text, length_buckets, shuffle
        self.augment, self.collate, self.pin_memory = augment, collate, pin_memory
        self.workers, self.prefetch = workers, prefetch
        self._labels = Ragged.of(questions.labels, np.int64)
        self._scores = Ragged.of(questions.soft_scores, np.float32)
        self._pieces = _tokenised(questions.text, tokenizer)
        self._image, self._feature_rows = _images(questions, features)
        self._tags, self._tag_ends = self._tokenised_tags(tags)
        self._text_lengths = np.minimum(self._pieces.lengths, max_text - 3) + self._tags.lengths[self._image]

    def __len__(self) -> int:
        """Batches per epoch."""
        return -(-len(self.questions) // self.batch_size)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What makes these batches what they are; a run that is taken up again compares it."""
        names = (
            "batch_size",
            "regions",
            "labels",
            "patches",
            "seed",
            "max_text",
            "length_buckets",
            "shuffle",
        )
        content = hashlib.sha256()
        for each in (self._pieces, self._tags, self._labels, self._scores):
            content.update(each.starts.tobytes() + each.flat.tobytes())
        return {
            "questions": len(self.questions),
            "content": content.hexdigest()[:16],
            **{name: getattr(self, name) for name in names},
        }

    def pieces(self, row: int) -> NDArray[np.int32]:
        """The word pieces of one question, without special tokens."""
        return self._pieces[row]

    def tag_pieces(self, row: int) -> NDArray[np.int32]:
        """The word pieces of the tags of one question's image, as far as they find room in any batch."""
        return self._tags[int(self._image[row])]

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch; the same for the same seed and number.

        Args:
            number: of the epoch, from 0.
            start: leave out so many batches, at no cost.
        """
        order = self._order(number)[start:]
        jobs = ((rows, number, start + place) for place, rows in enumerate(order))
        yield from ahead(self.batch, jobs, self.workers, self.prefetch)

    def batch(self, rows: Rows, number: int = 0, place: int = 0) -> Batch:
        """One batch of chosen questions; ``number`` and ``place`` seed the hooks."""
        generator = np.random.default_rng([self.seed, number, place, 1])
        if self.world > 1:
            share = -(-len(rows) // self.world)
            rows = np.resize(rows, share * self.world)[self.rank :: self.world]
            generator = np.random.default_rng([self.seed, number, place, 1, self.rank])
        extra: Batch = {}
        if self.augment is None:
            pieces = self._pieces.take(rows)
        else:
            lists, extra = self.augment(rows, generator)
            pieces = Ragged.of(lists, np.int32)
        batch = self._text(pieces, self._image[rows]) | self._targets(rows) | self._regions(rows) | extra
        batch["index"] = torch.from_numpy(rows.copy())
        if self.collate is not None:
            batch = self.collate(batch, rows, generator)
        return {name: tensor.pin_memory() for name, tensor in batch.items()} if self.pin_memory else batch

    def _order(self, number: int) -> list[Rows]:
        """The rows of each batch of an epoch."""
        generator = np.random.default_rng([self.seed, number])
        count, size = len(self.questions), self.batch_size
        rows = generator.permutation(count) if self.shuffle else np.arange(count)
        if self.length_buckets and self.shuffle:
            bucket = np.arange(count) // (size * BATCHES_PER_BUCKET)
            rows = rows[np.lexsort((self._text_lengths[rows], bucket))]
        batches = [rows[start : start + size] for start in range(0, count, size)]
        if self.shuffle:
            batches = [batches[place] for place in generator.permutation(len(batches))]
        return batches

    def _text(self, questions: Ragged, images: Rows) -> Batch:
        """[CLS] question [SEP] tags [SEP], padded: masks instead of a loop over the rows."""
        tokenizer, special = self.tokenizer, 3 if self._tags.flat.size else 2
        questions = questions.cut(np.full(len(images), self.max_text - special))
        tags = self._fitting_tags(images, np.maximum(self.max_text - 3 - questions.lengths, 0))
        first, second = questions.lengths[:, None], tags.lengths[:, None]
        total = first + 2 + second + (second > 0)
        column = np.arange(total.max())[None, :]
        ids = np.full((len(images), int(total.max())), tokenizer.pad_token_id, np.int64)
        ids[:, 0] = tokenizer.cls_token_id
        ids[(column > 0) & (column <= first)] = questions.flat
        ids[column == first + 1] = tokenizer.sep_token_id
        ids[(column > first + 1) & (column <= first + 1 + second)] = tags.flat
        ids[(column == first + 2 + second) & (second > 0)] = tokenizer.sep_token_id
        return {
            "input_ids": torch.from_numpy(ids),
            "attention_mask": torch.from_numpy((column < total).astype(np.int64)),
            "token_type_ids": torch.from_numpy(((column > first + 1) & (column < total)).astype(np.int64)),
        }

    def _fitting_tags(self, images: Rows, room: Rows) -> Ragged:
        """The tags of each image, as many whole ones as there is room for."""
        tags = self._tags.take(images)
        if (tags.lengths <= room).all():
            return tags
        ends = self._tag_ends.take(images)
        fits = ends.flat <= np.repeat(room, ends.lengths)
        lengths = np.zeros(len(images), np.int64)
        np.maximum.at(lengths, np.repeat(np.arange(len(images)), ends.lengths)[fits], ends.flat[fits])
        return tags.cut(lengths)

    def _targets(self, rows: Rows) -> Batch:
        labels, scores = self._labels.take(rows), self._scores.take(rows)
        targets = np.zeros((len(rows), self.labels), np.float32)
        targets[np.repeat(np.arange(len(rows)), labels.lengths), labels.flat] = scores.flat
        return {"targets": torch.from_numpy(targets)}

    def _regions(self, rows: Rows) -> Batch:
        if self.features is None:
            return {}
        found = self._feature_rows[self._image[rows]]
        batch: Batch = {}
        if self.regions:
            regions, mask = self.features.regions(found, self.regions, np.float16)
            batch |= {"regions": torch.from_numpy(regions), "region_mask": torch.from_numpy(mask)}
        if self.patches:
            batch["patches"] = torch.from_numpy(self.features.patches(found))
        return batch

    def _tokenised_tags(self, count: int) -> tuple[Ragged, Ragged]:
        """The pieces of each image's tags, and where each tag ends among them."""
        if self.features is None or not count:
            none = Ragged(np.zeros(0, np.int32), np.zeros(len(self._feature_rows) + 1, np.int64))
            return none, none
        tags = [self.features.tags(int(row))[:count] for row in self._feature_rows]
        known = sorted({tag for each in tags for tag in each if tag})
        pieces = dict(zip(known, self._encode(known), strict=True))
        of_images = [[pieces[tag] for tag in each if tag] for each in tags]
        ends = [list(accumulate(len(tag) for tag in each)) for each in of_images]
        flat = [[piece for tag in each for piece in tag] for each in of_images]
        return Ragged.of(flat, np.int32), Ragged.of(ends, np.int64)

    def _encode(self, texts: list[str]) -> list[list[int]]:
        return self.tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []


def _tokenised(texts: list[str], tokenizer: PreTrainedTokenizerBase) -> Ragged:
    encoded = (
        tokenizer(texts, add_special_tokens=False, return_attention_mask=False)
        if texts
        else {"input_ids": []}
    )
    return Ragged.of(encoded["input_ids"], np.int32)


def _images(questions: Questions, features: FeatureStore | None) -> tuple[Rows, Rows]:
    """Question -> image, counted from 0, and image -> row of the features."""
    images = {image: place for place, image in enumerate(dict.fromkeys(questions.image_id))}
    of_questions = np.fromiter((images[image] for image in questions.image_id), np.int64, len(questions))
    rows = features.rows(list(images)) if features is not None else np.zeros(len(images), np.int64)
    return of_questions, np.asarray(rows, np.int64)


def check_labels(questions: Questions, labels: int) -> None:
    """Refuse questions with labels that a head of so many has no output for.

    Raises:
        SourceError: some have; names the first.
    """
    outside = [
        place for place, row in enumerate(questions.labels) if row and not 0 <= min(row) <= max(row) < labels
    ]
    if outside:
        first = outside[0]
        raise SourceError(
            f"{len(outside):,} of {len(questions):,} questions have labels outside the head",
            where=f"question {questions.question_id[first]}",
            expected=f"0 to {labels - 1:,}",
            found=questions.labels[first],
            remedy="take the size of the release's own vocabulary: labels=len(load_vocabulary(release))",
        )
