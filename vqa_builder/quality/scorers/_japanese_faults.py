"""What is wrong Japanese whatever its source says: counters, animacy, particles, alternatives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.quality.text import read_rows

_HAN_KATAKANA = "\u3400-\u9fff々\u30a1-\u30fa\u30fc"
_NUMBER = "[何0-9一二三四五六七八九十]+"
_COUNTERS = {
    "person": "人|名",
    "animal": "匹|頭|羽",
    "vehicle": "台|隻|艘",
    "clothes": "着",
    "book": "冊",
    "pair": "足",
    "piece": "本|枚",
}
_COUNTED = re.compile(
    rf"(?P<noun>[{_HAN_KATAKANA}]+)[はがを](?:全部で|合計)?{_NUMBER}(?P<counter>{'|'.join(_COUNTERS.values())})"
    "(?=いま|いる|あり|ある|です|見え|写|映|いて|ほど|くらい|ぐらい|[？?]|$)"
)
_EXISTS = re.compile(
    rf"(?P<noun>[{_HAN_KATAKANA}]+)[はが](?:{_NUMBER}[{_HAN_KATAKANA}つ]|いくつ|たくさん|どこに|どちらに)?"
    "(?P<verb>いますか|いません|いる[？?]|いますね|ありますか|ありません|ある[？?])"
)
_DOUBLED = re.compile(
    rf"(?<=[{_HAN_KATAKANA}])(?:はは|がが|にに|でで|とと|のの|がは|はが|をは|がを|をが|はを|にを|をに)"
    rf"(?=[{_HAN_KATAKANA}、]|どこ|いくつ|なに|だれ|いつ|どんな|どの|いま|あり)|をを"
)
_INTRANSITIVE = re.compile(
    "何を(?:飛んで|座って|立って|寝て|並んで|止まって|落ちて|入って|乗って|いますか|ありますか|ですか)"
)
_NOUN_OF_ITSELF = re.compile(
    rf"(?<![{_HAN_KATAKANA}0-9])(?P<noun>(?!人)[{_HAN_KATAKANA}]+)の(?P=noun)(?=[がはにを])"
    "|この(?P<room>[^のはが]+)はどの(?P=room)(?=[にでがを])"
)
_MADE_OF_A_PERSON = re.compile("誰が(?:作|建て)られ")
_ALTERNATIVES = re.compile("(?P<one>.+?)(?:か、?|、)(?:それとも|または|あるいは)、?(?P<other>.+)")
_RUN = re.compile(rf"[{_HAN_KATAKANA}0-9]+")
_NAME = re.compile("[\u3400-\u9fff々]{2,}|[\u30a1-\u30fa\u30fc]{3,}")
_HE, _SHE = re.compile("彼(?!女|ら|氏|岸)"), re.compile("彼女")
_NEGATED = re.compile("ない|ません")

_MAY_BE_WRONG = (
    rf"[はがを](?:全部で|合計)?{_NUMBER}(?:{'|'.join(_COUNTERS.values())})|[はがつ匹人個枚台本]い(?:ます|ません|る)"
    r"|あり(?:ます|ません)|ある[？?]|はは|がが|にに|でで|とと|のの|がは|はが|をは|がを|をが|はを|にを|をに|をを|何を|誰が|はどの|それとも|または|あるいは"
)


UNASKED = {
    "negation": "(?:[^さま]い|あり)ません(?:か|[？?]|$)|ではない|じゃない|ではありません|てい?ないです",
    "place": "何の(?:上|下|中|前|後ろ|横|隣|そば)に",
    "purpose": "何に使(?:われ|い|う)|何のために",
    "clothing": "身に(?:つけ|着け)",
    "price": "いくらですか|いくらしますか",
    "age": "(?:人|男性|女性|の子|犬|猫)[がは](?:一番|最も|どのくらい|どれくらい)?古",
    "event": "どうしました|何が起こ|何があった",
    "inside clothes": "(?:スーツ|ドレス|シャツ|服|ジャケット|帽子|ズボン|ユニフォーム|ワンピース)の中に",
    "nation": "(?:中国|日本|韓国|英国|フランス|スペイン|ドイツ|イタリア|ロシア)[にで]書(?:かれ|いて)",
}
"""Fault -> RE2 for what a question must not say unless its source has a licence; ～てくれませんか,
～くださいませんか and ～なければなりません ask and demand, and are no negation."""


def may_be_wrong(texts: pa.Array) -> NDArray[np.bool_]:
    """Which texts ``faults`` may find something in: most are looked at no further."""
    found: NDArray[np.bool_] = pc.match_substring_regex(texts, _MAY_BE_WRONG).to_numpy(zero_copy_only=False)
    return found


def faults(text: str) -> Iterator[str]:
    """The faults of a text, each with the words that show it.

    A noun's kind comes from ``nouns_ja.tsv``; where it is not known, nothing is said.

    >>> [list(faults(text)) for text in ("犬は何人いますか？", "バナナはいますか？", "犬は何匹いますか？")]
    [['counter 犬…人'], ['animacy バナナ…います'], []]
    """
    yield from _counters(text)
    yield from _animacy(text)
    yield from (f"particles {found[0]}" for found in _DOUBLED.finditer(text))
    yield from (f"object {found[0]}" for found in _INTRANSITIVE.finditer(text))
    yield from (f"repetition {found[0]}" for found in _NOUN_OF_ITSELF.finditer(text))
    yield from (f"voice {found[0]}" for found in _MADE_OF_A_PERSON.finditer(text))
    yield from _alternatives(text)


def person_fault(text: str, *, female: bool) -> str | None:
    """彼 for a woman or 彼女 for a man, who is known from the source.

    >>> person_fault("彼は何色ですか？", female=True), person_fault("彼女は何色ですか？", female=True)
    ('person 彼', None)
    """
    found = _HE.search(text) if female else _SHE.search(text)
    return f"person {found[0]}" if found else None


def said_twice(text: str) -> str | None:
    """A word of two kanji or three katakana that stands in a text twice.

    >>> said_twice("カウンターはカウンターとお揃いですか？")
    'カウンター'
    """
    names = _NAME.findall(text)
    return next((name for name in names if names.count(name) > 1), None)


def _counters(text: str) -> Iterator[str]:
    for found in _COUNTED.finditer(text):
        noun, kind = _kind(found["noun"])
        counts = next(name for name, signs in _COUNTERS.items() if found["counter"] in signs.split("|"))
        if kind and not _may_count(counts, kind):
            yield f"counter {noun}…{found['counter']}"


def _may_count(counts: str, kind: str) -> bool:
    """Whether a counter of one kind can count a noun of another; furniture and machines are counted in 台."""
    if counts == "vehicle":
        return kind in ("vehicle", "thing")
    if counts == "book":
        return kind == "thing"
    if counts in ("pair", "piece"):
        return kind not in ("person", "animal")
    return counts == kind


def _animacy(text: str) -> Iterator[str]:
    for found in _EXISTS.finditer(text):
        noun, kind = _kind(found["noun"])
        animate = found["verb"].startswith("い")
        toy = "いくつ" in found[0] or "おもちゃ" in text
        if (animate and kind in ("thing", "clothes")) or (
            not animate and kind in ("person", "animal") and not toy
        ):
            yield f"animacy {noun}…{found['verb'][:3]}"


def _alternatives(text: str) -> Iterator[str]:
    """Both sides of an "or" that say the same; "…ていますか、それとも…ていませんか" is none."""
    found = _ALTERNATIVES.search(text)
    if found and not _NEGATED.search(found["other"]):
        runs = _RUN.findall(found["other"])
        if runs and all(run in found["one"] for run in runs):
            yield f"alternatives {runs[0]}"


def _kind(run: str) -> tuple[str, str]:
    """The longest noun at the end of a run that is known, and what it stands for."""
    nouns = _nouns()
    if run in nouns:
        return run, nouns[run]
    for start in range(1, len(run)):
        tail = run[start:]
        if tail in nouns and len(tail) > 1:
            return tail, nouns[tail]
    return run, ""


@cache
def _nouns() -> dict[str, str]:
    return {row["noun"]: row["kind"] for row in read_rows("nouns_ja.tsv")}
