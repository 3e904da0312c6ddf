"""Answers put together from words: agreement, counters, places, lists; or none, if a part is unknown."""

import unicodedata

import pytest

from vqa_builder import languages
from vqa_builder.languages._text import table_rows

JA, HI = languages.get("ja"), languages.get("hi")


@pytest.mark.parametrize(
    ("answer_en", "ja", "hi"),
    [
        ("2 cars", "車2台", "2 कारें"),
        ("Two dogs.", "犬2匹", "2 कुत्ते"),
        ("1 horse", "馬1頭", "1 घोड़ा"),
        ("12 apples", "りんご12個", "12 सेब"),
        ("not calm", "穏やかではない", "शांत नहीं"),
        ("around his neck", "首の周り", "गर्दन के चारों ओर"),
        ("wood fence", "木の柵", "लकड़ी की बाड़"),
        ("miles", "何マイルも", "मीलों"),
        ("near the table", "テーブルの近く", "मेज़ के पास"),
        ("red bag", "赤いバッグ", "लाल बैग"),
        ("black cats", "黒い猫", "काली बिल्लियाँ"),
        ("big dog", "大きい犬", "बड़ा कुत्ता"),
        ("behind the chairs", "椅子の後ろ", "कुर्सियों के पीछे"),
        ("no wheels", "車輪はない", "कोई पहिया नहीं"),
        ("no dog", "犬はいない", "कोई कुत्ता नहीं"),
        ("more than 10", "10より多い", "10 से ज़्यादा"),
        ("2 or 3", "2か3", "2 या 3"),
        ("cat and 2 dogs", "猫と犬2匹", "बिल्ली और 2 कुत्ते"),
        ("orange and banana", "オレンジとバナナ", "संतरा और केला"),
        ("holding basket", "かごを持っている", "टोकरी पकड़े हुए है"),
        ("vitamin a", "ビタミンA", "विटामिन A"),
        ("gate a", "ゲートA", "गेट A"),
        ("eating orange", "オレンジを食べている", "संतरा खा रहा है"),
        ("glass of water", "水の入ったグラス", "पानी का गिलास"),
    ],
)
def test_phrases(answer_en: str, ja: str, hi: str) -> None:
    for language, expected in ((JA, ja), (HI, hi)):
        found = language.answer(answer_en)
        assert found is not None, language.code
        assert found.text == unicodedata.normalize("NFC", expected)


@pytest.mark.parametrize("answer_en", ["2 bats", "near zarf", "on", "cat and zarf", "yes and cat", "x " * 9])
def test_what_does_not_come_out_whole_is_no_answer(answer_en: str) -> None:
    assert JA.answer(answer_en) is None
    assert HI.answer(answer_en) is None


@pytest.mark.parametrize("code", ["ja", "hi"])
def test_every_template_can_be_filled(code: str) -> None:
    fillings = {
        **dict.fromkeys(("noun", "noun2", "alive"), "dog"),
        **dict.fromkeys(("place", "fixed"), "house"),
        **dict.fromkeys(("n", "n2", "quantity", "quantity2"), "3"),
        **dict.fromkeys(("color", "colour"), "red"),
        "thing": "box",
        "food": "bread",
        "quality": "calm",
        "act": "walking",
        "act2": "eating",
        "letter": "b",
        "month": "june",
        "year": "2012",
        "sport": "tennis",
        "clothes": "hat",
    }
    phrases = languages.get(code).phrases
    assert phrases is not None
    for row in table_rows(f"phrases_{code}.tsv"):
        assert phrases.answer(row["phrase"].format(**fillings)), row


@pytest.mark.parametrize("code", ["ja", "hi"])
def test_words_are_whole_and_in_their_script(code: str) -> None:
    rows = table_rows(f"words_{code}.tsv")
    assert len({(row["en"], row["kind"]) for row in rows}) == len(rows) > 2500
    for row in rows:
        for name in ("word", "oblique"):
            text = row.get(name, "x")
            assert text == text.strip() and text and unicodedata.is_normalized("NFC", text), row
