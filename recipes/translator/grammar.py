"""A synchronous grammar of what is asked about photographs: one draw fills the same slots in three languages.

The notation of ``templates.tsv`` is in the README. The lines of a triple are translations of each other by
construction; Hindi agrees in gender and number, Japanese counts with the counter of the noun.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from recipes.translator.lexicon import Entry, Phrase, agree, numeral

LANGUAGES = ("en", "ja", "hi")
GROUPS = {
    "thing": "vehicle furniture electronic appliance tableware clothes sportgear object outdoor structure",
    "item": "vehicle furniture electronic tableware sportgear object outdoor",
    "countable": "person animal vehicle furniture electronic tableware sportgear object outdoor structure "
    "fruit vegetable food clothes",
    "living": "person animal",
    "small": "h edible tableware",
    "scene": "person animal vehicle outdoor",
    "mount": "bike horse elephant donkey camel skateboard surfboard snowboard ski",
    "transport": "car bus truck van taxi train tram boat airplane plane",
    "edible": "food fruit vegetable",
}
COLOURABLE = set(GROUPS["thing"].split())
THINGS = COLOURABLE | {"food", "fruit", "vegetable", "part"}  # a rare noun may stand for one of these
DESCRIBING = {"act", "adj", "color", "body", "part", "material"}  # their tags say what they apply to
LOCS = (
    ("on the left", "左の", "बाईं ओर का"),
    ("on the right", "右の", "दाईं ओर का"),
    ("in the middle", "真ん中の", "बीच का"),
    ("in the background", "背景の", "पीछे का"),
    ("in the front", "手前の", "सामने का"),
)
FURRED = {
    "dog",
    "cat",
    "horse",
    "cow",
    "bird",
    "puppy",
    "kitten",
    "goat",
    "sheep",
    "rabbit",
    "bear",
    "animal",
}
FUR_COLOURS = {"white", "black", "brown", "gray", "tan", "brown and white", "black and white"}
_SLOT = r"(\{[^{}]*\})"
_PARTS = rf"{_SLOT[:-1]}|\[[^\[\]]*\]|<[^<>]*>)"


@dataclass(frozen=True)
class Slot:
    """What may fill a place: ``X=thing|animal:any,loc`` or, fitting another slot, ``V=act@X``."""

    key: str
    source: str
    link: str = ""
    flags: frozenset[str] = frozenset()

    @classmethod
    def of(cls, text: str) -> Slot:
        """Read the notation."""
        key, _, spec = text.partition("=")
        body, _, flags = spec.partition(":")
        source, _, link = body.partition("@")
        return cls(key, source, link, frozenset(filter(None, flags.split(","))))


@dataclass
class Template:
    """A row of ``templates.tsv``, its texts cut at slots and choices."""

    name: str
    weight: float
    slots: list[Slot]
    text: dict[str, list[str]] = field(default_factory=dict)


def read_templates(path: Path) -> list[Template]:
    """All templates of a file whose first line names the columns; lines with # are comments."""
    templates = []
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        if not line.strip() or line.startswith("#"):
            continue
        name, weight, slots, *texts = line.split("\t")
        parsed = [Slot.of(text.strip()) for text in slots.split(";") if text.strip()]
        parts = {lang: re.split(_PARTS, text) for lang, text in zip(LANGUAGES, texts, strict=True)}
        templates.append(Template(name, float(weight), parsed, parts))
    return templates


