"""Lengths against what real translations show."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from vqa_builder import languages
from vqa_builder.quality.scorers.length import EXPECTED
from vqa_builder.quality.text import lengths

Measure = Callable[..., list[Any]]
Parallel = tuple[list[str], list[str]]


@pytest.mark.parametrize(
    ("language", "source", "translation"),
    [
        ("ja", "What is this?", "これは何ですか？"),
        ("ja", "cat", "猫"),
        ("ja", "unanswerable", "答えられない"),
        (
            "ja",
            "How many people are wearing a hat in this picture?",
            "この写真で帽子をかぶっている人は何人いますか？",
        ),
        ("hi", "What is this?", "यह क्या है?"),
        ("hi", "waving", "हाथ हिला रहा है"),
        ("hi", "tv", "टेलीविज़न"),
        ("de", "What is this?", "Was ist das?"),
        ("de", "unanswerable", "nicht zu beantworten"),
    ],
)
def test_right_translations_are_typical(
    measure: Measure, language: str, source: str, translation: str
) -> None:
    assert abs(measure("length", language, [(source, translation)])[0]) < 3.3


@pytest.mark.parametrize(
    ("language", "source", "translation", "sign"),
    [
        ("ja", "Can you tell me what this is?", "何？", -1),
        ("ja", "What is the temperature of the thermostat on the wall?", "？", -1),
        ("ja", "pumpkin", "カボチャはとても大きい野菜で秋になるとたくさん食べます", 1),
        ("hi", "Where is the big red dog on the sofa?", "कुत्ता", -1),
        ("hi", "cat", "वह बिल्ली जो मेज़ के नीचे बैठी है और सो रही है", 1),
    ],
)
def test_truncated_and_invented_text_is_not(
    measure: Measure, language: str, source: str, translation: str, sign: int
) -> None:
    assert sign * measure("length", language, [(source, translation)])[0] > 3.5


def test_short_sources_are_given_more_room(measure: Measure) -> None:
    short, long = measure("length", "hi", [("cat", "एक बिल्ली"), ("cat " * 30, "बिल्ली " * 60)])
    assert 0 < short < long


def test_human_translations_are_kept(shared: Path, measure: Measure) -> None:
    for language, sets in parallel(shared).items():
        for name, (source, target) in sets.items():
            scores = np.array(measure("length", language, list(zip(source, target, strict=True))))
            assert np.mean(np.abs(scores) > 3.5) < 0.005, (language, name)


def test_the_table_repeats_its_fit(shared: Path) -> None:
    """Least absolute deviations of log length, by reweighting; eight classes of source length weigh alike."""
    for language, sets in parallel(shared).items():
        source = np.concatenate([lengths(pa.array(texts), "word") for texts, _ in sets.values()])
        unit = languages.get(language).unit
        target = np.concatenate([lengths(pa.array(texts), unit) for _, texts in sets.values()])
        usable = (source > 0) & (target > 0)
        rate, power = fit(source[usable], target[usable])
        assert EXPECTED[language].rate == pytest.approx(rate, rel=0.1), language
        assert EXPECTED[language].power == pytest.approx(power, abs=0.05), language


def fit(source: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    classes = np.digitize(source, [1.5, 2.5, 4.5, 6.5, 9.5, 14.5, 25.5])
    fair = 1 / np.bincount(classes)[classes]
    design, wanted = np.column_stack([np.ones_like(source), np.log(source)]), np.log(target)
    weights = fair
    for _ in range(50):
        root = np.sqrt(weights)
        beta = np.linalg.lstsq(design * root[:, None], wanted * root, rcond=None)[0]
        weights = fair / np.maximum(np.abs(wanted - design @ beta), 0.05)
    return float(np.exp(beta[0])), float(beta[1])


def parallel(shared: Path) -> dict[str, dict[str, Parallel]]:
    data = shared / "data"
    sets: dict[str, dict[str, Parallel]] = {}
    for language, code in (("ja", "jpn"), ("hi", "hin")):
        tatoeba = data / "parallel_tatoeba" / f"opus.eng-{code}"
        sets[language] = {
            "flores": (
                lines(data / "flores/flores101.dev.en"),
                lines(data / f"flores/flores101.dev.{language}"),
            ),
            "tatoeba": (
                lines(tatoeba.with_suffix(f".eng-{code}.eng")),
                lines(tatoeba.with_suffix(f".eng-{code}.{code}")),
            ),
            "answers": vizwiz_answers(data / f"vizwiz_500_multilingual/val_subsample_{language}.json"),
        }
    english, hindi = (xquad(data / f"xquad/xquad.{language}.json") for language in ("en", "hi"))
    sets["hi"]["xquad"] = (list(english.values()), [hindi[key] for key in english])
    return sets


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def vizwiz_answers(path: Path) -> Parallel:
    records = json.loads(path.read_text(encoding="utf-8"))
    found = sorted({(a["answer"], a["translated_answer"]) for record in records for a in record["answers"]})
    return [source for source, _ in found], [target for _, target in found]


def xquad(path: Path) -> dict[str, str]:
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    questions = (qa for article in articles for paragraph in article["paragraphs"] for qa in paragraph["qas"])
    return {qa["id"]: qa["question"] for qa in questions}
