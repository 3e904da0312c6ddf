"""When are two Japanese answers one? The forms in which they are compared, by version of the rules.

2つ and 二匹 are one, ネコ and 猫, 赤い and 赤色; by the third version also 座っています and 座っている,
白と黒 and 黒、白, はい、あります and はい, while -5 and 5, C++ and C are two. The forms are shown to nobody.
Words are equated by ``answer_forms_ja.tsv``, as a whole answer or as a member of a list: inside longer text
kana are ambiguous (はし, かみ).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from vqa_builder.languages._answer_tables import answer_forms, column
from vqa_builder.languages._japanese_numbers import in_digits
from vqa_builder.languages._text import bare, fold, settled, table_rows, ungroup, with_signs, without_markup

_HAN = r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々〆〇"
_JAPANESE = rf"[{_HAN}\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fd-\u30ff\u31f0-\u31ff\uff66-\uff9fー]"
_SPACE_BESIDE_JAPANESE = re.compile(f"(?<={_JAPANESE}) +| +(?={_JAPANESE})")

_POLITE = re.compile("(?<=.)(?:で(?:す|した)[ねよ]*)+$")
_V = {"ヴァ": "バ", "ヴィ": "ビ", "ヴェ": "ベ", "ヴォ": "ボ", "ヴ": "ブ"}
_V_SOUND = re.compile("ヴ[ァィェォ]?")
# From four letters on, as in コンピューター; in shorter words (タワー, カバー) the ー is never left out.
_LONG_END = re.compile("(?<=[ァ-ヶー]{3})ー+(?![ァ-ヶー])")
_ANY_HIRAGANA = re.compile("[ぁ-ゖ]")

_PERCENT = re.compile(r"(?<=\d)\s*(?:パーセント|ぱーせんと|percent)")
_MINUS = re.compile(r"マイナス\s*(?=\d)")
_CURRENCY = re.compile(r"([$€¥])\s?(\d[\d.,]*)")
_CURRENCIES = {"$": "ドル", "€": "ユーロ", "¥": "円"}
_YES_OR_NO = re.compile(r"(はい|ええ|うん|いいえ|ううん)[、,。.!?\s]+(.+)", re.DOTALL)
_LIST = re.compile(r"\s*(?:[、,，]|と|および|及び|&)\s*")
_PAIRS = {
    **dict.fromkeys(("白黒", "黒白", "モノクロ"), ("白", "黒")),
    **dict.fromkeys(("紅白", "赤白", "白赤"), ("赤", "白")),
}
_AMONG_COLOURS = {"オレンジ": "オレンジ色", "茶": "茶色", "金": "金色", "銀": "銀色"}
_PLAIN_COPULA = re.compile(f"(?<=[{_HAN}\u30a1-\u30faーa-z0-9%])(?:だ|である)$")

_ROWS = dict(zip("いきぎしちにびみり", "うくぐすつぬぶむる", strict=True))
_A_ROWS = dict(zip("いきぎしちにびみり", "わかがさたなばまら", strict=True))
_E_ROW = "えけげせぜてでねへべぺめれ"
# Verbs whose stem ends in い-row kana and that still drop it whole: 起きます -> 起きる, not 起く.
_ONE_STEP = "起き|降り|借り|足り|落ち|浴び|伸び|過ぎ|すぎ|信じ|感じ|閉じ|生き|でき|出来"
_ENDS_IN = re.compile("(?P<stem>.+?)(?P<polite>ませんでした|ません|ました|ます)$")
# Kanji before てる: 見てる is 見ている, but these are verbs of their own (捨てる, 建てる).
_DOES = re.compile(
    f"(?:(?<=[っいし{_E_ROW}])て|(?<=[{_HAN}])(?<![捨棄立建当宛充育企隔果慌])て|(?<=[んい])で)$"
)
_IS_DOING = re.compile(f"{_DOES.pattern[:-1]}(?:る|た)$")


def compared(text: str, version: int) -> str:
    """The form in which an answer is compared.

    Args:
        text: the answer as it was given.
        version: 2 or 3.

    >>> compared("座っています。", 3) == compared("座っている", 3), compared("-5", 3) == compared("5", 3)
    (True, False)
    """
    if version == 2:
        return _by_rules_2(_close_up(bare(fold(text))))
    return settled(_by_rules_3, fold(without_markup(text)))


def _by_rules_3(folded: str) -> str:
    """The form of a folded answer by the third version of the rules."""
    if (head := _YES_OR_NO.fullmatch(folded)) and _agrees(head[1], head[2]):
        folded = head[1]
    folded = ungroup(_MINUS.sub("-", _PERCENT.sub("%", folded)))
    folded = _CURRENCY.sub(lambda price: price[2] + _CURRENCIES[price[1]], folded)
    parts = [folded] if folded.isascii() else _LIST.split(folded.strip(" 、,。."))
    members = [_bare_word(part) for part in parts]
    whole = _bare_word(folded)
    if whole in _PAIRS:
        members = list(_PAIRS[whole])
    elif len(members) == 1 and {_word(_bare_word(part), 3) for part in folded.split()} <= _colours():
        members = [_bare_word(part) for part in folded.split()]
    if len(members) > 1 and whole not in _forms(3) and all(map(_is_member, members)):
        words = {_word(member, 3) for member in members}
        if words & _colours():
            words = {_AMONG_COLOURS.get(word, word) for word in words}
        return "と".join(sorted(words))
    return _word(whole, 3) or "".join(folded.split())


def _agrees(head: str, rest: str) -> bool:
    """Whether what follows yes or no is no other answer: not in いいえ、わかりません."""
    said, more = _forms(3).get(head, head), _by_rules_3(rest)
    return more not in {"はい", "いいえ", "わからない", "答えられない"} - {said}


@lru_cache(maxsize=1 << 12)
def _bare_word(text: str) -> str:
    """Without punctuation, spaces and polite endings, in one spelling; what the table lists stays."""
    spelled = _spelling(_POLITE.sub("", _close_up(bare(with_signs(text)))))
    return spelled if spelled in _forms(3) else _spelling(_plain(spelled))


def _is_member(form: str) -> bool:
    """A word of the table, or one without hiragana: 猫, not 猫が."""
    word = _word(form, 3)
    return word in _read(3) or bool(form and not _ANY_HIRAGANA.search(word))


def _plain(text: str) -> str:
    """A polite ending as a plain one; 食べてる as 食べている, a final だ left out.

    >>> [_plain(text) for text in ("座っています", "飲みました", "見えません", "食べてる", "猫だ", "まだ")]
    ['座っている', '飲んだ', '見えない', '食べている', '猫', 'まだ']
    """
    if ending := _ENDS_IN.fullmatch(text):
        text = _plain_verb(ending["stem"], ending["polite"])
    elif _IS_DOING.search(text):
        text = f"{text[:-1]}い{text[-1]}"
    return _PLAIN_COPULA.sub("", text)


def _plain_verb(stem: str, polite: str) -> str:
    """The plain form of a verb from its stem before ます.

    >>> _plain_verb("運転し", "ます"), _plain_verb("話し", "ます"), _plain_verb("起き", "ました")
    ('運転する', '話す', '起きた')
    """
    if stem.endswith("あり"):
        return stem[:-2] + {"ます": "ある", "ました": "あった"}.get(polite, "ない")
    if _DOES.search(stem):
        stem += "い"
    last = stem[-1]
    if _drops_whole(stem):
        return stem + {"ます": "る", "ました": "た", "ません": "ない"}.get(polite, "なかった")
    if last not in _ROWS:
        return stem + polite
    if _is_suru(stem):
        return stem[:-1] + {"ます": "する", "ました": "した", "ません": "しない"}.get(polite, "しなかった")
    if polite == "ます":
        return stem[:-1] + _ROWS[last]
    if polite == "ました":
        return stem[:-1] + _past(stem)
    return stem[:-1] + _A_ROWS[last] + ("ない" if polite == "ません" else "なかった")


def _drops_whole(stem: str) -> bool:
    """見ます, 食べます, 起きます, います: る stands for ます."""
    is_kanji = re.fullmatch(f"[{_HAN}]", stem[-1]) is not None
    is_doing = re.search(r"(?:[てではも]|(?<!ち)が|^|\d\D{1,2})い$", stem) is not None
    return is_kanji or is_doing or stem[-1] in _E_ROW or re.search(f"(?:{_ONE_STEP})$", stem) is not None


def _is_suru(stem: str) -> bool:
    """運転します, コピーします, 何をします; not 話します."""
    return re.search(f"(?:[{_HAN}]{{2}}|[\u30a1-\u30faー]|[をにとくもは]|^)し$", stem) is not None


def _past(stem: str) -> str:
    if stem.endswith("行き"):
        return "った"
    last = stem[-1]
    return (
        "いた"
        if last == "き"
        else "いだ"
        if last == "ぎ"
        else "した"
        if last == "し"
        else ("んだ" if last in "にびみ" else "った")
    )


def _close_up(text: str) -> str:
    """Closing a space can compose a voiced mark with its kana, beside which another space goes then."""
    closed = unicodedata.normalize("NFKC", _SPACE_BESIDE_JAPANESE.sub("", text))
    return closed if closed == text else _close_up(closed)


def _by_rules_2(folded: str) -> str:
    """The form of an answer by the second version of the rules.

    The polite ending です goes; numerals are digits; counters of things (つ, 匹, 人) go where the answer is a
    count, units (円, 年, 階) stay.

    Args:
        folded: the answer without punctuation and spaces, width and case folded.

    >>> [_by_rules_2(answer) for answer in ("二匹", "2つ", "二階", "ネコです", "赤色と白い")]
    ['2', '2', '2階', '猫', '赤と白']
    """
    text = _spelling(_POLITE.sub("", folded))
    if "と" not in text or text in _forms(2):
        return _word(text, 2)
    members = [_word(member, 2) for member in text.split("と")]
    is_list = all(member in _read(2) or (member and not _ANY_HIRAGANA.search(member)) for member in members)
    return "と".join(members) if is_list else _word(text, 2)


def _word(text: str, version: int) -> str:
    """A count without its counter, or a word in the spelling of the table."""
    forms = _forms(version)
    if text in forms:
        return forms[text]
    digits = in_digits(text) if version == 2 else _PERCENT.sub("%", in_digits(text))
    count = _count(version).fullmatch(digits)
    return count[1] if count else digits


def _spelling(text: str) -> str:
    """ヴ and a final ー folded.

    >>> _spelling("ヴァイオリン"), _spelling("コンピューター"), _spelling("カレー")
    ('バイオリン', 'コンピュータ', 'カレー')
    """
    return _LONG_END.sub("", _V_SOUND.sub(lambda sound: _V[sound[0]], text))


@cache
def _forms(version: int) -> dict[str, str]:
    return answer_forms("ja", lambda form: _spelling(fold(form)), version)


@cache
def _colours() -> frozenset[str]:
    """The compared forms of all colours."""
    rows = table_rows("answer_forms_ja.tsv")
    return frozenset(_word(_spelling(fold(row["read"])), 3) for row in rows if row["kind"] == "colour")


@cache
def _read(version: int) -> frozenset[str]:
    return frozenset(_forms(version).values())


@cache
def _count(version: int) -> re.Pattern[str]:
    counters = "|".join(sorted(column("counters_ja.tsv", "counter"), key=len, reverse=True))
    there = "(?:い|あり)ます" if version == 2 else "いる|ある"
    return re.compile(rf"(\d+)(?:{counters})(?:{there})?")
