"""Releases are named by their folder or by repository and revision; both kinds are compared alike."""

from __future__ import annotations

import dataclasses
import socket
from pathlib import Path

import pyarrow as pa
import pytest

from tests.hub.plugin import hub
from tests.hub.server import Hub
from tests.release.conftest import changed, copy_of
from vqa_builder import verify
from vqa_builder.errors import ReleaseError, UnknownNameError
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.diff.compare import diff
from vqa_builder.release.hub.publish import publish
from vqa_builder.release.hub.remote import HubError
from vqa_builder.release.opening import open_release
from vqa_builder.release.write import write_release

__all__ = ["hub"]
REPO = "org/vqa-ja"


def test_a_folder_is_opened(ja: ReleaseContents, tmp_path: Path) -> None:
    release = open_release(copy_of(ja, tmp_path))
    assert (release.folder, release.manifest.name) == (tmp_path / "vqa-ja", "vqa-ja")
    every = release.to_pandas()
    assert list(every["split"]) == ["train"] * 3 + ["validation", "test"]
    assert every["question"][3] == "雨が降っていますか？"
    assert release.table(split="train").equals(ja.data["train"])
    assert list(release.to_pandas("rejected")["reasons"][1]) == ["chrf"]
    assert release.to_pandas("answers")["answer"].tolist()[:2] == ["はい", "いいえ"]


def test_what_a_release_does_not_hold_is_named(hi: ReleaseContents, tmp_path: Path) -> None:
    release = open_release(copy_of(hi, tmp_path))
    with pytest.raises(UnknownNameError, match="'rejected'"):
        release.table("rejected")
    with pytest.raises(UnknownNameError, match="'validatoin'") as caught:
        release.table(split="validatoin")
    assert "did you mean 'validation'?" in str(caught.value)


def test_a_folder_that_verify_cannot_find_is_told(ja: ReleaseContents, tmp_path: Path) -> None:
    release = copy_of(ja, tmp_path)
    for wrong, told in (
        (tmp_path / "vqa-jp", f"did you mean {release}?"),
        (release / "manifest.json", "folder"),
    ):
        with pytest.raises(ReleaseError) as caught:
            verify(str(wrong))
        assert told in str(caught.value)


def test_two_revisions_are_compared(hub: Hub, ja: ReleaseContents, tmp_path: Path) -> None:
    old = copy_of(ja, tmp_path / "old")
    new = write_release(changed(ja, 228478001, "question", "犬は何匹ですか？"), tmp_path / "new")
    publish(old, REPO, tag="v1.0", reload=False)
    publish(new, REPO, reload=False)
    first, second = open_release(f"{REPO}@v1.0").folder, open_release(f"hf://datasets/{REPO}").folder
    found = diff(first, second)
    assert [(group.kind, group.rows) for group in found.rows] == [("question text", 1)]
    assert diff(first, old).is_empty
    assert not (first / "README.md").exists()


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("no such folder", ReleaseError, "no such folder"),
        ("org/nothing@main", HubError, "no such repository"),
        (f"{REPO}@v9", HubError, "v9"),
    ],
)
def test_what_is_not_there_is_told(
    hub: Hub, ja: ReleaseContents, tmp_path: Path, name: str, error: type[Exception], message: str
) -> None:
    publish(copy_of(ja, tmp_path), REPO, reload=False)
    with pytest.raises(error) as caught:
        open_release(name)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("out/vqa-jq", "did you mean out/vqa-ja?"),
        ("out/vqa-hi/", "did you mean out/vqa-ja?"),
        ("ouy/vqa-ja", "for the hub write ouy/vqa-ja@main"),
        ("./vqa-ja", None),
        ("../x/vqa-ja@v1", None),
    ],
)
def test_a_misspelt_path_never_goes_to_the_network(
    ja: ReleaseContents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, remedy: str | None
) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("somebody asked the network")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.chdir(tmp_path)
    write_release(ja, Path("out"))
    with pytest.raises(ReleaseError) as caught:
        open_release(name)
    assert caught.value.details.get("do") == remedy


def test_two_languages_are_concatenated_and_told_apart(
    ja: ReleaseContents, hi: ReleaseContents, tmp_path: Path
) -> None:
    from datasets import concatenate_datasets, load_dataset

    table = ja.data["train"]
    language = pa.array(["hi"] * table.num_rows)
    other = table.set_column(table.schema.get_field_index("language"), "language", language)
    hindi = dataclasses.replace(ja, name="vqa-hi", language="hi", data={**ja.data, "train": other})
    loaded = [
        load_dataset(str(write_release(one, tmp_path)), split="train", cache_dir=str(tmp_path / "cache"))
        for one in (ja, hindi)
    ]
    both = concatenate_datasets(loaded)
    assert both["language"] == ["ja"] * 3 + ["hi"] * 3
