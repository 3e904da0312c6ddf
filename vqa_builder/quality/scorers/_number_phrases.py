"""Numbers said in words that are no plain number words: dozens, halves, ordinals, lakhs; as digits.

``Language.numerals`` reads digits and number words; what stands here is written in digits before it reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.languages._numbers import plain_digits, read_words, word_values
from vqa_builder.quality.text import per_unique

PHRASES = {
    "en": r"(?i)\b(?:dozen|half|quarter|lakhs?|crores?)\b",
    "hi": r"\p{Devanagari}(?:वाँ|वां|वें|वीं|वा|वे|वी)(?:[\s?।,.]|$)|डे[ढढ़]|ढाई|सा[ढढ़]|सवा|पौने|दर्जन|लाख|करो[डड़]",
    "ja": "ダース|半",
}
"""RE2 for texts that may hold such a number; languages that are not here say none."""

BOTH = {"en": r"(?i)\b(?:both|pair|couple|twins?)\b", "hi": "दोनों|दोनो|जोड़|जोड़", "ja": "両|双方|とも"}
"""RE2 for words that say "two" without counting: they stand for a 2 of the other side, and need none."""

_LARGE = {"सौ": 100, "हज़ार": 1000, "हजार": 1000, "लाख": 10**5, "करोड़": 10**7, "अरब": 10**9}
_TIMES = "|".join(_LARGE)
_NUMBER = r"[०-९\d]+(?:\.[०-९\d]+)?|[^\s\d]+"
_ORDINAL = re.compile(r"(?<!\S)(\S+?)(?:वाँ|वां|वें|वीं|वा|वे|वी)(?=[\s?।,.]|$)")
_ONE_HALF = re.compile(rf"(डेढ़|ढाई|सवा)(?:\s+({_TIMES}|बजे|दर्जन))?(?=[\s?।,.]|$)")
_AND_PART = re.compile(rf"(साढ़े|सवा|पौने)\s+({_NUMBER})(?:\s+({_TIMES}|बजे|दर्जन))?(?=[\s?।,.]|$)")
_DOZEN = re.compile(rf"(?:(?<!\S)({_NUMBER})\s+)?दर्जन(?=[\s?।,.]|$)")
_MULTIPLIED = re.compile(rf"([०-९\d]+(?:\.[०-९\d]+)?)\s+({_TIMES})(?=[\s?।,.]|$)")
_PARTS = {"डेढ़": "1.5", "ढाई": "2.5", "सवा": "1.25"}
_ADDED = {"साढ़े": "0.5", "सवा": "0.25", "पौने": "-0.25"}

_ENGLISH_NUMBER = r"\d+(?:\.\d+)?|[a-z]+(?:-[a-z]+)?"
_ENGLISH_HALF = re.compile(rf"(?i)\b({_ENGLISH_NUMBER}) and (a half|a quarter|three quarters)\b")
_ENGLISH_PAST = re.compile(rf"(?i)\b(half past|(?:a )?quarter past|(?:a )?quarter to) ({_ENGLISH_NUMBER})\b")
_ENGLISH_DOZEN = re.compile(rf"(?i)\b(?:({_ENGLISH_NUMBER}) )?dozen\b")
_ENGLISH_LARGE = re.compile(rf"(?i)\b({_ENGLISH_NUMBER}) (lakh|crore)s?\b")
_JAPANESE_DOZEN = re.compile(r"([\d一二三四五六七八九十半]+)ダース")
_JAPANESE_HALF_PAST = re.compile(r"(\d{1,2})時半")


def in_digits(code: str, texts: pa.Array) -> pa.Array:
    """Texts with such numbers written in digits; all others as they are.

    >>> in_digits("hi", pa.array(["डेढ़ लीटर", "दो दर्जन अंडे", "तेरहवीं मंज़िल", "साढ़े चार बजे"])).to_pylist()
    ['1.5 लीटर', '24 अंडे', '13 मंज़िल', '4:30 बजे']
    """
    if code not in PHRASES:
        return texts
    there = pc.match_substring_regex(texts, PHRASES[code])
    rows = np.flatnonzero(there.to_numpy(zero_copy_only=False))
    if not len(rows):
        return texts
    write: Callable[[str], str] = {"en": _english, "hi": _hindi, "ja": _japanese}[code]
    return pc.replace_with_mask(
        texts, there, pa.array(per_unique(write, texts.take(pa.array(rows))), pa.string())
    )


def _hindi(text: str) -> str:
    text = plain_digits(text.replace("ढ़", "ढ़").replace("ड़", "ड़"))
    text = _ORDINAL.sub(lambda found: _known("hi", found[1]) or found[0], text)
    text = _AND_PART.sub(_with_part, text)
    text = _ONE_HALF.sub(lambda found: _scaled(Decimal(_PARTS[found[1]]), found[2]), text)
    text = _DOZEN.sub(lambda found: _dozens("hi", found), text)
    return _MULTIPLIED.sub(lambda found: _scaled(Decimal(found[1]), found[2]), text)


def _with_part(found: re.Match[str]) -> str:
    number = _known("hi", found[2])
    return _scaled(Decimal(number) + Decimal(_ADDED[found[1]]), found[3]) if number else found[0]


def _scaled(number: Decimal, unit: str | None) -> str:
    """A number times its unit; before बजे a time of the clock."""
    if unit == "बजे":
        return f"{int(number)}:{round(number % 1 * 60):02} बजे"
    times = 12 if unit == "दर्जन" else _LARGE.get(unit or "", 1)
    return _plain(number * times)


def _english(text: str) -> str:
    parts = {"a half": "0.5", "a quarter": "0.25", "three quarters": "0.75"}

    def half(found: re.Match[str]) -> str:
        number = _known("en", found[1].lower())
        return _plain(Decimal(number) + Decimal(parts[found[2].lower()])) if number else found[0]

    def past(found: re.Match[str]) -> str:
        number = _known("en", found[2].lower())
        words = found[1].lower()
        if not number or not number.isdigit():
            return found[0]
        return (
            f"{int(number) - 1}:45"
            if words.endswith("to")
            else f"{number}:{'30' if 'half' in words else '15'}"
        )

    def large(found: re.Match[str]) -> str:
        number = _known("en", found[1].lower())
        return (
            _plain(Decimal(number) * (10**5 if found[2].lower() == "lakh" else 10**7)) if number else found[0]
        )

    text = _ENGLISH_PAST.sub(past, _ENGLISH_HALF.sub(half, text))
    return _ENGLISH_LARGE.sub(large, _ENGLISH_DOZEN.sub(lambda found: _dozens("en", found), text))


def _japanese(text: str) -> str:
    def dozens(found: re.Match[str]) -> str:
        number = "0.5" if found[1] == "半" else plain_digits(found[1]).translate(_KANJI)
        return f"{_plain(Decimal(number) * 12)}個" if number.replace(".", "", 1).isdecimal() else found[0]

    return _JAPANESE_HALF_PAST.sub(r"\1:30", _JAPANESE_DOZEN.sub(dozens, plain_digits(text)))


_KANJI = str.maketrans("一二三四五六七八九", "123456789")


def _dozens(code: str, found: re.Match[str]) -> str:
    """12, or the number before it times 12; what stands there and is none stays."""
    number = _known(code, (found[1] or "").lower())
    stays = "" if number or not found[1] or found[1].lower() in ("a", "एक") else f"{found[1]} "
    return stays + _plain(Decimal(number or 1) * 12)


def _known(code: str, word: str) -> str | None:
    """The digits of a number word or of digits; None for anything else."""
    if re.fullmatch(r"\d+(?:\.\d+)?", word):
        return word
    values = [_values(code).get(part) for part in word.split("-")]
    if not word or None in values:
        return None
    return str(read_words([value for value in values if value is not None])[0])


@cache
def _values(code: str) -> dict[str, int]:
    """Number words as they are written, with nukta in two characters."""
    return {word.replace("ढ़", "ढ़").replace("ड़", "ड़"): value for word, value in word_values(code).items()}


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
