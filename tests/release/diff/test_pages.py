"""A diff as lines, Markdown, HTML and as an entry of a changelog."""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.release.conftest import changed, copy_of
from vqa_builder.errors import StorageError
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.diff import pages
from vqa_builder.release.diff.compare import ReleaseDiff, diff
from vqa_builder.release.write import write_release


class Tags(HTMLParser):
    """Every tag is closed in the order in which it was opened; the texts are collected."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, _: object) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


@pytest.fixture
def found(ja: ReleaseContents, tmp_path: Path) -> ReleaseDiff:
    old = dataclasses.replace(ja, facts={**ja.facts, "version": "1.0.0"})
    new = changed(old, 1117560050, "question", "彼の制服は<何色>ですか|？")
    new = dataclasses.replace(new, facts={**new.facts, "licence": None})
    return diff(write_release(old, tmp_path / "old"), write_release(new, tmp_path / "new"))


def test_the_terminal_sees_the_change_first(found: ReleaseDiff) -> None:
    lines = pages.text_lines(found)
    assert lines[0] == ("vqa-ja: a minor change, version 1.1.0 proposed, 1.0.0 stated: 1 row: question text")
    assert lines[1].split() == ["1", "rows", "question", "text"]
    assert lines[2].strip() == ("train 1117560050: 彼の制服は何色ですか？ -> 彼の制服は<何色>ですか|？")
    assert "  licence: CC-BY-4.0 -> nothing" in lines


def test_markdown_escapes_what_would_break_a_table(found: ReleaseDiff) -> None:
    text = pages.markdown(found)
    assert (
        r"| 1 | question text | train 1117560050: 彼の制服は何色ですか？ -> 彼の制服は&lt;何色>ですか\|？ |"
        in text
    )
    assert "**How it was made**" in text
    assert "How it was made" not in pages.markdown(found, details=False)


def test_the_page_is_whole_and_escaped(found: ReleaseDiff) -> None:
    parser = Tags()
    parser.feed(pages.html(found))
    assert parser.open == []
    assert "彼の制服は<何色>ですか|？" in parser.texts
    assert "How it was made" in parser.texts


def test_equal_releases_say_so(ja: ReleaseContents, tmp_path: Path) -> None:
    folder = copy_of(ja, tmp_path)
    same = diff(folder, folder)
    assert pages.text_lines(same) == ["vqa-ja: the same content and the same description"]
    assert pages.html(same).count("<h2>") == 0


def test_a_changelog_grows_at_the_top_and_takes_no_entry_twice(found: ReleaseDiff, tmp_path: Path) -> None:
    path = tmp_path / "CHANGELOG.md"
    path.write_text("# Changes\n\n## 0.9.0\n\nFirst.\n", encoding="utf-8")
    next_one = dataclasses.replace(found, version="1.1.0")
    pages.add_to_changelog(path, next_one)
    pages.add_to_changelog(path, next_one)
    text = path.read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# Changes",
        "## 1.1.0",
        "## 0.9.0",
    ]
    assert pages.newest_entry(text).startswith("vqa-ja: a minor change")
    assert text.endswith("First.\n")


def test_a_changelog_is_made_and_other_files_are_left_alone(found: ReleaseDiff, tmp_path: Path) -> None:
    pages.add_to_changelog(tmp_path / "new.md", found)
    assert (tmp_path / "new.md").read_text(encoding="utf-8").startswith("# Changes\n\n## 1.0.0\n\nvqa-ja: ")
    (tmp_path / "thesis.md").write_text("years of work", encoding="utf-8")
    with pytest.raises(StorageError, match="no changelog"):
        pages.add_to_changelog(tmp_path / "thesis.md", found)


def test_an_empty_changelog_has_no_entry() -> None:
    assert pages.newest_entry("# Changes\n") == ""
