"""The source table: every format and shape of answers, columns by name, bad rows, and memory."""

from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from pydantic import ValidationError

from tests.sources.reading import Reading, check_bad, failure, source, write
from vqa_builder.schema import examples_schema
from vqa_builder.sources._table_options import TableOptions

COLUMNS = {"question_id": "qid", "image_id": "img", "question": "text", "answers": "reply"}
ROWS: list[dict[str, Any]] = [
    {"qid": 3, "img": "a.jpg", "text": "What is it?", "reply": ["cat", "dog", "dog"], "extra": 1.5},
    {"qid": 1, "img": "b.jpg", "text": "\u201cWho\u201d,\nis that?", "reply": ["a man"], "extra": None},
    {
        "qid": 2,
        "img": "b.jpg",
        "text": "Caf\u00e9 \U0001f600?",
        "reply": ["yes", 'no, "never"'],
        "extra": 0.0,
    },
]


def lines(rows: list[Any]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def with_json_answers(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"reply": json.dumps(row["reply"])} for row in rows]


def delimited(rows: list[dict[str, Any]], delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink, row_group_size=2)
    return sink.getvalue()


def arrow(rows: list[dict[str, Any]], new: Callable[..., Any]) -> bytes:
    sink = io.BytesIO()
    table = pa.Table.from_pylist(rows)
    with new(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
        archive.writestr("README.md", "about")
    return sink.getvalue()


FILES: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "rows.jsonl": lines,
    "rows.ndjson": lambda rows: b"\xef\xbb\xbf\n" + lines(rows).replace(b"\n", b"\r\n\r\n"),
    "rows.jsonl.gz": lambda rows: gzip.compress(lines(rows)),
    "rows.jsonl.zip": lambda rows: zipped("folder/rows.jsonl", lines(rows)),
    "rows.json": lambda rows: json.dumps(rows, indent=1).encode(),
    "rows.csv": lambda rows: delimited(with_json_answers(rows)),
    "rows.CSV": lambda rows: b"\xef\xbb\xbf" + delimited(with_json_answers(rows)),
    "rows.tsv": lambda rows: delimited(with_json_answers(rows), "\t"),
    "rows.csv.gz": lambda rows: gzip.compress(delimited(with_json_answers(rows))),
    "rows.csv.zip": lambda rows: zipped("rows.csv", delimited(with_json_answers(rows))),
    "rows.parquet": parquet,
    "rows.arrow": lambda rows: arrow(rows, pa.ipc.new_stream),
    "rows.feather": lambda rows: arrow(rows, pa.ipc.new_file),
}


def read(tmp_path: Path, name: str, content: Any, **options: Any) -> Reading:
    path = write(tmp_path / name, content)
    return Reading("table", splits={"train": path}, **{"columns": COLUMNS, **options})


class TestFormats:
    @pytest.mark.parametrize("name", FILES)
    def test_every_format_gives_the_same(self, tmp_path: Path, name: str) -> None:
        result = read(tmp_path, name, FILES[name](ROWS))
        assert result.table and result.table.schema == examples_schema(pa.int64(), pa.string())
        assert result.ids == [3, 1, 2] and result["image_id"] == ["a.jpg", "b.jpg", "b.jpg"]
        assert result["question"] == [row["text"] for row in ROWS]
        assert result.answers == [row["reply"] for row in ROWS]
        assert result["multiple_choice_answer"] == ["dog", "a man", "yes"]
        assert result["question_type"] == [None] * 3 and not result.bad

    @pytest.mark.parametrize("name", FILES)
    def test_every_format_numbers_bad_rows_alike(self, tmp_path: Path, name: str) -> None:
        rows = [*ROWS, ROWS[0] | {"qid": 9, "text": " "}, ROWS[0] | {"qid": 7}]
        result = read(tmp_path, name, FILES[name](rows))
        assert result.ids == [3, 1, 2, 7]
        (bad,) = result.bad
        assert (bad.record, bad.id, bad.problem) == (3, 9, "question is only white space")

    def test_the_format_can_be_named(self, tmp_path: Path) -> None:
        assert read(tmp_path, "rows.txt", lines(ROWS), format="jsonl").ids == [3, 1, 2]
        archive = write(tmp_path / "all.zip", zipped("rows.data", delimited(with_json_answers(ROWS))))
        splits = {"train": f"{archive}!rows.data"}
        assert Reading("table", splits=splits, columns=COLUMNS, format="csv").ids == [3, 1, 2]
        assert "format: jsonl" in failure("table", splits={"train": tmp_path / "rows.txt"})

    def test_a_file_without_a_whole_record_names_the_first(self, tmp_path: Path) -> None:
        broken = write(tmp_path / "rows.jsonl", b'\n{"qid": 1, "text": "a"\n{"qid": 2,\n')
        message = failure("table", splits={"train": broken})
        assert "None of the file's records can be read" in message
        assert "record 0" in message and '{"qid": 1, "text": "a"' in message and "truncated" in message

    def test_several_files_and_patterns(self, tmp_path: Path) -> None:
        for at, row in enumerate(ROWS):
            write(tmp_path / f"train-{at}.parquet", parquet([row]))
        other = write(tmp_path / "more.jsonl", lines([ROWS[0] | {"qid": 8}]))
        splits = {"validation": tmp_path / "train-2.*", "train": [tmp_path / "train-[01]*.parquet", other]}
        assert [path.name for path in source("table", splits=splits).files()] == [
            "train-0.parquet",
            "train-1.parquet",
            "more.jsonl",
            "train-2.parquet",
        ]
        result = Reading("table", splits=splits, columns=COLUMNS)
        assert list(zip(result.ids, result["split"], strict=True)) == [
            (3, "train"),
            (1, "train"),
            (8, "train"),
            (2, "validation"),
        ]
        assert Reading("table", splits=splits, columns=COLUMNS, limit=1).ids == [3, 2]
        assert "No file fits" in failure("table", splits={"train": tmp_path / "test-*.parquet"})


