"""Reading numbers: digits of any script, and sequences of number words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from vqa_builder.languages._text import JOINED_DIGITS, table_rows, ungroup

_JOINED = re.compile(r"\d+(?:[.:/]\d+)*")
_ANY_DIGIT = re.compile(r"\d")
_SUPERSCRIPTS = dict.fromkeys(map(ord, "⁰¹²³⁴⁵⁶⁷⁸⁹"))
_TYPED = re.compile(JOINED_DIGITS, re.ASCII)

TYPED_WORDS = {
    "zero": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
}
"""The number words that stand for digits in English answers."""


def plain_digits(text: str) -> str:
    """A text in NFKC whose digits are ASCII and not grouped; superscripts are no digits.

    >>> plain_digits("２匹 २,००० ① m²")
    '2匹 2000 1 m'
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_SUPERSCRIPTS))
        if any(map(str.isdigit, text)):
            text = "".join(str(unicodedata.digit(char)) if char.isdigit() else char for char in text)
    return ungroup(text)


def digits_in(plain: str) -> list[str]:
    """The numbers that stand in digits, times and dates whole.

    >>> digits_in("at 10:15, 2 or 3.5")
    ['10:15', '2', '3.5']
    """
    return _JOINED.findall(plain)


def typed_number(answer_en: str) -> str | None:
    """The digits of an English answer that is a number: itself, or a word from zero to twelve.

    >>> typed_number("10:15"), typed_number("eleven"), typed_number("none")
    ('10:15', '11', None)
    """
    return answer_en if _TYPED.fullmatch(answer_en) else TYPED_WORDS.get(answer_en)


@cache
def word_values(code: str) -> dict[str, int]:
    """The number words of one language, from ``number_words_<code>.tsv``.

    >>> word_values("en")["twenty"], word_values("hi")["बीस"]
    (20, 20)
    """
    return {row["word"]: int(row["value"]) for row in table_rows(f"number_words_{code}.tsv")}


def read_words(values: Iterable[int]) -> list[int]:
    """Adjacent number words as the numbers that they spell: a smaller word adds, 100 and 1000 multiply.

    >>> read_words([20, 1]), read_words([2, 100, 50]), read_words([2, 3]), read_words([5, 1000])
    ([21], [250], [2, 3], [5000])
    """
    numbers: list[int] = []
    large = current = 0
    for value in values:
        if value >= 1000:
            large, current = large + (current or 1) * value, 0
        elif value == 100 and current < 100:
            current = (current or 1) * value
        elif value < 100 and (
            current % 100 == 0 or (value < 10 and current % 10 == 0 and current % 100 >= 20)
        ):
            current += value
        else:
            numbers.append(large + current)
            large, current = 0, value
    return [*numbers, large + current] if large or current else numbers


def multiplied(plain: str, values: dict[str, int]) -> str:
    """A text in which digits before a word for 100 or more are one number.

    >>> multiplied("1.2 million or 5 thousand", {"million": 10**6, "thousand": 1000})
    '1200000 or 5000'
    """
    if not _ANY_DIGIT.search(plain):
        return plain
    factors = "|".join(word for word, value in values.items() if value >= 100)

    def product(match: re.Match[str]) -> str:
        return str(round(float(match[1]) * values[match[2]]))

    return re.sub(rf"(?<![\d.])(\d{{1,12}}(?:\.\d{{1,12}})?)[ -]({factors})(?!\w)", product, plain)
