"""What does not belong into a sentence."""

from collections.abc import Callable
from typing import Any

import pytest

Measure = Callable[..., list[Any]]

CASES = [
    ("ja", "猫は何色ですか？", 0),
    ("ja", "これは「犬」ですか？", 0),
    ("ja", "田中さんはどこですか？", 0),
    ("ja", "本当ですか？！", 0),
    ("ja", "⁇は何色ですか？", 1),
    ("ja", "⁇は何色ですか？？？", 2),
    ("ja", "「猫は何色ですか？」", 1),
    ("ja", "&quot;猫&quot;は何色ですか？", 1),
    ("ja", "<b>猫</b>は何色ですか？", 1),
    ("ja", "田中さん様ですか？", 1),
    ("ja", "翻訳：猫は何色ですか？", 1),
    ("ja", "猫は\x07何色ですか？", 1),
    ("ja", "猫\ufffdは何色ですか？", 1),
    ("ja", "▁猫は何色ですか？", 1),
    ("ja", "「」は何色ですか？", 1),
    ("hi", "बिल्ली किस रंग की है?", 0),
    ("hi", "क्या यह “कुत्ता” है?", 0),
    ("hi", "अनुवाद: बिल्ली किस रंग की है?", 1),
    ("hi", "बिल्ली काली है।।", 1),
    ("hi", "\ufeffबिल्ली किस रंग की है?", 1),
    ("hi", "à¤¬à¤¿à¤²à¥", 1),
]


@pytest.mark.parametrize(("language", "text", "kinds"), CASES)
def test_kinds(measure: Measure, language: str, text: str, kinds: int) -> None:
    assert measure("artefacts", language, [("What color is the cat?", text)]) == [kinds]


def test_what_the_source_has_is_no_artefact(measure: Measure) -> None:
    rows = [
        ("Is it <b>red</b>?", "<b>赤</b>いですか？"),
        ("Is it www.cat.com?", "www.cat.comですか？"),
        ('"Is it red?"', "「赤いですか？」"),
    ]
    assert measure("artefacts", "ja", rows) == [0, 0, 0]
