"""A glossary is read whole or refused with its line, and found in texts as people would find it."""

from __future__ import annotations

from pathlib import Path

import pytest

from vqa_builder.errors import SpecError
from vqa_builder.translation.glossary import Glossary, Term, load_glossary

TABLE = """\
term\ttranslation\trole
fire hydrant\t消火栓
fire\t火
orange\tオレンジ
orange\tオレンジ色\tanswer
Boeing
"""


@pytest.fixture
def glossary(tmp_path: Path) -> Glossary:
    path = tmp_path / "glossary-ja.tsv"
    path.write_text(TABLE, encoding="utf-8")
    return load_glossary(path)


@pytest.mark.parametrize(
    ("text", "role", "translation"),
    [
        ("Fire Hydrant", "answer", "消火栓"),
        ("orange", "answer", "オレンジ色"),
        ("orange", "question", "オレンジ"),
        ("Boeing", "answer", "Boeing"),
        ("fire hydrants", "answer", None),
    ],
)
def test_a_text_that_is_a_term(glossary: Glossary, text: str, role: str, translation: str | None) -> None:
    assert glossary.exact(text, role) == translation


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Is the fire hydrant red?", [(7, 19, "消火栓")]),
        ("Is there a fire near the Fire hydrant?", [(11, 15, "火"), (25, 37, "消火栓")]),
        ("Is this a boeing?", [(10, 16, "boeing")]),
        ("Is that a campfire or firewood?", []),
    ],
)
def test_terms_are_whole_words_and_the_longest_wins(
    glossary: Glossary, text: str, found: list[tuple[int, int, str]]
) -> None:
    assert glossary.find(text, "question") == found


def test_the_signature_follows_the_content_and_not_the_order() -> None:
    one, two = Term("dog", "कुत्ता"), Term("cat", "बिल्ली")
    assert Glossary([one, two]).signature == Glossary([two, one]).signature
    assert Glossary([one]).signature != Glossary([one._replace(translation="कुकुर")]).signature


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", ["no header", "an empty file"]),
        ("cat\t猫\n".encode(), ["no header", "glossary.tsv:1"]),
        ("term\ttranslation\n\t猫\n".encode(), ["cannot be used", "glossary.tsv:2"]),
        ("term\ttranslation\trole\ncat\t猫\tnoun\n".encode(), ["cannot be used", "question, answer"]),
        ("term\ttranslation\ncat\t猫\tanswer\tx\n".encode(), ["cannot be used"]),
        ("term\ttranslation\ncat\t猫\n\nCat\tネコ\n".encode(), ["contradicts itself", ":4", "line 2"]),
        (b"term\ttranslation\ncat\t\xff\n", ["cannot be read"]),
    ],
)
def test_what_is_wrong_is_named_and_located(tmp_path: Path, content: bytes, told: list[str]) -> None:
    path = tmp_path / "glossary.tsv"
    path.write_bytes(content)
    with pytest.raises(SpecError) as caught:
        load_glossary(path)
    for words in told:
        assert words in str(caught.value)


def test_a_glossary_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no such glossary"):
        load_glossary(tmp_path / "none.tsv")


def test_a_line_said_twice_is_no_contradiction(tmp_path: Path) -> None:
    path = tmp_path / "glossary.tsv"
    path.write_text("\ufeffterm\ttranslation\ncat\t猫\ncat\t猫\n", encoding="utf-8")
    assert load_glossary(path).terms == (Term("cat", "猫"),)
