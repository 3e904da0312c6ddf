"""Releases are named by their folder or by repository and revision; both kinds are compared alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hub.plugin import hub
from tests.hub.server import Hub
from tests.release.conftest import changed
from vqa_builder.errors import ReleaseError
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.diff.compare import diff
from vqa_builder.release.hub.publish import publish
from vqa_builder.release.hub.remote import HubError
from vqa_builder.release.opening import release_at
from vqa_builder.release.write import write_release

__all__ = ["hub"]
REPO = "org/vqa-ja"


def test_a_folder_is_itself(tmp_path: Path) -> None:
    with release_at(str(tmp_path)) as folder:
        assert folder == tmp_path


def test_two_revisions_are_compared(hub: Hub, ja: ReleaseContents, tmp_path: Path) -> None:
    old = write_release(ja, tmp_path / "old")
    new = write_release(changed(ja, 228478001, "question", "犬は何匹ですか？"), tmp_path / "new")
    publish(old, REPO, tag="v1.0", reload=False)
    publish(new, REPO, reload=False)
    with release_at(f"{REPO}@v1.0") as first, release_at(REPO) as second:
        found = diff(first, second)
        assert [(group.kind, group.rows) for group in found.rows] == [("question text", 1)]
    assert not first.exists()
    with release_at(f"{REPO}@v1.0") as first:
        assert diff(first, old).is_empty


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("no such folder", ReleaseError, "no such release"),
        ("org/nothing", HubError, "no such folder or repository"),
        (f"{REPO}@v9", HubError, "v9"),
    ],
)
def test_what_is_not_there_is_told(
    hub: Hub, ja: ReleaseContents, tmp_path: Path, name: str, error: type[Exception], message: str
) -> None:
    publish(write_release(ja, tmp_path), REPO, reload=False)
    with pytest.raises(error) as caught, release_at(name):
        pass
    assert message in str(caught.value)
