"""The tables of answers: senses that exist, measures, names, and what every entry must look like."""

import csv
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

import vqa_builder.languages
from vqa_builder import languages
from vqa_builder.answers.senses import known_rules
from vqa_builder.languages._answer_tables import answer_table, tables_hash, written_names

FOLDER = Path(vqa_builder.languages.__file__).parent


def rows(name: str) -> list[dict[str, str]]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("code", ["ja", "hi"])
def test_no_entry_stands_twice(code: str) -> None:
    table = [row for row in rows(f"answers_{code}.tsv") if not row["method"].endswith("in company")]
    keys = Counter((row["answer_en"], row["sense"]) for row in table)
    assert [key for key, count in keys.items() if count > 1] == []
    assert len(answer_table(code).whole) > 2500


@pytest.mark.parametrize("code", ["ja", "hi"])
def test_every_sense_is_one_that_rows_can_have(code: str) -> None:
    names = [*((row["answer_en"], row["sense"]) for row in rows(f"answers_{code}.tsv")), *written_names()]
    known = {(answer, rule.sense) for answer, rules in known_rules().items() for rule in rules}
    assert [key for key in names if key[1] and key not in known] == []


@pytest.mark.parametrize("code", ["ja", "hi"])
def test_every_sense_has_an_answer(code: str) -> None:
    rules = languages.get(code)
    missing = [
        (answer, sense.sense)
        for answer, senses in known_rules().items()
        for sense in senses
        if rules.answer(answer, sense.sense) is None
    ]
    assert missing == []


@pytest.mark.parametrize("code", ["ja", "hi"])
def test_answers_are_clean_and_in_their_script(code: str) -> None:
    letters = {"ja": ("HIRAGANA", "KATAKANA", "CJK"), "hi": ("DEVANAGARI",)}[code]
    for row in rows(f"answers_{code}.tsv"):
        answer = row["answer"]
        assert unicodedata.is_normalized("NFC", answer), answer
        assert answer == answer.strip()
        assert "  " not in answer
        own = any(unicodedata.name(char, "").startswith(letters) for char in answer)
        assert own or answer.replace(" ", "").isascii(), row


@pytest.mark.parametrize(
    ("answer_en", "sense", "ja", "hi"),
    [
        ("25 mph", "", "時速25マイル", "25 मील प्रति घंटा"),
        ("5 years", "", "5年", "5 साल"),
        ("5 years old", "", "5歳", "5 साल"),
        ("1 hour", "", "1時間", "1 घंटा"),
        ("2 hours", "", "2時間", "2 घंटे"),
        ("100's", "", "何百も", "सैकड़ों"),
        ("1950's", "", "1950年代", "1950 का दशक"),
        ("10:15 am", "", "午前10:15", "सुबह 10:15"),
        ("10:15", "", "10:15", "10:15"),
        ("1/2", "", "1/2", "1/2"),
        ("2 and 3", "", "2と3", "2 और 3"),
        ("2 people", "", "2人", "2 लोग"),
        ("1st", "", "1番目", "पहला"),
        ("20 feet", "", "20フィート", "20 फ़ुट"),
        ("$5", "", "5ドル", "5 डॉलर"),
        ("50%", "", "50%", "50%"),
        ("2", "", "2", "2"),
        ("0", "number", "0", "0"),
        ("0", "none", "なし", "कोई नहीं"),
        ("orange", "colour", "オレンジ色", "नारंगी"),
        ("orange", "fruit", "オレンジ", "संतरा"),
        ("bat", "animal", "コウモリ", "चमगादड़"),
        ("right", "correct", "正しい", "सही"),
        ("male", "animal", "オス", "नर"),
        ("cold", "weather", "寒い", "ठंडा"),
        ("cold", "touch", "冷たい", "ठंडा"),
        ("nike", "", "Nike", "Nike"),
        ("apple", "brand", "Apple", "Apple"),
        ("hp", "", "HP", "HP"),
        ("tv", "", "テレビ", "टीवी"),
        ("no 1", "", "誰もいない", "कोई नहीं"),
        ("yes it is", "", "はい", "हाँ"),
        ("unanswerable", "", "答えられない", "जवाब नहीं दिया जा सकता"),
    ],
)
def test_typed_answers(answer_en: str, sense: str, ja: str, hi: str) -> None:
    for code, expected in (("ja", ja), ("hi", hi)):
        found = languages.get(code).answer(answer_en, sense)
        assert found is not None
        assert found.text == unicodedata.normalize("NFC", expected)


def test_a_homograph_without_its_sense_is_not_guessed() -> None:
    for code in ("ja", "hi"):
        assert languages.get(code).answer("bat") is None
        assert languages.get(code).answer("bat", "unheard of") is None


def test_names_serve_every_language() -> None:
    assert languages.get("de").answer("nike") == ("Nike", "name")
    assert languages.get("de").answer("dog") is None
    assert tables_hash("ja") != tables_hash("hi") == tables_hash("hi")
