"""Words with all their forms in three languages, and phrases made of them: what fills a slot."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

from recipes.translator.annotate import read_rows

IMPLIED = {
    "vehicle": "vehp",
    "bird": "birdp",
    "pet": "petp",
    "elec": "elecp",
    "in": "contp",
    "grazer": "hornp",
    "roadv": "roadadj",
    "bike": "bikep",
}
WORD_CLASS = {
    "dog": "petdog",
    "puppy": "petdog",
    "hair": "hairp",
    "sky": "skyp",
    "grass": "nature2",
}
NOT_MALE = ("person", "child", "kid", "baby")
VAGUE = {"person", "adult", "child", "animal", "vehicle", "player", "worker"}  # "the person" = その人
ARTICLES = {"uniform": "a", "umpire": "an", "hour": "an", "one": "a"}  # where the letter misleads
HINDI_STEMS = {"खा", "जा", "आ", "गा", "क्या", "ताज़ा", "सादा", "मुस्कुरा"}  # end in ा but do not inflect
BY_NUMBER = {  # of English: what goes with one and with several
    "be": ("is", "are"),
    "have": ("has", "have"),
    "do": ("does", "do"),
    "was": ("was", "were"),
    "this": ("this", "these"),
    "that": ("that", "those"),
    "it": ("it", "them"),
    "look": ("looks", "look"),
    "verb": ("s", ""),
}


@dataclass(frozen=True)
class Entry:
    """A row of ``lexicon.tsv``; see its columns in the README."""

    en: str
    en_plural: str
    category: str
    ja: str
    ja_counter: str
    hi: str
    hi_plural: str
    hi_oblique: str
    hi_oblique_plural: str
    hi_gender: str
    tags: frozenset[str]

    def tag(self, prefix: str) -> str:
        """What follows a prefix among the tags: ``w=着て`` has 着て after ``w=``."""
        return next((tag[len(prefix) :] for tag in self.tags if tag.startswith(prefix)), "")

    @property
    def classes(self) -> set[str]:
        """Category, tags and all that they imply: what verbs, adjectives and parts are matched with."""
        found = {self.category} | {tag for tag in self.tags if "=" not in tag}
        found |= {IMPLIED[each] for each in tuple(found) if each in IMPLIED}
        if {"animal", "ride"} <= found:
            found.add("ridep")
        if self.en in WORD_CLASS:
            found.add(WORD_CLASS[self.en])
        if self.category == "person" and self.hi_gender == "f":
            found.add("fem")
        elif self.category == "person" and self.hi_gender == "m" and self.en not in NOT_MALE:
            found.add("male")
        return found


def read_lexicon(path: Path) -> list[Entry]:
    """All entries of a lexicon, in its order."""
    entries = []
    for row in read_rows(path):
        tags = frozenset(row.pop("tags").split())
        entries.append(Entry(**row, tags=tags))
    return entries


@dataclass
class Phrase:
    """A slot filler: an entry with its number, an adjective and a place where it has them.

    Attributes:
        loc: the place in English, Japanese and Hindi.
    """

    entry: Entry
    plural: bool = False
    mod: Entry | None = None
    loc: tuple[str, str, str] | None = None

    @property
    def en_plural(self) -> bool:
        """Whether the English verb is a plural."""
        return "pl" in self.entry.tags or (self.plural and "mass" not in self.entry.tags)

    @property
    def hi_plural(self) -> bool:
        """Whether the Hindi verb is a plural."""
        number = self.entry.tag("hinum=")
        if number:
            return number == "pl"
        return self.plural and not self.entry.tags & {"mass", "pl"}

    @property
    def feminine(self) -> bool:
        """Of the Hindi noun."""
        return self.entry.hi_gender == "f"

    def en_noun(self, plural: bool) -> str:
        """The noun and its adjective, without its place."""
        noun = self.entry.en_plural if plural and self.entry.en_plural else self.entry.en
        return f"{self.mod.en} {noun}" if self.mod else noun

    def en(self, form: str) -> str:
        """An English form: the bare phrase, or what the grammar's notation asks for."""
        many = self.en_plural
        if form in BY_NUMBER:
            return BY_NUMBER[form][many]
        noun = self.en_noun(many)
        full = f"{noun} {self.loc[0]}" if self.loc else noun
        if form == "a":
            return full if many or "mass" in self.entry.tags else f"{article(noun)} {full}"
        if form == "they":
            return "they" if many else self._en_pronoun()
        if form == "their":
            return "their" if many else {"he": "his", "she": "her", "it": "its"}[self._en_pronoun()]
        return {
            "": full,
            "any": f"any {self.en_noun(True)}",
            "one": self.en_noun(False),
            "in": self.entry.tag("p=") or "in",
            "cap": full.title(),
            "s": self.en_noun(True),
            "pos": noun + ("'" if noun.endswith("s") and many else "'s"),
        }[form]

    def _en_pronoun(self) -> str:
        if self.entry.category != "person":
            return "it"
        return "she" if "fem" in self.entry.classes else "he"

    def ja(self, form: str, draw: random.Random) -> str:
        """A Japanese form; the counter 個 is いくつ half of the time."""
        entry = self.entry
        there = ("います", "いる", "いません") if "anim" in entry.tags else ("あります", "ある", "ありません")
        bare = (self.loc[1] if self.loc else "") + (self.mod.ja if self.mod else "") + entry.ja
        stem = re.sub("[のな]$", "", entry.ja)
        if form == "何":
            counter = entry.ja_counter
            uncounted = counter == "つ" or (counter == "個" and draw.random() < 0.5)
            return "いくつ" if uncounted else f"何{counter}"
        if form == "def":
            if entry.en == "person" and self.plural and not self.loc:
                return "人々"
            return "その" + bare if entry.en in VAGUE and not (self.plural or self.mod or self.loc) else bare
        return {
            "": bare,
            "aru": there[0],
            "iru": there[1],
            "nai": there[2],
            "n": entry.ja_counter or stem,
            "plain": re.sub("[のな]$", "だ", entry.ja),
            "pred": predicate(entry),
            "wear": entry.tag("w=") or "身につけて",
            "they": ("彼女" if "fem" in entry.classes else "彼") + ("ら" if self.plural else ""),
        }[form]

    def hi(self, form: str) -> str:
        """A Hindi form: direct, oblique (``o``, ``op``), plural (``p``), pronouns."""
        many = self.hi_plural
        plural = form != "one" and (many or form in ("p", "op"))
        pronouns = {
            "they": ("वह", "वे"),
            "poss": ("उसके", "उनके"),
            "erg": ("उसने", "उन्होंने"),
            "these": ("यह", "ये"),
            "thesed": ("इस", "इन"),
        }
        if form in pronouns:
            return pronouns[form][many]
        if form == "in":
            return "पर" if self.entry.tag("p=") else "में"
        if form == "fem":
            return self.entry.hi_oblique
        return self._hi_noun(plural, form in ("o", "op"))

    def _hi_noun(self, plural: bool, oblique: bool) -> str:
        entry = self.entry
        noun = {
            (False, False): entry.hi,
            (True, False): entry.hi_plural,
            (False, True): entry.hi_oblique,
            (True, True): entry.hi_oblique_plural,
        }[plural, oblique]
        if self.mod:
            masculine = self.mod.hi_plural if oblique or plural else self.mod.hi
            noun = f"{self.mod.hi_oblique if self.feminine else masculine} {noun}"
        if self.loc:
            noun = f"{agree(self.loc[2], self.feminine, plural, oblique)} {noun}"
        return noun


