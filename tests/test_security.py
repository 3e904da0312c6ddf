"""Each line of SECURITY.md has a test, and data decide nothing."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from pathlib import Path

import pytest

from tests.tiny import write_vqa
from vqa_builder import build, load_spec, registry, trust
from vqa_builder.metrics.predictions import load_predictions
from vqa_builder.quality.scorers.copy import Copy
from vqa_builder.review import sheet_csv
from vqa_builder.translation.memory import Entry, TranslationMemory

ROOT = Path(__file__).parents[1]
LINES = {
    "Two things decide what is run": "tests/test_trust.py::test_ones_own_spec_decides_everything",
    "Everything else is data": "tests/test_security.py::test_data_run_nothing_and_ask_nobody",
    "your command and your build.yaml": "tests/test_trust.py::test_ones_own_spec_decides_everything",
    "`manifest.json`, and a `build.yaml`": (
        "tests/test_trust.py::test_a_manifest_decides_nothing_but_what_is_computed"
    ),
    "source files, answer lists": "tests/test_security.py::test_data_run_nothing_and_ask_nobody",
    "replies of engines and services": (
        "tests/translation/engines/test_bad_replies.py::test_a_bad_reply_is_a_failure_of_its_strings"
    ),
    "installed packages": "tests/test_security.py::test_a_plug_in_of_another_package_is_code",
    "compares the manifest's checksum first": (
        "tests/test_trust.py::test_a_changed_manifest_is_told_with_what_it_would_decide"
    ),
    "load code or the weights": "tests/test_trust.py::test_weights_that_came_with_a_release_are_code",
    "a member of an archive, a link": (
        "tests/test_trust.py::test_a_link_beside_a_foreign_spec_leads_to_no_file_elsewhere"
    ),
    "has the name of a dataset": (
        "tests/test_trust.py::test_a_folder_in_place_of_a_dataset_on_the_hub_is_a_file_too"
    ),
    "a key that it sends to one address": (
        "tests/test_trust.py::test_a_key_that_ones_own_spec_sends_to_one_address_goes_to_no_other"
    ),
    "then allow its kinds by name": "tests/test_trust.py::test_what_is_allowed_by_name_is_done",
    "refuse the same settings": "tests/test_trust.py::test_a_spec_that_came_with_a_release_is_data_too",
    "or in a folder inside a release": (
        "tests/test_trust.py::test_a_spec_in_a_folder_of_a_release_is_data_too"
    ),
    "is taken for yours": "tests/test_trust.py::test_ones_own_spec_decides_everything",
    "A checksum shows damage": (
        "tests/test_trust.py::test_a_manifest_whose_checksum_does_not_fit_is_refused"
    ),
    "Texts for the card": (
        "tests/test_trust.py::test_texts_of_a_release_come_from_the_release_and_no_file_that_a_manifest_names"
    ),
    "a link in their place": (
        "tests/test_trust.py::test_a_link_in_a_release_brings_no_file_of_this_machine_into_the_new_one"
    ),
    "a link in a release": (
        "tests/release/hub/test_publish.py::test_a_link_to_a_file_elsewhere_is_not_published"
    ),
    "a spec names the variable": "tests/test_spec_errors.py::test_what_is_added_wrongly_is_told",
    "No key is written": "tests/test_canaries.py::test_no_key_is_in_what_ends_well",
    "not when a service repeats it": "tests/test_canaries.py::test_no_key_is_found_anywhere",
    "A reply that repeats a key": "tests/test_canaries.py::test_no_key_is_found_anywhere",
    "No redirect is followed": (
        "tests/quality/scorers/test_qe.py::test_what_an_endpoint_does_wrong_is_one_clear_error"
    ),
    "is followed with a key": (
        "tests/translation/engines/test_bad_replies.py::test_no_key_follows_a_redirect"
    ),
    "When something fails that nobody foresaw": (
        "tests/test_cli.py::test_an_unforeseen_failure_is_one_line_and_a_file_without_secrets"
    ),
    "The tables of the step cache": (
        "tests/test_store.py::test_a_damaged_table_is_computed_anew_and_the_reader_told"
    ),
    "with the checksums of its manifest": "tests/release/test_verify.py::test_a_flipped_byte_is_found",
    "A translation memory holds": (
        "tests/translation/test_memory.py::test_a_memory_of_somebody_else_runs_nothing"
    ),
    "beside which a link lies": (
        "tests/translation/test_memory.py::"
        "test_no_file_elsewhere_is_written_or_deleted_for_what_lies_beside_a_memory"
    ),
    "to 256 MiB at most": (
        "tests/test_named_files.py::test_a_file_that_is_larger_than_any_of_its_kind_is_not_read_whole"
    ),
    "Replies of services are read": (
        "tests/translation/engines/test_bad_replies.py::test_endless_and_packed_bodies_are_given_up"
    ),
    "and files to 100 times": "tests/test_unpacking.py::test_bomb",
    "buffers of an Arrow": (
        "tests/test_unpacking.py::test_buffers_of_arrow_are_measured_before_they_are_unpacked"
    ),
    "A pipe or a device": "tests/sources/test_base.py::test_a_pipe_which_may_never_end_is_not_read",
    "where an input or a file of a release": (
        "tests/release/test_verify.py::test_what_never_ends_is_not_read"
    ),
    "A dataset's card may name": "tests/sources/test_hub.py::test_a_card_names_no_file_elsewhere",
    "An Arrow file is validated": (
        "tests/fuzz/test_source_readers.py::test_no_mutation_ends_in_a_traceback_or_a_signal"
    ),
    "What commands print": "tests/commands/test_terminal.py::test_names_in_data_and_specs_are_shown",
    "cells and pages that they write": (
        "tests/release/test_nasty_strings.py::test_every_output_keeps_its_shape"
    ),
    "at most 30 levels deep": "tests/test_spec_errors.py::test_many_aliases_of_aliases_are_refused_at_once",
    "YAML is read without": "tests/test_spec_errors.py::test_what_is_added_wrongly_is_told",
}
"""What a line of SECURITY.md says -> the test that would fail if it were not so."""


def sentences() -> list[str]:
    """Rows of the table and sentences, without headings, down to what was tried."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8").partition("## What was tried")[0]
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| what")]
    prose = " ".join(line for line in text.splitlines() if line and line[0] not in "|#")
    return rows + re.split(r"(?<=[.]) (?=[A-Z`])", prose)


