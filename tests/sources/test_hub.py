"""The source hub: a dataset streamed from a loopback hub or a folder, its commit, and clear errors."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from tests.hub.plugin import hub, python
from tests.hub.server import TOKEN, Hub as LoopbackHub
from tests.sources.reading import Reading, failure, source
from vqa_builder.errors import SourceError, UnknownNameError
from vqa_builder.schema import examples_schema
from vqa_builder.sources.hub import HubOptions

__all__ = ["hub"]
REPO = "org/vqa-en"
COLUMNS = {"question_id": "qid", "image_id": "img", "question": "text", "answers": "reply"}
READ = """
import json, sys
from tests.sources.reading import Reading, source
from vqa_builder.errors import VQABuilderError
told = []
for options in json.loads(sys.argv[1]):
    try:
        read = Reading("hub", **options)
        told.append([source("hub", **options).fingerprint(), read.rows, len(read.batches), read.bad])
    except VQABuilderError as error:
        told.append(str(error))
print(json.dumps(told))
"""


def rows(start: int, count: int, answers: bool = True) -> pa.Table:
    """Rows with a column of pictures, which is not to be read."""
    numbers = range(start, start + count)
    reply = [[{"answer": "cat", "answer_confidence": "yes", "answer_id": 1}] if answers else None] * count
    kind = pa.list_(
        pa.struct([("answer", pa.string()), ("answer_confidence", pa.string()), ("answer_id", pa.int32())])
    )
    return pa.table(
        {
            "qid": list(numbers),
            "img": [f"{n}.jpg" for n in numbers],
            "text": [f"What is {n}?" for n in numbers],
            "reply": pa.array(reply, kind),
            "photo": [b"\xff" * 1000] * count,
        }
    )


def dataset(folder: Path, train: int = 3) -> Path:
    """A folder in the layout of the hub, with two configurations."""
    for config, split, table in (
        ("default", "train", rows(0, train)),
        ("default", "validation", rows(50_000, 2)),
        ("small", "test", rows(90_000, 1, answers=False)),
    ):
        path = folder / config / f"{split}-00000-of-00001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path, row_group_size=10_000)
    configs: list[dict[str, Any]] = [
        {
            "config_name": name,
            "data_files": [{"split": split, "path": f"{name}/{split}-*"} for split in splits],
        }
        for name, splits in (("default", ("train", "validation")), ("small", ("test",)))
    ]
    configs[0]["default"] = True
    (folder / "README.md").write_text(f"---\nconfigs: {json.dumps(configs)}\n---\n# Data\n")
    return folder


ADDRESS = "http://127.0.0.1:9/secret.csv"


def forge_card(folder: Path, name: str, file: str = "README.md") -> None:
    """Have the card of a dataset, or what may stand beside it, name a file."""
    configs = [{"config_name": "default", "data_files": [{"split": "train", "path": [name]}]}]
    frame = "---" if file == "README.md" else ""
    (folder / file).write_text(f"{frame}\nconfigs: {json.dumps(configs)}\n{frame}\n")


def push(folder: Path, loopback: LoopbackHub) -> str:
    """The commit under which a folder lies on the hub."""
    from huggingface_hub import HfApi

    api = HfApi(endpoint=loopback.url, token=TOKEN)
    api.create_repo(REPO, repo_type="dataset", exist_ok=True)
    commit: str = api.upload_folder(repo_id=REPO, repo_type="dataset", folder_path=folder).oid
    return commit


def aliases_of_aliases(first: bytes) -> bytes:
    """YAML that takes for ever to write out."""
    lines = (b"%c: &%c [%s]\n" % (n + 1, n + 1, b",".join([b"*%c" % n] * 10)) for n in b"abcdefghijkl")
    return b"a: &a " + first + b"\n" + b"".join(lines)


def in_a_child(*options: dict[str, Any]) -> list[Any]:
    """What a fresh process reads for each: fingerprint, rows, number of batches, bad records; or an error."""
    asked = [{"repo": REPO, "columns": COLUMNS, **each} for each in options]
    told: list[Any] = json.loads(python(READ, json.dumps(asked)).stdout)
    return told


class TestFolder:
    def test_splits_and_columns(self, tmp_path: Path) -> None:
        result = Reading("hub", repo=str(dataset(tmp_path)), columns=COLUMNS)
        assert result.table and result.table.schema == examples_schema(pa.int64(), pa.string())
        assert (
            result.ids == [0, 1, 2, 50_000, 50_001] and result["split"] == ["train"] * 3 + ["validation"] * 2
        )
        assert result["answers"][0] == [{"answer": "cat", "answer_confidence": "yes", "answer_id": 1}]
        assert not result.bad

    def test_a_configuration_and_other_names_of_splits(self, tmp_path: Path) -> None:
        repo = str(dataset(tmp_path))
        result = Reading("hub", repo=repo, config="small", splits={"validation": "test"}, columns=COLUMNS)
        assert result.ids == [90_000] and result["split"] == ["validation"] and result["answers"] == [None]

    def test_limit_and_batches(self, tmp_path: Path) -> None:
        repo = str(dataset(tmp_path, train=20_500))
        result = Reading("hub", repo=repo, columns=COLUMNS)
        assert [batch.num_rows for batch in result.batches] == [10_000, 10_000, 500, 2]
        assert Reading("hub", repo=repo, columns=COLUMNS, limit=2).ids == [0, 1, 50_000, 50_001]

    def test_the_files_identify_it(self, tmp_path: Path) -> None:
        repo = dataset(tmp_path / "data")
        one = source("hub", repo=str(repo))
        assert [path.name for path in one.files()] == [
            "README.md",
            "train-00000-of-00001.parquet",
            "validation-00000-of-00001.parquet",
            "test-00000-of-00001.parquet",
        ]
        before = one.fingerprint()
        dataset(repo, train=4)
        after = source("hub", repo=str(repo)).fingerprint()
        assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True, True]

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"config": "large"}, "no such configuration"),
            ({"columns": {}}, "number the rows"),
            ({"columns": COLUMNS | {"question": "photo"}}, "'photo'"),
        ],
    )
    def test_wrong(self, tmp_path: Path, options: dict[str, Any], words: str) -> None:
        repo = str(dataset(tmp_path))
        assert words in failure("hub", **{"repo": repo, "columns": COLUMNS, **options})

    @pytest.mark.parametrize("file", ["README.md", ".huggingface.yaml"])
    @pytest.mark.parametrize("name", ["../secret.csv", "{}/secret.csv", "file://{}/secret.csv", ADDRESS])
    def test_a_card_names_no_file_elsewhere(self, tmp_path: Path, name: str, file: str) -> None:
        (tmp_path / "secret.csv").write_text("qid,img,text\n1,a,The secret of this machine?\n")
        repo = dataset(tmp_path / "data")
        forge_card(repo, name.format(tmp_path.as_posix()), file)
        assert "files that lie elsewhere" in failure("hub", repo=str(repo), columns=COLUMNS)

    @pytest.mark.parametrize("file", ["README.md", ".huggingface.yaml"])
    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b"configs: [{data_files: train-*", ["The card of a dataset cannot be read", "YAML"]),
            (b"configs: 7", ["cannot be read", "correct it"]),
            (b"configs: [{data_files: {train: [1, {x: y}]}}]", ["cannot be read", "correct it"]),
            (b"dataset_info: {features: [{name: qid, dtype: !!python/name:os.system }]}", ["YAML"]),
            (b"dataset_info: {features: {qid: 9}}", ["cannot be read", "correct it"]),
            (b"name: \xff\xfe", ["UTF-8"]),
            (b"x: " + b"[" * 5000, ["YAML"]),
            (b"x: &x [*x]", ["YAML"]),
            (aliases_of_aliases(b"[1]"), ["more than 1,000,000 values"]),
            (aliases_of_aliases(b"[]"), ["more than 1,000,000 values"]),
        ],
    )
    def test_a_card_that_is_none_is_named(
        self, tmp_path: Path, file: str, content: bytes, told: list[str]
    ) -> None:
        repo = dataset(tmp_path)
        (repo / "README.md").unlink()
        frame = b"---\n" if file == "README.md" else b""
        (repo / file).write_bytes(frame + content + b"\n" + frame)
        message = failure("hub", repo=str(repo), columns=COLUMNS)
        assert all(each in message for each in told) and str(repo) in message and len(message) < 1500

    def test_a_folder_of_save_to_disk(self, tmp_path: Path) -> None:
        import datasets

        saved = datasets.DatasetDict({"train": datasets.Dataset(rows(3, 2))})
        saved.save_to_disk(str(tmp_path))
        assert Reading("hub", repo=str(tmp_path), columns=COLUMNS).ids == [3, 4]

    def test_an_unknown_split_lists_those_that_there_are(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownNameError, match="Unknown split 'trian'") as caught:
            Reading("hub", repo=str(dataset(tmp_path)), splits={"train": "trian"}, columns=COLUMNS)
        assert "train, validation" in str(caught.value)

    def test_bad_rows_are_named(self, tmp_path: Path) -> None:
        repo = dataset(tmp_path)
        table = rows(1, 2).set_column(2, "text", [["", "Who?"]])
        pq.write_table(table, repo / "default" / "validation-00000-of-00001.parquet")
        result = Reading("hub", repo=str(repo), columns=COLUMNS)
        assert result.ids == [0, 1, 2]
        assert [(bad.record, bad.id, bad.problem) for bad in result.bad] == [
            (0, 1, "question is empty"),
            (1, 2, "The question_id is not unique"),
        ]
        assert result.bad[0].file.endswith("split validation")


class TestHub:
    @pytest.fixture(autouse=True)
    def _quiet_client(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.CRITICAL, logger="huggingface_hub")

    def test_streams_the_head_of_main(self, hub: LoopbackHub, tmp_path: Path) -> None:
        commit = push(dataset(tmp_path / "data"), hub)
        [(fingerprint, read, batches, bad)] = in_a_child({})
        assert fingerprint == [f"{REPO}@{commit}"] and (batches, bad) == (2, [])
        assert [row["question_id"] for row in read] == [0, 1, 2, 50_000, 50_001]
        stored = {path.suffix for path in (tmp_path / "home").rglob("*") if path.is_file()}
        assert not stored & {".parquet", ".arrow"}

    def test_a_revision_stays_what_it_was(self, hub: LoopbackHub, tmp_path: Path) -> None:
        first = push(dataset(tmp_path / "data"), hub)
        second = push(dataset(tmp_path / "data", train=5), hub)
        read = in_a_child(*({"revision": each} for each in (first, second, "main")))
        assert [len(rows) for _, rows, _, _ in read] == [5, 7, 7]
        assert source("hub", repo=REPO).fingerprint() == [f"{REPO}@{second}"]
        assert source("hub", repo=REPO, revision=first).fingerprint() == [f"{REPO}@{first}"]

    def test_what_is_not_there(self, hub: LoopbackHub, tmp_path: Path) -> None:
        push(dataset(tmp_path / "data"), hub)
        expected: list[tuple[dict[str, Any], str]] = [
            ({"repo": "org/none"}, "There is no such dataset"),
            ({"revision": "v9"}, "no such revision"),
            ({"config": "large"}, "no such configuration"),
            ({"splits": {"test": "test"}}, "Unknown split 'test'"),
        ]
        messages = in_a_child(*(options for options, _ in expected))
        for (options, words), message in zip(expected, messages, strict=True):
            assert words in message and options.get("repo", REPO) in message

    def test_a_card_names_no_file_of_this_machine(self, hub: LoopbackHub, tmp_path: Path) -> None:
        repo = dataset(tmp_path / "data")
        (tmp_path / "secret.csv").write_text("qid,img,text\n1,a,The secret of this machine?\n")
        forge_card(repo, f"{tmp_path.as_posix()}/secret.csv")
        push(repo, hub)
        (message,) = in_a_child({})
        assert "files that lie elsewhere" in message or "don't belong to" in message

    def test_offline(self, hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        commit = push(dataset(tmp_path / "data"), hub)
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
        for message in in_a_child(*({"revision": each} for each in (None, "main", commit))):
            assert "cannot be read offline" in message and "unset HF_HUB_OFFLINE" in message

    def test_an_unusable_name(self) -> None:
        with pytest.raises(SourceError, match="no such dataset"):
            source("hub", repo="a/b/c").fingerprint()


@pytest.mark.parametrize("options", [{}, {"repo": ""}, {"repo": "a/b", "trust_remote_code": True}])
def test_wrong_options(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HubOptions(**options)
