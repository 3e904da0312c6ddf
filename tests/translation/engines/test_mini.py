"""The embedded translator, on real questions."""

from __future__ import annotations

import gzip
import json
import random
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from vqa_builder.errors import EngineError
from vqa_builder.registry import find
from vqa_builder.translation.engines import ctranslate2
from vqa_builder.translation.engines.base import Failure
from vqa_builder.translation.engines.ctranslate2 import Candidate
from vqa_builder.translation.engines.mini import BACK, DIRECTIONS, MODELS, Mini, MiniOptions, chosen
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.request import Request
from vqa_builder.translation.run import translate

TEXTS = {
    "en": ["How many cows are there?", "Is this a cat?", "yes", "What color is the bus?"],
    "ja": ["牛は何匹いますか？", "これは猫ですか？", "はい"],
    "hi": ["कितनी गायें हैं?", "क्या यह बिल्ली है?", "हाँ"],
}


@pytest.fixture(scope="module")
def mini() -> Mini:
    return Mini(MiniOptions(threads=1))


@pytest.fixture(scope="module")
def questions(shared: Path) -> list[str]:
    path = shared / "data" / "vqa_v2_60k" / "vqa_questions_valid.json.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        records = json.load(file)["questions"]
    unique = sorted({" ".join(record["question"].split()) for record in records})
    return random.Random(1).sample(unique, 150)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_every_direction(mini: Mini, direction: str) -> None:
    source, target = direction.split("-")
    results = mini.translate(Request(TEXTS[source], source, target))
    assert len(results) == len(TEXTS[source])
    script = {"ja": "\u3040", "hi": "\u0900"}.get(target, "A")
    assert all(isinstance(text, str) and max(text) >= script for text in results)


def test_known_translations(mini: Mini) -> None:
    assert mini.translate(Request(["How many cows are there?"], "en", "ja")) == ["牛は何頭いますか？"]
    assert mini.translate(Request(["What is the wall made of?"], "en", "hi")) == ["दीवार किस चीज़ से बनी है?"]


@pytest.mark.parametrize(("source", "target"), [("ja", "hi"), ("hi", "ja"), ("en", "de"), ("en", "en")])
def test_other_directions_are_refused(mini: Mini, source: str, target: str) -> None:
    with pytest.raises(EngineError, match=f"from {source} to {target}") as caught:
        mini.check_direction(source, target)
    assert "through English" in str(caught.value)
    with pytest.raises(EngineError):
        mini.translate(Request(["x"], source, target))


def test_the_result_does_not_depend_on_the_rest_of_the_run(mini: Mini, questions: Sequence[str]) -> None:
    together = mini.translate(Request(questions, "en", "ja"))
    shuffled = random.Random(2).sample(questions, len(questions))
    in_another_order = dict(zip(shuffled, mini.translate(Request(shuffled, "en", "ja")), strict=True))
    assert [in_another_order[text] for text in questions] == together
    assert [mini.translate(Request([text], "en", "ja"))[0] for text in questions[:20]] == together[:20]
    with Mini(MiniOptions(threads=2)) as other:
        assert other.translate(Request(questions, "en", "ja")) == together


@pytest.mark.parametrize("direction", ["en-ja", "hi-en"])
def test_a_part_is_handed_over_while_the_model_is_at_the_next(
    mini: Mini, questions: list[str], monkeypatch: pytest.MonkeyPatch, direction: str
) -> None:
    there = questions[:10] if direction == "en-ja" else ["गाड़ी का रंग क्या है?", "दो गायें", "हाँ"] * 3
    source, target = direction.split("-")
    request = Request(there, source, target, "question")
    whole = mini.translate(request)
    monkeypatch.setattr(ctranslate2, "PART", 4)
    begun: list[int] = []
    begin = ctranslate2.CTranslate2.begin_candidates

    def noted(self: ctranslate2.CTranslate2, some: Request, many: int) -> object:
        begun.append(len(some))
        return begin(self, some, many)

    monkeypatch.setattr(ctranslate2.CTranslate2, "begin_candidates", noted)
    parts = mini.translate_in_parts(request)
    first = next(iter(parts))
    assert begun[:2] == [4, 4]
    assert dict([*first, *(each for part in parts for each in part)]) == dict(enumerate(whole))


def test_the_run_does_not_depend_on_its_batches(mini: Mini, questions: list[str], tmp_path: Path) -> None:
    outcomes = []
    for batch_size in (16, 4096):
        with TranslationMemory(tmp_path / f"{batch_size}.sqlite") as memory:
            request = Request(questions, "en", "hi", "question")
            outcome = translate(request, [mini], memory, batch_size=batch_size)
        outcomes.append((outcome.text, outcome.engine, outcome.status, outcome.error))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][2].to_pylist().count("ok") >= 147


