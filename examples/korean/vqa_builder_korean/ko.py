"""Korean: Hangul, answers that end politely or not (두 마리, 두 마리예요), native and Sino-Korean numbers.

The tables lie beside this file: ``answers_ko.tsv`` (answers by sense), ``number_words_ko.tsv`` and
``answer_forms_ko.tsv`` (written forms that are one answer).
"""

from __future__ import annotations

import re
from functools import cache
from typing import ClassVar

from vqa_builder.languages._answer_tables import answer_forms
from vqa_builder.languages._numbers import digits_in, plain_digits, word_values
from vqa_builder.languages._text import bare, fold, settled, with_signs, without_markup
from vqa_builder.languages.base import Language

_COUNTERS = "마리|명|개|대|송이|그루|권|잔|켤레|사람|살|시|번|장|병|바퀴"
_COUNTED = re.compile(rf"(\d+) ?(?:{_COUNTERS})$")
_POLITE = re.compile(r"(?<=[가-힣0-9%])(?: ?입니다|이에요|예요|이예요|이다|요)$")
_COLOUR = re.compile(r"(?<=[가-힣])색(?:깔)?$")


class Korean(Language):
    """Korean as VQA needs it; colours are answered with 색 (빨간색), numbers with digits.

    한 is also "about", 네 is also "yes" and 이 "this", so that number words count only before a counter
    (두 마리, 세 명).
    """

    name = "ko"
    version = "1"
    normalisers: ClassVar = ("1",)
    list_joints = (", ", ", ")
    question_words = (
        r"무엇|뭐|뭘|누구|어디|언제|왜|어떻게|어떤|무슨|어느|몇|얼마"
        r"|(?:나요|가요|까요?|니까|는지|어요|죠)\s*\??$"
    )

    def normalise(self, text: str, version: str | None = None) -> str:
        """One form for answers that differ only in spaces, politeness, counters or the word 색.

        >>> [Korean().normalise(answer) for answer in ("두 마리예요", "빨간 색입니다.", "예", "２마리")]
        ['2', '빨간', '네', '2']
        """
        self.chosen(version)
        return settled(_compared, text)

    def numerals(self, text: str) -> list[str]:
        """Digits, and number words before a counter.

        >>> Korean().numerals("고양이 두 마리와 개 3마리, 네 맞아요")
        ['2', '3']
        """
        return sorted(digits_in(_in_digits(plain_digits(text))))


def _compared(text: str) -> str:
    plain = bare(with_signs(fold(without_markup(text))))
    plain = _POLITE.sub("", plain)
    plain = _COUNTED.sub(r"\1", _in_digits(plain_digits(plain)))
    whole = plain.replace(" ", "")
    bare_colour = _COLOUR.sub("", _forms().get(whole, whole))
    return _forms().get(bare_colour, bare_colour)


def _in_digits(plain: str) -> str:
    """A text in which number words before a counter are digits."""
    return _number_word().sub(lambda word: f"{word_values('ko')[word[1]]} ", plain)


@cache
def _number_word() -> re.Pattern[str]:
    words = sorted(word_values("ko"), key=len, reverse=True)
    counter = rf"(?:{_COUNTERS})(?:(?![가-힣])|[가이은는을를와과도의예입])"
    return re.compile(rf"(?<![가-힣])({'|'.join(words)}) ?(?={counter})")


@cache
def _forms() -> dict[str, str]:
    return answer_forms("ko", lambda form: form.replace(" ", ""), 1)
