"""Questions: true answers, balance, and Japanese and Hindi that agree."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from recipes.drawn_world.scenes import Scene, Thing, sample_scene
from recipes.drawn_world.scenes.forms import FORMS, SIMPLE, ask
from recipes.drawn_world.scenes.questions import Draw, Question
from recipes.drawn_world.scenes.views import View

CAT = Thing("cat", "black", "small", "sleeping", (10, 70, 40, 90), side="left", group=2, on=1)
COUCH = Thing("couch", "red", "large", None, (2, 80, 54, 112), side="left", group=1)
BOYS = tuple(
    Thing("boy", "blue", "small", "running", (x, 60, x + 25, 107), side="right", group=3) for x in (105, 132)
)
LAMP = Thing("lamp", "yellow", "small", None, (70, 80, 84, 102), side="middle", group=4)
ROOM = Scene(1, "train", "living room", "night", None, (CAT, COUCH, *BOYS, LAMP))


def asked(form: str, scene: Scene = ROOM, tries: int = 60) -> dict[str, Question]:
    """All questions of a form that some draws give, by their English words."""
    drawn = (FORMS[form][0](View(scene), Draw(np.random.default_rng(i))) for i in range(tries))
    return {question.text["en"]: question for question in drawn if question}


@pytest.mark.parametrize(
    ("form", "en", "ja", "hi", "answer"),
    [
        ("what_colour", "What color is the couch?", "ソファは何色ですか？", "सोफ़ा किस रंग का है?", "red"),
        (
            "what_colour",
            "What color are the boys' shirts?",
            "男の子のシャツは何色ですか？",
            "लड़कों की कमीज़ें किस रंग की हैं?",
            "blue",
        ),
        ("how_many", "How many boys are there?", "男の子は何人いますか？", "कितने लड़के हैं?", "2"),
        ("doing", "What are the boys doing?", "男の子は何をしていますか？", "लड़के क्या कर रहे हैं?", "running"),
        ("doing", "What is the cat doing?", "猫は何をしていますか？", "बिल्ली क्या कर रही है?", "sleeping"),
        ("where", "Where is the cat?", "猫はどこにいますか？", "बिल्ली कहाँ है?", "on couch"),
        ("what_on", "What is on the couch?", "ソファの上に何がありますか？", "सोफ़े पर क्या है?", "cat"),
        ("time_of_day", "Is it day or night?", "昼ですか、それとも夜ですか？", "दिन है या रात?", "night"),
        (
            "left_or_right_of",
            "What is to the left of the lamp?",
            "ランプの左に何がありますか？",
            "लैंप के बाईं ओर क्या है?",
            "couch",
        ),
        (
            "is_beside",
            "Is the lamp to the left of the couch?",
            "ランプはソファの左側にありますか？",
            "क्या लैंप सोफ़े के बाईं ओर है?",
            "no",
        ),
        ("exists_coloured", "Is there a black cat?", "黒い猫はいますか？", "क्या कोई काली बिल्ली है?", "yes"),
        (
            "which_animal_does",
            "What animal is sleeping?",
            "寝ているのは何の動物ですか？",
            "कौन सा जानवर सो रहा है?",
            "cat",
        ),
        (
            "how_many_do",
            "How many people are running?",
            "走っている人は何人いますか？",
            "कितने लोग दौड़ रहे हैं?",
            "2",
        ),
        (
            "colour_of_carrier",
            "What color is the couch with the cat on it?",
            "上に猫がいるソファは何色ですか？",
            "जिस सोफ़े पर बिल्ली है, वह किस रंग का है?",
            "red",
        ),
    ],
)
def test_a_question_in_three_languages(form: str, en: str, ja: str, hi: str, answer: str) -> None:
    question = asked(form)[en]
    assert (question.text["ja"], question.text["hi"], question.answer) == (ja, hi, answer)


def test_yes_and_no_follow_the_scene() -> None:
    for question in asked("exists").values():
        kind = question.text["en"].rstrip("?").split(" in the")[0].split()[-1]
        here = kind in ("cat", "cats", "couch", "couches", "boy", "boys", "lamp", "lamps")
        assert question.answer == ("yes" if here else "no")


def test_six_different_questions_for_nearly_every_scene_and_always_the_same() -> None:
    full = 0
    for i in range(150):
        scene = sample_scene(np.random.default_rng([9, i]), split="validation")
        questions = ask(View(scene), np.random.default_rng(i))
        assert questions == ask(View(scene), np.random.default_rng(i))
        assert len({question.text["en"] for question in questions}) == len(questions)
        full += len(questions) == 6
    assert full == 150


def test_answers_are_balanced_and_many() -> None:
    answers: dict[str, Counter[str]] = {}
    for i in range(700):
        scene = sample_scene(np.random.default_rng([21, i]))
        for question in ask(View(scene), np.random.default_rng([21, i, 1])):
            answers.setdefault(question.form, Counter())[question.answer] += 1
            assert question.text["en"].endswith("?")
            assert question.text["ja"].endswith("？")
            assert question.text["hi"].endswith("?")
    assert set(answers) >= {"what_colour", "how_many", "where", "who", "beside", "is_doing"}
    for form in ("is_colour", "exists", "is_doing", "is_place"):
        assert 0.35 < answers[form]["yes"] / answers[form].total() < 0.65
    assert answers["what_colour"].most_common(1)[0][1] < 0.2 * answers["what_colour"].total()
    assert len(set().union(*answers.values())) > 110


def test_simple_questions_ask_one_property_and_stay_six_to_a_scene() -> None:
    assert set(FORMS) > SIMPLE
    asked_for = SIMPLE | {"day_or_night", "is_time"}  # further questions of the form `time_of_day`
    for seed in range(30):
        rng = np.random.default_rng(seed)
        found = ask(View(sample_scene(rng)), rng, simple=True)
        assert len(found) == 6 and {question.form for question in found} <= asked_for
