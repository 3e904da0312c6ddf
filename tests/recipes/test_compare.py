from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from recipes import compare
from recipes.lib import results

ROOT = Path(__file__).parents[2]


def test_the_table_takes_each_system_from_its_own_runs_and_leaves_dashes() -> None:
    common = {"setting": "release", "parameters": 1000, "seconds": 60.0}
    cvil = [
        {
            **common,
            "row": "distilled",
            "share": 1.0,
            "language": language,
            "seed": seed,
            "accuracy": 70.0 + seed,
            "accuracy_seen": 70.0,
            "questions": 900,
            "questions_per_second": 400.0,
        }
        for language in ("ja", "hi")
        for seed in (0, 1, 2)
    ]
    cvil.append(
        {**common, "row": "translate-test", "share": 0.0, "language": "ja", "seed": 0, "accuracy": 60.0}
    )
    cvil[-1] |= {"questions_per_second": 300.0, "translations_per_second": 100.0}
    teacher = {"row": "teacher, in English", "share": 0.0, "language": "ja", "seed": 0, "accuracy": 90.0}
    cvil += [{**common, **teacher}, {**common, **teacher, "setting": "clean", "accuracy": 80.0}]
    mla = [
        {"row": "MLA-VQA", "setting": "release", "language": "en", "seed": 0, "accuracy": 50.0, "trained": 7}
    ]
    learned = {"ja": (900, 1000)}
    lines = {
        line.split(" | ")[0].strip("| "): line
        for line in compare.table({"cvil": cvil, "mla": mla}, learned).splitlines()
    }
    assert lines["cViL"] == (
        "| cViL | - | - | 71.0 ± 1.0 | 70.0 ± 0.0 / - | 71.0 ± 1.0 | 70.0 ± 0.0 / - | 900 / 900 | "
        "questions and answers | 900 / - | 1,000 | 60 | 400 | 3 |"
    )
    assert lines["MLA-VQA"].startswith("| MLA-VQA | 50.0 | - | - | - |")
    assert lines["MLA-VQA"].endswith("| 7 | - | - | 1 |")
    assert lines["English model (teacher of cViL)"].startswith("| English model (teacher of cViL) | 90.0 |")
    assert lines["translate-test"].endswith("| - | 1,000 | 60 | 75 | 1 |")
    assert lines["RC3, regularised, zero-shot"].endswith("| 1,000 / - | - | - | - | 0 |")
    assert len({line.count("|") for line in lines.values()}) == 1


def test_training_questions_are_counted_in_the_releases(tmp_path: Path) -> None:
    for part, rows in (("data", 3), ("rejected", 1)):
        folder = tmp_path / "scenes-ja" / part
        folder.mkdir(parents=True)
        for split in ("train", "validation"):
            pq.write_table(pa.table({"question_id": range(rows)}), folder / f"{split}-00000-of-00001.parquet")
    assert compare.training_questions(tmp_path) == {"ja": (3, 4)}


def test_the_page_has_a_place_for_it(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text((ROOT / "recipes/README.md").read_text(encoding="utf-8"), encoding="utf-8")
    results.write_into(page, "systems", compare.table({}))
    assert compare.SYSTEMS[0].title in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted((ROOT / "recipes").glob("*/*.yaml")), ids=str)
def test_every_settings_file_starts_with_the_command_that_runs_it(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert re.match(r"# (python|torchrun .*) -m recipes\.", first) and str(path.relative_to(ROOT)) in first
