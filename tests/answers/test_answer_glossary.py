"""Glossaries decide; a glossary that contradicts itself is refused with its first offenders."""

from pathlib import Path

import pytest

from vqa_builder.answers.answer_glossary import load, united
from vqa_builder.answers.senses import known_rules
from vqa_builder.errors import SpecError


def write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(["answer_en\tsense\tcues\ttranslation", *rows]), encoding="utf-8")
    return path


def test_translations_by_answer_and_sense(tmp_path: Path) -> None:
    path = write(tmp_path / "ja.tsv", "Bathroom\t\t\t浴室", "orange\tfruit\t\tみかん", "bat\t\t\tバット")
    glossary = load(path, known_rules())
    assert glossary.answers["bathroom", ""] == "浴室"
    assert glossary.answers["orange", "fruit"] == "みかん"
    assert ("orange", "colour") not in glossary.answers
    assert glossary.answers["bat", "animal"] == glossary.answers["bat", "sport"] == "バット"
    assert glossary.rules == {}
    assert united(known_rules(), [glossary]) == known_rules()


def test_a_glossary_may_split_answers_itself(tmp_path: Path) -> None:
    path = write(
        tmp_path / "ja.tsv",
        "seal\tstamp\tletter; envelope\t封印",
        "seal\tanimal\t\tアザラシ",
    )
    glossary = load(path, known_rules())
    assert [rule.sense for rule in united(known_rules(), [glossary])["seal"]] == ["stamp", "animal"]
    assert glossary.rules["seal"][0].question == ("letter", "envelope")


def test_two_languages_must_agree_on_the_senses(tmp_path: Path) -> None:
    one = load(write(tmp_path / "ja.tsv", "seal\ta\tletter\t封印", "seal\tb\t\tアザラシ"), {})
    other = load(write(tmp_path / "hi.tsv", "seal\ta\tenvelope\tमुहर", "seal\tb\t\tसील"), {})
    with pytest.raises(SpecError, match="'seal' in different ways"):
        united({}, [one, other])


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["cat\t\t\t猫", "cat\t\t\tねこ", "dog\t\t\t犬", "dogs\t\t\t"], "in 2 places"),
        (["orange\tmetal\t\t金"], "unknown sense 'metal', known: colour, fruit"),
        (["seal\ta\tx\tあ", "seal\tb\ty\tい"], "every sense needs cues but the last"),
        (["seal\ta\tx\tあ", "seal\ta\t\tい"], "named twice"),
        (["seal\t\tx\tあ", "seal\tb\t\tい"], "without a name"),
    ],
)
def test_contradictions(tmp_path: Path, rows: list[str], told: str) -> None:
    path = write(tmp_path / "ja.tsv", *rows)
    with pytest.raises(SpecError) as caught:
        load(path, known_rules())
    assert told in str(caught.value)
    assert str(path) in str(caught.value)


def test_files_that_are_no_glossaries(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no such glossary"):
        load(tmp_path / "none.tsv", {})
    (tmp_path / "a.tsv").write_text("english\tjapanese\ncat\t猫\n", encoding="utf-8")
    with pytest.raises(SpecError, match="other columns"):
        load(tmp_path / "a.tsv", {})
    (tmp_path / "b.tsv").write_bytes("answer_en\ttranslation\ncat\t猫".encode("utf-16"))
    with pytest.raises(SpecError, match="cannot be read"):
        load(tmp_path / "b.tsv", {})
