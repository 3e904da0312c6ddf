"""WIT's forms, and pairs of weakly aligned texts."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from recipes.lib.weak_pairs import WeakText, pair_up, read_wit
from vqa_builder.errors import SourceError

COLUMNS = [
    "language",
    "page_url",
    "image_url",
    "page_title",
    "section_title",
    "hierarchical_section_title",
    "caption_reference_description",
    "caption_attribution_description",
    "caption_alt_text_description",
    "mime_type",
    "original_height",
    "original_width",
    "is_main_image",
    "attribution_passes_lang_id",
    "page_changed_recently",
    "context_page_description",
    "context_section_description",
]
BRIDGE = "https://upload.wikimedia.org/wikipedia/commons/1/12/Bridge.jpg"
TEXTS = [
    ("ja", "川の上の古い石橋", ""),
    ("hi", "", "नदी पर बना पत्थर का पुल"),
    ("en", 'The "Old" bridge in winter', "A bridge"),
    ("fr", "Le vieux pont", ""),
    ("en", "", ""),
]


def record(language: str, reference: str, alternative: str) -> dict[str, str]:
    """A row of WIT about one picture."""
    known = {
        "language": language,
        "image_url": BRIDGE,
        "caption_reference_description": reference,
        "caption_alt_text_description": alternative,
        "context_page_description": "long " * 30_000,
    }
    return {column: known.get(column, "") for column in COLUMNS}


def tsv() -> str:
    rows = [record(*each) for each in TEXTS]
    return (
        "\n".join("\t".join(row) for row in [COLUMNS, *([row[name] for name in COLUMNS] for row in rows)])
        + "\n"
    )


@pytest.mark.parametrize("zipped", [False, True])
def test_the_tsv_of_wit_gives_the_first_text_that_is_there(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / ("wit_v1.train.all-00000-of-00010.tsv" + (".gz" if zipped else ""))
    path.write_bytes(gzip.compress(tsv().encode()) if zipped else tsv().encode())
    assert list(read_wit(path, {"en", "ja", "hi"})) == [
        WeakText(BRIDGE, "ja", "川の上の古い石橋"),
        WeakText(BRIDGE, "hi", "नदी पर बना पत्थर का पुल"),
        WeakText(BRIDGE, "en", 'The "Old" bridge in winter'),
    ]


def test_the_columns_may_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "wit.tsv"
    path.write_text(tsv(), encoding="utf-8")
    found = read_wit(path, {"en"}, columns=["caption_alt_text_description"])
    assert [each.text for each in found] == ["A bridge"]


@pytest.mark.parametrize(
    "folded",
    [
        {"language": ["en", "ja"], "caption_reference_description": ["A lake", "湖"]},
        [
            {"language": "en", "caption_reference_description": "A lake"},
            {"language": "ja", "caption_reference_description": "湖"},
        ],
    ],
    ids=["a list per column", "a list of records"],
)
def test_the_languages_of_wit_base_are_unfolded(tmp_path: Path, folded: Any) -> None:
    path = tmp_path / "wit_base.jsonl"
    path.write_text(json.dumps({"image_url": BRIDGE, "wit_features": folded}) + "\n", encoding="utf-8")
    assert list(read_wit(path, {"en", "ja"})) == [
        WeakText(BRIDGE, "en", "A lake"),
        WeakText(BRIDGE, "ja", "湖"),
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{broken", "no JSON"),
        ('{"image_url": "a.jpg"}', "no record of WIT"),
        ('{"language": "en", "caption_reference_description": "A lake"}', "names no image"),
    ],
)
def test_what_is_no_wit_is_refused(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "wit.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(SourceError, match=problem) as error:
        list(read_wit(path, {"en"}))
    assert "wit.jsonl:1" in str(error.value)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        list(read_wit(tmp_path / "wit.tsv", {"en"}))


def test_pairs_are_of_one_image_and_two_languages() -> None:
    texts = [
        WeakText(image, language, f"{image} {language}")
        for image in (1, 2)
        for language in ("en", "ja", "hi", "ja")
    ]
    pairs = pair_up(texts, per_image=9)
    assert len(pairs) == 2 * 5
    assert all(one.image_id == two.image_id and one.language != two.language for one, two in pairs)


def test_no_image_has_more_pairs_than_asked_for_and_draws_repeat() -> None:
    texts = [WeakText(7, language, language) for language in ("en", "ja", "hi", "ko", "zh")]
    pairs = pair_up(texts, per_image=3, seed=4)
    assert len(pairs) == 3
    assert pairs == pair_up(texts, per_image=3, seed=4)
