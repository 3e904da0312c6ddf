"""Conversations as LLaVA writes them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from vqa_builder.sources.records import FIELDS, Kind, Records, RecordsOptions


class LLaVAOptions(RecordsOptions):
    """Options of the source ``llava``."""

    fields: dict[str, Kind] = Field({"conversations[*].value": "turn"}, min_length=1, description=FIELDS)


class LLaVA(Records):
    """LLaVA-Instruct, LLaVA-OneVision and whatever has their ``conversations`` of ``from`` and ``value``.

    Every turn is translated; roles, order, image tags, boxes and pictures stay as they are.

    Source: Liu et al., "Visual Instruction Tuning", NeurIPS 2023.

    Example::

        source:
          type: llava
          splits: {train: llava_instruct_150k.json}
    """

    name = "llava"
    summary = "LLaVA-Instruct, LLaVA-OneVision: conversations of from and value"
    Options: ClassVar = LLaVAOptions
    signs = ("conversations",)
