"""A model pushed by the real client to a hub on the loopback interface, whatever goes wrong on the way."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from recipes.lib.model_card import About
from recipes.lib.publish_model import contents, main, publish_model
from tests.hub.plugin import hub
from tests.hub.server import Fault, Hub
from vqa_builder.errors import SourceError, SpecError
from vqa_builder.release.hub.publish import LoadedBackError
from vqa_builder.release.hub.push import Published
from vqa_builder.release.hub.remote import HubError

__all__ = ["hub"]
REPO = "org/vqa-ja-student"
WRITES = r"^(POST (?!.*(paths-info|preupload|validate-yaml))|PUT|DELETE)"
FILES = {
    ".gitattributes",
    "README.md",
    "config.json",
    "manifest.json",
    "model.safetensors",
    "tokenizer/tokenizer.json",
}


class Student(nn.Module):
    """The smallest model with a head."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.head = nn.Linear(4, 3)
        nn.init.normal_(self.head.weight, generator=generator)


def write(folder: Path, seed: int = 0) -> Path:
    """A model's folder as a run leaves it, with what must not travel."""
    (folder / "tokenizer").mkdir(parents=True, exist_ok=True)
    save_file(dict(Student(seed).state_dict()), folder / "model.safetensors")
    (folder / "config.json").write_text('{"architecture": "oscar", "hidden": 4}')
    (folder / "tokenizer" / "tokenizer.json").write_text('{"version": "1.0", "語": 1}', encoding="utf-8")
    for name in ("optimizer.safetensors", "state.json", "pytorch_model.bin", "training.pt", "settings.json"):
        (folder / name).write_text("{}")
    return folder


def push(folder: Path, **options: Any) -> Published:
    return publish_model(
        folder, REPO, About(licence="apache-2.0"), **{"wait": lambda seconds: None, **options}
    )


@pytest.fixture(autouse=True)
def _quiet_client(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="huggingface_hub")


def test_card_and_weights_go_in_one_commit_and_users_load_them(hub: Hub, tmp_path: Path) -> None:
    from huggingface_hub import ModelCard, hf_hub_download

    folder = write(tmp_path / "model")
    done = push(folder, tag="v1.0")
    assert len(hub.history(REPO)) == 2 and done.commit == hub.history(REPO)[0].id
    assert hub.state.repo(REPO).refs["refs/tags/v1.0"] == done.commit
    assert {*hub.files(REPO)} == FILES and {*done.loaded} == FILES - {".gitattributes", "manifest.json"}
    assert done.url == f"{hub.url}/{REPO}"
    path = hf_hub_download(REPO, "model.safetensors", revision="v1.0", local_dir=tmp_path / "down")
    assert torch.equal(load_file(path)["head.weight"], Student(0).head.weight)
    assert (
        ModelCard.load(Path(hf_hub_download(REPO, "README.md", local_dir=tmp_path / "down"))).data.license
        == "apache-2.0"
    )
    manifest = json.loads(hub.files(REPO)["manifest.json"])
    assert {*manifest["files"]} == FILES - {".gitattributes", "manifest.json"}
    assert hub.history(REPO)[0].title == "Publish model: 5 files added"


def test_a_dry_run_writes_nothing(hub: Hub, tmp_path: Path) -> None:
    done = push(write(tmp_path / "model"), dry_run=True)
    assert done.dry_run and done.commit is None and REPO not in hub.state.repos
    assert {one.path for one in done.operations} == FILES - {".gitattributes"}
    assert hub.requests(WRITES) == []
    assert done.lines()[-1].endswith("dry run, nothing was written")


