"""How Japanese words go together: 赤いバッグ, 木の柵, 車2台, 長くない, 犬はいない."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vqa_builder.languages._phrases import Phrases
from vqa_builder.languages._words import ALIVE, EDIBLE, Forms, Word

_COINED = frozenset({"dish", "event"})
"""Nouns that make one word with another loanword: トマトソース, but ソファのクッション."""
_KATAKANA = re.compile("[ァ-ー]+")
_NO_I_ADJECTIVES = ("きれい", "嫌い", "みたい", "くらい")


class JapanesePhrases(Phrases):
    """Words have two forms: a noun its counter, an adjective how it ends a sentence politely.

    A verb has its particle and dictionary form (を|切る), then its て form.
    """

    never_listed = Phrases.never_listed | {"quality", "action", "weather"}

    def noun_forms(self, modifiers: Sequence[Word], noun: Word) -> Forms:
        """The noun itself, its counter, that it is not there, and being with it."""
        text = noun.forms[0]
        for word in reversed(modifiers):
            joint = "の" * (
                word.is_noun and not (noun.kind in _COINED and _KATAKANA.fullmatch(word.forms[0] + text))
            )
            text = word.forms[0] + joint + text
        alive = noun.kind in ALIVE
        together = "と一緒" if alive else "入り" if noun.kind in EDIBLE else "で"
        return Forms(
            {
                "": text,
                "name": noun.forms[0],
                "counter": noun.forms[1] or "つ",
                "there": "いる" if alive else "ある",
                "absent": "いない" if alive else "ない",
                "with": text + together,
                "by": text + ("と" if alive else "で"),
            }
        )

    def quality_forms(self, text: str, word: Word | None) -> Forms:
        """As an answer, not so, too much so, and before a noun."""
        attributive = word.forms[0] if word else text
        said = text or (word and _said(*word.forms[:2])) or attributive
        forms = {"": said, "not": negated(said), "too": _too(said), "of": attributive}
        if attributive.endswith(("い", "な", "の")):
            forms["adverb"] = attributive[:-1] + ("く" if attributive.endswith("い") else "に")
        return Forms(forms)

    def act_forms(self, word: Word) -> Forms:
        """歩いている, 歩いていない."""
        return _going_on("", word.forms[0])

    def ongoing(self, said: str) -> Forms:
        """As ``act_forms``, where it ends in いる."""
        return _going_on("", said[:-2]) if said.endswith("いる") else Forms({"": said})

    def verb_forms(self, verb: Word, thing: Forms | None) -> Forms | None:
        """ケーキを切っている, ケーキを切る, ケーキを切るため."""
        particle, _, plain = verb.forms[0].partition("|")
        if thing is not None and not particle:
            return None
        before = "" if thing is None else thing["by"] if particle == "と/で" else thing[""] + particle
        forms = _going_on(before, verb.forms[1])
        forms |= {"purpose": f"{before}{plain}ため"}
        return forms if verb.plural else Forms({**forms, "": before + plain})

    def clause(self, subject: Forms, predicate: Forms) -> str:
        """犬が走っている."""
        return f"{subject}が{predicate}"

    def counted(self, number: str, noun: Forms) -> str:
        """車2台; つ counts to nine."""
        counter = noun["counter"]
        if noun["name"] == counter:
            return noun[""].removesuffix(counter) + number + counter
        return f"{noun}{number}{'個' if counter == 'つ' and int(number) > 9 else counter}"


def _going_on(before: str, te: str) -> Forms:
    """走っている, 走って, 走っていない, and before a noun."""
    said = f"{before}{te}いる"
    names = ("", "before", "before_oblique", "before_feminine")
    return Forms({**dict.fromkeys(names, said), "te": before + te, "not": said[:-1] + "ない"})


def negated(quality: str) -> str:
    """What something is not like.

    >>> negated("長い"), negated("いい"), negated("静か"), negated("晴れている"), negated("きれい")
    ('長くない', 'よくない', '静かではない', '晴れていない', 'きれいではない')
    """
    if quality.endswith(("ている", "でいる", "できる", "見える")):
        return quality[:-1] + "ない"
    if quality.endswith("ある"):
        return quality[:-2] + "ない"
    if quality.endswith("いい"):
        return quality[:-2] + "よくない"
    if quality.endswith("い") and not quality.endswith(_NO_I_ADJECTIVES):
        return quality[:-1] + "くない"
    return quality + "ではない"


def _too(quality: str) -> str:
    is_i_adjective = quality.endswith("い") and not quality.endswith(_NO_I_ADJECTIVES)
    return (quality[:-1] if is_i_adjective else quality) + "すぎる"


def _said(attributive: str, polite: str) -> str:
    """The plain form that an answer takes: 濡れています -> 濡れている, 静かな -> 静か."""
    if polite.endswith("ています"):
        return polite[:-2] + "る"
    if polite.endswith(("あります", "できます", "えます")):
        return polite[: -len("ります" if polite.endswith("あります") else "ます")] + "る"
    if polite.endswith("です"):
        return polite[:-2]
    return polite or (attributive[:-1] if attributive.endswith(("な", "の")) else attributive)
