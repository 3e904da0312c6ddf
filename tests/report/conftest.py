"""The release of the embedded sample in Japanese, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from vqa_builder import build, load_spec
from vqa_builder.sample import sample_folder


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 500 questions translated by mini alone, so that some are rejected; with report.html."""
    out = tmp_path_factory.mktemp("sample")
    spec = load_spec(sample_folder() / "build.yaml")
    by_mini = spec.model_copy(update={"translate": spec.translate.model_copy(update={"phrasebook": False})})
    (built,) = build(by_mini, out, languages=["ja"], workers=1)
    return built.folder
