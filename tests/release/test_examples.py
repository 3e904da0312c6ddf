"""The examples in the docstrings run, over releases and a hub as they assume them."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import shutil
from pathlib import Path
from typing import Any

import pytest

import vqa_builder.release
from tests.hub.plugin import hub
from tests.hub.server import Hub
from tests.release.conftest import changed, make_ja
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.hub.publish import publish
from vqa_builder.release.manifest import load_manifest
from vqa_builder.release.write import write_release
from vqa_builder.spec import Images

__all__ = ["hub"]
PACKAGE = vqa_builder.release
MODULES = [found.name for found in pkgutil.walk_packages(PACKAGE.__path__, f"{PACKAGE.__name__}.")]
NEED_A_HUB = {"opening", "reload", "publish", "remote"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the releases that examples name."""
    folder, ja = tmp_path_factory.mktemp("written"), make_ja()
    for out in ("out", "1.0"):
        write_release(ja, folder / out)
    write_release(changed(ja, 228478001, "question", "何匹の犬がいますか？"), folder / "1.1")
    for question_id in (228478000, 434045001, 167330014):
        ja = changed(ja, question_id, "alignment", [{"en": 0, "target": 0}])
    write_release(ja, folder / "linked")
    return folder


@pytest.fixture
def examples(
    written: Path, ja: ReleaseContents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """The names that examples use, in a copy of that folder."""
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return {"contents": ja, "Images": Images, "Path": Path, "load_manifest": load_manifest}


@pytest.mark.parametrize("name", [name for name in MODULES if name.split(".")[-1] not in NEED_A_HUB])
def test_examples_run(name: str, examples: dict[str, Any]) -> None:
    assert doctest.testmod(importlib.import_module(name), extraglobs=examples).failed == 0


@pytest.mark.parametrize("name", [name for name in MODULES if name.split(".")[-1] in NEED_A_HUB])
def test_examples_run_with_a_hub(name: str, examples: dict[str, Any], hub: Hub) -> None:
    publish(Path("out/vqa-ja"), "org/vqa-ja", tag="v1.0", reload=False)
    examples["endpoint"] = hub.url
    assert doctest.testmod(importlib.import_module(name), extraglobs=examples).failed == 0
