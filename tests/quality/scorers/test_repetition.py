"""Loops, and text that only looks like one."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

Measure = Callable[..., list[Any]]

LOOPS = [
    ("ja", "猫の猫の猫の猫の猫の猫の"),
    ("ja", "これはこれはこれはこれはこれは何ですか？"),
    ("ja", "ほら ほら ほら ほら ほら ほら ほら ほら"),
    ("ja", "ゲルゲルゲルゲル"),
    ("hi", "यह यह यह यह यह"),
    ("hi", "क्या यह क्या यह क्या यह क्या यह है?"),
    ("hi", "बहुत अच्छा बहुत अच्छा बहुत अच्छा बहुत अच्छा"),
    ("hi", "हाहाहाहाहाहाहा"),
]
FINE = [
    ("ja", "猫は何色ですか？"),
    ("ja", "いろいろ"),
    ("ja", "8888"),
    ("ja", "男性と女性のどちらが帽子をかぶっていますか？"),
    ("hi", "बिल्ली किस रंग की है?"),
    ("hi", "क्या लड़के की शर्ट का रंग लड़की की शर्ट के रंग जैसा है?"),
    ("hi", "साथ साथ"),
    ("hi", "18773289677"),
    ("hi", "नहीं"),
]


@pytest.mark.parametrize(("language", "text"), LOOPS)
def test_loops_lie_above_one_half(measure: Measure, language: str, text: str) -> None:
    assert measure("repetition", language, [("x", text)])[0] > 0.5


@pytest.mark.parametrize(("language", "text"), FINE)
def test_ordinary_text_lies_below(measure: Measure, language: str, text: str) -> None:
    assert measure("repetition", language, [("x", text)])[0] <= 0.5


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=2, max_size=8), times=st.integers(8, 40), language=st.sampled_from(["ja", "hi"]))
def test_more_of_the_same_is_no_better(measure: Measure, text: str, times: int, language: str) -> None:
    once, some, more = measure(
        "repetition", language, [("x", text), ("x", f"{text} " * times), ("x", f"{text} " * 2 * times)]
    )
    assert 0 <= once <= 1
    assert some <= more + 1e-6 < 1 + 1e-6