class Generator:
    """Draws triples.

    Args:
        lexicon: what fills the slots, beside numbers in digits; an entry with the tag ``top`` is drawn four
            times as often.
        templates: drawn by their weights.
        seed: of all draws.
        rare: nouns that stand for a thing of the lexicon in a third of the draws.
    """

    def __init__(
        self, lexicon: Sequence[Entry], templates: Sequence[Template], seed: int, rare: Sequence[Entry] = ()
    ) -> None:
        self.random = random.Random(seed)
        self.lexicon, self.templates, self.rare = [*lexicon, *map(in_digits, range(2, 130))], templates, rare
        self.weights = [template.weight for template in templates]
        self.shared = 0  # the choice that <a|b> makes in all languages
        self.cache: dict[tuple[str, ...], list[Entry]] = {}
        self.colours = [entry for entry in lexicon if entry.category == "color"]
        self.sizes = [entry for entry in lexicon if "size" in entry.tags]

    def triples(self) -> Iterator[tuple[str, str, str]]:
        """English, Japanese and Hindi without end; the same triple may come again."""
        while True:
            template = self.random.choices(self.templates, self.weights)[0]
            slots, self.shared = self.fill(template), self.random.randrange(60)
            if template.slots and not slots:
                continue
            en, ja, hi = (
                re.sub(" +(?=[ ?.,]|$)", "", self.render(template.text[lang], lang, slots)).strip()
                for lang in LANGUAGES
            )
            sentence = template.name[0] == "c" and self.random.random() < 0.4
            if template.name[0] == "q" or sentence:
                en = en[:1].upper() + en[1:]
            if sentence:
                en, ja, hi = en + ".", ja + "。", hi + "।"
            ja = re.sub(r"(\d人)の人(?!形)", r"\1", ja)
            yield en, ja, unicodedata.normalize("NFC", hi)

    # --- filling the slots ---

    def fill(self, template: Template) -> dict[str, Phrase]:
        """A phrase for every slot; nothing where one has no candidate."""
        filled: dict[str, Phrase] = {}
        for slot in template.slots:
            used = {
                word for each in filled.values() for word in (each.entry.en, each.entry.ja, each.entry.hi)
            }
            choices = [each for each in self.choices(slot, filled) if not used & {each.en, each.ja, each.hi}]
            if not choices:
                return {}
            filled[slot.key] = self.phrase(slot, self.random.choice(choices))
        return filled

    def choices(self, slot: Slot, filled: dict[str, Phrase]) -> list[Entry]:
        """The entries that suit a slot, given those before it."""
        if slot.source.startswith("ant "):
            other = filled[slot.source[4:]].entry
            return [
                each
                for each in self.lexicon
                if each.category == "adj" and each.en == other.tag("ant=") and each.tags & other.tags
            ]
        if not slot.link:
            found = self.pool(slot)
        elif (
            slot.source in ("act", "adj") and self.random.random() < 0.03
        ):  # now and then one that does not fit
            found = [each for each in self.pool(slot) if not each.tags & {"male", "fem"}]
        else:
            found = self.linked(slot.source, filled[slot.link].entry.classes)
        return [each for each in found if each.tag("ant=")] if "ant" in slot.flags else found

    def pool(self, slot: Slot) -> list[Entry]:
        """Entries of the slot's categories, tags or words."""
        key = (slot.source, *sorted(slot.flags))
        if key not in self.cache:
            asked = set(slot.source.split("|"))
            names = {name for each in asked for name in GROUPS.get(each, each).split()}
            found: list[Entry] = []
            for entry in self.lexicon:
                if self.suits(entry, names, asked, slot.flags):
                    found.extend([entry] * (4 if "top" in entry.tags else 1))
            self.cache[key] = found
        return self.cache[key]

    @staticmethod
    def suits(entry: Entry, names: set[str], asked: set[str], flags: frozenset[str]) -> bool:
        """Whether an entry is of some names and agrees with the flags of a slot."""
        is_a = {entry.category} if entry.category in ("adj", "act") else {entry.category, entry.en}
        if entry.category not in DESCRIBING:
            is_a |= entry.classes
        if not is_a & names or ("one" in entry.tags and not {entry.category, entry.en} & asked):
            return False
        tags = entry.tags
        return not (
            (flags & {"pl", "any", "count"} and tags & {"mass", "one"})
            or ("pl" in flags and "pl" in tags)
            or ("sg" in flags and tags & {"mass", "pl"})
            or ("mass" in flags and "mass" not in tags)
        )

    def linked(self, source: str, classes: set[str]) -> list[Entry]:
        """Entries of a category whose tags fit the classes of another slot."""
        key = ("@" + source, *sorted(classes))
        if key not in self.cache:
            gender = {"male", "fem"}
            self.cache[key] = [
                each
                for each in self.lexicon
                if {each.category, each.en} & set(source.split("|"))
                and ("any" in each.tags or each.tags & classes)
                and (not each.tags & gender or each.category == "clothes" or each.tags & classes & gender)
            ]
        return self.cache[key]

    def phrase(self, slot: Slot, entry: Entry) -> Phrase:
        """An entry with number, adjective and place, as the slot's flags allow."""
        draw, flags = self.random.random, slot.flags
        if self.rare and entry.category in THINGS and "ant" not in flags and draw() < 0.35:
            entry = replace(self.random.choice(self.rare), category=entry.category)
        plural = "pl" in flags or ("any" in flags and draw() < 0.3)
        if "any" in flags and ((slot.key == "Y" and entry.category == "clothes") or "pairs" in entry.tags):
            plural = "pairs" in entry.tags and draw() < 0.9
        phrase = Phrase(entry, plural)
        if "mod" in flags and draw() < (0.9 if "often" in flags else 0.35):
            phrase.mod = self.modifier(entry)
        if "loc" in flags and draw() < 0.2:
            phrase.loc = self.random.choice(LOCS)
        return phrase

    def modifier(self, entry: Entry) -> Entry | None:
        """A colour or a size that suits an entry."""
        if entry.category in COLOURABLE and "mass" not in entry.tags:
            return self.random.choice(self.colours if self.random.random() < 0.75 else self.sizes)
        if entry.en in FURRED:
            colours = [each for each in self.colours if each.en in FUR_COLOURS]
            return self.random.choice(colours if self.random.random() < 0.7 else self.sizes)
        return None

    # --- writing the text ---

    def render(self, parts: list[str], lang: str, slots: dict[str, Phrase]) -> str:
        """The text of one language."""
        written = []
        for part in parts:
            if part[:1] in ("[", "<"):
                options = part[1:-1].split("|")
                free = part[0] == "["
                choice = self.random.choice(options) if free else options[self.shared % len(options)]
                written.append(self.render(re.split(_SLOT, choice), lang, slots))
            elif part.startswith("{"):
                written.append(self.value(part[1:-1], lang, slots))
            else:
                written.append(part)
        return "".join(written)

    def value(self, token: str, lang: str, slots: dict[str, Phrase]) -> str:
        """What stands for a slot: ``X``, ``X.form``, ``X~text`` and so on."""
        match = re.fullmatch(r"(\w)(?:([.~@!%#])(.*))?", token)
        if match is None:
            raise ValueError(token)
        phrase, sign, rest = slots[match[1]], match[2] or "", match[3] or ""
        if sign == "#":
            return numeral(phrase.entry, slots[rest].entry.ja_counter)
        if sign == "~":
            if rest.startswith("sg:"):
                return agree(rest[3:], phrase.feminine, plural=False)
            oblique = rest.startswith("o:")
            return agree(rest[2:] if oblique else rest, phrase.feminine, phrase.hi_plural, oblique)
        if sign in ("@", "!"):
            return agreeing(phrase.entry, slots[rest], negated=sign == "!")
        if sign == "%":
            return participle(phrase.entry, slots[rest])
        if rest == "digit":
            return phrase.entry.en_plural
        if rest.startswith("a:"):
            return Phrase(phrase.entry, phrase.plural, slots[rest[2:]].entry).en("a")
        if lang == "hi":
            return hindi(phrase, rest, slots)
        if lang == "ja":
            return phrase.ja(rest, self.random)
        word = phrase.en(rest.lower())
        return word[:1].upper() + word[1:] if rest[:1].isupper() else word


