"""Strings from data and spec that mean something to Markdown, HTML, YAML, JSON-LD, BibTeX or a terminal.

Each stands in every place that data or a spec can fill, and every output is parsed: it must have the shape
that it has with a plain word there.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import logging
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from markdown_it import MarkdownIt
from typer.testing import CliRunner

from tests.release.conftest import make_ja
from vqa_builder.cli import app
from vqa_builder.errors import ReleaseError
from vqa_builder.release import card, croissant, manifest, metadata
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.diff import compare, pages
from vqa_builder.release.diff.compare import ReleaseDiff
from vqa_builder.release.write import write_release

NASTY = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "a | b | c",
    "\\| \\",
    "`` ` ``` ````",
    "\n```\n# heading\n```\n",
    "\n---\nlicense: mit\n---\n",
    "---",
    "![p](https://example.org/p.png)",
    "[x](javascript:alert(1))",
    "<https://example.org>",
    "{{ 7 * 7 }}{% raw %}",
    "# heading",
    "> quote",
    "1. item",
    "\x1b[2J\x1b]0;title\x07",
    "\x9b31m",
    "\u202egnp.exe",
    '=HYPERLINK("http://example.org")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "}, note = {x",
    "%s %(x)s {0}",
    "&lt;b&gt; &#60;",
    "'\"",
    "null",
    "off",
    "犬｜猫＜b＞",
    "क्या\u2028यह",
]
FORMULAS = tuple("=+-@\t\r＝＋－＠")
CONTROLS = {chr(code) for code in [*range(9), *range(11, 32), *range(127, 160), 0x202E, 0x2066]}


def _with(contents: ReleaseContents, nasty: str) -> ReleaseContents:
    """Contents with the string wherever data or a spec can put one."""

    def row(found: dict[str, Any]) -> dict[str, Any]:
        texts = ("question", "question_en", "question_back", "question_type", "answer_type", "engine")
        found |= {name: f"{nasty}{found[name]}" for name in texts}
        if found["answers"]:
            found["answers"] = [{**one, "answer": nasty, "answer_en": nasty} for one in found["answers"]]
            found |= {"multiple_choice_answer": nasty, "multiple_choice_answer_en": nasty}
        return found if "reasons" not in found else {**found, "reasons": [nasty, "copy"]}

    def table(found: pa.Table) -> pa.Table:
        return pa.Table.from_pylist([row(one) for one in found.to_pylist()], found.schema)

    facts = contents.facts
    stated = {
        "licence": nasty,
        "licence_url": nasty,
        "authors": [nasty],
        "date": "2026-01-31",
        "sources": [{"name": nasty, "licence": nasty, "url": nasty}],
        "inputs": [{"path": nasty, "bytes": 1, "sha256": "ab" * 32}],
        "engines": [{"name": nasty, "signature": nasty, "licence": nasty}],
        "signatures": {"engine": [nasty], "scorers": {nasty: nasty}, "policy": nasty},
        "source": {"type": "hub", "version": "1", "fingerprint": [f"org/{nasty}@0123"]},
        "policy": {nasty: {"min": 1}, "chrf": "reject"},
        "counts": {
            **facts["counts"],
            "engines": {nasty: 3, "mini": 4},
            "judged": {nasty: 3, "chrf": 0},
            "overruled": {nasty: 2},
            "answer_types": {nasty: {"source": 9, "kept": 3}, "other": {"source": 1, "kept": 1}},
        },
    }
    return dataclasses.replace(
        contents,
        data={split: table(found) for split, found in contents.data.items()},
        rejected={split: table(found) for split, found in contents.rejected.items()},
        facts={**facts, **stated},
    )


def _is_number(cell: str) -> bool:
    try:
        return float(cell) == float(cell)
    except ValueError:
        return False


def _body(text: str) -> str:
    return text.split("\n---\n", 1)[1]


def _shape(text: str) -> list[str]:
    """The tokens of Markdown, with what text becomes left out."""
    found = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(_body(text)):
        found.append(token.type)
        found += [one.type for one in token.children or [] if one.type not in ("text", "code_inline")]
    return found


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))


def _shapes(folder: Path, found: ReleaseDiff) -> dict[str, Any]:
    """The shape of every page of a release, and of its diff to another one."""
    sheet, page = folder.parent / "sheet.csv", folder.parent / "sheet.html"
    review = ["review", "export", str(folder), "--out", str(sheet), "--html", str(page), "--rows", "9"]
    done = CliRunner().invoke(app, review)
    assert done.exit_code == 0, done.output
    rows = list(csv.reader(io.StringIO(sheet.read_text(encoding="utf-8-sig"), newline="")))
    assert not any(cell.startswith(FORMULAS) for row in rows for cell in row if not _is_number(cell))
    return {
        "sheet.csv": [len(row) for row in rows],
        "sheet.html": _Tags(page.read_text(encoding="utf-8")).found,
        card.FILE: _shape((folder / card.FILE).read_text(encoding="utf-8")),
        "report.html": _Tags((folder / "report.html").read_text(encoding="utf-8")).found,
        "diff.html": _Tags(pages.html(found)).found,
        "diff.md": _shape(f"\n---\n{pages.markdown(found)}"),
    }


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A release, and the shapes of one with a plain word in all places."""
    folder = tmp_path_factory.mktemp("plain")
    ja = make_ja()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest, "__version__", "1.2.3")
        before = write_release(ja, folder / "before")
        after = write_release(_with(ja, "text"), folder)
        return before, _shapes(after, compare.diff(before, after))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
