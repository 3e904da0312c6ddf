"""Untranslated sources."""

from collections.abc import Callable
from typing import Any

import pytest

Measure = Callable[..., list[Any]]


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("What color is the cat?", "What color is the cat?"),
        ("What color is the cat?", "what color is the cat ？"),
        ("a red bus", "Ａ　Ｒｅｄ　Ｂｕｓ。"),
        ("t-shirt", "T shirt"),
        ("tennis", "Tennis."),
        ("café", "café"),
    ],
)
def test_copies(measure: Measure, source: str, translation: str) -> None:
    assert measure("copy", "ja", [(source, translation)]) == [1.0]


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("2", "2"),
        ("10:15", "10:15"),
        ("NASA", "NASA"),
        ("tv", "TV"),
        ("tv", "ＴＶ"),
        ("iPhone", "iPhone"),
        ("b", "b"),
        ("", ""),
        ("What color is the cat?", "猫は何色ですか？"),
        ("Is the TV on?", "क्या TV चालू है?"),
        ("What color is the cat?", "What color is the dog?"),
    ],
)
def test_no_copies(measure: Measure, source: str, translation: str) -> None:
    assert measure("copy", "hi", [(source, translation)]) == [0.0]