class TestAnswers:
    @pytest.mark.parametrize(
        ("value", "answers"),
        [
            (["cat", "dog"], ["cat", "dog"]),
            ([{"answer": "cat", "answer_confidence": "maybe", "answer_id": 7}], ["cat"]),
            ({"answer": ["cat", "dog"], "answer_id": [4, 5]}, ["cat", "dog"]),
            ({"answer": ["cat"], "answer_confidence": ["yes"]}, ["cat"]),
            ('["cat", "dog"]', ["cat", "dog"]),
            ('[{"answer": "cat"}]', ["cat"]),
            ("['cat', \"it's\"]", ["cat", "it's"]),
            ("[{'answer': 'cat', 'answer_confidence': None}]", ["cat"]),
            ("cat; dog", ["cat; dog"]),
            (None, None),
        ],
    )
    def test_shapes(self, tmp_path: Path, value: Any, answers: Any) -> None:
        result = read(tmp_path, "rows.jsonl", lines([ROWS[0] | {"reply": value}]))
        assert result.answers == [answers] and not result.bad

    def test_ids_and_confidences_stay(self, tmp_path: Path) -> None:
        given: list[dict[str, Any]] = [
            {"answer": "cat", "answer_confidence": "maybe", "answer_id": 7},
            {"answer": "dog", "answer_confidence": None, "answer_id": 9},
        ]
        turned = {name: [each[name] for each in given] for name in given[0]}
        rows = [ROWS[0] | {"reply": given}, ROWS[1] | {"reply": turned}]
        assert read(tmp_path, "rows.jsonl", lines(rows))["answers"] == [given, given]

    def test_a_separator(self, tmp_path: Path) -> None:
        values = ["cat | dog|['x']", "cat||dog", "cat| |", "dog"]
        rows = [ROWS[0] | {"qid": number, "reply": value} for number, value in enumerate(values)]
        result = read(tmp_path, "rows.csv", delimited(rows), separator="|")
        assert result.answers == [["cat", "dog", "['x']"], ["cat"], ["dog"]]
        check_bad(result, "rows.csv", 1, 1, "answers[1] is empty")

    @pytest.mark.parametrize(
        "value",
        [
            "['net' 'net']",
            "['net'\n 'net']",
            "['cat'",
            '["cat"',
            "['a', None]",
            "['a', ['b']]",
            '["\\ud83d"]',
            "['\\ud83d']",
        ],
    )
    def test_lists_that_cannot_be_read(self, tmp_path: Path, value: str) -> None:
        result = read(tmp_path, "rows.csv", delimited([ROWS[1] | {"reply": "x"}, ROWS[0] | {"reply": value}]))
        check_bad(result, "rows.csv", 1, 3, "field reply has the wrong type or value")
        assert "list of answers" in result.bad[0].expected

    def test_number_of_answers(self, tmp_path: Path) -> None:
        result = read(tmp_path, "rows.jsonl", lines(ROWS), answers_per_question=3)
        assert result.ids == [3] and [bad.id for bad in result.bad] == [1, 2]

    def test_a_column_for_the_answer_that_counts(self, tmp_path: Path) -> None:
        rows = [ROWS[0] | {"best": "cat", "question_type": "what"}, ROWS[1] | {"best": None}]
        columns = COLUMNS | {"multiple_choice_answer": "best"}
        result = read(tmp_path, "rows.jsonl", lines(rows), columns=columns)
        assert result["multiple_choice_answer"] == ["cat", "a man"]
        assert result["question_type"] == ["what", None]

    @pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv", "rows.parquet"])
    def test_tables_without_answers(self, tmp_path: Path, name: str) -> None:
        rows = [{key: value for key, value in row.items() if key != "reply"} for row in ROWS]
        content = {"rows.jsonl": lines, "rows.csv": delimited, "rows.parquet": parquet}[name](rows)
        columns = {key: value for key, value in COLUMNS.items() if key != "answers"}
        result = read(tmp_path, name, content, columns=columns)
        assert result["answers"] == [None] * 3 and not result.bad
        assert "no column 'reply'" in failure("table", splits={"test": tmp_path / name}, columns=COLUMNS)

    @pytest.mark.parametrize(("first", "problem"), [(["x"], "answers is missing"), (None, "is not expected")])
    def test_the_first_rows_decide_whether_there_are_answers(
        self, tmp_path: Path, first: Any, problem: str
    ) -> None:
        other = None if first else ["x"]
        rows = [
            {"qid": n, "img": 1, "text": "?", "reply": other if n in (10_500, 20_100) else first}
            for n in range(20_200)
        ]
        result = read(tmp_path, "rows.jsonl", lines(rows))
        assert [bad.id for bad in result.bad] == [10_500, 20_100] == [bad.record for bad in result.bad]
        assert all(problem in bad.problem for bad in result.bad)
        assert [batch.num_rows for batch in result.batches] == [10_000, 9_999, 199]


