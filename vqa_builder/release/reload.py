"""Load a release the way its users will, and compare what arrives with the manifest.

A folder is loaded in the process that asks; a repository in a fresh process with an empty cache, which can be
started while the files are still on their way, since it takes long to start.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from vqa_builder.batches import Batches
from vqa_builder.hub_client import dataset_builder
from vqa_builder.pictures import with_sums
from vqa_builder.redaction import redact_masked
from vqa_builder.release.manifest import Manifest
from vqa_builder.release.parquet import ANSWER_MAP_KEY, FOLDERS, config_of
from vqa_builder.schema import StreamedHash, content_hash

STREAMED_ROWS = 3
RECORDS_AT_ONCE = 100
_CACHES = ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_DATASETS_CACHE", "HF_XET_CACHE", "HF_ASSETS_CACHE")


def reload_faults(folder: Path, found: Manifest, same: set[str]) -> list[str]:
    """Load every config of a release's folder through ``load_dataset``, whole and streaming.

    The network is not asked and the user's cache is not touched. The tables that came back with the recorded
    content hash are put into ``same``: nobody has to hash them again.
    """
    configs = {config: config for config in map(config_of, found.tables)}
    with tempfile.TemporaryDirectory(prefix="vqa-builder-") as cache:
        return _faults(str(folder), configs, found, same, cache_dir=cache)


class Gate:
    """A process that is ready to load a revision of one repository; it ends with the block.

    Args:
        repo: ``org/vqa-ja``.
        endpoint: the hub's address.
        token: for the hub; None for none.

    >>> with Gate("org/vqa-ja", endpoint, None) as gate:    # push, and then:
    ...     gate.faults("v1.0", load_manifest(Path("out/vqa-ja")), {"default": "default"})
    []
    """

    def __init__(self, repo: str, endpoint: str, token: str | None) -> None:
        self._repo, self._endpoint, self._token = repo, endpoint, token

    def __enter__(self) -> Self:
        self._cache = tempfile.TemporaryDirectory(prefix="vqa-builder-")
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "vqa_builder.release.reload"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment(),
            text=True,
            encoding="utf-8",
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        self._cache.cleanup()

    def faults(self, revision: str, found: Manifest, names: Mapping[str, str]) -> list[str]:
        """Load every config of a revision whole and streaming, and compare the content hashes; once.

        Args:
            revision: a commit, or ``refs/pr/1``.
            found: the manifest that the content must agree with.
            names: config of the release -> its name in the repository, of those to load.

        Returns:
            What is wrong; nothing if every table is as the manifest says.
        """
        asked = {
            "repo": self._repo,
            "revision": revision,
            "names": dict(names),
            "manifest": dict(found.content),
        }
        out, problems = self._process.communicate(json.dumps(asked))
        if self._process.returncode:
            last = problems.strip().splitlines()[-1:] or ["no message"]
            return [f"the process that loads the revision ended with {self._process.returncode}: {last[0]}"]
        faults: list[str] = json.loads(out.splitlines()[-1])
        return [redact_masked(fault, [self._token] if self._token else []) for fault in faults]

    def _environment(self) -> dict[str, str]:
        """Only this hub, an empty cache, and this package whatever the current folder is."""
        left_out = {*_CACHES, "TRANSFORMERS_OFFLINE"}
        kept = {name: value for name, value in os.environ.items() if name not in left_out}
        paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
        fresh = {"HF_HOME": self._cache.name, "HF_ENDPOINT": self._endpoint, "HF_TOKEN": self._token or ""}
        online = {"HF_HUB_OFFLINE": "0", "HF_DATASETS_OFFLINE": "0"}
        return {
            **kept,
            **fresh,
            **online,
            "PYTHONIOENCODING": "utf-8",
            "PYTHONPATH": os.pathsep.join(paths),
        }


def _faults(
    source: str, names: Mapping[str, str], found: Manifest, same: set[str], **options: Any
) -> list[str]:
    """Load some configs of a folder or a repository, and say what is wrong with each.

    Args:
        source: a folder, or a repository on the hub.
        names: config of the release -> how the source calls it.
        found: the manifest.
        same: gets the tables that came back with the recorded content hash.
        **options: for ``load_dataset``.
    """
    faults: list[str] = []
    with _quiet_datasets():
        for config, name in names.items():
            try:
                faults += _config_faults(source, config, name, found, same, options)
            except Exception as error:  # a user would see exactly this
                reason = error.__cause__ or error
                faults.append(f"{name}: load_dataset failed with {type(reason).__name__}: {reason}")
    return faults


def _config_faults(
    source: str, config: str, name: str, found: Manifest, same: set[str], options: Mapping[str, Any]
) -> list[str]:
    """Load one config, whole and streaming, and compare its tables with the manifest."""
    expected = {key: facts for key, facts in found.tables.items() if config_of(key) == config}
    builder = dataset_builder(source, name, **options)
    builder.download_and_prepare()
    loaded, streamed = builder.as_dataset(), builder.as_streaming_dataset()
    keys = {
        split: ANSWER_MAP_KEY if config == "answers" else f"{FOLDERS[config]}/{split}" for split in loaded
    }
    if {*keys.values()} != {*expected}:
        return [f"{config}: expected the tables {', '.join(expected)}, found {', '.join(keys.values())}"]
    faults = []
    for split, key in keys.items():
        if found.content.get("form") == "records":
            faults += _record_faults(key, loaded[split], streamed[split], expected[key])
            continue
        rows = loaded[split].with_format("arrow")
        first = next(iter(streamed[split].with_format("arrow").iter(STREAMED_ROWS)))
        astray = _split_faults(key, _loaded(rows, "pictures" in expected[key]), expected[key])
        faults += astray
        same |= set() if astray else {key}
        if first.to_pylist() != rows[:STREAMED_ROWS].to_pylist():
            faults.append(f"{key}: streaming gives other rows than loading")
    return faults


def _record_faults(key: str, rows: Any, streamed: Any, expected: dict[str, Any]) -> list[str]:
    """The same for records, part after part and without looking into pictures."""
    seen, arrow = StreamedHash(), rows.with_format("arrow")
    for part in arrow.iter(RECORDS_AT_ONCE):
        seen.add(part)
    if (seen.rows, seen.hashes()[0]) != (expected["rows"], expected["content_hash"]):
        return [f"{key}: expected {expected['rows']:,} rows as recorded, load_dataset gives others"]
    first = next(iter(streamed.with_format("arrow").iter(STREAMED_ROWS)))
    same = first.to_pylist() == arrow[: min(STREAMED_ROWS, seen.rows)].to_pylist()
    return [] if same else [f"{key}: streaming gives other rows than loading"]


def _loaded(rows: Any, pictures: bool) -> Batches:
    """What ``load_dataset`` made of a split, read from the files that it wrote into its cache.

    For the bytes of pictures stand their SHA-256 sums.
    """
    files = [Path(file["filename"]) for file in rows.cache_files]
    loaded = Batches.arrow_streams(files, rows.num_rows) if files else Batches.of(rows[:])
    if not pictures:
        return loaded
    return loaded.changed(
        lambda piece: pa.Table.from_batches(map(with_sums, piece.to_batches()), piece.schema)
    )


def _split_faults(key: str, table: Batches, expected: dict[str, Any]) -> list[str]:
    if table.num_rows != expected["rows"]:
        return [f"{key}: expected {expected['rows']:,} rows, load_dataset gives {table.num_rows:,}"]
    found = content_hash(table)
    if found != expected["content_hash"]:
        return [f"{key}: expected content hash {expected['content_hash']}, load_dataset gives {found}"]
    return []


@contextmanager
def _quiet_datasets() -> Iterator[None]:
    """No bars and no log lines of datasets; what it prints is in the report. Nothing here needs torch."""
    import datasets
    from datasets.utils import logging as log

    bars, level = not datasets.are_progress_bars_disabled(), log.get_verbosity()
    torch = datasets.config.TORCH_AVAILABLE
    datasets.disable_progress_bars()
    log.set_verbosity(log.CRITICAL)
    datasets.config.TORCH_AVAILABLE = torch and "torch" in sys.modules
    try:
        yield
    finally:
        datasets.config.TORCH_AVAILABLE = torch
        log.set_verbosity(level)
        if bars:
            datasets.enable_progress_bars()


def main() -> None:
    """The process behind ``Gate``: what to load comes as JSON on stdin, the faults go to stdout."""
    import datasets  # takes long, and can be done before there is something to load

    asked = json.load(sys.stdin)
    if hasattr(datasets.config, "USE_PARQUET_EXPORT"):
        datasets.config.USE_PARQUET_EXPORT = False  # what a viewer says of the repository does not count here
    found = Manifest(asked["manifest"])
    faults = _faults(asked["repo"], asked["names"], found, set(), revision=asked["revision"])
    sys.stdout.write("\n" + json.dumps(faults) + "\n")
    sys.stdout.flush()
    os._exit(0)  # threads of Arrow that still read a stream abort an end that takes down what they use


if __name__ == "__main__":
    main()
