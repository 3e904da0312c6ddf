"""Releases of records: the source's own schema, translated in place, and proven by verify."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from vqa_builder import build, diff, load_spec, plan, verify
from vqa_builder.errors import ReleaseError
from vqa_builder.pipeline import validate
from vqa_builder.release import manifest
from vqa_builder.release.record_checks import record_faults
from vqa_builder.release.write import write_report
from vqa_builder.steps.releasing import BuiltRelease

SPEC = """
name: talk
languages: [ja, hi]
source:
  type: records
  splits: {{train: {train}, validation: {validation}}}
  fields:
    "conversations[*].value": turn
    "hint?": text
    question: question
  {options}
scores: [script, copy, chrf]
policy: {{script: {{min: 0.5}}, copy: reject, chrf: {{min: 50}}}}
release: {{licence: cc-by-4.0}}
"""
FEATURES = datasets.Features(
    {
        "id": datasets.Value("int32"),
        "images": datasets.List(datasets.Image()),
        "question": datasets.Value("string"),
        "conversations": datasets.List(
            {"from": datasets.ClassLabel(names=["human", "gpt"]), "value": datasets.Value("string")}
        ),
        "boxes": datasets.List(datasets.Value("float32"), length=4),
        "meta": {"source": datasets.Value("large_string"), "year": datasets.Value("date32")},
    }
)
NONSENSE = "Zxqv blorf grumpf wex?"
TURNS = [
    "<image>\nWhat color is the bus?",
    "What is the man doing?\n\n- **Is it raining?** `x = 1`",
    "42",
    "",
]


def picture(shade: int) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (3, 2), (shade, 0, 0)).save(out, "PNG")
    return out.getvalue()


def row(number: int) -> dict[str, Any]:
    """A record; every third asks what no engine of the spec may keep."""
    turns = [{"from": place % 2, "value": text} for place, text in enumerate(TURNS)]
    return {
        "id": number,
        "images": [{"bytes": picture(number), "path": f"{number}.png"}] * (number % 3),
        "question": NONSENSE if number % 3 == 0 else "What is the woman holding?",
        "conversations": [*turns, {"from": 0, "value": None}] if number % 4 else None,
        "boxes": None if number % 2 else [0.5, 1.0, 2.0, number],
        "meta": {"source": f"src{number}", "year": None},
    }


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    for name, numbers in (("train", range(12)), ("validation", range(12, 16))):
        table = pa.Table.from_pylist([row(number) for number in numbers], FEATURES.arrow_schema)
        pq.write_table(table, folder / f"{name}.parquet", row_group_size=5)
    return folder


def built(
    source: Path, out: Path, options: str = "", languages: list[str] | None = None
) -> list[BuiltRelease]:
    text = SPEC.format(
        train=json.dumps(str(source / "train.parquet")),
        validation=json.dumps(str(source / "validation.parquet")),
        options=options,
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / "build.yaml").write_text(text, encoding="utf-8")
    return build(load_spec(out / "build.yaml"), out, languages=languages, workers=1)


@pytest.fixture(scope="module")
def releases(source: Path, tmp_path_factory: pytest.TempPathFactory) -> list[BuiltRelease]:
    return built(source, tmp_path_factory.mktemp("out"))


def rows(release: Path, split: str) -> dict[int, dict[str, Any]]:
    """All rows of a split, kept and rejected, by their own ids."""
    tables = [pq.read_table(path) for path in sorted(release.glob(f"*/{split}-*.parquet"))]
    return {one["id"]: one for table in tables for one in table.to_pylist()}


@pytest.mark.parametrize("at", [0, 1])
def test_what_is_not_named_is_the_sources_and_what_is_has_its_english_beside_it(
    releases: list[BuiltRelease], at: int
) -> None:
    release = releases[at]
    assert release.verification is not None and release.verification.ok, release.verification
    for split, numbers in (("train", range(12)), ("validation", range(12, 16))):
        found = rows(release.folder, split)
        assert sorted(found) == list(numbers)
        for number, one in found.items():
            own = row(number)
            for name in ("id", "images", "boxes", "meta"):
                assert one[name] == own[name]
            for name in ("question", "conversations"):
                assert one[f"{name}_en"] == own[name]
            assert one["row_id"] == f"{split}-{number % 12}" and one["language"] == release.language


def test_turns_keep_roles_order_number_layout_and_tags(releases: list[BuiltRelease]) -> None:
    ja, hi = (rows(release.folder, "train")[1]["conversations"] for release in releases)
    assert [turn["from"] for turn in ja] == [0, 1, 0, 1, 0]
    assert [turn["value"] for turn in ja[:2]] == [
        "<image>\nバスは何色ですか？",
        "男性は何をしていますか？\n\n- **雨が降っていますか？** `x = 1`",
    ]
    assert hi[0]["value"] == "<image>\nबस का रंग क्या है?"
    assert [turn["value"] for turn in ja[2:]] == ["42", "", None]


def test_one_bad_text_rejects_its_row_and_the_reason_has_the_path(releases: list[BuiltRelease]) -> None:
    ja = releases[0]
    rejected = pq.read_table(next((ja.folder / "rejected").glob("train-*")))
    assert rejected["id"].to_pylist() == [0, 3, 6, 9]
    assert all("chrf<50 (question)" in reasons for reasons in rejected["reasons"].to_pylist())
    assert ja.manifest.counts["kept"] == {"train": 8, "validation": 2}
    assert ja.manifest.counts["reasons"]["chrf<50"] == 6


def test_the_schema_is_the_sources_and_what_is_added(releases: list[BuiltRelease], source: Path) -> None:
    own = pq.read_schema(source / "train.parquet")
    found = pq.read_schema(next((releases[0].folder / "data").glob("train-*")))
    texts = ["question", "question_en", "conversations", "conversations_en"]
    added = ["row_id", "language", "scores", "engine"]
    assert found.names == ["id", "images", *texts, "boxes", "meta", *added]
    for name in own.names:
        assert datasets.Features.from_arrow_schema(found)[name] == FEATURES[name]
    assert datasets.Features.from_arrow_schema(found)["conversations_en"] == FEATURES["conversations"]


def test_datasets_loads_decodes_streams_and_joins_two_languages(
    releases: list[BuiltRelease], tmp_path: Path
) -> None:
    ja, hi = (
        datasets.load_dataset(str(release.folder), split="train", cache_dir=str(tmp_path))
        for release in releases
    )
    assert ja.features["images"] == FEATURES["images"]
    assert ja[0]["images"][0].size == (3, 2)
    both = datasets.concatenate_datasets([ja, hi])
    assert set(both["language"]) == {"ja", "hi"} and len(both) == 16
    streamed = datasets.load_dataset(str(releases[1].folder), split="validation", streaming=True)
    assert [one["id"] for one in streamed] == [13, 14]


def test_a_string_can_stay_english_and_is_named(source: Path, tmp_path: Path) -> None:
    (ja,) = built(source, tmp_path, "on_bad_string: english", ["ja"])
    assert ja.verification is not None and ja.verification.ok
    assert ja.manifest.counts["kept"] == {"train": 12, "validation": 4}
    found = rows(ja.folder, "train")
    assert found[0]["question"] == NONSENSE and found[0]["kept_english"] == ["chrf<50 (question)"]
    assert found[1]["kept_english"] == []


def test_the_same_build_again_changes_nothing(source: Path, releases: list[BuiltRelease]) -> None:
    again = built(source, releases[0].folder.parent)
    assert [one.changed for one in again] == [False, False]
    assert write_report(releases[0].folder).stat().st_size > 1000
    assert verify(releases[0].folder, reload=False).ok


def _other_id(table: pa.Table) -> pa.Table:
    return table.set_column(0, "id", pc.add(table["id"], pa.scalar(1, pa.int32())))


def _other_picture(table: pa.Table) -> pa.Table:
    pictures = [[{**one, "bytes": one["bytes"][:-1]} for one in each] for each in table["images"].to_pylist()]
    return table.set_column(1, table.schema.field(1), pa.array(pictures, table.schema.field(1).type))


def _no_tag(table: pa.Table) -> pa.Table:
    return _turn(
        table, lambda turn: {**turn, "value": turn["value"] and turn["value"].replace("<image>", "")}
    )


def _other_role(table: pa.Table) -> pa.Table:
    return _turn(table, lambda turn: {**turn, "from": 1})


def _turn(table: pa.Table, change: Any) -> pa.Table:
    field = table.schema.field("conversations")
    turns = [each and [change(turn) for turn in each] for each in table["conversations"].to_pylist()]
    return table.set_column(4, field, pa.array(turns, field.type))


@pytest.mark.parametrize(
    ("damage", "check", "said"),
    [
        (_other_id, "source", "train: id is not that of the source"),
        (_other_picture, "source", "train: images is not that of the source"),
        (_no_tag, "spans", "train-1, conversations[0].value: a protected span"),
        (_other_role, "layout", "conversations has another layout"),
        (lambda table: table.slice(1), "ids", "expected 16 ids, found 15"),
    ],
)
def test_verify_finds_what_is_not_as_in_the_source(
    releases: list[BuiltRelease], damage: Any, check: str, said: str
) -> None:
    folder = releases[0].folder
    (path,) = (folder / "data").glob("train-*")
    whole = path.read_bytes()
    try:
        pq.write_table(damage(pq.read_table(path)), path)
        faults = record_faults(folder, manifest.load_manifest(folder))
    finally:
        path.write_bytes(whole)
    assert said in " ".join(faults[check]) and faults["content"]


@pytest.mark.parametrize("embed", [True, False])
def test_pictures_are_put_into_rows_or_referred_to_as_the_spec_says(tmp_path: Path, embed: bool) -> None:
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "1.png").write_bytes(picture(1))
    paths = [(None, "1.png"), (picture(2), "2.png"), (None, "../build.yaml")]
    image = pa.array([{"bytes": data, "path": path} for data, path in paths], kind)
    asked = ["What color is the bus?", "What is the man doing?", "What is the woman holding?"]
    pq.write_table(pa.table({"image": image, "question": asked}), tmp_path / "rows.parquet")
    images = {"embed": embed, "folder": "files", "licence": "cc-by-4.0"}
    source = {"type": "records", "splits": {"train": "rows.parquet"}, "fields": {"question": "question"}}
    spec = {"name": "s", "languages": ["ja"], "source": source, "scores": ["script"]}
    spec["policy"] = {"rules": {"script": {"min": 0.1}}}
    spec |= {"release": {"licence": "cc-by-4.0", "images": images}}
    (tmp_path / "build.yaml").write_text(json.dumps(spec))
    (release,) = build(load_spec(tmp_path / "build.yaml"), tmp_path / "out", workers=1)
    assert release.verification is not None and release.verification.ok
    kept = datasets.load_dataset(str(release.folder), split="train")
    if embed:
        assert [one.size for one in kept["image"]] == [(3, 2)] * 2
        (rejected,) = pq.read_table(release.folder / "rejected" / "train-00000-of-00001.parquet").to_pylist()
        assert rejected["reasons"] == ["picture cannot be read (image)"] and rejected["row_id"] == "train-2"
    else:
        rows = [one.as_py() for one in pq.read_table(release.folder / "data")["image"]]
        assert rows == [{"bytes": None, "path": path} for _, path in paths]


def test_plan_and_validate_say_what_is_translated(releases: list[BuiltRelease]) -> None:
    spec = load_spec(releases[0].folder.parent / "build.yaml")
    assert "as they are: id, images, boxes, meta" in validate(spec)
    planned = plan(spec, releases[0].folder.parent)
    assert planned.rows == {"train": 12, "validation": 4}
    assert {(one.language, one.role) for one in planned.strings} == {
        (language, role) for language in ("ja", "hi") for role in ("question", "turn")
    }


def test_rows_of_two_releases_are_compared_by_row_id(releases: list[BuiltRelease]) -> None:
    found = diff(releases[0].folder, releases[1].folder)
    changed = {group.kind: group.rows for group in found.rows}
    assert changed["language"] == 16 and changed["conversations"] == 12
    assert not changed.keys() & {"added", "removed", "images", "conversations_en"}


def test_the_rows_of_questions_and_answers_are_released_as_such_too(tmp_path: Path) -> None:
    rows = [
        {"qid": 7, "image_id": 3, "question": "What color is the bus?", "answers": ["red", "red"], "x": [1]},
        {"qid": 8, "image_id": 4, "question": "Is it raining?", "answers": ["yes", "no"], "x": None},
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / "build.yaml").write_text(
        """
name: ok
languages: [hi]
source:
  type: records
  splits: {train: a.jsonl}
  fields: {question: question, "answers[*]": answer}
  questions: {question_id: qid}
answers: {vocabulary: {min_count: 1}}
scores: [script]
policy: lenient
release: {licence: cc-by-4.0, repo: "org/ok-{language}"}
""",
        encoding="utf-8",
    )
    records, questions = build(load_spec(tmp_path / "build.yaml"), tmp_path, workers=1)
    assert [one.folder.name for one in (records, questions)] == ["ok-hi", "ok-questions-hi"]
    (table,) = (pq.read_table(path) for path in (records.folder / "data").iterdir())
    assert table["answers_en"].to_pylist() == [["red", "red"], ["yes", "no"]]
    assert table["x"].to_pylist() == [[1], None]
    (table,) = (pq.read_table(path) for path in (questions.folder / "data").iterdir())
    assert table["labels"].to_pylist() == [[0], [1]] or table.num_rows == 2
    assert questions.manifest.content["repo"] == "org/ok-questions-hi"
    with pytest.raises(ReleaseError, match="records, not questions"):
        manifest.load_questions(records.folder)
