"""Facts, false facts and captions."""

from __future__ import annotations

import numpy as np

from recipes.drawn_world.scenes import Scene, Thing, caption, facts, false_fact, sample_scene
from recipes.drawn_world.scenes.sentences import claims, other_actions

SCENE = Scene(
    1,
    "train",
    "street",
    "night",
    None,
    (
        Thing("dog", "brown", "small", "sleeping", (4, 80, 30, 100), side="left", group=1),
        Thing("dog", "brown", "small", "sleeping", (30, 80, 56, 100), side="left", group=1),
        Thing("woman", "red", "large", "standing", (100, 40, 134, 106), side="right", group=2, hat="blue"),
    ),
)


def test_a_scene_in_three_languages() -> None:
    assert caption(SCENE) == {
        "en": "Two brown dogs and a woman in a red dress on the street at night.",
        "ja": "2匹の茶色い犬、赤いドレスを着た女性が写っている、夜の通りの写真です。",
        "hi": "रात में सड़क पर दो भूरे कुत्ते और लाल ड्रेस पहने हुए एक औरत।",
    }
    told = {fact.key: fact.text for fact in facts(SCENE)}
    assert told["count:dog"] == {"en": "There are two dogs.", "ja": "犬が2匹います。", "hi": "दो कुत्ते हैं।"}
    assert told["action:dog"]["hi"] == "कुत्ते सो रहे हैं।"
    assert told["colour:woman"] == {
        "en": "The woman's dress is red.",
        "ja": "女性のドレスは赤いです。",
        "hi": "औरत की ड्रेस लाल है।",
    }
    assert told["hat:woman"]["ja"] == "女性は青い帽子をかぶっています。"
    assert told["side:woman"]["hi"] == "औरत दाईं ओर है।"
    assert told["time"]["en"] == "It is night."


def test_false_facts_contradict_the_scene() -> None:
    true = {fact.text["en"] for fact in facts(SCENE)}
    for i in range(100):
        made = false_fact(SCENE, np.random.default_rng(i))
        assert not made.true
        assert made.text["en"] not in true
    one = false_fact(SCENE, np.random.default_rng(0), key="place")
    assert one.key == "place"


def test_a_larger_number_is_false_a_smaller_one_is_not_offered() -> None:
    counts = next(claim for claim in claims(SCENE) if claim.key == "count:dog")
    assert counts.wrong == ["3", "4", "5", "6"]


def test_who_reads_or_waves_may_stand_as_well() -> None:
    assert "standing" not in other_actions("man", "reading")
    assert "waving" not in other_actions("girl", "standing")
    assert "standing" in other_actions("dog", "sleeping")
    assert "standing" not in other_actions("cow", "eating")


def test_keys_are_unique_and_no_language_is_empty() -> None:
    for i in range(100):
        scene = sample_scene(np.random.default_rng([4, i]), split="validation")
        told = facts(scene)
        assert len({fact.key for fact in told}) == len(told)
        for fact in told:
            assert all(fact.text[language] for language in ("en", "ja", "hi"))
            assert fact.text["ja"].endswith("。")
            assert fact.text["hi"].endswith("।")
