"""A release by its name: a folder here, or a revision on the hub; its tables as Arrow and pandas."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from vqa_builder.errors import ReleaseError, UnknownNameError
from vqa_builder.release import manifest
from vqa_builder.release.hub.remote import HubError, Remote
from vqa_builder.release.manifest import Manifest, load_manifest
from vqa_builder.release.parquet import FOLDERS, config_of, read_table

if TYPE_CHECKING:
    import pandas as pd

_ON_THE_HUB = re.compile(
    r"(?:hf://datasets/)?([\w-][\w.-]*/[\w-][\w.-]*)@([^\s@]+)|hf://datasets/([\w.-]+/[\w.-]+)"
)
_WANTED = [manifest.FILE, *(f"{folder}/*" for folder in FOLDERS.values())]


@dataclass(frozen=True)
class Release:
    """A release that can be read.

    Attributes:
        folder: where it lies; for one on the hub, in the cache of huggingface_hub.
        manifest: what its manifest.json says.
    """

    folder: Path
    manifest: Manifest

    def table(self, config: str = "default", split: str | None = None) -> pa.Table:
        """The rows of a config, of all splits or of one, read from Parquet.

        Args:
            config: ``default`` for the kept rows, ``rejected`` or ``answers``.
            split: None for all, with a column ``split`` in front where the config has splits.

        Raises:
            UnknownNameError: the release has no such config or split.
        """
        keys = {key.split("/")[1]: key for key in self.manifest.tables if config_of(key) == config}
        if not keys:
            known = {config_of(key) for key in self.manifest.tables}
            raise UnknownNameError("config", config, known, where=self.folder)
        if config == "answers":
            return read_table(self.folder, *keys.values())
        if split is not None:
            if split not in keys:
                raise UnknownNameError("split", split, keys, where=self.folder)
            return read_table(self.folder, keys[split], pixels=True)
        tables = {name: read_table(self.folder, key, pixels=True) for name, key in keys.items()}
        return pa.concat_tables(
            table.add_column(0, "split", pa.repeat(name, table.num_rows)) for name, table in tables.items()
        )

    def to_pandas(self, config: str = "default", split: str | None = None) -> pd.DataFrame:
        """The same as a DataFrame; arguments and errors as of ``table``.

        >>> open_release("out/vqa-ja").to_pandas(split="validation")["question"].tolist()
        ['雨が降っていますか？']
        """
        frame: pd.DataFrame = self.table(config, split).to_pandas()
        return frame


def open_release(name: str | Path) -> Release:
    """A release by its name.

    Args:
        name: a folder; or ``org/vqa-ja@v1.0``, where behind @ stands a branch, a tag, a commit or
            ``refs/pr/1``; or ``hf://datasets/org/vqa-ja``. Without @ or hf:// nothing is asked of the hub, so
            that a misspelt path goes nowhere. Of a repository, the manifest and the tables are fetched.

    Raises:
        ReleaseError: it is neither, or the folder is no release.
        HubError: the repository or the revision is not there, or holds no release.

    >>> release = open_release("org/vqa-ja@v1.0")
    >>> release.manifest.language, release.table("rejected").num_rows
    ('ja', 2)
    """
    folder = Path(name)
    if not folder.is_dir():
        match = _ON_THE_HUB.fullmatch(str(name))
        if not match:
            raise no_such_release(str(name))
        folder = _fetched(Remote(match[1] or match[3]), match[2] or "main")
    return Release(folder, load_manifest(folder))


def no_such_release(name: str, *, asks_hub: bool = True) -> ReleaseError:
    """The error for a name that leads to no folder; tells the nearest one, or how the hub is asked."""
    if Path(name).name == manifest.FILE and Path(name).is_file():
        return ReleaseError(
            "This is a file of a release", where=name, remedy=f"give its folder: {Path(name).parent}"
        )
    beside: Sequence[str] = []
    if (parent := Path(name).parent).is_dir():
        beside = [str(path) for path in parent.iterdir() if path.is_dir()]
    close = difflib.get_close_matches(name, beside, n=1)
    on_the_hub = (
        f"for the hub write {name}@main" if asks_hub and _ON_THE_HUB.fullmatch(f"{name}@main") else None
    )
    return ReleaseError(
        "There is no such folder",
        where=name,
        expected="the folder of a release" + ", or org/name@revision on the hub" * asks_hub,
        remedy=f"did you mean {close[0]}?" if close else on_the_hub,
    )


def _fetched(remote: Remote, revision: str) -> Path:
    commit = remote.head(revision)
    if commit is None or manifest.FILE not in remote.tree(commit):
        raise HubError(
            "There is no release in this repository" if commit else "There is no such repository",
            where=f"{remote.url} ({revision})",
            expected=manifest.FILE if commit else None,
        )
    return remote.snapshot(commit, _WANTED)