def test_every_line_of_the_trust_model_has_a_test() -> None:
    known = [line for line in sentences() for part in LINES if part in line]
    assert [line for line in sentences() if line not in known] == []
    assert all(any(part in line for line in sentences()) for part in LINES)
    for test in LINES.values():
        path, _, name = test.partition("::")
        assert re.search(rf"^ *(def )?{name}\b", (ROOT / path).read_text(encoding="utf-8"), re.M), test


def test_a_plug_in_of_another_package_is_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = type("Found", (Copy,), {"__module__": "elsewhere.copy"})
    monkeypatch.setattr(registry, "find", lambda kind, name: found if name == "copy" else FIND(kind, name))
    spec = load_spec(write_vqa(tmp_path, scores=[{"type": "copy"}]))
    assert trust.Setting("code", "scores.copy", "the scorer copy of another package") in set(
        trust.settings(spec, [tmp_path])
    )


FIND = registry.find


def test_data_run_nothing_and_ask_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Data that name addresses, programs and objects: sources, memories, glossaries, lists, sheets."""
    source = {"type": "vqa_json", "splits": {"test": {"questions": "data.json"}}}
    address = "http://127.0.0.1:9/steal?x=$(touch ran)"
    spec = write_vqa(
        tmp_path / "source",
        languages=["ja"],
        memory="memory.sqlite",
        source=source,
        translate={"glossary": "terms.tsv"},
        answers={"vocabulary": {"from": "answers.json"}, "glossary": "answers.tsv"},
    )
    words = [address, "`touch ran`", "{{ 7 * 7 }}", "=cmd|' /C calc'!A0", "__import__('os')"]
    lists = {
        "answers.json": json.dumps(words),
        "terms.tsv": "term\ttranslation\n" + "".join(f"{word}\t{word}\n" for word in words),
        "answers.tsv": "answer_en\ttranslation\n" + "".join(f"{word}\t{word}\n" for word in words),
        "predictions.json": json.dumps([{"question_id": 1, "answer": word} for word in words[:1]]),
        "sheet.csv": "question_id,language,question_en,question,label\n"
        + "".join(f'{number},ja,{word},"{word}",good\n' for number, word in enumerate(words)),
    }
    questions = [
        {"question_id": 1, "image_id": address, "question": f"What does {address} say?", "image": address},
        {"question_id": 2, "image_id": "../../etc/passwd", "question": "What is !!python/object:os.system?"},
        {"question_id": 3, "image_id": "`touch ran`", "question": "=cmd|' /C calc'!A0"},
        {"question_id": 4, "image_id": "${jndi:ldap://127.0.0.1}", "question": "Is {{ 7 * 7 }} 49?"},
    ]
    lists["data.json"] = json.dumps({"questions": questions})
    for name, content in lists.items():
        (tmp_path / "source" / name).write_text(content)
    with TranslationMemory(tmp_path / "source" / "memory.sqlite") as memory:
        memory.add([Entry("en", "ja", "Is {{ 7 * 7 }} 49?", "{{ 7 * 7 }}は49ですか？", engine="human")])

    def refuse(*given: object, **_: object) -> None:
        raise AssertionError(f"asked or ran {given}")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    (release,) = build(load_spec(spec), tmp_path / "out", workers=1)
    assert release.verification and release.verification.ok
    assert load_predictions(tmp_path / "source" / "predictions.json")
    assert len(sheet_csv.read(tmp_path / "source" / "sheet.csv")) == len(words)
    assert not [*tmp_path.rglob("ran")]
