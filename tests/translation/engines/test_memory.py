"""The engine that looks strings up in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from vqa_builder.errors import EngineError, SourceError
from vqa_builder.registry import find
from vqa_builder.translation.engines.base import Failure
from vqa_builder.translation.engines.memory import Memory
from vqa_builder.translation.interchange import SUFFIXES, write_entries
from vqa_builder.translation.memory import Entry, TranslationMemory
from vqa_builder.translation.request import Request
from vqa_builder.translation.run import translate

ENTRIES = [
    Entry("en", "ja", "What  is\nthis?", "これは何ですか？"),
    Entry("en", "ja", "cat", "機械", engine="mini", human_verified=False),
    Entry("en", "ja", "cat", "猫", role="answer"),
    Entry("en", "ja", "cat", "ネコ"),
    Entry("en", "hi", "cat", "बिल्ली"),
]


@pytest.fixture(params=SUFFIXES)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"nllb{request.param}"
    write_entries(path, ENTRIES)
    return path


def test_exact_match_and_misses(path: Path) -> None:
    engine = Memory(Memory.Options(path=path))
    miss = Failure(f"not in {path.name}")
    assert engine.translate(Request(["cat", "What is this?", "Cat"], "en", "ja")) == [
        "猫",
        "これは何ですか？",
        miss,
    ]
    assert engine.translate(Request(["cat"], "en", "hi")) == ["बिल्ली"]
    assert engine.translate(Request(["猫"], "ja", "en")) == [miss]


def test_both_ways_only_when_asked(path: Path) -> None:
    engine = Memory(Memory.Options(path=path, reversible=True))
    assert engine.translate(Request(["猫", "बिल्ली"], "ja", "en")) == ["cat", Failure(f"not in {path.name}")]
    assert engine.signature != Memory(Memory.Options(path=path)).signature


def test_an_entry_outranks_the_reverse_of_another(tmp_path: Path) -> None:
    path = tmp_path / "both.jsonl"
    entries = [
        Entry("en", "ja", "kitty", "猫"),
        Entry("ja", "en", "猫", "cat", engine="x", human_verified=False),
    ]
    write_entries(path, entries)
    engine = Memory(Memory.Options(path=path, reversible=True))
    assert engine.translate(Request(["猫"], "ja", "en")) == ["cat"]


def test_the_signature_is_the_content(tmp_path: Path) -> None:
    one, two = tmp_path / "a" / "m.jsonl", tmp_path / "b" / "m.jsonl"
    for path in (one, two):
        write_entries(path, ENTRIES)
    signature = Memory(Memory.Options(path=one)).signature
    assert signature == Memory(Memory.Options(path=two)).signature
    write_entries(two, ENTRIES[1:])
    assert signature != Memory(Memory.Options(path=two)).signature


def test_wrong_files(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no such file"):
        Memory(Memory.Options(path=tmp_path / "none.tmx"))
    (tmp_path / "m.csv").touch()
    with pytest.raises(SourceError, match="tmx"):
        Memory(Memory.Options(path=tmp_path / "m.csv"))


def test_through_a_run(path: Path, memory: TranslationMemory) -> None:
    with find("engines", "memory")(Memory.Options(path=path)) as engine:
        outcome = translate(Request(["cat", "dog"], "en", "ja", "answer"), [engine], memory)
    assert outcome.text.to_pylist() == ["猫", None]
    assert outcome.error.to_pylist() == [None, f"memory: not in {path.name}"]
