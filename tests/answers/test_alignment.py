"""Every label gets an answer, by table, by engine, or in plain English; merges are listed."""

import pyarrow as pa

from vqa_builder import languages, schema
from vqa_builder.answers.alignment import align, answer_texts

ANSWERS = {  # English: Japanese, kept, count
    "2": ("ツー", True, 40),
    "cat": ("猫", True, 9),
    "cats": ("猫", True, 4),
    "yes": ("はい、そうです", True, 50),
    "gibberish": ("ぐぐぐ", False, 1),
    "skateboard": ("スケートボード", True, 3),
}
VOCABULARY = pa.table(
    [[0, 1, 2, 3, 4, 5], ["2", "cat", "cats", "yes", "gibberish", "never given"], [None] * 6],
    schema=schema.VOCABULARY,
)


def tables() -> tuple[pa.Table, pa.Table, pa.Table, pa.Table]:
    names = list(ANSWERS)
    size = len(names)
    segments = pa.table(
        [[f"a{n}" for n in names], ["answer"] * size, names, [""] * size, [ANSWERS[n][2] for n in names]],
        schema=schema.SEGMENTS,
    )
    blank = [None] * size
    texts = [ANSWERS[n][0] for n in names]
    translations = pa.table(
        [segments["segment_id"], ["ja"] * size, texts, names, blank, blank, ["ok"] * size, blank],
        schema=schema.TRANSLATIONS,
    )
    keep = [ANSWERS[n][1] for n in names]
    verdicts = pa.table(
        [segments["segment_id"], ["ja"] * size, keep, [[] if kept else ["chrf<70"] for kept in keep]],
        schema=schema.VERDICTS,
    )
    scores = pa.table(
        {
            "segment_id": segments["segment_id"],
            "language": ["ja"] * size,
            "chrf": pa.array([88.0] * size, pa.float32()),
        }
    )
    return segments, translations, verdicts, scores


def test_every_label_has_its_answer_and_the_way_it_was_found() -> None:
    segments, translations, verdicts, scores = tables()
    found = align(VOCABULARY, segments, translations, verdicts, scores, languages.get("ja"))
    assert found.schema == schema.ANSWER_MAP
    rows = {row["answer_en"]: row for row in found.to_pylist()}
    assert [rows[name]["answer"] for name in ("2", "cat", "yes")] == ["2", "猫", "はい"]
    assert [rows[name]["method"] for name in ("2", "cat", "yes")] == ["number", "engine", "yes/no"]
    assert (rows["gibberish"]["answer"], rows["gibberish"]["method"]) == ("gibberish", "english")
    assert (rows["never given"]["method"], rows["never given"]["support"]) == ("english", 0)
    assert rows["cat"]["support"] == 9
    assert rows["cat"]["score"] == 88.0
    assert rows["yes"]["score"] is None


def test_merges_are_listed_on_both_sides() -> None:
    segments, translations, verdicts, scores = tables()
    rows = align(VOCABULARY, segments, translations, verdicts, scores, languages.get("ja")).to_pylist()
    assert [row["merged_with"] for row in rows] == [[], [2], [1], [], [], []]


def test_annotators_answers_go_through_the_map_first() -> None:
    segments, translations, verdicts, scores = tables()
    rules = languages.get("ja")
    answer_map = align(VOCABULARY, segments, translations, verdicts, scores, rules)
    texts = answer_texts(segments, translations, verdicts, answer_map, rules)
    assert dict(zip(ANSWERS, texts.to_pylist(), strict=True)) == {
        "2": "2",
        "cat": "猫",
        "cats": "猫",
        "yes": "はい",
        "gibberish": "gibberish",
        "skateboard": "スケートボード",
    }