def test_only_what_changed_travels_and_what_is_gone_goes(hub: Hub, tmp_path: Path) -> None:
    from huggingface_hub import HfApi

    folder = write(tmp_path / "model")
    push(folder)
    again = push(folder)
    assert not again.changed and len(hub.history(REPO)) == 2
    HfApi(endpoint=hub.url, token="hf_loopback_secret").upload_file(
        path_or_fileobj=b"theirs", path_in_repo="notes.md", repo_id=REPO
    )
    write(folder, seed=1)
    (folder / "tokenizer" / "tokenizer.json").unlink()
    done = push(folder)
    assert {one.path: one.action for one in done.operations} == {
        "README.md": "change",
        "manifest.json": "change",
        "model.safetensors": "change",
        "tokenizer/tokenizer.json": "delete",
    } or "README.md" not in {one.path for one in done.operations}
    assert hub.files(REPO)["notes.md"] == b"theirs" and "tokenizer/tokenizer.json" not in hub.files(REPO)
    assert len(hub.history(REPO)) == 4


@pytest.mark.parametrize("cut", ["before", "body", "after"])
def test_a_lost_commit_is_done_once(hub: Hub, tmp_path: Path, cut: Any) -> None:
    hub.faults = [Fault(r"^POST .*/commit/", cut=cut)]
    done = push(write(tmp_path / "model"))
    assert len(hub.history(REPO)) == 2 and done.commit == hub.history(REPO)[0].id


def test_an_upload_that_fails_leaves_the_old_model(hub: Hub, tmp_path: Path) -> None:
    folder = write(tmp_path / "model")
    push(folder)
    before = hub.files(REPO)
    write(folder, seed=1)
    hub.faults = [Fault(r"^PUT /lfs", status=403, times=1000)]
    with pytest.raises(HubError):
        push(folder)
    assert hub.files(REPO) == before


def test_what_comes_back_changed_is_told(hub: Hub, tmp_path: Path) -> None:
    def flipped(data: bytes) -> bytes:
        return data[:-1] + bytes([data[-1] ^ 1])

    hub.faults = [Fault(r"^GET .*/resolve/.*/model.safetensors", change=flipped)]
    with pytest.raises(LoadedBackError, match="not those that were sent") as caught:
        push(write(tmp_path / "model"))
    assert caught.value.details["found"] == "model.safetensors" and caught.value.exit_code == 1


def test_a_pull_request_leaves_the_branch(hub: Hub, tmp_path: Path) -> None:
    done = push(write(tmp_path / "model"), create_pr=True)
    assert done.revision == "refs/pr/1" and {*hub.files(REPO)} == {".gitattributes"}
    assert {*hub.files(REPO, "refs/pr/1")} == FILES


def test_a_taken_tag_is_refused_before_anything_is_sent(hub: Hub, tmp_path: Path) -> None:
    folder = write(tmp_path / "model")
    push(folder, tag="v1.0")
    write(folder, seed=1)
    hub.log.clear()
    with pytest.raises(HubError, match=r"tag v1\.0 names another commit"):
        push(folder, tag="v1.0")
    assert hub.requests(WRITES) == []


def test_bad_input_is_found_before_the_hub_is_asked(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="no weights"):
        publish_model(tmp_path / "empty", REPO)
    with pytest.raises(SpecError, match="usable name"):
        publish_model(write(tmp_path / "model"), "student")
    with pytest.raises(SpecError, match="cannot be tagged"):
        publish_model(tmp_path / "model", REPO, create_pr=True, tag="v1")
    assert hub.log == []


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    folder = write(tmp_path / "model")
    one, two = (contents(folder, REPO, About())[0] for _ in range(2))
    assert one["README.md"] == two["README.md"] and one["manifest.json"] == two["manifest.json"]


def test_the_command_line(hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, card = write(tmp_path / "model"), tmp_path / "card.md"
    asked = [
        str(folder),
        "--repo",
        REPO,
        "--dry-run",
        "--card",
        str(card),
        "--base",
        "org/base=mit",
        "--limit",
        "Few scenes.",
    ]
    assert main(asked) == 0
    assert "dry run, nothing was written" in capsys.readouterr().out
    assert "org/base" in card.read_text(encoding="utf-8") and "- Few scenes." in card.read_text(
        encoding="utf-8"
    )
    assert main([str(tmp_path), "--repo", REPO]) == 2
    assert "no weights" in capsys.readouterr().err
