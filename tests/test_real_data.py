"""The whole job on data that nobody here wrote; skipped where it is absent."""

import json
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
from typer.testing import CliRunner

from vqa_builder.cli import app

RUNNER = CliRunner()


def run(*arguments: str | Path) -> str:
    result = RUNNER.invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def one_line(text: str) -> str:
    """White space collapsed, as segments have it."""
    return " ".join(text.split())


def nllb_entries(
    english: list[dict[str, Any]], translated: list[dict[str, Any]]
) -> dict[tuple[str, str], str]:
    """(role, English) -> NLLB's translation; the first one where annotators' answers differ."""
    entries: dict[tuple[str, str], str] = {}
    for source, target in zip(english, translated, strict=True):
        entries.setdefault(("question", one_line(source["question"])), one_line(target["question"]))
        for answer in target["answers"]:
            if answer["translated_answer"].strip():
                entries.setdefault(("answer", one_line(answer["answer"])), answer["translated_answer"])
    return entries


@pytest.mark.slow
def test_translations_of_another_engine_replayed_from_the_memory(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "vizwiz_500_multilingual"
    read = {
        code: json.loads((folder / f"val_subsample_{code}.json").read_text()) for code in ("en", "ja", "hi")
    }
    entries = {code: nllb_entries(read["en"], read[code]) for code in ("ja", "hi")}
    with (tmp_path / "nllb.jsonl").open("w") as file:
        for code, translations in entries.items():
            for (role, text), translation in translations.items():
                entry = {
                    "source": "en",
                    "target": code,
                    "role": role,
                    "text": text,
                    "translation": translation,
                }
                file.write(json.dumps(entry) + "\n")
    spec = {
        "name": "vizwiz",
        "languages": ["ja", "hi"],
        "source": {
            "type": "vqa_json",
            "splits": {"validation": {"questions": str(folder / "val_subsample_en.json")}},
        },
        "answers": {"vocabulary": {"min_count": 2}},
    }
    (tmp_path / "build.yaml").write_text(yaml.safe_dump(spec))
    memory = tmp_path / "out" / ".vqa-builder" / "memory.sqlite"
    run("memory", "import", tmp_path / "nllb.jsonl", "--memory", memory, "--label", "nllb-200-1.3b")
    run("build", tmp_path / "build.yaml", "--out", tmp_path / "out")
    for code in ("ja", "hi"):
        release = tmp_path / "out" / f"vizwiz-{code}"
        tables = [pq.read_table(path) for path in release.glob("*/validation-*.parquet")]
        assert sum(table.num_rows for table in tables) == 500
        for table in tables:
            assert pc.unique(table["engine"]).to_pylist() == ["nllb-200-1.3b"]
            for row in table.select(["question", "question_en"]).to_pylist():
                assert row["question"] == entries[code]["question", one_line(row["question_en"])]


@pytest.mark.slow
def test_vizwiz_in_the_official_form(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "vizwiz_val_vqa_format"
    files = {
        "questions": str(folder / "vizwiz_val_questions_vqa_format.json"),
        "annotations": str(folder / "vizwiz_val_annotations_vqa_format.json"),
    }
    spec = {
        "name": "vizwiz",
        "languages": ["hi"],
        "source": {"type": "vqa_json", "splits": {"validation": files}},
        "answers": {"vocabulary": {"min_count": 3}},
    }
    (tmp_path / "build.yaml").write_text(yaml.safe_dump(spec))
    run("build", tmp_path / "build.yaml", "--out", tmp_path / "out", "--limit", "300")
    run("verify", tmp_path / "out" / "vizwiz-hi")
    table = pq.read_table(tmp_path / "out" / "vizwiz-hi" / "data" / "validation-00000-of-00001.parquet")
    assert str(table.schema.field("image_id").type) == "string"
    assert table["answer_type"].null_count == table.num_rows
