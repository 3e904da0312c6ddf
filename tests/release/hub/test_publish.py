"""Releases pushed by the real client to a hub on the loopback interface, whatever goes wrong on the way."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import threading
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.command import run
from tests.hub.plugin import hub, python
from tests.hub.server import FOREVER, TOKEN, Fault, Hub
from tests.hub.state import Repo
from tests.tiny import write_vqa
from vqa_builder.errors import ReleaseError, SpecError, VQABuilderError
from vqa_builder.release import manifest
from vqa_builder.release.hub.publish import LoadedBackError, publish, rollback
from vqa_builder.release.hub.push import Published
from vqa_builder.release.hub.remote import HubError

__all__ = ["hub"]
JA, HI = "org/tiny-ja", "org/tiny-hi"
WRITES = r"^(POST (?!.*(paths-info|preupload|validate-yaml))|PUT|DELETE)"
MOVED = r"^PUT /lfs/|/commit/"


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An old and a new Japanese release, and a Hindi one; only some files of old and new differ."""
    from vqa_builder import build, load_spec

    root = tmp_path_factory.mktemp("releases")
    old = build(load_spec(write_vqa(root / "source")), root / "old")
    policy = {"preset": "balanced", "length": {"min": -1.0}}
    strict = write_vqa(root / "source", policy=policy, languages=["ja"])
    new = build(load_spec(strict), root / "new")
    return {"old": old[0].folder, "hi": old[1].folder, "new": new[0].folder}


@pytest.fixture(autouse=True)
def _quiet_client(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="huggingface_hub")


def push(release: Path, repo: str | None = JA, **options: Any) -> Published:
    """Publish without loading back, which takes a process of its own, and without waiting."""
    return publish(release, repo, **{"reload": False, "wait": lambda seconds: None, **options})


def content(release: Path) -> dict[str, bytes]:
    """Path -> bytes of a release."""
    files = [path for path in release.rglob("*") if path.is_file()]
    return {path.relative_to(release).as_posix(): path.read_bytes() for path in files}


def on_hub(hub: Hub, repo: str = JA, revision: str = "main") -> dict[str, bytes]:
    """Path -> bytes on the hub, without the file that the hub itself puts there."""
    return {path: data for path, data in hub.files(repo, revision).items() if path != ".gitattributes"}


# The way it should go

LOAD = """
import json, sys
import pandas, pyarrow.parquet as pq
from datasets import get_dataset_config_names, load_dataset
from huggingface_hub import HfFileSystem
repo, commit = sys.argv[1:]
ids = lambda rows: [row["question_id"] for row in rows]
with HfFileSystem().open(f"datasets/{repo}/answers/answer_map.parquet") as file:
    labels = pq.read_table(file).num_rows
print(json.dumps({
    "configs": get_dataset_config_names(repo),
    "default": {split: ids(rows) for split, rows in load_dataset(repo).items()},
    "commit": ids(load_dataset(repo, split="train", revision=commit)),
    "tag": ids(load_dataset(repo, split="train", revision="v1.0")),
    "rejected": ids(load_dataset(repo, "rejected", split="train")),
    "answers": len(load_dataset(repo, "answers", split="train")),
    "streamed": ids(load_dataset(repo, split="train", streaming=True)),
    "hf": pandas.read_parquet(f"hf://datasets/{repo}/data/train-00000-of-00001.parquet").question_id.tolist(),
    "labels": labels,
}))
"""


def test_a_release_is_published_and_users_load_it(hub: Hub, releases: dict[str, Path]) -> None:
    done = publish(releases["old"], JA, tag="v1.0", private=False)
    assert done.loaded == ("default", "rejected", "answers") and done.tag == "v1.0"
    assert done.commit == hub.history(JA)[0].id == hub.state.repo(JA).refs["refs/tags/v1.0"]
    assert on_hub(hub) == content(releases["old"])
    assert len(hub.history(JA)) == 2
    seen = json.loads(python(LOAD, JA, done.commit or "").stdout.splitlines()[-1])
    counts = manifest.load_manifest(releases["old"]).counts
    assert seen["configs"] == ["default", "rejected", "answers"]
    assert {split: len(ids) for split, ids in seen["default"].items()} == counts["kept"]
    train = seen["default"]["train"]
    assert seen["commit"] == seen["tag"] == seen["streamed"] == seen["hf"] == train
    assert len(seen["rejected"]) == counts["rejected"]["train"] and not {*train} & {*seen["rejected"]}
    assert seen["answers"] == seen["labels"] == sum(counts["answer_map"].values())


