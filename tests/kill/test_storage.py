"""The command line on a disk that is full, then read-only, then has room: errors, and the same release."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kill.test_builds import hashes, whole
from tests.tiny import write_vqa
from vqa_builder import build, load_spec

pytestmark = pytest.mark.kill
MOUNTS = shutil.which("unshare") and not subprocess.run(["unshare", "-rm", "true"], check=False).returncode
SCRIPT = """
mount -t tmpfs -o size=$1 tmpfs $2
"$3" -m vqa_builder build $4 --out $2/out; echo "code $?" >&2
mount -o remount,ro $2
"$3" -m vqa_builder build $4 --out $2/out; echo "code $?" >&2
mount -o remount,rw,size=64m $2
"$3" -m vqa_builder build $4 --out $2/out; echo "code $?" >&2
cp -r $2/out $5
"""


@pytest.mark.skipif(not MOUNTS, reason="no user namespaces, which a small disk of one's own needs")
@pytest.mark.parametrize("size", ["4k", "32k", "64k", "128k", "200k", "320k", "500k"])
def test_full_and_read_only(size: str, tmp_path: Path) -> None:
    spec = write_vqa(tmp_path / "source", languages=["ja"])
    build(load_spec(spec), tmp_path / "calm", workers=1)
    disk = tmp_path / "disk"
    disk.mkdir()
    arguments: list[str | Path] = [size, disk, sys.executable, spec, tmp_path / "copy"]
    command = ["unshare", "-rm", "sh", "-c", SCRIPT, "sh"]
    said = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True).stderr
    full, read_only, room = (part.strip() for part in said.split("code ")[:3])
    assert "error: The disk is full" in full and f"{disk}/out" in full and "Traceback" not in full
    assert read_only.startswith("2") and "Read-only file system" in read_only and "--out" in read_only
    assert room.startswith("2") and said.rstrip().endswith("code 0")
    whole(tmp_path / "copy", hashes(tmp_path / "calm"))
