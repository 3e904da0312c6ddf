"""A release by its name: a folder here, or a revision on the hub, fetched for as long as it is needed."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vqa_builder.errors import ReleaseError
from vqa_builder.release import manifest
from vqa_builder.release.hub.remote import HubError, Remote
from vqa_builder.release.parquet import FOLDERS

_REPOSITORY = re.compile(r"([\w.-]+/[\w.-]+)(?:@(.+))?")
_WANTED = (manifest.FILE, *(f"{folder}/" for folder in FOLDERS.values()))


@contextmanager
def release_at(name: str) -> Iterator[Path]:
    """The folder of a release.

    Args:
        name: a folder; or ``org/vqa-ja`` or ``org/vqa-ja@v1.0``, where behind @ stands a branch, a tag, a
            commit or ``refs/pr/1``. Of a repository, the manifest and the tables are fetched.

    Raises:
        ReleaseError: it is neither.
        HubError: the repository or the revision is not there, or holds no release.

    >>> with release_at("org/vqa-ja@v1.0") as old, release_at("out/vqa-ja") as new:
    ...     print(old.is_dir(), new)
    True out/vqa-ja
    """
    if Path(name).is_dir():
        yield Path(name)
        return
    match = _REPOSITORY.fullmatch(name)
    if not match:
        raise ReleaseError(
            "There is no such release",
            where=name,
            expected="a folder, or org/name or org/name@revision on the hub",
        )
    with tempfile.TemporaryDirectory(prefix="vqa-builder-") as folder:
        _fetch(Remote(match[1]), match[2] or "main", Path(folder))
        yield Path(folder)


def _fetch(remote: Remote, revision: str, folder: Path) -> None:
    commit = remote.head(revision)
    files = remote.tree(commit) if commit else {}
    if commit is None or manifest.FILE not in files:
        raise HubError(
            "There is no release in this repository" if commit else "There is no such folder or repository",
            where=f"{remote.url} ({revision})",
            expected=manifest.FILE if commit else None,
        )
    for path in files:
        if path.startswith(_WANTED):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(remote.read(path, commit))
