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
    ("ja", "以下が翻訳です：猫は何色ですか？", 1),
    ("ja", "質問：猫は何色ですか？", 1),
    ("ja", "Q: 猫は何色ですか？", 1),
    ("ja", "**猫**は何色ですか？", 1),
    ("ja", "```猫は何色ですか？```", 1),
    ("ja", "1. 猫は何色ですか？", 1),
    ("ja", "２．猫は何色ですか？", 1),
    ("ja", "- 猫は何色ですか？", 1),
    ("ja", "猫は何色ですか？（ねこはなにいろですか）", 1),
    ("ja", "猫は何色ですか？ (Neko wa naniiro desu ka?)", 1),
    ("ja", "猫は何色ですか？\u202e", 1),
    ("ja", "猫は何色ですか？ 答え：黒", 1),
    ("ja", '猫は何色ですか？ {"translation": 1}', 1),
    ("ja", "申し訳ありませんが、翻訳できません。", 1),
    ("ja", "猫は किस रंग ですか？", 1),
    ("ja", "猫は何色ですか？고양이", 1),
    ("ja", "2匹の猫は何色ですか？", 0),
    ("ja", "３．５センチの猫は何色ですか？", 0),
    ("ja", "猫（ペット）は何色ですか？", 0),
    ("ja", "Tシャツの猫は何色ですか？", 0),
    ("hi", "यहाँ अनुवाद है: बिल्ली किस रंग की है?", 1),
    ("hi", "प्रश्न: बिल्ली किस रंग की है?", 1),
    ("hi", "**बिल्ली** किस रंग की है?", 1),
    ("hi", "१. बिल्ली किस रंग की है?", 1),
    ("hi", "बिल्ली किस रंग की है? (Billi kis rang ki hai?)", 1),
    ("hi", "बिल्ली किस रंग की है? नोट: शाब्दिक अनुवाद", 1),
    ("hi", "猫 किस रंग की है?", 1),
]


@pytest.mark.parametrize(("language", "text", "kinds"), CASES)
def test_kinds(measure: Measure, language: str, text: str, kinds: int) -> None:
    assert measure("artefacts", language, [("What color is the cat?", text)]) == [kinds]


def test_what_the_source_has_is_no_artefact(measure: Measure) -> None:
    rows = [
        ("Is it <b>red</b>?", "<b>赤</b>いですか？"),
        ("Is it www.cat.com?", "www.cat.comですか？"),
        ('"Is it red?"', "「赤いですか？」"),
        ("1. Is it red?", "1. 赤いですか？"),
        ("Is **this** red?", "**これ**は赤いですか？"),
        ("Does it say 고양이?", "고양이と書いてありますか？"),
    ]
    assert measure("artefacts", "ja", rows) == [0] * len(rows)


def test_an_entity_is_refuse_even_where_the_source_has_one(measure: Measure) -> None:
    assert measure("artefacts", "ja", [("What&#39;s the cat?", "猫&#39;は何ですか？")]) == [1]


@pytest.mark.parametrize("translation", ["猫は何色ですか？", "<画像> 猫は何色ですか？"])
def test_a_placeholder_that_is_gone(measure: Measure, translation: str) -> None:
    assert measure("artefacts", "ja", [("<image> What color is the cat?", translation)]) == [1]
    assert measure("artefacts", "ja", [("<image> What color is it?", "<image> 何色ですか？")]) == [0]
