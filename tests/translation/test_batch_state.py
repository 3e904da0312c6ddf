"""What is known before any engine is asked, and for whom the rest is open."""

from __future__ import annotations

from pathlib import Path

import pytest

from vqa_builder.translation.batch_state import ask_glossary, ask_memory, ask_overrides, deduplicate
from vqa_builder.translation.engines.mini import Mini
from vqa_builder.translation.glossary import Glossary, Term
from vqa_builder.translation.memory import Entry, TranslationMemory
from vqa_builder.translation.protect import SPANS, TERMS, Guard, Protected
from vqa_builder.translation.request import Request

GUARD = Guard(Glossary([Term("bus", "バス")]), ["numbers"])
TEXTS = ["bus", "Is it 5?", "cat", "", "Is the bus late?", "cat"]


def test_every_distinct_string_has_one_place() -> None:
    state, rows = deduplicate(Request(TEXTS, "en", "ja", "question"), GUARD)
    assert [state.request.texts[at] for at in rows] == TEXTS
    assert rows == [0, 1, 2, 3, 4, 2]
    assert state.reasons == {3: ["empty text"]}
    assert state.open() == [0, 1, 2, 4]
    apart, rows = deduplicate(Request(["bat", "bat"], "en", "ja", "answer", ["animal", "sport"]), None)
    assert (rows, apart.request.texts, apart.request.contexts) == (
        [0, 1],
        ["bat", "bat"],
        ["animal", "sport"],
    )


@pytest.mark.parametrize(("kind", "places"), [(TERMS, [0, 4]), (SPANS, [1]), (None, [2])])
def test_every_kind_of_string_has_its_engine(kind: int | None, places: list[int]) -> None:
    state, _ = deduplicate(Request(TEXTS, "en", "ja", "question"), GUARD)
    with Mini(Mini.Options()) as mini:
        assert state.open(mini if kind is None else Protected(mini, GUARD, kind)) == places
        assert state.asked(mini, places).texts == [TEXTS[at] for at in places]


def test_people_may_change_a_span_on_purpose(tmp_path: Path) -> None:
    state, _ = deduplicate(Request(TEXTS, "en", "ja", "question"), GUARD)
    assert not GUARD.keeps("Is it 5?", "五ですか？")
    with TranslationMemory(tmp_path / "memory.sqlite") as memory:
        memory.add([Entry("en", "ja", "Is it 5?", "五ですか？", "question", "", "human")])
        ask_overrides(state, memory)
    assert (state.answers[1], state.engines[1]) == ("五ですか？", "human")


def test_strings_that_hold_nothing_are_the_engines_own_even_among_themselves() -> None:
    state, _ = deduplicate(Request(["cat", "dog"], "en", "ja", "answer"), GUARD)
    with Mini(Mini.Options()) as mini:
        assert [state.open(Protected(mini, GUARD, kind)) for kind in (TERMS, SPANS)] == [[], []]
        assert state.open(mini) == [0, 1]


def test_the_memory_tells_strings_apart_by_the_terms_that_they_hold() -> None:
    state, _ = deduplicate(
        Request([*TEXTS, "Is this bus red?", "Is it a cat?"], "en", "ja", "question"), GUARD
    )
    with Mini(Mini.Options()) as mini:
        kept = state.signatures_for(Protected(mini, GUARD, TERMS), "mini|1|protect:1+terms", [4, 5])
        digest = GUARD.digest("bus", "question")
        assert kept == [f"mini|1|protect:1+terms:{digest}"] * 2
        for engine in (mini, Protected(mini, GUARD, SPANS)):
            assert state.signatures_for(engine, "mini|1", [1]) == "mini|1"


def test_people_come_before_the_glossary_and_both_before_what_engines_said(memory: TranslationMemory) -> None:
    with Mini(Mini.Options()) as mini:
        memory.add(
            [
                Entry("en", "ja", "cat", "ねこ", "question", engine=mini.signature, human_verified=False),
                Entry("en", "ja", "Is it 5?", "5ですか？", engine="human"),
            ]
        )
        state, _ = deduplicate(Request(TEXTS, "en", "ja", "question"), GUARD)
        ask_overrides(state, memory)
        assert state.answers == [None, "5ですか？", None, None, None]
        ask_glossary(state, GUARD)
        assert state.answers[0] == "バス"
        ask_memory(state, memory, mini)
        assert state.answers[2] == "ねこ"
        assert (state.remembered, state.open()) == (3, [4])
