"""Every sense of every label gets an answer, by the first of its sources; merges are listed and judged."""

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tests.answers.conftest import MakeExamples, assigned
from vqa_builder import languages, schema, segments as segmentation
from vqa_builder.answers import candidates, contexts, senses
from vqa_builder.answers.alignment import align, answer_texts, listed_answers, open_senses, unknown_answers

JA = languages.get("ja")
ENGINES = ["mini|v1"]
ROWS = [
    ("What color is the car?", {"orange": 8, "Orange": 1, "quux": 1}),
    ("What fruit is this?", {"orange": 7, "oranges": 3}),
    ("What animal is it?", {"cat": 6, "cats": 3, "grault": 1}),
    ("Is it?", {"yes": 10}),
    ("What closes it?", {"zarf": 6, "blick": 2, "dax": 1, "wug": 1}),
]
LABELS = ("orange", "oranges", "cat", "cats", "yes", "zarf", "blick", "dax", "never", "")
ENGINE = {
    "zarf": "ザーフ",
    "blick": "ブリック",
    "dax": "ダックス",
    "grault": "グラルト",
    "quux": "クワックス",
    "bat": "Schläger",
}


def tables(
    make_examples: MakeExamples,
    make_vocabulary: Callable[..., pa.Table],
    rows: Sequence[tuple[str, dict[str, int]]] = ROWS,
    labels: Sequence[str] = LABELS,
) -> dict[str, Any]:
    """All that ``align`` takes: what ENGINE says, where a person said ``dax`` and ``blick`` was rejected."""
    examples, rules = make_examples(*rows), senses.known_rules()
    given = assigned(examples, rules)
    segments = segmentation.extract(examples, given)
    texts = [ENGINE.get(text) for text in segments["text"].to_pylist()]
    size, blank = len(texts), [None] * len(texts)
    engine = ["human" if text == "ダックス" else "mini|v1" if text else None for text in texts]
    status = ["ok" if text else "failed" for text in texts]
    translations = pa.table(
        [segments["segment_id"], ["ja"] * size, texts, texts, engine, engine, status, blank],
        schema=schema.TRANSLATIONS,
    )
    keep = [text not in (None, "ブリック", "ダックス") for text in texts]
    verdicts = pa.table(
        [segments["segment_id"], ["ja"] * size, keep, [[] for _ in keep]], schema=schema.VERDICTS
    )
    scores = pa.table({"segment_id": segments["segment_id"], "chrf": pa.array([80.0] * size, pa.float32())})
    found = contexts.find(examples, given, make_vocabulary(*labels), rules)
    return {
        "contexts": found,
        "segments": segments,
        "translations": translations,
        "verdicts": verdicts,
        "scores": scores,
        "candidates": candidates.table([], [], []),
    }


def entries(table: pa.Table) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["answer_en"], row["sense"]): row for row in table.to_pylist()}


def test_the_first_source_that_knows_decides(
    make_examples: MakeExamples, make_vocabulary: Callable[..., pa.Table]
) -> None:
    inputs = tables(make_examples, make_vocabulary)
    table = align(**inputs, language=JA, glossary={("cat", ""): "ねこ"}, engines=ENGINES)
    assert table.schema == schema.ANSWER_MAP
    found = {key: (row["answer"], row["method"], row["support"]) for key, row in entries(table).items()}
    assert found == {
        ("orange", "colour"): ("オレンジ色", "colour", 9),
        ("orange", "fruit"): ("オレンジ", "food", 7),
        ("oranges", ""): ("オレンジ", "food", 3),
        ("cat", ""): ("ねこ", "glossary", 6),
        ("cats", ""): ("猫", "animal", 3),
        ("yes", ""): ("はい", "yes/no", 10),
        ("zarf", ""): ("ザーフ", "engine", 6),
        ("blick", ""): ("blick", "untranslated", 2),
        ("dax", ""): ("ダックス", "memory", 1),
        ("never", ""): ("一度もない", "quality", 0),
        ("", ""): ("", "copied", 0),
    }
    assert entries(table)["orange", "colour"]["examples"] == ["What color is the car?"]


