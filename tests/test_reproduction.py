"""A release is built once more from its manifest; what differs is named, and so is a missing input."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.tiny import write_vqa
from vqa_builder import build, load_spec, reproduce
from vqa_builder.errors import ReleaseError, SourceError, SpecError
from vqa_builder.release.manifest import load_manifest
from vqa_builder.steps.releasing import BuiltRelease


@pytest.fixture
def original(tiny: Path, tmp_path: Path) -> BuiltRelease:
    (release,) = build(load_spec(tiny), tmp_path / "first", languages=["ja"], limit=3, workers=1)
    return release


def test_every_content_hash_is_equal(original: BuiltRelease, tiny: Path, tmp_path: Path) -> None:
    again = reproduce(original.folder / "manifest.json", tmp_path / "again", inputs=tiny.parent, workers=1)
    assert again.ok
    assert (
        str(again) == f"tiny-ja is reproduced: all {len(original.manifest.tables)} content hashes are equal"
    )
    assert again.release.manifest.files == original.manifest.files


def test_inputs_may_lie_elsewhere_under_their_name(tmp_path: Path) -> None:
    spec = write_vqa(tmp_path / "source")
    text = spec.read_text(encoding="utf-8")
    (tmp_path / "source" / "deep").mkdir()
    for path in [*spec.parent.glob("*.json")]:
        path.rename(spec.parent / "deep" / path.name)
        text = text.replace(f" {path.name}", f" deep/{path.name}")
    spec.write_text(text, encoding="utf-8")
    (release,) = build(load_spec(spec), tmp_path / "first", languages=["hi"], limit=2, workers=1)
    moved = tmp_path / "moved"
    (spec.parent / "deep").rename(moved)
    assert reproduce(release.folder, tmp_path / "again", inputs=moved, workers=1).ok


def test_the_texts_of_people_come_from_the_release_and_from_nowhere_else(tiny: Path, tmp_path: Path) -> None:
    (tiny.parent / "CHANGELOG.md").write_text("# Changes\n\n## 1.0.0\n\nFirst.\n", encoding="utf-8")
    (tiny.parent / "extra.md").write_text("## Our words\n\nRead by ten people.\n", encoding="utf-8")
    stated = "release: {changelog: CHANGELOG.md, card: extra.md, version: 1.0.0}\n"
    tiny.write_text(tiny.read_text(encoding="utf-8") + stated, encoding="utf-8")
    (release,) = build(load_spec(tiny), tmp_path / "first", languages=["ja"], limit=1, workers=1)
    for name in ("CHANGELOG.md", "extra.md"):
        (tiny.parent / name).write_text("a secret", encoding="utf-8")
    again = reproduce(release.folder, tmp_path / "again", inputs=tiny.parent, workers=1)
    assert again.ok
    assert (again.release.folder / "CHANGELOG.md").read_text(encoding="utf-8").endswith("First.\n")
    assert "Read by ten people." in (again.release.folder / "README.md").read_text(encoding="utf-8")
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(release.folder / "manifest.json", alone)
    bare = reproduce(alone, tmp_path / "bare", inputs=tiny.parent, workers=1).release.folder
    assert not (bare / "CHANGELOG.md").exists() and not (bare / "card.md").exists()
    assert "a secret" not in (bare / "README.md").read_text(encoding="utf-8")


def test_a_difference_names_table_column_rows_and_the_part_that_changed(
    original: BuiltRelease, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vqa_builder.languages.ja import Japanese

    monkeypatch.setattr(Japanese, "version", "99")
    from vqa_builder.release import assemble

    whole = assemble.split_rows

    def other(rows: object) -> object:
        data, rejected = whole(rows)
        table = data["train"].table()
        column = table.schema.get_field_index("engine")
        data["train"] = table.set_column(column, "engine", [["another"] * table.num_rows])
        return data, rejected

    monkeypatch.setattr(assemble, "split_rows", other)
    again = reproduce(original.folder, tmp_path / "again", inputs=tiny.parent, workers=1)
    assert not again.ok
    assert "differs first in data/train, column engine: " in str(again)
    assert "; language was language:ja|rules:ja|version:" in str(again)


def test_an_input_that_changed_or_is_missing_is_named(
    original: BuiltRelease, tiny: Path, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match="is not there") as caught:
        reproduce(original.folder, tmp_path / "again")
    assert "--inputs" in caught.value.details["do"]
    changed = tiny.parent / "train_q.json"
    changed.write_text(changed.read_text().replace("cat", "dog"))
    with pytest.raises(SourceError, match="not the one") as caught:
        reproduce(original.folder, tmp_path / "again", inputs=tiny.parent)
    assert caught.value.details["where"].endswith("train_q.json")
    assert not (tmp_path / "again").exists()


def test_the_original_is_not_replaced_and_must_be_a_release(original: BuiltRelease, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="would replace"):
        reproduce(original.folder, original.folder.parent)
    shutil.copytree(original.folder, tmp_path / "copy")
    (tmp_path / "copy" / "manifest.json").unlink()
    with pytest.raises(ReleaseError, match="no release"):
        reproduce(tmp_path / "copy", tmp_path / "again")
    assert load_manifest(original.folder).content["run"] == {"limit": 3, "on_bad_record": "error"}
