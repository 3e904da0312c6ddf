"""Long texts: cut into sentences, put together again, the layout kept."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from vqa_builder.translation.protected_spans import Piece
from vqa_builder.translation.sentences import cut_sentences, joined

PLAN = """Here is a plan:

1. **Balance**: The man is standing. He wears e.g. a hat by Dr. Smith.
- **Focus:** It is 3.5 m long! "Really?" Yes.

| Item | Price |
|:---|---|
| Red apple | $3.00 |

```python
print("x. Y")
```
The U.S. flag is on Main St. <image>"""


def translated(text: str) -> list[str]:
    return [piece.text for piece in cut_sentences(text) if not piece.is_kept]


def test_sentences_are_cut_and_the_layout_is_kept() -> None:
    assert translated(PLAN) == [
        "Here is a plan:",
        "Balance",
        "The man is standing.",
        "He wears e.g. a hat by Dr. Smith.",
        "Focus",
        "It is 3.5 m long!",
        '"Really?"',
        "Yes.",
        "Item",
        "Price",
        "Red apple",
        "The U.S. flag is on Main St.",
    ]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        ("42", []),
        ("<image>", []),
        ("Yes", ["Yes"]),
        ("# Heading\n\nText.", ["Heading", "Text."]),
        ("The **red** car. It moves.", ["The **red** car.", "It moves."]),
        ("Is it (A. Red or B. Blue)?", ["Is it (A. Red or B. Blue)?"]),
        ("Answer: J. K. Rowling wrote it.", ["Answer:", "J. K. Rowling wrote it."]),
        ('The sign says "STOP. Go back." in red.', ['The sign says "STOP. Go back." in red.']),
    ],
)
def test_what_a_sentence_is(text: str, sentences: list[str]) -> None:
    assert translated(text) == sentences


@given(st.text(alphabet='Ab.?! \n|*-#`"<>1é猫क', max_size=60))
def test_pieces_joined_are_the_text(text: str) -> None:
    assert "".join(piece.text for piece in cut_sentences(text)) == text


def test_japanese_has_no_space_between_sentences_and_hindi_has() -> None:
    pieces = [Piece("It is red.", False), Piece(" ", True), Piece("It is big.", False)]
    assert joined(pieces, ["赤いです。", "大きいです。"], "ja") == "赤いです。大きいです。"
    assert joined(pieces, ["वह लाल है।", "वह बड़ा है।"], "hi") == "वह लाल है। वह बड़ा है।"
    assert joined(pieces, ["赤いです。", None], "ja") is None
