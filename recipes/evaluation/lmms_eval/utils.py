"""Functions of the tasks vqa_ja and vqa_hi; the metric is vqa_builder's own."""

from __future__ import annotations

from typing import Any

from vqa_builder.metrics import harness


def doc_to_visual(doc: dict[str, Any]) -> list[Any]:
    from PIL import Image

    return [Image.open(harness.image_path(doc)).convert("RGB")]


def doc_to_text(doc: dict[str, Any], lmms_eval_specific_kwargs: dict[str, str] | None = None) -> str:
    prompts = lmms_eval_specific_kwargs or {}
    return f"{prompts.get('pre_prompt', '')}{doc['question']}{prompts.get('post_prompt', '')}"


def process_results(doc: dict[str, Any], results: list[str]) -> dict[str, Any]:
    return {"vqa_accuracy": harness.record(doc, results[0])}


def accuracy_ja(records: list[dict[str, Any]]) -> float:
    return harness.accuracy(records, "ja")


def accuracy_hi(records: list[dict[str, Any]]) -> float:
    return harness.accuracy(records, "hi")
