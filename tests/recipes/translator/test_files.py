"""What one step writes for another is named where it is missing, damaged or something else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recipes.translator import data, export, train
from recipes.translator.annotate import read_rows
from recipes.translator.files import open_examples, open_vocabulary
from recipes.translator.model import Translator, shape_of
from recipes.translator.vocabulary import extend_vocabulary, write_examples
from vqa_builder.errors import SourceError, SpecError, VQABuilderError
from vqa_builder.translation.engines.mini import MODELS

TINY = ("--width", "64", "--layers", "1", "1", "--threads", "1", "--steps", "2", "--tokens", "60")
Damage = Callable[[Path], object]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A vocabulary and a few examples into Japanese."""
    vocabulary = extend_vocabulary(MODELS / "into_japanese" / "spm.model", tmp_path)
    into, end = vocabulary.piece_to_id("<2ja>"), vocabulary.eos_id()
    arrays: dict[str, np.ndarray] = {
        "source": np.array([into, 9, end] * 4, np.uint16),
        "target": np.array([8, end] * 4, np.uint16),
        "source_lengths": np.array([3] * 4, np.uint8),
        "target_lengths": np.array([2] * 4, np.uint8),
    }
    write_examples(tmp_path / "examples1.npz", arrays)
    return tmp_path


def command(monkeypatch: pytest.MonkeyPatch, main: Callable[[], None], *arguments: object) -> None:
    monkeypatch.setattr("sys.argv", ["program", *map(str, arguments)])
    main()


FILES: dict[str, Damage] = {
    "no vocabulary": lambda work: (work / "spm.model").unlink(),
    "damaged vocabulary": lambda work: (work / "spm.model").write_bytes(b"xx"),
    "no examples": lambda work: (work / "examples1.npz").unlink(),
    "cut examples": lambda work: (work / "examples1.npz").write_bytes(b"PK" + bytes(90)),
    "text for examples": lambda work: (work / "examples1.npz").write_text("hello"),
    "other arrays": lambda work: np.savez(work / "examples1.npz", other=np.zeros(3)),
}


@pytest.mark.parametrize("damage", FILES.values(), ids=FILES)
def test_training_names_the_file(work: Path, damage: Damage, monkeypatch: pytest.MonkeyPatch) -> None:
    damage(work)
    with pytest.raises(SourceError, match="cannot be used") as error:
        command(monkeypatch, train.main, work, *TINY)
    assert str(work) in error.value.details["where"]
    assert "recipes.translator.data" in error.value.details["expected"]


def test_a_language_without_examples_is_told(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceError, match="nothing to learn from"):
        command(monkeypatch, train.main, work, *TINY, "--into", "hi")


def test_a_checkpoint_of_another_model_is_not_passed_over(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(monkeypatch, train.main, work, *TINY)
    command(monkeypatch, train.main, work, *TINY, "--name", "end", "--from", work / "main" / "last")
    wide = ["128" if each == "64" else each for each in TINY]
    with pytest.raises(VQABuilderError, match="cannot be used"):
        command(monkeypatch, train.main, work, *wide, "--name", "wide", "--from", work / "main" / "last")
    with pytest.raises(SpecError, match="another width"):
        command(monkeypatch, train.main, work, *TINY, "--name", "s", "--start", MODELS / "into_japanese")
    model = Translator(shape_of(len(open_vocabulary(work / "spm.model")), 64, (2, 1)))
    with pytest.raises(SourceError, match="cannot be used"):
        export.averaged(work / "main", model)
    (work / "main" / "last" / "model.safetensors").write_bytes(b"cut")
    with pytest.raises(SourceError, match="cannot be used"):
        export.averaged(work / "main", model)


@pytest.mark.parametrize("change", ["--lr=-1", "--ema=2", "--width=100", "--dropout=1", "--warmup=1"])
def test_values_that_no_run_could_use(work: Path, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SpecError):
        command(monkeypatch, train.main, work, *TINY, change)


@pytest.mark.parametrize("change", ["--steps=0", "--threads=0", "--seed=-1", "--tokens=x"])
def test_numbers_below_their_least(
    work: Path, change: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        command(monkeypatch, train.main, work, *TINY, change)
    assert "expected a whole number from" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [b"en\tja\nA\tB\n", b"dataset\tcount\ten\tja\thi\nvqa\tmany\ta\tb\tc\n", b"\xff\xfe", b""],
)
def test_questions_of_another_form(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "questions.tsv"
    path.write_bytes(content)
    with pytest.raises(SourceError) as error:
        command(monkeypatch, data.main, tmp_path, tmp_path / "out", "--questions", path)
    assert str(path) in error.value.details["where"]


def test_rows_without_needed_columns_name_them(tmp_path: Path) -> None:
    (tmp_path / "rows.tsv").write_text("en\tja\nred\t赤\n", encoding="utf-8")
    assert read_rows(tmp_path / "rows.tsv", ["ja"]) == [{"en": "red", "ja": "赤"}]
    with pytest.raises(SourceError) as error:
        read_rows(tmp_path / "rows.tsv", ["ja", "hi"])
    assert error.value.details["found"] == "ValueError: no column hi among en, ja"


def test_a_killed_writer_leaves_no_vocabulary_and_no_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dies)
        for write in (
            lambda: extend_vocabulary(MODELS / "into_japanese" / "spm.model", tmp_path),
            lambda: write_examples(tmp_path / "examples1.npz", {"source": np.zeros(3)}),
        ):
            with pytest.raises(KeyboardInterrupt):
                write()
    assert not list(tmp_path.iterdir())
    with pytest.raises(SourceError):
        open_examples(tmp_path / "examples1.npz")
