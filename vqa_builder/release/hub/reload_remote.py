"""Load a pushed revision back, as a user would: in a fresh process, with an empty cache.

The process can be started while the files are still on their way, since it takes long to start.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from vqa_builder.release.hub.remote import Remote
from vqa_builder.release.manifest import Manifest

_CACHES = ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_DATASETS_CACHE", "HF_XET_CACHE", "HF_ASSETS_CACHE")


class Gate:
    """A process that is ready to load a revision of one repository; it ends with the block.

    Args:
        remote: the repository.

    Example::

        with Gate(remote) as gate:
            ...                                             # push
            gate.faults(commit, manifest, {"default": "default"})
    """

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def __enter__(self) -> Self:
        self._cache = tempfile.TemporaryDirectory(prefix="vqa-builder-")
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "vqa_builder.release.hub.reload_remote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(self._remote, self._cache.name),
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
            "repo": self._remote.repo,
            "revision": revision,
            "names": dict(names),
            "manifest": dict(found.content),
        }
        out, problems = self._process.communicate(json.dumps(asked))
        if self._process.returncode:
            last = problems.strip().splitlines()[-1:] or ["no message"]
            return [f"the process that loads the revision ended with {self._process.returncode}: {last[0]}"]
        faults: list[str] = json.loads(out.splitlines()[-1])
        token = self._remote.token
        return [fault.replace(token, "<token>") if token else fault for fault in faults]


def _environment(remote: Remote, cache: str) -> dict[str, str]:
    """Only this hub, an empty cache, and this package whatever the current folder is."""
    kept = {
        name: value for name, value in os.environ.items() if name not in (*_CACHES, "TRANSFORMERS_OFFLINE")
    }
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    fresh = {"HF_HOME": cache, "HF_ENDPOINT": remote.endpoint, "HF_TOKEN": remote.token or ""}
    online = {"HF_HUB_OFFLINE": "0", "HF_DATASETS_OFFLINE": "0"}
    return {**kept, **fresh, **online, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": os.pathsep.join(paths)}


def _load(asked: Mapping[str, Any]) -> list[str]:
    import datasets

    from vqa_builder.release.reload import config_faults, quiet_datasets

    if hasattr(datasets.config, "USE_PARQUET_EXPORT"):
        datasets.config.USE_PARQUET_EXPORT = False  # what a viewer says of the repository does not count here
    found = Manifest(asked["manifest"])
    faults: list[str] = []
    with quiet_datasets():
        for config, name in asked["names"].items():
            try:
                faults += config_faults(asked["repo"], config, found, name=name, revision=asked["revision"])
            except Exception as error:  # a user would see exactly this
                reason = error.__cause__ or error
                faults.append(f"{name}: load_dataset failed with {type(reason).__name__}: {reason}")
    return faults


if __name__ == "__main__":
    import datasets  # noqa: F401  what takes long, before there is something to load

    sys.stdout.write("\n" + json.dumps(_load(json.load(sys.stdin))) + "\n")
