"""Numbers, colours, yes/no and quoted text: what counts as right, and that the package gets it right."""

from __future__ import annotations

import pytest

from recipes.translator.exact import FRAMES, Generated, by_engine, generated, is_right


@pytest.mark.parametrize(
    ("kind", "english", "exact", "language", "right", "wrong"),
    [
        ("numbers", "Are there 12 dogs?", ("12",), "ja", "犬は12匹いますか？", "犬は21匹いますか？"),
        ("numbers", "Is it 4:30?", ("4",), "hi", "क्या 4:30 बजे हैं?", "क्या 4 बजे हैं?"),
        ("colours", "Is the baby blue?", ("blue",), "ja", "赤ちゃんは青いですか？", "赤ちゃんは赤いですか？"),
        ("colours", "Is it red or blue?", ("red", "blue"), "hi", "यह लाल है या नीला?", "यह लाल है या हरा?"),
        ("yes/no", "Is this a cat?", (), "ja", "これは猫ですか？", "これは何の猫ですか？"),
        ("yes/no", "Is this a cat?", (), "hi", "क्या यह बिल्ली है?", "यह कौन सी बिल्ली है?"),
        (
            "quoted text",
            'Does it say "STOP"?',
            ("STOP",),
            "ja",
            "「STOP」と書いてありますか？",
            "止まれと書いてありますか？",
        ),
    ],
)
def test_what_counts_as_right(
    kind: str, english: str, exact: tuple[str, ...], language: str, right: str, wrong: str
) -> None:
    question = Generated(kind, english, exact)
    assert is_right(question, right, language)
    assert not is_right(question, wrong, language)


def test_questions_are_drawn_from_a_seed() -> None:
    assert generated("colours", 30, 1) == generated("colours", 30, 1) != generated("colours", 30, 2)
    assert len({each.text for kind in FRAMES for each in generated(kind, 30, 1)}) == 30 * len(FRAMES)


@pytest.mark.parametrize("language", ["ja", "hi"])
def test_quoted_text_is_kept_and_yes_or_no_asked_for(language: str) -> None:
    for kind, right in (("quoted text", 1.0), ("yes/no", 0.9)):
        questions = generated(kind, 40, 5)
        made = by_engine(questions, language)
        told = [is_right(each, text, language) for each in questions if (text := made[each.text])]
        assert sum(told) >= right * len(told) and len(told) >= 38
