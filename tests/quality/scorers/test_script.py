"""Share of letters in the language's scripts."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

Measure = Callable[..., list[Any]]

OWN = [
    ("ja", "What color is the iPhone?", "iPhoneは何色ですか？"),
    ("ja", "Is the tv on?", "TVはついていますか？"),
    ("ja", "Is the tv on?", "ＴＶはついていますか？"),
    ("ja", "Does it have wifi?", "Wi-Fiはありますか？"),
    ("ja", "What is on the t-shirt?", "Tシャツに何がありますか？"),
    ("ja", "a cup of coffee", "コーヒー"),
    ("ja", "cat", "ﾈｺ"),
    ("ja", "What letter is it?", "何々ですか？"),
    ("ja", "nike", "NIKE"),
    ("ja", "b", "b"),
    ("ja", "2", "２"),
    ("ja", "10:15", "10:15"),
    ("ja", "?", "？"),
    ("hi", "Is the TV on?", "क्या TV चालू है?"),
    ("hi", "What color is the cat?", "बिल्ली किस रंग की है?"),
    ("hi", "What kind of pizza?", "किस तरह का पिज़्ज़ा?"),
    ("hi", "Is it a BMW?", "क्या यह BMW है।"),
    ("hi", "2", "२"),
    ("de", "Is it red?", "Ist es rot?"),
]
FOREIGN = [
    ("ja", "What color is the cat?", "What color is the cat?", 0.0),
    ("ja", "What color is the cat?", "고양이는 무슨 색입니까?", 0.0),
    ("ja", "What color is the cat?", "बिल्ली किस रंग की है?", 0.0),
    ("ja", "bus", "автобус", 0.0),
    ("ja", "hp mouse", "hp マウス", 0.6),
    ("hi", "What color is the cat?", "猫は何色ですか？", 0.0),
    ("hi", "Is this sanitary?", "Is this sanitary?", 0.0),
    ("hi", "bottle aquafina water", "बोतल aquafina पानी", 0.5),
    ("hi", "car", "گاڑی", 0.0),
    ("de", "cat", "кошка", 0.0),
]
BLIND = [
    ("ja", "What color is the cat?", "猫是什么颜色的？"),
    ("hi", "What color is the cat?", "मांजराचा रंग कोणता आहे?"),
]


@pytest.mark.parametrize(("language", "source", "translation"), OWN)
def test_loanwords_names_and_digits_are_right(
    measure: Measure, language: str, source: str, translation: str
) -> None:
    assert measure("script", language, [(source, translation)]) == [1.0]


@pytest.mark.parametrize(("language", "source", "translation", "share"), FOREIGN)
def test_other_scripts_lower_the_share(
    measure: Measure, language: str, source: str, translation: str, share: float
) -> None:
    assert measure("script", language, [(source, translation)]) == pytest.approx([share], abs=0.05)


@pytest.mark.parametrize(("language", "source", "translation"), BLIND)
def test_languages_of_the_same_script_pass(
    measure: Measure, language: str, source: str, translation: str
) -> None:
    assert measure("script", language, [(source, translation)]) == [1.0]


def test_a_latin_name_that_the_source_lacks_counts(measure: Measure) -> None:
    named, invented = measure("script", "ja", [("A Honda?", "Hondaですか"), ("A car?", "Hondaですか")])
    assert (named, round(invented, 2)) == (1.0, 0.38)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(source=st.text(), translation=st.text(), language=st.sampled_from(["ja", "hi", "de"]))
def test_it_is_a_share(measure: Measure, source: str, translation: str, language: str) -> None:
    (share,) = measure("script", language, [(source, translation)])
    assert 0 <= share <= 1
