"""Answers put together from words: agreement, counters, places, lists; or none, if a part is unknown."""

import unicodedata

import pytest

from vqa_builder import languages
from vqa_builder.languages._text import table_rows
from vqa_builder.languages._words import VERBS

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
        ("black cows", "黒い牛", "काली गायें"),
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
        ("man on left", "左の男性", "बाईं ओर वाला आदमी"),
        ("behind the man in red hat", "赤い帽子の男性の後ろ", "लाल टोपी वाले आदमी के पीछे"),
        ("man holding a cell phone", "携帯電話を持っている男性", "मोबाइल फ़ोन पकड़े हुए आदमी"),
        ("girl sitting on bench", "ベンチに座っている女の子", "बेंच पर बैठी हुई लड़की"),
        ("3 people on bikes", "自転車に乗った3人", "साइकिलों पर सवार 3 लोग"),
        ("to cut the cake", "ケーキを切るため", "केक काटने के लिए"),
        ("ride bike", "自転車に乗る", "साइकिल पर सवारी करना"),
        ("chasing it", "それを追いかけている", "उसका पीछा कर रहा है"),
        ("looking at each other", "お互いを見ている", "एक-दूसरे को देख रहा है"),
        ("roads are wet", "道路が濡れている", "सड़कें गीली हैं"),
        ("because it is ripe", "熟しているから", "क्योंकि यह पका हुआ है"),
        ("holding bat", "バットを持っている", "बल्ला पकड़े हुए है"),
        ("tomato sauce", "トマトソース", "टमाटर सॉस"),
        ("spinach pizza", "ほうれん草のピザ", "पालक का पिज़्ज़ा"),
        ("horse statue", "馬の像", "घोड़े की मूर्ति"),
        ("there are no animals in picture", "写真の中の動物はいない", "तस्वीर में कोई जानवर नहीं है"),
        ("a and b", "AとB", "A और B"),
        ("row b", "列B", "कतार B"),
        ("team a", "チームA", "टीम A"),
        ("½ cup", "カップ½", "½ कप"),
        ("keep food fresh", "食べ物を新鮮に保つ", "खाना ताज़ा रखना"),
        ("second from left", "左から2番目", "बाईं ओर से दूसरा"),
        ("sheeps", "羊", "भेड़ें"),
        ("landing gear", "着陸装置", "लैंडिंग गियर"),
        ("2 boarding passes", "搭乗券2枚", "2 बोर्डिंग पास"),
        ("2 platypuses", "カモノハシ2匹", "2 प्लैटिपस"),
        ("serving spoon", "取り分けスプーン", "परोसने का चम्मच"),
        ("wall with photos", "写真のある壁", "फ़ोटो वाली दीवार"),
        ("short black hair", "短い黒い髪", "छोटे काले बाल"),
        ("short man", "背の低い男性", "नाटा आदमी"),
        ("old dog", "年老いた犬", "बूढ़ा कुत्ता"),
        ("old car", "古い車", "पुरानी कार"),
        ("dark eyes", "黒っぽい目", "गहरे रंग की आँखें"),
        ("dark room", "暗い部屋", "अँधेरा कमरा"),
        ("not holding umbrella", "傘を持っていない", "छाता पकड़े हुए नहीं है"),
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


@pytest.mark.parametrize(
    "answer_en", ["cleaning supplies for zarf", "phone charging", "2 it", "red it", "swing set zarf"]
)
def test_what_is_no_action_of_somebody_is_no_answer(answer_en: str) -> None:
    assert JA.answer(answer_en) is None


@pytest.mark.parametrize("code", ["ja", "hi"])
def test_every_template_can_be_filled(code: str) -> None:
    fillings = {
        **dict.fromkeys(("noun", "noun2", "alive"), "dog"),
        **dict.fromkeys(("place", "fixed"), "house"),
        **dict.fromkeys(("n", "n2", "quantity", "quantity2"), "3"),
        **dict.fromkeys(("color", "colour", "color2", "colour2"), "red"),
        **dict.fromkeys(("near", "near2"), "under tree"),
        "food2": "egg",
        "event": "tournament",
        "gear": "racket",
        "vehicle": "bus",
        "verb": "cut cake",
        "fraction": "1/2",
        "clause": "dog is running",
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
        for name in ("word",) if row["kind"] in VERBS else ("word", "oblique"):
            text = row.get(name, "x")
            assert text == text.strip() and text and unicodedata.is_normalized("NFC", text), row