def test_a_link_to_a_file_elsewhere_is_not_published(
    hub: Hub, releases: dict[str, Path], tmp_path: Path
) -> None:
    release = tmp_path / "release"
    shutil.copytree(releases["old"], release)
    (tmp_path / "secret").write_text("the secret of this machine")
    (release / "notes.md").symlink_to(tmp_path / "secret")
    held = json.loads((release / manifest.FILE).read_text(encoding="utf-8"))
    manifest.save(release, {name: value for name, value in held.items() if name != "checksum"})
    with pytest.raises(ReleaseError, match=r"notes\.md: leads to a file elsewhere"):
        push(release)
    assert hub.requests(WRITES) == []


def test_publishing_twice_moves_nothing(hub: Hub, releases: dict[str, Path]) -> None:
    push(releases["old"])
    hub.log.clear()
    again = push(releases["old"])
    assert not again.changed and again.bytes == 0
    assert hub.requests(WRITES) == [] and hub.requests(MOVED) == []
    assert again.commit == hub.history(JA)[0].id and len(hub.history(JA)) == 2


def test_only_changed_files_travel_and_vanished_ones_go(hub: Hub, releases: dict[str, Path]) -> None:
    push(releases["old"])
    hub.log.clear()
    done = push(releases["new"])
    old, new = content(releases["old"]), content(releases["new"])
    assert {one.path for one in done.operations} == {
        path for path in {*old, *new} if old.get(path) != new.get(path)
    }
    assert {one.action for one in done.operations} == {"add", "change"}
    assert done.unchanged == len({path for path in new if old.get(path) == new[path]}) > 0
    large = {path for path in new if path.endswith(".parquet") and old.get(path) != new[path]}
    assert sum(one.received for one in hub.requests("^PUT")) == sum(len(new[path]) for path in large)
    assert on_hub(hub) == new
    back = push(releases["old"])
    assert {one.path for one in back.operations if one.action == "delete"} == new.keys() - old.keys()
    assert on_hub(hub) == old


def test_the_commit_says_what_changed_since_the_release_before(
    hub: Hub, releases: dict[str, Path], tmp_path: Path
) -> None:
    push(releases["old"])
    assert hub.history(JA)[0].message == f"Release key {manifest.load_manifest(releases['old']).key}"
    new = tmp_path / releases["new"].name
    shutil.copytree(releases["new"], new)
    (new / "CHANGELOG.md").write_text("# Changes\n\n## 1.1.0\n\nStricter chrF.\n", encoding="utf-8")
    manifest.save(new, {**manifest.load_manifest(new).content, "version": "1.1.0"})
    push(new, create_pr=True)
    told = hub.history(JA, "refs/pr/1")[0].message
    assert told.startswith(
        "Stricter chrF.\n\nTables that changed, by their content hashes:\n\n- data/train: "
    )
    assert "policy.length.min: " in told and "kept.train: " in told


def test_files_of_others_stay_unless_a_config_would_read_them(hub: Hub, releases: dict[str, Path]) -> None:
    from huggingface_hub import CommitOperationAdd, HfApi

    api = HfApi(endpoint=hub.url, token=TOKEN)
    api.create_repo(JA, repo_type="dataset")
    foreign = ["LICENSE", "notebooks/notes.md", "manifest.json", "data/train-00001-of-00002.parquet"]
    added = [CommitOperationAdd(path, b"[\n") for path in foreign]
    api.create_commit(JA, added, commit_message="by hand", repo_type="dataset")
    done = push(releases["old"])
    assert {one.path for one in done.operations if one.action == "delete"} == {foreign[-1]}
    assert on_hub(hub) == {"LICENSE": b"[\n", "notebooks/notes.md": b"[\n"} | content(releases["old"])


