"""Answers that the Japanese metric takes for one, and answers that it must keep apart."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from vqa_builder import languages

normalise = languages.get("ja").normalise
ONE = [
    [
        "2",
        "２",
        "二",
        "2つ",
        "２つ",
        "二つ",
        "ふたつ",
        "二匹",
        "2匹",
        "2人",
        "二人です。",
        "2 個",
        "2匹います",
    ],
    ["1", "一", "一つ", "ひとつ", "ひとり", "1台", "一枚"],
    ["0", "０", "ゼロ", "零"],
    ["12", "十二", "12本", "十二本"],
    ["25", "二十五", "２５", "25個"],
    ["1000", "1,000", "千", "1000人"],
    ["2024年", "二〇二四年", "２０２４年"],
    ["2階", "二階", "２階です"],
    ["12月", "十二月", "１２月"],
    ["300円", "三百円", "３００円"],
    ["10:15", "１０：１５"],
    ["10時15分", "十時十五分"],
    ["1番", "一番"],
    ["二匹の猫", "2匹の猫", "２匹の猫です"],
    ["はい", "はい。", "ハイ", "ﾊｲ", "「はい」", "ええ", "うん", "はい、そうです。", "そうです"],
    ["いいえ", "いいえ。", "イイエ", "いえ", "違います", "いいえ、違います。"],
    ["わからない", "分からない", "わかりません。", "分かりません"],
    ["猫", "ネコ", "ねこ", "ﾈｺ", "猫です。", "ネコです"],
    ["りんご", "リンゴ", "林檎"],
    ["赤", "赤い", "赤色", "あか", "赤です"],
    ["黄色", "黄", "黄色い", "きいろ"],
    ["オレンジ色", "橙色", "だいだい色"],
    ["赤と白", "赤色と白色", "赤い と 白い", "あかとしろ"],
    ["2と3", "二と三", "2つと3つ"],
    ["猫と犬", "ネコとイヌ"],
    ["カレーと猫", "カレーとネコ"],
    ["コンピュータ", "コンピューター"],
    ["エレベータ", "エレベーターです"],
    ["バイオリン", "ヴァイオリン"],
    ["Tシャツ", "Ｔシャツ", "ティーシャツ"],
    ["引き出し", "引出し", "引出"],
    ["子供", "子ども", "こども"],
    ["眼鏡", "メガネ", "めがね"],
    ["コカ・コーラ", "コカコーラ", "コカ コーラ"],
    ["テレビ", "ﾃﾚﾋﾞ", "テレビジョン"],
]
APART = [
    ("2", "3"),
    ("2", "12"),
    ("23", "二、三"),
    ("23人", "二三人"),
    ("いいえ", "違う"),
    ("2つ", "2階"),
    ("2", "2年"),
    ("100円", "100ドル"),
    ("三", "三角"),
    ("3", "三脚"),
    ("7", "七面鳥"),
    ("8", "八百屋"),
    ("はい", "いいえ"),
    ("オレンジ", "オレンジ色"),
    ("カバ", "カバー"),
    ("スキ", "スキー"),
    ("箸", "橋"),
    ("人", "1"),
    ("なし", "0"),
    ("赤", "赤ちゃん"),
    ("灰色", "グレー"),
    ("カキ", "柿"),
    ("からだ", "から"),
    ("です", ""),
]


@pytest.mark.parametrize("answers", ONE, ids=lambda answers: answers[0])
def test_one_answer_in_many_spellings(answers: list[str]) -> None:
    assert {normalise(answer) for answer in answers} == {normalise(answers[0])}


@pytest.mark.parametrize(("one", "other"), APART)
def test_answers_that_stay_apart(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


def test_classes_stay_apart() -> None:
    assert len({normalise(answers[0]) for answers in ONE}) == len(ONE)


def table() -> list[dict[str, str]]:
    path = Path(languages.__file__).with_name("answer_forms_ja.tsv")
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t"))


def test_every_form_of_the_table_is_read_and_listed_once() -> None:
    written = [row["written"] for row in table()]
    assert len(written) == len(set(written))
    assert all(normalise(row["written"]) == normalise(row["read"]) for row in table())


def test_what_a_form_is_read_as_is_not_read_otherwise() -> None:
    assert not {row["written"] for row in table()} & {row["read"] for row in table()}


PIECES = [
    *"猫犬赤色いとのです一二十百千万〇1２3つ匹人階月目第ヴァーアカタ・、。. ,:",
    "でした",
    "あか",
    "コンピューター",
]


@given(
    st.lists(st.sampled_from([*PIECES, "はい", "違います", "七面鳥", "二階", "います"]), max_size=9).map(
        "".join
    )
)
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


def test_the_version_stands_in_the_signature() -> None:
    assert languages.get("ja").signature == "language:ja|rules:ja|version:2"
