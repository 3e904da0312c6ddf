"""Dictionaries of nouns in three languages, and the slots that they give lines of training.

See ``vqa_builder.translation.slots`` for what a slot is. A rare noun has one wherever the translation of the
line confirms it, but for a few; a frequent noun now and then, so that any word may be given one.
"""

from __future__ import annotations

import csv
import random
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from recipes.translator.files import reading
from recipes.translator.held_out import FUNCTION_WORDS
from vqa_builder.translation.slots import (
    FORMS,
    SLOTS,
    Found,
    Word,
    Words,
    in_places,
    stands_alone,
    with_places,
)

COPIED = (
    0.5  # of the letters and numbers that a translation keeps, as protected spans are when a model is run
)
_LATIN = re.compile("[A-Za-z0-9]+(?:[ .:,%'/-]+[A-Za-z0-9]+)*%?")
NOT_NOUNS = {"act", "adj", "verb", "adv", "num", "answer", "word", "time"}
SELDOM_NOUNS = frozenset(  # for the vote they are nouns, in questions verbs, names and the like
    (Path(__file__).parent / "tables" / "seldom_nouns.txt").read_text(encoding="utf-8").split()
)
COMPOSED = re.compile(  # what follows is a thing by itself, and the two together need no dictionary
    "(?:red|green|blue|black|white|yellow|gold|silver|round|small|big|large|deep|high|new|old|first|second|third|"
    "horizontal|vertical|good|open) "
)
INDECENT = re.compile(
    "चू[तच]|गा[ंँ]ड|(?<![ऀ-ॿ])रंडी|लौड़|मैथुन|कमीन|手マン|ちんぽ|लुंड|लंड|フィスティ|ペッティ|フェラチ|騎乗|ちんこ|まんこ|おっぱい|オナニ|ニガー|"
    "ジャップ|セックス|くそ|糞"
)
POSTPOSITIONS = re.compile(r" (?:का|के|की|को|से|में|पर|ने|तक|जैसे|जैसा|जैसी|वाल[ाीे]|पे|द्वारा|सहित|समेत|द्वारा)(?![ऀ-ॿ])")


@dataclass(frozen=True)
class Noun:
    """An English noun and its translation into one language.

    Attributes:
        en: singular and plural.
        other: Japanese: one form; Hindi: direct, plural, oblique, oblique plural.
        marks: Hindi gender (``<m>``, ``<f>``), ``<animate>`` for Japanese.
        own: from the lexicon of this project, read one by one; else from a vote over dictionaries.
    """

    en: tuple[str, str]
    other: tuple[str, ...]
    marks: tuple[str, ...] = ()
    own: bool = True


