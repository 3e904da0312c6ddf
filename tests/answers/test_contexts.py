"""Every sense of every label is explained by its questions."""

from collections.abc import Callable

import pyarrow as pa

from tests.answers.conftest import MakeExamples, assigned
from vqa_builder.answers.contexts import CONTEXTS, find
from vqa_builder.answers.senses import known_rules


def test_support_examples_and_heads(
    make_examples: MakeExamples, make_vocabulary: Callable[..., pa.Table]
) -> None:
    rows = make_examples(
        ("What color is the cat?", {"orange": 7, "Orange": 1, "tan": 2}),
        ("What color is the bus?", {"orange": 2}),
        ("What fruit is this?", {"orange": 3}),
    )
    rules = known_rules()
    found = find(rows, assigned(rows, rules), make_vocabulary("tan", "orange", "never"), rules)
    assert found.schema == CONTEXTS
    assert [(row["answer_en"], row["sense"], row["support"]) for row in found.to_pylist()] == [
        ("tan", "", 2),
        ("orange", "colour", 10),
        ("orange", "fruit", 3),
        ("never", "", 0),
    ]
    colour = found.to_pylist()[1]
    assert colour["examples"] == ["What color is the cat?", "What color is the bus?"]
    assert (colour["heads"], colour["weights"]) == (["color"], [1.0])
