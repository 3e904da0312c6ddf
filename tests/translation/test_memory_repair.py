"""Damage is named when it is read, and everything that is whole can be saved."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from vqa_builder.errors import StorageError
from vqa_builder.translation.memory import Entry, TranslationMemory
from vqa_builder.translation.memory_repair import repair
from vqa_builder.translation.request import Request

TEXTS = [f"Is the car number {number} red?" for number in range(3000)]
ASKED = Request(TEXTS, "en", "ja", "question")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "memory.sqlite"
    with TranslationMemory(path) as memory:
        memory.store(ASKED, [f"{number}番の車は赤いですか？" for number in range(len(TEXTS))], "mini|1")
        memory.add([Entry("en", "hi", "red", "लाल", "answer", engine="human")])
    return path


def execute(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


def test_a_changed_translation_is_named_and_left_out(path: Path) -> None:
    execute(path, "UPDATE entries SET translation = '青いですか？' WHERE text LIKE '% 7 red?'")
    execute(path, "UPDATE entries SET translation = 'नीला' WHERE target = 'hi'")
    with TranslationMemory(path) as memory:
        with pytest.raises(StorageError, match="translation memory is damaged") as caught:
            memory.lookup(ASKED, "mini|1")
        assert "memory repair" in str(caught.value)
        for damaged in (
            lambda: memory.lookup_overrides(Request(["red"], "en", "hi", "answer")),
            lambda: memory.overrides_fingerprint("en", "hi"),
            lambda: list(memory.entries()),
        ):
            with pytest.raises(StorageError, match="damaged"):
                damaged()
    done = repair(path)
    assert (done.kept, done.damaged, done.unreadable) == (2999, 2, 0)
    assert done.before.is_file()
    with TranslationMemory(path) as memory:
        assert memory.lookup(ASKED, "mini|1").count(None) == 1
        assert len(list(memory.entries())) == 2999


def test_a_reader_may_stop_halfway_and_outlive_the_file(path: Path) -> None:
    with TranslationMemory(path) as memory:
        entries = memory.entries()
        assert next(entries).translation
    del entries  # what fails here cannot be caught, and pytest makes it an error


def test_an_entry_under_another_text_is_found_out(path: Path) -> None:
    execute(path, "UPDATE entries SET text = 'Is it blue?' WHERE text LIKE '% 8 red?'")
    with TranslationMemory(path) as memory, pytest.raises(StorageError, match="damaged"):
        list(memory.entries())
    assert repair(path).damaged == 1


@pytest.mark.parametrize("seed", range(4))
def test_bytes_overwritten_anywhere_never_give_a_wrong_translation(path: Path, seed: int) -> None:
    dice, content = random.Random(seed), bytearray(path.read_bytes())
    for _ in range(20):
        at = dice.randrange(100, len(content))
        content[at : at + 16] = dice.randbytes(16)
    path.write_bytes(content[: len(content)])
    expected = {text: f"{number}番の車は赤いですか？" for number, text in enumerate(TEXTS)}
    try:
        with TranslationMemory(path) as memory:
            found = memory.lookup(ASKED, "mini|1")
    except StorageError:
        found = []
    assert all(said in (None, expected[text]) for text, said in zip(TEXTS, found, strict=False))
    try:
        done = repair(path)
    except StorageError as error:
        assert "can be read" in str(error)
        return
    with TranslationMemory(path) as memory:
        saved = list(memory.entries())
    assert len(saved) == done.kept
    assert all(expected.get(entry.text, "लाल") == entry.translation for entry in saved)


def test_no_changed_bit_loses_an_entry_without_a_word(tmp_path: Path) -> None:
    """What is lost in silence would be translated, and paid, once more; or a correction would be dropped."""
    path, copy = tmp_path / "memory.sqlite", tmp_path / "copy.sqlite"
    asked = ASKED.take(range(300))
    translations = [f"{number}番の車は赤いですか？" for number in range(300)]
    corrections = [Entry("en", "hi", f"red {number}", "लाल", "answer", engine="human") for number in range(9)]
    with TranslationMemory(path) as memory:
        memory.store(asked, translations, "mini|1")
        memory.add(corrections)
        entries, fingerprint = list(memory.entries()), memory.overrides_fingerprint("en", "hi")
    whole, dice, named = path.read_bytes(), random.Random(0), 0
    for _ in range(200):
        content = bytearray(whole)
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
        copy.write_bytes(content)
        try:
            with TranslationMemory(copy) as memory:
                assert memory.lookup(asked, "mini|1") == translations
                assert memory.overrides_fingerprint("en", "hi") == fingerprint
                assert list(memory.entries()) == entries
        except StorageError as error:
            named += 1
            assert "memory repair" in str(error) or "another" in str(error)
            assert named % 10 or repair(copy).kept >= len(entries) // 3
    assert 100 < named < 200


@pytest.mark.parametrize(
    ("damage", "least"),
    [("cut short", 1000), ("cut within a page", 1000), ("no header", 3001), ("no schema", 3001)],
)
def test_a_memory_that_sqlite_refuses_as_a_whole_is_read_all_the_same(
    path: Path, damage: str, least: int
) -> None:
    """Where a copy broke off, and where the first block of a disk is lost."""
    content = path.read_bytes()
    if damage == "no header":
        path.write_bytes(b"\0" * 100 + content[100:])
    elif damage == "no schema":
        path.write_bytes(content[:3000] + b"\0" * 1096 + content[4096:])
    else:
        path.write_bytes(content[: len(content) * 3 // 4 // 4096 * 4096 + (7 if "within" in damage else 0)])
    damaged = path.read_bytes()
    done = repair(path)
    assert done.kept >= least and done.before.read_bytes() == damaged
    assert {each.name for each in path.parent.iterdir()} <= {path.name, done.before.name}
    with TranslationMemory(path) as memory:
        assert len(list(memory.entries())) == done.kept


def test_nothing_to_repair(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no such memory"):
        repair(tmp_path / "none.sqlite")
    (tmp_path / "text").write_bytes(b"no database" * 1000)
    with pytest.raises(StorageError, match="can be read"):
        repair(tmp_path / "text")
    assert (tmp_path / "text").read_bytes() == b"no database" * 1000
