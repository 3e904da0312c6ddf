"""Placeholders come back as what they stand for, or the string is translated without them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import pytest

from vqa_builder.spec import PROTECTED_KINDS, Budget
from vqa_builder.translation.budget import Ledger
from vqa_builder.translation.engines.base import Engine, Failure, Options, Stopped
from vqa_builder.translation.engines.mini import Mini
from vqa_builder.translation.glossary import Glossary, Term
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.protect import EXACT, KEPT, PLAIN, SPANS, TERMS, Guard, Protected
from vqa_builder.translation.request import Request
from vqa_builder.translation.run import Outcome, recall, translate

GLOSSARY = Glossary([Term("surfboard", "サーフボード"), Term("Nokia", ""), Term("bus", "バス")])
GUARD = Guard(GLOSSARY, ["numbers", "urls", "quotes"])


class Scripted(Engine):
    """Translates by a function and keeps what it was sent."""

    name: ClassVar[str] = "scripted"
    summary: ClassVar[str] = "for tests"
    Options: ClassVar[type[Options]] = Options

    def __init__(self, says: Callable[[str], str] | dict[str, str]) -> None:
        self.says = says if callable(says) else says.__getitem__
        self.sent: list[str] = []

    @property
    def signature(self) -> str:
        return "scripted|1"

    def check_direction(self, source: str, target: str) -> None: ...

    def translate(self, request: Request) -> list[str | Failure]:
        self.sent += request.texts
        return [self.says(text) for text in request.texts]


def run(
    memory: TranslationMemory, texts: Sequence[str], engine: Engine, guard: Guard | None = GUARD
) -> Outcome:
    return translate(Request(texts, "en", "ja", "question"), [engine], memory, guard=guard)


@pytest.mark.parametrize(
    ("text", "kind", "protected"),
    [
        ("Is the cat black?", PLAIN, []),
        ("Is bus 42 late?", TERMS, ["bus", "42"]),
        ("Does it cost 1,200.50 or 3?", SPANS, ["1,200.50", "3"]),
        ("Is it 10:45 on 3/4?", SPANS, ["10:45", "3/4"]),
        ("Is this a B52 or an A380?", PLAIN, []),
        ("Who reads www.example.com, daily?", SPANS, ["www.example.com"]),
        ('Does the sign say "bus stop 5"?', SPANS, ['"bus stop 5"']),
        ("What's the dog's name?", PLAIN, []),
        ("Does it say 'STOP' or ‘GO’?", SPANS, ["'STOP'", "‘GO’"]),
    ],
)
def test_what_is_protected(text: str, kind: int, protected: list[str]) -> None:
    assert [text[span.start : span.end] for span in GUARD.spans(text, "question")] == protected
    assert GUARD.kind(text, "question") == kind


@pytest.mark.parametrize(
    ("said", "translation"),
    [
        ("X1 X2 は遅れていますか？", "バス42は遅れていますか？"),
        ("Ｘ１の X 2 は遅れていますか？", "バスの42は遅れていますか？"),
        ("X2番のX1は遅れていますか？", "42番のバスは遅れていますか？"),
    ],
)
def test_placeholders_come_back_in_any_place(memory: TranslationMemory, said: str, translation: str) -> None:
    engine = Scripted({"Is X1 X2 late?": said})
    assert run(memory, ["Is bus 42 late?"], engine).text.to_pylist() == [translation]


@pytest.mark.parametrize("said", ["遅れていますか？", "X1とX1", "X1とX2とX3", "X1とXと42", "X12ですか？"])
def test_a_lost_placeholder_is_a_translation_without_it(memory: TranslationMemory, said: str) -> None:
    plain = "42番のバスは遅れていますか？"
    engine = Scripted({"Is X1 X2 late?": said, "Is bus 42 late?": plain, "bus": "バス"})
    assert run(memory, ["Is bus 42 late?"], engine).text.to_pylist() == [plain]


def test_a_span_that_is_lost_travels_under_a_name_and_fails_if_that_is_lost_too(
    memory: TranslationMemory,
) -> None:
    own = {"Bob": "ボブ。", "Mary": "メアリー", "John": "ジョン", "Tom": "トム"}
    engine = Scripted(
        {
            "Is the X1 asleep?": "寝ていますか？",
            "Is the 🐱 asleep?": "猫は寝ていますか？",
            "Is the Bob asleep?": "ボブは寝ていますか？",
            "Where is X1?": "どこですか？",
            "Where is {name}?": "名前はどこですか？",
            "Where is Bob?": "どこですか？",
            **own,
        }
    )
    guard = Guard(None, PROTECTED_KINDS)
    outcome = run(memory, ["Is the 🐱 asleep?", "Where is {name}?"], engine, guard)
    assert outcome.text.to_pylist() == ["🐱は寝ていますか？", None]
    assert outcome.error.to_pylist() == [None, "scripted: the protected '{name}' did not come through"]


def test_the_way_back_takes_what_there_is(memory: TranslationMemory) -> None:
    says = {"X1はどこですか？": "Where is it?", "{name}はどこですか？": "Where is the name?"}
    engine = Scripted(lambda text: says.get(text, "Who?"))
    request = Request(["{name}はどこですか？\n<image>", "🐱"], "ja", "en", "question")
    guard = Guard(None, PROTECTED_KINDS, enforced=False)
    outcome = translate(request, [engine], memory, guard=guard)
    assert outcome.text.to_pylist() == ["Where is the name?\n<image>", "🐱"]
    assert outcome.engine.to_pylist() == ["scripted|1|protect:3+all", KEPT]


def test_lines_are_translated_one_by_one_and_paid_for_once(memory: TranslationMemory) -> None:
    engine = Scripted(lambda text: f"{text}か")
    guard = Guard(None, PROTECTED_KINDS)
    outcome = run(memory, ["<image>\nIs it red?", "Is it red?", "A. Is it red?\nB. blue"], engine, guard)
    assert engine.sent == ["blue", "Is it red?"]
    assert outcome.text.to_pylist() == ["<image>\nIs it red?か", "Is it red?か", "A. Is it red?か\nB. blueか"]
    assert set(outcome.engine.to_pylist()) == {"scripted|1"}
    assert outcome.counts.unique == 2


def test_the_engines_own_word_is_replaced_by_the_glossarys(memory: TranslationMemory) -> None:
    engine = Scripted(
        {
            "Whose X1 is it?": "誰のですか？",
            "Whose surfboard is it?": "誰の波乗り板ですか？",
            "surfboard": "波乗り板。",
        }
    )
    assert run(memory, ["Whose surfboard is it?"], engine).text.to_pylist() == ["誰のサーフボードですか？"]


def test_a_term_that_does_not_come_through_is_a_failure(memory: TranslationMemory) -> None:
    engine = Scripted(lambda text: "板" if text == "surfboard" else "誰のですか？")
    outcome = run(memory, ["Whose surfboard is it?"], engine)
    assert outcome.status.to_pylist() == ["failed"]
    assert outcome.error.to_pylist() == [
        "scripted: the glossary's 'サーフボード' for 'surfboard' did not come through"
    ]


def test_a_text_that_holds_a_placeholder_already_keeps_it(memory: TranslationMemory) -> None:
    engine = Scripted(
        {"Is X1 bigger than X2?": "X1はX2より大きいですか？", "Is X1 bigger than 7?": "X1は7より？"}
    )
    assert run(memory, ["Is X1 bigger than 7?"], engine).text.to_pylist() == ["X1は7より？"]


def test_brands_keep_their_letters_and_hindi_its_spaces(memory: TranslationMemory) -> None:
    engine = Scripted({"Is it a X1 phone?": "क्या यह X1 फ़ोन है?"})
    request = Request(["Is it a Nokia phone?"], "en", "hi", "question")
    outcome = translate(request, [engine], memory, guard=GUARD)
    assert outcome.text.to_pylist() == ["क्या यह Nokia फ़ोन है?"]


def test_the_glossary_answers_before_any_engine_and_people_before_it(memory: TranslationMemory) -> None:
    from vqa_builder.translation.memory import Entry

    memory.add([Entry("en", "ja", "bus", "乗合バス", engine="human")])
    outcome = run(memory, ["bus", "Surfboard"], Scripted({}))
    assert outcome.text.to_pylist() == ["乗合バス", "サーフボード"]
    assert outcome.engine.to_pylist() == ["human", EXACT]


def test_strings_without_spans_are_the_engines_own_in_the_memory(memory: TranslationMemory) -> None:
    texts = ["Is it red?", "Is it 5?", "Is it a bus?"]
    engine = Scripted(lambda text: f"{text} は")
    run(memory, texts, engine, guard=None)
    engine.sent.clear()
    outcome = run(memory, texts, engine)
    assert sorted(engine.sent) == ["Is it X1?", "Is it a X1?"]
    assert len(set(outcome.engine.to_pylist())) == 3
    assert all(name.startswith("scripted|1") for name in outcome.engine.to_pylist())
    changed = Guard(Glossary([Term("bus", "乗合バス")]), GUARD.kinds)
    engine.sent.clear()
    run(memory, texts, engine, changed)
    assert engine.sent == ["Is it a X1?"]
    assert None not in recall(Request(texts, "en", "ja", "question"), [engine], memory, guard=changed).texts


@pytest.mark.parametrize(
    ("terms", "same"),
    [
        ([Term("bus", "バス"), Term("train", "電車")], True),
        ([Term("BUS", "バス"), Term("train", "汽車"), Term("cat", "猫")], True),
        ([Term("bus", "バス", "question"), Term("bus", "大型車", "answer")], True),
        ([Term("bus", "乗合バス")], False),
        ([Term("bus", "バス"), Term("stop", "停留所")], False),
        ([Term("bus stop", "バス停")], False),
    ],
)
def test_a_digest_is_of_the_terms_that_a_text_holds_and_no_others(terms: list[Term], same: bool) -> None:
    before, after = Guard(Glossary([Term("bus", "バス")], "a.tsv")), Guard(Glossary(terms, "b.tsv"))
    text = "Is this the bus stop?"
    assert (before.digest(text, "question") == after.digest(text, "question")) is same
    assert before.signature != after.signature
    assert before.of_kind(TERMS) == after.of_kind(TERMS) == "protect:3+terms"


def test_a_changed_term_is_paid_for_where_it_stands_and_nowhere_else(memory: TranslationMemory) -> None:
    texts = ["Is the bus red?", "Is a cat on the bus?", "Is the cat on the surfboard?", "Is it red?", "cat"]
    old = [Term("bus", "バス"), Term("cat", "猫"), Term("surfboard", "サーフボード")]
    new = [Term("bus", "乗合バス"), *old[1:], Term("train", "電車")]
    engine = Scripted(lambda text: f"{text} か")
    first = run(memory, texts, engine, Guard(Glossary(old)))
    engine.sent.clear()
    second = run(memory, texts, engine, Guard(Glossary(new)))
    assert sorted(engine.sent) == ["Is a X1 on the X2?", "Is the X1 red?"]
    assert second.counts.engine_calls == 1, "terms share batches, whichever they are"
    assert first.engine == second.engine, "which terms a string holds stands in the memory alone"
    assert first.text.to_pylist()[2:] == second.text.to_pylist()[2:]
    engine.sent.clear()
    back = run(memory, texts, engine, Guard(Glossary(old)))
    assert (engine.sent, back.text) == ([], first.text)


def test_texts_that_placeholders_make_equal_are_sent_once(memory: TranslationMemory) -> None:
    engine = Scripted(lambda text: f"{text}か")
    outcome = run(memory, ["Is it 5?", "Is it 7?"], engine)
    assert engine.sent == ["Is it X1?"]
    assert outcome.text.to_pylist() == ["Is it 5?か", "Is it 7?か"]


@pytest.mark.parametrize("characters", [50, 90, 200, 1000])
def test_what_is_sent_twice_is_paid_twice_and_no_budget_exceeded(
    memory: TranslationMemory, tmp_path: Path, characters: int
) -> None:
    engine = Scripted(lambda text: "板" if text == "surfboard" else "誰の板ですか？")
    ledger = Ledger(tmp_path / "spent.json", Budget(characters=characters))
    texts = ["Whose surfboard is it?", "Is it 5?", "Is this surfboard red?", "Who is it?"]
    request = Request(texts, "en", "ja", "question")
    with suppress(Stopped):
        translate(request, [engine], memory, guard=GUARD, ledger=ledger, batch_size=2)
    assert sum(map(len, engine.sent)) <= ledger.characters <= characters
    assert ledger.characters > 0 or characters < 60


def test_with_a_real_model_terms_are_enforced_and_no_placeholder_is_left() -> None:
    texts = ["Is the surfboard red?", "How many surfboards are there?", "What color is the bus?"]
    with Mini(Mini.Options()) as mini:
        results = Protected(mini, GUARD, TERMS).translate(Request(texts, "en", "ja"))
    for text, result in zip(texts, results, strict=True):
        if isinstance(result, Failure):
            assert "did not come through" in result.reason
        else:
            assert not re.search("[XＸ]", result)
            assert all(span.replacement in result for span in GUARD.spans(text, "question"))
    assert sum(isinstance(result, str) for result in results) >= 2
