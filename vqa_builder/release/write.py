"""Write a release, whole or not at all, and tell whether one is still current."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from vqa_builder.batches import Batches
from vqa_builder.errors import ReleaseError, StorageError
from vqa_builder.pictures import picture_columns
from vqa_builder.release import card, croissant, human_verified, manifest
from vqa_builder.release.contents import ReleaseContents, check
from vqa_builder.release.parquet import ANSWER_MAP_KEY, open_table, write_file, write_table
from vqa_builder.release.record_view import is_records, view
from vqa_builder.release.row_pictures import shown_pictures
from vqa_builder.report import page
from vqa_builder.store import atomic_folder, json_lines, remove, write_json, write_text
from vqa_builder.translation.memory import Entry

SPEC_FILE = "build.yaml"
CHANGELOG_FILE = "CHANGELOG.md"
CARD_TEXT_FILE = "card.md"
IMAGE_PROBLEMS_FILE = "image_problems.jsonl"
REPEATED_ROWS_FILE = "repeated_rows.jsonl"
_LINES = 10_000
NAMED_FILES = 5


def write_release(contents: ReleaseContents, out: Path) -> Path:
    """Write one release in place of the older one of the same name.

    Args:
        contents: tables and facts.
        out: the folder that holds releases; made if missing.

    Returns:
        The release's folder, ``out / contents.name``.

    Raises:
        ReleaseError: the counts do not add up, a table is not as declared, or nothing was kept.
        StorageError: the folder in the way is not a release, or holds files that no build put there.

    >>> folder = write_release(contents, Path("out"))
    >>> sorted(path.name for path in folder.iterdir())[:4]
    ['README.md', 'answers', 'build.yaml', 'croissant.json']
    """
    check(contents)
    contents = contents.storable()
    with replacing(out / contents.name) as folder:
        _write_tables(contents, folder)
        contents = contents.written(folder)
        _write_lines(folder / IMAGE_PROBLEMS_FILE, contents.image_problems)
        for piece in contents.repeated_rows.to_batches(_LINES) if contents.repeated_rows is not None else ():
            _write_lines(folder / REPEATED_ROWS_FILE, piece.to_pylist())
        texts = Texts(contents.spec_yaml, contents.changelog, contents.card_text, contents.human_verified)
        described = manifest.describe(contents)
        shown = contents.picture_folder
        schemas, sample = card.schemas(contents), card.sample(contents)
        complete(folder, described, schemas, sample, texts, contents.tables, shown)
    return out / contents.name


def _write_lines(path: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Add records to a file, which is made for the first."""
    if records:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.writelines(json_lines(records))


