"""A certificate in a release: file, card and manifest say the same, and nothing that does not follow."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.release.conftest import make_ja
from vqa_builder.errors import ReleaseError
from vqa_builder.release import card, certificate, manifest
from vqa_builder.release.certificate import MOST_DRAWS, Certificate, record
from vqa_builder.release.verify import verify
from vqa_builder.release.write import is_current, write_release
from vqa_builder.review import certification, sheet, sheet_csv
from vqa_builder.review.certification import certify, draw


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    ja = make_ja()
    policy = {"rules": {}, "answers": {}, "missing": "reject"}
    contents = dataclasses.replace(ja, facts={"policy": policy, **ja.facts}, card_text="Of our own.")
    return write_release(contents, tmp_path_factory.mktemp("written"))


@pytest.fixture
def release(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to put certificates into, which need 400 draws instead of 20,000."""
    monkeypatch.setattr(certification, "MOST_DRAWS", 400)
    return Path(shutil.copytree(written, tmp_path / written.name))


def _certificate(release: Path, judged_by: str = "native speakers") -> Certificate:
    """All rows judged by two people; the first row drawn is wrong."""
    questions = sheet.questions_of(release)
    segments = questions.rows["segment_id"].to_pylist()
    first = segments[int(draw(questions).rows[0])]
    labels = {one: {"ann": one == first, "bob": one == first} for one in segments}
    return certify(questions, labels, judged_by=judged_by)


def _fault(release: Path) -> str | None:
    checks = {check.name: check for check in verify(release, reload=False).checks}
    others = [check.detail for name, check in checks.items() if name != "certificate" and not check.ok]
    assert others == []
    return None if checks["certificate"].ok else checks["certificate"].detail


def test_it_stands_in_file_card_and_manifest(release: Path) -> None:
    before = manifest.load_manifest(release)
    page = (release / card.FILE).read_text()
    assert "certificate" not in {check.name for check in verify(release, reload=False).checks}
    found = _certificate(release)
    assert record(release, found) == release / certificate.FILE
    stated = manifest.load_manifest(release)
    assert stated.files[certificate.FILE] == manifest.file_facts(release / certificate.FILE)
    assert stated.content["certificate"]["high"] == found.high
    told = card.certified(found.stated())
    assert (release / card.FILE).read_text().replace(f"{told}\n\n", "", 1) == page
    assert "judgements by 2 judges: native speakers" in told
    assert stated.tables == before.tables and is_current(release, before.key)
    assert verify(release).ok


def test_a_manifest_that_lacks_what_a_card_states_is_told_and_nothing_changed(release: Path) -> None:
    content = dict(manifest.load_manifest(release).content)
    del content["engines"]
    manifest.save(release, content)
    before = manifest.list_files(release)
    with pytest.raises(ReleaseError, match=r"(?s)lacks what a card states.*manifest\.json.*engines"):
        record(release, _certificate(release))
    assert manifest.list_files(release) == before


def test_the_command_puts_it_into_the_release(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vqa_builder.cli import app

    monkeypatch.setattr(certification, "MOST_DRAWS", MOST_DRAWS)
    monkeypatch.chdir(tmp_path)
    command = ["review", "certify", str(release), "--judged-by", "native speakers"]
    assert CliRunner().invoke(app, command).exit_code == 0
    assert isinstance(CliRunner().invoke(app, [*command, "--into-release"]).exception, ReleaseError)
    assert not (release / certificate.FILE).exists()
    lines = sheet_csv.read(Path("certify.csv"))
    rows = [{**line.cells, "label": "good", "reviewer": "ann"} for line in lines]
    sheet_csv.write(Path("judged.csv"), list(rows[0]), rows)
    result = CliRunner().invoke(app, [*command, "--labels", "judged.csv", "--into-release"])
    assert result.exit_code == 0, result.output
    assert (release / certificate.FILE).read_bytes() == Path("certificate.json").read_bytes()
    assert _fault(release) is None


def test_a_newer_certificate_replaces_the_older(release: Path) -> None:
    record(release, _certificate(release))
    record(release, _certificate(release, "a language model"))
    page = (release / card.FILE).read_text()
    assert page.count("kept rows are wrong") == 1 and "a language model" in page
    assert _fault(release) is None


def test_who_judged_is_text(release: Path) -> None:
    record(release, _certificate(release, "<b>me</b>\n# Title | [x](http://example.org)"))
    page = (release / card.FILE).read_text()
    assert "<b>" not in page and "\n# Title" not in page and "[x](" not in page
    assert _fault(release) is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"high": 0.001}, "high expected"),
        ({"estimate": 0.0}, "estimate expected"),
        ({"wrong": ()}, "high expected"),
        ({"draws": 10}, "wrong: no draw of this kind"),
        ({"draws": 0}, "nothing was judged"),
        ({"rows": 6}, "rows expected 5, found 6"),
        ({"language": "hi"}, "language expected ja, found hi"),
        ({"version": "0"}, "version expected"),
        ({"tables": {"data/train": "0" * 64}}, "tables expected"),
    ],
)
def test_what_does_not_follow_is_refused_and_changes_nothing(
    release: Path, change: dict[str, Any], told: str
) -> None:
    before = manifest.list_files(release)
    wrong = dataclasses.replace(_certificate(release), **change)
    with pytest.raises(ReleaseError, match="does not hold") as raised:
        record(release, wrong)
    assert told in str(raised.value.details["found"])
    assert manifest.list_files(release) == before
    assert [path.name for path in release.parent.iterdir()] == [release.name]


def test_a_damaged_release_gets_none(release: Path) -> None:
    found = _certificate(release)
    (release / "notes.txt").write_text("x")
    with pytest.raises(ReleaseError, match="not what its manifest says"):
        record(release, found)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda content: content.update(high=0.01), "high expected"),
        (lambda content: content.update(tables={}), "tables expected"),
        (lambda content: content.update(judged_by="experts"), "the manifest states"),
        (lambda content: content.update(draws=10**12), "Expected `int` <= 20000"),
        (lambda content: content.update(confidence=1), "Expected `float` < 1"),
        (lambda content: content.pop("largest"), "missing required field `largest`"),
        (None, "certificate.json: "),
    ],
)
def test_verify_finds_what_was_changed_and_sealed_again(
    release: Path, damage: Callable[[dict[str, Any]], Any] | None, told: str
) -> None:
    path = record(release, _certificate(release))
    assert _fault(release) is None
    content = json.loads(path.read_text())
    if damage:
        damage(content)
    path.write_text(json.dumps(content) if damage else "no JSON")
    manifest.save(release, manifest.load_manifest(release).content)
    assert told in str(_fault(release))


def test_verify_finds_a_card_that_says_something_else_and_a_manifest_that_says_nothing(
    release: Path,
) -> None:
    record(release, _certificate(release))
    page = release / card.FILE
    text = page.read_text()
    page.write_text(text.replace("At most", "Certainly at most"))
    manifest.save(release, manifest.load_manifest(release).content)
    assert "README.md: expected the sentence" in str(_fault(release))
    page.write_text(text)
    content = dict(manifest.load_manifest(release).content)
    del content["certificate"]
    manifest.save(release, content)
    assert "found it in one of them" in str(_fault(release))
