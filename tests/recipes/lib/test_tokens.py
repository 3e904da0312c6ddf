"""Word pieces keep every sign of Japanese and Hindi, and come out the same each time."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from recipes.lib.tokens import train_tokenizer
from vqa_builder.errors import SourceError, SpecError

JAPANESE = [
    "この赤いバスは何色ですか？",
    "テーブルの上にパンはいくつありますか？",
    "女の子は帽子をかぶっていますか？",
    "がっこうとかつこう、はばぱ",
    "ｶﾀｶﾅのラーメンは１杯ですか？",
]
HINDI = [
    "क्या यह बिल्ली काली है?",
    "मेज़ पर कितनी रोटियाँ हैं?",
    "पेड़ के नीचे कौन बैठा है?",
    "लड़की ने कौन-से रंग की टोपी पहनी है?",
    "के का की कि कु कू कै को कौ कं क्ष।",
]
ENGLISH = ["What colour is the bus?", "Is the girl wearing a hat?", "naïve café"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokens") / "tokenizer"
    train_tokenizer([*JAPANESE, *HINDI, *ENGLISH] * 4, 600, folder)
    return folder


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(folder)


def plain(text: str) -> str:
    """What must survive: all letters and marks, whatever their width, case and spacing."""
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


@pytest.mark.parametrize("text", [*JAPANESE, *HINDI, *ENGLISH])
def test_no_sign_is_lost(tokenizer: PreTrainedTokenizerBase, text: str) -> None:
    pieces = tokenizer.tokenize(text)
    assert "".join(piece.removeprefix("##") for piece in pieces) == plain(text)
    decoded = tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True)
    assert plain(decoded) == plain(text)


@pytest.mark.parametrize("text", [*HINDI, "पेड़ों की टोपियाँ"])
def test_vowel_signs_stay_on_their_letters(tokenizer: PreTrainedTokenizerBase, text: str) -> None:
    for piece in tokenizer.tokenize(text):
        assert not unicodedata.category(piece[0]).startswith("M"), piece
    assert "[UNK]" not in tokenizer.tokenize(text)


@pytest.mark.parametrize(
    ("one", "other"), [("は", "ば"), ("ば", "ぱ"), ("का", "के"), ("कि", "की"), ("ड", "ड़")]
)
def test_words_that_differ_in_a_sign_differ(tokenizer: PreTrainedTokenizerBase, one: str, other: str) -> None:
    assert tokenizer(one)["input_ids"] != tokenizer(other)["input_ids"]


def test_spellings_of_one_text_are_one(tokenizer: PreTrainedTokenizerBase) -> None:
    for text in ("パン", "पेड़", "ラーメン"):
        apart = unicodedata.normalize("NFD", text)
        assert tokenizer.tokenize(apart) == tokenizer.tokenize(unicodedata.normalize("NFC", text))
    assert tokenizer.tokenize("ﾗｰﾒﾝ") == tokenizer.tokenize("ラーメン")


def test_katakana_and_kanji_are_words_of_their_own(tokenizer: PreTrainedTokenizerBase) -> None:
    assert tokenizer.tokenize("バスは何色") == ["バス", "は", "何", "色"]


def test_pairs_are_marked_as_for_bert(tokenizer: PreTrainedTokenizerBase) -> None:
    encoded = tokenizer("バスは", "the bus")
    assert tokenizer.convert_ids_to_tokens(encoded["input_ids"]) == [
        *("[CLS]", "バス", "は", "[SEP]", "the", "bus", "[SEP]")
    ]
    assert encoded["token_type_ids"] == [0] * 4 + [1] * 3
    assert tokenizer.pad_token_id == 0


def test_the_same_texts_give_the_same_files(folder: Path, tmp_path: Path) -> None:
    train_tokenizer([*JAPANESE, *HINDI, *ENGLISH] * 4, 600, tmp_path / "again")
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_size_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="too small") as error:
        train_tokenizer(JAPANESE, 40, tmp_path / "small")
    assert "at least" in error.value.details["expected"]
    with pytest.raises(SourceError, match="no text"):
        train_tokenizer(["", " "], 100, tmp_path / "empty")
    assert not list(tmp_path.iterdir())
