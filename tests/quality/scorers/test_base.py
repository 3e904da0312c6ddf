"""What the base of scorers promises and demands."""

from collections.abc import Callable
from typing import ClassVar

import pyarrow as pa
import pytest

from vqa_builder import languages, registry
from vqa_builder.errors import ScorerError
from vqa_builder.quality.scorers.base import Scorer

MakePairs = Callable[..., pa.Table]
GIVEN: dict[str, pa.Array] = {}


class Given(Scorer):
    """Returns what the test put into ``GIVEN``."""

    name = "given"
    summary = "for tests"
    columns: ClassVar = {"given": pa.float32()}

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """See the class."""
        return GIVEN


@pytest.fixture
def given_scorer() -> Given:
    return Given(languages.get("ja"))


@pytest.fixture
def two(make_pairs: MakePairs) -> pa.Table:
    return make_pairs([("What is this?", "これは何ですか？"), ("Is it red?", "赤いですか？")])


@pytest.mark.parametrize(
    ("returned", "problem"),
    [
        ({"given": pa.array([1.0])}, "expected: 2 values\n  found:    1 values"),
        ({"other": pa.array([1.0, 2.0])}, "found:    none"),
        ({}, "found:    none"),
        ({"given": pa.array([1.0, float("nan")])}, "segment s1"),
    ],
)
def test_a_broken_contract_is_named(
    given_scorer: Given, two: pa.Table, returned: dict[str, pa.Array], problem: str
) -> None:
    GIVEN.clear()
    GIVEN.update(returned)
    with pytest.raises(ScorerError) as caught:
        given_scorer.score(two)
    assert problem in str(caught.value)
    assert "column given" in str(caught.value)


def test_nan_is_shown_with_its_pair(given_scorer: Given, two: pa.Table) -> None:
    GIVEN.clear()
    GIVEN["given"] = pa.array([1.0, float("nan")])
    with pytest.raises(ScorerError, match="number that is none") as caught:
        given_scorer.score(two)
    assert "'Is it red?' -> '赤いですか？'" in str(caught.value)


def test_pairs_without_translation_get_nulls_in_their_places(
    given_scorer: Given, make_pairs: MakePairs
) -> None:
    GIVEN.clear()
    GIVEN["given"] = pa.array([0.25, 0.5])
    table = given_scorer.score(make_pairs([("a", None), ("b", "び"), ("c", None), ("d", "で")]))
    assert table["given"].to_pylist() == [None, 0.25, None, 0.5]
    assert table.schema.field("given").type == pa.float32()


def test_a_null_score_stays_null(given_scorer: Given, two: pa.Table) -> None:
    GIVEN.clear()
    GIVEN["given"] = pa.array([None, 0.5], pa.float32())
    assert given_scorer.score(two)["given"].to_pylist() == [None, 0.5]


OURS = [
    "agreement",
    "artefacts",
    "bleu",
    "chrf",
    "chrfpp",
    "content",
    "copy",
    "engine_confidence",
    "grammar",
    "langid",
    "length",
    "lexical",
    "loops",
    "numerals",
    "question_form",
    "repetition",
    "script",
    "spans",
]


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("language", ["ja", "hi", "de"])
def test_every_scorer_keeps_the_contract(name: str, language: str, make_pairs: MakePairs) -> None:
    scorer = registry.find("scorers", name)(languages.get(language))
    odd = ["", " ", "?", "2", "…", "\n", "\x00", "\u200d", "😀", "a\x1cb", "猫" * 3000, "है " * 3000, "ー", "़"]
    table = scorer.score(make_pairs([(one, other, one) for one in odd for other in odd]))
    assert table.num_rows == len(odd) ** 2
    assert {field.name: field.type for field in table.schema} == scorer.columns
    assert next(iter(scorer.columns)) == name
    assert scorer.summary.endswith("is good") and len(scorer.summary) < 100
    assert scorer.score(make_pairs([])).num_rows == 0


def test_signatures_differ_and_repeat() -> None:
    made = [registry.find("scorers", name)(languages.get("ja")).signature for name in OURS]
    again = [registry.find("scorers", name)(languages.get("ja")).signature for name in OURS]
    assert made == again
    assert len(set(made)) == len(OURS)


def test_each_scorer_says_which_end_is_good() -> None:
    ends = {name: registry.find("scorers", name).good for name in OURS}
    assert {name for name, end in ends.items() if end == "low"} == {
        "artefacts",
        "copy",
        "grammar",
        "loops",
        "repetition",
        "spans",
    }
    assert {name for name, end in ends.items() if end == "zero"} == {"length"}
