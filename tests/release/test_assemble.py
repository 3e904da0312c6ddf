"""Rows come together: nothing is lost, nothing is invented, every score stays beside its question."""

import pyarrow as pa

from vqa_builder import languages, schema, segments as segmentation
from vqa_builder.answers.senses import assign
from vqa_builder.release.assemble import assemble, split_rows

TEN = [{"answer": "cat", "answer_confidence": "yes", "answer_id": n} for n in range(1, 10)]
TEN.append({"answer": "dog", "answer_confidence": "maybe", "answer_id": 10})
VOCABULARY = pa.table([[0], ["cat"], [1]], schema=schema.VOCABULARY)


def rows() -> pa.Table:
    records = [
        ("a1", 7, "train", "What is it?", "what is", "other", "cat", TEN),
        ("a2", 8, "train", "Where  is it?", "where is", "other", "cat", TEN),
        ("a3", 9, "test", "What is it?", None, None, None, None),
    ]
    names = schema.examples_schema(pa.string(), pa.int64()).names
    examples = pa.Table.from_pylist(
        [dict(zip(names, record, strict=True)) for record in records],
        schema.examples_schema(pa.string(), pa.int64()),
    )
    segments = segmentation.extract(examples)
    target = {"What is it?": "これは何ですか？", "Where  is it?": None, "cat": "猫", "dog": "犬"}
    texts = [target[text] for text in segments["text"].to_pylist()]
    size = segments.num_rows
    status = ["ok" if text else "failed" for text in texts]
    back_texts = [text and f"back from {text}" for text in texts]
    engine, back_engine = ([text and name for text in texts] for name in ("mini|there", "mini|back"))
    translations = pa.table(
        [
            segments["segment_id"],
            ["ja"] * size,
            texts,
            back_texts,
            engine,
            back_engine,
            status,
            [None] * size,
        ],
        schema=schema.TRANSLATIONS,
    )
    scores = pa.table(
        {
            "segment_id": segments["segment_id"],
            "language": ["ja"] * size,
            "chrf": pa.array([None if text is None else 50.0 for text in texts], pa.float32()),
        }
    )
    reasons = [[] if text else ["untranslated"] for text in texts]
    verdicts = pa.table(
        [segments["segment_id"], ["ja"] * size, [not reason for reason in reasons], reasons],
        schema=schema.VERDICTS,
    )
    made = {"text": [target[text] for text in segments["text"].to_pylist()], "method": ["table"] * size}
    senses = pa.concat_tables(assign(examples, {}))
    tables = (segments, translations, scores, verdicts, pa.table(made), VOCABULARY)
    return pa.concat_tables(assemble(examples, senses, *tables, languages.get("ja")))


def parts() -> list[dict[str, pa.Table]]:
    return [{split: part.table() for split, part in tables.items()} for tables in split_rows(rows())]


def test_every_row_is_kept_or_rejected_with_its_reasons() -> None:
    data, rejected = parts()
    assert {split: table.num_rows for split, table in data.items()} == {"train": 1, "test": 1}
    assert {split: table.num_rows for split, table in rejected.items()} == {"train": 1, "test": 0}
    assert rejected["train"]["question_id"].to_pylist() == ["a2"]
    assert rejected["train"]["reasons"].to_pylist() == [["untranslated"]]


def test_the_columns_are_those_of_the_design() -> None:
    data, rejected = parts()
    scores = pa.struct([("chrf", pa.float32())])
    assert data["train"].schema == schema.data_schema(pa.string(), pa.int64(), scores)
    assert rejected["train"].schema == schema.rejected_schema(data["train"].schema)


def test_every_column_comes_from_where_it_should() -> None:
    row = parts()[0]["train"].to_pylist()[0]
    answers = row.pop("answers")
    assert row == {
        "question_id": "a1",
        "image_id": 7,
        "language": "ja",
        "question": "これは何ですか？",
        "question_en": "What is it?",
        "question_back": "back from これは何ですか？",
        "question_type": "what is",
        "answer_type": "other",
        "multiple_choice_answer": "猫",
        "multiple_choice_answer_en": "cat",
        "multiple_choice_answer_method": "table",
        "labels": [0],
        "soft_scores": [1.0],
        "alignment": [],
        "scores": {"chrf": 50.0},
        "engine": "mini|there",
    }
    assert list(answers[0].values()) == ["猫", "cat", "table", "yes", 1]
    assert list(answers[9].values()) == ["犬", "dog", "table", "maybe", 10]


def test_the_source_text_stays_as_it_was() -> None:
    assert parts()[1]["train"]["question_en"].to_pylist() == ["Where  is it?"]


def test_test_rows_have_no_answers() -> None:
    row = parts()[0]["test"].to_pylist()[0]
    for name in ("answers", "labels", "soft_scores", "multiple_choice_answer", "multiple_choice_answer_en"):
        assert row[name] is None
