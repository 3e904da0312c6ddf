"""The phrasebook's terms, its keys, and the file that the package ships."""

from __future__ import annotations

import hashlib
import json
import lzma
import re
import unicodedata
from importlib.resources import files
from pathlib import Path

import pytest

from recipes.phrasebook.make import Term, main, make, normalised, read, unified
from vqa_builder.sample import sample_folder

TABLES = Path("recipes/phrasebook")
TERMS = [Term.of(row) for row in read(TABLES / "terms.tsv")]
FOLDER = files("vqa_builder") / "translation" / "phrasebook"


@pytest.mark.parametrize(
    ("question", "key"),
    [
        ("What time is it?", "what time is it"),
        ("What  time is\tit ? ", "what time is it"),
        ("Is it 5 p.m.?", "is it 5 p.m"),
        ("WHAT IS THIS...", "what is this"),
        ('What does "Stop!" mean?', 'what does "stop!" mean'),
    ],
)
def test_a_question_is_looked_up_without_case_spaces_and_final_mark(question: str, key: str) -> None:
    assert normalised(question) == key
    assert normalised(key) == key


@pytest.mark.parametrize(
    ("en", "ja", "hi", "new_ja", "new_hi"),
    [
        (
            "What color is the bike?",
            "バイクは何色ですか？",
            "बाइक का रंग क्या है?",
            "自転車は何色ですか？",
            "साइकिल का रंग क्या है?",
        ),
        (
            "How many mirrors does the bike have?",
            "バイクにミラーはいくつありますか？",
            "बाइक में कितने शीशे हैं?",
            "バイクにミラーはいくつありますか？",
            "बाइक में कितने शीशे हैं?",
        ),
        (
            "What color are the motorcycles?",
            "オートバイは何色ですか？",
            "बाइकें किस रंग की हैं?",
            "バイクは何色ですか？",
            "मोटरसाइकिलें किस रंग की हैं?",
        ),
        (
            "What does the sign say?",
            "標識には何と書いてありますか？",
            "साइन बोर्ड पर क्या लिखा है?",
            "看板には何と書いてありますか？",
            "साइनबोर्ड पर क्या लिखा है?",
        ),
        (
            "What does the traffic sign say?",
            "交通標識には何と書いてありますか？",
            "ट्रैफ़िक साइन पर क्या लिखा है?",
            "交通標識には何と書いてありますか？",
            "ट्रैफ़िक साइनबोर्ड पर क्या लिखा है?",
        ),
        (
            "What is in the pot?",
            "鍋には何が入っていますか？",
            "बर्तन में क्या है?",
            "鍋には何が入っていますか？",
            "पतीले में क्या है?",
        ),
        (
            "Is the baby elephant asleep?",
            "ゾウの赤ちゃんは寝ていますか？",
            "क्या हाथी का बच्चा सो रहा है?",
            "象の赤ちゃんは寝ていますか？",
            "क्या हाथी का बच्चा सो रहा है?",
        ),
        (
            "Is the door open or closed?",
            "ドアは開いていますか、それとも閉まっていますか？",
            "क्या दरवाज़ा खुला है या बंद?",
            "ドアは開いていますか、それとも閉まっていますか？",
            "दरवाज़ा खुला है या बंद?",
        ),
        (
            "Are there any buses or trucks?",
            "バスかトラックはありますか？",
            "क्या कोई बस या ट्रक हैं?",
            "バスかトラックはありますか？",
            "क्या कोई बस या ट्रक हैं?",
        ),
        (
            "What number is this player?",
            "この選手は何番ですか？",
            "यह खिलाड़ी कितने नंबर का है?",
            "この選手は何番ですか？",
            "इस खिलाड़ी का नंबर क्या है?",
        ),
        (
            "What number is the boy?",
            "男の子は何番ですか？",
            "लड़का कितने नंबर का है?",
            "男の子は何番ですか？",
            "लड़के का नंबर क्या है?",
        ),
        (
            "Are there candles?",
            "ろうそくはありますか？",
            "क्या मोमबत्ती है?",
            "ろうそくはありますか？",
            "क्या मोमबत्ती है?",
        ),
    ],
)
def test_terms_are_unified(en: str, ja: str, hi: str, new_ja: str, new_hi: str) -> None:
    row = unified({"en": en, "ja": ja, "hi": hi}, TERMS)
    assert (row["ja"], row["hi"]) == tuple(unicodedata.normalize("NFC", text) for text in (new_ja, new_hi))
    assert unified(row, TERMS) == row


def test_the_first_spelling_stays_and_written_lines_win() -> None:
    rows = [
        {"en": "What is this?", "ja": "これは何ですか？", "hi": "यह क्या है?"},
        {"en": "what is this", "ja": "これは？", "hi": "यह?"},
        {"en": "Is it a cat?", "ja": "それは猫ですか？", "hi": "क्या यह बिल्ली है?"},
    ]
    made = make(rows, TERMS, [{"en": "Is it a cat?", "ja": "", "hi": "क्या वह बिल्ली है?"}])
    assert [row["en"] for row in made] == ["What is this?", "Is it a cat?"]
    assert made[1] == {"en": "Is it a cat?", "ja": "それは猫ですか？", "hi": "क्या वह बिल्ली है?"}


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "questions.tsv"
    source.write_text(
        "dataset\tcount\ten\tja\thi\nvqa_v2\t2\tWhat is this?\tこれは何ですか？\tयह क्या है?\n", "utf-8"
    )
    for name in ("one", "two"):
        monkeypatch.setattr("sys.argv", ["make", str(source), str(tmp_path / name)])
        main()
    assert (tmp_path / "one/questions.tsv.xz").read_bytes() == (
        tmp_path / "two/questions.tsv.xz"
    ).read_bytes()


def test_the_shipped_file_is_whole() -> None:
    content = (FOLDER / "questions.tsv.xz").read_bytes()
    assert len(content) < 2_000_000
    assert (FOLDER / "questions.sha256").read_text().split()[0] == hashlib.sha256(content).hexdigest()
    first, *lines = lzma.decompress(content).decode("utf-8").splitlines()
    assert first == "en\tja\thi"
    rows = [line.split("\t") for line in lines]
    assert all(len(row) == 3 and all(row) for row in rows)
    assert len({normalised(en) for en, _, _ in rows}) == len(rows) > 45_000
    for _, ja, hi in rows:
        assert not re.search("[ऀ-ॿ]", ja)
        assert not re.search("[ぁ-ヿ一-鿿]", hi)
        assert unicodedata.is_normalized("NFC", hi)


def test_every_question_of_the_sample_is_in_the_shipped_file() -> None:
    lines = lzma.decompress((FOLDER / "questions.tsv.xz").read_bytes()).decode("utf-8").splitlines()
    known = {normalised(line.split("\t")[0]) for line in lines}
    asked = [
        record["question"]
        for file in sample_folder().glob("*questions.json")
        for record in json.loads(file.read_text(encoding="utf-8"))["questions"]
    ]
    assert len(asked) == 497
    assert [question for question in asked if normalised(question) not in known] == []


def test_the_lines_of_the_sample_name_nothing_twice() -> None:
    keys = [normalised(row["en"]) for row in read(TABLES / "sample.tsv")]
    assert len(set(keys)) == len(keys) == 165
