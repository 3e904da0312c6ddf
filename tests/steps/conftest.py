"""What the tests of the steps share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.steps.builds import BAD, GOOD


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Translations of someone else: one better than a wrong one, one worse, and of nothing else."""
    lines = [
        {"source": "en", "target": "ja", "text": "Is this a dog?", "translation": GOOD},
        {"source": "en", "target": "ja", "text": "How many cats are there?", "translation": BAD},
    ]
    path = tmp_path / "source" / "other.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path
