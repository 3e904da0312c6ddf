"""What people verified wins, is counted and travels with the release, and so makes it repeatable."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests import tiny as tiny_files
from tests.tiny import write_vqa
from vqa_builder import build, load_spec, reproduce
from vqa_builder.errors import SpecError
from vqa_builder.release import human_verified
from vqa_builder.release.manifest import load_manifest
from vqa_builder.release.parquet import read_table
from vqa_builder.release.verify import verify
from vqa_builder.steps.releasing import BuiltRelease
from vqa_builder.translation.memory import Entry, TranslationMemory

SUNNY = "Is it a sunny day?"
SAID = [
    Entry("en", "ja", SUNNY, "晴れた日ですか？", "question", "", "human"),
    Entry("en", "ja", "street", "通り", "answer", "", "human"),
]
OTHERS = [
    Entry("en", "ja", "Is it snowing?", "雪が降っていますか？", "question", "", "human"),
    Entry("en", "hi", SUNNY, "क्या धूप वाला दिन है?", "question", "", "human"),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> BuiltRelease:
    """A Japanese release by a policy that few questions pass, and a memory with two corrections it uses."""
    folder = tmp_path_factory.mktemp("built")
    rows = [*tiny_files.QUESTIONS["validation"], (9003, SUNNY, "yes/no", {"yes": 10})]
    policy = {"length": {"min": 0.5}, "answers": {"chrf": {"min": 99}}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tiny_files.QUESTIONS, "validation", rows)
        spec = write_vqa(folder / "source", policy=policy, memory="memory.sqlite")
    with TranslationMemory(spec.parent / "memory.sqlite") as memory:
        memory.add([*SAID, *OTHERS])
    (release,) = build(load_spec(spec), folder / "first", languages=["ja"], workers=1)
    return release


@pytest.fixture
def corrected(built: BuiltRelease, tmp_path: Path) -> BuiltRelease:
    """A copy of it, with its sources, memory and step outputs."""
    folder = built.folder.parents[1]
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return replace(built, folder=tmp_path / built.folder.relative_to(folder))


def test_what_people_wrote_is_kept_whatever_its_scores_say(corrected: BuiltRelease) -> None:
    rows = {row["question_id"]: row for row in read_table(corrected.folder, "data/validation").to_pylist()}
    assert rows[9003]["question"] == "晴れた日ですか？"
    assert rows[9003]["engine"] == "human"
    assert rows[9003]["scores"]["length"] < 0.5
    counts = corrected.manifest.counts
    assert counts["people"] == {"question": {"rows": 1, "strings": 1}, "answer": {"rows": 5, "strings": 1}}
    assert counts["engines"]["human"] == 1
    assert counts["overruled"]["length<0.5"] >= 1
    assert corrected.verification and corrected.verification.ok


def test_the_card_says_so(corrected: BuiltRelease) -> None:
    card = (corrected.folder / "README.md").read_text(encoding="utf-8")
    assert "holds those that this release uses, by direction en-ja 2." in card
    assert "| question | 1 | 1 |" in card
    assert "are kept against the scores; strings by reason: `length<0.5`" in card


def test_the_release_holds_what_it_uses_and_nothing_else(corrected: BuiltRelease) -> None:
    assert human_verified.read(corrected.folder) == sorted(SAID)
    assert corrected.manifest.content["asserted"] == human_verified.record(SAID)
    assert corrected.manifest.content["asserted"]["en-ja"]["entries"] == 2
    assert human_verified.FILE in corrected.manifest.files
    lines = (corrected.folder / human_verified.FILE).read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["translation"] for line in lines} == {"晴れた日ですか？", "通り"}
    assert verify(corrected.folder, reload=False).ok


def test_a_human_verified_back_translation_is_recorded(corrected: BuiltRelease, tmp_path: Path) -> None:
    back = Entry("ja", "en", "晴れた日ですか？", "Is it a sunny day?", "question", "", "import")
    spec = load_spec(tmp_path / "source" / "build.yaml")
    with TranslationMemory(tmp_path / "source" / "memory.sqlite") as memory:
        memory.add([back])
    (release,) = build(spec, tmp_path / "first", languages=["ja"], workers=1)
    assert release.changed
    assert human_verified.read(release.folder) == sorted([*SAID, back])
    assert "晴れた日ですか？" in read_table(release.folder, "data/validation")["question"].to_pylist()


def test_it_is_repeated_from_its_own_files(corrected: BuiltRelease, tmp_path: Path) -> None:
    named = tmp_path / "source" / "memory.sqlite"
    with TranslationMemory(named) as memory:
        memory.add([Entry("en", "ja", SUNNY, "良い天気ですか？", "question", "", "human")])
        before = list(memory.entries())
    again = reproduce(corrected.folder, tmp_path / "again", inputs=tmp_path / "source", workers=1)
    assert again.ok, str(again)
    assert human_verified.read(again.release.folder) == sorted(SAID)
    assert again.release.work.translated == 0
    with TranslationMemory(named) as memory:
        assert list(memory.entries()) == before
    named.unlink()
    assert reproduce(corrected.folder, tmp_path / "third", inputs=tmp_path / "source", workers=1).ok


def test_a_lacking_correction_is_said_in_one_line(corrected: BuiltRelease, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(corrected.folder / "manifest.json", alone)
    (tmp_path / "source" / "memory.sqlite").unlink()
    again = reproduce(alone, tmp_path / "again", inputs=tmp_path / "source", workers=1)
    assert not again.ok
    assert "; of the human-verified translations (en-ja: 2) the memory at hand holds 0: leave" in str(again)
    assert "leave asserted.jsonl beside" in str(again)
    assert "\n" not in str(again)


def test_corrections_for_other_releases_are_neither_used_nor_replaced(
    corrected: BuiltRelease, tmp_path: Path
) -> None:
    with TranslationMemory(tmp_path / "again" / ".vqa-builder" / "memory.sqlite") as memory:
        memory.add([Entry("en", "ja", SUNNY, "良い天気ですか？", "question", "", "human")])
    with pytest.raises(SpecError, match="asserts what the original does not use") as caught:
        reproduce(corrected.folder, tmp_path / "again", inputs=tmp_path / "source", workers=1)
    assert caught.value.details["do"] == "give another folder with --out"


def test_a_release_without_people_has_no_file(tiny: Path, tmp_path: Path) -> None:
    (release,) = build(load_spec(tiny), tmp_path / "out", languages=["ja"], limit=1, workers=1)
    assert load_manifest(release.folder).content["asserted"] == {}
    assert not (release.folder / human_verified.FILE).exists()
