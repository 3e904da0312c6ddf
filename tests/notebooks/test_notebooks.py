"""Every cell of every notebook runs, in order; notebooks are kept with what they printed and drew."""

import json
import re
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all: the sample is built once."""
    return tmp_path_factory.mktemp("notebooks")


def cells_of(path: Path) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return cells


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_cells_run_in_order(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if path.stem == "train_and_compare":
        for needed in ("torch", "transformers", "tokenizers", "PIL"):
            pytest.importorskip(needed)
    monkeypatch.setenv("QUICK", "1")
    monkeypatch.chdir(folder)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", folder / "cache")
    names: dict[str, object] = {}
    for cell in cells_of(path):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{path.name}:{cell['id']}", "exec"), names)
    plt.close("all")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_kept_and_show_a_plot(path: Path) -> None:
    outputs = [out for cell in cells_of(path) for out in cell.get("outputs", [])]
    assert not [out for out in outputs if out["output_type"] == "error"]
    assert any("image/png" in out.get("data", {}) for out in outputs)
    assert not re.search(r"/(tmp|home|root|work)/", json.dumps(outputs)), "a path of somebody's machine"
