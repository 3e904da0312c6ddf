"""The page report.html of a release that is there: drawn anew, and entered in the manifest."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from vqa_builder.errors import ReleaseError
from vqa_builder.release import manifest
from vqa_builder.release.parquet import read_table, table_schema
from vqa_builder.report import page
from vqa_builder.store import write_text


def write_report(release: Path) -> Path:
    """Write the report of a release again, as the build wrote it; a newer version may say more.

    Args:
        release: a folder that a build wrote.

    Returns:
        The page, which loads nothing from anywhere; the same release gives the same bytes.

    Raises:
        ReleaseError: the folder is no release, or is no longer what its manifest says: a report would vouch
            for rows that nobody built.

    Example::

        write_report(Path("out/vqa-ja"))  # out/vqa-ja/report.html
    """
    found = manifest.load_manifest(release)
    if not found.is_untouched or _others(manifest.list_files(release)) != _others(found.files):
        raise ReleaseError(
            "The release is not what its manifest says",
            where=release,
            remedy="vqa-builder verify names what differs; build it again",
        )
    tables = {key: _without_images(release, key) for key in found.tables}
    path = release / page.FILE
    write_text(path, page.render(tables, found.content))
    manifest.save(release, {key: value for key, value in found.content.items() if key != "checksum"})
    return path


def _without_images(release: Path, key: str) -> pa.Table:
    """A table but for its pictures, which may be larger than memory and stand nowhere on the page."""
    return read_table(release, key, [name for name in table_schema(release, key).names if name != "image"])


def _others(files: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    return {name: facts for name, facts in files.items() if name != page.FILE}
