"""The words of the world in English, Japanese and Hindi, and the little grammar that joins them.

A text is a dict of the three languages. Nouns carry what agreement needs: the Japanese counter, whether the
thing lives (います) or not (あります), the Hindi gender and oblique forms. Colours carry a Japanese attribute
(赤い) and a noun (赤), and the three Hindi forms (masculine singular, masculine otherwise, feminine).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

LANGUAGES = ("en", "ja", "hi")
Text = dict[str, str]
_VOWELS = "aeiou"


def text(en: str, ja: str, hi: str) -> Text:
    """A text in the three languages.

    >>> text("Yes", "はい", "हाँ")["hi"]
    'हाँ'
    """
    return {"en": en, "ja": ja, "hi": hi}


class Noun(NamedTuple):
    """A noun: English singular and plural; Japanese and its counter; Hindi direct and oblique forms."""

    en: str
    en_plural: str
    ja: str
    counter: str
    hi: str
    hi_plural: str
    hi_oblique: str
    hi_oblique_plural: str
    feminine: bool
    lives: bool = False


class Adjective(NamedTuple):
    """A colour or size: Japanese before nouns and alone; Hindi masculine, other masculine, feminine."""

    en: str
    ja: str
    ja_noun: str
    hi: str
    hi_many: str
    hi_feminine: str


class Verb(NamedTuple):
    """What somebody is doing: Japanese te-form; Hindi masculine singular, masculine plural, feminine."""

    en: str
    ja: str
    hi: str
    hi_many: str
    hi_feminine: str


class Place(NamedTuple):
    """A place: the English phrase with preposition, and the same as adverbials in Japanese and Hindi."""

    en: str
    en_in: str
    ja: str
    hi: str
    hi_in: str
    feminine: bool
    indoors: bool


def _noun(row: list[str], lives: bool) -> Noun:
    en, en_plural, ja, counter, hi, hi_plural, hi_oblique, hi_oblique_plural, gender = row
    return Noun(
        en, en_plural, ja, counter, hi, hi_plural, hi_oblique, hi_oblique_plural, gender == "f", lives
    )


def _nouns(table: str, *, lives: bool) -> dict[str, Noun]:
    rows = (line.split("|") for line in table.split("\n") if line)
    return {row[0]: _noun(row, lives) for row in rows}


_LIVING = _nouns(
    """
dog|dogs|犬|匹|कुत्ता|कुत्ते|कुत्ते|कुत्तों|m
cat|cats|猫|匹|बिल्ली|बिल्लियाँ|बिल्ली|बिल्लियों|f
horse|horses|馬|頭|घोड़ा|घोड़े|घोड़े|घोड़ों|m
cow|cows|牛|頭|गाय|गायें|गाय|गायों|f
sheep|sheep|羊|頭|भेड़|भेड़ें|भेड़|भेड़ों|f
elephant|elephants|ゾウ|頭|हाथी|हाथी|हाथी|हाथियों|m
giraffe|giraffes|キリン|頭|जिराफ़|जिराफ़|जिराफ़|जिराफ़ों|m
zebra|zebras|シマウマ|頭|ज़ेबरा|ज़ेबरे|ज़ेबरे|ज़ेबरों|m
bird|birds|鳥|羽|चिड़िया|चिड़ियाँ|चिड़िया|चिड़ियों|f
animal|animals|動物|匹|जानवर|जानवर|जानवर|जानवरों|m
man|men|男性|人|आदमी|आदमी|आदमी|आदमियों|m
woman|women|女性|人|औरत|औरतें|औरत|औरतों|f
boy|boys|男の子|人|लड़का|लड़के|लड़के|लड़कों|m
girl|girls|女の子|人|लड़की|लड़कियाँ|लड़की|लड़कियों|f
person|people|人|人|व्यक्ति|लोग|व्यक्ति|लोगों|m
""",
    lives=True,
)
_LIFELESS = _nouns(
    """