def test_labels_that_read_alike_list_each_other(
    make_examples: MakeExamples, make_vocabulary: Callable[..., pa.Table]
) -> None:
    table = align(**tables(make_examples, make_vocabulary), language=JA, glossary={}, engines=ENGINES)
    rows = entries(table)
    assert rows["orange", "fruit"]["merged_with"] == [1]
    assert rows["oranges", ""]["merged_with"] == [0]
    assert rows["orange", "colour"]["merged_with"] == []
    assert [rows["cat", ""]["merge"], rows["orange", "fruit"]["merge"]] == ["intended", "intended"]
    assert rows["yes", ""]["merge"] == "none"
    for row in table.to_pylist():
        assert (row["merge"] == "none") == (not row["merged_with"])


def test_a_merge_that_nobody_meant_is_flagged(
    make_examples: MakeExamples, make_vocabulary: Callable[..., pa.Table]
) -> None:
    inputs = tables(make_examples, make_vocabulary)
    table = align(**inputs, language=JA, glossary={("zarf", ""): "猫"}, engines=ENGINES)
    assert [entries(table)[name, ""]["merge"] for name in ("zarf", "cat", "cats")] == ["flagged"] * 3


def test_engines_vote_in_context(
    make_examples: MakeExamples, make_vocabulary: Callable[..., pa.Table]
) -> None:
    inputs = tables(make_examples, make_vocabulary)
    frames = [
        candidates.Asked("blick", "", "blick", "This is {answer}.", 0.7),
        candidates.Asked("blick", "", "blick", "It is in {answer}.", 0.3),
        candidates.Asked("zarf", "", "zarf", "This is {answer}.", 0.6),
    ]
    made = candidates.table(frames, ["煉瓦", "ブリッカ", "ザルフ"], ["bricks and blick", "blick", "zarfs"])
    table = align(**{**inputs, "candidates": made}, language=JA, glossary={}, engines=ENGINES)
    rows = entries(table)
    assert (rows["blick", ""]["answer"], rows["blick", ""]["method"]) == ("ブリッカ", "engine")
    assert (rows["zarf", ""]["answer"], rows["zarf", ""]["runner_up"]) == ("ザーフ", "ザルフ")
    assert rows["zarf", ""]["score"] == 0.5


def test_the_bare_answer_weighs_less_where_it_has_several_senses(
    make_examples: MakeExamples, make_vocabulary: Callable[..., pa.Table]
) -> None:
    """It cannot tell them apart: as much as a context, Schläger would win (0.8 against 0.7)."""
    inputs = tables(make_examples, make_vocabulary, [("What animal is it?", {"bat": 10})], ["bat"])
    asked = [candidates.Asked("bat", "animal", "bat", "The animal is {answer}.", 0.7)]
    made = candidates.table(asked, ["Fledermaus"], ["bat"])
    german = languages.get("de")
    table = align(**{**inputs, "candidates": made}, language=german, glossary={}, engines=ENGINES)
    row = entries(table)["bat", "animal"]
    assert (row["answer"], row["runner_up"]) == ("Fledermaus", "Schläger")
    assert round(row["score"], 2) == 0.58


def test_what_a_dictionary_refutes_is_no_answer(
    make_examples: MakeExamples, make_vocabulary: Callable[..., pa.Table]
) -> None:
    rows = [("What is it?", {"brown zarf dog": 6, "zarf dog": 4})]
    inputs = tables(make_examples, make_vocabulary, rows, [])
    segments, size = inputs["segments"], len(inputs["segments"])
    said = {"brown zarf dog": "ザーフ犬", "zarf dog": "ザーフ犬"}
    texts = pa.array([said.get(text) for text in segments["text"].to_pylist()], pa.string())
    translations = pa.table({"text": texts, "back_text": texts, "engine": pa.array(["mini|v1"] * size)})
    verdicts = pa.table({"keep": [True] * size})
    answer_map = align(**inputs, language=JA, glossary={}, engines=ENGINES)
    made = answer_texts(
        segments, listed_answers(segments, JA), translations, verdicts, answer_map, JA, ENGINES, glossary={}
    )
    found = dict(zip(segments["text"].to_pylist(), made["method"].to_pylist(), strict=True))
    assert found["zarf dog"] == "engine"
    assert found["brown zarf dog"] == "untranslated"


