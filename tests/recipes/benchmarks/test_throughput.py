from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SIZES = {"layers": 2, "hidden": 16, "batch": 2, "steps": 4, "text": 12, "regions": 4, "region-width": 20}
SMALL = [part for name, value in {**SIZES, "labels": 10}.items() for part in (f"--{name}", str(value))]


@pytest.mark.slow
def test_every_way_is_measured_in_one_run() -> None:
    command = [sys.executable, "-m", "recipes.benchmarks.throughput", *SMALL, "--vocabulary", "100", "--json"]
    command += ["--peak-tflops", "1", "--without", "ours, bf16, compile"]
    command += ["--without", "transformers Trainer, bf16, compile", "--workers", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *records, told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"machine"')]
    assert [(each["task"], each["way"]) for each in records] == [
        ("fine-tuning", "ours, bf16"),
        ("fine-tuning", "plain loop, fp32"),
        ("fine-tuning", "transformers Trainer, fp32"),
        ("distillation", "ours, bf16"),
        ("distillation", "plain loop, fp32"),
        ("distillation", "loader, one core"),
        ("distillation", "ours, bf16, with loader"),
    ]
    assert all(each["samples_per_second"] > 0 for each in records)
    assert all(0 < each["mfu"] < 1 for each in records if "core" not in each["way"])
    assert "is the bottleneck" in told["bottleneck"]