class Texts(NamedTuple):
    """What travels with the tables: the spec, the changelog and the maintainers' part of the card."""

    spec_yaml: str
    changelog: str | None
    card_text: str | None
    human_verified: tuple[Entry, ...]


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A folder that takes the place of an older release once the block has ended well.

    Raises:
        StorageError: the folder in the way is not a release, or holds files that no build put there.
    """
    _restore_and_clean(target)
    refuse_foreign(target)
    with atomic_folder(target) as folder:
        yield folder


def complete(
    folder: Path,
    described: dict[str, Any],
    schemas: Mapping[str, pa.Schema],
    sample: list[dict[str, Any]],
    texts: Texts,
    tables: Mapping[str, pa.Table | Batches],
    pictures: Path | None = None,
) -> None:
    """Put beside the tables of a release all else that it holds, and last its manifest.

    Args:
        folder: holds the tables.
        described: the manifest, ``files`` still empty.
        schemas: config -> columns.
        sample: rows for the card.
        texts: what travels with the tables.
        tables: what the report shows.
        pictures: where pictures lie that the rows refer to.
    """
    write_text(folder / SPEC_FILE, texts.spec_yaml)
    for file, text in ((CHANGELOG_FILE, texts.changelog), (CARD_TEXT_FILE, texts.card_text)):
        if text is not None:
            write_text(folder / file, text)
    human_verified.write(folder, texts.human_verified)
    described["files"] = manifest.list_files(folder)
    write_text(folder / card.FILE, card.render(described, schemas, sample, texts.card_text))
    write_json(folder / croissant.FILE, croissant.render(described, schemas))
    write_text(folder / page.FILE, _report(folder, tables, described, pictures))
    manifest.save(folder, described)


def is_current(folder: Path, key: str) -> bool:
    """Whether a release was made from exactly these inputs and all its files are as they were written.

    Args:
        folder: where the release lies, if it does.
        key: the release step's key.
    """
    try:
        found = manifest.load_manifest(folder)
        return found.key == key and found.is_untouched and not _damaged(folder, found.files)
    except (ReleaseError, OSError):
        return False


def write_report(release: Path, pictures: Path | None = None) -> Path:
    """Write the report of a release again, as the build wrote it; a newer version may say more.

    Args:
        release: a folder that a build wrote.
        pictures: where pictures lie that the rows refer to by their files' names.

    Returns:
        The page, which loads nothing from anywhere; the same release gives the same bytes.

    Raises:
        ReleaseError: the folder is no release, or is no longer what its manifest says: a report would vouch
            for rows that nobody built.

    >>> write_report(Path("out/vqa-ja")).as_posix()
    'out/vqa-ja/report.html'
    """
    found = manifest.load_manifest(release)
    if not found.is_untouched or _others(manifest.list_files(release)) != _others(found.files):
        raise ReleaseError(
            "The release is not what its manifest says",
            where=release,
            remedy="vqa-builder verify names what differs; build it again",
        )
    records = is_records(found.content)
    tables = {
        key: view(release, found.content, key) if records else open_table(release, key)
        for key in found.tables
    }
    path = release / page.FILE
    write_text(path, _report(release, tables, found.content, pictures))
    manifest.save(release, found.content)
    return path


def _report(
    folder: Path, tables: Mapping[str, pa.Table], described: Mapping[str, Any], pictures: Path | None
) -> str:
    keys = [key for key in tables if key != ANSWER_MAP_KEY]
    return page.render(tables, described, pictures=shown_pictures(folder, keys, pictures))


def _damaged(folder: Path, files: dict[str, dict[str, Any]]) -> bool:
    sizes_differ = any((folder / name).stat().st_size != facts["bytes"] for name, facts in files.items())
    return sizes_differ or any(manifest.file_facts(folder / name) != facts for name, facts in files.items())


def _write_tables(contents: ReleaseContents, folder: Path) -> None:
    for key, table in contents.tables.items():
        if key == ANSWER_MAP_KEY:
            write_file(table, folder / f"{key}.parquet")
        else:
            held = contents.pictures if picture_columns(table.schema) else None
            write_table(table, folder / key.split("/")[0], key.split("/")[1], pictures=held)


def _restore_and_clean(target: Path) -> None:
    """Undo what a killed build left behind: give the old release its name back, drop the unfinished one."""
    replaced = list(target.parent.glob(f".{target.name}.*.replaced"))
    releases = [folder for folder in replaced if (folder / manifest.FILE).is_file()]
    if releases and not target.exists():
        releases[-1].replace(target)
    for leftover in [*replaced, *target.parent.glob(f".{target.name}.*.partial")]:
        remove(leftover)


def refuse_foreign(target: Path) -> None:
    """Protect what no build of ours has written.

    Raises:
        StorageError: the folder in the way is not a release, or holds files that no build put there.
    """
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    remedy = "move it away, or build into another folder with --out"
    if not target.is_dir():
        raise StorageError("A file is in the way of the release", where=target, remedy=remedy)
    try:
        listed = {manifest.FILE, *manifest.load_manifest(target).files}
    except ReleaseError as error:
        raise StorageError(
            "The folder in the way of the release was not written by a build",
            where=target,
            expected="a release with its manifest.json",
            found=error.problem,
            remedy=remedy,
        ) from error
    present = {path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir()}
    if foreign := sorted(present - listed):
        named = ", ".join(foreign[:NAMED_FILES]) + (", ..." if len(foreign) > NAMED_FILES else "")
        raise StorageError(
            "The release in the way holds files that no build has written",
            where=target,
            found=named,
            remedy=remedy,
        )


def _others(files: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    return {name: facts for name, facts in files.items() if name != page.FILE}
