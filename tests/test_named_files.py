"""Whatever lies where a small file should lie, every reader refuses it in one way, and at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vqa_builder import load_spec, named_files
from vqa_builder.answers import answer_glossary, senses, vocabulary
from vqa_builder.errors import SpecError, VQABuilderError
from vqa_builder.metrics.predictions import load_predictions
from vqa_builder.metrics.references import load_references
from vqa_builder.quality.scorers import _identifiers, leak, profanity
from vqa_builder.release.diff import pages
from vqa_builder.release.export_cvil import _read_tags
from vqa_builder.release.manifest import load_manifest
from vqa_builder.review import sheet_csv
from vqa_builder.spec import Spec
from vqa_builder.spec_file import read_policy_file
from vqa_builder.translation import interchange, memory_repair
from vqa_builder.translation.glossary import load_glossary
from vqa_builder.translation.memory import TranslationMemory


def add_to_changelog(path: Path) -> None:
    pages.add_to_changelog(path, None)  # type: ignore[arg-type]  # the file is read before the difference


def card_of(path: Path) -> str | None:
    given: dict[str, Any] = {"folder": path.parent}
    spec = Spec.model_construct(**given)
    return spec._text_of(Path(path.name), "release.card", "correct the path")


def remembered(path: Path) -> None:
    with TranslationMemory(path) as memory:
        list(memory.entries())


READERS: dict[str, Callable[[Path], Any]] = {
    "spec.yaml": load_spec,
    "policy.yaml": read_policy_file,
    "card.md": card_of,
    "terms.tsv": load_glossary,
    "answers.tsv": lambda path: answer_glossary.load(path, senses.known_rules()),
    "answers.json": vocabulary.from_file,
    "profanity.txt": profanity._read,
    "leak.txt": leak._read,
    "lid.bin": _identifiers._check,
    "sheet.csv": sheet_csv.read,
    "tags.json": _read_tags,
    "predictions.json": load_predictions,
    "annotations.json": lambda path: load_references(path, "en"),
    "CHANGELOG.md": add_to_changelog,
    "memory.sqlite": remembered,
    "damaged.sqlite": memory_repair.repair,
    **{f"memory{suffix}": lambda path: [*interchange.read_entries(path)] for suffix in interchange.SUFFIXES},
    "manifest.json": lambda path: load_manifest(path.parent),
}


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("put", [pipe, device, folder], ids=lambda put: put.__name__)
def test_what_is_no_regular_file_is_refused_with_its_name(
    tmp_path: Path, name: str, put: Callable[[Path], None]
) -> None:
    put(tmp_path / name)
    with pytest.raises(VQABuilderError) as caught:
        READERS[name](tmp_path / name)
    assert caught.value.exit_code == 2
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("name", [name for name in READERS if name[-4:] in ("yaml", ".tsv", ".txt")])
def test_other_bytes_than_utf_8_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes("猫\n".encode("cp932"))
    with pytest.raises(VQABuilderError, match="cannot be read") as caught:
        READERS[name](tmp_path / name)
    assert name in str(caught.value)


def test_a_file_that_is_larger_than_any_of_its_kind_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(SpecError, match="at most 10 bytes"):
        named_files.read_bytes(path, "sheet", most=10)


def test_a_name_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(SpecError, match="The spec cannot be read"):
        load_spec("build\0.yaml")


def test_lines_are_told_apart_by_line_feeds_alone(tmp_path: Path) -> None:
    path = tmp_path / "terms.tsv"
    path.write_bytes("\ufeffterm\ttranslation\r\na\u2028b\t猫\x0b\r\n".encode())
    assert named_files.read_tsv(path, "glossary") == [["term", "translation"], ["a\u2028b", "猫\x0b"], [""]]