@pytest.mark.parametrize("there", [False, True])
def test_a_dry_run_says_everything_and_writes_nothing(
    hub: Hub, releases: dict[str, Path], there: bool
) -> None:
    if there:
        push(releases["old"])
    hub.log.clear()
    planned = push(releases["new"], dry_run=True, tag="v1.1", private=True)
    assert {request.method for request in hub.log} <= {"GET", "HEAD"}
    assert planned.commit is None and planned.dry_run and planned.changed
    done = push(releases["new"])
    assert planned.operations == done.operations and planned.bytes == done.bytes
    assert planned.bytes == sum(one.bytes for one in planned.operations)
    named = {one.path: one.bytes for one in planned.operations}
    assert named["manifest.json"] == (releases["new"] / "manifest.json").stat().st_size


def test_a_pull_request_leaves_the_branch_alone(hub: Hub, releases: dict[str, Path]) -> None:
    push(releases["old"])
    done = publish(releases["new"], JA, create_pr=True, description="Length rule added.")
    assert done.revision == "refs/pr/1" and done.loaded
    assert on_hub(hub) == content(releases["old"])
    assert on_hub(hub, revision="refs/pr/1") == content(releases["new"])
    assert hub.history(JA, "refs/pr/1")[0].message == "Length rule added."
    again = push(releases["new"], create_pr=True)
    assert again.revision == "refs/pr/1" and len(hub.state.repo(JA).pull_requests) == 1
    _client(hub).merge_pull_request(JA, 1, repo_type="dataset")
    assert on_hub(hub) == content(releases["new"])
    assert not push(releases["new"], create_pr=True).changed


def test_visibility_and_access_are_set_before_any_data_travels(hub: Hub, releases: dict[str, Path]) -> None:
    push(releases["old"], private=True, gated="manual")
    repo = hub.state.repo(JA)
    assert repo.private and repo.gated == "manual"
    paths = [str(request) for request in hub.log]
    (settings,) = [place for place, path in enumerate(paths) if path.endswith("/settings")]
    assert settings < min(place for place, path in enumerate(paths) if path.startswith("PUT /lfs"))
    push(releases["old"], private=False)
    assert not repo.private and repo.gated == "manual"


def test_a_large_file_travels_in_parts(tmp_path: Path, releases: dict[str, Path], hub: Hub) -> None:
    hub.part = 4_000
    push(releases["old"])
    parts = hub.requests(r"^PUT /lfs/.*/\d+$")
    assert len(parts) > 2 and max(request.received for request in parts) == 4_000
    assert len(hub.requests("/complete")) > 1
    assert on_hub(hub) == content(releases["old"])


def test_a_tree_of_many_pages_is_read_whole(hub: Hub, releases: dict[str, Path]) -> None:
    push(releases["old"])
    hub.page = 2
    assert not push(releases["old"]).changed
    assert len(hub.requests("cursor=")) > 1


# One repository for several languages

LOAD_LANGUAGES = """
import json
from datasets import get_dataset_config_names, load_dataset
names = get_dataset_config_names("org/tiny")
load = lambda name: {split: len(rows) for split, rows in load_dataset("org/tiny", name).items()}
print(json.dumps({name: load(name) for name in names}))
"""


def test_one_repository_per_language(hub: Hub, releases: dict[str, Path]) -> None:
    for language in ("old", "hi"):
        push(releases[language], "org/tiny-{language}")
    assert on_hub(hub, JA) == content(releases["old"]) and on_hub(hub, HI) == content(releases["hi"])


