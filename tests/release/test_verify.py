"""A sound release passes every check and loads; every kind of damage fails the check that is there for it."""

from __future__ import annotations

import dataclasses
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.release.conftest import copy_of
from vqa_builder.errors import ReleaseError
from vqa_builder.release import manifest
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.parquet import read_table, write_file, write_table
from vqa_builder.release.verify import VerifyReport, verify
from vqa_builder.release.write import write_release
from vqa_builder.schema import content_hash

TRAIN = "data/train-00000-of-00001.parquet"


def _failed(report: VerifyReport) -> dict[str, str]:
    return {check.name: check.detail for check in report.checks if not check.ok}


def _rows(folder: Path, key: str, change: Callable[[list[dict[str, Any]]], Any]) -> None:
    """Change a table's rows and record the result, so that only the rows themselves are wrong."""
    table = read_table(folder, key)
    rows = table.to_pylist()
    change(rows)
    _replace(folder, key, pa.Table.from_pylist(rows, table.schema))


def _replace(folder: Path, key: str, table: pa.Table) -> None:
    if key == "answers/answer_map":
        write_file(table, folder / f"{key}.parquet")
    else:
        write_table(table, folder / key.split("/")[0], key.split("/")[1])
    content = dict(manifest.load_manifest(folder).content)
    content["tables"][key] = {
        **content["tables"][key],
        "rows": table.num_rows,
        "content_hash": content_hash(table),
    }
    manifest.save(folder, content)


