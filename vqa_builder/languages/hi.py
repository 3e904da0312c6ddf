"""Hindi: Devanagari, its variant spellings (हिन्दी हिंदी, हाँ हां, सफ़ेद सफेद) and its number words."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from vqa_builder.languages._hindi_answers import same_answer
from vqa_builder.languages._numbers import digits_in, multiplied, plain_digits, read_words, word_values
from vqa_builder.languages._text import bare, fold
from vqa_builder.languages.base import Language

_NUKTA_LETTERS = re.compile("([कखगजफ])़+")
_HOMORGANIC_NASAL = re.compile("ङ्(?=[क-घ])|ञ्(?=[च-झ])|ण्(?=[ट-ढ])|न्(?=[त-ध])|म्(?=[प-भ])")
_JOINERS = re.compile("[\u200b-\u200d\u2060\ufeff]")
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
    version = "2"
    unit = "word"
    question_mark = "?"
    list_joints = (", ", " और ")
    question_words = (
        r"(?:^|[^\p{L}\p{M}])(?:क्या|कौन|किस|किन|कितन|कैस|कहाँ|कहां|कहा[ँं]|क्यों|क्यूँ|कब|किध)"
        r"|[^\p{L}\p{M}](?:या[^\p{L}\p{M}]|ना?\s*\?$)"
    )
    neighbours = ("mr", "ne", "bho", "bh", "mai", "sa", "gom", "new", "dty")

    def normalise(self, text: str) -> str:
        """One form for answers that differ only in how they are written.

        Punctuation goes; nukta of क़ ख़ ग़ ज़ फ़, chandrabindu, nasals, joiners and digits are folded; number
        words become digits, a final है and the article एक go, words are spelled as in ``answer_forms_hi.tsv``.

        >>> [Hindi().normalise(answer) for answer in ("जी हाँ।", "हिन्दी", "दो", "सफ़ेद और काली")]
        ['हां', 'हिंदी', '2', 'सफेद और काला']
        """
        spelled = _fold_spelling(bare(plain_digits(fold(_JOINERS.sub("", text)))))
        return same_answer(spelled, _fold_spelling)

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
        plain = _fold_spelling(_COLON_FOR_VISARGA.sub("छः", plain_digits(_JOINERS.sub("", text))))
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


def _fold_spelling(text: str) -> str:
    text = _NUKTA_LETTERS.sub(r"\1", unicodedata.normalize("NFC", text)).replace("ँ", "ं")
    return _HOMORGANIC_NASAL.sub("ं", text)


@cache
def _folded_word_values() -> dict[str, int]:
    return {_fold_spelling(word): value for word, value in word_values("hi").items()}
