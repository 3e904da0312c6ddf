"""The whole job: real engine, real scorers, real release; repeated, interrupted, changed."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from tests.tiny import unsettle, write_vqa
from vqa_builder import build, load_spec, plan, validate
from vqa_builder.errors import EngineError, SourceError, SpecError, StorageError, UnknownNameError
from vqa_builder.release.manifest import load_manifest
from vqa_builder.sources.vqa_json import VQAJSON
from vqa_builder.store import Store
from vqa_builder.translation.engines.mini import Mini
from vqa_builder.translation.memory import Entry, TranslationMemory
from vqa_builder.translation.protected_spans import lost_spans


def hashes(folder: Path) -> dict[str, str]:
    """Table -> content hash, of every release in a folder."""
    return {
        f"{release.parent.name}/{key}": table["content_hash"]
        for release in sorted(folder.glob("*/manifest.json"))
        for key, table in load_manifest(release.parent).tables.items()
    }


def change(spec: Path, **values: Any) -> Path:
    """The same spec with other values."""
    content = yaml.safe_load(spec.read_text())
    translate = {**content.get("translate", {}), **values.pop("translate", {})}
    changed = {**content, **values, "translate": translate}
    spec.write_text(yaml.safe_dump(changed, sort_keys=False, allow_unicode=True))
    return spec


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One build of the tiny data, shared by the tests that only look."""
    folder = tmp_path_factory.mktemp("built")
    build(load_spec(write_vqa(folder / "source")), folder / "out", workers=1)
    return folder


@pytest.fixture
def again(built: Path, tmp_path: Path) -> Path:
    """A copy of that build, to be built once more."""
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_a_build_gives_a_verified_release_per_language(built: Path) -> None:
    for name in ("tiny-ja", "tiny-hi"):
        counts = load_manifest(built / "out" / name).counts
        assert counts["source"] == {"train": 8, "validation": 2, "test": 2}
        for split, rows in counts["source"].items():
            assert counts["kept"][split] + counts["rejected"][split] == rows
    assert load_manifest(built / "out" / "tiny-ja").counts["segments"] == {
        "question": {"rows": 12, "strings": 11},
        "answer": {"rows": 80, "strings": 13},
    }


def test_the_release_opens_with_load_dataset(built: Path, tmp_path: Path) -> None:
    from datasets import load_dataset

    data = load_dataset(str(built / "out" / "tiny-ja"), cache_dir=str(tmp_path))
    row = next(row for row in data["train"] if row["question_id"] == 3001)
    assert row["question"] == "バスは何色ですか？"
    assert row["multiple_choice_answer"] == "赤"
    assert row["soft_scores"] == [1.0]
    assert all(row["answers"] is None for row in data["test"])
    streamed = load_dataset(
        str(built / "out" / "tiny-hi"), "answers", split="train", streaming=True, cache_dir=str(tmp_path)
    )
    assert {row["answer"] for row in streamed} >= {"हाँ", "लाल", "2"}


