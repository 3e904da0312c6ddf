"""Tables as other tools write them: numbers for texts, nested JSON, choices, images, classes, odd names."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import datasets
import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from tests.sources.reading import Reading, check_bad, failure, write
from tests.sources.test_record_source import row
from tests.sources.test_table import FILES, arrow, lines, parquet, zipped


def read(tmp_path: Path, name: str, content: Any, **options: Any) -> Reading:
    return Reading("table", splits={"train": write(tmp_path / name, content)}, **options)


def saved(tmp_path: Path, name: str, table: pa.Table) -> dict[str, Path]:
    path = tmp_path / name
    pq.write_table(table, path) if name.endswith("parquet") else feather.write_feather(table, path)
    return {"train": path}


class TestNumbers:
    """2 and 2.0 are read as ``2``, true as ``yes``; ids that pandas made fractions are integers."""

    @pytest.mark.parametrize(
        ("value", "text"),
        [(2, "2"), (2.0, "2"), (2.5, "2.5"), (True, "yes"), (False, "no"), (-15, "-15"), (0, "0")],
    )
    @pytest.mark.parametrize("name", ["rows.jsonl", "rows.parquet", "rows.arrow"])
    def test_answers(self, tmp_path: Path, name: str, value: Any, text: str) -> None:
        rows = [row(1, answer=value, many=[value, value], best=value, kind=value)]
        columns = {"answers": "answer", "multiple_choice_answer": "best", "answer_type": "kind"}
        result = read(tmp_path, name, FILES[name](rows), columns=columns)
        assert result.answers == [[text]] and result["multiple_choice_answer"] == [text]
        assert result["answer_type"] == [text]
        result = read(tmp_path, name, FILES[name](rows), columns={"answers": "many"})
        assert result.answers == [[text, text]]

    def test_confidences_and_places(self, tmp_path: Path) -> None:
        answers = [{"answer": 3, "answer_confidence": 0.9, "answer_id": 4.0}]
        for name, content in (("a.jsonl", lines), ("a.parquet", parquet)):
            result = read(tmp_path, name, content([row(1, answers=answers)]))
            assert result["answers"] == [[{"answer": "3", "answer_confidence": "0.9", "answer_id": 4}]]

    @pytest.mark.parametrize("name", ["rows.parquet", "rows.csv", "rows.jsonl", "rows.feather"])
    def test_ids_from_pandas(self, tmp_path: Path, name: str) -> None:
        frame = pd.DataFrame([row(n, answers="cat") for n in (1, 2, 262_144_000)]).astype(
            {"question_id": "float64"}
        )
        path = tmp_path / name
        writers: dict[str, Callable[[Path], Any]] = {
            "rows.parquet": frame.to_parquet,
            "rows.csv": lambda path: frame.to_csv(path, index=False),
            "rows.jsonl": lambda path: frame.to_json(path, orient="records", lines=True),
            "rows.feather": frame.to_feather,
        }
        writers[name](path)
        result = Reading("table", splits={"train": path})
        assert result.ids == [1, 2, 262_144_000] and not result.bad

    @pytest.mark.parametrize("value", [1.5, 2.0**60, float("inf")])
    def test_ids_that_are_no_integers(self, tmp_path: Path, value: float) -> None:
        table = pa.table({"question_id": [1.0, value], "image_id": ["a", "b"], "question": ["?", "!"]})
        result = Reading("table", splits=saved(tmp_path, "a.parquet", table))
        assert result.ids == [1] and result.bad[0].record == 1

    @pytest.mark.parametrize("gap", [None, float("nan")])
    def test_a_gap_is_null(self, tmp_path: Path, gap: Any) -> None:
        table = pa.table(
            {"question_id": [1, 2], "image_id": ["a", "b"], "question": ["?", "!"], "answers": [3.0, gap]}
        )
        result = Reading("table", splits=saved(tmp_path, "a.parquet", table))
        assert result.answers == [["3"]]
        check_bad(result, "a.parquet", 1, 2, "field answers is missing")

    def test_places_beyond_32_bits(self, tmp_path: Path) -> None:
        answers = [{"answer": "x", "answer_id": 2**31}]
        good = row(1, answers=[{"answer": "x", "answer_id": 7}])
        for name, content in (("a.jsonl", lines), ("a.parquet", parquet)):
            result = read(tmp_path, name, content([good, row(2, answers=answers)]))
            check_bad(result, name, 1, 2, "has the wrong type or value")
            assert result["answers"][0][0]["answer_id"] == 7

    def test_a_gap_in_a_list_is_named(self, tmp_path: Path) -> None:
        for name, content in (("a.jsonl", lines), ("a.parquet", parquet)):
            result = read(tmp_path, name, content([row(1, answers=["x"]), row(2, answers=["x", None])]))
            check_bad(result, name, 1, 2, "answers[1] is null")

    def test_a_date_is_no_text(self, tmp_path: Path) -> None:
        rows = [row(1, answers=pd.Timestamp("2020-01-01"))]
        path = write(tmp_path / "rows.parquet", parquet(rows))
        assert "cannot be read as text" in failure("table", splits={"train": path})


class TestAnswersByField:
    @pytest.mark.parametrize("name", ["rows.jsonl", "rows.parquet"])
    @pytest.mark.parametrize(
        "value",
        [
            {"text": ["cat", "dog"], "answer_start": [1, 9]},
            {"answer": ["cat", "dog"], "answer_id": [1, 2]},
            [{"text": "cat", "answer_start": 1}, {"text": "dog", "answer_start": 9}],
        ],
    )
    def test_texts(self, tmp_path: Path, name: str, value: Any) -> None:
        content = {"rows.jsonl": lines, "rows.parquet": parquet}[name]([row(1, answers=value)])
        result = read(tmp_path, name, content)
        assert result.answers == [["cat", "dog"]] and not result.bad

    def test_other_objects_are_named(self, tmp_path: Path) -> None:
        result = read(tmp_path, "a.jsonl", lines([row(1, answers=["x"]), row(2, answers={"0": "cat"})]))
        check_bad(result, "a.jsonl", 1, 2, "field answers.answer is missing")


class TestOneAnswerOrAList:
    """What begins with a bracket is a list where it is one, else a text; a separator may end a text."""

    def answers(self, tmp_path: Path, *cells: str, **options: Any) -> list[Any]:
        table = pd.DataFrame([row(n, answers=cell) for n, cell in enumerate(cells)])
        table.to_csv(tmp_path / "rows.csv", index=False)
        result = Reading("table", splits={"train": tmp_path / "rows.csv"}, **options)
        assert not result.bad
        return result.answers

    def test_brackets(self, tmp_path: Path) -> None:
        cells = ["[unreadable]", "[?]", "[1]", "(red)", '["a", "b"]', "['c', 2]", "[exit] left"]
        assert self.answers(tmp_path, *cells) == [
            ["[unreadable]"],
            ["[?]"],
            ["[1]"],
            ["(red)"],
            ["a", "b"],
            ["c", "2"],
            ["[exit] left"],
        ]

    def test_a_column_of_lists_of_numbers(self, tmp_path: Path) -> None:
        assert self.answers(tmp_path, "[1, 2]", "[3]") == [["1", "2"], ["3"]]

    def test_a_separator_at_the_end(self, tmp_path: Path) -> None:
        cells = ["cat|dog|", "cat||", "dog", "[x]|y"]
        assert self.answers(tmp_path, *cells, separator="|") == [
            ["cat", "dog"],
            ["cat"],
            ["dog"],
            ["[x]", "y"],
        ]


RECORDS = [row(1, answers=["cat"]), row(2, answers=["dog"])]


class TestJSONShapes:
    @pytest.mark.parametrize(
        ("content", "options"),
        [
            ({"data": RECORDS}, {}),
            ({"dataset_name": "d", "version": 1, "data": RECORDS}, {}),
            ({"rows": RECORDS, "info": {"splits": []}}, {}),
            ({"a": RECORDS, "b": [1]}, {"key": "a"}),
            ({"a": RECORDS, "images": [{"id": 1}], "b": [1]}, {}),
            ({"data": {str(each["question_id"]): each for each in RECORDS}, "info": {}}, {}),
            ({"a": {"b": {"c": RECORDS}}}, {"key": "a.b.c"}),
            ({str(each["question_id"]): each for each in RECORDS}, {}),
        ],
    )
    @pytest.mark.parametrize("name", ["rows.json", "rows.json.gz", "rows.json.zip"])
    def test_records_under_a_key(self, tmp_path: Path, name: str, content: Any, options: Any) -> None:
        data = json.dumps(content).encode()
        packed = {
            "rows.json": data,
            "rows.json.gz": gzip.compress(data),
            "rows.json.zip": zipped("r.json", data),
        }
        result = read(tmp_path, name, packed[name], **options)
        assert result.ids == [1, 2] and result.answers == [["cat"], ["dog"]]

    def test_names_of_records_are_ids(self, tmp_path: Path) -> None:
        content = {"q7": {"image_id": 1, "question": "Who?", "answers": "he"}}
        assert read(tmp_path, "rows.json", content).ids == ["q7"]
        assert read(tmp_path, "rows.json", content, columns={"question_id": None}).ids == ["train-0"]

    @pytest.mark.parametrize("count", [1, 2, 3])
    def test_lines_under_the_name_of_json(self, tmp_path: Path, count: int) -> None:
        rows = [row(n, answers="cat") for n in range(count)]
        for name, data in (("a.json", lines(rows)), ("a.json.gz", gzip.compress(lines(rows)))):
            assert read(tmp_path, name, data).ids == list(range(count))
        assert read(tmp_path, "b.json", json.dumps(rows[0], indent=2).encode()).ids == [0]

    @pytest.mark.parametrize(
        ("content", "options", "words"),
        [
            ({"a": RECORDS, "b": RECORDS}, {}, "key: NAME"),
            ({"a": RECORDS}, {"key": "b"}, "key: a"),
            ({"a": 1}, {}, "none of the known shapes"),
            (b'{"data": [], "data": []}', {}, "a part twice"),
            ({"data": []}, {}, "no rows"),
        ],
    )
    def test_others(self, tmp_path: Path, content: Any, options: Any, words: str) -> None:
        path = write(tmp_path / "rows.json", content)
        message = failure("table", splits={"train": path}, **options)
        assert words in message and "rows.json" in message

    @pytest.mark.parametrize("name", ["rows.jsonl", "rows.parquet", "rows.feather"])
    def test_fields_within_columns(self, tmp_path: Path, name: str) -> None:
        rows = [{"meta": {"qid": 7, "file": "a.jpg"}, "question": "Who?", "answers": "he"}]
        columns = {"question_id": "meta.qid", "image_id": "meta.file"}
        if name == "rows.jsonl":
            splits = {"train": write(tmp_path / name, lines(rows))}
        else:
            splits = saved(tmp_path, name, pa.Table.from_pylist(rows))
        result = Reading("table", splits=splits, columns=columns)
        assert result.ids == [7] and result["image_id"] == ["a.jpg"]

    def test_a_name_that_stands_twice(self, tmp_path: Path) -> None:
        twice = b'{"question_id":2,"image_id":2,"question":"Who?","question":"Why?","answers":["x"]}\n'
        result = read(tmp_path, "rows.jsonl", lines(RECORDS[:1]) + twice)
        check_bad(result, "rows.jsonl", 1, 2, "names a field twice")

    @pytest.mark.parametrize(
        "line",
        [
            b'{"question_id":2,"image_id":2,"question":"Who?","answers":NaN}',
            b'{"question_id":2,"image_id":2,"question":"Who?","answers":1e400}',
            b'{"question_id":2,"image_id":2,"question":"Who?","answers":' + b"9" * 5000 + b"}",
            b'{"question_id":2,"image_id":2,"question":"Who?","x":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
            b'{"question_id":2,"image_id":2,"question":"\\ud83d","answers":["x"]}',
            b'{"question_id":2,"image_id":2,"question":"\xed\xa0\xbd","answers":["x"]}',
            b'{"question_id":2,"image_id":2,"question":7,"answers":["x"]},',
        ],
    )
    def test_numbers_nesting_and_bytes_that_none_can_read(self, tmp_path: Path, line: bytes) -> None:
        result = read(tmp_path, "rows.jsonl", lines(RECORDS[:1]) + line + b"\n")
        assert result.ids == [1] and [bad.record for bad in result.bad] == [1]
        assert len(str(result.bad[0].error())) < 1000


class TestLateColumns:
    rows: ClassVar = [row(n) for n in range(10_000)]

    def test_answers_after_the_first_rows_are_no_silence(self, tmp_path: Path) -> None:
        late = [row(n, answers=["red"]) for n in range(10_000, 10_010)]
        result = read(tmp_path, "rows.jsonl", lines(self.rows + late))
        assert len(result.ids) == 10_000 and [bad.id for bad in result.bad] == list(range(10_000, 10_010))

    def test_a_column_that_the_spec_names(self, tmp_path: Path) -> None:
        late = [row(10_000, reply=["red"])]
        result = read(tmp_path, "rows.jsonl", lines(self.rows + late), columns={"answers": "reply"})
        assert [bad.problem for bad in result.bad] == ["The field answers is not expected"]
        late = [row(10_000, kind="colour")]
        result = read(tmp_path, "rows.jsonl", lines(self.rows + late), columns={"question_type": "kind"})
        assert result["question_type"][-1] == "colour" and not result.bad

    def test_one_that_never_comes(self, tmp_path: Path) -> None:
        path = write(tmp_path / "rows.jsonl", lines([*self.rows, row(10_000)]))
        message = failure("table", splits={"train": path}, columns={"question_type": "kind"})
        assert "no column 'kind'" in message


class TestChoices:
    @pytest.mark.parametrize(
        ("answer", "chosen"),
        [(1, "blue"), (0, "red"), ("B", "blue"), ("(A)", "red"), ("1", "blue"), ("blue", "blue")],
    )
    def test_places_letters_and_texts(self, tmp_path: Path, answer: Any, chosen: str) -> None:
        rows = [row(1, choices=["red", "blue"], answer=answer)]
        for name, content in (("a.jsonl", lines(rows)), ("a.parquet", parquet(rows))):
            result = read(tmp_path, name, content, columns={"answers": "answer"})
            assert result.answers == [[chosen]] and result["multiple_choice_answer"] == [chosen]

    def test_choices_that_are_numbers(self, tmp_path: Path) -> None:
        rows = [row(1, options=["2", "1", "0"], answer=2)]
        for name, content in (("a.jsonl", lines(rows)), ("a.parquet", parquet(rows))):
            columns = {"answers": "answer", "choices": "options"}
            assert read(tmp_path, name, content, columns=columns).answers == [["0"]]

    def test_in_csv(self, tmp_path: Path) -> None:
        frame = pd.DataFrame(
            [row(1, choices="['red', 'blue']", answers=1), row(2, choices="['a', 'b']", answers=0)]
        )
        frame.to_csv(tmp_path / "rows.csv", index=False)
        assert Reading("table", splits={"train": tmp_path / "rows.csv"}).answers == [["blue"], ["a"]]

    def test_choices_that_are_no_lists(self, tmp_path: Path) -> None:
        rows = [row(1, choices={"text": ["red", "blue"], "label": ["A", "B"]}, answers="B")]
        path = write(tmp_path / "rows.parquet", parquet(rows))
        assert "'choices' cannot be read" in failure("table", splits={"train": path})
        result = read(tmp_path, "rows.jsonl", lines(rows))
        check_bad(result, "rows.jsonl", 0, 1, "field choices has the wrong type")

    @pytest.mark.parametrize("answer", [2, -1, "C", "7"])
    def test_no_such_choice(self, tmp_path: Path, answer: Any) -> None:
        good = row(1, choices=["red", "blue"], answers=type(answer)(0))
        rows = [good, row(2, choices=["red", "blue"], answers=answer)]
        for name, content in (("a.jsonl", lines(rows)), ("a.parquet", parquet(rows))):
            check_bad(read(tmp_path, name, content), name, 1, 2, "has the wrong type or value")

    def test_problems_by_id_with_their_split(self, tmp_path: Path) -> None:
        problems = {
            str(n): {"question": f"Which, {n}?", "choices": ["a b", "c"], "answer": n % 2, "split": split}
            | {"image": "image.png" if n else None}
            for n, split in enumerate(("train", "val", "test", "train"))
        }
        path = write(tmp_path / "problems.json", problems)
        splits = dict.fromkeys(("train", "validation", "test"), path)
        columns = {"image_id": "question_id", "answers": "answer"}
        result = Reading("table", splits=splits, columns=columns, split_column="split")
        assert list(zip(result.ids, result["split"], result["multiple_choice_answer"], strict=True)) == [
            ("0", "train", "a b"),
            ("3", "train", "c"),
            ("1", "validation", "c"),
            ("2", "test", "a b"),
        ]

    def test_splits_in_columns_of_parquet(self, tmp_path: Path) -> None:
        rows = [row(n, answers="x", split=split) for n, split in enumerate(("train", "val", "train"))]
        path = write(tmp_path / "rows.parquet", parquet(rows))
        result = Reading("table", splits={"train": path, "validation": path}, split_column="split")
        assert result.ids == [0, 2, 1] and not result.bad


FEATURES = {"question": datasets.Value("string"), "image_id": datasets.Value("int64")}


class TestClassNames:
    def dataset(self, tmp_path: Path, feature: Any, values: list[Any]) -> Path:
        features = datasets.Features({**FEATURES, "question_id": datasets.Value("int64"), "answers": feature})
        rows = [row(n, answers=value) for n, value in enumerate(values)]
        path = tmp_path / "data" / "train-00000-of-00001.parquet"
        path.parent.mkdir()
        datasets.Dataset.from_list(rows, features=features).to_parquet(path)
        return path

    @pytest.mark.parametrize("hub", [False, True])
    def test_stand_for_their_numbers(self, tmp_path: Path, hub: bool) -> None:
        path = self.dataset(tmp_path, datasets.ClassLabel(names=["no", "yes"]), [1, 0, -1])
        result = Reading("hub", repo=str(tmp_path)) if hub else Reading("table", splits={"train": path})
        assert result.answers == [["yes"], ["no"]]
        assert [bad.problem for bad in result.bad] == ["The field answers is missing"]

    def test_in_lists(self, tmp_path: Path) -> None:
        feature = datasets.Sequence(datasets.ClassLabel(names=["no", "yes"]))
        path = self.dataset(tmp_path, feature, [[1, 0], [0]])
        assert Reading("table", splits={"train": path}).answers == [["yes", "no"], ["no"]]


class TestImagesForIds:
    def splits(self, tmp_path: Path, *names: str | None) -> dict[str, Path]:
        images = [{"bytes": b"\xff", "path": name} for name in names]
        texts = [f"Who, {number}?" for number in range(len(names))]
        return saved(tmp_path, "a.parquet", pa.table({"image": images, "question": texts, "answers": texts}))

    @pytest.mark.parametrize("column", ["image", "image.path"])
    def test_file_names(self, tmp_path: Path, column: str) -> None:
        columns = {"question_id": None, "image_id": column}
        result = Reading("table", splits=self.splits(tmp_path, "a.png", "b.png", "a.png"), columns=columns)
        assert result["image_id"] == ["a.png", "b.png", "a.png"] and result.ids[2] == "train-2"

    def test_numbers_where_there_is_no_name(self, tmp_path: Path) -> None:
        splits = self.splits(tmp_path, None, "b.png")
        columns = {"question_id": None, "image_id": "image"}
        assert Reading("table", splits=splits, columns=columns)["image_id"] == ["train-0", "b.png"]
        columns["image_id"] = None
        assert Reading("table", splits=splits, columns=columns)["image_id"] == ["train-0", "train-1"]
        lost = failure("table", splits=splits, columns={"question_id": None})
        assert "image_id: image" in lost and "image_id: null" in lost

    def test_on_the_hub(self, tmp_path: Path) -> None:
        (tmp_path / "data").mkdir()
        self.splits(tmp_path, "a.png", "b.png")["train"].rename(
            tmp_path / "data/train-00000-of-00001.parquet"
        )
        columns = {"question_id": None, "image_id": "image"}
        assert Reading("hub", repo=str(tmp_path), columns=columns)["image_id"] == ["a.png", "b.png"]


class TestTextsThatNobodySees:
    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("\u200b", "no visible character"),
            ("\u200b \u00ad", "no visible character"),
            ("\ufeffWho?", "byte order mark U+FEFF at position 0"),
            ("Who\ufeff?", "byte order mark U+FEFF at position 3"),
            ("Who\uffff?", "non-character U+FFFF"),
            ("Who\x00?", "control character U+0000"),
        ],
    )
    @pytest.mark.parametrize("name", ["rows.jsonl", "rows.parquet", "rows.json"])
    def test_one_rule(self, tmp_path: Path, name: str, text: str, problem: str) -> None:
        rows = [row(1, answers=["x"]), row(2, answers=["x"], question=text) | {"question": text}]
        check_bad(read(tmp_path, name, FILES[name](rows)), name, 1, 2, problem)

    def test_joiners_within_words_stay(self, tmp_path: Path) -> None:
        rows = [row(1, answers=["क\u094d\u200dष", "a\u200bb"], question="写真\u200bは？")]
        result = read(tmp_path, "rows.jsonl", lines(rows))
        assert result.answers == [["क\u094d\u200dष", "a\u200bb"]] and not result.bad


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_empty_ids_among_integers(tmp_path: Path, delimiter: str) -> None:
    rows = [
        "question_id image_id question answers",
        "1 im1 Who? he",
        " im2 Why? so",
        "3 im3 Is? yes",
        "4  How? x",
    ]
    name = "rows.csv" if delimiter == "," else "rows.tsv"
    result = read(tmp_path, name, "\n".join(rows).replace(" ", delimiter).encode())
    assert result.ids == [1, 3]
    assert [(bad.record, bad.problem) for bad in result.bad] == [
        (1, "question_id is empty"),
        (3, "image_id is empty"),
    ]


@pytest.mark.parametrize("inner", [False, True])
def test_names_of_arrow_that_are_no_utf8(tmp_path: Path, inner: bool) -> None:
    rows = [row(1, answers=[{"answer": "x", "zzzz": 1}], zzzz=1)]
    name = b"zzzz" if inner else b"question_id"
    data = arrow(rows, pa.ipc.new_file).replace(name, b"\xff" + name[1:])
    message = failure("table", splits={"train": write(tmp_path / "rows.arrow", data)})
    assert "rows.arrow" in message


def test_offsets_of_arrow_that_point_nowhere(tmp_path: Path) -> None:
    data = bytearray(arrow([row(n, answers=["cat", "dog"]) for n in range(8)], pa.ipc.new_file))
    offsets = bytes(pa.array([11 * n for n in range(9)], pa.int32()).buffers()[1])
    place = data.index(offsets)
    data[place + 8 : place + 12] = b"\xff\xff\xff\x7f"
    path = write(tmp_path / "rows.arrow", bytes(data))
    assert "damaged" in failure("table", splits={"train": path})
