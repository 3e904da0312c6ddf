"""Questions about charts."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from vqa_builder.sources.records import FIELDS, Kind, Records, RecordsOptions

_FIELDS: dict[str, Kind] = {"query": "question", "label?": "answer", "label[*]?": "answer"}


class ChartQAOptions(RecordsOptions):
    """Options of the source ``chartqa``."""

    fields: dict[str, Kind] = Field(_FIELDS, min_length=1, description=FIELDS)


class ChartQA(Records):
    """ChartQA, as JSON or on the hub.

    Labels are read off the chart, numbers and names of its columns, and stay as they are; yes and no are
    translated.

    Source: Masry et al., "ChartQA: A Benchmark for Question Answering about Charts with Visual and Logical
    Reasoning", Findings of ACL 2022.

    Example::

        source:
          type: chartqa
          repo: HuggingFaceM4/ChartQA
          splits: {train: train, validation: val, test: test}
    """

    name = "chartqa"
    summary = "ChartQA: queries are translated, of the labels yes and no alone"
    answer_mode: ClassVar[Literal["translate", "copy", "auto"]] = "copy"
    Options: ClassVar = ChartQAOptions
    signs = ("query", "label")
