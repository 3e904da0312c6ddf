"""Questions and answers beside their picture, without ids."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from vqa_builder.sources.records import FIELDS, Kind, Records, RecordsOptions

_FIELDS: dict[str, Kind] = {"question": "question", "answer?": "answer", "answers[*]?": "answer"}


class VQARADOptions(RecordsOptions):
    """Options of the source ``vqa_rad``."""

    fields: dict[str, Kind] = Field(_FIELDS, min_length=1, description=FIELDS)


class VQARAD(Records):
    """VQA-RAD, PathVQA, SLAKE, OK-VQA on the hub: a picture, a question, and an answer or a list of them.

    A row's number is its id. The source ``hub`` reads the same data sets for a release with labels and soft
    scores.

    Source: Lau et al., "A dataset of clinically generated visual questions and answers about radiology
    images", Scientific Data 2018.

    Example::

        source:
          type: vqa_rad
          repo: flaviagiammarino/vqa-rad
    """

    name = "vqa_rad"
    summary = "VQA-RAD, PathVQA, OK-VQA on the hub: picture, question, answer, no ids"
    Options: ClassVar = VQARADOptions
    needs = ("answer",)
