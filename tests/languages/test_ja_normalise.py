"""Answers that the Japanese metric takes for one, and answers that it must keep apart."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from vqa_builder import languages
from vqa_builder.errors import UnknownNameError

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
    [
        "はい",
        "はい。",
        "ハイ",
        "ﾊｲ",
        "「はい」",
        "ええ",
        "うん",
        "はい、そうです。",
        "そうです",
        "はい、あります",
        "はい。います。",
    ],
    ["いいえ", "いいえ。", "イイエ", "違います", "いいえ、違います。", "いいえ、ありません", "ノー"],
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
    ["座っている", "座っています", "座ってる", "座ってます", "座っています。"],
    ["食べている", "食べています", "食べてる"],
    ["見ている", "見てる", "見ています"],
    ["飲む", "飲みます"],
    ["飲んだ", "飲みました"],
    ["起きる", "起きます"],
    ["運転する", "運転します"],
    ["話す", "話します"],
    ["見えない", "見えません"],
    ["ある", "あります"],
    ["ない", "ありません"],
    ["灰色", "グレー", "グレイ", "グレー色", "ねずみ色"],
    ["茶色", "茶色い", "ブラウン"],
    ["白と黒", "白黒", "黒と白", "白、黒", "黒、白です", "黒および白"],
    ["赤と青", "赤、青", "青,赤", "青 赤"],
    ["赤と茶色", "赤と茶", "茶、赤"],
    ["バイク", "オートバイ"],
    ["50%", "50パーセント", "５０％", "五十パーセント"],
    ["お酒", "酒"],
    ["黒", "黒 ###", "**黒**", "黒###", "黒</s>"],
    ["-5", "－５", "−5", "マイナス5"],
    ["20ドル", "$20", "＄20"],
]
APART = [
    ("-5", "5"),
    ("C++", "C"),
    ("C#", "C"),
    ("A+", "A"),
    ("A-", "A"),
    (".5", "5"),
    ("5+", "5"),
    (">5", "5"),
    ("50%", "50"),
    ("", "？"),
    ("？", "！"),
    ("いえ", "いいえ"),
    ("いいえ、わかりません", "いいえ"),
    ("お茶", "茶色"),
    ("捨てる", "捨てている"),
    ("赤と白", "赤と白と青"),
    ("桃色", "ピンク"),
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
    lines = path.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(lines, delimiter="\t", restval=""))


@pytest.mark.parametrize("version", ["2", "3"])
def test_every_form_of_the_table_is_read(version: str) -> None:
    rows = [row for row in table() if not row["rules"] or version in row["rules"]]
    last = {row["written"]: row["read"] for row in rows}  # rows of one version stand last and win
    for written, read in last.items():
        assert normalise(written, version) == normalise(read, version)


def test_every_form_is_listed_once_for_a_version() -> None:
    listed = [(row["written"], row["rules"]) for row in table()]
    assert len(listed) == len(set(listed))


def test_what_a_form_is_read_as_is_not_read_otherwise() -> None:
    for version in ("2", "3"):
        read = {normalise(row["read"], version) for row in table()}
        assert {normalise(each, version) for each in read} == read


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
    assert languages.get("ja").signature == "language:ja|rules:ja|version:3"


@pytest.mark.parametrize(
    ("text", "second", "third"),
    [("座っています", "座っています", "座っている"), ("-5", "5", "\ue00d5"), ("いえ", "いいえ", "いえ")],
)
def test_older_rules_can_be_asked_for(text: str, second: str, third: str) -> None:
    assert (normalise(text, "2"), normalise(text, "3"), normalise(text)) == (second, third, third)


def test_other_versions_are_unknown() -> None:
    with pytest.raises(UnknownNameError, match="'7'"):
        normalise("猫", "7")
