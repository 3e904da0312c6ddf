"""The card of a repository that holds several languages."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from vqa_builder.errors import ReleaseError
from vqa_builder.release.hub.plan import FRONT_MATTER, config_names, merged_card
from vqa_builder.release.manifest import Manifest


def _card(language: str, rows: int, licence: str = "cc-by-4.0") -> str:
    front = {
        "language": [language, "en"],
        "license": licence,
        "pretty_name": "VQA",
        "tags": ["vqa", language],
        "configs": [
            {
                "config_name": "default",
                "default": True,
                "data_files": [{"split": "train", "path": "data/train-*"}],
            },
            {
                "config_name": "answers",
                "data_files": [{"split": "train", "path": "answers/answer_map.parquet"}],
            },
        ],
        "dataset_info": [
            {"config_name": "default", "splits": [{"name": "train", "num_examples": rows}]},
            {"config_name": "answers", "splits": [{"name": "train", "num_examples": 9}]},
        ],
    }
    return f"---\n{yaml.safe_dump(front)}---\n\n# Release\n"


def _manifest(language: str) -> Manifest:
    return Manifest({"name": f"vqa-{language}", "language": language})


def _front(card: str) -> dict[str, Any]:
    match = FRONT_MATTER.match(card)
    assert match
    read: dict[str, Any] = yaml.safe_load(match[1])
    return read


def test_the_first_language_gets_its_own_configs_and_folder() -> None:
    front = _front(merged_card("", _card("ja", 1200), _manifest("ja")))
    assert [entry["config_name"] for entry in front["configs"]] == ["ja", "ja-answers"]
    assert front["configs"][0]["data_files"] == [{"split": "train", "path": "ja/data/train-*"}]
    assert "default" not in front["configs"][0]
    assert (front["pretty_name"], front["license"]) == ("vqa", "cc-by-4.0")


def test_a_second_language_stands_beside_the_first_and_a_new_version_in_its_place() -> None:
    card = merged_card("", _card("ja", 1200), _manifest("ja"))
    card = merged_card(card, _card("hi", 900, "cc-by-sa-4.0"), _manifest("hi"))
    card = merged_card(card, _card("ja", 1300), _manifest("ja"))
    front = _front(card)
    assert [entry["config_name"] for entry in front["dataset_info"]] == [
        "hi",
        "hi-answers",
        "ja",
        "ja-answers",
    ]
    assert front["language"] == ["hi", "ja", "en"]
    assert front["license"] == ["cc-by-4.0", "cc-by-sa-4.0"]
    assert "| `ja` | Japanese | train 1,300 | [ja/README.md](ja/README.md) |" in card
    assert "| `hi` | Hindi | train 900 |" in card
    assert merged_card(card, _card("ja", 1300), _manifest("ja")) == card


def test_a_card_of_somebody_else_is_replaced_but_a_broken_one_is_named() -> None:
    assert _front(merged_card("# Hello", _card("ja", 1), _manifest("ja")))["language"] == ["ja", "en"]
    for broken in (": [", "configs: 5", "configs: [a]", "dataset_info: {a: b}", f"a: {'[' * 500}"):
        with pytest.raises(ReleaseError, match="cannot be read"):
            merged_card(f"---\n{broken}\n---\n", _card("ja", 1), _manifest("ja"))


def test_a_release_alone_keeps_its_config_names() -> None:
    assert config_names(_manifest("ja"), as_config=False)["default"] == "default"
    assert config_names(_manifest("ja"), as_config=True) == {
        "default": "ja",
        "rejected": "ja-rejected",
        "answers": "ja-answers",
    }