def pluralised(noun: str) -> str:
    """The regular plural of an English noun.

    >>> [pluralised(noun) for noun in ("cat", "box", "cherry", "knife")]
    ['cats', 'boxes', 'cherries', 'knives']
    """
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if re.search("[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    if re.search("(?:kni|wi|li|shel|lea|loa|hal|wol)fe?$", noun):
        return re.sub("fe?$", "ves", noun)
    return noun + "s"


def read_rows(path: Path, columns: Sequence[str] = ()) -> list[dict[str, str]]:
    """The rows of a tab-separated file whose first line names the columns.

    Args:
        path: of the file.
        columns: that it must have.

    Raises:
        SourceError: it cannot be read, or lacks columns.
    """
    expected = f"UTF-8, columns between tabs: {', '.join(columns) or 'named in the first line'}"
    with reading(path, expected), path.open(encoding="utf-8", newline="") as handle:
        table = csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
        if missing := [name for name in columns if name not in (table.fieldnames or ())]:
            known = ", ".join(table.fieldnames or ())
            raise ValueError(f"no column {', '.join(missing)} among {known or 'none'}")
        return [{name: value or "" for name, value in row.items() if isinstance(name, str)} for row in table]


def own_nouns(lexicon: Iterable[dict[str, str]], language: str) -> list[Noun]:
    """The nouns of the lexicon, in its order."""
    nouns = []
    for row in lexicon:
        if row["category"] in NOT_NOUNS or not row[language]:
            continue
        english = row["en"], row["en_plural"] or row["en"]
        if language == "hi":
            names = ("hi", "hi_plural", "hi_oblique", "hi_oblique_plural")
            forms = tuple(row[name] or row["hi"] for name in names)
            marks = (f"<{row['hi_gender']}>",) if row["hi_gender"] in ("m", "f") else ()
            nouns.append(Noun(english, forms, marks))
        else:
            animate = row["category"] == "person" or "anim" in row["tags"].split()
            nouns.append(Noun(english, (row["ja"],), ("<animate>",) if animate else ()))
    return nouns


def written_nouns(rows: Iterable[dict[str, str]]) -> list[Noun]:
    """Hindi nouns of ``hindi_nouns.tsv``: things in pictures that no dictionary at hand has."""
    return [
        Noun(
            (row["en"], pluralised(row["en"])),
            (row["hi"],) * 4 if row["forms"] == "fixed" else phrase_forms(row["hi"], row["gender"]),
            (f"<{row['gender']}>",),
        )
        for row in rows
    ]


def phrase_forms(phrase: str, gender: str) -> tuple[str, ...]:
    """As ``hindi_forms``, with what stands before a masculine noun in its form.

    >>> phrase_forms("बर्फ़ का पुतला", "m")
    ('बर्फ़ का पुतला', 'बर्फ़ के पुतले', 'बर्फ़ के पुतले', 'बर्फ़ के पुतलों')
    """
    *before, noun = phrase.split(" ")
    forms = hindi_forms(noun, gender)
    agreeing = [re.sub("ा$", "े", word) if gender == "m" else word for word in before]
    return (phrase, *(" ".join([*agreeing, form]) for form in forms[1:]))


def voted_nouns(rows: Iterable[dict[str, str]], language: str, genders: dict[str, str]) -> list[Noun]:
    """Nouns of a vote over dictionaries.

    Japanese has so many dictionaries that two must agree; Hindi has not, and its compounds explain as
    often as they name ("white horse" → महावीर). So do Japanese ones with an adjective ("round table" →
    円卓会議).
    """
    nouns = []
    for row in rows:
        english, text = row["en"], row[language]
        if row["pos"] not in ("n", "prop") or int(row["rank"]) > 2 or not fits(english, text):
            continue
        if language == "ja" and "," not in row["sources"]:
            continue
        if " " in english and (language == "hi" or COMPOSED.match(english.lower())):
            continue
        names = english, pluralised(english)
        if language == "hi":
            gender = genders.get(text) or ("f" if text.endswith("ी") else "m")
            nouns.append(Noun(names, hindi_forms(text, gender), (f"<{gender}>",), own=False))
        else:
            nouns.append(Noun(names, (text,), own=False))
    return nouns


def directed(
    nouns: Sequence[Noun], counts: dict[str, int], into: str
) -> list[tuple[Noun, tuple[tuple[str, ...], Word]]]:
    """Nouns with their source forms and translations, from English or into it.

    Into English the most frequent noun comes first: 自転車 is a bicycle before it is a pushbike.
    """
    if into != "en":
        return [(noun, (noun.en, Word(noun.other, noun.marks))) for noun in nouns]
    order = sorted(nouns, key=lambda noun: (not noun.own, -frequency(noun.en, counts)))
    return [(noun, (noun.other, Word(noun.en))) for noun in order if not too_short(noun.other[0])]


def alone(row: dict[str, str], language: str) -> tuple[str, ...]:
    """The forms of an entry of the lexicon that is a text by itself, as answers are.

    >>> alone({"category": "adj", "ja": "きれいな", "ja_counter": ""}, "ja")
    ('きれい',)
    >>> alone({"category": "act", "hi": "चल रहा", "hi_oblique_plural": "चलता हुआ"}, "hi")
    ('चलना',)
    """
    kind = row["category"]
    if kind == "act" and language == "hi":
        stem = row["hi"].removesuffix(" रहा")
        return (stem + "ना" if stem != row["hi"] else row["hi_oblique_plural"],)
    if language == "hi":
        names = ("hi",) if kind in NOT_NOUNS else ("hi", "hi_plural", "hi_oblique", "hi_oblique_plural")
        return tuple(row[name] or row["hi"] for name in names)
    if kind == "color":
        return (row["ja_counter"],)
    if kind in ("act", "weather"):
        return (re.sub("([てで])$", r"\1いる", row["ja"]),)
    if re.search("(?:です|います)$", row["ja_counter"]) and kind == "adj":
        return (re.sub("います$", "いる", row["ja_counter"]).removesuffix("です"),)
    return (
        re.sub("の$|(?<!おかし)な$", "", row["ja"]) if kind in ("adj", "pattern", "shape") else row["ja"],
    )


def texts(
    lexicon: Iterable[dict[str, str]], counts: dict[str, int], language: str, into: str
) -> list[tuple[tuple[str, ...], Word]]:
    """Entries as texts by themselves, from English or into it; of senses an answer or colour comes first."""
    ranks = {"answer": 0, "color": 0, "act": 2, "verb": 2}
    rows = [row for row in lexicon if row["category"] != "word" and row[language]]
    pairs = [
        ((row["en"], row["en_plural"] or row["en"])[: 1 + (row["category"] != "num")], alone(row, language))
        for row in sorted(rows, key=lambda row: ranks.get(row["category"], 1))
    ]
    if into == "en":
        pairs.sort(key=lambda pair: -frequency(pair[0], counts))
        pairs = [(other, english) for english, other in pairs]
    return [(forms, Word(translation)) for forms, translation in pairs]


def too_short(word: str) -> bool:
    """Whether a Japanese word is kana that may stand by chance: without kanji, and no long katakana.

    >>> too_short("いす"), too_short("テント"), too_short("柵")
    (True, False, False)
    """
    return bool(re.fullmatch("[ぁ-ゖー]{1,3}|[ァ-ヺー]{1,2}", word))


def frequency(forms: Iterable[str], counts: dict[str, int]) -> int:
    """How often any of some English forms occurs in what people wrote."""
    return max(counts.get(form.lower(), 0) for form in forms)


def fits(english: str, text: str) -> bool:
    """Whether an entry is a noun or short phrase on both sides, rather than an explanation or an insult."""
    return bool(
        re.fullmatch(r"[A-Za-z]{3,}(?:[ -][A-Za-z]+){0,2}", english)
        and not any(FUNCTION_WORDS.fullmatch(word) for word in english.lower().split())
        and not re.fullmatch("[a-z]+ing", english.lower())
        and english.lower() not in SELDOM_NOUNS
        and not INDECENT.search(text)
        and len(text) <= 14
        and re.fullmatch(r"[ऀ-ॿ]+(?:[ -][ऀ-ॿ]+){0,2}|[ぁ-ゖァ-ヺー一-鿿々]+", text)
    )


def hindi_forms(noun: str, gender: str) -> tuple[str, ...]:
    """Direct and oblique, singular and plural, by the regular declensions.

    >>> hindi_forms("कमरा", "m"), hindi_forms("गाड़ी", "f"), hindi_forms("मेज़", "f")
    (('कमरा', 'कमरे', 'कमरे', 'कमरों'), ('गाड़ी', 'गाड़ियाँ', 'गाड़ी', 'गाड़ियों'), ('मेज़', 'मेज़ें', 'मेज़', 'मेज़ों'))
    >>> hindi_forms("मिठाई", "f")
    ('मिठाई', 'मिठाइयाँ', 'मिठाई', 'मिठाइयों')
    """
    if re.search("[ीईि]$", noun):
        short = noun[:-1] + {"ई": "इ"}.get(noun[-1], "ि")
        return noun, short + "याँ" if gender == "f" else noun, noun, short + "यों"
    if noun.endswith("ू"):
        return noun, noun[:-1] + "ुएँ" if gender == "f" else noun, noun, noun[:-1] + "ुओं"
    if noun.endswith("िया") and gender == "f":
        return noun, noun + "ँ", noun, noun[:-1] + "ों"
    if re.search("[ाआ]$", noun):
        if gender == "f":
            return noun, noun + "एँ", noun, noun + "ओं"
        sign, many = ("े", "ों") if noun.endswith("ा") else ("ए", "ओं")
        return noun, noun[:-1] + sign, noun[:-1] + sign, noun[:-1] + many
    if re.search("[ँं]$", noun):
        return noun, noun, noun, noun
    if re.search("[ा-ौअ-औ]$", noun):
        return noun, noun + "एँ" if gender == "f" else noun, noun, noun + "ओं"
    return noun, noun + "ें" if gender == "f" else noun, noun, noun + "ों"


@dataclass(frozen=True)
class Slotted:
    """A line of training with slots.

    Attributes:
        source, target: with stand-ins.
        marks: what follows each slot of the source.
        forms: what follows each slot of the target.
    """

    source: str
    target: str
    marks: tuple[tuple[str, ...], ...]
    forms: tuple[tuple[str, ...], ...]


class Slotter:
    """Draws slots for lines whose translation is known.

    Args:
        words: of the direction.
        rare: English forms that are rare in what people wrote.
        into: the language of the target.
        seed: of the draws.
        shares: of rare and of other nouns that get a slot.
    """

    def __init__(
        self, words: Words, rare: set[Word], into: str, seed: int, shares: tuple[float, float] = (0.9, 0.2)
    ) -> None:
        self.words, self.rare, self.into, self.shares = words, rare, into, shares
        self.random = random.Random(f"{seed}:{into}")

    def slotted(self, source: str, target: str, any_slots: bool = True) -> Slotted:
        """A line with the slots that its translation confirms, or none."""
        found, forms, words = [], [], []
        spans: list[tuple[int, int]] = []
        for each in self.words.find(source) if any_slots else ():
            place = next(
                (p for word in each.senses if (p := confirmed(word, each.form, target, self.into))), None
            )
            if place is None or self.random.random() >= self.shares[place[3] not in self.rare]:
                continue
            if any(place[0] < end and start < place[1] for start, end in spans):
                continue
            found.append(each)
            spans.append(place[:2])
            forms.append(place[2])
            words.append(place[3])
        for start, end, at in kept(source, target) if any_slots else ():
            inside = any(start < each.end and each.start < end for each in found)
            if len(found) < len(SLOTS) and not inside and self.random.random() < COPIED:
                found.append(Found(start, end, 0, ()))
                spans.append((at, at + end - start))
                forms.append(())
                words.append(Word((source[start:end],)))
        order = sorted(range(len(found)), key=lambda each: found[each].start)
        return Slotted(
            with_places(source, [found[each] for each in order]),
            in_places(target, [spans[each] for each in order]),
            tuple(words[each].marks for each in order),
            tuple(forms[each] for each in order),
        )


def kept(source: str, target: str) -> Iterator[tuple[int, int, int]]:
    """Letters and numbers that stand once in both texts: start and end in one, start in the other.

    >>> list(kept("Does the sign say STOP?", "標識にSTOPと書いてありますか？"))
    [(18, 22, 3)]
    """
    other = target if source.isascii() else source
    for text in dict.fromkeys(match.group() for match in _LATIN.finditer(other)):
        edges = re.compile(rf"(?<![A-Za-z0-9]){re.escape(text)}(?![A-Za-z0-9])")
        places = [[match.start() for match in edges.finditer(side)] for side in (source, target)]
        if len(places[0]) == len(places[1]) == 1:
            yield places[0][0], places[0][0] + len(text), places[1][0]


def occurrences(text: str, word: str) -> Iterator[int]:
    """Where a word begins in a text."""
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def is_word(text: str, start: int, end: int) -> bool:
    """Whether no letter or vowel sign stands before or behind.

    >>> is_word("कमरा", 0, 3), is_word("यह कमरा है", 3, 7)
    (False, True)
    """
    return not any(
        character.isalnum() or unicodedata.category(character)[0] == "M"
        for character in (text[start - 1 : start] + text[end : end + 1])
    )


def confirmed(word: Word, form: int, target: str, into: str) -> tuple[int, int, tuple[str, ...], Word] | None:
    """Where a translation stands in a sentence and in which form; None unless it stands there once."""
    searched = target.lower() if into == "en" else target
    spots = {
        (at, at + len(text))
        for text in {form.lower() if into == "en" else form for form in word.forms}
        for at in occurrences(searched, text)
        if (stands_alone if into == "ja" else is_word)(searched, at, at + len(text))
    }
    if len(spots) != 1:
        return None
    start, end = spots.pop()
    if len(word.forms) == 1:
        return start, end, (), word
    same = [number for number, text in enumerate(word.forms) if text.lower() == target[start:end].lower()]
    plural = form in (1, 3) if into == "en" else form == 1
    wanted = int(plural)
    if into == "hi" and POSTPOSITIONS.match(target, end):
        wanted += 2
    chosen = wanted if wanted in same else next((n for n in same if n // 2 == wanted // 2), same[0])
    return start, end, (FORMS[chosen],), word
