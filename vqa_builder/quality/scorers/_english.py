"""What English questions state: negation, colours, the kind of question."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_CONTRACTIONS = [
    (re.compile(pattern), full)
    for pattern, full in [
        (r"\bwon['’]t\b", "will not"),
        (r"\bcan['’]?t\b|\bcannot\b", "can not"),
        (r"\b(is|are|was|were|do|does|did|has|have|had|could|should|would|must)n['’]?t\b", r"\1 not"),
        (r"\b(what|who|where|how|that|there|it|he|she)['’]s\b", r"\1 is"),
        (r"\b(what|where|who|how|that)s\b", r"\1 is"),
        (r"['’]re\b", " are"),
        (r"['’]s\b", ""),
    ]
]
_CONTRACTED = re.compile(r"['’]|nt\b|nnot\b|\b(?:what|where|who|how|that)s\b")

NEGATIONS = frozenset(
    ("not", "no", "none", "nobody", "nothing", "nowhere", "never", "neither", "nor", "without")
)

_COLOUR_NAMES = (
    "red orange yellow green blue purple violet pink brown black white gray grey silver gold golden beige "
    "tan turquoise teal maroon navy cyan magenta"
)
COLOURS = {colour: "gray" if colour == "grey" else colour for colour in _COLOUR_NAMES.split()}
_SAME_COLOUR = {
    "violet": "purple",
    "golden": "gold",
    "magenta": "pink",
    "teal": "turquoise",
    "cyan": "turquoise",
}

_FAMILY = {word: _SAME_COLOUR.get(colour, colour) for word, colour in COLOURS.items()}

_AUXILIARIES = "is are was were do does did can could has have had will would should may might must am shall"
_CLOSED = frozenset(_AUXILIARIES.split())
_COLOUR = frozenset(("color", "colors", "colour", "colours"))
_ASKED_AFTER = {  # the word after "what" or "how" -> what is asked for
    ("how", "many"): "how many",
    ("how", "much"): "how much",
    ("what", "number"): "how many",
    ("what", "time"): "time",
    ("what", "reason"): "why",
    ("what", "place"): "where",
    ("what", "location"): "where",
    ("what", "for"): "why",
}
_LAST = {"for": "why", "with": "with"}
_KIND_WORDS = "different type types kind kinds sort sorts variety varieties style styles breed breeds species"
_KINDS = frozenset(_KIND_WORDS.split())
_BEFORE_KINDS = frozenset(("many", "different", "various"))
_NOT_BEFORE_FOR = frozenset(
    ["waiting", "looking", "searching", "reaching", "asking", "paying", "standing", "known", "famous"]
)
_ASKED_BY = {
    "how": "how",
    "when": "time",
    "where": "where",
    "who": "who",
    "whom": "who",
    "whose": "who",
    "why": "why",
}
QUESTIONS = tuple(
    dict.fromkeys(
        [
            "",
            "what",
            "colour",
            "closed",
            *_ASKED_BY.values(),
            *_ASKED_AFTER.values(),
            *_LAST.values(),
            "kinds",
        ]
    )
)
"""The kinds of question."""


def expanded(text: str) -> str:
    """Lower case, contractions written out.

    >>> expanded("Isn't the man's hat red?")
    'is not the man hat red?'
    """
    folded = text.lower()
    if _CONTRACTED.search(folded):
        for pattern, full in _CONTRACTIONS:
            folded = pattern.sub(full, folded)
    return folded


def bare_words(texts: pa.Array) -> pa.Array:
    """Whole columns of ``expanded`` text, nothing but words and digits between spaces.

    >>> bare_words(pa.array(["Isn't the man's hat red?"])).to_pylist()
    ['is not the man hat red ']
    """
    return pc.replace_substring_regex(_written_out(texts), "[^a-z0-9]+", " ")


def _written_out(texts: pa.Array) -> pa.Array:
    """Whole columns of ``expanded`` text."""
    lower = pc.utf8_lower(texts)
    contracted = pc.match_substring_regex(lower, _CONTRACTED.pattern)
    if pc.any(contracted).as_py():
        written = pa.array([expanded(text) for text in lower.filter(contracted).to_pylist()], pa.string())
        lower = pc.replace_with_mask(lower, contracted, written)
    return lower


class Stated(NamedTuple):
    """What each of many English texts states, but for its numbers.

    Attributes:
        negated: whether it states a negation.
        coloured: text -> each colour that it names, near synonyms as one -> the word after it.
        asks: what it asks for, a place in ``QUESTIONS``; 0 for a text that is no question we know.
    """

    negated: NDArray[np.bool_]
    coloured: dict[int, dict[str, str]]
    asks: NDArray[np.int8]


def stated(texts: pa.Array) -> Stated:
    """Negation, colours and kind of question of each text.

    >>> found = stated(pa.array(["Isn't the hat red?", "What colour is it?", "How many cows?", "a grey cow"]))
    >>> found.negated.tolist(), [QUESTIONS[kind] for kind in found.asks], found.coloured
    ([True, False, False, False], ['closed', 'colour', 'how many', ''], {0: {'red': ''}, 3: {'gray': 'cow'}})
    """
    words = _Words(texts)
    coloured: dict[int, dict[str, str]] = {}
    for place in np.flatnonzero(words.are(_FAMILY)).tolist():
        row = int(words.row[place])
        after = place + 1 < len(words.row) and words.row[place + 1] == row
        coloured.setdefault(row, {})[_FAMILY[words.text(place)]] = words.text(place + 1) if after else ""
    return Stated(words.any_of(NEGATIONS), coloured, _asks(words))


def _asks(words: _Words) -> NDArray[np.int8]:
    """What decides more stands later: yes/no by the first word, then pairs such as "how many"."""
    asks = np.zeros(words.rows, np.int8)
    what = words.any_of({"what", "which"})
    asks[what] = QUESTIONS.index("what")
    for word, kind in reversed(_ASKED_BY.items()):
        asks[words.any_of({word})] = QUESTIONS.index(kind)
    ends = np.diff(words.row, append=-1) != 0
    for place in np.flatnonzero(ends & words.are(_LAST) & what[words.row]).tolist():
        last, before = words.text(place), words.text(place - 1)
        if last != "for" or before not in _NOT_BEFORE_FOR:
            asks[words.row[place]] = QUESTIONS.index(_LAST[last])
    asks[what & words.any_of(_COLOUR)] = QUESTIONS.index("colour")
    first, second = ({pair[side] for pair in _ASKED_AFTER} for side in (0, 1))
    follows = words.row[:-1] == words.row[1:]
    for place in np.flatnonzero(words.are(first)[:-1] & words.are(second)[1:] & follows)[::-1]:
        pair = words.text(place), words.text(place + 1)
        if pair in _ASKED_AFTER:
            asks[words.row[place]] = QUESTIONS.index(_ASKED_AFTER[pair])
    kinds = words.are(_BEFORE_KINDS)[:-1] & words.are(_KINDS)[1:] & follows
    rows = words.row[:-1][kinds]
    asks[rows[asks[rows] == QUESTIONS.index("how many")]] = QUESTIONS.index("kinds")
    begins = np.diff(words.row, prepend=-1) > 0
    asks[words.row[begins & words.are(_CLOSED)]] = QUESTIONS.index("closed")
    return asks


class _Words:
    """The words of many texts, one after the other; every number is the word "0".

    Attributes:
        rows: how many texts.
        row: the text of each word.
    """

    def __init__(self, texts: pa.Array) -> None:
        marked = pc.replace_substring_regex(_written_out(texts), r"\p{Nd}+", " 0 ")
        lists = pc.utf8_split_whitespace(
            pc.utf8_trim_whitespace(pc.replace_substring_regex(marked, "[^a-z0]+", " "))
        )
        encoded = pc.list_flatten(lists).dictionary_encode()
        self.rows = len(texts)
        self.row: NDArray[np.int64] = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
        self._types: list[str] = encoded.dictionary.to_pylist()
        self._codes: NDArray[np.int32] = encoded.indices.to_numpy(zero_copy_only=False)

    def text(self, place: int) -> str:
        """The word at a place."""
        return self._types[int(self._codes[place])]

    def are(self, known: Container[str]) -> NDArray[np.bool_]:
        """Whether each word is one of these."""
        found: NDArray[np.bool_] = np.array([word in known for word in self._types], bool)[self._codes]
        return found

    def any_of(self, known: Container[str]) -> NDArray[np.bool_]:
        """Whether each text has one of these words."""
        found = np.zeros(self.rows, bool)
        found[self.row[self.are(known)]] = True
        return found