car|cars|車|台|कार|कारें|कार|कारों|f
bus|buses|バス|台|बस|बसें|बस|बसों|f
truck|trucks|トラック|台|ट्रक|ट्रक|ट्रक|ट्रकों|m
bicycle|bicycles|自転車|台|साइकिल|साइकिलें|साइकिल|साइकिलों|f
motorcycle|motorcycles|バイク|台|मोटरसाइकिल|मोटरसाइकिलें|मोटरसाइकिल|मोटरसाइकिलों|f
boat|boats|ボート|隻|नाव|नावें|नाव|नावों|f
plane|planes|飛行機|機|विमान|विमान|विमान|विमानों|m
vehicle|vehicles|乗り物|台|वाहन|वाहन|वाहन|वाहनों|m
apple|apples|リンゴ|個|सेब|सेब|सेब|सेबों|m
banana|bananas|バナナ|本|केला|केले|केले|केलों|m
orange|oranges|オレンジ|個|संतरा|संतरे|संतरे|संतरों|m
pizza|pizzas|ピザ|枚|पिज़्ज़ा|पिज़्ज़ा|पिज़्ज़ा|पिज़्ज़ा|m
cake|cakes|ケーキ|個|केक|केक|केक|केकों|m
table|tables|テーブル|台|मेज़|मेज़ें|मेज़|मेज़ों|f
chair|chairs|椅子|脚|कुर्सी|कुर्सियाँ|कुर्सी|कुर्सियों|f
couch|couches|ソファ|台|सोफ़ा|सोफ़े|सोफ़े|सोफ़ों|m
bed|beds|ベッド|台|बिस्तर|बिस्तर|बिस्तर|बिस्तरों|m
umbrella|umbrellas|傘|本|छाता|छाते|छाते|छातों|m
kite|kites|凧|枚|पतंग|पतंगें|पतंग|पतंगों|f
book|books|本|冊|किताब|किताबें|किताब|किताबों|f
cup|cups|カップ|個|कप|कप|कप|कपों|m
lamp|lamps|ランプ|個|लैंप|लैंप|लैंप|लैंपों|m
hat|hats|帽子|個|टोपी|टोपियाँ|टोपी|टोपियों|f
shirt|shirts|シャツ|枚|कमीज़|कमीज़ें|कमीज़|कमीज़ों|f
dress|dresses|ドレス|着|ड्रेस|ड्रेसें|ड्रेस|ड्रेसों|f
""",
    lives=False,
)
NOUNS = _LIVING | _LIFELESS

_PLAIN_COLOURS = """
red|赤い|赤|लाल|लाल|लाल
blue|青い|青|नीला|नीले|नीली
green|緑の|緑|हरा|हरे|हरी
yellow|黄色い|黄色|पीला|पीले|पीली
white|白い|白|सफ़ेद|सफ़ेद|सफ़ेद
black|黒い|黒|काला|काले|काली
brown|茶色い|茶色|भूरा|भूरे|भूरी
gray|グレーの|グレー|स्लेटी|स्लेटी|स्लेटी
orange|オレンジ色の|オレンジ色|नारंगी|नारंगी|नारंगी
pink|ピンクの|ピンク|गुलाबी|गुलाबी|गुलाबी
purple|紫の|紫|बैंगनी|बैंगनी|बैंगनी
"""
COLOURS = {
    row[0]: Adjective(*row) for row in (line.split("|") for line in _PLAIN_COLOURS.split("\n") if line)
}
SIZES = {
    "large": Adjective("big", "大きい", "大きい", "बड़ा", "बड़े", "बड़ी"),
    "small": Adjective("small", "小さい", "小さい", "छोटा", "छोटे", "छोटी"),
}


def colour(name: str) -> Adjective:
    """A colour, or two of them.

    >>> colour("red and white").ja
    '赤と白の'
    """
    if name in COLOURS:
        return COLOURS[name]
    first, second = (COLOURS[part] for part in name.split(" and "))
    joined = f"{first.ja_noun}と{second.ja_noun}"
    hindi = (f"{one} और {other}" for one, other in zip(first[3:], second[3:], strict=True))
    return Adjective(name, f"{joined}の", joined, *hindi)


_VERB_TABLE = """
standing|立って|खड़ा|खड़े|खड़ी
sitting|座って|बैठा|बैठे|बैठी
sleeping|寝て|सो रहा|सो रहे|सो रही
running|走って|दौड़ रहा|दौड़ रहे|दौड़ रही
flying|飛んで|उड़ रहा|उड़ रहे|उड़ रही
eating|餌を食べて|खाना खा रहा|खाना खा रहे|खाना खा रही
reading|本を読んで|किताब पढ़ रहा|किताब पढ़ रहे|किताब पढ़ रही
waving|手を振って|हाथ हिला रहा|हाथ हिला रहे|हाथ हिला रही
skateboarding|スケートボードをして|स्केटबोर्डिंग कर रहा|स्केटबोर्डिंग कर रहे|स्केटबोर्डिंग कर रही
surfing|サーフィンをして|सर्फ़िंग कर रहा|सर्फ़िंग कर रहे|सर्फ़िंग कर रही
skiing|スキーをして|स्कीइंग कर रहा|स्कीइंग कर रहे|स्कीइंग कर रही
riding a horse|馬に乗って|घोड़े पर सवार|घोड़े पर सवार|घोड़े पर सवार
riding a bicycle|自転車に乗って|साइकिल चला रहा|साइकिल चला रहे|साइकिल चला रही
riding a motorcycle|バイクに乗って|मोटरसाइकिल चला रहा|मोटरसाइकिल चला रहे|मोटरसाइकिल चला रही
flying a kite|凧を揚げて|पतंग उड़ा रहा|पतंग उड़ा रहे|पतंग उड़ा रही
holding an umbrella|傘を差して|छाता पकड़े हुए|छाता पकड़े हुए|छाता पकड़े हुए
eating an apple|リンゴを食べて|सेब खा रहा|सेब खा रहे|सेब खा रही
eating a banana|バナナを食べて|केला खा रहा|केला खा रहे|केला खा रही
eating a pizza|ピザを食べて|पिज़्ज़ा खा रहा|पिज़्ज़ा खा रहे|पिज़्ज़ा खा रही
"""
VERBS = {row[0]: Verb(*row) for row in (line.split("|") for line in _VERB_TABLE.split("\n") if line)}

PLACES = {
    "beach": Place("beach", "on the beach", "ビーチ", "समुद्र तट", "समुद्र तट पर", False, False),
    "street": Place("street", "on the street", "通り", "सड़क", "सड़क पर", True, False),
    "field": Place("field", "in the field", "野原", "मैदान", "मैदान में", False, False),
    "forest": Place("forest", "in the forest", "森", "जंगल", "जंगल में", False, False),
    "desert": Place("desert", "in the desert", "砂漠", "रेगिस्तान", "रेगिस्तान में", False, False),
    "ski slope": Place("ski slope", "on the ski slope", "ゲレンデ", "स्की ढलान", "स्की ढलान पर", True, False),
    "kitchen": Place("kitchen", "in the kitchen", "キッチン", "रसोई", "रसोई में", True, True),
    "bedroom": Place("bedroom", "in the bedroom", "寝室", "शयनकक्ष", "शयनकक्ष में", False, True),
    "living room": Place("living room", "in the living room", "リビング", "बैठक", "बैठक में", True, True),
    "bathroom": Place("bathroom", "in the bathroom", "バスルーム", "बाथरूम", "बाथरूम में", False, True),
    "classroom": Place("classroom", "in the classroom", "教室", "कक्षा", "कक्षा में", True, True),
}
TIMES = {
    "day": text("day", "昼", "दिन"),
    "evening": text("evening", "夕方", "शाम"),
    "night": text("night", "夜", "रात"),
}
WEATHERS = {
    "sunny": text("sunny", "晴れています", "धूप निकली है"),
    "cloudy": text("cloudy", "曇っています", "बादल छाए हैं"),
    "raining": text("raining", "雨が降っています", "बारिश हो रही है"),
    "snowing": text("snowing", "雪が降っています", "बर्फ़ गिर रही है"),
}
SIDES = {
    "left": ("on the left", "左の", "बाईं ओर"),
    "middle": ("in the middle", "真ん中の", "बीच"),
    "right": ("on the right", "右の", "दाईं ओर"),
}
NUMBERS = {
    1: ("one", "एक"),
    2: ("two", "दो"),
    3: ("three", "तीन"),
    4: ("four", "चार"),
    5: ("five", "पाँच"),
    6: ("six", "छह"),
    7: ("seven", "सात"),
}


@dataclass(frozen=True)
class Phrase:
    """A noun with its number, perhaps a colour and a side, in all the forms that sentences need.

    >>> cats = Phrase(NOUNS["cat"], many=True, adjective=colour("black"), side="left")
    >>> cats.en, cats.ja
    ('black cats on the left', '左の黒い猫')
    >>> cats.hi, cats.hi_o  # as a subject, and before a postposition
    ('बाईं ओर की काली बिल्लियाँ', 'बाईं ओर की काली बिल्लियों')
    """

    noun: Noun
    many: bool = False
    adjective: Adjective | None = None
    side: str | None = None

    @property
    def en(self) -> str:
        """Without an article."""
        noun = self.noun.en_plural if self.many else self.noun.en
        words = [self.adjective.en, noun] if self.adjective else [noun]
        return " ".join([*words, SIDES[self.side][0]] if self.side else words)

    @property
    def en_a(self) -> str:
        """With "a" or "an" in the singular."""
        return self.en if self.many else f"{'an' if self.en[0] in _VOWELS else 'a'} {self.en}"

    @property
    def en_be(self) -> str:
        """'is' or 'are'."""
        return "are" if self.many else "is"

    @property
    def en_do(self) -> str:
        """'does' or 'do'."""
        return "do" if self.many else "does"

    @property
    def ja(self) -> str:
        """With what describes it before it."""
        side = SIDES[self.side][1] if self.side else ""
        return side + (self.adjective.ja if self.adjective else "") + self.noun.ja

    @property
    def ja_be(self) -> str:
        """います for the living, あります for all else."""
        return "います" if self.noun.lives else "あります"

    @property
    def hi(self) -> str:
        """The direct case."""
        return self._hindi(self.noun.hi_plural if self.many else self.noun.hi, self.many)

    @property
    def hi_o(self) -> str:
        """The oblique case, before a postposition."""
        return self._hindi(self.noun.hi_oblique_plural if self.many else self.noun.hi_oblique, True)

    @property
    def hi_be(self) -> str:
        """है or हैं."""
        return "हैं" if self.many else "है"

    def agree(self, masculine: str, many: str, feminine: str) -> str:
        """The Hindi form that agrees with this phrase."""
        return feminine if self.noun.feminine else many if self.many else masculine

    def hi_of(self) -> str:
        """का, के or की before this phrase."""
        return self.agree("का", "के", "की")

    def hi_is(self, adjective: Adjective) -> str:
        """The adjective as a predicate of this phrase."""
        return self.agree(*adjective[3:])

    def hi_does(self, verb: Verb) -> str:
        """The verb with its auxiliary, in agreement with this phrase."""
        return f"{self.agree(*verb[2:])} {self.hi_be}"

    def _hindi(self, noun: str, oblique: bool) -> str:
        words = [noun]
        if self.adjective:
            words.insert(0, self._attribute(self.adjective[3:], oblique))
        if self.side:
            words.insert(0, f"{SIDES[self.side][2]} {self._attribute(('का', 'के', 'की'), oblique)}")
        return " ".join(words)

    def _attribute(self, forms: tuple[str, ...], oblique: bool) -> str:
        return forms[2] if self.noun.feminine else forms[1] if oblique else forms[0]


def number(count: int, phrase: Phrase) -> Text:
    """A counted noun: "three dogs", "3匹の犬", "तीन कुत्ते".

    >>> number(2, Phrase(NOUNS["man"]))["ja"]
    '2人の男性'
    """
    counted = Phrase(phrase.noun, count != 1, phrase.adjective)
    english, hindi = NUMBERS[count]
    adjective = counted.adjective.ja if counted.adjective else ""
    japanese = f"{count}{phrase.noun.counter}の{adjective}{phrase.noun.ja}"
    return text(f"{english} {counted.en}", japanese, f"{hindi} {counted.hi}")
