"""The memory keeps what was paid for, tells senses and directions apart, and people outrank engines."""

from __future__ import annotations

import sqlite3
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from vqa_builder.errors import SourceError, StorageError
from vqa_builder.translation.memory import Entry, TranslationMemory, _keys
from vqa_builder.translation.memory_repair import repair
from vqa_builder.translation.request import Request

ENGINE = "mini|sha:1"


def ja(texts: list[str], **more: Any) -> Request:
    """Answers, English to Japanese unless told otherwise."""
    return Request(texts, **{"source": "en", "target": "ja", "role": "answer", **more})


def test_answers_its_own_engine_role_and_direction_only(memory: TranslationMemory) -> None:
    memory.store(ja(["cat", "dog"]), ["猫", "犬"], ENGINE)
    assert memory.lookup(ja(["dog", "cow", "cat", "dog"]), ENGINE) == ["犬", None, "猫", "犬"]
    assert memory.lookup(ja(["cat"]), "mini|sha:2") == [None]
    assert memory.lookup(ja(["cat"], role="question"), ENGINE) == [None]
    assert memory.lookup(ja(["cat"], target="hi"), ENGINE) == [None]
    assert memory.lookup(ja(["猫"], source="ja", target="en"), ENGINE) == [None]


def test_every_string_may_have_a_signature_of_its_own(memory: TranslationMemory) -> None:
    signatures = ["mini|1|protect:1+terms:aa", "mini|1|protect:1+terms:bb", "mini|1"]
    memory.store(ja(["cat", "dog", "cow"]), ["ねこ", "いぬ", "うし"], signatures)
    assert memory.lookup(ja(["cat", "dog", "cow"]), signatures) == ["ねこ", "いぬ", "うし"]
    assert memory.lookup(ja(["cat", "dog"]), signatures[1::-1]) == [None, None]
    assert memory.lookup(ja(["cat"]), signatures[0]) == ["ねこ"]
    assert {entry.text: entry.engine for entry in memory.entries()} == dict(
        zip(["cat", "dog", "cow"], signatures, strict=True)
    )
    with pytest.raises(ValueError):
        memory.store(ja(["cat", "dog"]), ["猫", "犬"], signatures)
    assert [(row.engine, row.entries) for row in memory.stats()] == [
        ("mini|1", 1),
        ("mini|1|protect:1+terms", 2),
    ]


def test_tells_contexts_apart(memory: TranslationMemory) -> None:
    texts, contexts, translations = ["orange"] * 2, ["colour", "fruit"], ["オレンジ色", "オレンジ"]
    memory.store(ja(texts, contexts=contexts), translations, ENGINE)
    assert memory.lookup(ja(texts, contexts=contexts), ENGINE) == translations
    assert memory.lookup(ja(["orange"]), ENGINE) == [None]


def test_looks_up_more_strings_than_one_statement_takes(memory: TranslationMemory) -> None:
    texts = [f"text {number}" for number in range(40_000)]
    memory.store(ja(texts), texts, ENGINE)
    assert memory.lookup(ja(texts[::-1]), ENGINE) == texts[::-1]


def test_what_an_engine_said_first_stays(memory: TranslationMemory) -> None:
    memory.store(ja(["cat"]), ["猫"], ENGINE)
    memory.store(ja(["cat"]), ["ネコ"], ENGINE)
    assert memory.lookup(ja(["cat"]), ENGINE) == ["猫"]


def test_a_list_of_another_length_stores_nothing(memory: TranslationMemory) -> None:
    with pytest.raises(ValueError):
        memory.store(ja(["cat", "dog"]), ["猫"], ENGINE)
    assert memory.lookup(ja(["cat"]), ENGINE) == [None]


def test_outlives_the_process(tmp_path: Path) -> None:
    for expected in (None, "猫"):
        with TranslationMemory(tmp_path / "deep" / "er" / "memory.sqlite") as memory:
            assert memory.lookup(ja(["cat"]), ENGINE) == [expected]
            memory.store(ja(["cat"]), ["猫"], ENGINE)


