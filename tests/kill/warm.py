"""Imported by the server that forks what is killed: a build in the server itself, so none has to import."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.kill import jobs
from tests.tiny import write_vqa

with TemporaryDirectory() as folder:
    jobs.build_spec(write_vqa(Path(folder, "source"), languages=["ja"]), Path(folder, "out"))
