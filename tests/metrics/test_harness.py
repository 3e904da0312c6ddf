from __future__ import annotations

import importlib.util
import logging
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from vqa_builder.errors import StorageError
from vqa_builder.metrics import harness

FOLDER = Path(__file__).parents[2] / "recipes" / "evaluation"
HARNESSES = ("lm_eval", "lmms_eval")
TASKS = [(name, language) for name in HARNESSES for language in ("ja", "hi")]


class _Loader(yaml.SafeLoader):
    """YAML as both harnesses read it: ``!function module.name`` is a function beside the file."""


def _function(loader: yaml.SafeLoader, node: yaml.Node) -> tuple[str, str]:
    assert isinstance(node, yaml.ScalarNode)
    return "function", str(loader.construct_scalar(node))


_Loader.add_constructor("!function", _function)


def task(name: str, language: str) -> dict[str, Any]:
    """A task with the base that it includes."""
    folder = FOLDER / name
    own = yaml.load((folder / f"vqa_{language}.yaml").read_text(encoding="utf-8"), _Loader)
    base = yaml.load((folder / own.pop("include")).read_text(encoding="utf-8"), _Loader)
    return {**base, **own}


def utils(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{name}_utils", FOLDER / name / "utils.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def functions(value: object) -> list[str]:
    """The names behind every ``!function``."""
    if isinstance(value, tuple):
        return [value[1].removeprefix("utils.")]
    nested = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [name for each in nested for name in functions(each)]


@pytest.mark.parametrize(("name", "language"), TASKS)
def test_tasks_name_what_exists(name: str, language: str) -> None:
    found = task(name, language)
    assert found["task"] == f"vqa_{language}"
    assert found["dataset_path"].endswith(f"vqa-{language}")
    assert found["test_split"] == "validation"
    assert len(functions(found)) >= 3
    assert all(callable(getattr(utils(name), function)) for function in functions(found))
    assert found["metric_list"][0]["aggregation"] == ("function", f"utils.accuracy_{language}")


@pytest.mark.parametrize(("name", "language"), TASKS)
def test_the_first_line_says_how_to_run(name: str, language: str) -> None:
    first = (FOLDER / name / f"vqa_{language}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert f"--tasks vqa_{language}" in first
    assert str((FOLDER / name).relative_to(FOLDER.parents[1])) in first


@pytest.mark.parametrize("name", HARNESSES)
def test_rows_of_a_release_are_scored(name: str, release: Path, perfect: dict[int, str]) -> None:
    rows = pq.ParquetFile(release / "data/validation-00000-of-00001.parquet").read().to_pylist()
    module = utils(name)
    said = {**perfect, 13: "ネコ。\n質問：", 14: "3"}
    records = [module.process_results(row, [said[row["question_id"]]])["vqa_accuracy"] for row in rows]
    assert module.accuracy_ja(records) == pytest.approx(0.92)


def test_the_signature_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    ten = [{"answer": "हाँ", "answer_id": place} for place in range(10)]
    with caplog.at_level(logging.INFO):
        assert harness.accuracy([harness.record({"question_id": 1, "answers": ten}, "हां।")], "hi") == 1
    assert "100.00 [100.00, 100.00] metric:vqa_accuracy|" in caplog.text


def test_an_empty_response_is_an_answer() -> None:
    assert harness.record({"question_id": 1, "answers": []}, " \n ")["response"] == ""


def test_prompts_surround_the_question() -> None:
    prompts = task("lmms_eval", "ja")["lmms_eval_specific_kwargs"]["default"]
    text = utils("lmms_eval").doc_to_text({"question": "これは何ですか？"}, prompts)
    assert text == "質問：これは何ですか？\n単語か短い語句で答えてください。\n答え："
    assert task("lm_eval", "hi")["doc_to_text"].startswith("<image>प्रश्न: {{question}}\n")


def test_images_are_found_by_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VQA_IMAGES", raising=False)
    with pytest.raises(StorageError, match="not known"):
        harness.image_path({"image_id": 42})
    monkeypatch.setenv("VQA_IMAGES", str(tmp_path))
    with pytest.raises(StorageError, match="no such image"):
        harness.image_path({"image_id": 42})
    for name in ("COCO_val2014_000000000042.jpg", "42.png", "VizWiz_val_1.jpg"):
        (tmp_path / name).touch()
    assert harness.image_path({"image_id": 42}).name == "COCO_val2014_000000000042.jpg"
    assert harness.image_path({"image_id": "VizWiz_val_1.jpg"}).name == "VizWiz_val_1.jpg"
    monkeypatch.setenv("VQA_IMAGE_NAME", "{}.png")
    assert harness.image_path({"image_id": 42}).name == "42.png"
