"""Answers put together from parts: counts (2 cars), places (near the table), lists, "not calm", "red bag".

``words_<code>.tsv`` lists nouns, adjectives, actions and verbs with the forms that the language needs, and
``phrases_<code>.tsv`` how phrases are said: the slots of a phrase ("near {noun}") are filled from the English
answer, and stand in the answer in one of their forms ("{noun[oblique]} के पास"). What does not come out whole
is not answered at all.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Iterable, Set
from functools import lru_cache
from typing import ClassVar

from vqa_builder.languages._answer_tables import TypedAnswer
from vqa_builder.languages._noun_phrases import LONGEST_WORD, NounPhrases
from vqa_builder.languages._numbers import typed_number
from vqa_builder.languages._phrase_table import Phrase
from vqa_builder.languages._words import (
    ADJECTIVE,
    ALIVE,
    EDIBLE,
    PREPOSITIONS,
    PRONOUN,
    SUPPLIES,
    VERBS,
    Forms,
    Word,
)

METHOD = "phrase"
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october"),
    *("november", "december"),
)
_MONTH_BY_START = {month[:size]: month for month in reversed(_MONTHS) for size in range(len(month) + 1)}
_ENUMERATED = frozenset({"animal", "appliance", "clothes", "electronic", "furniture", "vehicle"})
_FAMILIES = dict.fromkeys(EDIBLE, "food")
_MEANS = ALIVE | {"vehicle", "abstract"}
"""By these something is done, where one is by any other thing."""
_NO_PLACES = frozenset({"person", "animal", "abstract", "clothes", "time", "season", "sport", "meal"})
"""Kinds of nouns that nothing is in: a man in a hat wears it."""
_IS = re.compile(r" (?:is|are) ")
_LIST = re.compile(r"\s*(?:,\s*and\b|,\s*|&|\band\b|/)\s*")
_COUNTED = re.compile("(?<=[a-z]) (?=[0-9]+ [a-z])")
_LETTER = re.compile("[a-rt-z]|[0-9]+[a-z]?|[a-z][0-9]+")
_FRACTION = re.compile(r"\d+/\d+|\d*[¼½¾⅓⅔]|\d+ \d/\d")
_MOST_WORDS = 8


class Phrases(NounPhrases):
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
        super().__init__(code, homographs)
        self.whole, self.list_joints = lru_cache(maxsize=1 << 16)(whole), list_joints
        self.answer = lru_cache(maxsize=1 << 16)(self._answer)
        self._parts = {
            "n": self._number,
            "letter": self._letter,
            "fraction": lambda text: Forms({"": text}) if _FRACTION.fullmatch(text) else None,
            "month": self._month,
            "year": lambda text: Forms({"": text}) if re.fullmatch("[12][0-9]{3}", text) else None,
            "sport": lambda text: self._listed_as("sport", text),
            "colour": lambda text: self._listed_as("colour", text),
            "noun": self._thing,
            "verb": lambda text: self._done(text, progressive=False),
            "place": lambda text: self._noun_of(None, text, but=_NO_PLACES),
            "alive": lambda text: self._noun_of(ALIVE, text),
            "clothes": lambda text: self._noun_of(frozenset({"clothes"}), text),
            "thing": lambda text: self._noun_of(None, text),
            "food": self._food,
            "event": lambda text: self._noun_of(frozenset({"event"}), text),
            "gear": lambda text: self._noun_of(frozenset({"sportgear", "picture"}), text),
            "vehicle": lambda text: self._noun_of(frozenset({"vehicle"}), text),
            "fixed": lambda text: self._noun_of(None, text, but=_MEANS),
            "quality": self.quality,
            "color": self._color,
            "act": self._act,
            "quantity": self._quantity,
            "clause": lambda text: _said(self._clause(text)),
            "near": lambda text: _said(self._place(text)),
        }

    @abstractmethod
    def quality_forms(self, text: str, word: Word | None) -> Forms:
        """What something is like: ``text`` as an answer, and the adjective that it is, if it is one."""

    @abstractmethod
    def act_forms(self, word: Word) -> Forms:
        """What someone is doing."""

    @abstractmethod
    def ongoing(self, said: str) -> Forms:
        """What someone is doing, as a phrase says it, and its other forms."""

    @abstractmethod
    def verb_forms(self, verb: Word, thing: Forms | None) -> Forms | None:
        """What someone does to a thing, or does; None where the verb has no object, or needs one."""

    @abstractmethod
    def clause(self, subject: Forms, predicate: Forms) -> str:
        """That somebody does something, or is like something."""

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
        if (forms := self._plain(text)) or (forms := self._quantity(text)):
            return forms[""]
        if said := self._template(text, self.table.begun(text)):
            return said
        forms = self.noun(text) or self._done(text, progressive=False, alone=True)
        if forms and forms.get("kind") != PRONOUN:
            return forms[""]
        return self._template(text, self.table.open(text)) or self._list(text) or self._clause(text)

    def quality(self, text: str) -> Forms | None:
        """What something is like, from the table of answers or the list of words."""
        if text in self.homographs:
            return None
        adjective = next((word for word in self.words.get(text, ()) if word.kind == ADJECTIVE), None)
        known = self.whole(text)
        if known is not None and known.method in ("quality", "colour", "weather", "shape and pattern"):
            return self.quality_forms(known.text, adjective)
        return self.quality_forms("", adjective) if adjective else None

    def _template(self, text: str, rows: Iterable[Phrase] | None = None) -> str | None:
        """A text as the first of some phrases that it is; of all that there are for None."""
        for phrase in (*self.table.begun(text), *self.table.open(text)) if rows is None else rows:
            if (parts := phrase.parts(text, self._parts)) is not None:
                return phrase.answer.format(**parts)
        return None

    def _place(self, text: str) -> str | None:
        """Where something is: "on table"."""
        known = self.whole(text)
        if known is not None:
            return known.text if known.method == "place phrase" else None
        return self._template(text) if text.split()[0] in PREPOSITIONS else None

    def _plain(self, text: str) -> Forms | None:
        """A noun, a quality or an action by itself; he or it is no answer."""
        noun = self._headed(text, ())
        if noun and noun["kind"] != PRONOUN:
            return noun
        return self.quality(text) or self._act(text)

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
        noun = None if noun and noun["kind"] in ("time", PRONOUN) else noun
        return Forms({"": self.counted(number, noun)}) if number is not None and noun is not None else None

    def _list(self, text: str) -> str | None:
        """Things joined by commas or "and", each of which can be said; or two joined by "or"."""
        apart = _COUNTED.sub(", ", text) if text[0].isdigit() else text
        members = [each for member in _LIST.split(apart) for each in self._dishes(member)]
        between, last = self.list_joints
        if len(members) > 1 and all(len(member) == 1 and member.isalpha() for member in members):
            letters = [member.upper() for member in members]
            return between.join(letters[:-1]) + last + letters[-1]
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
        return between.join(names[:-1]) + last + names[-1]

    def _dishes(self, text: str) -> list[str]:
        """Things of one kind one after the other ("bacon toast", "truck van car"), each by itself."""
        words = text.split()
        kinds = [{word.kind for word in self.words.get(name, ())} for name in words]
        alike = all(kind & EDIBLE for kind in kinds) or (
            len(words) > 2 and set.intersection(*kinds) & _ENUMERATED
        )
        apart = len(words) > 1 and alike and self.noun(text) is None
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
            if listed:
                return Forms({"": known.text, "kind": kind})
            return self._headed(text, ()) if entries else None
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
        name = _MONTH_BY_START.get(text.rstrip("."), "") if len(text) > 2 else ""
        return self._listed_as("time", "september" if text == "sept" else name)

    def _letter(self, text: str) -> Forms | None:
        """A single letter, a number or both behind a name: gate A, scene 1, exit 25B."""
        return Forms({"": text.upper()}) if _LETTER.fullmatch(text) else None

    def _number(self, text: str) -> Forms | None:
        number = typed_number(re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", text))
        return None if number is None else Forms({"": number})

    def _color(self, text: str) -> Forms | None:
        known = self.whole(text)
        if known is None and text not in self.words:
            return None
        adjective = next((word for word in self.words.get(text, ()) if word.kind == ADJECTIVE), None)
        return self.quality_forms(known.text if known else "", adjective) if adjective else None

    def _act(self, text: str) -> Forms | None:
        word = next((word for word in self.words.get(text, ()) if word.kind == "act"), None)
        if word:
            return Forms({**(self._done(text, progressive=True) or {}), **self.act_forms(word)})
        if not text.split()[0].endswith("ing"):
            return None
        if said := self._template(text, self.table.begun(text)):
            return self.ongoing(said)
        if done := self._done(text, progressive=True):
            return done
        said = self._template(text, self.table.open(text))
        return self.ongoing(said) if said else None

    def _done(self, text: str, *, progressive: bool, alone: bool = False) -> Forms | None:
        """A verb, with the thing that something is done to if it has one.

        Args:
            text: the English.
            progressive: whether the verb ends in -ing.
            alone: whether it must be told from a noun ("swing set", "ride") by having a thing.
        """
        words = text.split()
        for size in range(min(LONGEST_WORD, len(words)), 0, -1):
            name, rest = " ".join(words[:size]), " ".join(words[size:])
            for verb in self.words.get(name, ()):
                if verb.kind not in VERBS or verb.plural != progressive:
                    continue
                if alone and (name in self.homographs or any(word.is_noun for word in self.words[name])):
                    return None
                if verb.kind == "activity" and rest in SUPPLIES:
                    return None
                thing = self._thing(rest) if rest else None
                needed = bool(rest) or (size > 1 and verb.kind != "intransitive")
                forms = self.verb_forms(verb, thing) if needed == (thing is not None) else None
                if forms is not None:
                    return forms
        return None

    def _clause(self, text: str) -> str | None:
        """That somebody does something: "dog is running"."""
        first, _, rest = _IS.sub("\n", text, count=1).partition("\n")
        noun = self.noun(first) if rest else None
        if noun and noun["kind"] == PRONOUN:
            return self._template(text, self.table.begun(text))
        predicate = (self._act(rest) or self.quality(rest)) if noun else None
        return self.clause(noun, predicate) if noun and predicate else None


def _said(text: str | None) -> Forms | None:
    """A part that has no other form."""
    return Forms({"": text}) if text else None
