"""Conversations as FineVision and the Cauldron write them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from vqa_builder.sources.records import FIELDS, Kind, Records, RecordsOptions

_FIELDS: dict[str, Kind] = {"texts[*].user": "turn", "texts[*].assistant": "turn"}


class FineVisionOptions(RecordsOptions):
    """Options of the source ``finevision``."""

    fields: dict[str, Kind] = Field(_FIELDS, min_length=1, description=FIELDS)


class FineVision(Records):
    """FineVision and the Cauldron: ``texts`` of ``user`` and ``assistant`` beside lists of pictures.

    Pictures, sources and ratings stay as they are.

    Source: Wiedmann et al., "FineVision: Open Data Is All You Need", 2025; Laurençon et al., "What matters
    when building vision-language models?", NeurIPS 2024 (the Cauldron).

    Example::

        source:
          type: finevision
          repo: HuggingFaceM4/FineVision
          config: ai2d_merged
    """

    name = "finevision"
    summary = "FineVision, the Cauldron: texts of user and assistant, lists of pictures"
    Options: ClassVar = FineVisionOptions
    signs = ("texts",)
