"""Words as alignments count them: nothing but spaces is left out."""

import csv
import re
from pathlib import Path

import pytest

from vqa_builder.translation.aligners import words

GOLD = Path(__file__).with_name("gold.tsv")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What color is the bus?", "What color is the bus ?"),
        ("Isn't the man's t-shirt red?", "Is n't the man 's t-shirt red ?"),
        ("Are the boys' hats blue, red or green?", "Are the boys ' hats blue , red or green ?"),
        ("What does 'stop' mean?", "What does ' stop ' mean ?"),
        ('What does "stop" mean?', 'What does " stop " mean ?'),
        ("They're waiting, aren't they?", "They 're waiting , are n't they ?"),
        ("I cannot see. What time is it?", "I can not see . What time is it ?"),
        ("Is it 10:30 or 1,000?", "Is it 10:30 or 1,000 ?"),
        ("Is this St. Paul in the U.S.?", "Is this St. Paul in the U.S. ?"),
        ("Is the dog (left) asleep?!", "Is the dog ( left ) asleep ? !"),
        ("Does it cost $5 & 10%?", "Does it cost $ 5 & 10 % ?"),
        ("What is he gonna do...", "What is he gon na do ..."),
        ("", ""),
    ],
)
def test_english_words_are_those_of_the_penn_treebank(text: str, expected: str) -> None:
    assert words(text, "en") == expected.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("赤いバスは何色ですか？", "赤い バス は 何 色 です か ？"),
        ("テーブルの上に猫は何匹いますか？", "テーブル の 上 に 猫 は 何 匹 います か ？"),
        ("男の子たちは何を食べていますか？", "男の子 たち は 何 を 食べ ています か ？"),
        ("これは犬ですか、それとも猫ですか？", "これ は 犬 です か 、 それとも 猫 です か ？"),
        ("部屋には本が何種類ありますか？", "部屋 に は 本 が 何 種類 あります か ？"),
        ("食べ物はおいしそうですか？", "食べ物 は おいしそう です か ？"),
        ("子どもはいくつですか？", "子ども は いくつ です か ？"),
        ("STOPと書いてありますか？", "STOP と 書いて あります か ？"),
    ],
)
def test_japanese_is_cut_at_particles_and_auxiliaries(text: str, expected: str) -> None:
    assert words(text, "ja") == expected.split()


def test_hindi_keeps_its_marks() -> None:
    assert words("क्या यह बिल्ली है, या कुत्ता।", "hi") == ["क्या", "यह", "बिल्ली", "है", ",", "या", "कुत्ता", "।"]


@pytest.mark.parametrize("language", ["en", "ja", "hi", "de", "ta"])
@pytest.mark.parametrize(
    "text",
    [
        "猫は「ミケ」ですか？ 🐈",
        "क्या २ बिल्लियाँ हैं?",
        "Wie viele Hunde (2)?",
        "んー、ゎゝ…",
        " \t ",
        "ー",
        "何",
    ],
)
def test_nothing_but_spaces_is_left_out(text: str, language: str) -> None:
    assert "".join(words(text, language)) == re.sub(r"\s", "", text)


def test_the_gold_set_has_the_words_and_no_link_beside_them() -> None:
    with GOLD.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [row["language"] for row in rows] == ["ja"] * 30 + ["hi"] * 30
    for row in rows:
        en, target = row["en"].split(" "), row["target"].split(" ")
        assert words(row["en"], "en") == en
        assert words(("" if row["language"] == "ja" else " ").join(target), row["language"]) == target
        sure, possible = (row[name].split() for name in ("sure", "possible"))
        assert not {*sure} & {*possible}
        for link in sure + possible:
            source, _, place = link.partition("-")
            assert int(source) < len(en) and int(place) < len(target)
