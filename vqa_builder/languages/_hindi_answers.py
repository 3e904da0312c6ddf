"""When two Hindi answers are one: दो and 2, जी हाँ and हाँ, नीली and नीला, यह बिल्ली है and बिल्ली.

The forms made here serve comparison alone; nobody is shown them. Words are equated by
``answer_forms_hi.tsv``, as a whole answer or as a member of a list with और.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import takewhile

from vqa_builder.languages._forms import answer_forms
from vqa_builder.languages._numbers import read_words, word_values

# गये गए, नयी नई, चाहिये चाहिए: both are correct.
_LETTER = "[\u0900-\u0963\u0971-\u097f]"
_GLIDE = re.compile(f"(?<={_LETTER})य([ीे])(?=ं?(?!{_LETTER}))")
_VOWELS = {"ी": "ई", "े": "ए"}
_COPULA = re.compile("(?P<subject>(?:यह|ये|वह|वे) )?(?P<said>.+?)(?: हैं?)+")
_AND = re.compile(" (?:एवं|तथा|व|&) ")
_MULTIPLIED = re.compile(r"(?<![\d.])(\d{1,6}(?:\.\d{1,6})?) (\S+)")
_FIRST_ORDINAL = "तीसरा"
# With these, एक is a number or part of a saying: एक और (one more), एक साथ (together), एक तरफ़ (one way).
_AFTER_ONE = frozenset({"और", "या", "से", "साथ", "तरफ", "तरफा", "दूसरे", "दूसरा", "बार", "भी", "ही", "बजे"})


def same_answer(folded: str, fold: Callable[[str], str]) -> str:
    """The form in which a Hindi answer is compared.

    A final है with its pronoun goes, and so does एक as an article; cardinal number words are digits.

    Args:
        folded: the answer without punctuation, its spelling folded by ``fold``.
        fold: chandrabindu, nukta and the rest, as the tables need it too.
    """
    folded = _without_glides(folded)
    sentence = _COPULA.fullmatch(folded)
    text = _in_digits(sentence["said"] if sentence else folded, fold)
    forms = _forms(fold)
    if text in forms:
        return forms[text]
    return " और ".join(forms.get(member, member) for member in _AND.sub(" और ", text).split(" और "))


def _in_digits(text: str, fold: Callable[[str], str]) -> str:
    """Runs of cardinal number words as digits; ordinals and दोनों stay words."""
    values = _cardinals(fold)
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
def _cardinals(fold: Callable[[str], str]) -> dict[str, int]:
    """The table lists cardinals first."""
    words = takewhile(lambda entry: entry[0] != _FIRST_ORDINAL, word_values("hi").items())
    return {fold(word): value for word, value in words}


@cache
def _forms(fold: Callable[[str], str]) -> dict[str, str]:
    return answer_forms("hi", lambda form: _without_glides(fold(form)))


def _without_glides(text: str) -> str:
    """नयी as नई.

    >>> _without_glides("नयी गये गायें यीशु ये")
    'नई गए गाएं यीशु ये'
    """
    return _GLIDE.sub(lambda glide: _VOWELS[glide[1]], text)
