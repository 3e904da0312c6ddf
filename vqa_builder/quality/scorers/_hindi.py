"""Hindi words without their inflection, for look-ups in tables."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile("[\u0900-\u0963\u0971-\u097f]+")
_NUKTA = re.compile("([कखगजफडढ])़")
_LONG_ENDINGS = ("ियां", "ियों", "ाओं", "ाएं", "ुओं", "ुएं")
_ENDINGS = (*_LONG_ENDINGS, "ों", "ें", "ां", "ीं", "ए", "ई", "ा", "ी", "े", "ू", "ो", "ि", "ु", "ं")


def words(text: str) -> list[str]:
    """The words of a text in Devanagari.

    >>> words("क्या टीवी चालू है?")
    ['क्या', 'टीवी', 'चालू', 'है']
    """
    return _WORD.findall(unicodedata.normalize("NFC", text))


def stem(word: str) -> str:
    """A word without nukta, chandrabindu and the ending of gender, number and case.

    After Ramanathan and Rao (2003), A lightweight stemmer for Hindi, with the endings of nouns, adjectives
    and participles alone.

    >>> [stem(word) for word in ("कुत्ते", "कुत्तों", "बिल्लियाँ", "बड़ी", "घर")]
    ['कुत्त', 'कुत्त', 'बिल्ल', 'बड', 'घर']
    """
    plain = (_NUKTA.sub(r"\1", word) if "़" in word else word).replace("ँ", "ं")
    bare = next((plain.removesuffix(ending) for ending in _ENDINGS if plain.endswith(ending)), plain)
    return bare if len(bare) > 1 else plain
