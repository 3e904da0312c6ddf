"""The release of the embedded sample in Japanese, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from vqa_builder import build, load_spec
from vqa_builder.sample import sample_folder
from vqa_builder.spec import Images


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 500 questions translated by mini alone, so that some are rejected, with their pictures."""
    out = tmp_path_factory.mktemp("sample")
    spec = load_spec(sample_folder() / "build.yaml")
    images = Images(
        file="VQA_sample_{image_id:012d}.png",
        folder=sample_folder() / "images",
        embed=True,
        licence="apache-2.0",
    )
    by_mini = spec.model_copy(
        update={
            "translate": spec.translate.model_copy(update={"phrasebook": False}),
            "release": spec.release.model_copy(update={"images": images}),
        }
    )
    (built,) = build(by_mini, out, languages=["ja"], workers=1)
    return built.folder
