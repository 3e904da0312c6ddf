"""Stretches that repeat what stands right before them."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from vqa_builder import languages
from vqa_builder.quality.scorers import loops

Measure = Callable[..., list[Any]]

CLEAN = [
    ("ja", "猫は何色ですか？"),
    ("ja", "色々なものが少しずつありますか？"),
    ("ja", "いろいろありますか？"),
    ("ja", "ますますどんどん増えていますか？"),
    ("ja", "裏庭には2羽、庭には1羽いますか？"),
    ("ja", "ああああ、何ですか？"),
    ("ja", "一一一番ですか？"),
    ("ja", "100000000円ですか？"),
    ("hi", "बिल्ली किस रंग की है?"),
    ("hi", "धीरे धीरे चल रहा है क्या?"),
    ("hi", "मेज़ पर क्या-क्या रखा है?"),
    ("hi", "क्या यह अलग अलग रंग का है?"),
    ("hi", ""),
]
LOOPS = [
    ("ja", "これは何ですか？これは何ですか？", 0.5),
    ("ja", "猫の猫の猫の猫の", 0.75),
    ("ja", "電子レンジは今今今ですか？", 2 / 12),
    ("ja", "男性の目をををををををを打っていますか？", 7 / 18),
    ("ja", "白、白、白、白、白、白", 5 / 6),
    ("hi", "यह क्या है? यह क्या है?", 11 / 21),
    ("hi", "कितने चित्र चित्र चित्र चित्र हैं?", 18 / 31),
    ("hi", "हाहाहाहाहा", 0.8),
]


@pytest.mark.parametrize(("language", "text"), CLEAN)
def test_natural_repetition_is_no_loop(measure: Measure, language: str, text: str) -> None:
    assert measure("loops", language, [("x", text)]) == [0.0]


@pytest.mark.parametrize(("language", "text", "share"), LOOPS)
def test_loops(measure: Measure, language: str, text: str, share: float) -> None:
    assert measure("loops", language, [("x", text)]) == [pytest.approx(share, abs=0.05)]


def test_a_long_loop_takes_no_time(measure: Measure) -> None:
    assert measure("loops", "hi", [("x", "है " * 3000), ("x", "अब" * 3000)]) == pytest.approx([1, 1], abs=0.01)


LETTERS = st.text(st.sampled_from("abक あネ、!1"), max_size=6)


@pytest.mark.parametrize("code", ["ja", "hi"])
@given(before=LETTERS, unit=LETTERS, times=st.integers(1, 5), joint=st.sampled_from(["", " ", "、"]))
def test_no_loop_is_missed_by_the_quick_look(
    code: str, before: str, unit: str, times: int, joint: str
) -> None:
    text = before + joint.join([unit] * times) + before
    assert loops.may_loop([text])[0] or not loops.Loops(languages.get(code))._share(text)