class TestIds:
    def test_numbered_rows(self, tmp_path: Path) -> None:
        write(tmp_path / "a.jsonl", lines([*ROWS[:2], {}, "x"]))
        write(tmp_path / "b.csv", delimited(with_json_answers(ROWS)) + b"1,2\n")
        splits = {"train": [tmp_path / "a.jsonl", tmp_path / "b.csv"], "test": tmp_path / "b.csv"}
        result = Reading("table", splits=splits, columns=COLUMNS | {"question_id": None})
        assert result.ids == [
            "train-0",
            "train-1",
            *(f"train-{n}" for n in (4, 5, 6)),
            "test-0",
            "test-1",
            "test-2",
        ]
        assert [(bad.record, bad.id) for bad in result.bad] == [
            (2, "train-2"),
            (3, None),
            (3, None),
            (3, None),
        ]

    def test_question_and_image_from_one_column(self, tmp_path: Path) -> None:
        columns = COLUMNS | {"question_id": "img"}
        result = read(tmp_path, "rows.jsonl", lines(ROWS[:2]), columns=columns)
        assert result.ids == ["a.jpg", "b.jpg"] == result["image_id"]
        result = read(
            tmp_path, "rows.csv", delimited([{"img": 7, "text": "?"}]), columns=columns | {"answers": None}
        )
        assert result.ids == [7] == result["image_id"]

    @pytest.mark.parametrize(
        ("values", "ids"),
        [
            (["1", "-20", "0"], [1, -20, 0]),
            (["1", "2a"], ["1", "2a"]),
            (["1", "007"], ["1", "007"]),
            (["1", "9223372036854775808"], ["1", "9223372036854775808"]),
            (["1.0", "2.0"], [1, 2]),
            (["1.0", "2"], ["1.0", "2"]),
        ],
    )
    def test_ids_in_csv(self, tmp_path: Path, values: list[str], ids: list[Any]) -> None:
        content = delimited([{"qid": value, "img": 5, "text": "?"} for value in values])
        columns = {key: value for key, value in COLUMNS.items() if key != "answers"}
        result = read(tmp_path, "rows.csv", content, columns=columns)
        assert result.ids == ids and result["image_id"] == [5] * len(ids)
        assert read(tmp_path, "rows.csv", content, columns=columns, text_ids=True).ids == values

    def test_ids_in_csv_follow_the_earlier_files(self, tmp_path: Path) -> None:
        write(tmp_path / "a.csv", delimited([{"qid": "x", "img": 1, "text": "?"}]))
        write(tmp_path / "b.csv", delimited([{"qid": "5", "img": "y", "text": "?"}]))
        columns = {key: value for key, value in COLUMNS.items() if key != "answers"}
        result = Reading(
            "table", splits={"train": tmp_path / "a.csv", "test": tmp_path / "b.csv"}, columns=columns
        )
        assert result.ids == ["x"]
        check_bad(result, "b.csv", 0, "5", "image_id mixes types")

    @pytest.mark.parametrize("kind", [int, str])
    def test_duplicates_far_apart(self, tmp_path: Path, kind: type) -> None:
        rows = [{"qid": kind(n if n != 35_000 else 4_321), "img": 1, "text": "?"} for n in range(40_001)]
        columns = {key: value for key, value in COLUMNS.items() if key != "answers"}
        result = read(tmp_path, "rows.jsonl", lines(rows), columns=columns)
        check_bad(result, "rows.jsonl", 35_000, kind(4_321), "not unique")
        assert "rows.jsonl, record 4321" in result.bad[0].found and len(result.ids) == 40_000


