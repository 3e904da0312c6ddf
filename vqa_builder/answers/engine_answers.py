"""Which answers of engines are taken: those that nothing shows to be wrong.

An engine's answer must come back into English with its meaning or be kept by the policy, must be no sentence
where the answer is none, and where the language has a dictionary, every content word that it knows must be
found in the translation, and nothing else. Measured by ``tests/benchmarks/answer_methods.py``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.answers import merges
from vqa_builder.answers.vocabulary import normalised
from vqa_builder.languages.base import Language, lookup_forms
from vqa_builder.quality.scorers.lexical import Lexical

_MARKS = ("?", "？", "。", "।")
_YES_OR_NO = re.compile(r"(yes|no)\s*[,.;:!]", re.IGNORECASE)
_SAYS = {
    "ja": re.compile("(?:[てで]いる|ます|ました|ません|です|でした|ください|する|した)$"),
    "hi": re.compile("(?:^| )(?:है|हैं|हो|था|थे|थी|रहा|रहे|रही|करें|करो)$"),
}
"""How sentences end."""
_DOES = re.compile(r"ing\b|\b(?:is|are|was|were|am|be|has|have|to)\b|'s\b|'re\b")
"""What an English answer has that is said with a verb."""


def are_sound(pairs: Sequence[tuple[str, str]], language: Language) -> list[bool]:
    """Whether nothing shows that an engine's translations of answers are wrong.

    They are not English, not said twice, no question or sentence where the answer is none, begin with the
    same yes or no, hold the answer's single letters and digits, and the language's dictionary finds no word
    missing and none unasked for.

    Args:
        pairs: translation and English answer.
        language: of the translations.

    >>> from vqa_builder import languages
    >>> ja = languages.get("ja")
    >>> are_sound([("ゲート", "gate a"), ("猫猫", "cat"), ("茶色の犬", "brown dog")], ja)
    [False, False, True]
    >>> are_sound([("はい、閉じていない", "no, it is closed")], ja)
    [False]
    """
    agree = [_signs_agree(text, answer_en, language) for text, answer_en in pairs]
    asked = [pair for pair, agrees in zip(pairs, agree, strict=True) if agrees]
    refuted = iter(_dictionary(language).refutes([en for _, en in asked], [text for text, _ in asked]))
    return [agrees and not next(refuted) for agrees in agree]


def _signs_agree(text: str, answer_en: str, language: Language) -> bool:
    """What can be said without a dictionary."""
    said = text.casefold()
    if len(said) > 1 and said[: len(said) // 2] == said[(len(said) + 1) // 2 :]:
        return False
    begun = _YES_OR_NO.match(answer_en)
    known = language.answer(begun[1].casefold()) if begun else None
    if known is not None and not said.startswith(known.text.casefold()):
        return False
    if text.endswith(_MARKS) and not answer_en.endswith(_MARKS):
        return False
    says = _SAYS.get(language.code)
    if says is not None and says.search(text) and not _DOES.search(answer_en.casefold()):
        return False
    words = lookup_forms(answer_en)[-1].split()
    signs = [word for word in words if len(word) == 1 or any(map(str.isdigit, word))]
    return said != answer_en.casefold() and all(sign in said for sign in signs)


def comes_back(text: str, back: str | None) -> bool:
    """Whether a round trip gave the meaning back.

    >>> comes_back("A cat", "cat"), comes_back("cat", "dog"), comes_back("cat", None)
    (True, False, False)
    """
    return back is not None and merges.meaning(normalised(back)) == merges.meaning(normalised(text))


def accepted(segments: pa.Table, translations: pa.Table, verdicts: pa.Table) -> dict[str, tuple[str, str]]:
    """How an answer is looked up -> its most frequent spelling with a translation that is kept or comes back.

    Args:
        segments, translations, verdicts: row-aligned tables of all segments.

    Returns:
        Form -> spelling and translation; whether they are sound is for the caller to ask.
    """
    table = pa.table(
        {
            "text": segments["text"],
            "count": segments["count"],
            "said": translations["text"],
            "back": translations["back_text"],
            "kept": verdicts["keep"],
        }
    ).filter(pc.and_(pc.equal(segments["role"], "answer"), pc.is_valid(translations["text"])))
    ordered = table.sort_by([("count", "ascending"), ("text", "descending")])
    return {
        lookup_forms(text)[-1]: (text, said)
        for text, _, said, back, kept in zip(*(column.to_pylist() for column in ordered.columns), strict=True)
        if kept or comes_back(text, back)
    }


@lru_cache(maxsize=16)
def _dictionary(language: Language) -> Lexical:
    return Lexical(language)