def test_engines_are_asked_only_for_what_nothing_else_knows(
    make_examples: MakeExamples, make_vocabulary: Callable[..., pa.Table]
) -> None:
    inputs = tables(make_examples, make_vocabulary)
    unsettled = open_senses(
        inputs["contexts"],
        inputs["segments"],
        inputs["translations"],
        JA,
        glossary={("blick", ""): "ブリック"},
        engines=ENGINES,
    )
    assert unsettled == [("zarf", "")]


def test_no_answer_reads_otherwise_without_the_translations_that_need_not_be_made(
    make_examples: MakeExamples, make_vocabulary: Callable[..., pa.Table]
) -> None:
    whole = tables(make_examples, make_vocabulary)
    segments, glossary = whole["segments"], {("blick", ""): "ブリック"}
    answers = segments.filter(pc.equal(segments["role"], "answer"))
    said = ["ダックス" if text == "dax" else None for text in answers["text"].to_pylist()]
    wanted = unknown_answers(answers, listed_answers(answers, JA), whole["contexts"], said, JA, glossary)
    assert answers["text"].filter(wanted).to_pylist() == ["dax", "grault", "quux", "wug", "zarf"]
    less = pa.concat_tables(
        [segments.filter(pc.not_equal(segments["role"], "answer")), answers.filter(wanted)]
    )
    ids = pc.index_in(less["segment_id"], segments["segment_id"])
    some = {name: whole[name].take(ids) for name in ("translations", "verdicts", "scores")}
    maps = [
        align(**inputs, language=JA, glossary=glossary, engines=ENGINES)
        for inputs in (whole, {**whole, **some, "segments": less})
    ]
    assert maps[0] == maps[1]
    fewer = {name: segmentation.for_all(segments, table) for name, table in some.items()}
    read = [
        answer_texts(
            segments,
            listed_answers(segments, JA),
            made["translations"],
            made["verdicts"],
            maps[0],
            JA,
            ENGINES,
            glossary=glossary,
        )
        for made in (whole, fewer)
    ]
    assert read[0] == read[1]


def test_an_answer_is_asked_for_where_one_of_its_spellings_or_senses_is_unknown(
    make_examples: MakeExamples, make_vocabulary: Callable[..., pa.Table]
) -> None:
    inputs = tables(make_examples, make_vocabulary, [("What is this?", {"Zarf": 3, "zarf": 7})], ["zarf"])
    answers = inputs["segments"].filter(pc.equal(inputs["segments"]["role"], "answer"))
    for glossary, found in (({}, [True, True]), ({("zarf", ""): "ザーフ"}, [False, False])):
        arguments = (answers, listed_answers(answers, JA), inputs["contexts"], [None, None], JA, glossary)
        assert unknown_answers(*arguments).to_pylist() == found
    sensed = answers.set_column(3, "context", pa.array(["thing", ""]))
    assert unknown_answers(
        sensed, listed_answers(sensed, JA), inputs["contexts"], [None] * 2, JA, glossary
    ).to_pylist() == [True, True]