def test_the_most_specific_of_what_people_said_wins(memory: TranslationMemory) -> None:
    memory.add(
        [
            Entry("en", "ja", "right", "any role"),
            Entry("en", "ja", "right", "any answer", role="answer"),
            Entry("en", "ja", "right", "direction", role="answer", context="side", engine="human"),
        ]
    )
    found = memory.lookup_overrides(ja(["right"] * 3, contexts=["side", "truth", ""]))
    assert found == [("direction", "human"), ("any answer", "import"), ("any answer", "import")]
    assert memory.lookup_overrides(ja(["right"], role="question")) == [("any role", "import")]
    assert memory.lookup_overrides(ja(["left"])) == [None]
    assert memory.lookup_overrides(ja(["right"], target="hi")) == [None]


def test_a_correction_replaces_the_one_before(memory: TranslationMemory) -> None:
    for translation, who in (("ねこ", "import:nllb"), ("猫", "human")):
        memory.add([Entry("en", "ja", "cat", translation, role="answer", engine=who)])
    assert memory.lookup_overrides(ja(["cat"])) == [("猫", "human")]


def test_white_space_of_imported_entries_is_collapsed(memory: TranslationMemory) -> None:
    memory.add([Entry("en", "ja", " a\n  cat ", "一匹の\n猫")])
    assert memory.lookup_overrides(ja(["a cat"])) == [("一匹の 猫", "import")]


def test_machine_entries_stay_machine_entries_when_memories_are_merged(tmp_path: Path) -> None:
    with TranslationMemory(tmp_path / "a") as one, TranslationMemory(tmp_path / "b") as other:
        one.store(ja(["cat"]), ["猫"], ENGINE)
        one.add([Entry("en", "ja", "dog", "犬", engine="human")])
        assert other.add(one.entries()) == (1, 1)
        assert list(other.entries()) == list(one.entries())
        assert other.lookup(ja(["cat"]), ENGINE) == ["猫"]
        assert other.lookup_overrides(ja(["cat", "dog"])) == [None, ("犬", "human")]


def test_an_import_that_breaks_off_takes_nothing_in(memory: TranslationMemory) -> None:
    def broken() -> Iterator[Entry]:
        for number in range(5000):
            yield Entry("en", "ja", f"text {number}", "x")
        raise SourceError("line 5001 is wrong")

    with pytest.raises(SourceError):
        memory.add(broken())
    assert memory.stats() == []
    memory.store(ja(["cat"]), ["猫"], ENGINE)


def test_the_fingerprint_follows_what_people_said_and_nothing_else(tmp_path: Path) -> None:
    one, two = Entry("en", "ja", "cat", "猫"), Entry("en", "ja", "dog", "犬", role="answer")
    with TranslationMemory(tmp_path / "a") as memory, TranslationMemory(tmp_path / "b") as other:
        assert memory.overrides_fingerprint("en", "ja") == ""
        memory.add([one, two])
        other.add([two])
        other.add([one])
        before = memory.overrides_fingerprint("en", "ja")
        assert before == other.overrides_fingerprint("en", "ja") != ""
        memory.store(ja(["cat"]), ["猫"], ENGINE)
        memory.add([Entry("en", "hi", "cat", "बिल्ली")])
        assert memory.overrides_fingerprint("en", "ja") == before
        memory.add([one._replace(translation="ネコ")])
        assert memory.overrides_fingerprint("en", "ja") != before


def test_entries_and_statistics_can_be_narrowed(memory: TranslationMemory) -> None:
    memory.store(ja(["cat", "dog"]), ["猫", "犬"], ENGINE)
    memory.add([Entry("en", "hi", "cat", "बिल्ली", role="answer")])
    assert [entry.target for entry in memory.entries(human_verified=True)] == ["hi"]
    assert sorted(entry.text for entry in memory.entries(target="ja", engine=ENGINE)) == ["cat", "dog"]
    assert list(memory.entries(role="question")) == []
    hindi, japanese = memory.stats()
    assert (hindi.target, hindi.human_verified, hindi.entries) == ("hi", True, 1)
    assert (japanese.entries, japanese.characters, japanese.translated_characters) == (2, 6, 2)