class TestColumns:
    def test_the_usual_names_need_no_mapping(self, tmp_path: Path) -> None:
        row = {"question_id": 1, "image_id": 2, "question": "?", "answers": ["x"], "answer_type": "other"}
        result = read(tmp_path, "rows.jsonl", lines([row]), columns={})
        assert result.answers == [["x"]] and result["answer_type"] == ["other"]
        result = read(tmp_path, "rows.jsonl", lines([row]), columns={"image_id": "answer_type"})
        assert result["image_id"] == ["other"] and result["answer_type"] == [None]

    @pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv", "rows.parquet", "rows.arrow"])
    @pytest.mark.parametrize(
        ("columns", "words"),
        [
            ({"question_id": "id"}, "question_id: qid}, or number the rows: columns: {question_id: null}"),
            ({"question": "txt"}, "columns: {question: text}"),
            ({"question_type": "kind"}, "no column 'kind'"),
        ],
    )
    def test_a_column_that_is_not_there(
        self, tmp_path: Path, name: str, columns: dict[str, str], words: str
    ) -> None:
        path = write(tmp_path / name, FILES[name](ROWS))
        message = failure("table", splits={"train": path}, columns=COLUMNS | columns)
        assert words in message and name in message and "qid, img, text, reply, extra" in message

    @pytest.mark.parametrize("name", ["q.id", "q[0]", "質問 id", "`q`", "$"])
    def test_odd_names(self, tmp_path: Path, name: str) -> None:
        rows = [
            {name: 1, "img": 1, "text": "?", "reply": ["x"]},
            {name: [2], "img": 1, "text": "?", "reply": ["x"]},
        ]
        result = read(tmp_path, "rows.jsonl", lines(rows), columns=COLUMNS | {"question_id": name})
        check_bad(result, "rows.jsonl", 1, None, "has the wrong type or value")
        assert result.ids == [1] and "[2]" in result.bad[0].found

    def test_columns_of_other_types(self, tmp_path: Path) -> None:
        table = pa.table(
            {
                "qid": pa.array([1, 2], pa.uint32()),
                "img": pa.array(["a", "b"]).dictionary_encode(),
                "text": pa.array(["?", "!"], pa.large_string()),
                "reply": pa.array([["x"], ["y"]], pa.large_list(pa.large_string())),
                "photo": [b"\xff", b"\xff"],
            }
        )
        pq.write_table(table, tmp_path / "rows.parquet")
        splits = {"train": tmp_path / "rows.parquet"}
        assert Reading("table", splits=splits, columns=COLUMNS).answers == [["x"], ["y"]]
        assert Reading("table", splits=splits, columns=COLUMNS | {"image_id": "photo"})["image_id"] == [
            "train-0",
            "train-1",
        ]
        message = failure("table", splits=splits, columns=COLUMNS | {"question_id": "photo"})
        assert "'photo'" in message and "binary" in message


