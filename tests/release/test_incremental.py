"""A corrected translation, a changelog, images: only what they touch is paid for and written anew."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.hub.plugin import hub
from tests.hub.server import Hub
from tests.tiny import write_vqa
from vqa_builder import build, load_spec
from vqa_builder.errors import SpecError
from vqa_builder.release.diff.compare import diff
from vqa_builder.release.hub.publish import publish
from vqa_builder.release.manifest import load_manifest
from vqa_builder.release.parquet import config_of, read_table
from vqa_builder.steps.releasing import BuiltRelease
from vqa_builder.translation import protected_spans
from vqa_builder.translation.memory import Entry, TranslationMemory

__all__ = ["hub"]
CAT = "What color is the cat?"


def _build(spec: Path, out: Path, memory: Path) -> BuiltRelease:
    text = spec.read_text(encoding="utf-8")
    if "memory:" not in text:
        spec.write_text(f"{text}memory: {memory}\n", encoding="utf-8")
    (release,) = build(load_spec(spec), out, languages=["ja"], workers=1)
    return release


def test_a_correction_changes_the_rows_that_use_it_and_no_other(tiny: Path, tmp_path: Path) -> None:
    memory = tmp_path / "memory.sqlite"
    old = _build(tiny, tmp_path / "old", memory)
    with TranslationMemory(memory) as store:
        store.add([Entry("en", "ja", CAT, "その猫は何色ですか？", "question", "", "human", True)])
    new = _build(tiny, tmp_path / "new", memory)
    assert new.work.translated <= 1
    found = diff(old.folder, new.folder)
    (text,) = [group for group in found.rows if group.kind == "question text"]
    assert {(row["split"], row["question_id"]) for row in text.examples} == {
        ("train", 1001),
        ("validation", 9002),
    }
    assert all(row["new"] == "その猫は何色ですか？" for row in text.examples)
    assert all(group.rows <= 2 for group in found.rows)
    assert found.level == "minor"
    assert _unchanged(old, new) >= {"data/test-00000-of-00001.parquet", "answers/answer_map.parquet"}


@pytest.mark.parametrize(
    ("key", "table", "old_text", "new_text", "touched", "moved"),
    [
        (
            "translate",
            "term\ttranslation\nWhere is the yellow bus?\t黄色いバスはどこですか？\n",
            "どこですか",
            "どこにありますか",
            3002,
            [],
        ),
        (
            "answers",
            "answer_en\ttranslation\ncup\tカップ\nstreet\t通り\n",
            "カップ",
            "コップ",
            2002,
            ["answers/answer_map.parquet"],
        ),
    ],
)
def test_a_glossary_entry_changes_the_rows_that_it_touches_and_moves_their_shards(
    key: str,
    table: str,
    old_text: str,
    new_text: str,
    touched: int,
    moved: list[str],
    tmp_path: Path,
    hub: Hub,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vqa_builder.release.parquet.SHARD_BYTES", 4096)
    wanted = {"answers": {"vocabulary": {"min_count": 1}}}
    wanted[key] = {**wanted.get(key, {}), "glossary": "glossary.tsv"}  # type: ignore[dict-item]
    spec, memory = write_vqa(tmp_path / "source", **wanted), tmp_path / "memory.sqlite"
    glossary = spec.parent / "glossary.tsv"
    glossary.write_text(table, encoding="utf-8")
    old = _build(spec, tmp_path / "old", memory)
    publish(old.folder, "org/tiny-ja", reload=False)
    glossary.write_text(table.replace(old_text, new_text), encoding="utf-8")
    new = _build(spec, tmp_path / "new", memory)
    found = diff(old.folder, new.folder)
    named = {(row["split"], row["question_id"]) for group in found.rows for row in group.examples}
    assert named == {("train", touched)}
    assert all(group.rows == 1 for group in found.rows)
    shards = [path for path in new.manifest.files if path.startswith(("data/", "rejected/"))]
    holding = [
        path for path in shards if touched in pq.read_table(new.folder / path)["question_id"].to_pylist()
    ]
    assert len(holding) == 1 and len(shards) > 4
    pushed = publish(new.folder, "org/tiny-ja", reload=False).operations
    assert [one.path for one in pushed if one.path.endswith(".parquet")] == [*moved, *holding]
    assert new.manifest.content["inputs"][-1]["path"] == "glossary.tsv"


TERMS = """term	translation
cat	にゃんこ
man	男性
Is it raining?	雨が降っていますか？
Where is the yellow bus?	黄色いバスはどこですか？
"""


def test_a_changed_term_touches_the_rows_that_hold_it_and_none_of_the_other_terms(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vqa_builder.release.parquet.SHARD_BYTES", 4096)
    spec = write_vqa(tmp_path / "source", translate={"glossary": "glossary.tsv"})
    glossary, memory = spec.parent / "glossary.tsv", tmp_path / "memory.sqlite"
    glossary.write_text(TERMS, encoding="utf-8")
    old = _build(spec, tmp_path / "old", memory)
    known = _translated(memory)
    assert {text for text, engine in known if "+terms:" in engine} == {CAT, "Is the man wearing a hat?"}
    publish(old.folder, "org/tiny-ja", reload=False)
    glossary.write_text(TERMS.replace("にゃんこ", "ねこちゃん") + "zebra\tシマウマ\n", encoding="utf-8")
    new = _build(spec, tmp_path / "new", memory)
    assert [text for text, _ in _translated(memory) - known] == [CAT]
    held = {("train", 1001), ("validation", 9002)}
    found = diff(old.folder, new.folder)
    assert {(row["split"], row["question_id"]) for group in found.rows for row in group.examples} == held
    assert "engine" not in {group.kind for group in found.rows}
    engines = new.manifest.counts["engines"]
    assert engines == old.manifest.counts["engines"]
    (plain,) = (name for name in engines if name.startswith("mini|") and "|protect:" not in name)
    protected = f"{plain}|protect:{protected_spans.VERSION}+all+terms"
    assert set(engines) == {plain, protected, "glossary|exact"}
    assert new.manifest.content["engines"] == old.manifest.content["engines"]
    assert "glossary|file:glossary.tsv|sha:" in new.manifest.content["signatures"]["guard"]
    shards = [path for path in new.manifest.files if path.startswith(("data/", "rejected/"))]
    numbers = {number for _, number in held}
    holding = [
        path for path in shards if numbers & set(pq.read_table(new.folder / path)["question_id"].to_pylist())
    ]
    assert len(holding) == 2 and len(shards) > 4
    pushed = publish(new.folder, "org/tiny-ja", reload=False).operations
    assert [one.path for one in pushed if one.path.endswith(".parquet")] == holding


def _translated(memory: Path) -> set[tuple[str, str]]:
    """What engines translated from English, and under which signature."""
    with TranslationMemory(memory) as store:
        entries = store.entries(source="en", target="ja", human_verified=False)
        return {(entry.text, entry.engine) for entry in entries}


def test_a_changelog_is_an_input_of_the_release(tiny: Path, tmp_path: Path) -> None:
    tiny.write_text(tiny.read_text(encoding="utf-8") + "release: {changelog: CHANGES.md}\n", encoding="utf-8")
    with pytest.raises(SpecError, match="no such file of release"):
        build(load_spec(tiny), tmp_path / "a", languages=["ja"], limit=1, workers=1)
    (tiny.parent / "CHANGES.md").write_text("# Changes\n", encoding="utf-8")
    (first,) = build(load_spec(tiny), tmp_path / "a", languages=["ja"], limit=1, workers=1)
    (same,) = build(load_spec(tiny), tmp_path / "a", languages=["ja"], limit=1, workers=1)
    (tiny.parent / "CHANGES.md").write_text("# Changes\n\n## 1.0.0\n\nFirst.\n", encoding="utf-8")
    (second,) = build(load_spec(tiny), tmp_path / "a", languages=["ja"], limit=1, workers=1)
    assert (first.changed, same.changed, second.changed) == (True, False, True)
    hashes = [
        {key: facts["content_hash"] for key, facts in release.manifest.tables.items()}
        for release in (first, second)
    ]
    assert hashes[0] == hashes[1]


def test_references_to_images_come_from_the_spec(tmp_path: Path) -> None:
    spec = write_vqa(tmp_path / "source", release={"images": {"file": "COCO_{image_id:012d}.jpg"}})
    (release,) = build(load_spec(spec), tmp_path / "out", languages=["hi"], limit=2, workers=1)
    assert release.verification and release.verification.ok
    manifest = load_manifest(release.folder)
    assert manifest.counts["images"]["distinct"]["train"] == 1
    assert all(
        "image" in facts["columns"] for key, facts in manifest.tables.items() if config_of(key) != "answers"
    )


def test_embedded_images_are_an_input_of_the_release(tmp_path: Path) -> None:
    Image = pytest.importorskip("PIL.Image")
    images = {"file": "{image_id}.png", "folder": "png", "embed": True, "licence": "cc-by-4.0"}
    spec = write_vqa(tmp_path / "source", release={"images": images})
    (spec.parent / "png").mkdir()
    for image_id in (1, 2, 9):
        Image.new("RGB", (16, 16), "green").save(spec.parent / "png" / f"{image_id}.png")

    def built() -> BuiltRelease:
        (release,) = build(load_spec(spec), tmp_path / "out", languages=["ja"], limit=3, workers=1)
        return release

    first, same = built(), built()
    assert first.verification and first.verification.ok
    card = (first.folder / "README.md").read_text(encoding="utf-8")
    assert "画像も各行に含まれています。" in card and "The images are under cc-by-4.0." in card
    Image.new("RGB", (16, 16), "yellow").save(spec.parent / "png" / "1.png")
    third = built()
    assert (first.changed, same.changed, third.changed) == (True, False, True)
    old, new = (release.manifest.tables["data/train"]["columns"] for release in (first, third))
    assert [name for name in old if old[name] != new[name]] == ["image"]


def test_answers_that_are_sentences_find_their_label(tmp_path: Path) -> None:
    asked = {"qa_id": 986001, "question": "What color is the bus?", "answer": "Red."}
    (tmp_path / "qa.json").write_text(json.dumps([{"image_id": 1, "qas": [asked]}]), encoding="utf-8")
    spec = tmp_path / "build.yaml"
    spec.write_text(
        "name: vg\nlanguages: [ja]\nsource: {type: visual_genome, splits: {train: {questions: qa.json}}}\n"
        "answers: {vocabulary: {min_count: 1}}\npolicy: {copy: reject}\n",
        encoding="utf-8",
    )
    (release,) = build(load_spec(spec), tmp_path / "out", workers=1)
    assert release.verification and release.verification.ok
    assert read_table(release.folder, "data/train")["labels"].to_pylist() == [[0]]


def _unchanged(old: BuiltRelease, new: BuiltRelease) -> set[str]:
    return {path for path, facts in old.manifest.files.items() if new.manifest.files.get(path) == facts}
