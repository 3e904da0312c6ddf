"""Faults of language: each kind, what comes near it and is none, and how often human text is blamed."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from vqa_builder import languages
from vqa_builder.quality.scorers.grammar import Grammar

Measure = Callable[..., list[Any]]

FAULTY = [
    ("ja", "How many dogs are there?", "犬は何人いますか？", "counter 犬…人"),
    ("ja", "How many cars are there?", "車は何着ありますか？", "counter 車…着"),
    ("ja", "How many people are there?", "人は何匹いますか？", "counter 人…匹"),
    ("ja", "Are there bananas in the truck?", "トラックにバナナはいますか？", "animacy バナナ…います"),
    ("ja", "Is there a dog?", "犬がありますか？", "animacy 犬…ありま"),
    ("ja", "What color is the dog?", "犬はは何色ですか？", "particles はは"),
    ("ja", "What is the man sitting on?", "男性は何を座っていますか？", "object 何を座って"),
    ("ja", "Is it heavy or light?", "それは重いですか、それとも重いですか？", "alternatives 重"),
    ("ja", "Is she playing tennis?", "彼はテニスをしていますか？", "person 彼"),
    ("ja", "What is he holding?", "彼女は何を持っていますか？", "person 彼女"),
    ("ja", "Is the cat sleeping?", "猫は寝ていませんか？", "negation"),
    ("ja", "What flag is this?", "この旗は何の上にありますか？", "place"),
    ("ja", "What make is the laptop?", "ノートパソコンは何に使われますか？", "purpose"),
    ("ja", "What animal is this?", "この動物は何を身につけていますか？", "clothing"),
    ("ja", "How much luggage is shown?", "荷物はいくらですか？", "price"),
    ("ja", "Which lady is the oldest?", "どの女の人が古いですか？", "age"),
    ("ja", "How many trees?", "木の木はいくつありますか？", "repetition 木の木"),
    ("ja", "How many elephants?", "ゾウは何足見えますか？", "counter ゾウ…足"),
    (
        "ja",
        "Do the countertops and cabinets match?",
        "カウンターはカウンターとお揃いですか？",
        "twice カウンター",
    ),
    ("ja", "Is this sign written in Chinese?", "この標識は中国に書かれていますか？", "nation"),
    ("ja", "Is there a man in a suit?", "スーツの中に男性はいますか？", "inside clothes"),
    ("hi", "How many people are on skateboards?", "स्केटबोर्ड पर कितने लोग स्केटबोर्ड हैं?", "twice स्केटबोर्ड"),
    ("hi", "Who is in the photo?", "फ़ोटो किसने है?", "case किसने है"),
    ("hi", "Are there any people?", "क्या कोई लोगो है?", "logo"),
    ("ja", "Who made this room?", "この部屋は誰が作られますか？", "voice 誰が作られ"),
    ("hi", "How old is the child?", "बच्चा कितना पुराना है?", "age"),
    ("hi", "What building is in the background?", "पीछे की इमारत को क्या हुआ है?", "event"),
    ("hi", "Is the room cluttered?", "क्या कमरा बुरी है?", "gender कमरा बुरी"),
    ("hi", "Is the train moving?", "क्या ट्रेन चल रहा है?", "gender ट्रेन चल रहा"),
    ("hi", "Is the cat sleeping?", "क्या बिल्ली नहीं सो रही है?", "negation"),
    ("hi", "How many pillows are there?", "यहाँ कितनी तकिये हैं?", "gender कितनी तकिये"),
    ("hi", "How many sheep are there?", "यहाँ कितने भेड़ें हैं?", "gender कितने भेड़ें"),
    ("hi", "Is this her son?", "क्या यह उसकी बेटा है?", "gender उसकी बेटा"),
    ("hi", "What color is the ball?", "गेंद किस रंग का है?", "gender गेंद…का"),
    ("hi", "Is the woman standing?", "क्या औरत खड़ा है?", "gender औरत खड़ा"),
    ("hi", "What animals are these?", "ये जानवर किसे हैं?", "case किसे हैं"),
    ("hi", "Is it red or blue?", "यह लाल है या लाल?", "alternatives लाल"),
    ("hi", "Is it white?", "क्या यह सफ़ेेद है?", "spelling ेे"),
    ("hi", "Is it here?", "क्या यह यहाँ ाहै?", "spelling ा"),
    ("hi", "Is she playing tennis?", "क्या वह टेनिस खेल रहा है?", "person रहा है"),
]
SOUND = [
    ("ja", "How many dogs are there?", "犬は何匹いますか？"),
    ("ja", "How many people is the dog with?", "犬は何人の人と一緒にいますか？"),
    ("ja", "Is she clearly happy?", "彼女ははっきりと嬉しそうですか？"),
    ("ja", "Is it heavy or not?", "それは重いですか、それとも重くないですか？"),
    ("ja", "Is it a boy or a girl?", "男の子ですか、それとも女の子ですか？"),
    ("ja", "Is there a bus?", "バスはいますか？"),
    ("ja", "Is she with him?", "彼女は彼と一緒にいますか？"),
    ("ja", "Isn't the cat sleeping?", "猫は寝ていませんか？"),
    ("ja", "Can you help me?", "手伝ってくれませんか？"),
    ("ja", "What is the flag on?", "旗は何の上にありますか？"),
    ("ja", "How much is this?", "これはいくらですか？"),
    ("ja", "How many groups of people?", "何人の人がいますか？"),
    ("ja", "What is the oven for?", "オーブンは何に使われますか？"),
    ("ja", "Are the trees bare?", "木には葉がありませんか？"),
    ("ja", "Is this sign written in Chinese?", "この標識は中国語で書かれていますか？"),
    ("ja", "Is the cat on the chair or under the chair?", "猫は椅子の上ですか、それとも椅子の下ですか？"),
    ("ja", "Is there a pen inside the shirt pocket?", "シャツの中にペンはありますか？"),
    ("ja", "Would you close the window?", "窓を閉めてくださいませんか？"),
    ("hi", "How many bikers are there?", "कितने बाइक सवार हैं?"),
    ("hi", "What is the license plate number?", "नंबर प्लेट पर क्या नंबर है?"),
    ("hi", "Is the dog in front of the other dog?", "क्या कुत्ता दूसरे कुत्ता के सामने है?"),
    ("hi", "Is the cat asleep or not?", "बिल्ली सो रही है या नहीं?"),
    ("hi", "Can you tell me the color?", "क्या आप बता सकते हैं कि यह लाल है या नहीं?"),
    ("hi", "Is the cat not sleeping?", "क्या बिल्ली नहीं सो रही है?"),
    ("hi", "How many pillows are there?", "यहाँ कितने तकिये हैं?"),
    ("hi", "How many wine glasses?", "कितने वाइन के गिलास?"),
    ("hi", "What is the big electric device?", "बड़े बिजली के उपकरण को क्या कहते हैं?"),
    ("hi", "Which bus service is best?", "शहर की बस सेवा कैसी है?"),
    ("hi", "Is it a boy or a girl?", "क्या यह लड़का है या लड़की?"),
    ("hi", "Is she playing tennis?", "क्या वह टेनिस खेल रही है?"),
    ("hi", "What happened to the man?", "आदमी को क्या हुआ है?"),
    ("hi", "How old is the building?", "इमारत कितनी पुरानी है?"),
    ("hi", "How is the man standing?", "आदमी किस तरह खड़ा है?"),
    ("hi", "Is the man driving a bus?", "क्या आदमी बस चला रहा है?"),
    ("hi", "Is this new?", "क्या यह नई है?"),
    ("hi", "What color is the ground?", "ज़मीन किस रंग की है?"),
]


@pytest.mark.parametrize(("language", "source", "translation", "fault"), FAULTY)
def test_a_fault_is_counted_and_named(
    measure: Measure, language: str, source: str, translation: str, fault: str
) -> None:
    assert measure("grammar", language, [(source, translation)], column="grammar_faults") == [fault]
    assert measure("grammar", language, [(source, translation)]) == [1]


@pytest.mark.parametrize(("language", "source", "translation"), SOUND)
def test_what_is_right_is_not_blamed(measure: Measure, language: str, source: str, translation: str) -> None:
    assert measure("grammar", language, [(source, translation)], column="grammar_faults") == [""]


def test_a_language_without_rules_is_not_measured(measure: Measure) -> None:
    assert measure("grammar", "de", [("Is it red?", "Ist es rot?")]) == [None]


def test_a_fault_weighs_less_in_a_long_text(measure: Measure) -> None:
    text = "यह " + "और घर " * 16 + "यहाँ कितनी तकिये हैं?"
    assert measure("grammar", "hi", [("x", text)])[0] < 0.5


def human_questions(shared: Path, language: str) -> list[tuple[str, str]]:
    """Questions by people, or by careful hands, with their translations."""
    if language == "hi":
        sides = [
            {
                asked["id"]: asked["question"]
                for article in json.loads((shared / f"data/xquad/xquad.{code}.json").read_text())["data"]
                for paragraph in article["paragraphs"]
                for asked in paragraph["qas"]
            }
            for code in ("en", "hi")
        ]
        return [(sides[0][key], text) for key, text in sides[1].items()]
    with (shared / "translations/questions.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[:5000]
    return [(row["en"], row["ja"]) for row in rows]


@pytest.mark.parametrize("language", ["ja", "hi"])
def test_human_questions_are_rarely_blamed(
    shared: Path, make_pairs: Callable[..., pa.Table], language: str
) -> None:
    pairs = make_pairs(human_questions(shared, language))
    faults = Grammar(languages.get(language)).score(pairs)["grammar"].to_numpy()
    assert (faults > 0.75).mean() <= 0.005