@pytest.mark.parametrize(
    ("target", "foreign"), [("ja", r"[\u0900-\u097f]"), ("hi", r"[\u3040-\u30ff\u4e00-\u9fff]")]
)
def test_a_translation_is_in_its_script(
    mini: Mini, questions: Sequence[str], target: str, foreign: str
) -> None:
    results = mini.translate(Request(questions, "en", target))
    assert not [text for text in results if isinstance(text, str) and re.search(foreign, text)]


@pytest.mark.parametrize(
    ("direction", "text", "noun"),
    [
        ("en-ja", "What color is the ashtray?", "灰皿"),
        ("en-hi", "Where are the ashtrays?", "ऐशट्रे"),
        ("ja-en", "灰皿は何色ですか？", "ashtray"),
        ("hi-en", "ऐशट्रे कहाँ है?", "ashtray"),
    ],
)
def test_a_rare_noun_comes_from_the_dictionary(mini: Mini, direction: str, text: str, noun: str) -> None:
    source, target = direction.split("-")
    (result,) = mini.translate(Request([text], source, target))
    assert isinstance(result, str) and noun in result
    assert "<" not in result


@pytest.mark.parametrize(
    ("direction", "texts", "translations"),
    [
        ("en-ja", ["yes", "No", "ashtrays", "wet"], ["はい", "いいえ", "灰皿", "濡れている"]),
        ("en-hi", ["yes", "No", "cats", "walking"], ["हाँ", "नहीं", "बिल्लियाँ", "चलना"]),
        ("ja-en", ["はい", "オレンジ色"], ["yes", "orange"]),
        ("hi-en", ["नहीं", "बिल्लियाँ"], ["no", "cats"]),
    ],
)
def test_a_word_alone_comes_from_the_dictionary(
    mini: Mini, direction: str, texts: list[str], translations: list[str]
) -> None:
    source, target = direction.split("-")
    assert mini.translate(Request(texts, source, target)) == translations


def test_terms_are_heeded(mini: Mini) -> None:
    request = Request(["What color is the dog?"], "en", "ja", terms=[{"dog": "ワンちゃん"}])
    assert "ワンちゃん" in str(mini.translate(request)[0])


def test_a_damaged_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(MODELS, tmp_path / "mini")
    monkeypatch.setattr("vqa_builder.translation.engines.mini.MODELS", tmp_path / "mini")
    (tmp_path / "mini" / "into_japanese" / "words.en-ja.tsv").write_text("cat|cats\t犬\t\n", encoding="utf-8")
    with pytest.raises(EngineError, match=r"words\.en-ja\.tsv"):
        Mini(MiniOptions()).translate(Request(["cat"], "en", "ja"))


def test_strange_strings(mini: Mini) -> None:
    texts = ["?", "🐈", "x" * 5000, "<2hi> cat", "\u200b", "ａｂｃ"]
    results = mini.translate(Request(texts, "en", "ja"))
    assert len(results) == len(texts)
    assert isinstance(results[2], Failure)
    assert all("<2" not in text for text in results if isinstance(text, str))


def test_what_the_package_says_about_it(mini: Mini) -> None:
    assert find("engines", "mini") is Mini
    assert mini.signature.startswith("mini|")
    assert "compute:int8" in mini.signature
    assert "CC BY" in mini.licence
    readme = (MODELS / "README.md").read_text(encoding="utf-8")
    assert "shared/" not in readme
    assert (MODELS / "LICENSE").is_file()
    assert sum(file.stat().st_size for file in MODELS.rglob("*") if file.is_file()) < 40_000_000


def test_of_the_candidates_the_one_is_taken_that_comes_back(mini: Mini) -> None:
    text, right, wrong = "Is the cat black?", "猫は黒いですか？", "犬は白いですか？"
    request = Request([text, text, text, "?"], "en", "ja")
    near = [Candidate(wrong, -0.30), Candidate(right, -0.31)]
    far = [Candidate(wrong, -0.30), Candidate(right, -0.90)]
    found: list[list[Candidate] | Failure] = [
        near,
        far,
        [Candidate(wrong, -0.3)],
        Failure("no piece is known"),
    ]
    assert chosen(found, request, mini._sides[BACK])[:3] == [right, wrong, wrong]
    assert isinstance(chosen(found, request, mini._sides[BACK])[3], Failure)


def test_constructing_loads_nothing() -> None:
    fresh = Mini(MiniOptions())
    assert all("_translator" not in vars(side) for side in fresh._sides.values())
    assert fresh.signature == Mini(MiniOptions(threads=2)).signature