def test_languages_as_configs_of_one_repository(hub: Hub, releases: dict[str, Path]) -> None:
    push(releases["old"], "org/tiny", as_config=True)
    assert publish(releases["hi"], "org/tiny", as_config=True).loaded[0] == "hi"
    assert not push(releases["old"], "org/tiny", as_config=True).changed
    push(releases["new"], "org/tiny", as_config=True)
    files = hub.files("org/tiny")
    for language, release in (("ja", releases["new"]), ("hi", releases["hi"])):
        prefix = f"{language}/"
        there = {path.removeprefix(prefix): data for path, data in files.items() if path.startswith(prefix)}
        assert there == content(release)
    counts = {
        code: manifest.load_manifest(releases[name]).counts for code, name in (("ja", "new"), ("hi", "hi"))
    }
    seen = json.loads(python(LOAD_LANGUAGES).stdout.splitlines()[-1])
    assert seen["ja"] == {split: rows for split, rows in counts["ja"]["kept"].items() if rows}
    assert seen["hi"] == {split: rows for split, rows in counts["hi"]["kept"].items() if rows}
    assert seen["ja-answers"] == {"train": sum(counts["ja"]["answer_map"].values())}
    card = files["README.md"].decode()
    assert "- hi\n- ja\n- en\n" in card and "| `ja-rejected` | Japanese |" in card


# What goes wrong on the way

COMMIT = r"^POST .*/commit/"
FAULTS: dict[str, list[Fault]] = {
    "stale head": [Fault(COMMIT, status=412)],
    "busy": [Fault(COMMIT, status=409)],
    "rate limit": [Fault(COMMIT, status=429, headers={"Retry-After": "7"})],
    "rate limit without a time": [Fault(COMMIT, status=429, times=2)],
    "server error": [Fault(COMMIT, status=500)],
    "unavailable": [Fault(COMMIT, status=503, times=3)],
    "cut before the commit": [Fault(COMMIT, cut="before")],
    "cut within the commit": [Fault(COMMIT, cut="body")],
    "commit done, answer lost": [Fault(COMMIT, cut="after")],
    "commit done, answer lost, then busy": [
        Fault(COMMIT, cut="after"),
        Fault("^GET .*/revision/main", nth=3, times=2, status=503),
    ],
    "upload cut": [Fault("^PUT /lfs", nth=2, cut="body")],
    "upload refused once": [Fault("^PUT /lfs", status=500)],
    "upload cut more often than the client tries": [Fault("^PUT /lfs", cut="body", times=40)],
    "batch limited": [Fault("objects/batch", status=429, headers={"Retry-After": "1"})],
    "verify lost": [Fault("lfs/verify", cut="after")],
    "preupload down": [Fault("preupload", status=503)],
    "tree down": [Fault("/tree/", status=502)],
    "create lost": [Fault("repos/create", cut="after")],
}


@pytest.mark.parametrize("create_pr", [False, True], ids=["branch", "pull request"])
@pytest.mark.parametrize("name", FAULTS)
def test_what_passes_is_waited_out(hub: Hub, releases: dict[str, Path], name: str, create_pr: bool) -> None:
    hub.faults = [Fault(**{**vars(fault), "seen": 0}) for fault in FAULTS[name]]
    waits: list[float] = []
    done = push(releases["old"], wait=waits.append, create_pr=create_pr)
    assert on_hub(hub, revision=done.revision) == content(releases["old"])
    assert len(hub.history(JA, done.revision)) == 2, "one commit, whatever was lost"
    assert len(hub.state.repo(JA).pull_requests) == int(create_pr)
    if name == "rate limit":
        assert waits == [7.0]
    assert any(fault.seen for fault in hub.faults)


@pytest.mark.parametrize("request_", [COMMIT, "^PUT /lfs", "^GET .*/tree/"])
def test_a_hub_that_says_nothing_is_asked_again(
    hub: Hub, releases: dict[str, Path], monkeypatch: pytest.MonkeyPatch, request_: str
) -> None:
    monkeypatch.setattr("vqa_builder.hub_client.SILENCE_SECONDS", 0.5)
    push(releases["old"])
    answering = threading.Event()

    def say_nothing(_: Hub) -> None:
        answering.wait(20)

    hub.faults = [Fault(request_, then=say_nothing)]
    push(releases["new"])
    answering.set()
    assert hub.faults[0].seen > 1
    assert on_hub(hub) == content(releases["new"])