def agreeing(entry: Entry, owner: Phrase, negated: bool) -> str:
    """The Hindi form of a verb or adjective that agrees with a noun."""
    form = entry.hi_oblique if owner.feminine else entry.hi_plural if owner.hi_plural else entry.hi
    return re.sub(r"(\S+ (?:रह.|हु.)|\S+)$", r"नहीं \1", form) if negated else form


def participle(entry: Entry, owner: Phrase) -> str:
    """The attributive participle of a Hindi verb (…ता हुआ), its last two words agreeing with a noun."""
    head, *tail = entry.hi_oblique_plural.rsplit(" ", 2)
    if len(tail) < 2:
        return agree(entry.hi_oblique_plural, owner.feminine, owner.hi_plural)
    return f"{head} {agree(' '.join(tail), owner.feminine, owner.hi_plural)}"


def in_digits(number: int) -> Entry:
    """A number as an entry of the category ``digits``."""
    text = str(number)
    return Entry(text, text, "digits", text, "", text, text, text, text, "", frozenset())


def hindi(phrase: Phrase, form: str, slots: dict[str, Phrase]) -> str:
    """A Hindi form; ``poss:Y`` is a pronoun that agrees with what is owned."""
    if form.startswith(("poss:", "posso:")):
        owned = slots[form[-1]]
        pronoun = "उनका" if phrase.hi_plural else "उसका"
        return agree(pronoun, owned.feminine, owned.hi_plural, form.startswith("posso"))
    if form.startswith("sg:"):
        return phrase.entry.hi_oblique if slots[form[3:]].feminine else phrase.entry.hi
    return phrase.hi(form)
