from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from recipes.cvil import show
from recipes.lib import results

ROOT = Path(__file__).parents[3]
CONTENT: dict[str, Any] = {
    "data": {"releases": {"ja": "a", "hi": "b"}},
    "seeds": [0, 1],
    "shares": [1.0, 0.1],
    "rows": {
        "distilled": {"shares": [1.0, 0.0]},
        "without distillation": {"distillation": None},
        "no tags": {"distillation": {"tags": False}},
        "without translation noise": {"text": "clean"},
    },
}


def runs() -> list[dict[str, Any]]:
    """Two seeds of every row; distillation is worth 10 points at 10 % of the labels, nothing at 100 %."""
    found: list[dict[str, Any]] = []
    for seed in (0, 1):
        for language in ("ja", "hi"):
            common = {"seed": seed, "language": language, "setting": "release"}
            for row in show.BASE:
                found.append({**common, "row": row, "share": 0.0, "accuracy": 80.0 + seed})
            for share in (0.1, 1.0):
                plain = 50.0 + seed if share == 0.1 else 70.0
                gain = 10.0 if share == 0.1 else 0.0
                found.append({**common, "row": "without distillation", "share": share, "accuracy": plain})
                found.append({**common, "row": "distilled", "share": share, "accuracy": plain + gain})
            found[-1] |= {"accuracy_held out": 60.0, "accuracy_seen": 75.0, "accuracy_unseen": 58.0}
            found.append({**common, "row": "no tags", "share": 0.1, "accuracy": 55.0})
            clean = {**common, "setting": "clean", "row": "without translation noise", "share": 1.0}
            found.append({**clean, "accuracy": 75.0})
    return found


def test_every_table_holds_what_was_run() -> None:
    tables = show.tables(runs(), CONTENT)
    assert "| teacher, in English | 80.5 ± 0.7 | 80.5 ± 0.7 |" in tables["bounds"]
    assert "| distilled | 70.0 ± 0.0 | 60.5 ± 0.7 | - | - |" in tables["students"]
    assert "| distilled | 70.0 ± 0.0 | 60.0 ± 0.0 | 75.0 ± 0.0 | 58.0 ± 0.0 |" in tables["held-out"]
    assert "| no tags | 55.0 ± 0.0 | 55.0 ± 0.0 |" in tables["ablations"]
    assert "without translation noise | - | 75.0 ± 0.0 |" in tables["data"]
    assert "| 10 % | +19.8 ± 0.3 | +19.8 ± 0.3 |" in tables["gains"]
    assert "| 100 % | +0.0 ± 0.0 |" in tables["gains"] and "| 1 % | - | - |" in tables["gains"]


def test_the_command_writes_into_the_page_and_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for record in runs():
        results.append(tmp_path / "run/results.jsonl", record)
    (tmp_path / "a.yaml").write_text(yaml.safe_dump({**CONTENT, "out": str(tmp_path / "run")}))
    names = ("bounds", "students", "held-out", "gains", "ablations", "data")
    page = "\n".join(f"<!-- results: {name} -->\n<!-- /results: {name} -->" for name in names)
    (tmp_path / "README.md").write_text(page)
    extra = ["--readme", str(tmp_path / "README.md"), "--plots", str(tmp_path / "plots")]
    monkeypatch.setattr(sys, "argv", ["show", str(tmp_path / "a.yaml"), *extra])
    assert show.main() == 0
    assert "+19.8 ± 0.3" in (tmp_path / "README.md").read_text()
    assert [path.name for path in (tmp_path / "plots").iterdir()] == ["learning_curves.svg"]
    assert (tmp_path / "plots/learning_curves.svg").read_text().startswith("<?xml")
    other = tmp_path / "open.md"
    other.write_text("<!-- results: open -->\n<!-- /results: open -->")
    own = ["show", str(tmp_path / "a.yaml"), "--readme", str(other), "--table"]
    monkeypatch.setattr(sys, "argv", [*own, "held-out=open"])
    assert show.main() == 0 and "| distilled, no labels | - |" in other.read_text()
    monkeypatch.setattr(sys, "argv", [*own, "held-in"])
    assert show.main() == 2


def test_without_results_the_command_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.yaml").write_text(yaml.safe_dump({**CONTENT, "out": str(tmp_path / "none")}))
    monkeypatch.setattr(sys, "argv", ["show", str(tmp_path / "a.yaml")])
    assert show.main() == 2 and "no results yet" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["bounds", "students", "held-out", "gains", "ablations", "data"])
def test_the_readme_has_a_place_for_every_table(name: str) -> None:
    page = (ROOT / "recipes/cvil/README.md").read_text(encoding="utf-8")
    assert page.count(f"<!-- results: {name} -->") == page.count(f"<!-- /results: {name} -->") == 1
