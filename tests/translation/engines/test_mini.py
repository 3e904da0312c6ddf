"""The embedded translator, on real questions."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from vqa_builder.errors import EngineError
from vqa_builder.registry import find
from vqa_builder.translation.engines.base import Failure
from vqa_builder.translation.engines.mini import DIRECTIONS, MODEL, Mini, MiniOptions
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
    return random.Random(1).sample(unique, 400)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_every_direction(mini: Mini, direction: str) -> None:
    source, target = direction.split("-")
    results = mini.translate(Request(TEXTS[source], source, target))
    assert len(results) == len(TEXTS[source])
    script = {"ja": "\u3040", "hi": "\u0900"}.get(target, "A")
    assert all(isinstance(text, str) and max(text) >= script for text in results)


def test_known_translations(mini: Mini) -> None:
    assert mini.translate(Request(["How many cows are there?"], "en", "ja")) == ["牛は何匹いますか？"]
    assert mini.translate(Request(["What is the wall made of?"], "en", "hi")) == ["दीवार किस चीज़ की बनी है?"]


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
    assert [mini.translate(Request([text], "en", "ja"))[0] for text in questions[:40]] == together[:40]
    with Mini(MiniOptions(threads=2)) as other:
        assert other.translate(Request(questions, "en", "ja")) == together


def test_the_run_does_not_depend_on_its_batches(mini: Mini, questions: list[str], tmp_path: Path) -> None:
    outcomes = []
    for batch_size in (16, 150, 4096):
        with TranslationMemory(tmp_path / f"{batch_size}.sqlite") as memory:
            request = Request(questions, "en", "hi", "question")
            outcome = translate(request, [mini], memory, batch_size=batch_size)
        outcomes.append((outcome.text, outcome.engine, outcome.status, outcome.error))
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert outcomes[0][2].to_pylist().count("ok") >= 395


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
    readme = (MODEL / "README.md").read_text(encoding="utf-8")
    assert "shared/" not in readme
    assert (MODEL / "LICENSE").is_file()
    assert sum(file.stat().st_size for file in MODEL.iterdir()) < 20_000_000


def test_constructing_loads_nothing() -> None:
    fresh = Mini(MiniOptions())
    assert "_translator" not in vars(fresh)
    assert fresh.signature == Mini(MiniOptions(threads=2)).signature
