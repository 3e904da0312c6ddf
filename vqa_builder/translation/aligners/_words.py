"""The words that alignments count: every mark of a text is in one of them, punctuation included.

English words are those of the Penn Treebank, as NLTK's ``word_tokenize`` makes them of a question, since the
trainer of cViL counts so; Hindi and others are ``Language.tokens`` and the marks between them. Japanese,
which writes no spaces, is cut at changes of script and at particles and auxiliaries, without a dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from vqa_builder import languages

VERSION = "1"

# R. MacIntyre's tokenizer.sed of the Penn Treebank (1995), in the order of NLTK's NLTKWordTokenizer.
_ENGLISH = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r'["“”«»]|\.\.\.|[;@#$%&?!]|[\]\[(){}<>]|--', r" \g<0> "),
        (r"([:,])(?!\d)", r" \1 "),
        (r"(?<=[^.\s])\.(?=[\])}>\"'\s]*$)", " ."),  # the last stop; stops inside are of abbreviations
        (r"(?<=[a-z0-9]{2})\.(?=\s+[A-Z])", " ."),  # or end a sentence
        (r"(?<=[^'\s])'(?=\s|$)|(?<!\S)'(?=\S)(?!'?(?:s|m|d|ll|re|ve|t)\b)", " ' "),
        (r"(?i)(?<=[^'\s])('(?:s|m|d|ll|re|ve)|n't)(?=\s|$)", r" \1 "),
        (r"(?i)\b(can)(not)\b", r"\1 \2"),
        (r"(?i)\b(gon|wan)(na)\b|\b(got)(ta)\b", r"\1\3 \2\4"),
        (r"(?i)\b(lem|gim)(me)\b", r"\1 \2"),
    )
]

_HIRAGANA = r"[\u3041-\u309fー]"
_PARTICLES = "から|まで|より|など|だけ|は|が|を|に|へ|で|と|も|の|や"
_FUNCTION_WORDS = (
    "ではありません|でしょう|でした|です|だろう|ありません|ありました|あります|いません|いました|います|ている|ていた|"
    "ています|ていました|ていません|ました|ません|ましょう|ます|される|されて|された|され|られて|して|しな|する|した|それとも|または|そして|"
    "ある|いる|この|その|あの|どの|これら|それら|これ|それ|あれ|どれ|ここ|そこ|あそこ|どこ|"
    "どちら|どっち|どんな|どのくらい|どのように|どのような|どう|いくつ|いくら|いつ|なぜ|なに|だれ|もの|こと|ところ|とき|ため|"
    "よう|たち|くらい|ぐらい|ほど|ない|な"
)
_LONGEST_FIRST = sorted(f"{_FUNCTION_WORDS}|{_PARTICLES}".split("|"), key=len, reverse=True)
_KNOWN = re.compile("|".join(["か(?=$|どうか)", *(re.escape(word) for word in _LONGEST_FIRST)]))
# A word that no list knows ends where a particle or an auxiliary follows.
_UNKNOWN_ENDS = r"(?=$|[はがをにへでともの]|から|まで|です|でし|ます|ません|ました|いま|あり|てい|して|か$)"
_ENDING = re.compile(rf"ども|{_HIRAGANA}+?{_UNKNOWN_ENDS}")
_UNKNOWN = re.compile(rf"{_HIRAGANA}{{2,}}?{_UNKNOWN_ENDS}|{_HIRAGANA}+")
_ALL_HIRAGANA = re.compile(f"{_HIRAGANA}+")
_HAN = re.compile(r"[\u3400-\u9fff々〆〇]+")
_COMPOUNDS = (
    (re.compile(r"(?<!\S)([男女]) の ([子人方])(?!\S)"), r"\1の\2"),
    (re.compile(r"(?<!\S)([食飲乗着買生建履][\u3041-\u309f]) 物(?!\S)"), r"\1物"),
)
_COUNTED = re.compile(r"(何)(種類|時間|番目|曜日|番号|[^\s])?(.*)")


def words(text: str, language: str) -> list[str]:
    """The words and punctuation marks of a text, in order; nothing but spaces is left out.

    Args:
        text: one sentence.
        language: ISO 639 code.

    >>> words("Isn't the man's t-shirt red?", "en")
    ['Is', "n't", 'the', 'man', "'s", 't-shirt', 'red', '?']
    >>> words("赤いバスは何色ですか？", "ja")
    ['赤い', 'バス', 'は', '何', '色', 'です', 'か', '？']
    >>> words("क्या यह बिल्ली है?", "hi")
    ['क्या', 'यह', 'बिल्ली', 'है', '?']
    """
    if language == "en":
        for pattern, replacement in _ENGLISH:
            text = pattern.sub(replacement, text)
        return text.split()
    tokens = languages.get(language).tokens(text)
    return list(_with_marks(text, _japanese(tokens) if language == "ja" else tokens))


def _with_marks(text: str, tokens: Iterable[str]) -> Iterable[str]:
    """The tokens and, one by one, the marks between them."""
    place = 0
    for token in tokens:
        start = text.find(token, place)
        if start < 0:  # a language whose tokens are not as written
            continue
        yield from (mark for mark in text[place:start] if not mark.isspace())
        yield token
        place = start + len(token)
    yield from (mark for mark in text[place:] if not mark.isspace())


def _japanese(runs: Iterable[str]) -> list[str]:
    """Runs of one script -> words: 食|べていますか -> 食べ ています か, 何色 -> 何 色, 男|の|子 -> 男の子."""
    found: list[str] = []
    for run in runs:
        if _ALL_HIRAGANA.fullmatch(run):
            found += _hiragana(run, found)
        elif asked := _COUNTED.fullmatch(run):
            found += [part for part in asked.groups() if part]
        else:
            found.append(run)
    line = " ".join(found)
    for pattern, replacement in _COMPOUNDS:
        line = pattern.sub(replacement, line)
    return line.split(" ") if line else []


def _hiragana(run: str, before: list[str]) -> list[str]:
    """A run of hiragana, cut; an ending goes to the kanji before it, which is changed in place."""
    found: list[str] = []
    place = 0
    known = _KNOWN.match(run)
    counter = len(before) > 1 and before[-2] == "何"
    if before and _HAN.fullmatch(before[-1]) and not counter and not known and (ending := _ENDING.match(run)):
        before[-1] += ending[0]
        place = ending.end()
    while place < len(run):
        piece = _KNOWN.match(run, place) or _UNKNOWN.match(run, place)
        if piece is None:
            raise AssertionError(f"not hiragana: {run[place:]!r}")
        found.append(piece[0])
        place = piece.end()
    return found
