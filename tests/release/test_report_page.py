"""report.html: whole, self-contained, the same for the same release, and vouched for by the manifest."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny import write_vqa
from vqa_builder import build, load_spec, verify
from vqa_builder.errors import ReleaseError
from vqa_builder.release import manifest
from vqa_builder.release.report_page import write_report


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


def test_a_release_from_before_reports_gets_one(tiny: Path, tmp_path: Path) -> None:
    (release,) = build(load_spec(tiny), tmp_path / "out", languages=["hi"], workers=1)
    (release.folder / "report.html").unlink()
    manifest.save(release.folder, {k: v for k, v in release.manifest.content.items() if k != "checksum"})
    assert verify(write_report(release.folder).parent).ok


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


def test_a_damaged_release_gets_no_report(tiny: Path, tmp_path: Path) -> None:
    (release,) = build(load_spec(tiny), tmp_path / "out", languages=["hi"], workers=1)
    (release.folder / "answers" / "answer_map.parquet").write_bytes(b"")
    with pytest.raises(ReleaseError, match="not what its manifest says"):
        write_report(release.folder)


def test_the_command_names_the_page_or_what_is_wrong(out: Path) -> None:
    command = [sys.executable, "-m", "vqa_builder", "report"]
    done = subprocess.run(
        [*command, str(out / "out" / "tiny-ja")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith("report.html")
    wrong = subprocess.run([*command, str(out / "nothing")], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr
