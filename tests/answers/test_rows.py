"""Every annotator's answer stands in its row with the way it came about."""

import pyarrow as pa
import pytest

from tests.answers.conftest import MakeExamples, assigned
from vqa_builder import languages, schema, segments as segmentation
from vqa_builder.answers import modes, senses
from vqa_builder.answers.alignment import METHODS, answer_texts, listed_answers
from vqa_builder.answers.rows import quotations, translated_answers

JA, HI = languages.get("ja"), languages.get("hi")
VERBATIM = ("-15", "www.exit.com", "C++", "3/4", "P. Carter", "Zarf")
NO_LABELS = schema.ANSWER_MAP.empty_table()


def answers_of(examples: pa.Table, code: str) -> list[list[dict[str, str]] | None]:
    meant = assigned(examples, senses.known_rules(), (), lambda rows: modes.decide(rows, "auto"))
    segments = segmentation.extract(examples, meant)
    blank = pa.nulls(segments.num_rows, pa.string())
    translations = pa.table([segments["segment_id"], *[blank] * 7], schema=schema.TRANSLATIONS)
    verdicts = pa.table({"keep": pa.repeat(False, segments.num_rows)})
    language = languages.get(code)
    listed = listed_answers(segments, language)
    texts = answer_texts(segments, listed, translations, verdicts, NO_LABELS, language, [], glossary={})
    found: list[list[dict[str, str]] | None] = translated_answers(
        examples, meant, segmentation.Places(segments), texts, language
    )["answers"].to_pylist()
    return found


@pytest.mark.parametrize("code", ["ja", "hi"])
def test_what_nothing_translates_stands_verbatim(make_examples: MakeExamples, code: str) -> None:
    rows = answers_of(make_examples(*(("What is this?", {text: 2}) for text in VERBATIM)), code)
    assert [[one["answer"] for one in row or []] for row in rows] == [[text] * 2 for text in VERBATIM]
    methods = [row[0]["method"] for row in rows if row]
    assert [method.split(":")[0] in METHODS for method in methods] == [True] * len(VERBATIM)
    assert methods[:4] == ["copied:form", "copied:form", "copied:form", "table"]
    assert methods[4:] == ["untranslated"] * 2


@pytest.mark.parametrize(
    ("question", "answer", "ja", "hi", "method"),
    [
        ("What does the sign say?", "exit", "exit", "exit", "copied:text"),
        ("What does the sign say?", "no sign", "標識はない", "कोई संकेत नहीं", "table"),
        ("What does it say?", "yes", "はい", "हाँ", "table"),
        ("What brand is it?", "apple", "Apple", "Apple", "table"),
        ("What brand is it?", "crown", "crown", "crown", "copied:brand"),
        ("What is the logo?", "horse", "馬", "घोड़ा", "table"),
        ("What is the logo?", "zarf", "zarf", "zarf", "copied:print"),
        ("What is the logo?", "apple", "Apple", "Apple", "table"),
        ("What team is this?", "baseball", "野球", "बेसबॉल", "table"),
        ("What is on the table?", "two cups", "カップ2個", "2 कप", "table"),
        ("Is it red?", "n/a", "該当なし", "लागू नहीं", "table"),
    ],
)
def test_questions_decide(
    make_examples: MakeExamples, question: str, answer: str, ja: str, hi: str, method: str
) -> None:
    for code, expected in (("ja", ja), ("hi", hi)):
        (row,) = answers_of(make_examples((question, {answer: 1})), code)
        assert row is not None
        if answer != "no sign":
            assert row[0]["answer"] == expected
        assert (row[0]["answer_en"], row[0]["method"]) == (answer, method)


def test_quotations_need_a_reason() -> None:
    texts, methods = quotations(pa.array(["stop", "stop"]), pa.array(["text", None]), JA)
    assert (texts.to_pylist(), methods.to_pylist()) == (["stop", None], ["copied:text", None])
