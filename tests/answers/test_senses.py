"""The question decides which sense of an answer is meant."""

from typing import Any

import pyarrow as pa
import pytest

from tests.answers.conftest import MakeExamples, assigned
from vqa_builder.answers.senses import grouped, head, known_rules


@pytest.mark.parametrize(
    ("answer", "question", "sense"),
    [
        ("orange", "What color is the truck?", "colour"),
        ("very light", "How would you describe the weight of the feather?", "weight"),
        ("very light", "What shade is the wall?", "shade"),
        ("asian", "What type of food is this?", "cuisine"),
        ("asian", "What race is the man?", "kind"),
        ("stuffed", "What type of crust is the pizza?", "food"),
        ("stuffed", "Is the bear real or stuffed?", "toy"),
        ("orange", "What fruit is on the plate?", "fruit"),
        ("right", "Which way is the arrow pointing?", "direction"),
        ("right", "Is the answer right or wrong?", "correct"),
        ("left", "Where is the fork?", "direction"),
        ("bat", "What is the man holding?", "sport"),
        ("bat", "What animal is this?", "animal"),
        ("light", "What is on the ceiling?", "lamp"),
        ("light", "Are the countertops a light or dark color?", "shade"),
        ("light", "How heavy is the baseball bat?", "weight"),
        ("glasses", "What is the man wearing on his face?", "eyewear"),
        ("glasses", "What are they drinking from?", "vessel"),
        ("watch", "What is on the man's wrist?", "timepiece"),
        ("fall", "What season is it?", "season"),
        ("fall", "What will happen to the wooden blocks?", "action"),
        ("spring", "What season does it appear to be?", "season"),
        ("spring", "What is the mattress made of?", "coil"),
        ("bow", "What is around the toy's neck?", "ribbon"),
        ("fly", "What is on the horse's ear?", "insect"),
        ("fly", "What is this jet getting ready to do?", "action"),
        ("crane", "What kind of bird is this?", "bird"),
        ("crane", "What type of machinery is yellow?", "machine"),
        ("mouse", "What is between the mug and the keyboard?", "computer"),
        ("mouse", "What is the cat looking at?", "animal"),
        ("turkey", "What country is this in?", "country"),
        ("turkey", "What kind of sandwich is this?", "bird"),
        ("china", "What country is this?", "country"),
        ("china", "What type of dishes are on the shelves?", "porcelain"),
        ("can", "What is the man holding?", "container"),
        ("square", "What shape is the plate?", "shape"),
        ("square", "Where are the people walking?", "place"),
        ("park", "Where is this?", "place"),
        ("park", "What can cars not do on this street?", "action"),
        ("apple", "What brand is the laptop?", "brand"),
        ("apple", "What is the bird eating?", "fruit"),
        ("old", "Is this lady old or young?", "person"),
        ("old", "How old is the laptop?", "thing"),
        ("male", "Is the bird a male or female?", "animal"),
        ("male", "Is the tennis player male or female?", "person"),
        ("cold", "What is the weather like?", "weather"),
        ("cold", "Is the beverage cold or hot?", "touch"),
        ("none", "What kind of hat is he wearing?", "none"),
        ("0", "How many cats are there?", "number"),
        ("table", "Where is the cake?", ""),
    ],
)
def test_the_senses_of_homographs(
    make_examples: MakeExamples, answer: str, question: str, sense: str
) -> None:
    table = assigned(make_examples((question, {answer: 10})), known_rules())
    assert table["winner"].to_pylist() == [sense]
    assert table["answers"].to_pylist() == [[sense] * 10]


def test_answers_of_others_decide_where_the_question_does_not(make_examples: MakeExamples) -> None:
    rows = make_examples(
        ("What is in the picture?", {"crane": 6, "heron": 4}),
        ("What is in the picture?", {"crane": 6, "machine": 4}),
    )
    assert assigned(rows, known_rules())["winner"].to_pylist() == ["bird", "machine"]


def test_rows_without_answers_have_no_senses(make_examples: MakeExamples) -> None:
    rows = make_examples(("What color is it?", {"orange": 1}))
    for name in ("answers", "multiple_choice_answer"):
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, rows.schema.field(name), pa.nulls(1, rows.schema.field(name).type))
    table = assigned(rows, known_rules())
    assert set(table.to_pylist()[0].values()) == {None}


def test_every_answer_of_the_table_has_cues_and_a_sense_for_what_is_left() -> None:
    for answer, rules in known_rules().items():
        assert len(rules) > 1, answer
        assert not rules[-1].question, answer
        assert not rules[-1].beside, answer
        assert all(rule.question or rule.beside for rule in rules[:-1]), answer
        assert all(rule.sense for rule in rules), answer


def test_rules_keep_their_order() -> None:
    known = [rule for rules in known_rules().values() for rule in rules]
    assert grouped(known) == known_rules()


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What kind of animal is this?", "animal"),
        ("Which type of the sandwich is it?", "sandwich"),
        ("What color is the cat?", "color"),
        ("What is the man wearing on his head?", "wearing"),
        ("What is the table made of?", "made"),
        ("Where is the cat?", "where"),
        ("How tall is it?", "how tall"),
        ("Is it red?", "whether"),
        ("Name the animal", "what"),
    ],
)
def test_the_head_of_a_question(question: str, expected: str) -> None:
    assert head(question) == expected


def seals(seal_on_letters: int) -> list[Any]:
    return [("What animal is this?", {"seal": 6, "sea lion": 4})] * 60 + [
        ("What closes the letter?", {"seal": 6, "wax": 4})
    ] * seal_on_letters


def test_a_label_splits_where_its_questions_have_nothing_in_common(make_examples: MakeExamples) -> None:
    table = assigned(make_examples(*seals(40)), {}, ["seal"])
    assert table["winner"].to_pylist() == ["animal"] * 60 + ["closes"] * 40
    assert assigned(make_examples(*seals(40)[::-1]), {}, ["seal"])["winner"].to_pylist() == (
        ["closes"] * 40 + ["animal"] * 60
    )


def test_too_little_support_splits_nothing(make_examples: MakeExamples) -> None:
    assert set(assigned(make_examples(*seals(10)), {}, ["seal"])["winner"].to_pylist()) == {""}
    assert set(assigned(make_examples(*seals(40)), {})["winner"].to_pylist()) == {""}


def test_kinds_of_question_that_are_answered_alike_stay_together(make_examples: MakeExamples) -> None:
    alike = [("What animal is this?", {"seal": 6, "sea lion": 4})] * 30
    alike += [("What is swimming?", {"seal": 6, "sea lion": 4})] * 30
    assert set(assigned(make_examples(*alike), {}, ["seal"])["winner"].to_pylist()) == {""}