def test_somebody_else_commits_in_between(hub: Hub, releases: dict[str, Path]) -> None:
    push(releases["old"])

    def meanwhile(hub: Hub) -> None:
        repo = hub.state.repo(JA)
        files = {**repo.at().files, "NOTES.md": hub.state.store(b"by somebody else")}
        repo.add("refs/heads/main", files, "meanwhile", "", repo.at().id)

    hub.faults = [Fault(COMMIT, then=meanwhile)]
    push(releases["new"])
    assert [commit.title for commit in hub.history(JA)][1] == "meanwhile"
    assert on_hub(hub) == content(releases["new"]) | {"NOTES.md": b"by somebody else"}


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault(COMMIT, status=503, times=FOREVER), r"Could not commit: the hub answered 503"),
        (Fault(COMMIT, cut="before", times=FOREVER), r"Could not commit: the connection broke"),
        (Fault(COMMIT, status=412, times=FOREVER), r"Somebody else committed"),
        (Fault(COMMIT, status=403), r"refused to commit \(403\)"),
        (Fault("repos/create", status=403), r"refused to create the repository \(403\)"),
        (Fault("^GET /api/datasets", status=401), r"refused to read the head \(401\)"),
        (Fault("validate-yaml", status=400), r"The hub's client could not commit|refused to commit"),
    ],
)
def test_what_does_not_pass_is_an_error_without_the_token(
    hub: Hub, releases: dict[str, Path], fault: Fault, message: str
) -> None:
    hub.faults = [Fault(**vars(fault))]
    with pytest.raises(VQABuilderError, match=message) as caught:
        push(releases["old"])
    assert caught.value.exit_code == 2
    assert TOKEN not in f"{caught.value!r} {caught.value} {vars(caught.value)}"
    assert caught.value.__cause__ is None


def _push_and_count(hub: Hub, release: Path) -> int:
    hub.log.clear()
    push(release)
    return len(hub.log)


@pytest.mark.parametrize("answer", ["not done", "done, answer lost"])
@pytest.mark.slow
def test_a_push_that_dies_at_any_request_leaves_the_old_or_the_new_release(
    hub: Hub, releases: dict[str, Path], answer: str
) -> None:
    """The client is dead for the hub from the nth request on: no further request arrives.

    Every fourth request, and the last; all of them where ``KILLS`` says that there is time.
    """
    push(releases["old"])
    before = deepcopy(hub.state.repos)
    old, new = content(releases["old"]), content(releases["new"])
    requests = _push_and_count(hub, releases["new"])
    assert requests > 10
    seen: list[bool] = []
    for nth in sorted({*range(1, requests + 1, 1 if "KILLS" in os.environ else 4), requests}):
        _reset(hub, before)
        cut = Fault(nth=nth, cut="before" if answer == "not done" else "after")
        hub.faults = [cut, Fault(nth=nth + 1, cut="before", times=FOREVER)]
        with pytest.raises(HubError):
            push(releases["new"])
        hub.faults = []
        found = on_hub(hub)
        assert found in (old, new)
        seen.append(found == new)
        push(releases["new"])
        assert on_hub(hub) == new
        assert len(hub.history(JA)) == 3, "one commit for the old release and one for the new"
    assert not all(seen) and any(seen) == (answer != "not done")


def _reset(hub: Hub, repos: dict[str, Repo]) -> None:
    """A hub with these repositories and their large files only."""
    hub.faults = []
    hub.state.repos = deepcopy(repos)
    commits = [commit for repo in repos.values() for commit in repo.commits.values()]
    kept = {blob.path for commit in commits for blob in commit.files.values()}
    for path in hub.state.root.glob("lfs-*"):
        if path not in kept:
            path.unlink()