@given(
    st.lists(st.text("ab", max_size=3), min_size=6, max_size=6), st.integers(0, 5), st.text("ab", max_size=3)
)
def test_fields_cannot_run_together_in_a_key(fields: list[str], at: int, other: str) -> None:
    changed = [*fields[:at], other, *fields[at + 1 :]]

    def key(values: list[str]) -> bytes:
        role, context, source, target, engine, text = values
        return _keys(Request([text], source, target, role, [context]), engine)[0]

    assert (key(fields) == key(changed)) == (fields == changed)
    moved = [fields[0] + fields[1], "", *fields[2:]]
    assert (key(fields) == key(moved)) == (fields == moved)


def test_a_full_disk_says_what_is_kept(memory: TranslationMemory) -> None:
    memory.store(ja(["cat"]), ["猫"], ENGINE)
    ((pages,),) = memory._db.execute("PRAGMA page_count")
    memory._db.execute(f"PRAGMA max_page_count = {pages + 2}")
    texts = [f"text {number}" for number in range(2000)]
    with pytest.raises(StorageError, match="disk is full") as caught:
        memory.store(ja(texts), texts, ENGINE)
    assert "the 1 entries stored before are kept" in str(caught.value)
    assert memory.lookup(ja(["cat", "text 0"]), ENGINE) == ["猫", None]
    memory._db.execute("PRAGMA max_page_count = 100000")
    memory.store(ja(texts), texts, ENGINE)


def test_a_file_of_another_kind_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "memory.tmx"
    path.write_bytes(b"<tmx>" * 1000)
    with pytest.raises(StorageError, match="no translation memory"), TranslationMemory(path):
        pass
    assert path.read_bytes() == b"<tmx>" * 1000


@pytest.mark.parametrize(
    ("statement", "found"),
    [("CREATE TABLE t (x)", "another program"), ("PRAGMA user_version = 7", "version 7")],
)
def test_another_database_or_version_is_left_as_it_was(tmp_path: Path, statement: str, found: str) -> None:
    path = tmp_path / "other.sqlite"
    other = sqlite3.connect(path)
    other.execute(statement)
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(StorageError, match=found), TranslationMemory(path):
        pass
    assert path.read_bytes() == before


COUNTING = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        ("UPDATE entries SET translation = x'ff00', checksum = NULL", "is damaged"),
        ("UPDATE entries SET translation = CAST(x'eda0bd' AS TEXT), checksum = NULL", "memory repair"),
        ("UPDATE entries SET checksum = 'abc'", "is damaged"),
        ("UPDATE entries SET source = x'00'", "is damaged"),
        ("UPDATE engines SET signature = x'ff'", "is damaged"),
        ("DROP TABLE engines", "memory repair"),
        ("ALTER TABLE entries ADD COLUMN more TEXT AS (hex(zeroblob(1000000000)))", "a table 'entries'"),
        ("CREATE INDEX i ON entries (hex(zeroblob(1000)))", "an? index 'i'"),
        (
            f"CREATE TRIGGER t AFTER INSERT ON entries BEGIN {COUNTING} SELECT * FROM c; END",
            "a trigger 't'",
        ),
        (
            f"DROP TABLE entries; CREATE VIEW entries AS {COUNTING} SELECT * FROM c",
            "not a translation memory alone",
        ),
    ],
)
def test_a_memory_of_somebody_else_runs_nothing(tmp_path: Path, statements: str, found: str) -> None:
    path = tmp_path / "memory.sqlite"
    with TranslationMemory(path) as memory:
        memory.add([Entry("en", "ja", "cow", "牛", engine="human")])
    changed = sqlite3.connect(path)
    changed.executescript(statements)
    changed.close()
    with pytest.raises(StorageError, match=found), TranslationMemory(path) as memory:
        list(memory.entries())
    with suppress(StorageError):
        assert repair(path).kept == 1


