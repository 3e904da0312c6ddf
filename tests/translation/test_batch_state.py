"""What is known before any engine is asked, and for whom the rest is open."""

from __future__ import annotations

import pytest

from vqa_builder.translation.batch_state import ask_glossary, ask_memory, ask_overrides, deduplicate
from vqa_builder.translation.engines.mini import Mini
from vqa_builder.translation.entry import Entry
from vqa_builder.translation.glossary import Glossary, Term
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.protect import SPANS, TERMS, Guard, Protected

GUARD = Guard(Glossary([Term("bus", "バス")]), ["numbers"])
TEXTS = ["bus", "Is it 5?", "cat", "", "Is the bus late?", "cat"]


def test_every_distinct_string_has_one_place() -> None:
    board, rows = deduplicate(TEXTS, None, "question", "en", "ja", GUARD)
    assert [board.texts[at] for at in rows] == TEXTS
    assert rows == [0, 1, 2, 3, 4, 2]
    assert board.reasons == {3: ["empty text"]}
    assert board.open() == [0, 1, 2, 4]
    apart, rows = deduplicate(["bat", "bat"], ["animal", "sport"], "answer", "en", "ja", None)
    assert (rows, apart.texts, apart.contexts) == ([0, 1], ["bat", "bat"], ["animal", "sport"])


@pytest.mark.parametrize(("kind", "places"), [(TERMS, [0, 4]), (SPANS, [1]), (None, [2])])
def test_every_kind_of_string_has_its_engine(kind: int | None, places: list[int]) -> None:
    board, _ = deduplicate(TEXTS, None, "question", "en", "ja", GUARD)
    with Mini(Mini.Options()) as mini:
        assert board.open(mini if kind is None else Protected(mini, GUARD, kind)) == places
        assert board.contexts_for(mini, places) is None


def test_strings_that_hold_nothing_are_the_engines_own_even_among_themselves() -> None:
    board, _ = deduplicate(["cat", "dog"], None, "answer", "en", "ja", GUARD)
    with Mini(Mini.Options()) as mini:
        assert [board.open(Protected(mini, GUARD, kind)) for kind in (TERMS, SPANS)] == [[], []]
        assert board.open(mini) == [0, 1]


def test_the_memory_tells_strings_apart_by_the_terms_that_they_hold() -> None:
    board, _ = deduplicate([*TEXTS, "Is this bus red?", "Is it a cat?"], None, "question", "en", "ja", GUARD)
    with Mini(Mini.Options()) as mini:
        kept = board.signatures_for(Protected(mini, GUARD, TERMS), "mini|1|protect:1+terms", [4, 5])
        digest = GUARD.digest("bus", "question")
        assert kept == [f"mini|1|protect:1+terms:{digest}"] * 2
        for engine in (mini, Protected(mini, GUARD, SPANS)):
            assert board.signatures_for(engine, "mini|1", [1]) == "mini|1"


def test_people_come_before_the_glossary_and_both_before_what_engines_said(memory: TranslationMemory) -> None:
    with Mini(Mini.Options()) as mini:
        memory.add(
            [
                Entry("en", "ja", "cat", "ねこ", "question", engine=mini.signature, asserted=False),
                Entry("en", "ja", "Is it 5?", "5ですか？", engine="human"),
            ]
        )
        board, _ = deduplicate(TEXTS, None, "question", "en", "ja", GUARD)
        ask_overrides(board, memory)
        assert board.answers == [None, "5ですか？", None, None, None]
        ask_glossary(board, GUARD)
        assert board.answers[0] == "バス"
        ask_memory(board, memory, mini)
        assert board.answers[2] == "ねこ"
        assert (board.remembered, board.open()) == (3, [4])
