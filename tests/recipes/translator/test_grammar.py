"""The synchronous grammar: agreement and counters, and that every template can be drawn."""

from __future__ import annotations

import doctest
import random
import re
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from recipes.translator import grammar, lexicon
from recipes.translator.grammar import Generator, read_templates
from recipes.translator.lexicon import Entry, Phrase, agree, read_lexicon

FOLDER = Path("recipes/translator/tables")
LEXICON = read_lexicon(FOLDER / "lexicon.tsv")
TEMPLATES = read_templates(FOLDER / "templates.tsv")


def entry(english: str, category: str) -> Entry:
    return next(each for each in LEXICON if each.en == english and each.category == category)


def test_the_examples_hold() -> None:
    assert doctest.testmod(lexicon).failed == 0


def test_there_is_enough_to_draw_from() -> None:
    assert len(LEXICON) >= 3500
    assert len(TEMPLATES) >= 600
    assert len({template.name for template in TEMPLATES}) == len(TEMPLATES)


def test_every_template_can_be_filled_and_leaves_nothing_open() -> None:
    machine = Generator(LEXICON, TEMPLATES, seed=5)
    for template in TEMPLATES:
        filled: dict[str, Phrase] = {}
        for _ in range(200):
            filled = machine.fill(template)
            if filled or not template.slots:
                break
        assert filled or not template.slots, template.name
        for language in grammar.LANGUAGES:
            text = machine.render(template.text[language], language, filled)
            assert text and not re.search(r"[{}<>\[\]|]", text), (template.name, text)


def test_the_same_seed_gives_the_same_lines() -> None:
    one, two = (Generator(LEXICON, TEMPLATES, seed=3) for _ in range(2))
    assert list(islice(one.triples(), 200)) == list(islice(two.triples(), 200))


@pytest.mark.parametrize(
    ("noun", "category", "plural", "english", "hindi"),
    [
        ("cat", "animal", True, "are", "कितनी बड़ी बिल्लियाँ हैं"),
        ("dog", "animal", True, "are", "कितने बड़े कुत्ते हैं"),
        ("dog", "animal", False, "is", "कितना बड़ा कुत्ता है"),
    ],
)
def test_hindi_agrees_in_gender_and_number(
    noun: str, category: str, plural: bool, english: str, hindi: str
) -> None:
    phrase = Phrase(entry(noun, category), plural)
    before, after = (agree(text, phrase.feminine, phrase.hi_plural) for text in ("कितना बड़ा", "है"))
    assert f"{before} {phrase.hi('')} {after}" == hindi
    assert phrase.en("be") == english


@pytest.mark.parametrize(
    ("noun", "category", "asked"),
    [
        ("bird", "animal", "何羽"),
        ("elephant", "animal", "何頭"),
        ("cat", "animal", "何匹"),
        ("man", "person", "何人"),
        ("bus", "vehicle", "何台"),
    ],
)
def test_japanese_counts_with_the_counter_of_the_noun(noun: str, category: str, asked: str) -> None:
    assert Phrase(entry(noun, category)).ja("何", random.Random(0)) == asked


def test_rare_nouns_take_the_places_of_things() -> None:
    rare = Entry(
        "qanun", "qanuns", "object", "カーヌーン", "つ", "क़ानून", "क़ानून", "क़ानून", "क़ानूनों", "m", frozenset()
    )
    lines = list(islice(Generator(LEXICON, TEMPLATES, 1, [rare]).triples(), 2000))
    found = [line for line in lines if "qanun" in line[0].lower()]
    assert len(found) > 100
    assert all("カーヌーン" in ja for _, ja, _ in found)


def test_scripts_do_not_mix() -> None:
    lines = list(islice(Generator(LEXICON, TEMPLATES, 2).triples(), 3000))
    kinds = Counter(
        (
            bool(re.search("[ऀ-ॿ]", ja)),
            bool(re.search("[ぁ-ヿ一-鿿]", hi)),
            bool(re.search("[^\x00-\x7f]", en)),
        )
        for en, ja, hi in lines
    )
    assert (True in {each[0] for each in kinds}, True in {each[1] for each in kinds}) == (False, False)
