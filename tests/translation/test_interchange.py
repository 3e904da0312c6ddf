"""Memories leave and come back unchanged; foreign files are understood; broken ones say where."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from pyarrow import parquet

from vqa_builder.errors import SourceError, StorageError
from vqa_builder.translation.interchange import SUFFIXES, read_entries, write_entries
from vqa_builder.translation.memory import Entry, TranslationMemory

ENTRIES = [
    Entry("en", "ja", 'Is <b> & "c" 1 > 0?', "<b>は&「c」ですか？", "question", "", "mini|sha:1", False),
    Entry("en", "hi", "What is this?", "यह क्या है?", "question", "", "human", True),
    Entry("ja", "en", "猫", "cat", "", "animal", "import:nllb", True),
    Entry("en", "ja", "a\x07b\r\n\tc\u2028", "\x85 \uffff x", "answer", "si\x1fgn", "e<1>&\n", True),
]
TEXTS = st.text(min_size=1, max_size=20).filter(str.strip) | st.sampled_from(
    ["<&>\"'", "]]>", "猫　犬", "क्‍ष"]
)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_round_trip(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"memory{suffix}"
    assert write_entries(path, iter(ENTRIES)) == len(ENTRIES)
    assert list(read_entries(path)) == ENTRIES
    once = path.read_bytes()
    write_entries(path, ENTRIES)
    assert path.read_bytes() == once
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".tmx", ".jsonl.gz", ".parquet"])
@given(
    entries=st.lists(
        st.builds(
            Entry,
            st.sampled_from(["en", "ja"]),
            st.sampled_from(["hi", "mr"]),
            TEXTS,
            TEXTS,
            st.sampled_from(["", "question", "answer"]),
            st.text(max_size=5).map(str.strip),
            TEXTS,
            st.booleans(),
        ),
        max_size=5,
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_round_trip_of_anything(tmp_path: Path, suffix: str, entries: list[Entry]) -> None:
    path = tmp_path / f"memory{suffix}"
    write_entries(path, entries)
    assert list(read_entries(path)) == entries


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_memory(tmp_path: Path, suffix: str) -> None:
    assert write_entries(tmp_path / f"m{suffix}", []) == 0
    assert list(read_entries(tmp_path / f"m{suffix}")) == []


FOREIGN = """<?xml version="1.0" encoding="{encoding}"?>
<tmx version="1.4"><header srclang="EN-us" datatype="plaintext"><prop type="x">y</prop><note>n</note></header>
<body>
<tu tuid="1"><note>n</note>
  <tuv xml:lang="JA-JP"><seg>赤い<bpt i="1">&lt;b></bpt>車<ept i="1"/>です</seg></tuv>
  <tuv xml:lang="en-GB"><seg>A <hi>red <ph x="1">{{0}}</ph>car</hi></seg></tuv>
  <tuv lang="hi"><seg>लाल गाड़ी</seg></tuv></tu>
<tu srclang="ja"><prop type="x-role">answer</prop><prop type="x-engine">nllb</prop>
  <tuv xml:lang="en"><seg>cat</seg></tuv><tuv xml:lang="ja"><seg>猫</seg></tuv></tu>
