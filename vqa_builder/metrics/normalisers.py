"""When are two answers the same? The rules under which predictions and references are compared, by name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vqa_builder import languages
from vqa_builder.errors import UnknownNameError
from vqa_builder.languages.en import clean_whitespace, process_digit_article, process_punctuation

OFFICIAL = "official"
LANGUAGE = "language"
LANGUAGE_2 = "language-2"
VIZWIZ_MULTILINGUAL = "vizwiz-multilingual"
NAMES = (OFFICIAL, LANGUAGE, LANGUAGE_2, VIZWIZ_MULTILINGUAL)

# In the order in which the published code goes through them; "''" stands before "'" there.
_VIZWIZ_MARKS = (*';/[]"{}()《》><=+\\_-@#%&*`、', "''", *"',?!:。")
_COMMA_IN_DIGITS = re.compile(r"\d,\d")
_PERIOD = re.compile(r"\.(?!\d)")
_PERIODS_AT_MOST = int(re.UNICODE)


class Normaliser(NamedTuple):
    """One set of rules.

    Attributes:
        signature: name and version of the rules, for the signature of a result.
        clean: what is done to every answer.
        normalise: what is done to a clean answer before it is compared.
        readings: compared forms that may stand for several others, with these (茶: 茶色 or お茶).
        only_on_disagreement: leave clean answers as they are where all annotators of a question gave the
            same; a trait of the official evaluation.
    """

    signature: str
    clean: Callable[[str], str]
    normalise: Callable[[str], str]
    only_on_disagreement: bool = False
    readings: Mapping[str, tuple[str, ...]] = MappingProxyType({})


def normaliser(name: str | None, language: str) -> Normaliser:
    """The rules of a name.

    Args:
        name: ``official`` (the VQA evaluation's, for English), ``language`` (the language's own, newest
            version), ``language-2`` (the second version, of Japanese and Hindi),
            ``vizwiz-multilingual`` (of the 500 translated VizWiz questions by Nikandrou et al.), or None for
            ``official`` in English and ``language`` elsewhere.
        language: ISO 639 code.

    Raises:
        UnknownNameError: no such rules, or no such language.

    >>> normaliser(None, "ja").normalise("「はい」。")
    'はい'
    """
    rules = languages.get(language)
    name = name or (OFFICIAL if language == "en" else LANGUAGE)
    if name == OFFICIAL:
        return Normaliser(f"language:{language}|rules:official-vqa", clean_whitespace, _official, True)
    if name == LANGUAGE:
        return Normaliser(rules.signature, str, rules.normalise, readings=rules.readings)
    if name == LANGUAGE_2:
        rules.chosen("2")
        return Normaliser(rules.signature_of("2"), str, lambda text: rules.normalise(text, "2"))
    if name == VIZWIZ_MULTILINGUAL:
        return Normaliser(f"language:{language}|rules:{name}", str, vizwiz_multilingual)
    raise UnknownNameError("normaliser", name, NAMES)


def vizwiz_multilingual(answer: str) -> str:
    """An answer as the code behind the published scores of the multilingual VizWiz subset normalises it.

    The official steps after lower-casing and NFKC, with more marks: ``# % & * ' :`` and ``《》、。``.
    NFKC itself turns full-width marks (，？！：) into those of the list. Source: MalvinaNikandrou/
    visual-assistant-eval, src/vlm_inference/metrics/vqa.py; the behaviour, in our words.

    >>> vizwiz_multilingual("はい、猫です。"), vizwiz_multilingual("Unanswerable image")
    ('はい 猫です', 'unanswerable')
    """
    answer = clean_whitespace(unicodedata.normalize("NFKC", answer.lower()))
    removes_all = _COMMA_IN_DIGITS.search(answer) is not None
    bare = answer
    for mark in _VIZWIZ_MARKS:
        removed = removes_all or mark + " " in answer or " " + mark in answer
        bare = bare.replace(mark, "" if removed else " ")
    answer = process_digit_article(_PERIOD.sub("", bare, count=_PERIODS_AT_MOST))
    return "unanswerable" if answer.startswith("unanswerable") else answer


def _official(clean: str) -> str:
    return process_digit_article(process_punctuation(clean))


def codes(function: Callable[[str], str], *arrays: pa.Array) -> list[NDArray[np.int64]]:
    """Texts as numbers that are equal where the texts are, once ``function`` has been at them.

    Args:
        function: called once for each distinct text.
        arrays: strings; a null becomes -1.

    >>> codes(str.lower, pa.array(["Cat", "dog"]), pa.array(["cat", None]))
    [array([0, 1]), array([ 0, -1])]
    """
    encoded = pa.concat_arrays([array.cast(pa.string()) for array in arrays]).dictionary_encode()
    known: dict[str, int] = {}
    numbers = [known.setdefault(function(text), len(known)) for text in encoded.dictionary.to_pylist()]
    places = encoded.indices.fill_null(len(numbers)).to_numpy()
    every = np.array([*numbers, -1], np.int64)[places]
    return np.split(every, np.cumsum([len(array) for array in arrays])[:-1])
