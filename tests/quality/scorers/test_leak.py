"""Questions of benchmarks inside a release: copied, translated, lightly paraphrased."""

import csv
import hashlib
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from vqa_builder import languages
from vqa_builder.errors import ScorerError, SpecError
from vqa_builder.quality.scorers.leak import Leak, normalised

Measure = Callable[..., list[Any]]
ASKED = "How many striped umbrellas stand beside the fountain?"


@pytest.fixture
def benchmark(tmp_path: Path) -> Path:
    path = tmp_path / "bench.txt"
    path.write_text(f"{ASKED}\n\n噴水の横に縞模様の傘は何本立っていますか？\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("source", "translation", "back", "name"),
    [
        (ASKED, "x", None, "bench.txt:1"),
        ("how many STRIPED umbrellas stand beside a fountain", "x", None, "bench.txt:1"),
        ("How many striped umbrellas are standing beside the fountain?", "x", None, "bench.txt:1"),
        ("Count them.", "噴水の横に縞模様の傘は何本立っていますか？", None, "bench.txt:3"),
        ("Count them.", "噴水の横に縞模様の傘が何本立っていますか", None, "bench.txt:3"),
        ("Count them.", "数えて", "How many striped umbrellas stand beside the fountain?", "bench.txt:1"),
        ("How many umbrellas are there?", "傘は何本ありますか？", None, ""),
        ("What color is the fountain?", "噴水は何色ですか？", None, ""),
    ],
)
def test_what_is_near_is_named(
    measure: Measure, benchmark: Path, source: str, translation: str, back: str | None, name: str
) -> None:
    pair = [(source, translation, back)]
    assert measure("leak", "ja", pair, column="leak_of", against=[benchmark]) == [name]
    (alike,) = measure("leak", "ja", pair, against=[benchmark])
    assert (alike >= 0.7) == bool(name) and (alike > 0) == bool(name)


def test_hashes_and_json_lines(measure: Measure, tmp_path: Path) -> None:
    hashes = tmp_path / "hashes.txt"
    hashes.write_text(hashlib.sha256(normalised(ASKED).encode()).hexdigest() + "\n", encoding="utf-8")
    lines = tmp_path / "bench.jsonl"
    lines.write_text('{"question": "Which dog wears the hat?"}\n', encoding="utf-8")
    rows = [(ASKED, "x"), ("Which dog wears the hat?", "x"), ("Is it red?", "x")]
    assert measure("leak", "hi", rows, against=[hashes, lines]) == [1, 1, 0]


def test_a_benchmark_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScorerError, match=r"gone\.txt"):
        Leak(languages.get("ja"), Leak.Options(against=(tmp_path / "gone.txt",)))
    with pytest.raises(SpecError, match="nothing to compare"):
        Leak(languages.get("ja"))


def leaked(row: dict[str, str], kind: int) -> tuple[str, str]:
    """A question of the benchmark copied, translated or lightly paraphrased."""
    if kind == 1:
        return "Count them.", row["ja"]
    copied = row["en"].upper()
    paraphrased = row["en"].replace("the ", "this ").replace("What kind", "Which kind")
    return (copied if kind == 0 else paraphrased), "x"


@pytest.mark.slow
def test_planted_leaks_are_found_among_real_questions(
    shared: Path, tmp_path: Path, make_pairs: Callable[..., pa.Table]
) -> None:
    """500 questions of OK-VQA as the benchmark, planted among VQA v2: copied, translated, paraphrased."""
    with (shared / "translations/questions.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    drawn = random.Random(0)
    long = [row for row in rows if row["dataset"] == "okvqa" and len(row["en"].split()) > 5]
    planted = drawn.sample(long, 500)
    path = tmp_path / "okvqa.txt"
    path.write_text(
        "\n".join([row["en"] for row in planted] + [row["ja"] for row in planted]), encoding="utf-8"
    )
    others = [row for row in rows if row["dataset"] == "vqa_v2"][:10_000]
    pairs = make_pairs([(row["en"], row["ja"]) for row in others])
    leaks = make_pairs([leaked(row, place % 3) for place, row in enumerate(planted)])
    scorer = Leak(languages.get("ja"), Leak.Options(against=(path,)))
    started = time.process_time()
    false = (scorer.score(pairs)["leak"].to_numpy() > 0).mean()
    assert time.process_time() - started < 30
    assert (scorer.score(leaks)["leak"].to_numpy() > 0).mean() >= 0.95
    assert false <= 0.005
