"""Source annotation: a word is followed by its translation, which the model learns to copy and inflect.

    What color is the ashtray <tr> ऐशट्रे <m> ?

``<tr>`` opens an annotation; ``<m>`` and ``<f>`` close one of a noun of that gender, ``</tr>`` any other.
They are control symbols of the vocabulary, so that no text can write them.
Source: Dinu et al., Training Neural Machine Translation to Apply Terminology Constraints (ACL 2019).
"""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from recipes.translator.held_out import FUNCTION_WORDS

OPEN, CLOSE = "<tr>", {"": "</tr>", "m": "<m>", "f": "<f>"}
SPACE = "▁"
_WORD = re.compile(r"[A-Za-z]+(?:[-'][A-Za-z]+)*")
_POSSESSIVE = re.compile(r"'s?$")
LONGEST = 3


@dataclass(frozen=True)
class Sense:
    """One translation of an English word.

    Attributes:
        text: what is written into the annotation: the dictionary form.
        gender: of a Hindi noun, ``m`` or ``f``.
        forms: what it may look like in a sentence, the dictionary form among them.
        own: from the lexicon of this project, read one by one; else from a vote over dictionaries.
    """

    text: str
    gender: str = ""
    forms: tuple[str, ...] = ()
    own: bool = True

    def occurs_in(self, sentence: str) -> bool:
        """Whether a form stands in a sentence; in Hindi as whole words."""
        if self.gender or re.search("[ऀ-ॿ]", self.text):
            padded = f" {re.sub(r'[?।,.!]', ' ', sentence)} "
            return any(f" {form} " in padded for form in self.forms or (self.text,))
        return self.text in sentence


@dataclass(frozen=True)
class Note:
    """An annotation at a place of a text: after character ``end`` comes the translation."""

    start: int
    end: int
    sense: Sense


class Dictionary:
    """Translations of English words and phrases into one language, looked up by any of their forms.

    >>> dictionary = Dictionary()
    >>> dictionary.add("ashtray", Sense("灰皿"))
    >>> [(text, senses[0].text) for _, _, text, senses in dictionary.find("Are these ashtrays?")]
    [('ashtrays', '灰皿')]
    """

    def __init__(self) -> None:
        self.senses: dict[str, list[Sense]] = {}

    def add(self, english: str, sense: Sense, plural: str = "") -> None:
        """One more sense, after those that are there; the first one counts most."""
        for form in {english.lower(), (plural or pluralised(english)).lower()}:
            known = self.senses.setdefault(form, [])
            if all(other.text != sense.text for other in known):
                known.append(sense)

    def find(self, text: str) -> Iterator[tuple[int, int, str, list[Sense]]]:
        """Start, end, lower-cased form and senses of every entry in a text; the longest one at each place."""
        words = [(match.start(), match.end()) for match in _WORD.finditer(text)]
        at = 0
        while at < len(words):
            for many in range(min(LONGEST, len(words) - at), 0, -1):
                start, end = words[at][0], words[at + many - 1][1]
                form = _POSSESSIVE.sub("", text[start:end].lower())
                if senses := self.senses.get(form):
                    yield start, start + len(form), form, senses
                    at += many - 1
                    break
            at += 1


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


def annotated(pieces: Sequence[str], notes: Sequence[Note], encoded: Sequence[Sequence[str]]) -> list[str]:
    """The pieces of a text with those of each note's translation behind its word.

    Args:
        pieces: of the text, which holds no more than one space at a time.
        notes: in the order of the text.
        encoded: the pieces of each note's translation.

    >>> note = Note(7, 14, Sense("灰皿"))
    >>> " ".join(annotated(["▁Is", "▁the", "▁ash", "tray", "?"], [note], [["▁灰", "皿"]]))
    '▁Is ▁the ▁ash tray <tr> ▁灰 皿 </tr> ?'
    """
    result: list[str] = []
    waiting = list(zip(notes, encoded, strict=True))
    at = -1  # the first piece begins with a space that the text does not have
    for piece in pieces:
        result.append(piece)
        at += 0 if piece.startswith("<0x") else len(piece)
        while waiting and at >= waiting[0][0].end:
            note, translation = waiting.pop(0)
            result += [OPEN, *translation, CLOSE[note.sense.gender]]
    return result


@dataclass(frozen=True)
class Shares:
    """How often words are annotated in training.

    Attributes:
        rare, frequent: of words that the training text has seldom and often.
        wrong: of the annotations, a translation of something else.
    """

    rare: float = 0.8
    frequent: float = 0.12
    wrong: float = 0.08