@pytest.mark.slow
@pytest.mark.parametrize(("pattern", "cut"), [("^PUT /lfs", "body"), (COMMIT, "after")])
def test_a_killed_process_leaves_the_old_or_the_new_release(
    hub: Hub, releases: dict[str, Path], pattern: str, cut: Any
) -> None:
    push(releases["old"])
    running: list[subprocess.Popen[bytes]] = []
    command = [
        sys.executable,
        "-m",
        "vqa_builder",
        "publish",
        str(releases["new"]),
        "--repo",
        JA,
        "--no-reload",
    ]

    def kill(hub: Hub) -> None:
        running[0].kill()
        running[0].wait()

    hub.faults = [Fault(pattern, cut=cut, then=kill)]
    running.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
    assert running[0].wait(60) < 0
    hub.faults = []
    assert on_hub(hub) in (content(releases["old"]), content(releases["new"]))
    push(releases["new"])
    assert on_hub(hub) == content(releases["new"]) and len(hub.history(JA)) == 3


# The gate, and the way back


def _flip(data: bytes) -> bytes:
    return data[:200] + bytes([data[200] ^ 0xFF]) + data[201:]


def test_a_revision_that_does_not_load_fails_and_is_rolled_back(
    hub: Hub, releases: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    push(releases["old"])
    hub.faults = [Fault("^GET .*/resolve/.*/data/train", times=FOREVER, change=_flip)]
    with pytest.raises(LoadedBackError, match="does not load as the manifest says") as caught:
        publish(releases["new"], JA, tag="v2.0")
    assert caught.value.exit_code == 1
    assert "vqa-builder publish --rollback --repo org/tiny-ja" in caught.value.details["do"]
    assert "refs/tags/v2.0" not in hub.state.repo(JA).refs
    hub.faults, moved = [], len(hub.requests("^PUT"))
    done = rollback(JA)
    assert on_hub(hub) == content(releases["old"]) and len(hub.requests("^PUT")) == moved
    assert hub.history(JA)[0].title == f"Roll back to {hub.history(JA)[2].id[:12]}"
    assert done.commit == hub.history(JA)[0].id and done.changed


def test_another_card_is_found_by_the_gate(hub: Hub, releases: dict[str, Path]) -> None:
    def other(card: bytes) -> bytes:
        return card.replace(b"list: int32", b"list: int64", 1)

    hub.faults = [Fault("^GET .*/README.md", times=FOREVER, change=other)]
    with pytest.raises(LoadedBackError, match="does not load") as caught:
        publish(releases["old"], JA)
    assert "content hash" in caught.value.details["found"]


@pytest.mark.parametrize(
    "name", ["stale head", "unavailable", "cut before the commit", "commit done, answer lost"]
)
def test_a_rollback_survives_what_passes(hub: Hub, releases: dict[str, Path], name: str) -> None:
    push(releases["old"])
    push(releases["new"])
    hub.faults = [Fault(**{**vars(fault), "seen": 0}) for fault in FAULTS[name]]
    rollback(JA, wait=lambda seconds: None)
    assert on_hub(hub) == content(releases["old"]) and len(hub.history(JA)) == 4


def test_a_rollback_dry_run_writes_nothing(hub: Hub, releases: dict[str, Path]) -> None:
    push(releases["old"])
    push(releases["new"])
    hub.log.clear()
    assert rollback(JA, dry_run=True).changed
    assert hub.requests(WRITES) == []


def test_there_is_nothing_to_roll_back_to(hub: Hub) -> None:
    with pytest.raises(HubError, match="nothing to roll back to"):
        rollback(JA)


# Wrong use


def test_a_damaged_release_is_not_published(hub: Hub, releases: dict[str, Path], tmp_path: Path) -> None:
    damaged = tmp_path / "tiny-ja"
    shutil.copytree(releases["old"], damaged)
    (damaged / "README.md").write_text("changed")
    with pytest.raises(ReleaseError, match="damaged, so it was not published"):
        push(damaged)
    assert hub.log == []


def test_offline_means_no_publishing(
    hub: Hub, releases: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="HF_HUB_OFFLINE"):
        push(releases["old"])
    assert hub.log == []


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "http://no-such-host.invalid"])
def test_a_hub_that_is_not_there_is_told_at_once(releases: dict[str, Path], endpoint: str) -> None:
    def wait(seconds: float) -> None:
        raise AssertionError("waited for nobody")

    with pytest.raises(HubError, match="cannot be reached") as caught:
        push(releases["old"], endpoint=endpoint, dry_run=True, wait=wait)
    assert endpoint in str(caught.value)


