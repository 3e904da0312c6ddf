"""How Japanese words go together: 赤いバッグ, 木の柵, 車2台, 長くない, 犬はいない."""

from __future__ import annotations

from collections.abc import Sequence

from vqa_builder.languages._phrases import ALIVE, EDIBLE, Forms, Phrases, Word

_NO_I_ADJECTIVES = ("きれい", "嫌い", "みたい", "くらい")


class JapanesePhrases(Phrases):
    """Words have two forms: a noun its counter, an adjective how it ends a sentence politely."""

    never_listed = Phrases.never_listed | {"quality", "action", "weather"}

    def noun_forms(self, modifiers: Sequence[Word], noun: Word) -> Forms:
        """The noun itself, its counter, that it is not there, and being with it."""
        before = "".join(word.forms[0] + "の" * word.is_noun for word in modifiers)
        text = before + noun.forms[0]
        alive = noun.kind in ALIVE
        together = "と一緒" if alive else "入り" if noun.kind in EDIBLE else "で"
        return Forms(
            {
                "": text,
                "counter": noun.forms[1] or "つ",
                "absent": "いない" if alive else "ない",
                "with": text + together,
                "by": text + ("と" if alive else "で"),
            }
        )

    def quality_forms(self, text: str, word: Word | None) -> Forms:
        """As an answer, not so, too much so, and before a noun."""
        attributive = word.forms[0] if word else text
        said = text or (word and _said(*word.forms[:2])) or attributive
        return Forms({"": said, "not": negated(said), "too": _too(said), "of": attributive})

    def act_forms(self, word: Word) -> Forms:
        """歩いている, 歩いていない."""
        return Forms({"": word.forms[0] + "いる", "te": word.forms[0], "not": word.forms[0] + "いない"})

    def counted(self, number: str, noun: Forms) -> str:
        """車2台; つ counts to nine."""
        counter = noun["counter"]
        return f"{noun}{number}{'個' if counter == 'つ' and int(number) > 9 else counter}"


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
