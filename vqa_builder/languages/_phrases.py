"""Answers put together from parts: counts (2 cars), places (near the table), lists, "not calm", "red bag".

``words_<code>.tsv`` lists nouns, adjectives and actions with the forms that the language needs, and
``phrases_<code>.tsv`` how phrases are said: the slots of a phrase ("near {noun}") are filled from the English
answer, and stand in the answer in one of their forms ("{noun[oblique]} के पास"). What does not come out whole
is not answered at all, so that an engine is asked for it.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import cached_property, lru_cache
from typing import ClassVar, NamedTuple

from vqa_builder.languages._answer_tables import TypedAnswer
from vqa_builder.languages._numbers import typed_number
from vqa_builder.languages._text import table_rows

METHOD = "phrase"
MATERIAL = "material"
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october"),
    *("november", "december"),
)
EDIBLE = frozenset({"food", "fruit", "vegetable", "drink"})
_FAMILIES = dict.fromkeys(EDIBLE, "food")
_COMPOUNDS = {
    "appliance": frozenset({"room"}),
    "body": frozenset({"animal", "person"}),
    "clothes": frozenset({"sport", "person", "holiday"}),
    "furniture": frozenset({"room", "place"}),
    "part": frozenset({"vehicle", "electronic", "furniture", "clothes", "structure", "appliance", "room"}),
    "place": frozenset({"sport"}),
    "structure": frozenset({"room", "structure", "vehicle"}),
    "tableware": frozenset({"drink", "food"}),
}
"""What a noun may stand before: the kinds of it, by the kind of the noun behind."""
_DETERMINERS = frozenset(
    ["a", "an", "the", "his", "her", "their", "its", "my", "your", "our", "this", "that", "these", "those"]
)
ALIVE = frozenset({"person", "animal"})
_MEANS = ALIVE | {"vehicle", "abstract"}
"""By these something is done, where one is by any other thing."""
_NO_PLACES = frozenset({"person", "animal", "abstract", "clothes", "time", "season", "sport", "meal"})
"""Kinds of nouns that nothing is in: a man in a hat wears it."""
_PLACE = re.compile(r"\{([a-z]+\d?)(?:\[([a-z]+)\])?\}")
_SLOT = re.compile(r"\{([a-z]+)(\d?)\}")
_LIST = re.compile(r"\s*(?:,\s*and\b|,\s*|&|\band\b|/)\s*")
_LONGEST_WORD = 4
_MOST_WORDS = 8


class Word(NamedTuple):
    """One entry of ``words_<code>.tsv``, as an English text names it.

    Attributes:
        kind: ``adj``, ``act``, or what kind of noun it is ("animal", "material").
        forms: of the language, in the order of the columns behind ``kind``.
        plural: whether the English was in the plural.
    """

    kind: str
    forms: tuple[str, ...]
    plural: bool

    @property
    def is_noun(self) -> bool:
        """Anything but adjectives and actions."""
        return self.kind not in ("adj", "act")


class Forms(dict[str, str]):
    """The forms of a part; "" is the one that stands where none is named."""

    def __format__(self, spec: str) -> str:
        return self[""]


class Phrases(ABC):
    """The phrases of one language; subclasses know how its words go together.

    Args:
        code: ISO 639 code.
        whole: the language's own answer to a whole text, as tables list it; None for no answer.
        homographs: what tables know in several senses, so that it is no part of a phrase by itself.
        list_joints: what stands between the members of a list, and before the last.
    """

    never_listed: ClassVar[frozenset[str]] = frozenset({"yes/no", "direction", "place phrase"})
    """Methods of answers that no list holds."""

    def __init__(
        self,
        code: str,
        whole: Callable[[str], TypedAnswer | None],
        homographs: Set[str],
        list_joints: tuple[str, str],
    ) -> None:
        self.code, self.whole, self.list_joints = code, whole, list_joints
        self.homographs = homographs
        self.answer = lru_cache(maxsize=1 << 16)(self._answer)
        self._parts: dict[str, Callable[[str], Forms | None]] = {
            "n": self._number,
            "letter": self._letter,
            "month": self._month,
            "year": lambda text: Forms({"": text}) if re.fullmatch("[12][0-9]{3}", text) else None,
            "sport": lambda text: self._listed_as("sport", text),
            "colour": lambda text: self._listed_as("colour", text),
            "noun": self.noun,
            "place": lambda text: self._noun_of(None, text, but=_NO_PLACES),
            "alive": lambda text: self._noun_of(ALIVE, text),
            "clothes": lambda text: self._noun_of(frozenset({"clothes"}), text),
            "thing": lambda text: self._noun_of(None, text),
            "food": self._food,
            "fixed": lambda text: self._noun_of(None, text, but=_MEANS),
            "quality": self.quality,
            "color": self._color,
            "act": self._act,
            "quantity": self._quantity,
        }

    @abstractmethod
    def noun_forms(self, modifiers: Sequence[Word], noun: Word) -> Forms:
        """A noun with what stands before it."""

    @abstractmethod
    def quality_forms(self, text: str, word: Word | None) -> Forms:
        """What something is like: ``text`` as an answer, and the adjective that it is, if it is one."""

    @abstractmethod
    def act_forms(self, word: Word) -> Forms:
        """What someone is doing."""

    @abstractmethod
    def counted(self, number: str, noun: Forms) -> str:
        """So many of something."""

    def _answer(self, text: str) -> str | None:
        """The phrase that an English answer is; None where it is none.

        Args:
            text: as tables list answers (see ``en.lookup_forms``).
        """
        if not 0 < len(text.split()) <= _MOST_WORDS:
            return None
        for part in (self._plain, self._quantity):
            if (forms := part(text)) is not None:
                return forms[""]
        return self._template(text) or self._list(text)

    def noun(self, text: str, *, of_any_sense: bool = False) -> Forms | None:
        """A noun, perhaps with adjectives, colours or a material before it; determiners are left out."""
        words = text.split()
        while len(words) > 1 and words[0] in _DETERMINERS:
            words = words[1:]
        for size in range(min(_LONGEST_WORD, len(words)), 0, -1):
            name = " ".join(words[-size:])
            for head in self.words.get(name, ()) if of_any_sense or name not in self.homographs else ():
                modifiers = self._modifiers(words[:-size], head) if head.is_noun else None
                if modifiers is not None:
                    forms = self.noun_forms(modifiers, head)
                    forms["kind"] = head.kind
                    return forms
        return None

    def _noun_of(self, kinds: frozenset[str] | None, text: str, but: frozenset[str] = ALIVE) -> Forms | None:
        """A noun of some kinds; None for all but some, such as those that live."""
        forms = self.noun(text)
        fits = forms and (forms["kind"] in kinds if kinds is not None else forms["kind"] not in but)
        return forms if fits else None

    def _food(self, text: str) -> Forms | None:
        """What is eaten; that an orange is a fruit then is clear."""
        forms = self.noun(text, of_any_sense=True)
        return forms if forms and forms["kind"] in EDIBLE else None

    def quality(self, text: str) -> Forms | None:
        """What something is like, from the table of answers or the list of words."""
        if text in self.homographs:
            return None
        adjective = next((word for word in self.words.get(text, ()) if word.kind == "adj"), None)
        known = self.whole(text)
        if known is not None and known.method in ("quality", "colour", "weather", "shape and pattern"):
            return self.quality_forms(known.text, adjective)
        return self.quality_forms("", adjective) if adjective else None

    @cached_property
    def words(self) -> dict[str, list[Word]]:
        """English word or words, singular or plural -> its entries."""
        found: dict[str, list[Word]] = {}
        for row in table_rows(f"words_{self.code}.tsv"):
            singular, plural, kind, *forms = row.values()
            found.setdefault(singular, []).append(Word(kind, tuple(forms), False))
            if plural and plural != singular:
                found.setdefault(plural, []).append(Word(kind, tuple(forms), True))
        return found

    @cached_property
    def _templates(self) -> dict[str, list[tuple[re.Pattern[str], str]]]:
        """First word, "" for a slot -> the phrases that begin so, longest first, and how they are said."""
        found: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        rows = sorted(
            table_rows(f"phrases_{self.code}.tsv"), key=lambda row: -len(_SLOT.sub("", row["phrase"]))
        )
        for row in rows:
            first = row["phrase"].split()[0]
            pieces = re.split(_SLOT, row["phrase"])
            pattern = re.escape(pieces[0])
            for name, digit, rest in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
                pattern += f"(?P<{name}{digit}>.+?){re.escape(rest)}"
            found.setdefault("" if "{" in first else first, []).append((re.compile(pattern), row["answer"]))
        return found

    def _template(self, text: str) -> str | None:
        for pattern, answer in (*self._templates.get(text.split()[0], ()), *self._templates.get("", ())):
            match = pattern.fullmatch(text)
            slots = match.groupdict() if match else {}
            parts = {name: self._parts[name.rstrip("2")](part) for name, part in slots.items()}
            if match and all(_has_forms(parts, answer)):
                said: str = answer.format(**parts)
                return said
        return None

    def _plain(self, text: str) -> Forms | None:
        """A noun, a quality or an action by itself."""
        return self.noun(text) or self.quality(text) or self._act(text)

    def _quantity(self, text: str) -> Forms | None:
        """A number, a measure, or a number of things."""
        first, _, rest = text.partition(" ")
        number = typed_number(first)
        if number is not None and not rest:
            return Forms({"": number})
        known = self.whole(text)
        if known is not None and known.method == "measure":
            return Forms({"": known.text})
        noun = self.noun(rest) if number is not None and number.isdigit() else None
        noun = None if noun and noun["kind"] == "time" else noun
        return Forms({"": self.counted(number, noun)}) if number is not None and noun is not None else None

    def _list(self, text: str) -> str | None:
        """Things joined by commas or "and", each of which can be said; or two joined by "or"."""
        members = [each for member in _LIST.split(text) for each in self._dishes(member)]
        if len(members) < 2 or any(len(member) < 2 and not member.isdigit() for member in members):
            return None
        said = [self._member(member) for member in members]
        known = [forms for forms in said if forms is not None]
        kinds = {
            _FAMILIES.get(forms["kind"], forms["kind"]) for forms in known if "of_any_sense" not in forms
        }
        names = [forms[""] for forms in known if _FAMILIES.get(forms["kind"], forms["kind"]) in kinds]
        if len(names) < len(said) or len(set(names)) < len(names):
            return None
        between, last = self.list_joints
        return between.join(names[:-1]) + last + names[-1]

    def _dishes(self, text: str) -> list[str]:
        """Food one after the other, as on a plate ("bacon toast"), each by itself; else the text alone."""
        words = text.split()
        kinds = [{word.kind for word in self.words.get(name, ())} for name in words]
        apart = len(words) > 1 and all(kind & EDIBLE for kind in kinds) and self.noun(text) is None
        return words if apart else [text]

    def _member(self, text: str) -> Forms | None:
        """A member of a list: something named or counted, not what it is like or whether it is so.

        A word of several senses counts only beside another member of its kind: an orange beside a banana.
        """
        known = self.whole(text)
        if known is not None:
            listed = known.method not in {*self.never_listed, "number"}
            entries = [word.kind for word in self.words.get(text, ()) if word.is_noun]
            kind = entries[0] if entries else known.method
            return Forms({"": known.text, "kind": kind}) if listed else None
        if text in self.homographs:
            forms = self.noun(text, of_any_sense=True)
            return Forms({**forms, "of_any_sense": text}) if forms else None
        forms = self.noun(text) or (None if text.isdigit() else self._quantity(text))
        if forms:
            return Forms({"kind": "", **forms})
        said = self._template(text)
        return Forms({"": said, "kind": ""}) if said else None

    def _listed_as(self, method: str, text: str) -> Forms | None:
        """A whole answer of one table, such as a sport."""
        known = self.whole(text)
        return Forms({"": known.text}) if known and known.method == method else None

    def _month(self, text: str) -> Forms | None:
        name = next((month for month in _MONTHS if len(text) > 2 and month.startswith(text.rstrip("."))), "")
        return self._listed_as("time", "september" if text == "sept" else name)

    def _letter(self, text: str) -> Forms | None:
        """A single letter or a number behind a name: gate A, scene 1."""
        return Forms({"": text.upper()}) if text.isdigit() or (len(text) == 1 and text.isalpha()) else None

    def _number(self, text: str) -> Forms | None:
        number = typed_number(re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", text))
        return None if number is None else Forms({"": number})

    def _color(self, text: str) -> Forms | None:
        known = self.whole(text)
        if known is None and text not in self.words:
            return None
        adjective = next((word for word in self.words.get(text, ()) if word.kind == "adj"), None)
        return self.quality_forms(known.text if known else "", adjective) if adjective else None

    def _act(self, text: str) -> Forms | None:
        word = next((word for word in self.words.get(text, ()) if word.kind == "act"), None)
        if word:
            return self.act_forms(word)
        said = self._template(text) if text.split()[0].endswith("ing") else None
        return Forms({"": said}) if said else None

    def _modifiers(self, words: list[str], head: Word) -> list[Word] | None:
        """Adjectives, materials and owners, longest first, and what makes a compound with the head.

        None where anything else stands there.
        """
        found: list[Word] = []
        while words:
            sizes = range(min(_LONGEST_WORD, len(words)), 0, -1)
            fitting = ((size, word) for size in sizes for word in self._entries(words[:size]))
            size, word = next(fitting, (len(words), self._compounded(" ".join(words), head)))
            if word is None:
                return None
            found.append(word)
            words = words[size:]
        return found

    def _compounded(self, text: str, head: Word) -> Word | None:
        """A noun that says what kind of head it is, as a bathroom sink is a sink of bathrooms."""
        if text in self.homographs:
            return None
        kinds = _COMPOUNDS.get(head.kind, frozenset())
        return next((word for word in self.words.get(text, ()) if word.kind in kinds), None)

    def _entries(self, words: list[str]) -> Iterator[Word]:
        """Adjectives, materials, and owners with their 's."""
        text = " ".join(words)
        for word in self.words.get(text, ()):
            if word.kind in ("adj", MATERIAL):
                yield word
        if text.endswith(("'s", "s'")):
            owner = text.removesuffix("'s") if text.endswith("'s") else text[:-1]
            yield from (word for word in self.words.get(owner, ()) if word.kind in ALIVE)


def _has_forms(parts: Mapping[str, Forms | None], answer: str) -> Iterator[bool]:
    """For each place in an answer, whether its part is there and has the form that stands there."""
    for name, form in _PLACE.findall(answer):
        forms = parts[name]
        yield forms is not None and form in forms
