"""What is wrong Hindi whatever its source says: impossible words, agreement of gender, alternatives."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.quality.scorers._dictionary import dictionary
from vqa_builder.quality.scorers._hindi import stem, words
from vqa_builder.quality.text import read_rows

_SIGNS = "\u093e-\u094c"
_LETTERS = "\u0900-\u0963\u0971-\u097f"
_SPELLING = re.compile(
    rf"[{_SIGNS}]{{2}}|(?<![{_LETTERS}\u200c\u200d])[{_SIGNS}\u094d\u0902\u0901]|[\u0905-\u0914][{_SIGNS}]"
    rf"|\u094d[{_SIGNS}]|\u094d{{2}}"
)
_MASCULINE = (
    "का के कितना कितने बड़ा बड़े छोटा छोटे काला काले पीला पीले नीला नीले हरा हरे "
    "अच्छा उसका इसका उनका इनका किसका मेरा आपका अपना"
)
_FEMININE = "की कितनी बड़ी छोटी काली पीली नीली हरी अच्छी उसकी इसकी उनकी इनकी किसकी मेरी आपकी अपनी"
_GENDER = {**dict.fromkeys(_MASCULINE.split(), "m"), **dict.fromkeys(_FEMININE.split(), "f")}
_GENITIVE = frozenset(("का", "के", "की"))
_STATIVE = {
    f"{verb}{ending}": gender
    for verb in [
        "खड़",
        "बैठ",
        "लेट",
        "पड़",
        "लटक",
        "टँग",
        "सोय",
        "बड़",
        "छोट",
        "काल",
        "पील",
        "नील",
        "हर",
        "अच्छ",
        "बुर",
        "गंद",
        "लंब",
        "मोट",
        "पुरान",
        "गील",
        "सूख",
        "ऊँच",
        "टूट",
    ]
    for ending, gender in (("ा", "m"), ("ी", "f"))
}
_ADVERBS = frozenset(["तरह", "पास", "किनारे", "दशक"])
_SHORT = 10
_HEADS = frozenset(["सवार", "चालक", "वाला", "वाले", "वाली"])
_GOING = frozenset(["हिल", "चल", "दौड़", "उड़", "सो", "बैठ", "मुस्कुरा", "कूद", "तैर"])
_POSTPOSITIONS_AND_VERBS = "में पर से को का के की ने तक है हैं था थी थे क्या कौन कहाँ कितना कितने कितनी"
_AFTER_NOUN = frozenset(f"{_POSTPOSITIONS_AND_VERBS} खड़ा खड़े खड़ी बैठा बैठे बैठी लेटा लेटे लेटी".split())
_OF_WHAT = re.compile(r"(?P<noun>\S+) (?:किस रंग|किस चीज़|किस) (?P<of>का|की) (?:है|बना|बनी)")
_ALTERNATIVES = re.compile(r"(?P<one>.+) (?:या|अथवा) (?P<other>.+)")
_FUNCTION_WORDS = (
    "है हैं था थी थे हो रहा रही रहे हुआ हुई हुए क्या यह वह ये वे इस उस में पर से को का के की ने और ओर "
    "तरफ़ फिर कोई एक भी ही कर गया गई गए"
)
_LITTLE = frozenset(_FUNCTION_WORDS.split())
_NEGATED = re.compile(r"नहीं|न ")
_WHOM = re.compile(r"(?:किसे|किसको|किसने) (?:है|हैं)(?:\s*[?।]|$)")

_MARKS_AND_SPACES = "[?？।,.!\"'“”()]"
_MARKS = re.compile(_MARKS_AND_SPACES)
_MAY_BE_WRONG = (
    rf"[{_SIGNS}]{{2}}|(?:^|[^{_LETTERS}\x{{200c}}\x{{200d}}])[{_SIGNS}\x{{094d}}\x{{0902}}\x{{0901}}]"
    rf"|[\x{{0905}}-\x{{0914}}][{_SIGNS}]|\x{{094d}}[{_SIGNS}\x{{094d}}]"
    "| (?:किस रंग|किस चीज़|किस) (?:का|की) (?:है|बना|बनी)|(?:किसे|किसको|किसने) (?:है|हैं)| या | अथवा "
)
_HE_GOES, _SHE_GOES = re.compile(r"(?:रहा|ता) (?:है|था)"), re.compile(r"(?:रही|ती) (?:है|थी)")


UNASKED = {
    "negation": r"(?:^|[^या\s]\s|[^\s]{3,}\s)नहीं(?:\s|[?।]|$)",
    "event": "को क्या (?:हुआ|हुई) है",
    "price": "कितने (?:का|की|के) (?:है|हैं)|(?:कीमत|क़ीमत|दाम) ",
    "logo": r"लोगो(?:\s|[?।])",
    "purpose": "किसलिए|किस लिए|किस काम",
    "age": "(?:आदमी|औरत|महिला|लड़का|लड़की|बच्चा|बच्ची|बच्चे|व्यक्ति|वह|शिशु|कुत्ता|बिल्ली|पुरुष|लोग) कितन[ेीा] पुरान[ेीा]",
}
"""Fault -> RE2 for what a question must not say unless its source has a licence; "है या नहीं" asks whether, and
nobody asks how old a person is as of a thing."""


def may_be_wrong(texts: pa.Array) -> NDArray[np.bool_]:
    """Which texts ``faults`` may find something in: most are looked at no further."""
    matches = pc.match_substring_regex(texts, _MAY_BE_WRONG).to_numpy(zero_copy_only=False)
    found: NDArray[np.bool_] = matches.copy()
    tokens = pc.utf8_split_whitespace(pc.replace_substring_regex(texts, _MARKS_AND_SPACES, " "))
    encoded = pc.list_flatten(tokens).dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    row = pc.list_parent_indices(tokens).to_numpy(zero_copy_only=False)
    types = encoded.dictionary.to_pylist()
    numbers = {"": 0, "m": 1, "f": 2}
    gender, noun, state = (
        np.array([numbers[known.get(word, "")] for word in types], np.int8)[codes]
        for known in (_GENDER, _nouns(), _STATIVE)
    )
    goes = np.array([word in _GOING for word in types], bool)[codes]
    wrong = (gender[:-1] * noun[1:] == 2) | (noun[:-1] * state[1:] == 2) | ((noun[:-1] > 0) & goes[1:])
    found[row[:-1][wrong & (row[:-1] == row[1:])]] = True
    return found


def faults(text: str) -> Iterator[str]:
    """The faults of a text, each with the words that show it.

    A noun's gender comes from ``nouns_hi.tsv``; where it is not known, nothing is said.

    >>> [list(faults(text)) for text in ("यहाँ कितनी तकिये हैं?", "क्या यह उसकी बेटा है?", "यहाँ कितने तकिये हैं?")]
    [['gender कितनी तकिये'], ['gender उसकी बेटा'], []]
    """
    plain = unicodedata.normalize("NFC", text)
    yield from (f"spelling {found[0]}" for found in _SPELLING.finditer(plain))
    yield from _agreement(_MARKS.sub(" ", plain).split())
    if "किस" in plain:
        yield from _of_what(plain)
        yield from (f"case {found[0].rstrip(' ?।')}" for found in _WHOM.finditer(plain))
    if " या " in plain or " अथवा " in plain:
        yield from _alternatives(plain)


def person_fault(text: str, *, female: bool) -> str | None:
    """A verb in the gender that its subject वह has not; the subject is known from the source.

    >>> person_fault("क्या वह टेनिस खेल रहा है?", female=True), person_fault("क्या वह खेल रही है?", female=True)
    ('person रहा है', None)
    """
    wrong, right = (_HE_GOES, _SHE_GOES) if female else (_SHE_GOES, _HE_GOES)
    found = wrong.search(text)
    return f"person {found[0]}" if found and "वह" in words(text) and not right.search(text) else None


def said_twice(text: str) -> str | None:
    """A word of the dictionary that stands twice in a short text; the number of a number plate may.

    >>> said_twice("क्या बस यात्री यात्री का इंतज़ार कर रहा है?")
    'यात्री'
    """
    tokens = text.rstrip(" ?।").split()
    book = dictionary("hi")
    if len(set(tokens)) == len(tokens) or len(tokens) > _SHORT or book is None:
        return None
    found = words(text)
    names = (word for word in found if len(word) > 3 and word != "नंबर" and found.count(word) > 1)
    return next((word for word in names if stem(word) in book.known), None)


def _agreement(tokens: list[str]) -> Iterator[str]:
    """Adjectives, possessives and postpositions before a noun of the other gender, and participles after it.

    The noun must head its phrase: what follows is a postposition, a verb or nothing; after कितना it
    does unless another noun follows (कितनी बस सेवाएँ).
    """
    nouns = _nouns()
    for place in range(len(tokens) - 1):
        first, second = tokens[place], tokens[place + 1]
        after = tokens[place + 2] if place + 2 < len(tokens) else ""
        gender, known = _GENDER.get(first), nouns.get(second)
        if gender and known and known != gender:
            counted = first.startswith("कितन") and after not in nouns and after not in _HEADS
            if after not in _GENITIVE and (not after or after in _AFTER_NOUN or counted):
                yield f"gender {first} {second}"
        known, gender = "" if first in _ADVERBS else nouns.get(first), _STATIVE.get(second)
        if known and gender and known != gender and after in ("है", "था", "थी"):
            yield f"gender {first} {second}"
        if known and second in _GOING and {"रहा": "m", "रही": "f"}.get(after, known) != known:
            yield f"gender {first} {second} {after}"


def _of_what(text: str) -> Iterator[str]:
    """A subject asked about by किस रंग का, which agrees with it: ज़मीन किस रंग की है."""
    for found in _OF_WHAT.finditer(text):
        known = _nouns().get(found["noun"])
        if known and known != _GENDER[found["of"]]:
            yield f"gender {found['noun']}…{found['of']}"


def _alternatives(text: str) -> Iterator[str]:
    """Both sides of an "or" that say the same; "है या नहीं" is none."""
    found = _ALTERNATIVES.search(text)
    if found and not _NEGATED.search(found["other"]):
        one = set(words(found["one"]))
        other = [word for word in words(found["other"]) if word not in _LITTLE]
        if other and all(word in one for word in other):
            yield f"alternatives {other[0]}"


@cache
def _nouns() -> dict[str, str]:
    return {row["form"]: row["gender"] for row in read_rows("nouns_hi.tsv")}
