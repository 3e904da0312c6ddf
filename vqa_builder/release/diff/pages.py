"""A diff for people: lines for the terminal, Markdown for pull requests and changelogs, an HTML page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vqa_builder import named_files
from vqa_builder.errors import StorageError
from vqa_builder.escaping import markdown as escaped, on_page
from vqa_builder.release.card import templates
from vqa_builder.release.diff.compare import Change, ReleaseDiff, changed_tables, described
from vqa_builder.release.manifest import Manifest
from vqa_builder.store import write_text

TEMPLATE = "diff_page.html.j2"
CHANGELOG = "CHANGELOG.md"
CHANGELOG_TITLE = "# Changes"
SHOWN_CHANGES = 20
WIDEST = 100
SECTIONS = {
    "schema": "Columns",
    "vocabulary": "Labels",
    "answers": "Answer map",
    "counts": "Counts",
    "drift": "Scores of the kept rows",
    "metadata": "How it was made",
}


def text_lines(found: ReleaseDiff) -> list[str]:
    """What the terminal shows: the verdict, the rows by kind with a few examples, then all other changes."""
    lines = [headline(found)]
    for group in found.rows:
        lines.append(f"{group.rows:>9,} rows  {group.kind}")
        lines += [f"           {_example(row)}" for row in group.examples[:2]]
    for name, title in SECTIONS.items():
        changes: tuple[Change, ...] = getattr(found, name)
        if changes:
            lines.append(f"{title}: {len(changes):,}")
            lines += [f"  {one.where}: {_arrow(one)}" for one in changes[:SHOWN_CHANGES]]
            lines += _more(changes, "  ")
    return lines


def manifests_markdown(old: Manifest, new: Manifest) -> str:
    """What two manifests alone tell, for a commit or a pull request; no level, as no row is looked at."""
    tables = changed_tables(old, new)
    lines = [
        "Tables that changed, by their content hashes:",
        "",
        *(f"- {escaped(one)}" for one in tables),
    ]
    details = _sections(described(old, new))
    return "\n".join([*(lines if tables else ["No table changed."]), "", *details]).rstrip()


def markdown(found: ReleaseDiff, *, details: bool = True) -> str:
    """The text of a pull request, or an entry of a changelog without its heading.

    Args:
        found: the diff.
        details: list the changes of counts, scores and making, too.
    """
    lines = [headline(found), ""]
    if found.rows:
        lines += ["| rows | what changed | for example |", "|---:|---|---|"]
        for group in found.rows:
            example = _example(group.examples[0]) if group.examples else ""
            lines.append(f"| {group.rows:,} | {escaped(group.kind)} | {escaped(example)} |")
        lines.append("")
    lines += _sections(found) if details else []
    return "\n".join(lines).rstrip() + "\n"


def html(found: ReleaseDiff) -> str:
    """A page that needs no other file."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates()),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        finalize=on_page,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sections = [(title, getattr(found, name)) for name, title in SECTIONS.items() if getattr(found, name)]
    page: str = environment.get_template(TEMPLATE).render(
        diff=found, headline=headline(found), sections=sections, value=_value
    )
    return page


def headline(found: ReleaseDiff) -> str:
    """One line: which releases, how large the change, which version."""
    names = list(dict.fromkeys([found.old["name"], found.new["name"]]))
    title = " and ".join(names)
    if found.is_empty:
        return f"{title}: the same content and the same description"
    because = "; ".join(found.because[:3]) + ("; ..." if len(found.because) > 3 else "")
    versions = f", version {found.proposed} proposed" if found.proposed else ""
    if found.proposed and found.version:
        versions += f", {found.version} stated"
    return f"{title}: a {found.level} change{versions}: {because}"


def add_to_changelog(path: Path, found: ReleaseDiff) -> None:
    """Put an entry for a diff at the top of a changelog, which is made if missing; no entry is added twice.

    The heading is the version that the new release states, or the one proposed, or the start of its key.

    Raises:
        StorageError: the file is there and is no changelog of this kind.
    """
    there = path.exists()
    text = named_files.read_text(path, "changelog", StorageError) if there else CHANGELOG_TITLE + "\n"
    if not text.startswith(CHANGELOG_TITLE):
        raise StorageError(
            "The file is no changelog of ours",
            where=path,
            expected=f"{CHANGELOG_TITLE!r} in its first line",
            remedy="add that line, or name another file",
        )
    entry = (
        f"## {found.version or found.proposed or found.new['key'][:12]}\n\n{markdown(found, details=False)}"
    )
    if entry not in text:
        rest = text.removeprefix(CHANGELOG_TITLE).lstrip("\n")
        write_text(path, f"{CHANGELOG_TITLE}\n\n{entry}" + (f"\n{rest}" if rest else ""))


def newest_entry(changelog: str) -> str:
    """The first entry of a changelog, without its heading; empty if there is none.

    >>> newest_entry("# Changes\\n\\n## 1.1.0\\n\\nBetter answers.\\n\\n## 1.0.0\\n\\nFirst.\\n")
    'Better answers.'
    """
    entries = changelog.split("\n## ")[1:]
    return entries[0].partition("\n")[2].strip() if entries else ""


def _sections(found: ReleaseDiff) -> list[str]:
    lines = []
    for name, title in SECTIONS.items():
        changes: tuple[Change, ...] = getattr(found, name)
        if changes:
            lines += [f"**{title}**", ""]
            lines += [f"- {escaped(one.where)}: {escaped(_arrow(one))}" for one in changes[:SHOWN_CHANGES]]
            lines += [*_more(changes, "- "), ""]
    return lines


def _example(row: dict[str, Any]) -> str:
    name = f"{row['split']} {row['question_id']}"
    return f"{name}: {_value(row['old'])} -> {_value(row['new'])}" if "old" in row else name


def _arrow(change: Change) -> str:
    return f"{_value(change.old)} -> {_value(change.new)}"


def _more(changes: tuple[Change, ...], before: str) -> list[str]:
    rest = len(changes) - SHOWN_CHANGES
    return [f"{before}and {rest:,} more"] if rest > 0 else []


def _value(value: Any) -> str:
    """A value in one short line."""
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= WIDEST else text[: WIDEST - 3] + "..."
