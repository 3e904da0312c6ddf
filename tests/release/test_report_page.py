"""report.html: whole, self-contained, the same for the same release, and vouched for by the manifest."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny import write_vqa
from vqa_builder import build, load_spec, verify
from vqa_builder.errors import ReleaseError
from vqa_builder.release.report_page import write_report


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built release with its report."""
    folder = tmp_path_factory.mktemp("report")
    build(load_spec(write_vqa(folder / "source")), folder / "out", languages=["ja"], workers=1)
    write_report(folder / "out" / "tiny-ja")
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


def test_the_same_release_gives_the_same_bytes(out: Path) -> None:
    path = out / "out" / "tiny-ja" / "report.html"
    before = path.read_bytes()
    assert write_report(path.parent).read_bytes() == before


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