BAD: dict[str, tuple[dict[str, Any], Any, str]] = {
    "no image": ({"img": None}, 13, "field img has the wrong type"),
    "no question": ({"text": None}, 13, "field text has the wrong type"),
    "id is null": ({"qid": None}, None, "field qid has the wrong type"),
    "id is a fraction": ({"qid": 1.5}, None, "field qid has the wrong type"),
    "id is a text": ({"qid": "13"}, "13", "question_id mixes types"),
    "id beyond int64": ({"qid": 2**63}, 2**63, "field qid has the wrong type"),
    "question is a number": ({"text": 4}, 13, "field text has the wrong type"),
    "empty question": ({"text": ""}, 13, "question is empty"),
    "control character": ({"text": "a\x00b"}, 13, "U+0000 at position 1"),
    "no answers": ({"reply": None}, 13, "field answers is missing"),
    "zero answers": ({"reply": []}, 13, "field answers is missing"),
    "an answer is a list": ({"reply": ["x", [2]]}, 13, "field reply[1] has the wrong type"),
    "an answer has no text": ({"reply": ["x", {"label": "x"}]}, 13, "answers[1] is null"),
    "answers of several lengths": (
        {"reply": {"answer": ["x"], "answer_id": [1, 2]}},
        13,
        "wrong type or value",
    ),
    "empty answer": (
        {
            "reply": "",
        },
        13,
        "field answers is missing",
    ),
    "twice": ({"qid": 11}, 11, "not unique"),
}


class TestBadRows:
    @pytest.mark.parametrize("case", BAD)
    def test_in_jsonl(self, tmp_path: Path, case: str) -> None:
        changes, question_id, problem = BAD[case]
        rows = [ROWS[0] | {"qid": n} for n in (10, 11, 13, 12)]
        rows[2] |= changes
        result = read(tmp_path, "rows.jsonl", lines(rows))
        assert result.ids == [10, 11, 12]
        check_bad(result, "rows.jsonl", 2, question_id, problem)

    @pytest.mark.parametrize(
        "line",
        [
            b"{",
            b"null",
            b"3",
            b"[]",
            b'{"qid": 13}, {"qid": 14}',
            b'{"qid": 13} {}',
            b'{"text": "Caf\xe9"}',
            b"\x00",
        ],
    )
    def test_lines_that_are_no_objects(self, tmp_path: Path, line: bytes) -> None:
        rows = lines(ROWS).splitlines()
        result = read(tmp_path, "rows.jsonl", b"\n".join([rows[0], rows[1], line, rows[2]]))
        assert result.ids == [3, 1, 2] and [bad.record for bad in result.bad] == [2]

    def test_rows_of_csv_with_too_few_or_too_many_fields(self, tmp_path: Path) -> None:
        result = read(tmp_path, "rows.csv", b"qid,img,text,reply\n1,2,?,x\n2,2\n\n3,2,?,x,y\n4,2,?,x\n")
        assert result.ids == [1, 4]
        assert [(bad.record, bad.id, bad.found) for bad in result.bad] == [(1, "2", "2"), (2, "3", "5")]

    def test_a_raising_callback_stops(self, tmp_path: Path) -> None:
        path = write(tmp_path / "rows.jsonl", lines([ROWS[0], {}, {}]))
        seen: list[Any] = []

        def stop(record: Any) -> None:
            seen.append(record)
            raise record.error()

        with pytest.raises(Exception, match="missing"):
            list(source("table", splits={"train": path}, columns=COLUMNS).read(stop))
        assert len(seen) == 1


