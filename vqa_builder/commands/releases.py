"""What is done with a finished release: verify, report, diff, publish and export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from vqa_builder.commands.options import Images, Json, print_json, say


def verify(
    release: Annotated[Path, typer.Argument(help="The release's folder.")],
    reload: Annotated[bool, typer.Option(help="Load every config through datasets, too.")] = True,
    as_json: Json = False,
) -> None:
    """Prove a release: checksums, schema, counts, ids, labels, content hashes, reload by load_dataset."""
    from vqa_builder import verify

    report = verify(release, reload=reload)
    if as_json:
        print_json(report.to_json())
    else:
        for check in report.checks:
            say(f"{check.mark:<4}  {check.name}: {check.detail}")
    if not report.ok:
        raise typer.Exit(1)


def report(
    release: Annotated[Path, typer.Argument(help="The release's folder.")],
    images: Images = None,
) -> None:
    """Write report.html into a release: counts, reasons, scores with movable thresholds, rows to read."""
    from vqa_builder.release.write import write_report

    say(write_report(release, images))


def diff(
    old: Annotated[str, typer.Argument(help="A release's folder, or org/name@revision on the hub.")],
    new: Annotated[str, typer.Argument(help="Another one.")],
    as_json: Json = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page, too.")] = None,
    changelog: Annotated[
        Path | None, typer.Option("--changelog", help="Add an entry to this Markdown file.")
    ] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with 1 if anything differs.")] = False,
) -> None:
    """Compare two releases: rows, texts, verdicts, labels, scores, engines; propose the next version."""
    from vqa_builder.release.diff import pages
    from vqa_builder.release.diff.compare import diff
    from vqa_builder.release.opening import open_release
    from vqa_builder.store import write_text

    found = diff(open_release(old).folder, open_release(new).folder)
    if html:
        write_text(html, pages.html(found))
    if changelog and not found.is_empty:
        pages.add_to_changelog(changelog, found)
    if as_json:
        print_json(found.to_json())
    else:
        for line in pages.text_lines(found):
            say(line)
    if exit_code and not found.is_empty:
        raise typer.Exit(1)


def publish(
    releases: Annotated[list[Path] | None, typer.Argument(metavar="RELEASE", help="Folders.")] = None,
    repo: Annotated[
        str | None, typer.Option("--repo", help="org/name, may hold {language}; as the release says.")
    ] = None,
    create_pr: Annotated[bool, typer.Option("--create-pr", help="Open a pull request.")] = False,
    tag: Annotated[str | None, typer.Option("--tag", help="Name the commit, such as v1.0.")] = None,
    private: Annotated[bool | None, typer.Option("--private/--public", help="Who may see it.")] = None,
    gated: Annotated[str | None, typer.Option(metavar="auto|manual", help="Let people ask first.")] = None,
    revision: Annotated[str, typer.Option(help="The branch.")] = "main",
    as_configs: Annotated[
        bool, typer.Option("--as-configs", help="Languages as configs of one repository.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change; write nothing.")] = False,
    reload: Annotated[bool, typer.Option(help="Load the pushed revision back and compare.")] = True,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Restore the files of the commit before, instead.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Push releases to the hub, one commit each, and load them back; only changed files travel."""
    from vqa_builder import progress
    from vqa_builder.release.hub import publish as pushing

    options: dict[str, Any] = {"revision": revision, "dry_run": dry_run, "progress": progress.for_terminal()}
    if rollback:
        done = [pushing.rollback(name, **options) for name in pushing.repositories(releases or [], repo)]
    else:
        options |= {"create_pr": create_pr, "tag": tag, "private": private, "gated": _gated(gated)}
        options |= {"as_config": as_configs, "reload": reload}
        done = [pushing.publish(folder, repo, **options) for folder in _some(releases)]
    if as_json:
        print_json([one.to_json() for one in done])
        return
    for one in done:
        for line in one.lines():
            say(line)


def export(
    releases: Annotated[
        list[Path], typer.Argument(metavar="RELEASE...", help="Folders, one per language, of one source.")
    ],
    out: Annotated[Path, typer.Option("--out", help="A folder that is not there yet.")],
    file_format: Annotated[str, typer.Option("--format", metavar="cvil")] = "cvil",
    tags: Annotated[
        Path | None, typer.Option("--tags", help='Object tags: JSON like {"42": ["dog", "grass"]}.')
    ] = None,
) -> None:
    """Write releases as the files of another tool: the trainer of cViL, which reads word alignments."""
    from vqa_builder.release.export_cvil import export_cvil

    if file_format != "cvil":
        raise typer.BadParameter(f"{file_format!r} is not known; there is cvil", param_hint="--format")
    done = export_cvil(releases, out, tags)
    for split, rows in done.rows.items():
        missing = done.left_out[split]
        say(f"{done.folder}: {split}: {rows:,} questions, {missing:,} not kept by all releases")


def _gated(how: str | None) -> str | None:
    if how in (None, "auto", "manual"):
        return how
    raise typer.BadParameter(f"{how!r} is neither auto nor manual", param_hint="--gated")


def _some(releases: list[Path] | None) -> list[Path]:
    if releases:
        return releases
    raise typer.BadParameter("give the folder of a release", param_hint="RELEASE")
