"""Candidates, second opinions and the choice between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.steps.builds import BAD, GOOD, MEMORY, MINI, built, record, rows, spec
from tests.tiny import QUESTIONS
from vqa_builder import build, load_spec


@pytest.mark.parametrize("best_of", [[MEMORY, MINI], [MINI, MEMORY]])
def test_best_of_keeps_the_better_candidate_of_every_string(
    tmp_path: Path, other: Path, best_of: list[dict[str, str]]
) -> None:
    path = spec(tmp_path, translate={"best_of": best_of}, back_translate={"engine": MINI})
    release = built(path, tmp_path / "out")
    by_id = rows(release)
    assert len(by_id) == sum(map(len, QUESTIONS.values()))
    assert by_id[9001]["question"] == GOOD
    assert by_id[9500]["question"] not in (BAD, None)
    assert by_id[9001]["engine"].startswith(best_of[0]["type"])  # both say the same: the first wins
    assert by_id[9500]["engine"].startswith("mini")
    candidates = record(tmp_path / "out")
    assert sum(row["chosen"] for row in candidates) * 2 == len(candidates)
    worse = [row for row in candidates if row["text"] == BAD]
    assert [row["chosen"] for row in worse] == [False]
    assert release.manifest.content["signatures"]["choice"].startswith("best_of|by:chrf")
    assert not built(path, tmp_path / "out").changed


def test_the_order_of_the_candidates_decides_only_between_equals(tmp_path: Path, other: Path) -> None:
    texts = []
    for name, best_of in (("a", [MEMORY, MINI]), ("b", [MINI, MEMORY])):
        path = spec(tmp_path, translate={"best_of": best_of}, back_translate={"engine": MINI})
        texts.append({number: row["question"] for number, row in rows(built(path, tmp_path / name)).items()})
    assert texts[0] == texts[1]


def test_a_second_opinion_is_asked_for_what_the_policy_rejects_and_nothing_else(
    tmp_path: Path, other: Path
) -> None:
    strict = {"chrf": {"min": 75}}
    first = spec(
        tmp_path, translate={"engine": [MEMORY, MINI]}, back_translate={"engine": MINI}, policy=strict
    )
    before = rows(built(first, tmp_path / "before"))
    assert before[9500]["question"] == BAD
    both = {"engine": [MEMORY, MINI], "second_opinion": MINI}
    path = spec(tmp_path, translate=both, back_translate={"engine": MINI}, policy=strict)
    after = rows(built(path, tmp_path / "out"))
    assert after[9001]["question"] == GOOD
    assert after[9500]["question"] != BAD
    candidates = record(tmp_path / "out")
    asked = {row["segment_id"] for row in candidates if row["candidate"] == 1}
    rejected = {row["segment_id"] for row in candidates if row["candidate"] == 0 and not row["keep"]}
    assert asked == rejected
    assert 0 < len(asked) < len(candidates) / 2


@pytest.mark.parametrize(
    "translate", [{"best_of": [MEMORY, MINI]}, {"engine": [MEMORY, MINI], "second_opinion": MINI}]
)
def test_a_share_to_be_kept_is_one_bound_for_all_candidates(
    tmp_path: Path, other: Path, translate: dict[str, Any]
) -> None:
    policy = {"length": {"keep": 0.8}}
    path = spec(
        tmp_path, languages=["hi", "ja"], translate=translate, back_translate={"engine": MINI}, policy=policy
    )
    # The file holds no Hindi: one candidate of best_of is empty there.
    for release in build(load_spec(path), tmp_path / "out", workers=1):
        kept = sum(release.manifest.counts["kept"].values())
        assert 0 < kept < sum(map(len, QUESTIONS.values()))
        assert release.manifest.content["signatures"]["policy"].startswith("policy|length:")


def test_a_second_opinion_about_nothing(tmp_path: Path) -> None:
    policy = {"chrf": {"min": 0}}
    path = spec(tmp_path, translate={"engine": MINI, "second_opinion": [MINI]}, policy=policy)
    alone = spec(tmp_path / "alone", policy=policy)
    texts = [
        {number: row["question"] for number, row in rows(built(each, tmp_path / name)).items()}
        for each, name in ((path, "out"), (alone, "only"))
    ]
    assert texts[0] == texts[1]
