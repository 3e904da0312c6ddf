"""Hindi: Devanagari, its variant spellings (हिन्दी हिंदी, हाँ हां, सफ़ेद सफेद) and its number words.

When two Hindi answers are one is said in ``_hindi_answers.py``.
"""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import ClassVar

from vqa_builder.languages._answer_tables import answer_table
from vqa_builder.languages._hindi_answers import JOINERS, compared, fold_spelling
from vqa_builder.languages._hindi_phrases import HindiPhrases
from vqa_builder.languages._numbers import digits_in, multiplied, plain_digits, read_words, word_values
from vqa_builder.languages.base import Language

_COLON_FOR_VISARGA = re.compile(r"छ:(?=\s|$)")

_LETTER = r"[\u0900-\u0963\u0971-\u097f\u200c\u200d]"
_TOKEN = re.compile(rf"[\d०-९]+(?:[.,:/][\d०-९]+)*|{_LETTER}+|[^\W\d_\u0900-\u097f]+(?:['’-][A-Za-z]+)*")
_WORD = re.compile(rf"{_LETTER}+|[^\s-]")
# दो is also "give": after a verb stem ("बता दो") and where a clause ends with it ("पानी दो"), unless it is
# counted there ("एक या दो"). "चारों ओर" is all around.
_STEMS = "बता|दे|कर|कह|दिखा|समझा|पढ़|लिख|भेज|सुना"
_GIVE = re.compile(
    rf"(?<!{_LETTER})(?:(?:{_STEMS})\s+दो(?!{_LETTER})"
    rf"|(?!(?:या|और|से|सिर्फ|केवल|बस|एक)\s){_LETTER}+\s+दो(?=\s*(?:[।.!?,;_]|कि\s|$)))",
)
_AROUND = re.compile(r"चारों\s+(?:ओर|तरफ)")


class Hindi(Language):
    """Hindi as VQA needs it; answers stand in ``answers_hi.tsv``, numbers in ``number_words_hi.tsv``.

    Colours are answered in the masculine singular of the dictionary (काला और सफ़ेद), as one answers किस रंग का.
    """

    name = "hi"
    version = "3"
    normalisers = ("2", "3")
    readings: ClassVar = {"नारंगी": ("नारंगी रंग",), "क्रीम": ("क्रीम रंग",)}
    unit = "word"
    question_mark = "?"
    list_joints = (", ", " और ")
    question_words = (
        r"(?:^|[^\p{L}\p{M}])(?:क्या|कौन|किस|किन|कितन|कैस|कहाँ|कहां|कहा[ँं]|क्यों|क्यूँ|कब|किध)"
        r"|[^\p{L}\p{M}](?:या[^\p{L}\p{M}]|ना?\s*\?$)"
    )
    neighbours = ("mr", "ne", "bho", "bh", "mai", "sa", "gom", "new", "dty")

    @cached_property
    def number_signs(self) -> str:  # type: ignore[override]
        """Digits, and number words in any spelling that ``fold_spelling`` makes one."""
        joiners, letters = r"\x{200b}-\x{200d}\x{2060}\x{feff}", r"\x{0900}-\x{0963}\x{0971}-\x{097f}"
        folded = "|".join(sorted({*_folded_word_values(), "छ:"}, key=len, reverse=True))
        spelled = re.sub("([कखगजफ])", "\\1़*", folded).replace("ं", "(?:ं|ँ|[ङञणनम]्)")
        return rf"[\p{{N}}{joiners}]|(?:^|[^{letters}])(?:{spelled})(?:$|[^{letters}])"

    @cached_property
    def phrases(self) -> HindiPhrases:
        """Counts, places, lists and what else ``phrases_hi.tsv`` says."""
        homographs = answer_table(self.code).homographs
        return HindiPhrases(self.code, self._listed_alone, homographs, self.list_joints)

    def normalise(self, text: str, version: str | None = None) -> str:
        """One form for answers that differ only in how they are written, or in gender and number.


        Punctuation and markup go; nukta, chandrabindu, nasals, joiners and digits are folded; number words
        become digits, a final है and the article एक go, adjectives and verbs stand in the masculine singular,
        members of lists in one order, words are spelled as in ``answer_forms_hi.tsv``. Signs that mean
        something stay (-5, C++).

        >>> [Hindi().normalise(answer) for answer in ("जी हाँ।", "हिन्दी", "दो", "सफ़ेद और काली")]
        ['हां', 'हिंदी', '2', 'काला और सफेद']
        >>> [Hindi().normalise(answer) for answer in ("बैठी है", "लाल रंग का", "50 प्रतिशत")]
        ['बैठा', 'लाल', '50%']
        """
        return compared(JOINERS.sub("", text), int(self.chosen(version)))

    def tokens(self, text: str) -> list[str]:
        """Words with their vowel signs; danda and other punctuation left out.

        >>> Hindi().tokens("क्या यह बिल्ली है।")
        ['क्या', 'यह', 'बिल्ली', 'है']
        """
        return _TOKEN.findall(text)

    def numerals(self, text: str) -> list[str]:
        """Digits of both scripts, number words from दो to हज़ार, ordinals from तीसरा, तीनों.

        एक is an article, दूसरा means "other", दोनों "both", and "बता दो" asks: none of them counts.

        >>> Hindi().numerals("दो बिल्लियाँ, २ कुत्ते और एक सौ पचास पक्षी")
        ['150', '2', '2']
        """
        values = _folded_word_values()
        plain = fold_spelling(_COLON_FOR_VISARGA.sub("छः", plain_digits(JOINERS.sub("", text))))
        plain = multiplied(plain, values)
        numbers = digits_in(plain)
        run: list[int] = []
        for word in [*_WORD.findall(_GIVE.sub("", _AROUND.sub("", plain))), ""]:
            if word in values:
                run.append(values[word])
            elif run:
                numbers += [str(number) for number in read_words(run) if number > 1]
                run = []
        return sorted(numbers)


@cache
def _folded_word_values() -> dict[str, int]:
    return {fold_spelling(word): value for word, value in word_values("hi").items()}
