"""Hindi: Devanagari, its variant spellings (हिन्दी हिंदी, हाँ हां, सफ़ेद सफेद) and its number words.

Two Hindi answers can be one: दो and 2, जी हाँ and हाँ, नीली and नीला, यह बिल्ली है and बिल्ली. The forms in which
they are compared are shown to nobody; words are equated by ``answer_forms_hi.tsv``, as a whole answer or as a
member of a list with और.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, cached_property
from itertools import takewhile

from vqa_builder.languages._answer_tables import answer_forms, answer_table
from vqa_builder.languages._hindi_phrases import HindiPhrases
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

# गये गए, नयी नई, चाहिये चाहिए: both are correct.
_GLIDE = re.compile("(?<=[\u0900-\u0963\u0971-\u097f])य([ीे])(?=ं?(?![\u0900-\u0963\u0971-\u097f]))")
_VOWELS = {"ी": "ई", "े": "ए"}
_COPULA = re.compile("(?P<subject>(?:यह|ये|वह|वे) )?(?P<said>.+?)(?: हैं?)+")
_AND = re.compile(" (?:एवं|तथा|व|&) ")
_MULTIPLIED = re.compile(r"(?<![\d.])(\d{1,6}(?:\.\d{1,6})?) (\S+)")
_FIRST_ORDINAL = "तीसरा"
# With these, एक is a number or part of a saying: एक और (one more), एक साथ (together), एक तरफ़ (one way).
_AFTER_ONE = frozenset({"और", "या", "से", "साथ", "तरफ", "तरफा", "दूसरे", "दूसरा", "बार", "भी", "ही", "बजे"})


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

    @cached_property
    def phrases(self) -> HindiPhrases:
        """Counts, places, lists and what else ``phrases_hi.tsv`` says."""
        homographs = answer_table(self.code).homographs
        return HindiPhrases(self.code, self._listed_alone, homographs, self.list_joints)

    def normalise(self, text: str) -> str:
        """One form for answers that differ only in how they are written.

        Punctuation goes; nukta of क़ ख़ ग़ ज़ फ़, chandrabindu, nasals, joiners and digits are folded; number
        words become digits, a final है and the article एक go, words are spelled as in ``answer_forms_hi.tsv``.

        >>> [Hindi().normalise(answer) for answer in ("जी हाँ।", "हिन्दी", "दो", "सफ़ेद और काली")]
        ['हां', 'हिंदी', '2', 'सफेद और काला']
        """
        spelled = _fold_spelling(bare(plain_digits(fold(_JOINERS.sub("", text)))))
        return _same_answer(spelled)

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


def _same_answer(folded: str) -> str:
    """The form in which an answer without punctuation, its spelling folded, is compared.

    A final है with its pronoun goes, and so does एक as an article; cardinal number words are digits.
    """
    folded = _without_glides(folded)
    sentence = _COPULA.fullmatch(folded)
    text = _in_digits(sentence["said"] if sentence else folded)
    forms = _forms()
    if text in forms:
        return forms[text]
    return " और ".join(forms.get(member, member) for member in _AND.sub(" और ", text).split(" और "))


def _in_digits(text: str) -> str:
    """Runs of cardinal number words as digits; ordinals and दोनों stay words."""
    values = _cardinals()
    words = _multiplied(text, values).split(" ")
    if len(words) > 1 and words[0] == "एक" and words[1] not in values and words[1] not in _AFTER_ONE:
        words = words[1:]
    found: list[str] = []
    run: list[int] = []
    for word in [*words, ""]:
        if word in values:
            run.append(values[word])
        else:
            found += [str(number) for number in read_words(run)]
            found.append(word)
            run = []
    return " ".join(found).rstrip()


def _multiplied(text: str, values: dict[str, int]) -> str:
    """Digits before सौ, हज़ार, लाख: one number.

    >>> _multiplied("5 सौ लोग", {"सौ": 100})
    '500 लोग'
    """

    def product(match: re.Match[str]) -> str:
        factor = values.get(match[2], 0)
        return str(round(float(match[1]) * factor)) if factor >= 100 else match[0]

    done = _MULTIPLIED.sub(product, text)
    return done if done == text else _multiplied(done, values)


@cache
def _cardinals() -> dict[str, int]:
    """The table lists cardinals first."""
    words = takewhile(lambda entry: entry[0] != _FIRST_ORDINAL, word_values("hi").items())
    return {_fold_spelling(word): value for word, value in words}


@cache
def _forms() -> dict[str, str]:
    return answer_forms("hi", lambda form: _without_glides(_fold_spelling(form)))


def _without_glides(text: str) -> str:
    """नयी as नई.

    >>> _without_glides("नयी गये गायें यीशु ये")
    'नई गए गाएं यीशु ये'
    """
    return _GLIDE.sub(lambda glide: _VOWELS[glide[1]], text)