@pytest.mark.parametrize("which", ["ja", "hi"])
def test_a_release_proves_itself(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    report = verify(copy_of(request.getfixturevalue(which), tmp_path))
    assert _failed(report) == {}
    assert report.ok
    assert [check.name for check in report.checks] == [
        "manifest",
        "files",
        "readable",
        "schema",
        "content",
        "answers",
        "soft_scores",
        "labels",
        "methods",
        "spans",
        "text",
        "alignment",
        "reasons",
        "counts",
        "ids",
        "script",
        "leftovers",
        "leak",
        "reload",
    ]
    assert json.loads(json.dumps(report.to_json()))["ok"] is True


def test_it_says_what_it_proved(ja: ReleaseContents, tmp_path: Path) -> None:
    proved = {check.name: check.detail for check in verify(copy_of(ja, tmp_path)).checks}
    assert proved["counts"] == "7 source rows = 5 kept + 2 rejected"
    assert proved["files"].startswith("10 files, ")
    assert proved["soft_scores"] == "labels and soft scores follow from the English answers"
    assert proved["reload"].endswith("default, rejected, answers")


@pytest.mark.parametrize(
    ("links", "fault"),
    [
        ([(0, 0), (5, 7)], None),  # Is the man wearing glasses ? / 男性 は 眼鏡 を かけ ています か ？
        (
            [(6, 0)],
            "a link to a word that question_en does not have: 1 of 3 rows, first question_id 228478000",
        ),
        ([(0, 8)], "a link to a word that question does not have"),
        ([(0, 0), (-1, 2)], "a link to a word that question_en does not have"),
    ],
)
def test_links_stay_within_the_words(
    links: list[tuple[int, int]], fault: str | None, ja: ReleaseContents, tmp_path: Path
) -> None:
    folder = copy_of(ja, tmp_path)

    def link(rows: list[dict[str, Any]]) -> None:
        row = next(row for row in rows if row["question_id"] == 228478000)
        row["alignment"] = [{"en": en, "target": target} for en, target in links]

    _rows(folder, "data/train", link)
    failed = _failed(verify(folder, reload=False))
    assert failed.keys() == ({"alignment"} if fault else set())
    assert (fault or "") in failed.get("alignment", "")


def test_a_changed_report_is_noticed(ja: ReleaseContents, tmp_path: Path) -> None:
    folder = copy_of(ja, tmp_path)
    page = folder / "report.html"
    page.write_bytes(page.read_bytes() + b" ")
    assert "report.html: bytes expected" in _failed(verify(folder, reload=False))["files"]
    page.unlink()
    assert (
        "report.html: listed in the manifest, not in the folder"
        in _failed(verify(folder, reload=False))["files"]
    )


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("which", ["ja", "hi"])
def test_users_load_every_config(
    which: str, streaming: bool, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    from datasets import load_dataset

    contents = request.getfixturevalue(which)
    folder = str(copy_of(contents, tmp_path))
    options: dict[str, Any] = {"streaming": streaming, "cache_dir": str(tmp_path / "cache")}
    kept = load_dataset(folder, **options)
    assert list(kept["validation"]) == contents.data["validation"].to_pylist()
    assert set(kept) == set(contents.data)
    answers = load_dataset(folder, "answers", split="train", **options)
    assert list(answers) == contents.answer_map.to_pylist()
    if which == "ja":
        rejected = load_dataset(folder, "rejected", **options)
        assert list(rejected["train"]) == contents.rejected["train"].to_pylist()


def test_test_rows_without_answers_stay_without(ja: ReleaseContents, tmp_path: Path) -> None:
    from datasets import load_dataset

    folder = str(copy_of(ja, tmp_path))
    (row,) = load_dataset(folder, split="test", cache_dir=str(tmp_path / "cache"))
    names = ("answers", "labels", "soft_scores", "multiple_choice_answer")
    assert [row[name] for name in names] == [None] * 4


def test_the_cache_and_the_settings_of_the_user_stay_as_they_were(
    ja: ReleaseContents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datasets

    cache = tmp_path / "cache"
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", cache)
    bars, level = datasets.are_progress_bars_disabled(), datasets.logging.get_verbosity()
    assert verify(copy_of(ja, tmp_path)).ok
    assert not cache.exists()
    assert (datasets.are_progress_bars_disabled(), datasets.logging.get_verbosity()) == (bars, level)


def test_the_network_is_not_asked(
    ja: ReleaseContents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    import datasets

    def connect(*_: object) -> None:
        raise AssertionError("somebody asked the network")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    assert _failed(verify(copy_of(ja, tmp_path))) == {}


def test_a_release_without_a_vocabulary_has_no_config_of_answers(ja: ReleaseContents, tmp_path: Path) -> None:
    def unlabelled(table: pa.Table) -> pa.Table:
        for name in ("labels", "soft_scores"):
            empty = pa.array(
                [None if one is None else [] for one in table[name].to_pylist()], table[name].type
            )
            table = table.set_column(table.schema.get_field_index(name), name, empty)
        return table

    contents = dataclasses.replace(
        ja,
        data={split: unlabelled(table) for split, table in ja.data.items()},
        rejected={split: unlabelled(table) for split, table in ja.rejected.items()},
        answer_map=ja.answer_map.slice(0, 0),
    )
    folder = write_release(contents, tmp_path)
    assert not (folder / "answers").exists()
    assert _failed(verify(folder)) == {}


def test_without_reload_datasets_is_not_asked(ja: ReleaseContents, tmp_path: Path) -> None:
    report = verify(copy_of(ja, tmp_path), reload=False)
    assert report.ok
    assert "reload" not in {check.name for check in report.checks}


# Damage to files


def test_a_flipped_byte_is_found(ja: ReleaseContents, tmp_path: Path) -> None:
    folder = copy_of(ja, tmp_path)
    content = bytearray((folder / TRAIN).read_bytes())
    content[len(content) // 3] ^= 0xFF
    (folder / TRAIN).write_bytes(content)
    failed = _failed(verify(folder))
    assert f"{TRAIN}: sha256 expected" in failed["files"]


@pytest.mark.skipif(os.name == "nt", reason="pipes in folders")
@pytest.mark.parametrize("name", [TRAIN, "answers/answer_map.parquet", "README.md", "more.md"])
@pytest.mark.parametrize("kind", ["pipe", "device", "broken link"])
def test_what_never_ends_is_not_read(ja: ReleaseContents, tmp_path: Path, name: str, kind: str) -> None:
    path = copy_of(ja, tmp_path) / name
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else "nothing")
    failed = _failed(verify(tmp_path / ja.name, reload=False))
    assert f"{name}: " in failed["files"]


@pytest.mark.parametrize("name", ["../secret.csv", "http://127.0.0.1:9/rows.csv"])
def test_no_file_elsewhere_is_loaded_because_a_card_names_it(
    ja: ReleaseContents, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("an address was asked"))
    (tmp_path / "secret.csv").write_text("question\nThe secret of this machine?\n")
    card = copy_of(ja, tmp_path) / "README.md"
    card.write_text(card.read_text(encoding="utf-8").replace("data/train-*", name), encoding="utf-8")
    failed = _failed(verify(tmp_path / ja.name))
    assert "files that lie elsewhere" in failed["reload"] and "The secret" not in str(failed)


def test_a_protected_span_that_an_engine_lost_is_found_and_one_that_people_left_out_is_not(
    ja: ReleaseContents, tmp_path: Path
) -> None:
    facts = {**ja.facts, "spec": {**ja.facts["spec"], "translate": {"protect": ["quotes"]}}}
    folder = write_release(dataclasses.replace(ja, facts=facts), tmp_path)
    assert verify(folder, reload=False).ok
    _rows(folder, "data/train", _set(1, question_en='What does "EXIT" mean?'))
    fault = "a protected span of the English question is lost: 1 of 3 rows, first question_id 228478001"
    assert fault in _failed(verify(folder, reload=False))["spans"]
    _rows(folder, "data/train", _set(1, engine="phrasebook|sha:1"))
    assert fault in _failed(verify(folder, reload=False))["spans"]
    for person in ("human", "import:dictionary"):
        _rows(folder, "data/train", _set(1, engine=person))
        assert "spans" not in _failed(verify(folder, reload=False))


@pytest.mark.parametrize("name", [TRAIN, "answers/answer_map.parquet", "README.md"])
@pytest.mark.parametrize("rest", [0, 100])
def test_a_truncated_file_is_found_and_nothing_is_raised(
    ja: ReleaseContents, tmp_path: Path, name: str, rest: int
) -> None:
    folder = copy_of(ja, tmp_path)
    (folder / name).write_bytes((folder / name).read_bytes()[:rest])
    failed = _failed(verify(folder))
    assert f"{name}: bytes expected" in failed["files"]
    assert ("readable" in failed) == name.endswith(".parquet")


@pytest.mark.parametrize("name", [TRAIN, "answers/answer_map.parquet", "README.md", "build.yaml"])
def test_a_missing_file_is_found(ja: ReleaseContents, tmp_path: Path, name: str) -> None:
    folder = copy_of(ja, tmp_path)
    (folder / name).unlink()
    assert f"{name}: listed in the manifest" in _failed(verify(folder))["files"]


@pytest.mark.parametrize("name", ["notes.txt", "data/train-00001-of-00002.parquet"])
def test_an_extra_file_is_found(ja: ReleaseContents, tmp_path: Path, name: str) -> None:
    folder = copy_of(ja, tmp_path)
    (folder / name).write_bytes(b"x")
    assert f"{name}: in the folder, not listed" in _failed(verify(folder))["files"]


@pytest.mark.parametrize(
    ("path", "value", "check"),
    [
        (["engines", 0, "licence"], "MIT", "manifest"),
        (["counts", "kept", "train"], 2, "counts"),
        (["counts", "source", "train"], 9, "counts"),
        (["tables", "data/train", "rows"], 4, "content"),
        (["tables", "data/train", "content_hash"], "00", "content"),
        (["files", TRAIN, "sha256"], "00", "files"),
        (["tables", "data/dev"], {"rows": 1, "bytes": 1, "content_hash": ""}, "readable"),
        (["tables", "data/train"], None, "manifest"),
        (["tables", "../secrets"], {"rows": 1, "bytes": 1, "content_hash": ""}, "manifest"),
        (["files", TRAIN], None, "manifest"),
        (["counts", "kept"], None, "manifest"),
        (["counts", "bad_records"], "none", "manifest"),
    ],
)
def test_an_edited_manifest_is_found(
    ja: ReleaseContents, tmp_path: Path, path: list[str | int], value: object, check: str
) -> None:
    folder = copy_of(ja, tmp_path)
    content = json.loads((folder / manifest.FILE).read_bytes())
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    (folder / manifest.FILE).write_text(json.dumps(content), encoding="utf-8")
    failed = _failed(verify(folder, reload=False))
    assert {"manifest", check} <= set(failed)


def test_a_release_whose_manifest_is_gone_fails(ja: ReleaseContents, tmp_path: Path) -> None:
    folder = copy_of(ja, tmp_path)
    (folder / manifest.FILE).write_bytes(b"{")
    assert set(_failed(verify(folder))) == {"manifest"}
    (folder / manifest.FILE).unlink()
    assert "no release" in _failed(verify(folder))["manifest"]


def test_no_folder_and_another_format_are_wrong_usage(ja: ReleaseContents, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="no such folder"):
        verify(tmp_path / "vqa-ja")
    folder = copy_of(ja, tmp_path)
    (folder / manifest.FILE).write_text('{"format": 99}', encoding="utf-8")
    with pytest.raises(ReleaseError, match="does not read"):
        verify(folder)


# Wrong rows, in files that are as recorded


SAID = {"answer": "2", "answer_en": "two", "answer_confidence": "yes", "answer_id": 1}


def _set(row: int, **values: object) -> Callable[[list[dict[str, Any]]], None]:
    return lambda rows: rows[row].update(values)


@pytest.mark.parametrize(
    ("key", "change", "check", "message"),
    [
        ("data/train", _set(0, labels=[99]), "answers", "a label outside the answer map: 1 of 3 rows, first"),
        ("data/train", _set(0, labels=[0, 1]), "answers", "differ in length"),
        ("data/train", _set(0, labels=None), "answers", "differ in length"),
        ("data/train", _set(0, soft_scores=[1.5]), "answers", "outside 0 to 1"),
        ("data/train", _set(0, answers=[]), "answers", "an empty list of answers"),
        ("data/test", _set(0, labels=[0], soft_scores=[1.0]), "answers", "null expected in labels"),
        ("data/test", _set(0, multiple_choice_answer="はい"), "answers", "in multiple_choice_answer"),
        ("data/train", _set(0, labels=[1]), "soft_scores", "labels that do not follow from the answers: 1"),
        ("data/train", _set(2, soft_scores=[1.0, 0.6]), "soft_scores", "first question_id 1117560050"),
        ("data/train", _set(1, labels=[], soft_scores=[]), "labels", "vocabulary without its label: 1 of 3"),
        ("data/train", _set(1, soft_scores=[0.3]), "labels", "a soft score below what the answers make it"),
        ("data/train", _set(1, answers=[{**SAID, "method": None}]), "methods", "an answer without a method"),
        (
            "data/train",
            _set(1, answers=[{**SAID, "method": "copied:sign"}]),
            "methods",
            "verbatim and is not",
        ),
        ("data/train", _set(1, question=None), "text", "no text in question"),
        ("data/train", _set(1, question=" \u3000"), "text", "no text in question"),
        ("data/train", _set(1, question="何\x07色"), "text", "a control character in question"),
        ("data/train", _set(0, question_id=228478001), "ids", "id 228478001 is not unique"),
        ("data/train", _set(0, question_id=None), "ids", "rows without an id: 1"),
        ("rejected/train", _set(0, question_id=228478001), "ids", "rejected/train: id 228478001"),
        ("rejected/train", _set(0, reasons=[]), "reasons", "rejected without a reason"),
        ("data/train", list.pop, "counts", "3 kept in the counts, 2 rows in the table"),
        ("data/train", list.pop, "ids", "expected 7 ids, found 6"),
        ("data/train", list.pop, "reload", "default: load_dataset failed"),
    ],
)
def test_a_wrong_row_is_found(
    ja: ReleaseContents, tmp_path: Path, key: str, change: Callable[..., Any], check: str, message: str
) -> None:
    folder = copy_of(ja, tmp_path)
    _rows(folder, key, change)
    failed = _failed(verify(folder, reload=check == "reload"))
    assert message in failed[check]
    assert "manifest" not in failed and "files" not in failed


@pytest.mark.parametrize(
    ("key", "change", "check", "message"),
    [
        ("data/train", _set(0, question="Is the man here?"), "script", "no letter of Japanese: 1 of 3 rows"),
        ("data/train", _set(0, question="男性は\ufffdですか？"), "script", "U+FFFD"),
        (
            "data/validation",
            _set(0, image_id=228478),
            "leak",
            "1 of the 2 images of validation stand in train, too",
        ),
    ],
)
def test_what_users_should_know_is_a_warning(
    ja: ReleaseContents, tmp_path: Path, key: str, change: Callable[..., Any], check: str, message: str
) -> None:
    folder = copy_of(ja, tmp_path)
    _rows(folder, key, change)
    report = verify(folder, reload=False)
    assert report.ok
    (warned,) = [one for one in report.checks if one.warning]
    assert (warned.name, warned.mark) == (check, "warn")
    assert message in warned.detail


def test_the_column_that_was_changed_is_named(ja: ReleaseContents, tmp_path: Path) -> None:
    folder = copy_of(ja, tmp_path)
    _rows(folder, "data/train", lambda rows: None)
    content = dict(manifest.load_manifest(folder).content)
    content["tables"]["data/train"]["content_hash"] = "00"
    content["tables"]["data/train"]["columns"]["engine"] = "00"
    manifest.save(folder, content)
    assert _failed(verify(folder, reload=False))["content"].endswith(", in engine")


def test_a_label_that_left_the_answer_map_is_found(ja: ReleaseContents, tmp_path: Path) -> None:
    folder = copy_of(ja, tmp_path)
    _rows(folder, "answers/answer_map", lambda rows: rows.pop(0))
    assert "a label outside the answer map" in _failed(verify(folder, reload=False))["answers"]


def test_bytes_that_are_no_utf8_are_found(ja: ReleaseContents, tmp_path: Path) -> None:
    folder = copy_of(ja, tmp_path)
    table = read_table(folder, "data/test")
    broken = pa.array([b"\xff\xfe"], pa.binary()).view(pa.string())
    place = table.schema.get_field_index("question")
    _replace(folder, "data/test", table.set_column(place, "question", broken))
    assert "UTF8" in _failed(verify(folder, reload=False))["text"]


def test_another_schema_is_found(ja: ReleaseContents, tmp_path: Path) -> None:
    folder = copy_of(ja, tmp_path)
    table = read_table(folder, "data/test")
    _replace(folder, "data/test", table.drop_columns(["alignment"]))
    failed = _failed(verify(folder))
    assert "data/test: expected alignment: list<" in failed["schema"]
    assert "reload" in failed


def test_a_card_that_promises_other_columns_is_found(ja: ReleaseContents, tmp_path: Path) -> None:
    folder = copy_of(ja, tmp_path)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    changed = readme.replace("  - name: labels\n    list: int32", "  - name: labels\n    list: string", 1)
    (folder / "README.md").write_text(changed, encoding="utf-8")
    manifest.save(folder, manifest.load_manifest(folder).content)
    assert "content hash" in _failed(verify(folder))["reload"]


def test_only_the_first_faults_are_shown(ja: ReleaseContents, tmp_path: Path) -> None:
    folder = copy_of(ja, tmp_path)
    for place in range(9):
        (folder / f"{place}.txt").write_bytes(b"x")
    detail = _failed(verify(folder, reload=False))["files"]
    assert detail.endswith("and 4 more")


def test_several_splits_with_one_id_are_found(ja: ReleaseContents, tmp_path: Path) -> None:
    doubled = {**ja.data, "test": ja.data["train"].slice(0, 1)}
    folder = write_release(dataclasses.replace(ja, data=doubled), tmp_path)
    detail = _failed(verify(folder, reload=False))["ids"]
    assert "data/train: id 228478000" in detail and "data/test: id 228478000" in detail
