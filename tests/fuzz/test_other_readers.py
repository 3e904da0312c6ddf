"""Damaged memories, predictions, sheets, manifests, specs and replies: errors of ours, or a result.

``FUZZ_MUTATIONS=10000 pytest tests/fuzz/test_other_readers.py`` makes so many copies for every reader.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.mutations import mutate
from tests.sources.reading import Reading
from vqa_builder.answers import vocabulary
from vqa_builder.errors import VQABuilderError
from vqa_builder.metrics.predictions import load_predictions
from vqa_builder.metrics.references import load_references
from vqa_builder.release.hub.plan import merged_card
from vqa_builder.release.manifest import Manifest, parse_manifest
from vqa_builder.review import sheet_csv
from vqa_builder.spec_file import parse_spec
from vqa_builder.translation import interchange
from vqa_builder.translation.engines import _chat
from vqa_builder.translation.engines._endpoint import Endpoint
from vqa_builder.translation.engines._faults import HttpReply, Refused, Secrets, Temporary
from vqa_builder.translation.engines.base import Stopped
from vqa_builder.translation.glossary import load_glossary
from vqa_builder.translation.memory import Entry, TranslationMemory
from vqa_builder.translation.request import Request

MUTATIONS = int(os.environ.get("FUZZ_MUTATIONS", "60"))
ENTRIES = [
    Entry("en", "ja", "How many cats?", "猫は何匹いますか？", "question", engine="human"),
    Entry("en", "hi", "red", "लाल", "answer", "colour", "mini|1", False),
]
ANSWER = {"answer": "yes", "answer_confidence": "yes", "answer_id": 1}
ANNOTATION = {"question_id": 1, "question_type": "is", "answer_type": "yes/no", "answers": [ANSWER]}
FACTS: dict[str, Any] = {
    "format": 1,
    "builder": {"name": "vqa-builder", "version": "1"},
    "name": "vqa-ja",
    "language": "ja",
    "key": "0" * 64,
    "counts": {"source": {"train": 1}, "kept": {"train": 1}, "rejected": {"train": 0}, "bad_records": 0},
    "tables": {"data/train": {"rows": 1, "bytes": 9, "content_hash": "0"}},
    "files": {"README.md": {"bytes": 1, "sha256": "0"}},
    "spec": {"translate": {"protect": ["urls"]}, "release": {"images": {"licence": "cc0"}}},
}
CARD = """---
language: [ja, en]
license: cc-by-4.0
configs: [{config_name: default, data_files: [{split: train, path: data/train-*}]}]
dataset_info: [{config_name: default, splits: [{name: train, num_examples: 3}]}]
---

# A card
"""
BESIDE = """configs: [{config_name: default, data_files: [{split: train, path: train-*}], encoding: utf-8}]
dataset_info:
- config_name: default
  features: [{name: question_id, dtype: int64}, {name: question, dtype: string}]
  splits: [{name: train, num_examples: 1}]
