"""What the pipeline needs to know about a language, with defaults that serve any language.

A language file subclasses ``Language``, sets ``name`` to its ISO 639 code and overrides what is its own.
Patterns are RE2 (they run inside Arrow); scripts are Unicode script names.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property, lru_cache
from typing import ClassVar

from vqa_builder.errors import UnknownNameError
from vqa_builder.languages._answer_tables import (
    TypedAnswer,
    answer_table,
    lookup_forms,
    tables_hash,
    written_names,
)
from vqa_builder.languages._numbers import digits_in, plain_digits, typed_number
from vqa_builder.languages._phrases import METHOD as PHRASE, Phrases
from vqa_builder.languages._text import fold, table_rows, words

__all__ = ["Language", "TypedAnswer", "known_languages", "lookup_forms", "tables_hash"]

_QUESTION_MARKS = {"Arabic": "؟", "Ethiopic": "፧", "Greek": ";", "Han": "？"}
_UNSPACED = frozenset({"Han", "Khmer", "Lao", "Myanmar", "Thai", "Tibetan"})


@cache
def known_languages() -> dict[str, tuple[str, str]]:
    """ISO 639 code -> (English name, Unicode script), from ``scripts.tsv``; lid.176 knows every code."""
    return {row["code"]: (row["language"], row["script"]) for row in table_rows("scripts.tsv")}


class Language:
    """A language: its script, normaliser, numerals, tokens and small tables.

    Attributes:
        name: ISO 639 code; the plug-in's name.
        version: raised by whoever changes what any method returns; part of every signature that uses it.
        normalisers: the versions of ``normalise`` that can be asked for, the newest last.
        readings: answers that may stand for several others, as 茶 does for brown and for tea: a compared form
            and the compared forms that a person may mean by it.
        scripts: Unicode scripts its text is written in.
        question_mark: how its written questions end.
        unit: what its length is counted in, ``word`` or ``character``.
        list_joints: what stands between the members of a list, and before the last one (", ", " and ");
            None where the language makes no lists of its own answers.
        neighbours: ISO 639 codes of languages in the same script for which short texts are mistaken; empty
            for all that an identifier knows. What tells them apart stands in ``signs_<code>.tsv``.
        number_signs: RE2 without a match in any text from which ``numerals`` reads a number; None where every
            text must be read.
        question_end: RE2 for the end of a written question; default its question mark, or "?".
        question_words: RE2 for what makes a sentence a question beside that; None where nobody wrote it yet.
    """

    name: ClassVar[str] = ""
    version: ClassVar[str] = "1"
    normalisers: ClassVar[tuple[str, ...]] = ()
    readings: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    scripts: tuple[str, ...]
    question_mark: str
    unit: str
    list_joints: tuple[str, str] | None = None
    neighbours: tuple[str, ...] = ()
    question_end: str
    question_words: str | None = None
    number_signs: str | None = None

    @cached_property
    def phrases(self) -> Phrases | None:
        """What puts answers together from the language's own words; None where nobody wrote it yet."""
        return None

    def __init__(self, code: str | None = None) -> None:
        self.code = code or self.name
        self.english_name, script = known_languages()[self.code]
        defaults = {
            "scripts": (script,),
            "question_mark": _QUESTION_MARKS.get(script, "?"),
            "unit": "character" if script in _UNSPACED else "word",
            "question_end": "[?？" + _QUESTION_MARKS.get(script, "?") + "]$",
        }
        for attribute, value in defaults.items():
            if not hasattr(type(self), attribute):
                setattr(self, attribute, value)

    @property
    def signature(self) -> str:
        """Which rules were in force, for manifests and cards.

        >>> Language("de").signature
        'language:de|rules:base|version:1'
        """
        return self.signature_of(self.version)

    def signature_of(self, version: str) -> str:
        """The same for an older version of the normaliser."""
        return f"language:{self.code}|rules:{self.name or 'base'}|version:{version}"

    @property
    def letters(self) -> str:
        """RE2 character class of the language's own letters and marks, brackets included."""
        return "[" + "".join(rf"\p{{{script}}}" for script in self.scripts) + "]"

    def normalise(self, text: str, version: str | None = None) -> str:
        """A short answer in the form in which answers are compared; versioned.

        Args:
            text: the answer as it was given.
            version: one of ``normalisers``; None for the newest.

        >>> Language("de").normalise(" Zwei  HUNDE ")
        'zwei hunde'
        """
        self.chosen(version)
        return fold(text)

    def chosen(self, version: str | None) -> str:
        """The version of the comparing rules that is asked for, the newest for None.

        Raises:
            UnknownNameError: there is no such version.
        """
        known = self.normalisers or (self.version,)
        if version is not None and version not in known:
            raise UnknownNameError("version of the normaliser", version, known)
        return version or known[-1]

    def tokens(self, text: str) -> list[str]:
        """The words of a text, punctuation left out.

        >>> Language("ta").tokens("இது என்ன நிறம்?")
        ['இது', 'என்ன', 'நிறம்']
        """
        return words(text)

    def numerals(self, text: str) -> list[str]:
        """The numbers that a text states, as sorted plain digits.

        Digits of any script count, without their thousands separators; a language file adds its number words
        where they are not ambiguous ("one" and "एक" are articles and pronouns too often to count).

        >>> Language("mr").numerals("२ मांजरी आणि 1,000 कुत्रे")
        ['1000', '2']
        """
        return sorted(digits_in(plain_digits(text)))

    def answer(self, answer_en: str, sense: str = "") -> TypedAnswer | None:
        """The language's own word for an answer, as far as its tables go; None for any other answer.

        Numbers stay digits, which every language writes. Other answers come from ``answers_<code>.tsv``;
        lists of colours or numbers ("red and white", "2 and 3") are put together with ``list_joints``; names
        that every language writes alike ("nike") come next, and last what ``phrases`` can put together.

        Args:
            answer_en: an English answer as its source has it ("2", "Yes.", "near the tree").
            sense: which sense of it, as ``answers/senses.tsv`` names it; "" where it has one alone.

        >>> Language("de").answer("2")
        TypedAnswer(text='2', method='number')
        >>> Language("de").answer("Apple", "brand")
        TypedAnswer(text='Apple', method='name')
        """
        return _answer(self, answer_en, sense)

    def _found(self, answer_en: str, sense: str) -> TypedAnswer | None:
        """What ``answer`` says, worked out."""
        forms = lookup_forms(answer_en)
        listed = (self._listed(form, sense) for form in forms)
        found = next((answer for answer in listed if answer is not None), None)
        if found is None and self.phrases is not None and not sense:
            said = self.phrases.answer(forms[-1])
            return TypedAnswer(said, PHRASE) if said else None
        return found

    def _listed_alone(self, answer_en: str) -> TypedAnswer | None:
        """What tables say of an answer of one sense."""
        return self._listed(answer_en, "")

    def _listed(self, answer_en: str, sense: str) -> TypedAnswer | None:
        """An answer that a table lists, or a list of those."""
        table, names = answer_table(self.code), written_names()
        if (answer_en, sense) in table.whole:
            return table.whole[answer_en, sense]
        if sense and (answer_en, sense) in names:
            return TypedAnswer(names[answer_en, sense], "name")
        number = typed_number(answer_en)
        if number is not None:
            return TypedAnswer(number, "number")
        found = table.find(answer_en, self.list_joints)
        if found is None and (answer_en, "") in names:
            return TypedAnswer(names[answer_en, ""], "name")
        return found


@lru_cache(maxsize=1 << 17)
def _answer(language: Language, answer_en: str, sense: str) -> TypedAnswer | None:
    """Several steps of a build ask for the same answers."""
    return language._found(answer_en, sense)
