"""A release is read as it is, and refused by name where it lacks something."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from transformers import PreTrainedTokenizerBase

from recipes.lib.questions import Questions, load_questions, load_vocabulary, split_images, word_spans
from recipes.lib.tokens import train_tokenizer
from tests.tiny import write_vqa
from vqa_builder import build, load_spec
from vqa_builder.errors import ReleaseError, SpecError, UnknownNameError
from vqa_builder.release import manifest
from vqa_builder.store import remove
from vqa_builder.translation.aligners import words


@pytest.fixture(scope="module", params=["ja", "hi"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def questions(releases: dict[str, Path], language: str) -> Questions:
    return load_questions(releases[language], "train")


def test_a_split_is_read_in_the_order_of_the_release(
    questions: Questions, releases: dict[str, Path], language: str
) -> None:
    [file] = releases[language].glob("data/train-*.parquet")
    rows = pq.read_table(file).to_pylist()
    assert len(questions) == len(rows) > 5
    assert questions.language == language
    for name, column in (("question_id", "question_id"), ("image_id", "image_id"), ("text", "question")):
        assert getattr(questions, name) == [row[column] for row in rows]
    assert questions.text_en == [row["question_en"] for row in rows]
    assert questions.labels == [row["labels"] for row in rows]
    assert questions.alignment == [[(p["en"], p["target"]) for p in row["alignment"]] for row in rows]
    assert any(questions.alignment)
    for links, english, text in zip(questions.alignment, questions.text_en, questions.text, strict=True):
        for en, target in links:
            assert en < len(words(english, "en"))
            assert target < len(words(text, language))


def test_english_questions_are_those_of_a_teacher(releases: dict[str, Path]) -> None:
    english = load_questions(releases["ja"], "validation", english=True)
    assert english.text == english.text_en == ["Is this a dog?", "What color is the cat?"]
    assert english.language == "en"


@pytest.mark.usefixtures("releases")
def test_all_are_those_that_the_policy_kept_and_then_the_others(tmp_path: Path) -> None:
    spec = write_vqa(tmp_path / "source", languages=["ja"], policy={"rules": {"chrf": {"min": 30}}})
    folder = build(load_spec(spec), tmp_path / "out", workers=1)[0].folder
    [file] = folder.glob("rejected/train-*.parquet")
    others = pq.read_table(file)["question_id"].to_pylist()
    kept, every = (load_questions(folder, "train", config=config) for config in ("default", "all"))
    assert others and every.question_id == [*kept.question_id, *others]
    assert every.take(range(len(kept))) == kept


def test_a_split_without_answers_has_no_labels(releases: dict[str, Path]) -> None:
    test = load_questions(releases["hi"], "test")
    assert test.labels == [[]] * len(test)
    assert test.answer_type == [""] * len(test)


def test_the_vocabulary_goes_by_label(questions: Questions, releases: dict[str, Path], language: str) -> None:
    vocabulary = load_vocabulary(releases[language])
    place = questions.text_en.index("Is the man wearing a hat?")
    assert [vocabulary[label] for label in questions.labels[place]] == ["yes"]
    assert vocabulary == load_vocabulary(releases["ja"])  # the labels are the English ones


def test_taking_keeps_the_order(questions: Questions) -> None:
    some = questions.take([3, 0])
    assert some.text == [questions.text[3], questions.text[0]]
    assert some.alignment == [questions.alignment[3], questions.alignment[0]]
    assert some.language == questions.language


def test_images_are_split_whatever_the_order(questions: Questions) -> None:
    most, others = split_images(questions, 0.34, seed=1)
    assert not set(most.image_id) & set(others.image_id)
    assert sorted(most.question_id + others.question_id) == sorted(questions.question_id)
    assert len(set(others.image_id)) == 1
    _, again = split_images(questions.take(range(len(questions))[::-1]), 0.34, seed=1)
    assert set(again.image_id) == set(others.image_id)
    held = {tuple(set(split_images(questions, 0.34, seed=seed)[1].image_id)) for seed in range(20)}
    assert len(held) == 3
    with pytest.raises(SpecError, match="cannot be split"):
        split_images(questions, 1.0, seed=1)


@pytest.fixture(scope="module")
def tokenizer(releases: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> PreTrainedTokenizerBase:
    texts = [text for release in releases.values() for text in load_questions(release, "train").text]
    return train_tokenizer(texts * 3, 500, tmp_path_factory.mktemp("tokens") / "tokenizer")


def test_spans_are_the_pieces_of_words(questions: Questions, tokenizer: PreTrainedTokenizerBase) -> None:
    spans = word_spans(questions, tokenizer)
    found = 0
    for text, places in zip(questions.text, spans, strict=True):
        cut = words(text, questions.language)
        pieces = tokenizer.tokenize(text)
        assert len(places) == len(cut)
        for word, (start, end) in zip(cut, places, strict=True):
            found += end > start
            if end > start:
                written = "".join(piece.removeprefix("##") for piece in pieces[start:end])
                assert written == "".join(tokenizer.tokenize(word)).replace("##", "")
    assert found > 0.5 * sum(map(len, spans))


def test_a_piece_of_two_words_is_neither(
    tokenizer: PreTrainedTokenizerBase, releases: dict[str, Path]
) -> None:
    japanese = load_questions(releases["ja"], "train").take([0])
    text = "バスは何色ですか？"
    [spans] = word_spans(replace(japanese, text=[text]), tokenizer)
    assert words(text, "ja")[4:6] == ["です", "か"]
    assert tokenizer.tokenize(text)[4] == "ですか"
    assert spans[:4] == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert spans[4:6] == [(0, 0), (0, 0)]


def test_an_unknown_split_lists_the_known_ones(releases: dict[str, Path]) -> None:
    with pytest.raises(UnknownNameError, match="trian") as error:
        load_questions(releases["ja"], "trian")
    assert error.value.details["expected"] == "test, train, validation"


def test_a_folder_that_is_no_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    with pytest.raises(ReleaseError, match="no release in this folder"):
        load_questions(tmp_path / "vqa-ja", "train")
    with pytest.raises(ReleaseError, match="The folder is no release"):
        load_vocabulary(str(tmp_path))
    with pytest.raises(ReleaseError, match="There is no such release"):  # the Hub is out of reach
        load_questions("nobody/vqa-ja", "train")


def test_a_column_that_is_missing_is_named(releases: dict[str, Path], tmp_path: Path) -> None:
    old = tmp_path / "old-ja"
    shutil.copytree(releases["ja"], old)
    (old / "README.md").unlink()
    shutil.rmtree(old / "answers")
    for file in old.glob("data/*.parquet"):
        pq.write_table(pq.read_table(file).drop_columns(["alignment", "labels"]), file)
    with pytest.raises(ReleaseError, match="lacks columns") as error:
        load_questions(old, "train")
    assert error.value.details["found"] == "no labels, alignment"


Change = Callable[[Path], object]


def rewritten(folder: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """The training rows, changed."""
    [file] = folder.glob("data/train-*.parquet")
    pq.write_table(change(pq.read_table(file)), file)


def put(table: pa.Table, column: str, value: Any) -> pa.Table:
    """Another value in the first row of a column."""
    kind = table.schema.field(column)
    values = [value, *table[column].to_pylist()[1:]]
    return table.set_column(table.column_names.index(column), kind, pa.array(values, kind.type))


DAMAGE: dict[str, Change] = {
    "cut": lambda folder: next(folder.glob("data/train-*")).write_bytes(b"PAR1" + bytes(99)),
    "empty": lambda folder: next(folder.glob("data/train-*")).write_bytes(b""),
    "without rows": lambda folder: rewritten(folder, lambda table: table.slice(0, 0)),
    "other bytes": lambda folder: rewritten(folder, lambda table: put(table, "question", "犬？")),
    "no text": lambda folder: rewritten(folder, lambda table: put(table, "question", None)),
    "fewer labels": lambda folder: rewritten(folder, lambda table: put(table, "labels", [])),
    "no labels": lambda folder: rewritten(folder, lambda table: put(table, "labels", None)),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("config", ["default", "all"])
def test_a_damaged_release_is_told(
    releases: dict[str, Path], tmp_path: Path, damage: Change, config: Literal["default", "all"]
) -> None:
    folder = shutil.copytree(releases["ja"], tmp_path / "tiny-ja")
    damage(folder)
    with pytest.raises(ReleaseError) as error:
        load_questions(folder, "train", config=config)
    assert str(folder) in error.value.details["where"]


@pytest.mark.parametrize("name", ["no text", "fewer labels", "no labels"])
def test_rows_that_training_would_fail_on_are_told(
    releases: dict[str, Path], tmp_path: Path, name: str
) -> None:
    folder = shutil.copytree(releases["ja"], tmp_path / "tiny-ja")
    DAMAGE[name](folder)
    content = manifest.load_manifest(folder).content
    manifest.save(folder, {name: content[name] for name in content if name != "checksum"})
    with pytest.raises(ReleaseError, match=r"empty cells|other labels") as error:
        load_questions(folder, "train")
    assert str(folder) in error.value.details["where"]


def test_a_card_decides_nothing(releases: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(releases["ja"], tmp_path / "tiny-ja")
    wanted = load_questions(folder, "train", config="all"), load_vocabulary(folder)
    (folder / "README.md").write_text("---\nconfigs:\n- {config_name: default, data_files: /etc/*}\n---\n")
    assert (load_questions(folder, "train", config="all"), load_vocabulary(folder)) == wanted


def test_a_release_without_its_answers_is_told(releases: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(releases["ja"], tmp_path / "tiny-ja")
    remove(folder / "answers")
    with pytest.raises(ReleaseError, match="cannot be loaded"):
        load_vocabulary(folder)


def test_a_release_of_another_language_is_told(releases: dict[str, Path]) -> None:
    assert load_questions(releases["hi"], "train", english=True, language="hi").language == "en"
    with pytest.raises(ReleaseError, match="another language") as error:
        load_questions(releases["hi"], "train", language="ja")
    assert (error.value.details["expected"], error.value.details["found"]) == ("ja", "hi")
