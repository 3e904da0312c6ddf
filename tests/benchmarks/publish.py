"""Times a push against its raw upload: python -m tests.benchmarks.publish RELEASE [BYTES_PER_SECOND]

The loopback hub lets so many bytes a second in (1,250,000 if not given: 10 Mbit). Prints the seconds that the
files take by themselves, what each stage of ``publish`` takes, and how much the whole adds, without and with
the gate that loads the revision back in a process of its own.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from tests.hub.server import TOKEN, Hub

STAGES = ("_verified", "plan_push", "_load_back")


def main(release: Path, bytes_per_second: float = 1_250_000) -> None:
    """Push once without and once with the gate, and print."""
    size = sum(path.stat().st_size for path in release.rglob("*") if path.is_file())
    raw = size / bytes_per_second
    print(f"{size:,} bytes at {bytes_per_second:,.0f} a second: {raw:.2f} s")
    for reload in (False, True):
        with tempfile.TemporaryDirectory() as folder, loopback(Path(folder), bytes_per_second):
            seconds, stages = _pushed(release, reload)
        told = ", ".join(f"{name} {spent:.2f} s" for name, spent in stages.items())
        added = 100 * (seconds - raw) / raw
        print(f"publish {'with' if reload else 'without'} the gate: {seconds:.2f} s, +{added:.1f} % ({told})")


def _pushed(release: Path, reload: bool) -> tuple[float, dict[str, float]]:
    from vqa_builder.release.hub import publish

    stages: dict[str, float] = {}

    def timed(name: str) -> Callable[..., Any]:
        function = getattr(publish, name)

        def call(*arguments: Any, **options: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                stages[name] = stages.get(name, 0.0) + time.perf_counter() - began

        return call

    stage_timers: Any = {name: timed(name) for name in STAGES}
    with mock.patch.multiple(publish, **stage_timers):
        began = time.perf_counter()
        publish.publish(release, "org/benchmark", reload=reload)
        return time.perf_counter() - began, stages


@contextmanager
def loopback(folder: Path, bytes_per_second: float) -> Iterator[None]:
    from huggingface_hub import constants

    with Hub(folder / "hub", bytes_per_second=bytes_per_second) as running:
        template = f"{running.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        there: Any = {"ENDPOINT": running.url, "HUGGINGFACE_CO_URL_TEMPLATE": template}
        home = {"HF_ENDPOINT": running.url, "HF_TOKEN": TOKEN, "HF_HOME": str(folder / "home")}
        with mock.patch.multiple(constants, **there), mock.patch.dict(os.environ, home):
            yield


if __name__ == "__main__":
    os.environ |= {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    main(Path(sys.argv[1]), *map(float, sys.argv[2:3]))
