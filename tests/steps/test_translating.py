"""Budgets, glossaries and word links, as a build heeds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.steps.builds import MINI, built, rows, spec
from vqa_builder import load_spec, plan, validate
from vqa_builder.errors import EngineError
from vqa_builder.translation.aligners import words


def test_a_budget_stops_the_build_and_a_larger_one_ends_it(tmp_path: Path) -> None:
    price = {"per_million_characters": 20}
    engine = {**MINI, "price": price}
    small = spec(tmp_path, translate={"engine": engine}, budget={"money": 0.004})
    with pytest.raises(EngineError, match="budget is used up") as caught:
        built(small, tmp_path / "out")
    assert "kept in the memory" in str(caught.value)
    spent = plan(load_spec(small), tmp_path / "out")
    assert 150 < spent.spent_characters <= 200
    large = spec(tmp_path, translate={"engine": engine}, budget={"money": 5})
    release = built(large, tmp_path / "out")
    done = plan(load_spec(large), tmp_path / "out")
    free = built(spec(tmp_path / "free"), tmp_path / "free" / "out")
    assert {n: row["question"] for n, row in rows(release).items()} == {
        n: row["question"] for n, row in rows(free).items()
    }
    assert done.spent_characters > spent.spent_characters
    assert done.spent_money == pytest.approx(done.spent_characters * 20 / 1e6)
    assert all(work.strings == 0 and work.money == 0 for work in done.work)


def test_a_glossary_is_enforced_and_only_its_strings_are_translated_again(tmp_path: Path) -> None:
    before = built(spec(tmp_path), tmp_path / "out")
    glossary = tmp_path / "source" / "glossary-ja.tsv"
    glossary.write_text("term\ttranslation\trole\ncat\tにゃんこ\nwhite\t純白\tanswer\n", encoding="utf-8")
    path = spec(tmp_path, translate={"glossary": "glossary-{language}.tsv"})
    assert any("glossary-ja.tsv" in line for line in validate(load_spec(path)))
    after = built(path, tmp_path / "out")
    texts, old = rows(after), rows(before)
    for row in texts.values():
        if "cat" in row["question_en"].split("?")[0].split() and row["question"]:
            assert "にゃんこ" in row["question"]
    same = {number: row["question"] for number, row in old.items() if "cat" not in row["question_en"]}
    assert {number: texts[number]["question"] for number in same} == same
    signatures = after.manifest.content["signatures"]
    assert "glossary|file:glossary-ja.tsv|sha:" in signatures["guard"]
    assert after.changed and not built(path, tmp_path / "out").changed


def test_an_aligner_links_words_and_no_threshold_of_the_policy_aligns_again(tmp_path: Path) -> None:
    out, align = tmp_path / "out", {"type": "statistical", "threshold": 0.05}
    plain = built(spec(tmp_path), out)
    assert not any(row["alignment"] for row in rows(plain).values())
    assert "aligner" not in plain.manifest.content["signatures"]
    aligned = built(spec(tmp_path, align=align), out)
    assert aligned.changed and aligned.verification and aligned.verification.ok
    assert aligned.manifest.content["signatures"]["aligner"].startswith("model1-agreement|")
    assert sum(len(row["alignment"]) for row in rows(aligned).values()) > 20
    for row in rows(aligned).values():
        en, target = words(row["question_en"], "en"), words(row["question"], "ja")
        assert all(link["en"] < len(en) and link["target"] < len(target) for link in row["alignment"])
    built(spec(tmp_path, align=align, policy={"chrf": {"min": 99}}), out)
    assert len(list((out / ".vqa-builder" / "steps").glob("alignments-ja-*.arrow"))) == 1
