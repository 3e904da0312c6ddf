"""Load a release the way its users will, and compare what arrives with the manifest."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vqa_builder.release.contents import ANSWER_MAP_KEY, FOLDERS, config_of
from vqa_builder.release.manifest import Manifest
from vqa_builder.schema import content_hash

STREAMED_ROWS = 3


def reload_faults(folder: Path, found: Manifest) -> list[str]:
    """Load every config through ``load_dataset``, whole and streaming.

    The network is not asked and the user's cache is not touched.
    """
    faults: list[str] = []
    with quiet_datasets(), tempfile.TemporaryDirectory(prefix="vqa-builder-") as cache:
        for config in dict.fromkeys(config_of(key) for key in found.tables):
            try:
                faults += config_faults(str(folder), config, found, cache_dir=cache)
            except Exception as error:  # a user would see exactly this
                reason = error.__cause__ or error
                faults.append(f"{config}: load_dataset failed with {type(reason).__name__}: {reason}")
    return faults


def config_faults(
    source: str, config: str, found: Manifest, *, name: str | None = None, **options: Any
) -> list[str]:
    """Load one config, whole and streaming, and compare its tables with the manifest.

    Args:
        source: a folder, or a repository on the hub.
        config: the config of the release.
        found: the manifest.
        name: how the source calls the config, where it is another name.
        **options: for ``load_dataset``.

    Raises:
        Exception: whatever ``load_dataset`` raises; a user would see exactly this.
    """
    import datasets

    expected = {key: facts for key, facts in found.tables.items() if config_of(key) == config}
    loaded = datasets.load_dataset(source, name or config, **options)
    streamed = datasets.load_dataset(source, name or config, streaming=True, **options)
    folder_name = FOLDERS[config]
    keys = {split: ANSWER_MAP_KEY if config == "answers" else f"{folder_name}/{split}" for split in loaded}
    if {*keys.values()} != {*expected}:
        return [f"{config}: expected the tables {', '.join(expected)}, found {', '.join(keys.values())}"]
    faults = []
    for split, key in keys.items():
        rows, first = loaded[split], list(streamed[split].take(STREAMED_ROWS))
        faults += _split_faults(key, rows.with_format("arrow")[:], expected[key])
        if first != list(rows.take(STREAMED_ROWS)):
            faults.append(f"{key}: streaming gives other rows than loading")
    return faults


def _split_faults(key: str, table: Any, expected: dict[str, Any]) -> list[str]:
    if table.num_rows != expected["rows"]:
        return [f"{key}: expected {expected['rows']:,} rows, load_dataset gives {table.num_rows:,}"]
    found = content_hash(table)
    if found != expected["content_hash"]:
        return [f"{key}: expected content hash {expected['content_hash']}, load_dataset gives {found}"]
    return []


@contextmanager
def quiet_datasets() -> Iterator[None]:
    """No bars and no log lines of datasets; what it prints is in the report."""
    import datasets
    from datasets.utils import logging as log

    bars, level = not datasets.are_progress_bars_disabled(), log.get_verbosity()
    datasets.disable_progress_bars()
    log.set_verbosity(log.CRITICAL)
    try:
        yield
    finally:
        log.set_verbosity(level)
        if bars:
            datasets.enable_progress_bars()