def test_annotators_answers_read_as_their_sense_says(
    make_examples: MakeExamples, make_vocabulary: Callable[..., pa.Table]
) -> None:
    inputs = tables(make_examples, make_vocabulary)
    answer_map = align(**inputs, language=JA, glossary={}, engines=ENGINES)
    segments = inputs["segments"]
    made = answer_texts(
        segments,
        listed_answers(segments, JA),
        inputs["translations"],
        inputs["verdicts"],
        answer_map,
        JA,
        ENGINES,
        glossary={},
    )
    keys = zip(segments["text"].to_pylist(), segments["context"].to_pylist(), strict=True)
    texts, methods = made["text"].to_pylist(), made["method"].to_pylist()
    found = dict(zip(keys, zip(texts, methods, strict=True), strict=True))
    assert found["Orange", "colour"] == found["orange", "colour"] == ("オレンジ色", "table")
    assert found["orange", "fruit"] == ("オレンジ", "table")
    assert found["grault", ""] == ("グラルト", "engine")
    assert found["dax", ""] == ("ダックス", "memory")
    assert found["wug", ""] == ("wug", "untranslated")
    assert found["What closes it?", ""] == (None, None)


def test_what_people_say_of_an_answer_wins_over_tables_and_spellings(
    make_examples: MakeExamples, make_vocabulary: Callable[..., pa.Table]
) -> None:
    inputs = tables(make_examples, make_vocabulary)
    segments, translations = inputs["segments"], inputs["translations"]
    said = {("cat", ""): "ネコ", ("grault", ""): "ニャンコ", ("Orange", "colour"): "橙色"}
    keys = list(zip(segments["text"].to_pylist(), segments["context"].to_pylist(), strict=True))
    text = [said.get(key, old) for key, old in zip(keys, translations["text"].to_pylist(), strict=True)]
    engine = [
        "human" if key in said else old
        for key, old in zip(keys, translations["engine"].to_pylist(), strict=True)
    ]
    for name, values in (("text", text), ("engine", engine)):
        place = translations.schema.get_field_index(name)
        translations = translations.set_column(place, name, pa.array(values, pa.string()))
    inputs["translations"] = translations
    answer_map = align(**inputs, language=JA, glossary={}, engines=ENGINES)
    rows = entries(answer_map)
    assert (rows["cat", ""]["answer"], rows["cat", ""]["method"]) == ("ネコ", "memory")
    assert rows["orange", "colour"]["answer"] == "橙色"
    assert rows["orange", "fruit"]["method"] == "food"
    without = answer_map.filter(pa.array([row["answer_en"] != "cat" for row in answer_map.to_pylist()]))
    made = answer_texts(
        segments,
        listed_answers(segments, JA),
        translations,
        inputs["verdicts"],
        without,
        JA,
        ENGINES,
        glossary={},
    )
    texts = made["text"].to_pylist()
    found = dict(zip(keys, texts, strict=True))
    assert (found["grault", ""], found["cat", ""], found["cats", ""]) == ("ニャンコ", "ネコ", "猫")
    assert JA.answer("cat", "") is not None


def test_lists_of_the_same_members_read_alike(
    make_examples: MakeExamples, make_vocabulary: Callable[..., pa.Table]
) -> None:
    rows = make_examples(
        ("What color is it?", {"black and white": 7, "white and black": 3}),
        ("What is it?", {"fork and knife": 6, "knife and fork": 3, "knife": 1}),
    )
    rules = senses.known_rules()
    given = assigned(rows, rules)
    labels = make_vocabulary("white and black", "black and white", "knife and fork", "fork and knife")
    segments = segmentation.extract(rows, given)
    blank = pa.nulls(segments.num_rows, pa.string())
    table = align(
        contexts.find(rows, given, labels, rules),
        segments,
        pa.table([segments["segment_id"], *[blank] * 7], schema=schema.TRANSLATIONS),
        pa.table({"keep": pa.repeat(False, segments.num_rows)}),
        pa.table({"segment_id": segments["segment_id"]}),
        candidates.table([], [], []),
        JA,
        glossary={("fork and knife", ""): "フォークとナイフ一組"},
        engines=[],
    )
    assert table["answer"].to_pylist() == ["白黒", "白黒", "フォークとナイフ一組", "フォークとナイフ一組"]
    assert table["merge"].to_pylist() == ["intended"] * 4
