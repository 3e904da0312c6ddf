"""When are two Hindi answers one? The forms in which they are compared, by version of the rules.

दो and 2 are one, जी हाँ and हाँ, नीली and नीला, यह बिल्ली है and बिल्ली; by the third version also बैठी है and
बैठा है, लाल और सफ़ेद and सफ़ेद, लाल, हाँ, है and हाँ, पेड and पेड़, दो लोग and 2, while -5 and 5, C++ and C are two.
The forms are shown to nobody. Words are equated by ``answer_forms_hi.tsv``, as a whole answer or as a member
of a list; ``agreeing_words_hi.tsv`` lists the adjectives and verbs that follow their noun in gender and
number. Nouns never do: लड़की is not लड़का.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import takewhile

from vqa_builder.languages._answer_tables import answer_forms, column
from vqa_builder.languages._numbers import plain_digits, read_words, word_values
from vqa_builder.languages._text import bare, fold, settled, table_rows, ungroup, with_signs, without_markup

JOINERS = re.compile("[\u200b-\u200d\u2060\ufeff]")
_NUKTA_LETTERS = re.compile("([कखगजफ])़+")
_HOMORGANIC_NASAL = re.compile("ङ्(?=[क-घ])|ञ्(?=[च-झ])|ण्(?=[ट-ढ])|न्(?=[त-ध])|म्(?=[प-भ])")
# गये गए, नयी नई, चाहिये चाहिए: both are correct.
_GLIDE = re.compile("(?<=[\u0900-\u0963\u0971-\u097f])य([ीे])(?=ं?(?![\u0900-\u0963\u0971-\u097f]))")
_VOWELS = {"ी": "ई", "े": "ए"}
_COPULA = re.compile("(?P<subject>(?:यह|ये|वह|वे) )?(?P<said>.+?)(?: हैं?)+")
_AND = re.compile(" (?:एवं|तथा|व|&) ")
_MULTIPLIED = re.compile(r"(?<![\d.])(\d{1,6}(?:\.\d{1,6})?) (\S+)")
_FIRST_ORDINAL = "तीसरा"
# With these, एक is a number or part of a saying: एक और (one more), एक साथ (together), एक तरफ़ (one way).
_AFTER_ONE = frozenset({"और", "या", "से", "साथ", "तरफ", "तरफा", "दूसरे", "दूसरा", "बार", "भी", "ही", "बजे"})

_PERCENT = re.compile(r"(?<=\d)\s*(?:प्रतिशत|फ़ीसदी|फीसदी|परसेंट|पर्सेंट|%)")
_MINUS = re.compile(r"(?:माइनस|ऋण)\s*(?=\d)")
_CURRENCY = re.compile(r"([$€₹])\s?(\d[\d.,]*)")
_CURRENCIES = {"$": " डॉलर", "€": " यूरो", "₹": " रुपए"}
_YES_OR_NO = re.compile(r"((?:जी )?हाँ|(?:जी )?हां|हाँ जी|हां जी|जी|(?:जी )?नहीं)\s*[,।.!;]\s*(.+)", re.DOTALL)
_LIST = re.compile(r"\s*[,;]\s*(?:और\s+)?|\s+(?:और|एवं|तथा|व|&|एंड)\s+")
_LONGEST_MEMBER = 4
_NUKTA_R = re.compile("([डढ])़+")
_COLOUR_NAMED = re.compile("(?:रंग )?(?P<colour>.+?)(?: (?:रंग|कलर)(?: का)?)?")
_PEOPLE = re.compile("(?P<number>\\d+) (?:लोग|लोगों|व्यक्ति|व्यक्तियों|जन|जने|इंसान|इंसानों)")
_AMONG_COLOURS = {"नारंगी": "नारंगी रंग", "क्रीम": "क्रीम रंग"}


def compared(text: str, version: int) -> str:
    """The form in which an answer is compared.

    Args:
        text: the answer as it was given, without joiners.
        version: 2 or 3.

    >>> compared("बैठी है", 3) == compared("बैठा है", 3), compared("लड़की", 3) == compared("लड़का", 3)
    (True, False)
    """
    if version == 2:
        return _by_rules_2(fold_spelling(bare(plain_digits(fold(text)))))
    return settled(_by_rules_3, plain_digits(fold(without_markup(text))))


def _by_rules_3(folded: str) -> str:
    """The form of a folded answer by the third version of the rules."""
    if (head := _YES_OR_NO.fullmatch(folded)) and _agrees(head[1], head[2]):
        folded = head[1]
    folded = ungroup(_MINUS.sub("-", _PERCENT.sub("%", folded)))
    folded = _CURRENCY.sub(lambda price: price[2] + _CURRENCIES[price[1]], folded)
    listed = [folded] if folded.isascii() else _LIST.split(folded.strip(" ,।."))
    parts = [part for part in listed if part]
    if len(parts) > 1 and max(len(part.split()) for part in parts) <= _LONGEST_MEMBER:
        members = {_phrase(part) for part in parts}
    else:
        members = {_phrase(folded)}
    if members & _colours() and len(members) > 1:
        members = {_AMONG_COLOURS.get(member, member) for member in members}
    return " और ".join(sorted(members)) or "".join(folded.split())


def _agrees(head: str, rest: str) -> bool:
    """Whether what follows yes or no is no other answer: not in नहीं, पता नहीं."""
    said, more = _phrase(head), _by_rules_3(rest)
    return more not in {_phrase(other) for other in ("हाँ", "नहीं", "पता नहीं")} - {said}


def _phrase(text: str) -> str:
    """A member of a list, or an answer that is none."""
    folded = _one_spelling(bare(with_signs(text)))
    sentence = _COPULA.fullmatch(folded)
    said = _in_digits(sentence["said"] if sentence else folded, _cardinals(3))
    said = _PERCENT.sub("%", said.removesuffix(" हुआ"))
    if people := _PEOPLE.fullmatch(said):
        return people["number"]
    forms = _forms(3)
    named = _COLOUR_NAMED.fullmatch(said)
    if said not in forms and named:
        colour = forms.get(named["colour"], named["colour"])
        if colour in _colours():
            return colour
        if said != colour and colour in _AMONG_COLOURS:
            return _AMONG_COLOURS[colour]
    return forms.get(said, said)


def _one_spelling(text: str) -> str:
    """Spelling, gender and number of the words folded.

    >>> _one_spelling("सफ़ेद गाड़ी"), _one_spelling("बैठे हुए")
    ('सफेद गाडी', 'बैठा हुआ')
    """
    folded = _without_glides(_NUKTA_R.sub(r"\1", fold_spelling(text)))
    words = (_spellings().get(word, word) for word in folded.split(" "))
    return " ".join(_agreeing().get(word, word) for word in words)


@cache
def _spellings() -> dict[str, str]:
    """Single words that are written in several ways, wherever they stand."""
    rows = [row for row in table_rows("answer_forms_hi.tsv") if row["kind"] == "spelling"]
    written, read = (
        [_NUKTA_R.sub(r"\1", fold_spelling(row[name])) for row in rows] for name in ("written", "read")
    )
    return {one: other for one, other in zip(written, read, strict=True) if " " not in one + other}


@cache
def _agreeing() -> dict[str, str]:
    """Every form of an adjective, participle or postposition -> its masculine singular.

    >>> [_agreeing()[form] for form in ("बडी", "नए", "हुई", "की")]
    ['बडा', 'नया', 'हुआ', 'का']
    """
    forms: dict[str, str] = {}
    for word in column("agreeing_words_hi.tsv", "masculine_singular"):
        base = _NUKTA_R.sub(r"\1", fold_spelling(word))
        nasal = base.endswith("ां")
        stem = base.removesuffix("ं")[:-1].removesuffix("य") if base[-2:] != "ाा" else base
        vowels = ("ई", "ए") if base.endswith(("या", "आ", "यां")) else ("ी", "े")
        ends = [vowel + "ं" * nasal for vowel in vowels]
        forms |= {base: base} | {stem + end: base for end in ends}
    return {_without_glides(form): _without_glides(base) for form, base in forms.items()}


@cache
def _colours() -> frozenset[str]:
    """The compared forms of all colours."""
    rows = table_rows("answer_forms_hi.tsv")
    return frozenset(
        _one_spelling(row["read"]) for row in rows if row["kind"] == "colour" and " और " not in row["read"]
    )


def fold_spelling(text: str) -> str:
    """Nukta of क़ ख़ ग़ ज़ फ़, chandrabindu and nasals in one spelling: सफ़ेद सफेद, हाँ हां, हिन्दी हिंदी."""
    text = _NUKTA_LETTERS.sub(r"\1", unicodedata.normalize("NFC", text)).replace("ँ", "ं")
    return _HOMORGANIC_NASAL.sub("ं", text)


def _by_rules_2(folded: str) -> str:
    """The form of an answer by the second version of the rules.

    A final है with its pronoun goes, and so does एक as an article; cardinal number words are digits.
    """
    folded = _without_glides(folded)
    sentence = _COPULA.fullmatch(folded)
    text = _in_digits(sentence["said"] if sentence else folded, _cardinals(2))
    forms = _forms(2)
    if text in forms:
        return forms[text]
    return " और ".join(forms.get(member, member) for member in _AND.sub(" और ", text).split(" और "))


def _in_digits(text: str, values: dict[str, int]) -> str:
    """Runs of cardinal number words as digits; ordinals and दोनों stay words."""
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
def _cardinals(version: int) -> dict[str, int]:
    """The table lists cardinals first."""
    words = takewhile(lambda entry: entry[0] != _FIRST_ORDINAL, word_values("hi").items())
    spelled = fold_spelling if version == 2 else _one_spelling
    return {spelled(word): value for word, value in words}


@cache
def _forms(version: int) -> dict[str, str]:
    spelled = _one_spelling if version > 2 else lambda form: _without_glides(fold_spelling(form))
    return answer_forms("hi", spelled, version)


def _without_glides(text: str) -> str:
    """नयी as नई.

    >>> _without_glides("नयी गये गायें यीशु ये")
    'नई गए गाएं यीशु ये'
    """
    return _GLIDE.sub(lambda glide: _VOWELS[glide[1]], text)
