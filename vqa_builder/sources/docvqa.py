"""Questions about pictures of documents, whose answers are quotations."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from vqa_builder.sources.records import FIELDS, Kind, Records, RecordsOptions

_FIELDS: dict[str, Kind] = {"question?": "question", "query?": "question"}


class DocVQAOptions(RecordsOptions):
    """Options of the source ``docvqa``."""

    fields: dict[str, Kind] = Field(_FIELDS, min_length=1, description=FIELDS)


class DocVQA(Records):
    """DocVQA and InfographicVQA, as JSON of the challenge or on the hub.

    The questions are translated. Answers stand in the picture, so that they stay letter for letter.

    Source: Mathew et al., "DocVQA: A Dataset for VQA on Document Images", WACV 2021.

    Example::

        source:
          type: docvqa
          splits: {train: train_v1.0_withQT.json, validation: val_v1.0_withQT.json}
    """

    name = "docvqa"
    summary = "DocVQA, InfographicVQA: questions are translated, answers stay as the picture has them"
    Options: ClassVar = DocVQAOptions
    signs = ("docId",)