@pytest.mark.parametrize("repo", ["tiny", "a/b/c", "org/{lang}", ""])
def test_a_repository_needs_a_name(hub: Hub, releases: dict[str, Path], repo: str) -> None:
    with pytest.raises(SpecError, match="no usable name"):
        push(releases["old"], repo)


def test_a_tag_is_not_moved(hub: Hub, releases: dict[str, Path]) -> None:
    push(releases["old"], tag="v1.0")
    push(releases["old"], tag="v1.0")
    hub.log.clear()
    with pytest.raises(HubError, match="names another commit"):
        push(releases["new"], tag="v1.0")
    assert hub.requests(WRITES) == []
    with pytest.raises(SpecError, match="cannot be tagged before"):
        push(releases["new"], tag="v1.1", create_pr=True)


def test_a_wrong_token_is_refused_and_not_shown(hub: Hub, releases: dict[str, Path]) -> None:
    with pytest.raises(HubError, match="refused") as caught:
        push(releases["old"], token="hf_wrong_secret")
    assert "hf_wrong_secret" not in str(caught.value)
    assert "HF_TOKEN" in caught.value.details["do"]


# The command


def test_the_command_publishes_and_rolls_back(hub: Hub, releases: dict[str, Path]) -> None:
    folders = [str(releases["old"]), str(releases["hi"])]
    done = run("publish", *folders, "--repo", "org/tiny-{language}", "--json", "--no-reload")
    assert done.returncode == 0, done.stderr
    assert [one["repo"] for one in json.loads(done.stdout)] == [JA, HI]
    planned = run("publish", str(releases["new"]), "--repo", JA, "--dry-run")
    assert "dry run, nothing was written" in planned.stdout and "change" in planned.stdout
    assert len(hub.history(JA)) == 2
    command = "import sys; from vqa_builder.cli import main; sys.argv[0] = 'vqa-builder'; main()"
    changed = python(command, "publish", str(releases["new"]), "--repo", JA, "--tag", "v1.1", ok=False)
    assert changed.returncode == 0, changed.stderr
    assert "loaded back, same content: default, rejected, answers\ntagged v1.1\n" in changed.stdout
    back = run("publish", "--rollback", "--repo", JA)
    assert back.returncode == 0 and on_hub(hub) == content(releases["old"])
    assert TOKEN not in "".join([*vars(done).values().__str__(), changed.stderr, back.stderr])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--repo", JA], "give the folder of a release"),
        (["--rollback"], "The repository has no usable name"),
        (["nowhere", "--repo", JA], "There is no such folder"),
        (["nowhere", "--repo", JA, "--gated", "maybe"], "neither auto nor manual"),
    ],
)
def test_wrong_usage_ends_with_2(hub: Hub, arguments: list[str], message: str) -> None:
    done = run("publish", *arguments)
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr


def test_a_failed_gate_ends_with_1(hub: Hub, releases: dict[str, Path]) -> None:
    hub.faults = [Fault("^GET .*/resolve/.*/answers/", times=FOREVER, change=_flip)]
    done = run("publish", str(releases["old"]), "--repo", JA)
    assert done.returncode == 1
    assert "--rollback" in done.stderr and TOKEN not in done.stderr + done.stdout


def _client(hub: Hub) -> Any:
    from huggingface_hub import HfApi

    return HfApi(endpoint=hub.url, token=TOKEN)