def test_every_output_keeps_its_shape(
    nasty: str,
    ja: ReleaseContents,
    plain: tuple[Path, dict[str, Any]],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, shapes = plain
    contents = _with(ja, nasty)
    folder = write_release(contents, tmp_path)
    found = compare.diff(before, folder)
    monkeypatch.setattr(compare, "diff", lambda old, new: found)  # the commands would compare the same again
    texts = [path.read_text(encoding="utf-8") for path in [*folder.glob("*.html"), *tmp_path.glob("*.html")]]
    assert len(texts) == 1 and not set("".join([*texts, pages.html(found)])) & CONTROLS
    for name, shape in _shapes(folder, found).items():
        assert shape == shapes[name], name
    _card_is_read_back(folder, contents)
    _croissant_is_valid(folder, caplog)
    _nothing_commands_a_terminal(folder, before, nasty)


def _card_is_read_back(folder: Path, contents: ReleaseContents) -> None:
    text = (folder / card.FILE).read_text(encoding="utf-8")
    assert not set(_body(text)) & CONTROLS
    read = yaml.safe_load(text.split("\n---\n")[0])
    stated = metadata.front_matter(manifest.load_manifest(folder).content, card.schemas(contents))
    for key in ("license", "license_name", "license_link", "source_datasets", "pretty_name", "language"):
        assert read.get(key) == stated.get(key)


def _croissant_is_valid(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    with caplog.at_level(logging.WARNING):
        found = mlcroissant.Dataset(jsonld=str(folder / croissant.FILE))
    assert caplog.text == ""
    assert found.metadata.name == "vqa-ja"
    content = json.loads((folder / croissant.FILE).read_text(encoding="utf-8"))
    identities = [one["@id"] for one in content["prov:wasDerivedFrom"]]
    assert not any(set(one) & set(' "<>\\^`{|}\n') for one in identities)


def _nothing_commands_a_terminal(folder: Path, before: Path, nasty: str) -> None:
    run = CliRunner()
    for command in (["diff", str(before), str(folder)], ["verify", "--no-reload", str(folder)]):
        for form in ([], ["--json"]):
            printed = run.invoke(app, [*command, *form]).stdout
            assert printed
            assert not set(printed) & CONTROLS
    assert not set(str(ReleaseError("Wrong", found=nasty, where=nasty))) & CONTROLS
