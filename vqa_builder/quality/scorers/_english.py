"""English questions as bags of meaning: content words, negation, colours, question words."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

_CONTRACTIONS = [
    (re.compile(pattern), full)
    for pattern, full in [
        (r"\bwon['’]t\b", "will not"),
        (r"\bcan['’]?t\b|\bcannot\b", "can not"),
        (r"\b(is|are|was|were|do|does|did|has|have|had|could|should|would|must)n['’]?t\b", r"\1 not"),
        (r"\b(what|who|where|how|that|there|it|he|she)['’]s\b", r"\1 is"),
        (r"['’]re\b", " are"),
        (r"['’]s\b", ""),
    ]
]
_CONTRACTED = re.compile(r"['’]|nt\b|nnot\b")
_WORD = re.compile(r"[a-z]+|\d+(?:[.:]\d+)*")

_FUNCTION = (
    "a an the this that these those some any such do does did be is are was were am been being has have had "
    "having will would can could shall should may might must of in on at to for from by with as into there "
    "here it its he him his she her hers they them their theirs i me my we us our you your and or if then so "
    "please just very"
)
FUNCTION_WORDS = frozenset(_FUNCTION.split())
"""Articles, auxiliaries with do-support, prepositions, pronouns: a paraphrase changes them freely."""

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
_ASKED_BY = {
    "how": "how",
    "when": "time",
    "where": "where",
    "who": "who",
    "whom": "who",
    "whose": "who",
    "why": "why",
}


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


@lru_cache(maxsize=50_000)
def words(text: str) -> tuple[str, ...]:
    """Words and numbers of an expanded text."""
    return tuple(_WORD.findall(expanded(text)))


def spread(texts: pa.Array) -> pa.Array:
    """Whole columns of ``expanded`` text, nothing but words and digits between spaces.

    >>> spread(pa.array(["Isn't the man's hat red?"])).to_pylist()
    ['is not the man hat red ']
    """
    lower = pc.utf8_lower(texts)
    contracted = pc.match_substring_regex(lower, _CONTRACTED.pattern)
    if pc.any(contracted).as_py():
        written = pa.array([expanded(text) for text in lower.filter(contracted).to_pylist()], pa.string())
        lower = pc.replace_with_mask(lower, contracted, written)
    return pc.replace_substring_regex(lower, "[^a-z0-9]+", " ")


@lru_cache(maxsize=100_000)
def content_form(word: str) -> str | None:
    """A word that carries meaning, in the singular and in one spelling; None for a function word.

    >>> content_form("dogs"), content_form("grey"), content_form("colours"), content_form("does")
    ('dog', 'gray', 'color', None)
    """
    if not word or word in FUNCTION_WORDS:
        return None
    form = singular(COLOURS.get(word, word))
    return "color" if form == "colour" else form


def singular(word: str) -> str:
    """A word without its plural ending, roughly; it is only ever compared with another such word.

    >>> singular("buses"), singular("berries"), singular("glass"), singular("dogs")
    ('bus', 'berry', 'glass', 'dog')
    """
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("oes", "ses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def negated(text: str) -> bool:
    """Whether a text states a negation.

    >>> negated("Isn't it raining?"), negated("Is it raining?")
    (True, False)
    """
    return not NEGATIONS.isdisjoint(words(text))


def colours(text: str) -> frozenset[str]:
    """The colours that a text names, near synonyms as one.

    >>> sorted(colours("Is the grey and violet ball golden?"))
    ['gold', 'gray', 'purple']
    """
    named = (COLOURS[word] for word in words(text) if word in COLOURS)
    return frozenset(_SAME_COLOUR.get(colour, colour) for colour in named)


def question_kind(text: str) -> str | None:
    """What a question asks for; ``closed`` for yes/no, None for a text that is no question we know.

    >>> question_kind("How many cows?"), question_kind("What colour is it?"), question_kind("Is it red?")
    ('how many', 'colour', 'closed')
    """
    spoken = words(text)
    if spoken and spoken[0] in _CLOSED:
        return "closed"
    known = set(spoken)
    asked = [kind for pair in pairwise(spoken) if (kind := _ASKED_AFTER.get(pair))]
    if asked:
        return asked[0]
    if known & {"what", "which"} and known & _COLOUR:
        return "colour"
    by = next((kind for word, kind in _ASKED_BY.items() if word in known), None)
    return by or ("what" if known & {"what", "which"} else None)
