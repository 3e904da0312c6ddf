from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, strategies as st

from vqa_builder import languages

JAPANESE = languages.get("ja")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("犬は二匹いますか？", ["2"]),
        ("りんごが三つあります", ["3"]),
        ("ふたつの皿", ["2"]),
        ("ふたりの子供", ["2"]),
        ("卵がみっつとバナナがよっつ", ["3", "4"]),
        ("十二本のバナナ", ["12"]),
        ("二十五人", ["25"]),
        ("三百二十円", ["320"]),
        ("百人以上いますか", ["100"]),
        ("２匹と3匹", ["2", "3"]),
        ("1万円", ["10000"]),
        ("2万5千円", ["25000"]),
        ("10万4500人", ["104500"]),
        ("二〇二四年", ["2024"]),
        ("一九九〇年", ["1990"]),
        ("10時15分", ["10", "15"]),
        ("三と四", ["3", "4"]),
        ("三", ["3"]),
        ("三番目の車", ["3"]),
        ("第三の男", ["3"]),
        ("5メートル、六メートル", ["5", "6"]),
        ("五分間", ["5"]),
        ("十分間", ["10"]),
        ("三十分", ["30"]),
        ("十二階", ["12"]),
        ("12階と12人とも", ["12", "12"]),
        ("二千八百万円", ["28000000"]),
        ("八百万円", ["8000000"]),
        ("二か月", ["2"]),
        ("12月25日", ["25"]),
        ("二人の男性", ["2"]),
        ("三人とも笑っています", ["3"]),
        ("2階建ての家", ["2"]),
        ("20m²", ["20"]),
    ],
)
def test_numerals_that_count(text: str, numbers: list[str]) -> None:
    assert JAPANESE.numerals(text) == numbers


@pytest.mark.parametrize(
    "text",
    [
        *["一緒に遊んでいます", "一番大きい", "一般的な車", "一人の男性", "一つ", "一部", "もう一度", "統一"],
        *[
            "三角の看板",
            "四角い皿",
            "六角形",
            "十字路",
            "赤十字",
            "七面鳥",
            "八百屋",
            "千葉",
            "三日月",
            "万年筆",
        ],
        *[
            "五輪のマーク",
            "三輪車",
            "二輪車",
            "四輪駆動",
            "三脚",
            "四季",
            "四国",
            "九州",
            "三毛猫",
            "五線譜",
            "百貨店",
            "百科事典",
        ],
        *[
            "百合の花",
            "七夕",
            "七五三",
            "二重",
            "八重桜",
            "三重県",
            "十字架",
            "万歳",
            "三味線",
            "千切りキャベツ",
        ],
        *[
            "十分です",
            "十分に明るい",
            "数十人",
            "何百匹",
            "二階に",
            "2階に",
            "二階建てバス",
            "二番目の車",
            "2番目の車",
            "第二",
        ],
        *[
            "二人とも笑っていますか",
            "2つとも赤い",
            "二度と",
            "三月",
            "3月",
            "十二月",
            "二の腕",
            "三つ編みの女の子",
            "二段ベッド",
        ],
        *[
            "四つん這い",
            "十五夜",
            "十代の女の子",
            "言いつつ",
            "やっつける",
            "ふたつきの鍋",
            "むっつりした顔",
            "千と千尋",
            "六本木",
        ],
        *["犬", "", "どんな色ですか？"],
    ],
)
def test_numerals_that_are_none(text: str) -> None:
    assert JAPANESE.numerals(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("赤。", "赤"),
        ("「はい」", "はい"),
        ("ＴＶ", "テレビ"),
        ("ﾃﾚﾋﾞ", "テレビ"),
        ("コカ・コーラ", "コカコーラ"),
        ("赤 と 白", "白と赤"),
        ("New  York", "new york"),
        ("Tシャツ", "tシャツ"),
        ("１，０００円", "1000円"),
        ("2.5", "2.5"),
        ("10:15", "10:15"),
        ("はい、猫！", "はい"),
        ("『猫』", "猫"),
        ("Café au lait", "café au lait"),
        ("50％", "50%"),
        ("？", "?"),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert JAPANESE.normalise(text) == expected


@given(st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("猫が 二・、。ﾊﾞ゙AＡ1１,.："))))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = JAPANESE.normalise(text)
    assert JAPANESE.normalise(once) == once


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("猫は何色ですか？", ["猫", "は", "何色", "ですか"]),
        ("ケーキとコーヒー", ["ケーキ", "と", "コーヒー"]),
        ("人々がiPhoneを3台持つ", ["人々", "が", "iPhone", "を", "3", "台持", "つ"]),
        ("らーめん、うどん", ["らーめん", "うどん"]),
        ("", []),
    ],
)
def test_tokens(text: str, tokens: list[str]) -> None:
    assert JAPANESE.tokens(text) == tokens


@given(st.text(alphabet="猫はカーa1 、ー々"))
def test_tokens_stand_in_the_text_in_order(text: str) -> None:
    place = 0
    for token in JAPANESE.tokens(text):
        place = text.index(token, place) + len(token)


def test_letters() -> None:
    found = pc.count_substring_regex(pa.array(["人々がコーヒー〆 abc 12 。？"]), JAPANESE.letters)
    assert found[0].as_py() == 8


@pytest.mark.parametrize(
    ("answer_en", "answer", "method"),
    [
        ("2", "2", "number"),
        ("0", "0", "number"),
        ("10:15", "10:15", "number"),
        ("twelve", "12", "number"),
        ("2 and 3", "2と3", "number"),
        ("yes", "はい", "yes/no"),
        ("no", "いいえ", "yes/no"),
        ("maybe", "たぶん", "yes/no"),
        ("not sure", "よくわからない", "yes/no"),
        ("red", "赤", "colour"),
        ("gray", "グレー", "colour"),
        ("grey", "グレー", "colour"),
        ("light blue", "水色", "colour"),
        ("dark brown", "こげ茶色", "colour"),
        ("black and white", "白黒", "colour"),
        ("white and black", "白と黒", "colour"),
        ("red and white", "赤と白", "colour"),
        ("red, white and blue", "赤と白と青", "colour"),
        ("red, white, and blue", "赤と白と青", "colour"),
        ("red white and blue", "赤と白と青", "colour"),
        ("red white", "赤と白", "colour"),
        ("white & red", "白と赤", "colour"),
        ("orange and white", "オレンジ色と白", "colour"),
        ("dark blue and light green", "濃い青と薄い緑", "colour"),
        ("blue green", "青緑", "colour"),
        ("blue green and yellow", "青と緑と黄色", "colour"),
        ("multi colored", "カラフル", "colour"),
    ],
)
def test_answers_from_the_tables(answer_en: str, answer: str, method: str) -> None:
    assert JAPANESE.answer(answer_en) == (answer, method)


@pytest.mark.parametrize(
    "answer_en",
    [
        *[
            "orange",
            "rose",
            "clear",
            "peach",
            "light",
            "",
            "and",
        ],
        *["orange and lime", "red and", "red and 2", "2 and red", "2 bats"],
        *["red and red", "light and dark blue", "short and red", "yes and cat", "n/a and cat"],
    ],
)
def test_answers_that_no_table_knows(answer_en: str) -> None:
    assert JAPANESE.answer(answer_en) is None
