"""The recipes are tested where their packages are installed; two small releases that several tests read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.tiny import write_vqa

MISSING = [
    name
    for name in ("torch", "transformers", "accelerate", "safetensors", "tokenizers", "PIL")
    if find_spec(name) is None
]


class Absent(pytest.Module):
    """A file of tests whose packages are not installed: skipped before it is imported."""

    def collect(self) -> Iterable[pytest.Item]:
        pytest.skip(f"the recipes need {', '.join(MISSING)}", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Every file of this folder, read as usual only where nothing is missing."""
    if not MISSING:
        return None
    absent: Absent = Absent.from_parent(parent, path=module_path)
    return absent


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """``ja`` and ``hi``: the twelve questions, translated, aligned and released by the pipeline itself."""
    import datasets

    from vqa_builder import build, load_spec

    folder = tmp_path_factory.mktemp("releases")
    spec = write_vqa(folder / "source", align={"type": "statistical"}, policy={})
    build(load_spec(spec), folder / "out", workers=1)
    with pytest.MonkeyPatch.context() as patch:  # nothing stays in the user's cache
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", folder / "cache")
        yield {language: folder / "out" / f"tiny-{language}" for language in ("ja", "hi")}
