"""Answers are found again in the sentences that they were translated in."""

from collections.abc import Sequence

import pyarrow as pa
import pytest

from vqa_builder.answers import candidates
from vqa_builder.answers.contexts import CONTEXTS

ROWS = [
    (0, "bat", "animal", "bat", 9, 0, ["What animal is this?"], ["animal", "what"], [0.8, 0.2]),
    (0, "bat", "sport", "bat", 9, 0, ["What is he holding?", "What is it?"], ["holding"], [1.0]),
    (1, "", "", "", 2, 0, ["What letter is it?"], ["letter"], [1.0]),
]
TABLE = pa.table([list(column) for column in zip(*ROWS, strict=True)], schema=CONTEXTS)
JAPANESE = {
    "The animal is horse.": "その動物は馬です。",
    "The animal is lion.": "その動物はライオンです。",
    "The animal is bat.": "その動物はコウモリです。",
    "This is bread.": "これはパンです。",
    "This is a cat.": "これは猫です。",
    "This is bat.": "バットだよ",
}


@pytest.mark.parametrize(
    ("probe", "other", "sentence", "found"),
    [
        ("その動物は馬です。", "その動物は猫です。", "その動物は白い鳥です。", "白い鳥"),
        ("色は赤です。", "色は緑です。", "オレンジは色です。", None),
        ("馬", "猫", "コウモリ", None),
        ("जानवर घोड़ा है।", "जानवर घड़ियाल है।", "जानवर चमगादड़ है।", "चमगादड़"),
        ("वह जूते पहने है।", "वह जींस पहने है।", "वह काली टोपी पहने है।", "काली टोपी"),
        ("वह सेब है।", "वह सेब है।", "वह केला है।", None),
        ("यह सेब है।", "यह आम है।", "यह है।", None),
        (None, "यह आम है।", "यह केला है।", None),
        ("यह सेब है।", "यह आम है।", None, None),
    ],
)
def test_what_is_left_of_a_sentence(
    probe: str | None, other: str | None, sentence: str | None, found: str | None
) -> None:
    assert candidates.recovered(probe, other, sentence) == found


def test_senses_are_asked_for_in_the_frames_of_their_questions() -> None:
    asked = candidates.asked_in_frames(TABLE, [("bat", "animal"), ("", "")], 2)
    assert [(one.context, round(one.weight, 2)) for one in asked] == [
        ("The animal is {answer}.", 0.8),
        ("This is {answer}.", 0.2),
    ]
    assert len(candidates.asked_in_frames(TABLE, [("bat", "animal")], 1)) == 1
    assert set(candidates.sentences(asked)) == set(JAPANESE)

    def translate(texts: Sequence[str], contexts: Sequence[str] | None) -> list[str | None]:
        assert contexts is None
        return [JAPANESE[text] for text in texts]

    assert candidates.from_frames(asked, translate) == ["コウモリ", None]


def test_engines_with_contexts_are_asked_with_questions() -> None:
    asked = candidates.asked_with_questions(TABLE, [("bat", "sport")], 2)
    assert [(one.answer_en, one.context, one.weight) for one in asked] == [
        ("bat", "What is he holding?", 0.5),
        ("bat", "What is it?", 0.5),
    ]
    table = candidates.table(asked, ["バット", None], ["bat", None])
    assert table.schema == candidates.CANDIDATES
    assert table["text"].to_pylist() == ["バット", None]
    assert candidates.table([], [], []).num_rows == 0


def test_every_frame_has_its_place_and_probes() -> None:
    for head, frame in candidates.frames().items():
        assert frame.text.count("{answer}") == 1, head
        assert len(set(frame.probes)) == 2, head
