"""Ready translations are found by what a question is, and a damaged file is never read."""

from __future__ import annotations

import hashlib
import lzma
from pathlib import Path

import pytest

from vqa_builder.errors import StorageError
from vqa_builder.spec import PROTECTED_KINDS
from vqa_builder.translation.engines.mini import Mini
from vqa_builder.translation.memory import Entry, TranslationMemory
from vqa_builder.translation.phrasebook import Phrasebook, key, languages
from vqa_builder.translation.protect import Guard
from vqa_builder.translation.request import Request
from vqa_builder.translation.run import recall, translate

ROWS = [
    ("en", "ja", "hi"),
    ("What time is it?", "今何時ですか？", "कितने बजे हैं?"),
    ('Does the sign say "STOP"?', "標識に「止まれ」と書いてありますか？", 'क्या साइनबोर्ड पर "STOP" लिखा है?'),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "questions.tsv.xz"
    file.write_bytes(lzma.compress("".join("\t".join(row) + "\n" for row in ROWS).encode()))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    file.with_name("questions.sha256").write_text(f"{digest}  questions.tsv.xz\n", encoding="utf-8")
    return file


@pytest.mark.parametrize(
    "text", ["What time is it?", "what  TIME is it", "What time is it ?", "What time is it.?"]
)
def test_neither_case_nor_space_nor_the_mark_counts(file: Path, text: str) -> None:
    assert key(text) == "what time is it"
    assert Phrasebook("hi", file).lookup(Request([text], "en", "hi", "question")) == ["कितने बजे हैं?"]


def test_other_roles_directions_and_languages_have_nothing(file: Path) -> None:
    book, texts = Phrasebook("ja", file), ["What time is it?"]
    for request in (
        Request(texts, "en", "ja", "answer"),
        Request(texts, "en", "ja"),
        Request(texts, "en", "hi", "question"),
        Request(texts, "ja", "en", "question"),
    ):
        assert book.lookup(request) == [None]
    assert list(languages(file)) == ["ja", "hi"]


def test_a_damaged_file_is_an_error(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(StorageError, match="phrasebook is damaged"):
        Phrasebook("ja", file).lookup(Request(["a"], "en", "ja", "question"))


def test_it_answers_after_people_before_engines_and_never_without_a_span(
    file: Path, memory: TranslationMemory
) -> None:
    memory.add([Entry("en", "hi", "What time is it?", "क्या समय हुआ है?", engine="human")])
    texts = ["<image>\nWhat time is it?", "What time is it?", ROWS[2][0], "Is it red?"]
    found = {}
    for language in ("ja", "hi"):
        guard, book = Guard(None, PROTECTED_KINDS), Phrasebook(language, file)
        request = Request(texts, "en", language, "question")
        with Mini(Mini.Options()) as mini:
            outcome = translate(request, [mini], memory, guard=guard, phrasebook=book)
            recalled = recall(request, [mini], memory, guard=guard, phrasebook=book)
        assert recalled.texts == outcome.text.to_pylist()
        counts = outcome.counts
        assert counts.unique == counts.remembered + counts.in_phrasebook + counts.translated + counts.failed
        found[language] = [str(engine).split("|")[0] for engine in outcome.engine.to_pylist()]
        assert all("STOP" in (text or '"STOP"') for text in outcome.text.to_pylist()[2:3])
    kept = [entry for entry in memory.entries() if entry.engine.startswith("phrasebook|")]
    assert [(entry.text, entry.target) for entry in kept if entry.target == "ja"] == [
        ("What time is it?", "ja")
    ]
    assert found["ja"][:2] == ["phrasebook", "phrasebook"]
    assert found["ja"][2] != "phrasebook", "the quotation is changed there"
    assert found["hi"][:3] == ["human", "human", "phrasebook"]
    assert found["ja"][3] == found["hi"][3] == "mini"


def test_the_shipped_file_is_whole_and_says_nothing_twice() -> None:
    book = Phrasebook("ja")
    assert book.lookup(Request(["What color is the cat?"], "en", "ja", "question")) != [None]
    assert book.signature.startswith("phrasebook|sha:")