def article(phrase: str) -> str:
    """The indefinite article of an English phrase.

    >>> [article(phrase) for phrase in ("orange", "uniform", "hour hand", "cat")]
    ['an', 'a', 'an', 'a']
    """
    first = re.split("[ -]", phrase)[0]
    return ARTICLES.get(first, "an" if first[:1] in "aeiou" else "a")


def numeral(number: Entry, counter: str) -> str:
    """A number with a Japanese counter; つ counts no further than nine."""
    value = int(number.en_plural)
    return f"{value}個" if counter == "つ" and value > 9 else f"{value}{counter}"


def predicate(entry: Entry) -> str:
    """The polite Japanese predicate of an adjective or colour."""
    if entry.category != "color" and entry.ja_counter:
        return entry.ja_counter
    if entry.ja.endswith("る"):
        return entry.ja[:-1] + "ます"
    return re.sub("[のな]$", "", entry.ja) + "です"


def agree(text: str, feminine: bool, plural: bool, oblique: bool = False) -> str:
    """Inflect every Hindi word that marks gender and number (का, रहा, है, कितना, हुआ ...).

    >>> agree("कितना बड़ा है", feminine=True, plural=True)
    'कितनी बड़ी हैं'
    """
    words = text.split(" ")
    return " ".join(
        # a verb stem before the progressive never inflects
        word
        if word in HINDI_STEMS or following.startswith("रह")
        else _agreeing(word, feminine, plural, oblique)
        for word, following in zip(words, [*words[1:], ""], strict=True)
    )


def _agreeing(word: str, feminine: bool, plural: bool, oblique: bool) -> str:
    if word.endswith("एगा"):
        return word[:-3] + ("एँ" if plural else "ए") + ("गी" if feminine else "गे" if plural else "गा")
    if word == "है":
        return "हैं" if plural else "है"
    if word == "था":
        return ("थीं" if plural else "थी") if feminine else ("थे" if plural else "था")
    if word.endswith("ाया") or word in ("गया", "नया", "किया", "दिया", "लिया", "हुआ"):
        if word in ("किया", "दिया", "लिया") and feminine:
            return word[0] + "ी"
        return re.sub("(या|आ)$", "ई" if feminine else "ए", word) if feminine or plural or oblique else word
    if word.endswith("ा"):
        return word[:-1] + ("ी" if feminine else "े" if plural or oblique else "ा")
    return word
