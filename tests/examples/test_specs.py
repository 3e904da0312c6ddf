"""Every spec that people copy is read and planned over small files of the same names and shapes."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import ROOT
from tests.sources.shapes import BUS
from vqa_builder import load_spec, plan, validate
from vqa_builder.spec import EnginePlugin, Spec

SPECS = sorted((ROOT / "examples").glob("*.yaml"))
ASKED = ("What color is the cat?", "How many dogs are there?")
SAID = ("black", "2")
ABSENT = ("ctranslate2", "transformers")
"""Engines whose weights no test has; ``mini`` stands in for them."""


def ten(answer: str) -> list[dict[str, Any]]:
    return [{"answer": answer, "answer_confidence": "yes", "answer_id": each} for each in range(1, 11)]


def official(start: int, test: bool) -> dict[str, Any]:
    """Questions, or annotations, of the VQA challenge: told apart by the file's name."""
    rows = list(enumerate(zip(ASKED, SAID, strict=True), start))
    questions = [
        {"question_id": number, "image_id": number, "question": asked} for number, (asked, _) in rows
    ]
    annotations = [
        {
            "question_id": number,
            "image_id": number,
            "question_type": "what",
            "answer_type": "other",
            "multiple_choice_answer": said,
            "answers": ten(said),
        }
        for number, (_, said) in rows
    ]
    return {"questions": questions, "annotations": annotations}


def vizwiz(start: int, test: bool) -> list[dict[str, Any]]:
    rows = enumerate(zip(ASKED, SAID, strict=True), start)
    given = [
        (f"VizWiz_{number:08d}.jpg", asked, {} if test else {"answers": ten(said)})
        for number, (asked, said) in rows
    ]
    return [{"image": image, "question": asked, **answers} for image, asked, answers in given]


def textvqa(start: int, test: bool) -> dict[str, Any]:
    rows = enumerate(zip(ASKED, SAID, strict=True), start)
    given = [(number, asked, {} if test else {"answers": [said] * 10}) for number, (asked, said) in rows]
    return {
        "data": [
            {"question_id": n, "image_id": f"i{n}", "question": asked, **rest} for n, asked, rest in given
        ]
    }


def gqa(start: int, test: bool) -> dict[str, Any]:
    rows = enumerate(zip(ASKED, SAID, strict=True), start)
    return {
        f"{n}": {"imageId": f"{n}", "question": asked, **({} if test else {"answer": said})}
        for n, (asked, said) in rows
    }


def conversation(number: int) -> dict[str, Any]:
    turns = [("human", f"<image>\n{ASKED[0]}"), ("gpt", "The cat is black.")]
    said = [{"from": who, "value": text} for who, text in turns]
    return {"id": f"{number:012d}", "image": f"{number:012d}.jpg", "conversations": said}


def science(number: int) -> dict[str, Any]:
    """A row of ScienceQA as it lies on the hub."""
    return {
        "image": BUS if number else None,
        "question": "Which of these is a mammal?",
        "choices": ["a cat", "a snake"],
        "answer": 0,
        "hint": "",
        "grade": "grade3",
        "lecture": "Mammals have hair or fur.",
        "solution": "A cat has fur.",
    }


SHAPES: dict[str, Callable[[int, bool], Any]] = {"vizwiz": vizwiz, "textvqa": textvqa, "gqa": gqa}


def write_inputs(spec: Spec, folder: Path) -> None:
    """What the spec names, two questions in each split."""
    if spec.source.type == "llava":
        (folder / "llava_instruct_150k.json").write_text(json.dumps([conversation(1), conversation(2)]))
        return
    if spec.source.type == "multiple_choice":
        rows = pa.Table.from_pylist([science(0), science(1)])
        for split in ("train", "validation", "test"):
            pq.write_table(rows, folder / f"{split}-00000-of-00001-1028f23e353fbe3e.parquet")
        return
    if spec.source.type == "table":
        for file, start in (("questions-1.csv", 1), ("held_out.csv", 1)):
            rows = [
                f"{start + at};{asked};shelf.jpg;{said}/{said}"
                for at, (asked, said) in enumerate(zip(ASKED, SAID, strict=True))
            ]
            (folder / file).write_text("\n".join(["number;text;photo;replies", *rows]), encoding="utf-8")
        for language in spec.languages:
            (folder / f"terms-{language}.tsv").write_text("term\ttranslation\nBoeing\t\n")
        return
    for number, (split, files) in enumerate(spec.source.options["splits"].items()):
        shape: Callable[[int, bool], Any] = SHAPES.get(spec.name, official)
        content = shape(100 * number + 1, split == "test")
        for kind, name in files.items() if isinstance(files, dict) else [("questions", files)]:
            wanted = {kind: content[kind]} if spec.name not in SHAPES else content
            put(folder, name, json.dumps(wanted))


def put(folder: Path, name: str, text: str) -> None:
    """A file, or a member of an archive; an archive without a named member holds this file alone."""
    archive, _, member = name.partition("!")
    if not archive.endswith(".zip"):
        (folder / name).write_text(text)
        return
    with zipfile.ZipFile(folder / archive, "a") as file:
        file.writestr(member or archive.removesuffix(".zip").removesuffix(".json") + ".json", text)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_spec_is_read_and_planned(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not a key; nothing is sent")
    here = tmp_path / path.name
    here.write_bytes(path.read_bytes())
    spec = load_spec(here)
    write_inputs(spec, tmp_path)
    engines = tuple(
        EnginePlugin(type="mini") if engine.type in ABSENT else engine for engine in spec.translate.engine
    )
    spec = spec.model_copy(update={"translate": spec.translate.model_copy(update={"engine": engines})})
    assert validate(spec)[0].startswith(f"source {spec.source.type}: ")
    monkeypatch.delenv("OPENAI_API_KEY")
    planned = plan(spec, tmp_path / "out")
    assert all(count == 2 for count in planned.rows.values())
    assert not planned.bad_records


def test_every_spec_begins_with_its_command_and_is_listed() -> None:
    listed = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    for path in SPECS:
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert path.name in first or "slurm.sbatch" in first
        assert f"`{path.name}`" in listed
