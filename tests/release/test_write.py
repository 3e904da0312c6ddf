"""A release is written whole or not at all, repeats byte for byte, and replaces nothing but a release."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.command import run
from tests.tiny import write_vqa
from vqa_builder import build, load_spec, verify
from vqa_builder.errors import ReleaseError, StorageError
from vqa_builder.release import card, manifest
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.write import is_current, write_release, write_report
from vqa_builder.store import file_hash


def _hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): file_hash(path) for path in folder.rglob("*") if path.is_file()
    }


def _with_counts(contents: ReleaseContents, **counts: Any) -> ReleaseContents:
    facts = {**contents.facts, "counts": {**contents.facts["counts"], **counts}}
    return dataclasses.replace(contents, facts=facts)


def test_the_folder_holds_what_the_design_says(ja: ReleaseContents, tmp_path: Path) -> None:
    folder = write_release(ja, tmp_path / "out")
    assert folder == tmp_path / "out" / "vqa-ja"
    assert sorted(_hashes(folder)) == [
        "README.md",
        "answers/answer_map.parquet",
        "build.yaml",
        "croissant.json",
        "data/test-00000-of-00001.parquet",
        "data/train-00000-of-00001.parquet",
        "data/validation-00000-of-00001.parquet",
        "manifest.json",
        "rejected/train-00000-of-00001.parquet",
        "rejected/validation-00000-of-00001.parquet",
        "report.html",
    ]
    assert (folder / "build.yaml").read_text(encoding="utf-8") == ja.spec_yaml


def test_a_changelog_travels_with_the_release(ja: ReleaseContents, tmp_path: Path) -> None:
    text = "# Changes\n\n## 1.0.0\n\nFirst.\n"
    folder = write_release(dataclasses.replace(ja, changelog=text), tmp_path)
    assert (folder / "CHANGELOG.md").read_text(encoding="utf-8") == text
    assert "CHANGELOG.md" in manifest.load_manifest(folder).files


@pytest.mark.parametrize("which", ["ja", "hi"])
def test_the_same_contents_give_the_same_bytes(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    contents = request.getfixturevalue(which)
    chunked = {
        split: pa.concat_tables([table.slice(0, 1), table.slice(1)]) for split, table in contents.data.items()
    }
    first = _hashes(write_release(contents, tmp_path / "a"))
    assert first == _hashes(write_release(dataclasses.replace(contents, data=chunked), tmp_path / "b"))
    assert first == _hashes(write_release(contents, tmp_path / "a"))


@pytest.mark.parametrize(
    "counts",
    [
        {"source": {"train": 5, "validation": 2, "test": 1}},
        {"source": {"train": 5, "validation": 1, "test": 1}},
        {"source": {"train": 3, "validation": 2, "test": 1}},
        {"source": {"train": 4, "validation": 2}},
    ],
)
def test_lost_or_added_rows_stop_the_build(
    ja: ReleaseContents, tmp_path: Path, counts: dict[str, Any]
) -> None:
    with pytest.raises(ReleaseError, match="lost or added"):
        write_release(_with_counts(ja, **counts), tmp_path)
    assert not any(tmp_path.iterdir())


def test_another_schema_is_refused_with_the_column(ja: ReleaseContents, tmp_path: Path) -> None:
    train = ja.data["train"]
    labels = train["labels"].cast(pa.list_(pa.int64()))
    wrong = train.set_column(train.schema.get_field_index("labels"), "labels", labels)
    with pytest.raises(ReleaseError) as caught:
        write_release(dataclasses.replace(ja, data={**ja.data, "train": wrong}), tmp_path)
    assert "data/train" in caught.value.details["where"]
    assert caught.value.details["expected"] == "labels: list<int32>"
    assert caught.value.details["found"] == "labels: list<int64>"


def test_nothing_kept_is_no_release_and_the_reasons_are_given(ja: ReleaseContents, tmp_path: Path) -> None:
    counts = {"source": {"train": 1, "validation": 1}}
    with pytest.raises(ReleaseError, match="No question was kept") as caught:
        write_release(_with_counts(dataclasses.replace(ja, data={}), **counts), tmp_path)
    assert "chrf: 1, copy: 1, langid: 1" in caught.value.details["found"]


def test_a_failure_in_the_middle_leaves_the_old_release(
    ja: ReleaseContents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _hashes(write_release(ja, tmp_path))

    def fail(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(card, "render", fail)
    changed = dataclasses.replace(ja, spec_yaml="name: other\n")
    with pytest.raises(OSError, match="No space"):
        write_release(changed, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["vqa-ja"]
    assert _hashes(tmp_path / "vqa-ja") == before


def test_what_a_killed_build_left_is_removed(ja: ReleaseContents, tmp_path: Path) -> None:
    for name in (".vqa-ja.123.partial", ".vqa-ja.77.replaced", ".vqa-hi.123.partial"):
        (tmp_path / name / "data").mkdir(parents=True)
    write_release(ja, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".vqa-hi.123.partial", "vqa-ja"]


def test_a_release_that_a_killed_build_moved_aside_comes_back(
    ja: ReleaseContents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_release(ja, tmp_path)
    before = _hashes(folder)
    folder.rename(tmp_path / ".vqa-ja.77.replaced")
    monkeypatch.setattr(card, "render", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_release(ja, tmp_path)
    assert _hashes(folder) == before


@pytest.mark.parametrize("manifest_text", [None, "{}", '{"name": "my web app"}', "no json"])
def test_a_folder_that_is_no_release_is_not_replaced(
    ja: ReleaseContents, tmp_path: Path, manifest_text: str | None
) -> None:
    folder = tmp_path / "vqa-ja"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work", encoding="utf-8")
    if manifest_text is not None:
        (folder / manifest.FILE).write_text(manifest_text, encoding="utf-8")
    with pytest.raises(StorageError, match="not written by a build"):
        write_release(ja, tmp_path)
    assert (folder / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_files_that_people_put_into_a_release_are_not_lost(ja: ReleaseContents, tmp_path: Path) -> None:
    folder = write_release(ja, tmp_path)
    (folder / "notes").mkdir()
    (folder / "notes" / "review.md").write_text("row 3 is wrong", encoding="utf-8")
    with pytest.raises(StorageError) as caught:
        write_release(ja, tmp_path)
    assert caught.value.details["found"] == "notes/review.md"
    assert (folder / "notes" / "review.md").exists()


def test_an_empty_folder_may_be_in_the_way_and_a_file_may_not(
    ja: ReleaseContents, hi: ReleaseContents, tmp_path: Path
) -> None:
    (tmp_path / "vqa-ja").mkdir()
    assert (write_release(ja, tmp_path) / manifest.FILE).exists()
    (tmp_path / "vizwiz-hi").write_text("a file", encoding="utf-8")
    with pytest.raises(StorageError, match="A file is in the way"):
        write_release(hi, tmp_path)


def test_a_release_is_current_until_key_or_bytes_change(ja: ReleaseContents, tmp_path: Path) -> None:
    key = ja.facts["key"]
    assert not is_current(tmp_path / "vqa-ja", key)
    folder = write_release(ja, tmp_path)
    assert is_current(folder, key)
    assert not is_current(folder, "another key")
    _flip(folder / "data" / "train-00000-of-00001.parquet")
    assert not is_current(folder, key)
    write_release(ja, tmp_path)
    assert is_current(folder, key)
    (folder / "README.md").unlink()
    assert not is_current(folder, key)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    os.utime(path, (0, 0))


# The report, written again


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built release."""
    folder = tmp_path_factory.mktemp("report")
    build(load_spec(write_vqa(folder / "source")), folder / "out", languages=["ja"], workers=1)
    return folder