<tu><tuv xml:lang="en"><seg>untranslated</seg></tuv><tuv xml:lang="ja"><seg/></tuv></tu>
</body></tmx>"""


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16"])
def test_a_foreign_tmx(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "foreign.tmx"
    path.write_bytes(FOREIGN.format(encoding=encoding).encode(encoding))
    assert list(read_entries(path)) == [
        Entry("en", "ja", "A red car", "赤い車です"),
        Entry("en", "hi", "A red car", "लाल गाड़ी"),
        Entry("ja", "en", "猫", "cat", role="answer", engine="import:nllb"),
    ]
    labelled = [entry.engine for entry in read_entries(path, label="bureau")]
    assert labelled == ["bureau"] * 3


def test_json_lines_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "hand.jsonl"
    lines = [
        {"source": "EN", "target": "ja-JP", "text": "cat", "translation": "猫", "note": "mine"},
        {
            "source": "en",
            "target": "hi",
            "text": "dog",
            "translation": "कुत्ता",
            "engine": "x",
            "asserted": False,
        },
    ]
    path.write_text("\n\n".join(map(json.dumps, lines)), encoding="utf-8")
    first, second = read_entries(path)
    assert first == Entry("en", "ja", "cat", "猫")
    assert (second.engine, second.human_verified) == ("x", False)


GOOD = '{"source": "en", "target": "ja", "text": "cat", "translation": "猫"}\n'


@pytest.mark.parametrize(
    ("content", "where", "found"),
    [
        (GOOD + "{", "line 2", "JSON"),
        (GOOD + '{"source": "en"}', "line 2", "target"),
        (GOOD + GOOD.replace('"cat"', "3"), "line 2", "$.text"),
        (GOOD + GOOD.replace("cat", " "), "line 2", "empty 'text'"),
        ("\n" + GOOD.replace('"en"', '""'), "line 2", "empty 'source'"),
        (GOOD.encode("utf-16"), "line 1", ""),
        (b'{"source": "en", "target": "ja", "text": "\xff", "translation": "x"}', "line 1", "utf-8"),
        (GOOD.replace('"cat"', '"\\ud83d"'), "line 1", ""),
        (
            GOOD + GOOD.replace('"text"', '"text": "dog", "text"'),
            "line 2",
            "the name 'text' stands there twice",
        ),
        (
            GOOD.replace('"text"', '"text": "dog", "\\u0074ext"'),
            "line 1",
            "the name 'text' stands there twice",
        ),
    ],
)
def test_broken_json_lines(tmp_path: Path, content: str | bytes, where: str, found: str) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SourceError) as caught:
        list(read_entries(path))
    assert f"{path}, {where}" in str(caught.value)
    assert found in str(caught.value)


def unit(text: str) -> str:
    return f'<tu><tuv xml:lang="en"><seg>{text}</seg></tuv><tuv xml:lang="ja"><seg>b</seg></tuv></tu>'


UNIT, TMX = unit("a"), "<tmx><body>%s</body></tmx>"
GROWING = [f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(12)]
BOMB = f'<!DOCTYPE tmx [<!ENTITY a "aaaaaaaaaa">{"".join(GROWING)}]>'


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("", "line 1"),
        ("<tmx><body>" + UNIT, "line 1"),
        ("<tmx>\n<body>\n<tu & /></body></tmx>", "line 3"),
        ("<html><body><p/></body></html>", "the root"),
        ("<tmx><header/></tmx>", "the end"),
        (f"<tmx><body>{UNIT}<tu><tuv><seg>a</seg></tuv></tu></body></tmx>", "translation unit 2"),
        ('<tmx><body><tu><tuv xml:lang="en"/></tu></body></tmx>', "translation unit 1"),
        (f'<tmx><header srclang="de"/><body>{UNIT}</body></tmx>', "translation unit 1"),
        ('<?xml version="1.0" encoding="nonsense"?><tmx/>', "line 1"),
        ('<!DOCTYPE tmx [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + TMX % unit("&a;"), "line 1"),
        (BOMB + TMX % unit("&m;"), "line 1"),
        (TMX % unit('<ph type="x-control">ffffffffff</ph>'), "translation unit 1"),
        (TMX % unit('<ph type="x-control">d83d</ph>'), "translation unit 1"),
        (TMX % unit('<ph type="x-control">-5</ph>'), "translation unit 1"),
        (TMX % unit("<hi>" * 5000 + "a" + "</hi>" * 5000), "translation unit 1"),
        (TMX % f'<tu><prop type="x-role-json">{"[" * 50_000}</prop>{UNIT[4:]}', "translation unit 1"),
    ],
)
def test_broken_tmx(tmp_path: Path, content: str, where: str) -> None:
    path = tmp_path / "broken.tmx"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        list(read_entries(path))
    assert f"{path}, {where}" in str(caught.value)


def test_broken_parquet(tmp_path: Path) -> None:
    path = tmp_path / "broken.parquet"
    columns = {"source": ["en"] * 2, "target": ["ja"] * 2, "text": ["cat", None], "translation": ["猫", "犬"]}
    for some, expected in (
        (columns, "row 2"),
        ({**columns, "text": [1, 2]}, "row 1"),
        ({"source": ["en"], "text": ["cat"]}, "no target, translation"),
    ):
        parquet.write_table(pa.table(some), path)
        with pytest.raises(SourceError, match=expected):
            list(read_entries(path))
    path.write_bytes(b"PAR1 nonsense")
    with pytest.raises(SourceError, match="cannot be read"):
        list(read_entries(path))


def test_a_small_parquet_file_that_repeats_a_large_text_is_refused(tmp_path: Path) -> None:
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 2_000, pa.int32()), ["猫" * 20_000]).cast("string")
    same = pa.array(["x"] * 2_000)
    columns = {"source": same, "target": same, "text": text, "translation": same}
    parquet.write_table(pa.table(columns), tmp_path / "m.parquet", compression="zstd")
    with pytest.raises(SourceError, match="unpacks to far more"):
        list(read_entries(tmp_path / "m.parquet"))


@pytest.mark.parametrize("suffix", [".tmx.gz", ".jsonl.gz"])
def test_a_truncated_gzip_takes_nothing_into_the_memory(
    tmp_path: Path, suffix: str, memory: TranslationMemory
) -> None:
    path = tmp_path / f"cut{suffix}"
    write_entries(path, (Entry("en", "ja", f"text {at * 7919}", "x") for at in range(20_000)))
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(SourceError, match="cut off"):
        memory.add(read_entries(path))
    assert memory.stats() == []
    path.write_bytes(b"plain text")
    with pytest.raises(SourceError, match="no gzip"):
        list(read_entries(path))


def test_files_that_are_not_there_or_of_no_known_kind(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        list(read_entries(tmp_path / "none.tmx"))
    with pytest.raises(SourceError, match=r"\.tmx\.gz"):
        list(read_entries(tmp_path / "memory.xlsx"))
    with pytest.raises(SourceError):
        write_entries(tmp_path / "memory.csv", ENTRIES)
    (tmp_path / "file").touch()
    with pytest.raises(StorageError):
        write_entries(tmp_path / "file" / "memory.tmx", ENTRIES)


def test_an_export_that_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    def broken() -> Iterator[Entry]:
        yield ENTRIES[0]
        raise StorageError("locked")

    path = tmp_path / "memory.tmx"
    write_entries(path, ENTRIES)
    before = path.read_bytes()
    with pytest.raises(StorageError):
        write_entries(path, broken())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".tmx", ".jsonl"])
def test_memory_stays_bounded(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"large{suffix}"
    entries = (Entry("en", "ja", f"question number {at}", "質問" * 10) for at in range(30_000))
    tracemalloc.start()
    write_entries(path, entries)
    assert sum(1 for _ in read_entries(path)) == 30_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000 < path.stat().st_size


def test_a_packed_file_is_plain_gzip(tmp_path: Path) -> None:
    path = tmp_path / "memory.tmx.gz"
    write_entries(path, ENTRIES)
    text = gzip.decompress(path.read_bytes()).decode()
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">')
    assert '<tuv xml:lang="hi"><seg>यह क्या है?</seg></tuv>' in text