"""
DATASET_CARD = f"---\nlanguage: [ja, en]\n{BESIDE}---\n\n# A card\n"
SPEC = """name: vqa
languages: [ja, hi]
source: {type: table, splits: {train: rows.csv}}
translate: {engine: {type: mini}}
answers: {vocabulary: {min_count: 3}}
release: {licence: cc-by-4.0, date: 2026-11-30}
policy: {preset: balanced, length: {min: -1.0}}
"""
SHEET = "question_id,language,question_en,question,label,weight\n1,ja,How many?,いくつ？,good,1.5\n"
CHAT = json.dumps({"items": [{"id": 1, "text": "red", "translation": "赤"}]}, ensure_ascii=False)
REPLY = {"choices": [{"message": {"content": CHAT}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3}}
STREAM: list[dict[str, Any]] = [
    {"choices": [{"delta": {"content": part}}]} for part in (CHAT[:20], CHAT[20:])
]
STREAM += [{"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3}}]


def exported(folder: Path, suffix: str) -> bytes:
    path = folder / f"entries{suffix}"
    interchange.write_entries(path, ENTRIES)
    return path.read_bytes()


def remembered(folder: Path) -> bytes:
    path = folder / "made.sqlite"
    with TranslationMemory(path) as memory:
        memory.add(ENTRIES)
    return path.read_bytes()


def recall(path: Path) -> None:
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    with TranslationMemory(path) as memory:
        list(memory.entries())
        memory.lookup_overrides(Request(["How many cats?"], "en", "ja", "question"))
        memory.store(Request(["dog"], "en", "ja"), ["犬"], "mini|1")


def reply(path: Path, kind: str) -> None:
    """What is made of a reply of a chat endpoint."""
    body = HttpReply(200, {"Content-Type": kind}, path.read_bytes().decode(errors="replace"))
    endpoint = Endpoint("http://127.0.0.1", "", 1.0, Secrets())
    with suppress(Temporary, Refused, Stopped, _chat.Unusable):
        _chat.trusted(asyncio.run(answered(endpoint, body)), ["red"], repeat=True)


async def answered(endpoint: Endpoint, body: HttpReply) -> str:
    async def ask(*_: Any, **__: Any) -> HttpReply:
        return body

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vqa_builder.translation.engines._endpoint.fetch", ask)
        return (await endpoint.ask(None, {})).content


def replied(path: Path) -> None:
    reply(path, "application/json")


def streamed(path: Path) -> None:
    reply(path, "text/event-stream")


def in_a_folder(path: Path, name: str) -> None:
    """What the source ``hub`` reads of a folder in which a file lies under a name."""
    folder = path.parent / "dataset"
    folder.mkdir(exist_ok=True)
    for each in folder.iterdir():
        each.unlink()
    (folder / "train-0.jsonl").write_text('{"question_id": 1, "question": "How many?"}\n')
    shutil.copy(path, folder / name)
    Reading("hub", repo=str(folder), columns={"image_id": "question_id"})


def text(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")


EVENTS = "".join(f"data: {json.dumps(event)}\n\n" for event in STREAM)
VOCABULARY = '[{"yes": 0, "no": 1}, {"0": "yes", "1": "no"}]'
FILES: dict[str, tuple[str, str, Callable[[Path], Any]]] = {
    "predictions": (".json", '[{"question_id": 1, "answer": "yes"}]', load_predictions),
    "predictions.csv": (".csv", "question_id,answer\n1,yes\n2,no\n", load_predictions),
    "references": (".json", json.dumps([ANNOTATION]), lambda path: load_references(path, "en")),
    "vocabulary": (".json", VOCABULARY, vocabulary.from_file),
    "glossary": (".tsv", "term\ttranslation\trole\ncat\t猫\tanswer\n", load_glossary),
    "sheet": (".csv", SHEET, lambda path: [line.weight for line in sheet_csv.read(path)]),
    "manifest": (".json", json.dumps(FACTS), lambda path: parse_manifest(path.read_bytes(), path)),
    "spec": (".yaml", SPEC, lambda path: parse_spec(text(path), path)),
    "card": (".md", CARD, lambda path: merged_card(text(path), CARD, Manifest(FACTS))),
    "card of a dataset": (".md", DATASET_CARD, lambda path: in_a_folder(path, "README.md")),
    "beside a card": (".yaml", BESIDE, lambda path: in_a_folder(path, ".huggingface.yaml")),
    "reply": (".json", json.dumps(REPLY), replied),
    "stream": (".txt", EVENTS, streamed),
}


def good_bytes(name: str, folder: Path) -> tuple[bytes, str, Callable[[Path], Any]]:
    """An honest file, its suffix, and what reads it."""
    if name == "memory":
        return remembered(folder), ".sqlite", recall
    if name in interchange.SUFFIXES:
        return exported(folder, name), name, lambda path: [*interchange.read_entries(path)]
    suffix, content, read = FILES[name]
    return content.encode(), suffix, read


@pytest.mark.parametrize("name", [*interchange.SUFFIXES, "memory", *FILES])
def test_no_mutation_ends_in_a_traceback(tmp_path: Path, name: str) -> None:
    good, suffix, read = good_bytes(name, tmp_path)
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(good)
    read(path)
    for seed in range(MUTATIONS):
        path.write_bytes(mutate(good, seed))
        try:
            read(path)
        except VQABuilderError as error:
            str(error).encode()
        except Exception as error:
            raise AssertionError(f"mutation {seed} of {name}: {error!r}") from error