def test_no_file_elsewhere_is_written_or_deleted_for_what_lies_beside_a_memory(tmp_path: Path) -> None:
    path, victim = tmp_path / "memory.sqlite", tmp_path / "mine.txt"
    with TranslationMemory(path) as memory:
        memory.add([Entry("en", "ja", "cow", "牛", engine="human")])
    with closing(sqlite3.connect(path)) as plain:  # journals count without a write-ahead log alone
        plain.execute("PRAGMA journal_mode = DELETE")
    victim.write_text("mine")
    for suffix, found in {"-wal": "a link", "-shm": "a link", "-journal": "names another file"}.items():
        beside = tmp_path / f"memory.sqlite{suffix}"
        if suffix == "-journal":
            beside.write_bytes(journal_of(path, victim))
        else:
            beside.symlink_to(victim)
        for read in (remembered, repair):
            with pytest.raises(StorageError, match=found) as caught:
                read(path)
            assert beside.name in str(caught.value) and "remove it" in str(caught.value)
        assert victim.read_text() == "mine"
        beside.unlink()
    with TranslationMemory(path) as memory:
        assert [entry.translation for entry in memory.entries()] == ["牛"]


def remembered(path: Path) -> None:
    with TranslationMemory(path) as memory:
        list(memory.entries())


def journal_of(path: Path, named: Path) -> bytes:
    """What a transaction over several databases leaves when it is killed: SQLite would delete ``named``."""
    magic, first, name = bytes.fromhex("d9d505f920a163d7"), path.read_bytes()[:4096], str(named).encode()
    header = magic + struct.pack(">5I", 1, 0, path.stat().st_size // 4096, 512, 4096)
    page = struct.pack(">I", 1) + first + struct.pack(">I", sum(first[at] for at in range(3896, 0, -200)))
    sectors = (header.ljust(512, b"\0") + page).ljust(5120, b"\0")
    last = struct.pack(">II", len(name), sum(name))
    return sectors + struct.pack(">I", 0x40000000 // 4096 + 1) + name + last + magic


def test_a_locked_memory_is_an_error_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    with TranslationMemory(path) as memory, TranslationMemory(path, timeout=0.1) as other:
        memory._db.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked by another program"):
            other.store(ja(["cat"]), ["猫"], ENGINE)
        assert other.lookup(ja(["cat"]), ENGINE) == [None]


def test_a_path_that_cannot_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "memory.sqlite"):
        with pytest.raises(StorageError), TranslationMemory(path):
            pass


def test_processes_may_share_a_new_memory(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from vqa_builder.translation.memory import TranslationMemory\n"
        "from vqa_builder.translation.request import Request\n"
        "for at in range(20):\n"
        "  with TranslationMemory(Path(sys.argv[1])) as memory:\n"
        "    memory.store(Request([f'{sys.argv[2]} {at}'], 'en', 'ja', 'answer'), ['x'], 'e')\n"
    )
    path = tmp_path / "memory.sqlite"
    root = Path(__file__).parents[2]
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(path), str(name)], cwd=root) for name in range(3)
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    with TranslationMemory(path) as memory:
        assert sum(1 for _ in memory.entries()) == 60


def test_a_memory_that_version_0_1_0_made_is_read_and_written(tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    old = sqlite3.connect(path)
    old.executescript((Path(__file__).parent / "memory_0_1_0.sql").read_text(encoding="utf-8"))
    old.close()
    with TranslationMemory(path) as memory:
        assert memory.lookup(ja(["cat", "dog"]), ENGINE) == ["猫", None]
        coloured = ja(["orange"], contexts=["What color is it?"], target="hi")
        assert memory.lookup(coloured, ENGINE) == ["नारंगी"]
        assert memory.lookup_overrides(ja(["bus"], role="question")) == [("バス", "human")]
        assert memory.overrides_fingerprint("en", "ja") == "f8f25bdb11f0422a92fb990257db2de0"
        memory.store(ja(["dog"]), ["犬"], ENGINE)
    with TranslationMemory(path) as memory:
        assert [entry.human_verified for entry in memory.entries(target="ja")].count(True) == 1
        assert memory.lookup(ja(["dog"]), ENGINE) == ["犬"]
