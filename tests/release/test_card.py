"""The card is the golden file, says what the manifest says, and its YAML is what datasets expects."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from vqa_builder.escaping import markdown
from vqa_builder.release import card, manifest, metadata
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.write import write_release

GOLDEN = Path(__file__).parent / "golden"
REGENERATE = "VQA_BUILDER_REGENERATE_GOLDEN"
ANSWERS = {
    "coverage": {"split": {"train": {"rows": 9_000, "inside": 8_400}}, "answer_type": {}},
    "methods": {"colour": {"entries": 86, "answers": 36_951}},
    "merges": {"flagged": {"entries": 12, "answers": 2_047}},
    "drift": {"winner changed": 354, "agreement rose": 2_687, "agreement fell": 6},
}


def _front_matter(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text.split("---\n")[1])
    return found


def _card(contents: ReleaseContents, out: Path) -> str:
    return (write_release(contents, out) / card.FILE).read_text(encoding="utf-8")


def test_the_card_is_the_golden_file(ja: ReleaseContents, tmp_path: Path) -> None:
    text = _card(ja, tmp_path)
    golden = GOLDEN / "vqa-ja.README.md"
    if os.environ.get(REGENERATE):
        golden.write_text(text, encoding="utf-8")
    # Parquet files hold the version of pyarrow, so their size is no part of what the card promises
    sizes = [info["download_size"] for info in _front_matter(text)["dataset_info"]]
    expected = golden.read_text(encoding="utf-8")
    for old, new in zip(_front_matter(expected)["dataset_info"], sizes, strict=True):
        expected = expected.replace(f"download_size: {old['download_size']}\n", f"download_size: {new}\n")
    assert text == expected, f"if the change is meant, set {REGENERATE}=1 and read the difference"


def test_the_metadata_is_what_the_hub_expects(ja: ReleaseContents, tmp_path: Path) -> None:
    found = _front_matter(_card(ja, tmp_path))
    assert found["language"] == ["ja", "en"]
    assert (found["license"], found["size_categories"]) == ("cc-by-4.0", ["n<1K"])
    assert found["source_datasets"] == ["extended|vqa-v2"]
    assert [config["config_name"] for config in found["configs"]] == ["default", "rejected", "answers"]
    assert found["configs"][0]["default"] is True
    rejected = found["dataset_info"][1]
    assert [(split["name"], split["num_examples"]) for split in rejected["splits"]] == [
        ("train", 1),
        ("validation", 1),
    ]


def test_the_hub_client_reads_the_card(ja: ReleaseContents, tmp_path: Path) -> None:
    from huggingface_hub import DatasetCard

    found = DatasetCard.load(write_release(ja, tmp_path) / card.FILE)
    assert found.data.pretty_name == "VQA in Japanese"
    assert found.text.lstrip().startswith("# VQA in Japanese")


@pytest.mark.parametrize("which", ["ja", "hi"])
def test_features_are_those_that_datasets_would_write(which: str, request: pytest.FixtureRequest) -> None:
    from datasets import Features

    for schema in card.schemas(request.getfixturevalue(which)).values():
        assert metadata.yaml_features(schema) == Features.from_arrow_schema(schema)._to_yaml_list()


def test_every_arrow_type_that_a_score_may_have_is_described() -> None:
    from datasets import Features

    kinds = [pa.bool_(), pa.int8(), pa.uint16(), pa.float16(), pa.float32(), pa.float64(), pa.large_string()]
    nested = [pa.list_(pa.list_(pa.int32())), pa.large_list(pa.struct([("a", pa.list_(pa.float64()))]))]
    schema = pa.schema([(f"column_{place}", kind) for place, kind in enumerate([*kinds, *nested])])
    assert metadata.yaml_features(schema) == Features.from_arrow_schema(schema)._to_yaml_list()


def test_text_cannot_break_the_page(ja: ReleaseContents, tmp_path: Path) -> None:
    lines = _card(ja, tmp_path).splitlines()
    (row,) = [line for line in lines if "uniform?" in line and line.startswith("|")]
    assert r"his \| uniform?" in row
    assert markdown("a\n<b> *c*") == r"a &lt;b> \*c\*"


def test_each_language_has_its_paragraph_and_others_have_none(
    ja: ReleaseContents, hi: ReleaseContents, tmp_path: Path
) -> None:
    japanese, hindi = _card(ja, tmp_path), _card(hi, tmp_path)
    german = _card(dataclasses.replace(ja, name="vqa-de", language="de"), tmp_path)
    assert "## 日本語での説明" in japanese and "採用した質問は 5 件" in japanese
    assert "## हिन्दी में परिचय" in hindi and "VQA" in hindi
    assert "# VQA in German" in german and "日本語" not in german


def test_a_config_without_rows_is_left_out_and_the_card_says_so(hi: ReleaseContents, tmp_path: Path) -> None:
    text = _card(hi, tmp_path)
    assert [config["config_name"] for config in _front_matter(text)["configs"]] == ["default", "answers"]
    assert "left out: nothing was rejected" in text
    assert 'load_dataset("vizwiz-hi")' in text


def test_every_column_is_explained(ja: ReleaseContents) -> None:
    names = {name for table in ja.tables.values() for name in table.schema.names} | {"image", "images"}
    assert set(card.COLUMNS) == names - set(ja.answer_map.column_names)


def test_the_card_is_made_from_the_manifest_alone(ja: ReleaseContents) -> None:
    described = manifest.describe(ja)
    described["counts"]["reasons"] = {"chrf": 123_456}
    assert "| `chrf` | 123,456 |" in card.render(described, card.schemas(ja), card.sample(ja))


def test_the_policy_in_force_comes_before_the_one_in_the_spec(ja: ReleaseContents) -> None:
    described = manifest.describe(ja)
    assert "| `chrf` | at least 30 | at least 60 |" in card.render(described, card.schemas(ja), [])
    described["policy"] = {"length": {"min": -3.5, "max": 3}}
    assert "| `length` | at least -3.5, at most 3 |" in card.render(described, card.schemas(ja), [])


@pytest.mark.parametrize(
    ("rows", "category"),
    [(0, "n<1K"), (999, "n<1K"), (1_000, "1K<n<10K"), (60_000, "10K<n<100K"), (200_000_000, "n>100M")],
)
def test_size_categories(rows: int, category: str) -> None:
    assert metadata.size_category(rows) == category


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("CC-BY-4.0", {"license": "cc-by-4.0"}),
        ("apache-2.0", {"license": "apache-2.0"}),
        (None, {"license": "unknown"}),
        ("CC BY-NC-SA 4.0", {"license": "cc-by-nc-sa-4.0"}),
        ("Creative Commons Attribution-ShareAlike 3.0 Unported", {"license": "cc-by-sa-3.0"}),
        ("https://creativecommons.org/publicdomain/zero/1.0/", {"license": "cc0-1.0"}),
        ("CC0", {"license": "cc0-1.0"}),
        ("Apache License, Version 2.0", {"license": "apache-2.0"}),
        ("The MIT License", {"license": "mit"}),
        ("GPLv3", {"license": "gpl-3.0"}),
        (
            "Terms of X (2019)",
            {"license": "other", "license_name": "terms-of-x-2019", "license_link": "README.md"},
        ),
        (
            "https://vizwiz.org/terms",
            {
                "license": "other",
                "license_name": "https-vizwiz.org-terms",
                "license_link": "https://vizwiz.org/terms",
            },
        ),
    ],
)
def test_licences_in_the_terms_of_the_hub(licence: str | None, expected: dict[str, str]) -> None:
    assert metadata.hub_licence(licence) == expected


@pytest.mark.parametrize(
    ("licence", "told"),
    [
        ("ccby4.0", "did you mean 'cc-by-4.0'?"),
        ("VQA terms", "licence_url"),
        ("GPLv3", ""),
        ("Apache 2.0", ""),
    ],
)
def test_a_licence_that_the_hub_does_not_know_is_told(licence: str, told: str) -> None:
    assert told in "".join(metadata.licence_notices(licence))
    assert bool(told) == bool(metadata.licence_notices(licence))
    assert metadata.licence_notices(licence, "https://example.org") == []


def test_a_notice_of_a_licence_shows_no_whole_file() -> None:
    (notice,) = metadata.licence_notices("a" * 1_000_000)
    assert len(notice) < 400 and notice.endswith("say where its text lies: licence_url")


def test_the_answers_are_summed_up(ja: ReleaseContents) -> None:
    described = manifest.describe(ja)
    described["counts"]["answers"] = ANSWERS
    text = card.render(described, card.schemas(ja), card.sample(ja))
    for line in (
        "| winner changed | 354 | 3.9 % |",
        "| agreement rose | 2,687 | 29.9 % |",
        "| `colour` | 86 | 36,951 |",
        "| `flagged` | 12 | 2,047 |",
        "| train | 9,000 | 8,400 |",
    ):
        assert line in text


def test_the_card_says_how_answers_came_about_and_how_they_are_scored(ja: ReleaseContents) -> None:
    described = manifest.describe(ja)
    methods = {"table": 900, "engine": 60, "copied:sign": 30, "untranslated": 10}
    described["counts"] |= {"answers": {**ANSWERS}, "answer_methods": methods}
    text = card.render(described, card.schemas(ja), card.sample(ja))
    assert "in the kept rows 1 % stay English" in text
    for line in ("| `table` | 900 | 90 % |", "| `copied:sign` | 30 | 3 % |", "| `untranslated` | 10 | 1 % |"):
        assert line in text
    assert "of min(1, others who gave it / 3), one left out at a time; where fewer answered" in text


@pytest.mark.parametrize(
    ("which", "round_trip", "scored", "unscored"),
    [
        ("ja", "逆翻訳", "自動的に採点", "翻訳の自動採点は行っていません。"),
        ("hi", "प्रति-अनुवाद", "जाँच स्वचालित रूप से", "अनुवादों की कोई स्वचालित जाँच नहीं की गई है।"),
    ],
)
def test_no_judgement_is_claimed_that_did_not_take_place(
    which: str, round_trip: str, scored: str, unscored: str, request: pytest.FixtureRequest
) -> None:
    contents = request.getfixturevalue(which)
    described = manifest.describe(contents)
    claims = ["the translation back into English", "every score that judged it", round_trip, scored]
    claims += ["| back into English |", "judged by automatic scores"]
    denials = ["No score judged the rows.", "Nothing was translated back", unscored, "No score judged them"]
    for judged, back_translated in ((0, 0), (3, 3)):
        described["counts"] |= {"judged": {"chrf": judged}, "back_translated": back_translated}
        text = card.render(described, card.schemas(contents), card.sample(contents))
        assert [claim in text for claim in claims] == [bool(judged)] * len(claims)
        assert [denial in text for denial in denials] == [not judged] * len(denials)


def test_rows_judged_by_each_rule_are_counted(ja: ReleaseContents) -> None:
    described = manifest.describe(ja)
    described["policy"] = {"chrf": {"min": 30}, "copy": "reject", "langid": {"min": 0.5}}
    described["counts"]["judged"] = {"chrf": 5, "copy": 7, "langid": 0}
    text = card.render(described, card.schemas(ja), [])
    assert "A rule judges the rows that have its score, of 7 in all." in text
    assert "| `chrf` | at least 30 | at least 30 | 5 |" in text
    assert "judged nothing, as no row has their score: `langid`." in text
    assert "share of the source's questions: `chrf` 71.4 %." in text


def test_what_people_wrote_for_the_card_survives(ja: ReleaseContents, tmp_path: Path) -> None:
    own = "## About the annotators\n\nTen people looked at **every** picture.\n"
    for _ in range(2):
        folder = write_release(dataclasses.replace(ja, card_text=own), tmp_path)
        text = (folder / card.FILE).read_text(encoding="utf-8")
        assert text.index("日本語での説明") < text.index(own) < text.index("## Sample")
        assert (folder / "card.md").read_text(encoding="utf-8") == own


def test_a_citation_moves_no_cursor_and_turns_no_line(ja: ReleaseContents) -> None:
    described = {**manifest.describe(ja), "citation": "@misc{a,\n  title={\x1b[2J\u202eA}}"}
    assert metadata.citation(described) == "@misc{a,\n  title={\\u001b[2J\\u202eA}}"


def test_the_citation_has_author_and_year(ja: ReleaseContents) -> None:
    described = manifest.describe(ja)
    assert "  author = {{org}},\n" in metadata.citation(described)
    assert "  year = {n.d.},\n" in metadata.citation(described)
    described |= {"authors": ["Sato, Hanako", "Müller & Co"], "date": "2026-01-31", "version": "1.2.0"}
    found = metadata.citation(described)
    assert "  author = {Sato, Hanako and Müller \\& Co},\n" in found
    assert "  year = {2026},\n  version = {1.2.0},\n" in found


def test_a_licence_has_its_page() -> None:
    assert metadata.licence_page("CC BY-SA 3.0") == "https://spdx.org/licenses/CC-BY-SA-3.0.html"
    assert metadata.licence_page("Own terms", "https://example.org/terms") == "https://example.org/terms"
    assert metadata.licence_page("Own terms") == "Own terms"
    assert metadata.licence_page(None) is None
