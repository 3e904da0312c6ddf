"""The trace of an unforeseen error: in a file, without secrets."""

import tempfile
from pathlib import Path

import pytest

from vqa_builder import crash


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("Authorization: Bearer eyJhbGciOi.J9-x_", "Authorization: ***"),
        ("key sk-proj-AbC123456789 refused", "key *** refused"),
        ("hf_abcdefghijklmn", "***"),
        ("proxy http://me:pa55@proxy.local:8080/", "proxy http://***@proxy.local:8080/"),
        ("the value of the variable is swordfish!", "the value of the variable is ***!"),
        ("質問は日本語です: task-specific risk_score", "質問は日本語です: task-specific risk_score"),
    ],
)
def test_scrubbed(text: str, scrubbed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_PASSWORD", "swordfish")
    assert crash.scrubbed(text) == scrubbed


def test_where_the_work_folder_cannot_be_written_the_trace_lies_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    line = crash.report(ValueError("two\nlines"), tmp_path / "file" / ".vqa-builder")
    (written,) = (tmp_path / "temporary").glob("crash-*.txt")
    assert f"ValueError: two lines; the full trace is in {written}" in line
