"""Text in the picture is copied, and nothing else; the method says why."""

import pyarrow as pa
import pytest

from tests.answers.conftest import MakeExamples
from vqa_builder.answers.modes import Mode, cue, decide, is_code, of_dataset


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What does the sign say?", "text"),
        ("What is written on the side of the bus?", "text"),
        ("What word is on the shirt?", "text"),
        ("What is the title of the book?", "text"),
        ("What is the first letter on the plate?", "text"),
        ("What brand is the laptop?", "brand"),
        ("Who is the manufacturer?", "name"),
        ("What company owns the truck?", "brand"),
        ("What is the license plate number?", "plate"),
        ("What is the website?", "plate"),
        ("What is the name of the restaurant?", "name"),
        ("What airline is this?", "name"),
        ("What is the logo on the truck?", "print"),
        ("What team is playing?", "print"),
        ("What color is the sign?", None),
        ("What color is the lettering on the bus?", None),
        ("What language is written on the sign?", None),
        ("How many letters are on the sign?", None),
        ("Is there a word on the shirt?", None),
        ("What is the man reading?", None),
        ("What is the name of this sport?", None),
        ("What time does the clock say?", None),
        ("What does this sign mean?", None),
        ("What is the title of the person on the right?", None),
        ("What is the woman holding?", None),
        ("Where is the stop sign?", None),
    ],
)
def test_the_cue_of_a_question(question: str, expected: str | None) -> None:
    assert cue(question) == expected


@pytest.mark.parametrize(
    "answer",
    [
        "-5",
        "+1",
        "C++",
        "c#",
        "www.exit.com",
        "a@b.org",
        "ng05b52",
        "1/8/93",
        "3-2",
        "?",
        "x",
        '"stop"',
        "#1",
    ],
)
def test_what_is_written_alike_everywhere(answer: str) -> None:
    assert is_code(answer)


@pytest.mark.parametrize(
    "answer",
    ["cat", "2 cats", "2nd", "10am", "50's", "5ft", "n/a", "red/white", "P. Carter", "t-shirt", "is it?"],
)
def test_what_is_not(answer: str) -> None:
    assert not is_code(answer)


SIGN = ("What does the sign say?", {"exit": 3, "no sign": 1, "Yes": 1, "nothing": 1})
OBJECT = ("What is this?", {"exit": 1, "-5": 1})


@pytest.mark.parametrize(
    ("mode", "by_question", "copied"),
    [
        ("auto", {}, [["text"] * 3 + [None] * 3, [None, "form"]]),
        ("translate", {}, [[None] * 6, [None, None]]),
        ("copy", {}, [["source"] * 4 + [None] + ["source"], ["source", "source"]]),
        ("auto", {"^what is": "copy"}, [["text"] * 3 + [None] * 3, ["source", "source"]]),
        ("copy", {"sign": "translate", "^what": "auto"}, [[None] * 6, [None, "form"]]),
    ],
)
def test_modes(
    make_examples: MakeExamples, mode: Mode, by_question: dict[str, Mode], copied: list[list[str | None]]
) -> None:
    table = decide(make_examples(SIGN, OBJECT), mode, by_question)
    assert table["answers_copied"].to_pylist() == copied
    assert table["winner_copied"].to_pylist() == [row[0] for row in copied]


def test_rows_without_answers_copy_nothing(make_examples: MakeExamples) -> None:
    rows = make_examples(SIGN)
    for name in ("answers", "multiple_choice_answer"):
        field = rows.schema.field(name)
        rows = rows.set_column(rows.schema.get_field_index(name), field, pa.nulls(1, field.type))
    assert set(decide(rows, "auto").to_pylist()[0].values()) == {None}


@pytest.mark.parametrize(
    ("names", "mode"),
    [
        (["textvqa"], "copy"),
        (["x", "lmms-lab/DocVQA"], "copy"),
        (["HuggingFaceM4/ChartQA"], "copy"),
        (["st-vqa"], "copy"),
        (["vqa-v2"], "auto"),
        (["gqa"], "auto"),
        (["context-qat"], "auto"),
    ],
)
def test_extractive_data_are_copied(names: list[str], mode: Mode) -> None:
    assert of_dataset(names, "auto") == mode