class Annotator:
    """Draws annotations for a sentence whose translation is known.

    Args:
        dictionary: of the target language.
        counts: how often each form occurs in real English; words seen ``often`` times are frequent.
        seed: of the draws.
    """

    def __init__(
        self,
        dictionary: Dictionary,
        counts: dict[str, int],
        seed: int,
        often: int = 40,
        shares: Shares | None = None,
    ) -> None:
        self.dictionary, self.counts, self.often = dictionary, counts, often
        self.shares = shares or Shares()
        self.random = random.Random(seed)
        self.others = [senses[0] for senses in dictionary.senses.values() if senses[0].own]

    def notes(self, text: str, target: str, always: bool = False) -> list[Note]:
        """Annotations that the target confirms, some left out and some made wrong on purpose."""
        found = []
        for start, end, form, senses in self.dictionary.find(text):
            rare = self.counts.get(form, 0) < self.often
            share = 1.0 if always and rare else self.shares.rare if rare else self.shares.frequent
            if self.random.random() >= share:
                continue
            right = next((sense for sense in senses if sense.occurs_in(target)), None)
            if right is None:
                continue
            wrong = self.shares.wrong if rare else 3 * self.shares.wrong
            if (not rare or (right.own and not always)) and self.random.random() < wrong:
                right = self.random.choice(self.others)
            found.append(Note(start, end, right))
        return found


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a tab-separated file whose first line names the columns."""
    with path.open(encoding="utf-8", newline="") as handle:
        return [
            {name: value or "" for name, value in row.items()}
            for row in csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


NOT_NOUNS = {"act", "adj", "verb", "adv", "num", "answer", "word", "time"}


def own_dictionary(lexicon: Iterable[dict[str, str]], language: str) -> Dictionary:
    """The nouns of the lexicon, in its order."""
    dictionary = Dictionary()
    for row in lexicon:
        if row["category"] in NOT_NOUNS or not row[language]:
            continue
        if language == "hi":
            forms = {row[name] for name in ("hi", "hi_plural", "hi_oblique", "hi_oblique_plural")} - {""}
            gender = row["hi_gender"] if row["hi_gender"] in ("m", "f") else ""
            sense = Sense(row["hi"], gender, tuple(sorted(forms)))
        else:
            sense = Sense(row["ja"])
        dictionary.add(row["en"], sense, row["en_plural"])
    return dictionary


def add_vote(
    dictionary: Dictionary, rows: Iterable[dict[str, str]], language: str, genders: dict[str, str]
) -> None:
    """Nouns of a vote over dictionaries, behind what the lexicon says.

    Japanese has so many dictionaries that two must agree; Hindi has not.
    """
    for row in rows:
        english, text = row["en"], row[language]
        if row["pos"] not in ("n", "prop") or int(row["rank"]) > 2 or not fits(english, text):
            continue
        if language == "ja" and "," not in row["sources"]:
            continue
        if language == "hi":
            gender = genders.get(text) or ("f" if text.endswith("ी") else "m")
            dictionary.add(english, Sense(text, gender, hindi_forms(text, gender), own=False))
        else:
            dictionary.add(english, Sense(text, own=False))


def fits(english: str, text: str) -> bool:
    """Whether an entry is a word or short phrase on both sides, rather than an explanation."""
    return bool(
        re.fullmatch(r"[A-Za-z]{3,}(?:[ -][A-Za-z]+){0,2}", english)
        and not any(FUNCTION_WORDS.fullmatch(word) for word in english.lower().split())
        and len(text) <= 14
        and re.fullmatch(r"[ऀ-ॿ]+(?:[ -][ऀ-ॿ]+){0,2}|[ぁ-ゖァ-ヺー一-鿿々]+", text)
    )


def hindi_forms(noun: str, gender: str) -> tuple[str, ...]:
    """Direct and oblique, singular and plural, by the regular declensions.

    >>> hindi_forms("कमरा", "m"), hindi_forms("गाड़ी", "f"), hindi_forms("मेज़", "f")
    (('कमरा', 'कमरे', 'कमरे', 'कमरों'), ('गाड़ी', 'गाड़ियाँ', 'गाड़ी', 'गाड़ियों'), ('मेज़', 'मेज़ें', 'मेज़', 'मेज़ों'))
    """
    if noun.endswith("ी"):
        plural = noun[:-1] + "ियाँ" if gender == "f" else noun
        return noun, plural, noun, noun[:-1] + "ियों"
    if noun.endswith("ू"):
        return noun, noun[:-1] + "ुएँ" if gender == "f" else noun, noun, noun[:-1] + "ुओं"
    if noun.endswith("िया") and gender == "f":
        return noun, noun + "ँ", noun, noun[:-1] + "ों"
    if noun.endswith("ा"):
        if gender == "f":
            return noun, noun + "एँ", noun, noun + "ओं"
        return noun, noun[:-1] + "े", noun[:-1] + "े", noun[:-1] + "ों"
    if re.search("[ा-ौ]$", noun):
        return noun, noun + "एँ" if gender == "f" else noun, noun, noun + "ओं"
    return noun, noun + "ें" if gender == "f" else noun, noun, noun + "ों"


def read_dictionary(path: Path) -> Dictionary:
    """A dictionary as ``recipes.translator.export`` writes it: form, translation, gender."""
    dictionary = Dictionary()
    for line in path.read_text(encoding="utf-8").splitlines():
        form, text, gender = line.split("\t")
        dictionary.senses[form] = [Sense(text, gender)]
    return dictionary


def known_notes(text: str, dictionary: Dictionary) -> list[Note]:
    """The first sense of every word that a dictionary of rare words holds."""
    return [Note(start, end, senses[0]) for start, end, _, senses in dictionary.find(text)]
