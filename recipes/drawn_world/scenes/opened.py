"""The open world: questions in wordings, about things and about pairs that no training question shows.

In the closed world a validation question has mostly been asked in training, word for word. Here a question is
said in one of its form's wordings, perhaps after a few words of courtesy. The last wording of every form, two
of the courtesies, four nouns and the held-out pairs of kind and colour are kept for validation, where every
other question is asked in a new wording.
"""

from __future__ import annotations

import re
from dataclasses import replace

from recipes.drawn_world.scenes.kinds import HELD_OUT
from recipes.drawn_world.scenes.questions import Draw, Question
from recipes.drawn_world.scenes.words import NOUNS, Text, text

HELD_OUT_NOUNS = ("sheep", "truck", "umbrella", "cup")
"""Kinds that training pictures show, and training answers may be, but that no training question names."""

WORDING, NOUN, PAIR = "wording", "noun", "pair"
NEW = (WORDING, NOUN, PAIR)
"""What may be new in a validation question; ``holdout.json`` lists the questions of each."""

_PLAIN = text("", "", "")
_COURTESIES = (
    text("Look at the picture.", "写真を見てください。", "तस्वीर देखिए।"),
    text("Please tell me:", "教えてください。", "कृपया बताइए:"),
    text("I cannot see it well.", "よく見えません。", "मुझे ठीक से दिखाई नहीं दे रहा।"),
    text("I have a question:", "一つ質問があります。", "मेरा एक सवाल है:"),
    text("Excuse me,", "すみません、", "माफ़ कीजिए,"),
)
_NEW_COURTESIES = (
    text("Have a close look.", "よく見てください。", "ध्यान से देखिए।"),
    text("I would like to know:", "知りたいことがあります。", "मुझे कुछ जानना है:"),
)
_COURTEOUS = 0.5
_NAMES = re.compile(
    rf"\b({'|'.join(form for kind in HELD_OUT_NOUNS for form in (NOUNS[kind].en, NOUNS[kind].en_plural))})\b"
)


def opened(question: Question, draw: Draw, *, training: bool) -> Question | None:
    """The question in one of its wordings; None if training may not show it.

    Args:
        question: with its other wordings in ``reworded``, of which training never shows the last.
        draw: chooses the wording.
        training: whether it is for training; half of the others come in a new wording.
    """
    new = {PAIR} if question.about & HELD_OUT else set()
    if _NAMES.search(question.text["en"]):
        new.add(NOUN)
    if training and new:
        return None
    known, last = (question.text, *question.reworded[:-1]), question.reworded[-1:]
    core: Text = draw.pick(known)
    courtesies: tuple[Text, ...] = _COURTESIES
    if not training and draw.chance(0.5):
        new.add(WORDING)
        if last and draw.chance(0.7):
            core = last[0]
        else:
            courtesies = _NEW_COURTESIES
    courteous = courtesies is _NEW_COURTESIES or draw.chance(_COURTEOUS)
    return replace(
        question, text=_said(draw.pick(courtesies) if courteous else _PLAIN, core), new=frozenset(new)
    )


def _said(courtesy: Text, core: Text) -> Text:
    """Both as one text.

    >>> _said(_COURTESIES[4], text("Is it day?", "昼ですか？", "क्या दिन है?"))
    {'en': 'Excuse me, is it day?', 'ja': 'すみません、昼ですか？', 'hi': 'माफ़ कीजिए, क्या दिन है?'}
    """
    if not courtesy["en"]:
        return core
    english = core["en"] if courtesy["en"].endswith(".") else core["en"][0].lower() + core["en"][1:]
    return text(f"{courtesy['en']} {english}", courtesy["ja"] + core["ja"], f"{courtesy['hi']} {core['hi']}")
