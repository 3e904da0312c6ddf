"""What the measures of the translator see, on translators that are right or wrong by construction."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from recipes.translator.annotate import read_rows
from recipes.translator.data import copied
from recipes.translator.evaluate import HERE, copies, probe, questions_of, scores

PROBE = {row["en"]: row for row in read_rows(HERE / "probe.tsv")}


@pytest.mark.parametrize("language", ["ja", "hi"])
def test_a_noun_is_right_in_any_of_its_accepted_forms(language: str) -> None:
    def right(texts: Sequence[str], direction: str) -> list[str]:
        assert direction == f"en-{language}"
        return [PROBE[text][language].split("/")[-1] + "?" for text in texts]

    assert probe(right, language) == ("100.0%", [])
    share, wrong = probe(lambda texts, _: list(texts), language)
    assert (share, len(wrong), len(PROBE)) == ("0.0%", 200, 200)


@pytest.mark.parametrize("language", ["ja", "hi"])
def test_letters_and_numbers_must_all_be_kept(language: str) -> None:
    pairs = copied(language, seed=99)
    right = {pair.en: pair.other for pair, _ in zip(pairs, range(500), strict=False)}
    assert copies(lambda texts, _: [right[text] for text in texts], language) == "100.0%"
    assert copies(lambda texts, _: ["？"] * len(texts), language) == "0.0%"


def test_scores_are_100_for_the_reference() -> None:
    assert scores(["猫は何色ですか？"], ["猫は何色ですか？"], "en-ja") == "100.0 / 100.0"


def test_questions_are_found_in_the_format_of_squad() -> None:
    squad = {"data": [{"paragraphs": [{"qas": [{"question": "Who?"}, {"question": "कौन?"}]}]}]}
    assert list(questions_of(squad)) == ["Who?", "कौन?"]
