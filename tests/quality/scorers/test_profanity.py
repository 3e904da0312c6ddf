"""Words of a list."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vqa_builder import languages
from vqa_builder.errors import ScorerError, SpecError
from vqa_builder.quality.scorers.profanity import Profanity

Measure = Callable[..., list[Any]]


@pytest.fixture
def lists(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "ja.txt").write_text("# mild ones\nばか\nくそ野郎\n\n", encoding="utf-8")
    (tmp_path / "hi.txt").write_text("गधा\nउल्लू का पट्ठा\nStupid\n", encoding="utf-8")
    return {"ja": tmp_path / "ja.txt", "hi": tmp_path / "hi.txt"}


def test_words_are_found(measure: Measure, lists: dict[str, Path]) -> None:
    ja = [("x", "あの人はばかですか？"), ("x", "猫は何色ですか？")]
    assert measure("profanity", "ja", ja, lists=lists) == [1.0, 0.0]
    hi = [("x", "क्या वह गधा है?"), ("x", "वह उल्लू का पट्ठा!"), ("x", "यह गधाघर है?"), ("x", "ＳＴＵＰＩＤ")]
    assert measure("profanity", "hi", hi, lists=lists) == [1.0, 1.0, 0.0, 1.0]


def test_a_language_without_list_is_not_measured(measure: Measure, lists: dict[str, Path]) -> None:
    assert measure("profanity", "de", [("x", "Esel")], lists=lists) == [None]


def test_the_signature_knows_the_words_and_not_their_order(tmp_path: Path) -> None:
    made = []
    for number, text in enumerate(["b\na\n", "a\nb", "a\n"]):
        path = tmp_path / f"{number}.txt"
        path.write_text(text, encoding="utf-8")
        made.append(Profanity(languages.get("hi"), Profanity.Options(lists={"hi": path})).signature)
    assert made[0] == made[1] != made[2]
    assert "words:2|" in made[0]


def test_no_list_at_all() -> None:
    with pytest.raises(SpecError, match="no word list") as caught:
        Profanity(languages.get("ja"))
    assert "scores.profanity.lists" in str(caught.value)


def test_a_list_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes(b"\xff\xfe\xfa")
    for path in (tmp_path / "none.txt", tmp_path / "latin.txt", tmp_path):
        with pytest.raises(ScorerError, match=r"cannot be read|no such word list") as caught:
            Profanity(languages.get("ja"), Profanity.Options(lists={"ja": path}))
        assert str(path) in str(caught.value)
