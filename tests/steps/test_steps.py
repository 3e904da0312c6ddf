"""What the steps do beyond one engine: candidates, second opinions, budgets, glossaries, plans with money."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from tests.tiny import QUESTIONS, unsettle, write_vqa
from vqa_builder import build, load_spec, plan, validate
from vqa_builder.errors import EngineError, SpecError, UnknownNameError
from vqa_builder.steps.releasing import BuiltRelease
from vqa_builder.translation.aligners import words

GOOD, BAD = "これは犬ですか？", "これは何ですか？"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Translations of someone else: one better than a wrong one, one worse, and of nothing else."""
    lines = [
        {"source": "en", "target": "ja", "text": "Is this a dog?", "translation": GOOD},
        {"source": "en", "target": "ja", "text": "How many cats are there?", "translation": BAD},
    ]
    path = tmp_path / "source" / "other.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


def spec(folder: Path, **changes: Any) -> Path:
    return write_vqa(folder / "source", **{"languages": ["ja"], **changes})


def built(path: Path, out: Path) -> BuiltRelease:
    (release,) = build(load_spec(path), out, workers=1)
    return release


def rows(release: BuiltRelease) -> dict[int, dict[str, Any]]:
    tables = [pq.read_table(file) for file in sorted(release.folder.glob("[dr]*/*.parquet"))]
    return {row["question_id"]: row for table in tables for row in table.to_pylist()}


def record(out: Path) -> list[dict[str, Any]]:
    """The newest record of all candidates in the store."""
    path = max((out / ".vqa-builder" / "steps").glob("choice-ja-*"), key=lambda file: file.stat().st_mtime)
    with pa.memory_map(str(path)) as file:
        rows: list[dict[str, Any]] = pa.ipc.open_file(file).read_all().to_pylist()
    return rows


MEMORY, MINI = {"type": "memory", "path": "other.jsonl"}, {"type": "mini"}


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
    policy = {"chrf": {"keep": 0.8}}
    path = spec(
        tmp_path, languages=["hi", "ja"], translate=translate, back_translate={"engine": MINI}, policy=policy
    )
    # The file holds no Hindi: one candidate of best_of is empty there.
    for release in build(load_spec(path), tmp_path / "out", workers=1):
        kept = sum(release.manifest.counts["kept"].values())
        assert 0 < kept < sum(map(len, QUESTIONS.values()))
        assert release.manifest.content["signatures"]["policy"].startswith("policy|chrf:min=")


def test_a_second_opinion_about_nothing(tmp_path: Path) -> None:
    policy = {"chrf": {"min": 0}}
    path = spec(tmp_path, translate={"engine": MINI, "second_opinion": [MINI]}, policy=policy)
    alone = spec(tmp_path / "alone", policy=policy)
    texts = [
        {number: row["question"] for number, row in rows(built(each, tmp_path / name)).items()}
        for each, name in ((path, "out"), (alone, "only"))
    ]
    assert texts[0] == texts[1]


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


def test_a_plan_foretells_what_a_build_spends(tmp_path: Path) -> None:
    path = spec(tmp_path, translate={"engine": {**MINI, "price": {"per_million_characters": 20}}})
    planned = plan(load_spec(path), tmp_path / "out")
    there = {(work.direction, work.role): work for work in planned.work}
    assert [work.strings for work in planned.work if work.direction == "en-ja"] == [
        11,
        17,
    ]
    assert there["ja-en", "question"].strings == 11
    assert planned.currency == "USD"
    built(path, tmp_path / "out")
    spent = plan(load_spec(path), tmp_path / "out").spent_characters
    forward = sum(work.characters for work in planned.work if work.direction == "en-ja")
    assert forward < spent < 2 * forward


PRICED = {**MINI, "price": {"per_million_characters": 20}}


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
    path, out = spec(tmp_path, translate=translate, back_translate={"engine": MEMORY}), tmp_path / "out"
    unsettle(path.parent)
    planned = planned_for_mini(path, out)
    assert planned["all"] == 28
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
    assert spent_by_mini(out) == rejected <= most == 28
    assert 0 < plan(load_spec(path), out).spent_money <= money


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
    assert len(list((out / ".vqa-builder" / "steps").glob("alignments-ja-*"))) == 1


def test_a_wrong_aligner_is_told_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Unknown aligner 'statistic'"):
        validate(load_spec(spec(tmp_path, align={"type": "statistic"})))
    with pytest.raises(SpecError, match="threshold"):
        validate(load_spec(spec(tmp_path, align={"type": "statistical", "threshold": 2})))
    assert any(
        "aligner model1" in line
        for line in validate(load_spec(spec(tmp_path, align={"type": "statistical"})))
    )
