"""The real client and datasets work against the loopback hub without our code in between."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.hub.plugin import hub, python
from tests.hub.server import TOKEN, Fault, Hub

__all__ = ["hub"]
REPO = "org/colours"
PUSH = """
import json
from datasets import Dataset, DatasetDict, load_dataset
from huggingface_hub import DatasetCard, HfApi, hf_hub_download, snapshot_download
rows = {"question": ["猫は何色ですか？", "बिल्ली किस रंग की है?"], "labels": [[3], [5, 7]]}
data = DatasetDict({"train": Dataset.from_dict(rows), "test": Dataset.from_dict(rows).select([0])})
data.push_to_hub("org/colours")
data["train"].push_to_hub("org/colours", "extra", split="train", num_shards=2)
api = HfApi()
api.create_branch("org/colours", branch="next", repo_type="dataset")
card = DatasetCard.load("org/colours")
card.text += "\\nMore."
card.push_to_hub("org/colours")
loaded = load_dataset("org/colours", revision="next")
print(json.dumps({
    "who": api.whoami()["name"],
    "rows": loaded["train"][:],
    "test": loaded["test"].num_rows,
    "extra": load_dataset("org/colours", "extra", split="train").num_rows,
    "files": sorted(api.list_repo_files("org/colours", repo_type="dataset")),
    "snapshot": open(snapshot_download("org/colours", repo_type="dataset") + "/README.md").read()[-6:],
}))
"""


def _api(hub: Hub, token: str | bool = TOKEN) -> Any:
    from huggingface_hub import HfApi

    return HfApi(endpoint=hub.url, token=token)


def test_datasets_pushes_and_loads(hub: Hub) -> None:
    seen = json.loads(python(PUSH).stdout.splitlines()[-1])
    assert seen["who"] == "tester"
    assert seen["rows"]["question"] == ["猫は何色ですか？", "बिल्ली किस रंग की है?"]
    assert (seen["test"], seen["extra"]) == (1, 2)
    assert "extra/train-00001-of-00002.parquet" in seen["files"]
    assert seen["snapshot"] == "\nMore."


def test_a_private_repository_is_hidden_and_a_gated_one_is_closed(hub: Hub) -> None:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    api, stranger = _api(hub), _api(hub, token=False)
    api.create_repo(REPO, repo_type="dataset", private=True)
    with pytest.raises(RepositoryNotFoundError):
        stranger.dataset_info(REPO)
    api.update_repo_settings(REPO, repo_type="dataset", private=False, gated="auto")
    assert stranger.dataset_info(REPO).gated == "auto"
    with pytest.raises(GatedRepoError):
        stranger.hf_hub_download(REPO, ".gitattributes", repo_type="dataset")


def test_branches_tags_and_ranges(hub: Hub) -> None:
    from huggingface_hub import HfFileSystem
    from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError

    api = _api(hub)
    api.create_repo(REPO, repo_type="dataset")
    api.upload_file(
        path_or_fileobj=bytes(range(256)), path_in_repo="a/b.bin", repo_id=REPO, repo_type="dataset"
    )
    api.create_tag(REPO, tag="v1", repo_type="dataset")
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_tag(REPO, tag="v1", repo_type="dataset")
    files = HfFileSystem(endpoint=hub.url, token=TOKEN, skip_instance_cache=True)
    assert files.cat_file(f"datasets/{REPO}@v1/a/b.bin", start=10, end=13) == bytes([10, 11, 12])
    assert files.ls(f"datasets/{REPO}/a", detail=False) == [f"datasets/{REPO}/a/b.bin"]
    api.delete_tag(REPO, tag="v1", repo_type="dataset")
    with pytest.raises(RevisionNotFoundError):
        api.dataset_info(REPO, revision="v1")


def test_an_upload_of_other_bytes_is_refused(hub: Hub) -> None:
    from huggingface_hub import CommitOperationAdd

    api = _api(hub)
    api.create_repo(REPO, repo_type="dataset")
    addition = CommitOperationAdd("a.parquet", b"\0" * 100)
    addition.upload_info.sha256 = bytes(32)
    with pytest.raises(RuntimeError, match=r"Error while uploading 'a.parquet'"):
        api.create_commit(REPO, [addition], commit_message="wrong", repo_type="dataset")
    assert list(hub.files(REPO)) == [".gitattributes"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("^GET .*/refs", nth=2, status=418), [200, 418, 200]),
        (Fault("^GET .*/refs", nth=2, times=2, status=418), [200, 418, 418]),
    ],
)
def test_a_fault_strikes_the_nth_request(hub: Hub, fault: Fault, expected: list[int]) -> None:
    from huggingface_hub.errors import HfHubHTTPError

    api = _api(hub)
    api.create_repo(REPO, repo_type="dataset")
    hub.faults = [fault]
    for status in expected:
        if status == 200:
            api.list_repo_refs(REPO, repo_type="dataset")
        else:
            with pytest.raises(HfHubHTTPError, match="418"):
                api.list_repo_refs(REPO, repo_type="dataset")
    assert [request.status for request in hub.requests("/refs")] == expected