def test_the_page_loads_nothing_from_anywhere(out: Path) -> None:
    text = (out / "out" / "tiny-ja" / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r"""(?:src|href)=["'](?!#|data:)[^"']+["']""", text)
    assert "@import" not in text
    assert "url(http" not in text


def test_it_shows_the_rows_and_counts_of_the_release(out: Path) -> None:
    text = (out / "out" / "tiny-ja" / "report.html").read_text(encoding="utf-8")
    assert "tiny-ja" in text
    assert 'lang="ja"' in text or '"language":"ja"' in text.replace(": ", ":")
    assert "バスは何色ですか？" in text
    assert "What color is the bus?" in text


def test_the_command_writes_the_bytes_that_the_build_wrote(out: Path) -> None:
    release = out / "out" / "tiny-ja"
    before = (release / "report.html").read_bytes(), (release / "manifest.json").read_bytes()
    path = write_report(release)
    assert (path.read_bytes(), (release / "manifest.json").read_bytes()) == before


def test_two_builds_write_the_same_bytes(tiny: Path, tmp_path: Path) -> None:
    pages = []
    for name in ("one", "other"):
        (built,) = build(load_spec(tiny), tmp_path / name, languages=["ja"], workers=1)
        pages.append((built.folder / "report.html").read_bytes())
    assert pages[0] == pages[1]


def test_a_release_from_before_reports_gets_one(out: Path, tmp_path: Path) -> None:
    release = Path(shutil.copytree(out / "out" / "tiny-ja", tmp_path / "tiny-ja"))
    (release / "report.html").unlink()
    manifest.save(
        release, {k: v for k, v in manifest.load_manifest(release).content.items() if k != "checksum"}
    )
    assert verify(write_report(release).parent).ok


def test_verify_vouches_for_the_page(tiny: Path, tmp_path: Path) -> None:
    (release,) = build(load_spec(tiny), tmp_path / "out", languages=["hi"], workers=1)
    page = release.folder / "report.html"
    page.write_text(page.read_text(encoding="utf-8").replace("tiny-hi", "another"), encoding="utf-8")
    faults = [check.detail for check in verify(release.folder, reload=False).checks if not check.ok]
    assert len(faults) == 1 and faults[0].startswith("report.html: ")
    (again,) = build(load_spec(tiny), tmp_path / "out", languages=["hi"], workers=1)
    assert again.changed and verify(release.folder).ok


def test_the_release_stays_verified_and_unchanged(out: Path) -> None:
    assert verify(out / "out" / "tiny-ja").ok
    (again,) = build(load_spec(out / "source" / "build.yaml"), out / "out", languages=["ja"], workers=1)
    assert not again.changed


def test_a_damaged_release_gets_no_report(out: Path, tmp_path: Path) -> None:
    release = Path(shutil.copytree(out / "out" / "tiny-ja", tmp_path / "tiny-ja"))
    (release / "answers" / "answer_map.parquet").write_bytes(b"")
    with pytest.raises(ReleaseError, match="not what its manifest says"):
        write_report(release)


def test_the_command_names_the_page_or_what_is_wrong(
    out: Path,
) -> None:
    done = run("report", out / "out" / "tiny-ja")
    assert done.returncode == 0 and done.stdout.strip().endswith("report.html")
    wrong = run("report", out / "nothing")
    assert wrong.returncode == 2 and "Traceback" not in wrong.stderr
