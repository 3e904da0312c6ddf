"""What must not change is found in any text, and nothing else is."""

from __future__ import annotations

import time
import typing

import pytest
from hypothesis import given, strategies as st

from vqa_builder import spec
from vqa_builder.translation.protected_spans import (
    PATTERNS,
    cut,
    find_spans,
    lost_spans,
    protected_spans,
)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("What color is the bus?", []),
        ("What's the dog's name, or the boys' and girls'?", []),
        ("Who reads www.example.com, daily?", ["www.example.com"]),
        (
            "See (https://a.org/b?c=1&d=%20) or example.co.jp/x.",
            ["https://a.org/b?c=1&d=%20", "example.co.jp/x"],
        ),
        ("Mail a.b+c@mail.example.org!", ["a.b+c@mail.example.org"]),
        ("What does `foo(x)` print?", ["`foo(x)`"]),
        ("Run\n```py\nprint(1)\n```\nnow", ["```py\nprint(1)\n```"]),
        ("Is $x^2 + y_1$ or \\frac{1}{2} or \\(a<b\\) bigger?", ["$x^2 + y_1$", "\\frac{1}{2}", "\\(a<b\\)"]),
        ("Does it cost $5 and not $10 in cash?", ["$5", "$10"]),
        ("What is {name} doing, {{ user }} or %s or %(n)d?", ["{name}", "{{ user }}", "%s", "%(n)d"]),
        ("<image> <|im_start|> [INST] Is it red?", ["<image> <|im_start|> [INST]"]),
        ("What is in <box>(1,2),(3,4)</box>?", ["<box>(1,2),(3,4)</box>"]),
        ("Is the <b>red</b> one 3 < 4?", ["<b>", "</b>"]),
        ("What is at (12, 40) or [0.1, 0.25] or 35.6° N?", ["(12, 40)", "[0.1, 0.25]", "35.6° N"]),
        ("Is this a B52, #4 or img_001.jpg by @user?", ["B52", "#4", "img_001.jpg", "@user"]),
        ("In the 1980s, 2nd of 3, 7pm, 20s, T-shirt, 3D", []),
        ("Is the 🐱 with the 👨‍👩‍👧 sleeping 🇯🇵?", ["🐱", "👨‍👩‍👧", "🇯🇵"]),
        ('Does the sign say "stop" or ‘GO’?', ['"stop"', "‘GO’"]),
        ('Is this "healthy" food?', []),
        ("Is it -5 °C, 20%, 3.5 GHz, €1,200.50 or 5 km?", ["-5 °C", "20%", "3.5 GHz", "€1,200.50", "5 km"]),
        ("Is it 10:45 on 3/4, or 5-6 feet, or 2 dogs?", ["10:45", "3/4"]),
        ("यह 5 km दूर है, 🐱 के पास?", ["5 km", "🐱"]),
        ("これは$5の🐱ですか？", ["$5", "🐱"]),
    ],
)
def test_what_is_protected(text: str, spans: list[str]) -> None:
    assert protected_spans(text) == spans


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("What color is the bus?", ["What color is the bus?"]),
        ("<image>\nWhat color is it?", ["What color is it?"]),
        ("What color is it?\n<image>", ["What color is it?"]),
        ("what color is it <image>", ["what color is it"]),
        ("What time is it? 🕐", ["What time is it?"]),
        ("🐱 Is it asleep?", ["Is it asleep?"]),
        ("🐱 is where?", ["🐱 is where?"]),
        ("Where is (1, 2)?", ["Where is (1, 2)?"]),
        ("A. red\nB. dark blue\n\n- C", ["red", "dark blue", "C"]),
        ("Is it?\n```\nx = 1\n```\nSay so.", ["Is it?", "Say so."]),
        ("यह क्या है?\n<image>", ["यह क्या है?"]),
        ("What is {name}?\n<image>\n<image>", ["What is {name}?"]),
        ("Solve $$a\n+b$$\nIs it 5?", ["Solve", "Is it 5?"]),
        ('the sign says\n"stop"?', ["the sign says", '"stop"?']),
    ],
)
def test_what_stands_apart_is_cut_off(text: str, sentences: list[str]) -> None:
    pieces = cut(text)
    assert [piece.text for piece in pieces if not piece.is_kept] == sentences
    assert "".join(piece.text for piece in pieces) == text


@pytest.mark.parametrize("text", ["🐱", "$5", "-15", "www.exit.com", "<image>", "10:45", " (1, 2) "])
def test_a_text_that_is_all_spans_has_no_sentence(text: str) -> None:
    assert all(piece.is_kept for piece in cut(text))


@given(
    st.text(alphabet=st.sampled_from("Is it a <b>`$x_1$ {n} \n\r🐱'\"say 10:45 -5 (1, 2)@u.com/<image>```\\"))
)
def test_pieces_make_up_the_text_and_spans_stay_inside_them(text: str) -> None:
    pieces = cut(text)
    assert "".join(piece.text for piece in pieces) == text
    ends = [end for _, end in find_spans(text)]
    assert ends == sorted(set(ends))
    assert lost_spans(text, text) == []


def test_a_span_is_lost_where_it_is_changed_or_stands_too_seldom() -> None:
    assert lost_spans("Is it 20% or 30%?", "20%か30%ですか？") == []
    assert lost_spans("Is it 20% or 30%?", "20%か３０％ですか？") == ["30%"]
    assert lost_spans("Is $5 more than $5?", "$5より高いですか？") == ["$5"]
    assert lost_spans("Is bus 42 late?", "遅れていますか？") == []
    assert lost_spans("Is bus 42 late?", "遅れていますか？", ["numbers"]) == ["42"]


def test_the_spec_names_all_kinds() -> None:
    assert sorted(PATTERNS) == sorted(typing.get_args(spec.ProtectedKind))
    assert set(PATTERNS) - set(spec.PROTECTED_KINDS) == {"numbers"}


@pytest.mark.parametrize("end", ["।", "॥", "*", "1", "<"])
@pytest.mark.parametrize("word", ["पसंद नहीं है ", "猫が寝ている", "Привет мир "])
def test_a_long_text_of_any_script_is_searched_in_no_time(word: str, end: str) -> None:
    start = time.process_time()
    assert find_spans(word * 200 + end) == []
    assert time.process_time() - start < 1
