"""What the measures of the translator see, on translators that are right or wrong by construction."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from recipes.translator.annotate import read_rows
from recipes.translator.evaluate import HERE, probe, questions_of, scores


@pytest.mark.parametrize("language", ["ja", "hi"])
def test_a_noun_is_right_in_any_of_its_accepted_forms(language: str) -> None:
    rows = {row["question"]: row for row in read_rows(HERE / f"probe.{language}.tsv")}

    def right(texts: Sequence[str], direction: str) -> list[str]:
        assert direction == f"en-{language}"
        return [rows[text]["accepted"].split("|")[-1] + "?" for text in texts]

    assert probe(right, language) == ("100.0%", [])
    share, wrong = probe(lambda texts, _: list(texts), language)
    assert (share, len(wrong), len(rows)) == ("0.0%", 200, 200)


def test_scores_are_100_for_the_reference() -> None:
    assert scores(["猫は何色ですか？"], ["猫は何色ですか？"], "en-ja") == "100.0 / 100.0"


def test_questions_are_found_in_the_format_of_squad() -> None:
    squad = {"data": [{"paragraphs": [{"qas": [{"question": "Who?"}, {"question": "कौन?"}]}]}]}
    assert list(questions_of(squad)) == ["Who?", "कौन?"]
