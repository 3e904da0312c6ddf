"""What the hub's client raises becomes an error of ours, and waits are those that the hub asked for."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from tests.hub.plugin import hub
from tests.hub.server import TOKEN, Fault, Hub
from vqa_builder.release.hub.remote import ATTEMPTS, HubError, Remote, TransientError

__all__ = ["hub"]
REPO = "org/tiny-ja"


def _remote(waits: list[float] | None = None) -> Remote:
    remote = Remote(REPO, wait=(waits if waits is not None else []).append)
    remote.create(private=None)
    return remote


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "11"}, [11.0, 11.0]),
        ({"RateLimit": '"api";r=0;t=55'}, [55.0, 55.0]),
        ({"RateLimit": '"api";r=3;t=55'}, [1.0, 2.0]),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, [1.0, 2.0]),
        ({}, [1.0, 2.0]),
    ],
)
def test_the_wait_is_the_one_that_the_hub_asked_for(
    hub: Hub, headers: dict[str, str], expected: list[float]
) -> None:
    waits: list[float] = []
    remote = _remote(waits)
    hub.faults = [Fault("/refs", status=429, times=2, headers=headers)]
    assert remote.tags() == {}
    assert waits == expected


def test_reading_gives_up_in_the_end(hub: Hub) -> None:
    waits: list[float] = []
    remote = _remote(waits)
    hub.faults = [Fault("/refs", status=503, times=100)]
    with pytest.raises(TransientError, match="Could not read the tags: the hub answered 503"):
        remote.tags()
    assert waits == [2.0**attempt for attempt in range(ATTEMPTS - 1)]


def test_a_missing_repository_has_no_head_and_a_missing_revision_is_an_error(hub: Hub) -> None:
    assert Remote(REPO).head("main") is None
    remote = _remote()
    assert remote.head("main") == hub.history(REPO)[0].id
    with pytest.raises(HubError, match=r"refused to read the head \(404\)"):
        remote.head("next")


def test_without_a_token_the_remedy_says_how_to_log_in(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(HubError, match="refused to create the repository") as caught:
        _remote()
    assert "hf auth login" in caught.value.details["do"]


def test_the_token_stands_in_no_error(hub: Hub) -> None:
    remote = _remote()
    hub.faults = [Fault("/refs", status=400, headers={"X-Error-Message": f"bad token {TOKEN}"})]
    with pytest.raises(HubError) as caught:
        remote.tags()
    assert "bad token ***" in caught.value.details["found"] and TOKEN not in str(caught.value)


def test_memory_does_not_grow_with_the_files(hub: Hub, tmp_path: Path) -> None:
    from huggingface_hub import CommitOperationAdd

    path = tmp_path / "train-00000-of-00001.parquet"
    path.write_bytes(os.urandom(24_000_000))
    remote = _remote()
    tracemalloc.start()
    try:
        additions = [CommitOperationAdd("data/train.parquet", path)]
        remote.upload(additions, "main", create_pr=False)
        head = remote.head("main") or ""
        remote.commit(additions, title="data", description="", revision="main", parent=head)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000
    assert hub.history(REPO)[0].files["data/train.parquet"].size == 24_000_000
