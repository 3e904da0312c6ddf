"""What is said before a build: plans with money, and what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.steps.builds import MEMORY, MINI, built, record, spec
from tests.tiny import unsettle
from vqa_builder import load_spec, plan, validate
from vqa_builder.errors import SpecError, UnknownNameError

PRICED = {**MINI, "price": {"per_million_characters": 20}}


def test_a_plan_foretells_what_a_build_spends(tmp_path: Path) -> None:
    path = spec(tmp_path, translate={"engine": {**MINI, "price": {"per_million_characters": 20}}})
    planned = plan(load_spec(path), tmp_path / "out")
    there = {(work.direction, work.role): work for work in planned.work}
    assert [work.strings for work in planned.work if work.direction == "en-ja"] == [11, 0]
    assert there["ja-en", "question"].strings == 11
    assert planned.currency == "USD"
    built(path, tmp_path / "out")
    spent = plan(load_spec(path), tmp_path / "out").spent_characters
    forward = sum(work.characters for work in planned.work if work.direction == "en-ja")
    assert forward < spent < 2 * forward


def test_a_plan_refuses_the_policy_that_a_build_would_refuse(tmp_path: Path) -> None:
    path = spec(tmp_path, policy={"chrf": {"min": float("nan")}})
    with pytest.raises(SpecError, match="malformed rule"):
        plan(load_spec(path), tmp_path / "out")


def planned_for_mini(path: Path, out: Path) -> dict[str, int]:
    """What is planned for mini into Japanese: step -> strings."""
    work = [each for each in plan(load_spec(path), out).work if each.engine.startswith("mini")]
    strings = dict.fromkeys(("all", "in context", "second opinion"), 0)
    for each in work:
        strings[each.step] += each.strings if each.direction == "en-ja" else 0
    return strings


def spent_by_mini(out: Path) -> int:
    """Strings that mini was sent by all builds."""
    ledger = json.loads((out / ".vqa-builder" / "spent.json").read_text(encoding="utf-8"))
    return sum(entry["strings"] for name, entry in ledger.items() if name.startswith("mini"))


@pytest.mark.parametrize("context", ["auto", "none"])
def test_a_plan_counts_answers_in_context_as_the_build_then_asks_for_them(
    tmp_path: Path, other: Path, context: str
) -> None:
    translate = {"engine": PRICED, "answers": {"context": context}}
    no_way_back = {"back_translate": {"engine": MEMORY}, "policy": {"preset": "lenient", "missing": "keep"}}
    path, out = spec(tmp_path, translate=translate, **no_way_back), tmp_path / "out"
    unsettle(path.parent)
    planned = planned_for_mini(path, out)
    assert planned["all"] == 13
    assert (planned["in context"] > 0) == (context == "auto")
    built(path, out)
    assert spent_by_mini(out) == sum(planned.values())
    assert not any(planned_for_mini(path, out).values())


def test_a_plan_says_what_a_second_opinion_may_at_most_be_asked(tmp_path: Path, other: Path) -> None:
    path = spec(
        tmp_path,
        translate={"engine": MEMORY, "second_opinion": PRICED},
        back_translate={"engine": MEMORY},
        policy={"copy": "reject"},
    )
    out = tmp_path / "out"
    opinions = [work for work in plan(load_spec(path), out).work if work.engine.startswith("mini")]
    assert {(work.direction, work.step, work.at_most) for work in opinions} == {
        ("en-ja", "second opinion", True)
    }
    most, money = sum(work.strings for work in opinions), sum(work.money or 0 for work in opinions)
    built(path, out)
    rejected = sum(row["candidate"] == 0 and not row["keep"] for row in record(out))
    assert spent_by_mini(out) == rejected <= most == 11
    assert 0 < plan(load_spec(path), out).spent_money <= money


@pytest.mark.parametrize(
    ("values", "error", "told"),
    [
        ({"translate": {"best_of": [MINI]}}, SpecError, "best_of"),
        ({"translate": {"best_of": [MINI, MINI], "engine": MINI}}, SpecError, "leave out engine"),
        (
            {"translate": {"best_of": [MINI, MINI], "choose_by": "chfr"}},
            UnknownNameError,
            "did you mean 'chrf'",
        ),
        ({"translate": {"glossary": "none.tsv"}}, SpecError, "no such glossary"),
        ({"translate": {"protect": ["names"]}}, SpecError, "numbers"),
        ({"back_translate": {"engine": MINI, "glossary": "a.tsv"}}, SpecError, "under translate only"),
        ({"budget": {"money": 5}}, SpecError, "no price"),
        ({"budget": {}}, SpecError, "characters, money or both"),
        ({"translate": {"engine": {**MINI, "price": {"per_page": 1}}}}, SpecError, "per_page"),
    ],
)
def test_what_is_wrong_is_told_before_any_work(
    tmp_path: Path, values: dict[str, Any], error: type[Exception], told: str
) -> None:
    with pytest.raises(error) as caught:
        validate(load_spec(spec(tmp_path, **values)))
    assert told in str(caught.value)


def test_prices_in_two_currencies_cannot_be_one_budget(tmp_path: Path) -> None:
    engines = [{**MINI, "price": {"currency": code, "per_million_characters": 1}} for code in ("USD", "EUR")]
    path = spec(tmp_path, translate={"engine": engines}, budget={"money": 5})
    with pytest.raises(SpecError, match="EUR and USD"):
        load_spec(path)
    assert yaml.safe_load(path.read_text())["budget"] == {"money": 5}


def test_a_wrong_aligner_is_told_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Unknown aligner 'statistic'"):
        validate(load_spec(spec(tmp_path, align={"type": "statistic"})))
    with pytest.raises(SpecError, match="threshold"):
        validate(load_spec(spec(tmp_path, align={"type": "statistical", "threshold": 2})))
    assert any(
        "aligner model1" in line
        for line in validate(load_spec(spec(tmp_path, align={"type": "statistical"})))
    )