def test_a_repeat_with_nothing_changed_does_nothing(again: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise AssertionError("an engine or a step was run")

    monkeypatch.setattr(Mini, "translate_in_parts", forbidden)
    monkeypatch.setattr(Store, "load_or_compute", forbidden)
    releases = build(load_spec(again / "source" / "build.yaml"), again / "out", workers=1)
    assert [release.changed for release in releases] == [False, False]


def test_a_new_threshold_neither_translates_nor_scores(again: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    original = Store.load_or_compute

    def spied(store: Store, step: Any) -> Any:
        if not store.path(step).exists():
            steps.append(step.name)
        return original(store, step)

    monkeypatch.setattr(Store, "load_or_compute", spied)
    spec = change(again / "source" / "build.yaml", policy={"length": {"max": 0.5}})
    before = load_manifest(again / "out" / "tiny-ja").counts["kept"]["train"]
    releases = build(load_spec(spec), again / "out", workers=1)
    assert all(release.changed for release in releases)
    assert {name.rsplit("-", 1)[0] for name in steps} == {"verdicts", "answer-map", "rows"}
    assert load_manifest(again / "out" / "tiny-ja").counts["kept"]["train"] < before


def test_workers_and_batch_sizes_change_no_content(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built / "source", tmp_path / "source")
    spec = change(tmp_path / "source" / "build.yaml", translate={"engine": {"type": "mini"}, "batch_size": 3})
    build(load_spec(spec), tmp_path / "out", workers=2)
    assert hashes(tmp_path / "out") == hashes(built / "out")


def test_the_same_build_twice_gives_the_same_bytes(built: Path, tmp_path: Path) -> None:
    build(load_spec(built / "source" / "build.yaml"), tmp_path / "out", workers=1)
    for path in (built / "out" / "tiny-ja").rglob("*"):
        if path.is_file():
            assert (tmp_path / "out" / path.relative_to(built / "out")).read_bytes() == path.read_bytes(), (
                path
            )


@pytest.mark.slow
def test_killed_at_any_moment_the_same_command_ends_the_same(built: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vqa_builder", "build", str(built / "source" / "build.yaml")]
    command += ["--out", str(tmp_path / "out"), "--workers", "1"]
    for delay in (1.5, 3.0):  # tests/kill takes hundreds of moments
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
    subprocess.run(command, check=True, capture_output=True)
    assert hashes(tmp_path / "out") == hashes(built / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        ".vqa-builder",
        "tiny-hi",
        "tiny-ja",
    ]


def test_what_people_asserted_wins_over_the_engine(again: Path) -> None:
    with TranslationMemory(again / "out" / ".vqa-builder" / "memory.sqlite") as memory:
        memory.add([Entry("en", "ja", "Is this a dog?", "これは犬ですか？", engine="human")])
    build(load_spec(again / "source" / "build.yaml"), again / "out", languages=["ja"], workers=1)
    import pyarrow.parquet as pq

    table = pq.read_table(again / "out" / "tiny-ja" / "data" / "validation-00000-of-00001.parquet")
    row = next(row for row in table.to_pylist() if row["question_id"] == 9001)
    assert (row["question"], row["engine"]) == ("これは犬ですか？", "human")


def test_a_limit_takes_the_first_questions_of_each_split(tiny: Path, tmp_path: Path) -> None:
    (release,) = build(load_spec(tiny), tmp_path / "out", languages=["hi"], limit=2, workers=1)
    assert release.manifest.counts["source"] == {"train": 2, "validation": 2, "test": 2}


def test_a_trial_of_a_few_rows_takes_the_place_of_no_fuller_release(again: Path, built: Path) -> None:
    spec = load_spec(again / "source" / "build.yaml")
    with pytest.raises(StorageError, match="more rows stands") as caught:
        build(spec, again / "out", languages=["hi"], limit=1, workers=1)
    assert "12 rows or more" in str(caught.value) and "--overwrite" in str(caught.value)
    assert hashes(again / "out") == hashes(built / "out")
    (trial,) = build(spec, again / "out", languages=["hi"], limit=1, workers=1, overwrite=True)
    assert trial.manifest.counts["source"] == {"train": 1, "validation": 1, "test": 1}
    build(spec, again / "out", languages=["hi"], workers=1)
    assert hashes(again / "out") == hashes(built / "out")


def test_a_plan_counts_without_translating(again: Path, tmp_path: Path) -> None:
    spec = load_spec(again / "source" / "build.yaml")
    fresh = plan(spec, tmp_path / "fresh")
    assert fresh.rows == {"train": 8, "validation": 2, "test": 2}
    assert [(entry.language, entry.role, entry.strings, entry.known) for entry in fresh.strings][:2] == [
        ("ja", "question", 11, 0),
        ("ja", "answer", 13, 13),
    ]
    assert all(entry.known == entry.strings for entry in plan(spec, again / "out").strings)


def test_validate_says_what_it_checked_and_leaves_no_trace(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    lines = validate(load_spec(tiny))
    assert any("mini" in line for line in lines)
    assert not list((tmp_path / "here").iterdir())


@pytest.mark.parametrize(
    ("values", "error", "told"),
    [
        ({"scores": ["chrf", "bleurt"]}, UnknownNameError, "Unknown scorer 'bleurt'"),
        ({"policy": {"chfr": {"min": 3}}}, UnknownNameError, "chfr"),
        ({"policy": {"chrf": {"minimum": 3}}}, SpecError, "chrf"),
        ({"translate": {"engine": {"type": "gogle"}}}, UnknownNameError, "Unknown engine 'gogle'"),
        ({"languages": ["ja", "de"]}, EngineError, "de"),
        ({"answers": {"vocabulary": {"from": "none.json"}}}, SpecError, "none.json"),
    ],
)
def test_validate_finds_what_is_wrong_without_work(
    tiny: Path, values: dict[str, Any], error: type[Exception], told: str
) -> None:
    with pytest.raises(error) as caught:
        validate(load_spec(change(tiny, **values)))
    assert told in str(caught.value)


def test_bad_records_stop_the_build_or_are_set_aside(tiny: Path, tmp_path: Path) -> None:
    path = tiny.parent / "train_q.json"
    content = json.loads(path.read_text())
    content["questions"][3]["question"] = "  "
    path.write_text(json.dumps(content))
    with pytest.raises(SourceError) as caught:
        build(load_spec(tiny), tmp_path / "out", workers=1)
    assert "train_q.json" in str(caught.value)
    assert "2002" in str(caught.value)
    (release,) = build(load_spec(tiny), tmp_path / "out", languages=["ja"], on_bad_record="skip", workers=1)
    assert release.manifest.counts["source"]["train"] == 7
    assert release.manifest.counts["bad_records"] == 1
    (line,) = (tmp_path / "out" / "bad_records.jsonl").read_text().splitlines()
    assert json.loads(line)["id"] == 2002


def test_an_input_that_changes_while_it_is_read_reaches_no_table_even_if_it_is_put_back(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny.parent / "train_q.json"
    before = path.read_bytes()
    original = VQAJSON.read

    def read_while_somebody_writes(self: VQAJSON, *arguments: Any) -> Any:
        path.write_bytes(before.replace(b"the bus", b"the car"))
        yield from original(self, *arguments)
        path.write_bytes(before)

    monkeypatch.setattr(VQAJSON, "read", read_while_somebody_writes)
    with pytest.raises(SourceError, match="changed while it was read"):
        build(load_spec(tiny), tmp_path / "out", languages=["ja"], workers=1)
    monkeypatch.setattr(VQAJSON, "read", original)
    (release,) = build(load_spec(tiny), tmp_path / "out", languages=["ja"], workers=1)
    assert b"the car" not in b"".join(file.read_bytes() for file in release.folder.rglob("*.json"))
    assert release.verification and release.verification.ok


def test_the_same_data_in_two_places_give_the_same_manifest(tiny: Path, tmp_path: Path) -> None:
    found = []
    for name in ("one", "another"):
        folder = tmp_path / name
        shutil.copytree(tiny.parent, folder / "data")
        text = tiny.read_text(encoding="utf-8")
        for path in tiny.parent.glob("*.json"):
            text = text.replace(path.name, (folder / "data" / path.name).as_posix())
        (folder / "build.yaml").write_text(text, encoding="utf-8")
        job = build(load_spec(folder / "build.yaml"), folder / "out", languages=["ja"], limit=2, workers=1)
        found.append({path.name: path.read_bytes() for path in job[0].folder.iterdir() if path.is_file()})
    assert found[0] == found[1]
    assert not any(str(tmp_path).encode() in content for content in found[0].values())


def test_damaged_tables_of_the_cache_reach_no_release(again: Path, built: Path) -> None:
    for path in (again / "out" / ".vqa-builder" / "steps").glob("*.arrow"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    shutil.rmtree(again / "out" / "tiny-ja")
    build(load_spec(again / "source" / "build.yaml"), again / "out", workers=1)
    assert hashes(again / "out") == hashes(built / "out")


def test_an_engine_that_fails_loses_nothing_that_was_paid(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Mini.translate_in_parts
    calls: list[int] = []

    def failing(self: Mini, request: Any) -> Any:
        calls.append(len(request))
        for part in original(self, request):
            yield part[1:] if len(calls) == 3 else part

    spec = load_spec(change(tiny, translate={"engine": {"type": "mini"}, "batch_size": 4}))
    monkeypatch.setattr(Mini, "translate_in_parts", failing)
    with pytest.raises(EngineError, match="one per string"):
        build(spec, tmp_path / "out", languages=["ja"], workers=1)
    monkeypatch.setattr(Mini, "translate_in_parts", original)
    (release,) = build(spec, tmp_path / "out", languages=["ja"], workers=1)
    assert release.work.remembered == 4 + 4 + 2


def test_a_disk_that_is_full_is_one_clear_error(built: Path, tmp_path: Path) -> None:
    program = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))\n"
        "from vqa_builder.cli import main\n"
        "sys.argv = ['vqa-builder', 'build', *sys.argv[1:]]\n"
        "main()\n"
    )
    command = [
        sys.executable,
        "-c",
        program,
        str(built / "source" / "build.yaml"),
        "--out",
        str(tmp_path / "out"),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.strip().splitlines()[-1]
    assert "Traceback" not in ended.stderr
    assert "error: " in ended.stderr
    assert not list((tmp_path / "out").glob("tiny-*"))


def test_a_glossary_of_answers_decides(tiny: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    (tiny.parent / "glossary-ja.tsv").write_text("answer_en\ttranslation\nred\tあか\n", encoding="utf-8")
    (tiny.parent / "glossary-hi.tsv").write_text("answer_en\ttranslation\nred\tसुर्ख़\n", encoding="utf-8")
    answers = {"vocabulary": {"min_count": 1}, "glossary": "glossary-{language}.tsv"}
    build(load_spec(change(tiny, answers=answers)), tmp_path / "out", workers=1)
    for name, word in (("tiny-ja", "あか"), ("tiny-hi", "सुर्ख़")):
        rows = pq.read_table(tmp_path / "out" / name / "answers" / "answer_map.parquet").to_pylist()
        found = {row["answer_en"]: (row["answer"], row["method"]) for row in rows}
        assert found["red"] == (word, "glossary")
    (tiny.parent / "glossary-hi.tsv").write_text("answer_en\ttranslation\nred\t\n", encoding="utf-8")
    with pytest.raises(SpecError, match="contradicts itself in 1 place"):
        validate(load_spec(change(tiny, answers=answers)))


def test_answers_without_context_cost_no_sentences(tiny: Path, tmp_path: Path) -> None:
    unsettle(tiny.parent)
    spec = change(tiny, translate={"engine": {"type": "mini"}, "answers": {"context": "none"}})
    build(load_spec(spec), tmp_path / "out", languages=["ja"], workers=1)
    with TranslationMemory(tmp_path / "out" / ".vqa-builder" / "memory.sqlite") as memory:
        assert {entry.role for entry in memory.stats()} == {"question", "answer"}


def test_corrected_answers_win_over_the_tables(again: Path) -> None:
    import pyarrow.parquet as pq

    with TranslationMemory(again / "out" / ".vqa-builder" / "memory.sqlite") as memory:
        memory.add([Entry("en", "ja", "red", "真っ赤", role="answer", engine="human")])
    build(load_spec(again / "source" / "build.yaml"), again / "out", languages=["ja"], workers=1)
    rows = pq.read_table(again / "out" / "tiny-ja" / "answers" / "answer_map.parquet").to_pylist()
    found = {row["answer_en"]: (row["answer"], row["method"]) for row in rows}
    assert found["red"] == ("真っ赤", "memory")


def test_the_phrasebook_answers_questions_before_engines_unless_it_is_off(tmp_path: Path) -> None:
    path = write_vqa(tmp_path / "source", languages=["ja"], translate={"phrasebook": True})
    (release,) = build(load_spec(path), tmp_path / "out", workers=1)
    assert release.work.in_phrasebook > 5
    rows = pq.read_table(release.folder / "data/validation-00000-of-00001.parquet").to_pylist()
    (cat,) = [row for row in rows if row["question_id"] == 9002]
    assert (cat["question"], cat["engine"].partition("|")[0]) == ("猫は何色ですか？", "phrasebook")
    assert all(engine.startswith(("mini|", "phrasebook|")) for engine in {row["engine"] for row in rows})
    planned = plan(load_spec(path), tmp_path / "fresh")
    (questions,) = [entry for entry in planned.strings if entry.role == "question"]
    assert questions.known == release.work.in_phrasebook


def test_what_must_not_change_stands_in_every_kept_row(tmp_path: Path) -> None:
    """As the case: an image token above or below the question, a template's field, an emoji."""
    texts = [
        "<image>\nWhat color is the bus?",
        "What is {name} holding?",
        "Is the 🐱 sleeping?",
        "What color is it? <image>",
    ]
    rows = [
        {"question_id": at, "image_id": 1, "question": text, "answers": ["red"]}
        for at, text in enumerate(texts)
    ]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    spec = {
        "name": "v",
        "languages": ["ja", "hi"],
        "source": {"type": "table", "splits": {"train": "t.jsonl"}},
        "answers": {"vocabulary": {"min_count": 1}},
        "policy": "balanced",
    }
    (tmp_path / "build.yaml").write_text(yaml.safe_dump(spec))
    for release in build(load_spec(tmp_path / "build.yaml"), tmp_path / "out", workers=1):
        kept = pq.read_table(release.folder / "data/train-00000-of-00001.parquet").to_pylist()
        assert {0, 3} <= {row["question_id"] for row in kept}
        assert all(lost_spans(row["question_en"], row["question"]) == [] for row in kept)
