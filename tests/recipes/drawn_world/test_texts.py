"""The texts of a drawn world in the forms of public sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recipes.drawn_world.texts import joined, read_captions, weak_texts
from vqa_builder.errors import SourceError


def write_lines(path: Path, records: list[Any]) -> None:
    path.write_text(
        "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records), encoding="utf-8"
    )


@pytest.fixture
def world(tmp_path: Path) -> Path:
    caption = {"en": "a red ball on the grass", "ja": "芝生の上の赤いボール", "hi": "घास पर एक लाल गेंद"}
    fact = {"fact": "count:ball:1", "en": "there is one ball", "ja": "ボールが一つある", "hi": "एक गेंद है"}
    records = [
        {"image_id": 1, "split": "train", "caption": caption, "facts": [fact]},
        {"image_id": 2, "split": "validation", "caption": caption, "facts": []},
    ]
    write_lines(tmp_path / "sentences.jsonl", records)
    return tmp_path


def test_captions_are_parallel(world: Path) -> None:
    hindi = read_captions(world, "train", "hi", facts=True)
    assert hindi.text == ["घास पर एक लाल गेंद", "एक गेंद है"]
    assert hindi.english == ["a red ball on the grass", "there is one ball"]
    assert read_captions(world, "train", "ja", captions=False, facts=True).text == ["ボールが一つある"]
    assert read_captions(world, "validation", "ja").image_id == [2]


@pytest.mark.parametrize(
    ("folder", "split", "language", "said"),
    [
        (".", "test", "ja", "No captions in 'ja'"),
        (".", "train", "ta", "'ta' is missing"),
        ("none", "train", "ja", "cannot be read"),
    ],
)
def test_what_is_not_in_the_world_is_named(
    world: Path, folder: str, split: str, language: str, said: str
) -> None:
    with pytest.raises(SourceError) as raised:
        read_captions(world / folder, split, language)
    assert said in str(raised.value)


def test_japanese_sentences_are_joined_without_a_space() -> None:
    assert joined(["犬がいます。", "雨が降っています。"], "ja") == "犬がいます。雨が降っています。"
    assert joined(["एक कुत्ता है।", "बारिश हो रही है।"], "hi") == "एक कुत्ता है। बारिश हो रही है।"


FACTS = [
    {"fact": "place", "en": "This is a beach.", "ja": "ここはビーチです。", "hi": "यह समुद्र तट है।"},
    {"fact": "weather", "en": "It is sunny.", "ja": "晴れています。", "hi": "धूप निकली है।"},
    {"fact": "colour:dog", "en": "The dog is black.", "ja": "犬は黒いです。", "hi": "कुत्ता काला है।"},
]


@pytest.fixture
def weak_world(tmp_path: Path) -> Path:
    caption = {"en": "A black dog.", "ja": "黒い犬の写真です。", "hi": "एक काला कुत्ता।"}
    lines = [
        json.dumps({"image_id": image, "split": split, "caption": caption, "facts": FACTS})
        for image, split in ((1, "train"), (2, "train"), (3, "validation"))
    ]
    (tmp_path / "sentences.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def test_the_languages_of_a_scene_say_different_things(weak_world: Path) -> None:
    texts = weak_texts(weak_world, "train", ["en", "ja", "hi"])
    assert [each.image_id for each in texts] == [1, 1, 1, 2, 2, 2]
    for image in (1, 2):
        own = [each for each in texts if each.image_id == image]
        assert {each.language for each in own} == {"en", "ja", "hi"}
        said = [next(fact["fact"] for fact in FACTS if fact[each.language] == each.text) for each in own]
        assert len(set(said)) == 3


def test_texts_of_several_facts_and_of_chosen_scenes(weak_world: Path) -> None:
    texts = weak_texts(weak_world, "train", ["ja"], facts=2, images={2})
    assert [(each.image_id, each.text.count("。")) for each in texts] == [(2, 2)]


def test_the_same_seed_draws_the_same_texts(weak_world: Path) -> None:
    assert weak_texts(weak_world, "train", ["en", "hi"], seed=5) == weak_texts(
        weak_world, "train", ["en", "hi"], seed=5
    )
