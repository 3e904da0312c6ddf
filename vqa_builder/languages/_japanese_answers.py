"""When two Japanese answers are one: 2つ and 二匹, ネコ and 猫, 赤い and 赤色, ヴァイオリン and バイオリン.

The forms made here serve comparison alone; nobody is shown them. Words are equated by
``answer_forms_ja.tsv``, and only as a whole answer or as a member of a list with と: inside longer text kana
are ambiguous (はし, かみ).
"""

from __future__ import annotations

import re
from functools import cache

from vqa_builder.languages._forms import answer_forms, column
from vqa_builder.languages._japanese_numbers import in_digits
from vqa_builder.languages._text import fold

_POLITE = re.compile("(?<=.)(?:で(?:す|した)[ねよ]*)+$")
_V = {"ヴァ": "バ", "ヴィ": "ビ", "ヴェ": "ベ", "ヴォ": "ボ", "ヴ": "ブ"}
_V_SOUND = re.compile("ヴ[ァィェォ]?")
# From four letters on, as in コンピューター; in shorter words (タワー, カバー) the ー is never left out.
_LONG_END = re.compile("(?<=[ァ-ヶー]{3})ー+(?![ァ-ヶー])")
_HIRAGANA = re.compile("[ぁ-ゖ]")


def same_answer(folded: str) -> str:
    """The form in which a Japanese answer is compared.

    The polite ending です goes; numerals are digits; counters of things (つ, 匹, 人) go where the answer is a
    count, units (円, 年, 階) stay.

    Args:
        folded: the answer without punctuation and spaces, width and case folded.

    >>> [same_answer(answer) for answer in ("二匹", "2つ", "二階", "ネコです", "赤色と白い")]
    ['2', '2', '2階', '猫', '赤と白']
    """
    text = _spelling(_POLITE.sub("", folded))
    if "と" not in text or text in _forms():
        return _word(text)
    members = [_word(member) for member in text.split("と")]
    is_list = all(member in _read() or (member and not _HIRAGANA.search(member)) for member in members)
    return "と".join(members) if is_list else _word(text)


def _word(text: str) -> str:
    """A count without its counter, or a word in the spelling of the table."""
    forms = _forms()
    if text in forms:
        return forms[text]
    digits = in_digits(text)
    count = _count().fullmatch(digits)
    return count[1] if count else digits


def _spelling(text: str) -> str:
    """ヴ and a final ー folded.

    >>> _spelling("ヴァイオリン"), _spelling("コンピューター"), _spelling("カレー")
    ('バイオリン', 'コンピュータ', 'カレー')
    """
    return _LONG_END.sub("", _V_SOUND.sub(lambda sound: _V[sound[0]], text))


@cache
def _forms() -> dict[str, str]:
    return answer_forms("ja", lambda form: _spelling(fold(form)))


@cache
def _read() -> frozenset[str]:
    return frozenset(_forms().values())


@cache
def _count() -> re.Pattern[str]:
    counters = "|".join(sorted(column("counters_ja.tsv", "counter"), key=len, reverse=True))
    return re.compile(rf"(\d+)(?:{counters})(?:(?:い|あり)ます)?")