class TestFiles:
    @pytest.mark.parametrize(
        ("name", "content", "words"),
        [
            ("rows.jsonl", b"", "empty"),
            ("rows.jsonl", b"\n\n", "no rows"),
            ("rows.jsonl", json.dumps(ROWS).encode(), "say format: json"),
            ("rows.jsonl", lines(ROWS).decode().encode("utf-16"), "UTF-16"),
            ("rows.jsonl.gz", gzip.compress(lines(ROWS * 99))[:-40], "damaged"),
            ("rows.jsonl.zip", zipped("rows.csv", b""), "rows.csv, README.md"),
            ("rows.json", b"{}", "none of the known shapes"),
            ("rows.json", b"[{]", "not valid JSON"),
            ("rows.json", b"[]", "no rows"),
            ("rows.csv", b"", "empty"),
            ("rows.csv", b"qid,img,text,reply\n", "no rows"),
            ("rows.csv", b"qid,img,text,text\n", "same name"),
            ("rows.csv", b'qid,img,text,reply\n1,2,"a"b,c\n', "line 2"),
            ("rows.csv", b'qid,img,text,reply\n1,2,"ab,c\n', "quote: null"),
            ("rows.csv", b"qid,img,text,reply\n1,2,Caf\xe9,c\n", "0xe9"),
            ("rows.parquet", b"PAR1 and nothing more", "damaged"),
            ("rows.parquet", parquet(ROWS)[:-30], "damaged"),
            ("rows.arrow", arrow(ROWS, pa.ipc.new_stream)[:500], "damaged"),
            ("rows.arrow", b"nonsense" * 9, "damaged"),
            ("rows.xlsx", b"PK", ".parquet"),
        ],
    )
    def test_unusable(self, tmp_path: Path, name: str, content: bytes, words: str) -> None:
        path = write(tmp_path / name, content)
        message = failure("table", splits={"train": path}, columns=COLUMNS)
        assert name in message and words in message

    @pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv", "rows.parquet", "rows.arrow", "rows.json"])
    def test_missing_files_and_folders(self, tmp_path: Path, name: str) -> None:
        assert "no such file" in failure("table", splits={"train": tmp_path / name})
        (tmp_path / name).mkdir()
        assert "a folder" in failure("table", splits={"train": tmp_path / name})

    def test_tab_separated_without_quotes(self, tmp_path: Path) -> None:
        content = b'qid\timg\ttext\treply\n1\t2\tWhat is "it\t6" tall\n2\t2\tA\\\tB?\tx\n'
        result = read(tmp_path, "rows.tsv", content, quote=None, escape="\\")
        assert result["question"] == ['What is "it', "A\tB?"] and result.answers == [['6" tall'], ["x"]]
        result = read(tmp_path, "rows.csv", b"qid;img;text;reply\n1;2;'a;b';x\n", delimiter=";", quote="'")
        assert result["question"] == ["a;b"]

    def test_a_file_is_read_part_after_part(self, tmp_path: Path) -> None:
        rows = [{"qid": n, "img": 1, "text": "?", "reply": ["x"]} for n in range(30_000)]
        path = write(tmp_path / "rows.jsonl.gz", gzip.compress(lines(rows))[:-30])
        batches = source("table", splits={"train": path}, columns=COLUMNS).read(print)
        assert next(batches).num_rows == next(batches).num_rows == 10_000
        assert Reading("table", splits={"train": path}, columns=COLUMNS, limit=15_000).ids[-1] == 14_999


@pytest.mark.parametrize(
    "options",
    [
        {"splits": {}},
        {"splits": {"train": "a.csv"}, "columns": {"question": "a", "image_id": "a"}},
        {"splits": {"train": "a.csv"}, "columns": {"question": "a", "question_id": "a"}},
        {"splits": {"train": "a.csv"}, "columns": {"picture": "a"}},
        {"splits": {"train": "a.csv"}, "columns": {"question": None}},
        {"splits": {"train": "a.csv"}, "separator": ""},
        {"splits": {"train": "a.csv"}, "delimiter": "||"},
        {"splits": {"train": "a.csv"}, "format": "xml"},
    ],
)
def test_wrong_options(options: Any) -> None:
    with pytest.raises(ValidationError):
        TableOptions(**options)


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cn", "Cs"]), min_size=1, max_size=12).filter(
    str.strip
)
ROW = st.fixed_dictionaries(
    {"img": TEXT, "text": TEXT, "reply": st.lists(TEXT, min_size=1, max_size=3), "extra": st.none() | TEXT}
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, min_size=1, max_size=6))
def test_any_rows_come_back_from_every_format(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    numbered = [{"qid": f"q{number}"} | row for number, row in enumerate(rows)]
    for name, make in FILES.items():
        result = read(tmp_path, name, make(numbered))
        assert result["question"] == [row["text"] for row in rows] and not result.bad
        assert result.answers == [row["reply"] for row in rows]


PEAK = """
import resource, sys
from vqa_builder.sources.table import Table, TableOptions
columns = {"question_id": "qid", "image_id": "img", "question": "text", "answers": "reply"}
source = Table(TableOptions(splits={"train": sys.argv[1]}, columns=columns))
rows = sum(batch.num_rows for batch in source.read(print))
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux")
def test_half_a_million_rows_take_little_more_memory_than_fifty_thousand(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    peaks = []
    for count in (50_000, 500_000):
        with path.open("w") as file:
            for n in range(count):
                file.write(
                    f'{{"qid": {n}, "img": {n // 5}, "text": "What is {n}?", "reply": ["yes", "no"]}}\n'
                )
        done = subprocess.run(
            [sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True
        )
        rows, peak = map(int, done.stdout.split())
        assert rows == count
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 30
