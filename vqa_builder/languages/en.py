"""English: the official VQA answer normaliser, bit for bit, and number words.

Source: GT-Vision-Lab/VQA, PythonEvaluationTools/vqaEvaluation/vqaEval.py; behaviour kept, faults included.
"""

from __future__ import annotations

import re
from functools import cache

from vqa_builder.languages._numbers import (
    TYPED_WORDS,
    digits_in,
    multiplied,
    plain_digits,
    read_words,
    word_values,
)
from vqa_builder.languages._text import table_rows
from vqa_builder.languages._words import words as words_of_tables
from vqa_builder.languages.base import Language

PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'
ARTICLES = frozenset({"a", "an", "the"})
DIGIT_WORDS = {"none": "0"} | {word: digits for word, digits in TYPED_WORDS.items() if int(digits) <= 10}

_MARK = re.compile(f"[{re.escape(PUNCTUATION)}]")
_COMMA_IN_DIGITS = re.compile(r"\d,\d")
# Meant as a look-behind; as it stands, every period goes that no digit follows. Behind it, the original hands
# re.UNICODE to sub() as the count, so that no more than 32 periods go.
_PERIOD = re.compile(r"\.(?!\d)")
_PERIODS_AT_MOST = int(re.UNICODE)

_VALUES = word_values("en")
_NUMBER_WORD = "|".join(sorted(_VALUES, key=len, reverse=True))
_SPELLED = re.compile(rf"\b(?:{_NUMBER_WORD})(?:(?:\s+|-|\s+and\s+)(?:{_NUMBER_WORD}))*\b")
_WORD = re.compile("[a-z]+")
_LITTLE_ORDINALS = re.compile(r"\b(?:1st|2nd)\b")
_TOKEN = re.compile(r"\d+(?:[.,:/]\d+)+|\w+(?:['’-]\w+)*")


@cache
def vocabulary() -> frozenset[str]:
    """The English words that the tables of answers know, the parts of their names and phrases included."""
    answers = (row["answer_en"] for row in table_rows("answers_ja.tsv"))
    phrases = (row["phrase"] for row in table_rows("phrases_ja.tsv"))
    texts = [*words_of_tables("ja"), *answers, *phrases]
    return frozenset(word.strip(".,!?") for text in texts for word in text.split() if "{" not in word)


def clean_whitespace(answer: str) -> str:
    """The official first step, which is always taken: newlines and tabs become spaces, the ends are stripped.

    >>> clean_whitespace(" a\\tred\\nhat ")
    'a red hat'
    """
    return answer.replace("\n", " ").replace("\t", " ").strip()


def process_punctuation(answer: str) -> str:
    """The official second step (``processPunctuation``), taken where annotators disagree.

    A mark is removed if it touches a space anywhere, or if the answer has a comma between digits; else a
    space takes its place.

    >>> process_punctuation("t-shirt"), process_punctuation("red - white"), process_punctuation("u.s. 2.5")
    ('t shirt', 'red  white', 'us 2.5')
    >>> process_punctuation("1,000 t-shirts")
    '1000 tshirts'
    """
    marks = set(_MARK.findall(answer))
    if marks:
        removes_all = _COMMA_IN_DIGITS.search(answer) is not None
        removed = {mark for mark in marks if removes_all or mark + " " in answer or " " + mark in answer}
        answer = answer.translate({ord(mark): "" if mark in removed else " " for mark in marks})
    return _PERIOD.sub("", answer, count=_PERIODS_AT_MOST)


def process_digit_article(answer: str) -> str:
    """The official third step (``processDigitArticle``): case, number words, articles, contractions.

    >>> process_digit_article("The two dogs dont")
    "2 dogs don't"
    """
    words = [DIGIT_WORDS.get(word, word) for word in answer.lower().split()]
    repaired = contractions()
    return " ".join(repaired.get(word, word) for word in words if word not in ARTICLES)


def normalise_official(answer: str) -> str:
    """An English answer as the official VQA evaluation normalises it.

    The evaluation takes the second and third step only where the annotators of a question disagree; a metric
    that must agree with it calls the steps itself.

    >>> normalise_official("A t-shirt, it's 1,000."), normalise_official("isnt none")
    ("tshirt it's 1000", "isn't 0")
    """
    return process_digit_article(process_punctuation(clean_whitespace(answer)))


@cache
def contractions() -> dict[str, str]:
    """The official table, oddities included: "somebody'd" loses its apostrophe, "Im" can never match."""
    return {row["written"]: row["read"] for row in table_rows("vqa_contractions.tsv")}


class English(Language):
    """The source language of every build; its answers need no table."""

    name = "en"
    number_signs = rf"(?i)\p{{N}}|\b(?:{_NUMBER_WORD})\b"

    def normalise(self, text: str, version: str | None = None) -> str:
        """The official VQA form.

        >>> English().normalise("The Cat.")
        'cat'
        """
        return normalise_official(text)

    def tokens(self, text: str) -> list[str]:
        """Words with their inner apostrophes and hyphens.

        >>> English().tokens("Is the man's t-shirt red?")
        ['Is', 'the', "man's", 't-shirt', 'red']
        """
        return _TOKEN.findall(text)

    def numerals(self, text: str) -> list[str]:
        """Digits, number words from two, ordinals from third, twice.

        "one", "no", "zero", first (1st) and second (2nd) do not count: other languages often have no number
        there, or a word of many meanings (दूसरा is "second" and "other").

        >>> English().numerals("Are there twenty-one or 2 people on the third floor?")
        ['2', '21', '3']
        """
        plain = multiplied(_LITTLE_ORDINALS.sub("", plain_digits(text).casefold()), _VALUES)
        numbers = digits_in(plain)
        for run in _SPELLED.findall(plain):
            values = read_words(_VALUES[word] for word in _WORD.findall(run) if word != "and")
            numbers += [str(value) for value in values if value > 1]
        return sorted(numbers)

    def answer(self, answer_en: str, sense: str = "") -> None:
        """English needs no table of its own answers."""
        return
