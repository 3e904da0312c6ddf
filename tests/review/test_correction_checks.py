"""Corrections that look wrong are named, those that are right are not."""

import pytest

from vqa_builder.review.correction_checks import Correction, faults

ADDRESS = "Is www.example.org on the sign?"


@pytest.mark.parametrize(
    ("language", "role", "text", "translation", "told"),
    [
        ("ja", "question", "Is it red?", "それは赤いですか？", None),
        ("hi", "question", "Is it red?", "क्या यह लाल है?", None),
        ("ja", "question", "Are there two cups?", "カップは２個ありますか？", None),
        ("ja", "answer", "hp mouse", "hpのマウス", None),
        ("ja", "question", "Is it red?", "Is it red?", "copy"),
        ("ja", "question", "Is it red?", "क्या यह लाल है?", "script<0.8"),
        ("hi", "question", "Is it red?", "それは赤いですか？", "script<0.7"),
        ("ja", "question", "Are there 12 cups?", "カップは1個ですか？", "numerals<0.5"),
        ("ja", "question", "Is it red?", "X1は赤いですか？", "placeholder X1"),
        ("ja", "question", "Is X1 red?", "X1は赤いですか？", None),
        ("ja", "question", ADDRESS, "看板に何と書いてありますか？", "without www.example.org"),
        ("ja", "question", ADDRESS, "看板にwww.example.orgと書いてありますか？", None),
        ("hi", "answer", "red", "赤", "script<0.5"),
    ],
)
def test_what_looks_wrong(language: str, role: str, text: str, translation: str, told: str | None) -> None:
    found = faults({Correction(language, role, text, ""): translation})
    if told is None:
        assert found == []
    else:
        (line,) = found
        assert told in line


def test_no_corrections() -> None:
    assert faults({}) == []
