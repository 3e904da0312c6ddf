"""Rules, verdicts and their reasons."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from hypothesis import given, strategies as st

from vqa_builder.errors import SpecError, UnknownNameError
from vqa_builder.quality.policy import (
    judge,
    judged_by,
    overruled,
    resolved,
)
from vqa_builder.quality.policy_config import policy_for, preset_names
from vqa_builder.quality.rules import Policy, reason_codes
from vqa_builder.quality.what_if import what_if
from vqa_builder.schema import VERDICTS

COLUMNS = {"chrf": pa.float32(), "copy": pa.float32(), "langid": pa.float32(), "langid_label": pa.string()}


def verdicts(policy: Policy, rows: list[dict[str, Any]]) -> list[list[str]]:
    """The reasons of each row; a row has a role, a text and scores."""
    table = judged(policy, rows)
    assert table.schema == VERDICTS
    assert table["keep"].to_pylist() == [not reasons for reasons in table["reasons"].to_pylist()]
    reasons: list[list[str]] = table["reasons"].to_pylist()
    return reasons


def judged(policy: Policy, rows: list[dict[str, Any]], order: list[int] | None = None) -> pa.Table:
    names = pa.array([f"s{number}" for number in range(len(rows))], pa.string())
    roles = pa.array([row.get("role", "question") for row in rows], pa.string())
    texts = pa.array([row.get("text", "猫") for row in rows], pa.string())
    keys = {"segment_id": names, "language": pa.repeat("ja", len(rows))}
    measures = {name: pa.array([row.get(name) for row in rows], kind) for name, kind in COLUMNS.items()}
    translations, scores = pa.table({**keys, "text": texts}), pa.table({**keys, **measures})
    if order is not None:
        translations = translations.take(pa.array(order, pa.int64()))
        scores = scores.take(pa.array(order[::-1], pa.int64()))
    return judge(pa.table({"segment_id": names, "role": roles}), translations, scores, policy, "ja")


def test_people_win_over_scores_and_not_over_blanks() -> None:
    rules = policy("{chrf: {min: 30}, copy: reject, answers: {chrf: {min: 60}}}")
    rows = [
        ("question", "晴れた日ですか？", "human", 12.0),
        ("question", "晴れてますか？", "mini|v1", 12.0),
        ("answer", "ザーフ", "import:dictionary", 12.0),
        ("question", " ", "human", 12.0),
        ("question", None, None, None),
        ("question", "晴れた日ですか？", "human", 80.0),
    ]
    roles, texts, engines, chrf = zip(*rows, strict=True)
    names = [f"s{place}" for place in range(len(rows))]
    keys = {"segment_id": names, "language": ["ja"] * len(rows)}
    segments = pa.table({"segment_id": names, "role": roles})
    translations = pa.table({**keys, "text": texts, "engine": engines})
    scores = pa.table(
        {**keys, "chrf": pa.array(chrf, pa.float32()), "copy": pa.array([0.0] * 6, pa.float32())}
    )
    found = judge(segments, translations, scores, rules, "ja", ["mini|v1"])
    assert found["keep"].to_pylist() == [True, False, True, False, False, True]
    assert found["reasons"].to_pylist()[1] == ["chrf<30"]
    assert found["reasons"].to_pylist()[3][0] == "untranslated"
    assert overruled(found) == {"chrf<30": 1, "chrf<60": 1}
    assert judge(segments, translations, scores, rules, "ja")["keep"].to_pylist()[:3] == [False] * 3


def policy(text: str) -> Policy:
    return policy_for("ja", yaml.safe_load(text))


def test_every_reason_is_listed_in_the_policys_order() -> None:
    rules = policy("{langid: {min: 0.5}, chrf: {min: 30, max: 99}, copy: reject}")
    rows: list[dict[str, Any]] = [
        {"langid": 0.9, "chrf": 50.0, "copy": 0.0},
        {"langid": 0.1, "chrf": 10.0, "copy": 1.0},
        {"langid": 0.9, "chrf": 100.0, "copy": 0.0},
        {"text": None},
        {"text": " \u3000", "chrf": 3.0},
    ]
    assert verdicts(rules, rows) == [
        [],
        ["langid<0.5", "chrf<30", "copy"],
        ["chrf>99"],
        ["untranslated"],
        ["untranslated", "chrf<30"],
    ]


@pytest.mark.parametrize(
    ("rules", "row", "reasons"),
    [
        ("{chrf: {min: 30}}", {"chrf": None}, ["unscored"]),
        ("{chrf: {min: 30}, missing: keep}", {"chrf": None}, []),
        ("{chrf: {min: 30}, copy: reject}", {"chrf": None, "copy": 1.0}, ["unscored", "copy"]),
        ("{chrf: {min: 30}, copy: reject, missing: keep}", {"chrf": None, "copy": 1.0}, ["copy"]),
        ("{copy: reject}", {"chrf": None, "copy": 0.0}, []),
        ("{chrf: {min: 30}}", {"chrf": None, "text": None}, ["untranslated"]),
        ("{langid: {min: 0.5}}", {"langid": None}, []),
        ("{langid: {min: 0.5}}", {"langid": None, "role": "answer"}, []),
        ("{chrf: {min: 30}, answers: {chrf: off}}", {"chrf": None, "role": "answer"}, []),
        ("{combine: {weights: {chrf: 1, copy: -1}, min: 0}}", {"chrf": None, "copy": 0.0}, ["unscored"]),
    ],
)
def test_a_missing_score_that_a_rule_needs_rejects(
    rules: str, row: dict[str, Any], reasons: list[str]
) -> None:
    assert verdicts(policy(rules), [row]) == [reasons]


@pytest.mark.parametrize("chrf", [5.0, None])
def test_no_rule_looks_at_the_round_trip_of_a_revised_text(chrf: float | None) -> None:
    rules = policy("{chrf: {min: 30}, copy: reject}")
    segments = pa.table({"segment_id": ["1", "2", "3"], "role": ["question"] * 3})
    keys = {"segment_id": segments["segment_id"], "language": ["ja"] * 3}
    engines = ["phrasebook|version:1", "mini|version:1", "phrasebook|version:1"]
    translations = pa.table({**keys, "text": ["猫"] * 3, "engine": engines})
    measured = {"chrf": pa.array([chrf] * 3, pa.float32()), "copy": pa.array([0, 0, 1], pa.float32())}
    found = judge(
        segments, translations, pa.table({**keys, **measured}), rules, "ja", engines, revised=engines[:1]
    )
    blamed = "unscored" if chrf is None else "chrf<30"
    assert found["reasons"].to_pylist() == [[], [blamed], ["copy"]]


def test_a_reason_names_the_words_behind_it() -> None:
    segments = pa.table({"segment_id": ["1", "2", "3"], "role": ["question"] * 3})
    keys = {"segment_id": segments["segment_id"], "language": ["hi"] * 3}
    measured = {
        "content_missing": pa.array([1, 0, 2], pa.float32()),
        "content_missing_words": ["wall", "", "red, hat"],
        "copy": pa.array([0, 0, 1], pa.float32()),
    }
    rules = policy("{content_missing: {max: 0.75}, copy: reject}")
    texts = pa.table({**keys, "text": ["क"] * 3})
    found = judge(segments, texts, pa.table({**keys, **measured}), rules, "hi")["reasons"]
    assert found.to_pylist() == [
        ["content_missing>0.75 (wall)"],
        [],
        ["content_missing>0.75 (red, hat)", "copy"],
    ]
    codes = reason_codes(found.combine_chunks().flatten())
    assert codes.to_pylist() == ["content_missing>0.75", "content_missing>0.75", "copy"]


def test_what_becomes_of_missing_scores_stands_in_the_signature_and_survives() -> None:
    rules = policy("{chrf: {keep: 0.5}, missing: keep}")
    assert rules.signature == "policy|chrf:keep=0.5|missing:keep"
    assert Policy.model_validate(rules.model_dump()) == rules
    assert judged_by(judged(rules, [{"chrf": 3.0}, {"chrf": 9.0}])).missing == "keep"


def test_the_bound_itself_is_kept_in_float32() -> None:
    rows = [{"langid": 0.7}, {"langid": float(np.nextafter(np.float32(0.7), np.float32(0)))}]
    assert verdicts(policy("langid: {min: 0.7}"), rows) == [[], ["langid<0.7"]]


def test_answers_may_have_rules_of_their_own() -> None:
    answers = "{chrf: {min: 60}, copy: off, langid: {min: 0.1}}"
    rules = policy(f"{{chrf: {{min: 30}}, copy: reject, answers: {answers}}}")
    row = {"chrf": 40.0, "copy": 1.0, "langid": 0.0}
    rows = [{"role": "question", **row}, {"role": "answer", **row}, {"role": "answer", **row, "chrf": 20.0}]
    assert verdicts(rules, rows) == [["copy"], ["chrf<60", "langid<0.1"], ["chrf<60", "langid<0.1"]]


@pytest.mark.parametrize("off", ["off", "'off'", "false"])
def test_off_in_any_spelling_of_yaml(off: str) -> None:
    rules = policy(f"{{copy: reject, answers: {{copy: {off}}}}}")
    assert verdicts(rules, [{"role": "answer", "copy": 1.0}]) == [[]]
    assert rules.model_dump() == {"copy": "reject", "answers": {"copy": "off"}}


def test_no_rules_keep_what_is_translated() -> None:
    assert verdicts(policy("{}"), [{"chrf": 0.0}, {"text": None}]) == [[], ["untranslated"]]


def test_no_segments() -> None:
    assert verdicts(policy("copy: reject"), []) == []


def test_an_unknown_column_lists_the_known() -> None:
    with pytest.raises(UnknownNameError, match="Unknown score column 'chfr'") as caught:
        verdicts(policy("chfr: {min: 30}"), [{}])
    assert "expected: chrf, copy, langid, langid_label" in str(caught.value)
    assert "did you mean 'chrf'" in str(caught.value)


def test_a_text_column_has_no_threshold() -> None:
    with pytest.raises(SpecError, match="langid_label holds text") as caught:
        verdicts(policy("{answers: {langid_label: reject}}"), [{}])
    assert "policy.answers.langid_label" in str(caught.value)
    assert "chrf, copy, langid" in str(caught.value)


def test_the_signature_says_every_rule_whatever_the_order() -> None:
    one = policy("{copy: reject, chrf: {min: 30.0}, answers: {chrf: {min: 60, max: 99.5}}}")
    other = policy("{chrf: {min: 30}, answers: {chrf: {max: 99.5, min: 60}}, copy: reject}")
    assert one.signature == "policy|chrf:min=30|copy:reject|answers.chrf:min=60,max=99.5"
    assert other.signature == one.signature
    assert Policy.model_validate(one.model_dump()) == one


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["question", "answer"]),
            "text": st.sampled_from([None, "", "猫"]),
            "chrf": st.none() | st.floats(0, 100, width=32),
            "copy": st.sampled_from([None, 0.0, 1.0]),
            "langid": st.none() | st.floats(0, 1, width=32),
        }
    ),
    max_size=30,
)


def _needed(row: dict[str, Any]) -> bool:
    """Whether a score is missing that the rules below need."""
    return row["chrf"] is None or (row["copy"] is None and row["role"] == "question")


@given(rows=ROWS, randomness=st.randoms(use_true_random=False))
def test_it_equals_a_row_by_row_reading_in_any_order(rows: list[dict[str, Any]], randomness: Any) -> None:
    rules = policy("{chrf: {min: 30}, copy: reject, answers: {chrf: {min: 60}, copy: off}}")
    expected = []
    for row in rows:
        answer = row["role"] == "answer"
        bound = 60 if answer else 30
        expected.append(
            (["untranslated"] if not row["text"] else [])
            + (["unscored"] if row["text"] and _needed(row) else [])
            + ([f"chrf<{bound}"] if row["chrf"] is not None and row["chrf"] < bound else [])
            + (["copy"] if row["copy"] and not answer else [])
        )
    order = list(range(len(rows)))
    randomness.shuffle(order)
    assert verdicts(rules, rows) == expected
    assert judged(rules, rows, order).equals(judged(rules, rows))


@pytest.mark.parametrize("language", ["ja", "hi"])
def test_a_stricter_preset_keeps_less(language: str) -> None:
    chance = np.random.default_rng(5)
    names = policy_for(language, None).columns()
    scores = pa.table(
        {
            "segment_id": [str(number) for number in range(3000)],
            **{
                name: pa.array(chance.random(3000) * (100 if name == "chrf" else 1.2), pa.float32())
                for name in names
            },
        }
    )
    segments = pa.table({"segment_id": scores["segment_id"], "role": ["question"] * 3000})
    for name in set(names) - {"chrf"}:
        stated = {preset: policy_for(language, preset, ["chrf", name]) for preset in preset_names()}
        kept = [row["kept"] for row in what_if(segments, scores, stated).to_pylist() if row["segments"]]
        assert kept == sorted(kept), name


CHRF: list[dict[str, Any]] = [{"chrf": float(value), "copy": value / 100} for value in range(0, 100, 10)]


@pytest.mark.parametrize(
    ("keep", "reason"), [(0.9, "chrf<10"), (0.75, "chrf<20"), (0.5, "chrf<50"), (1, "chrf<0")]
)
def test_keep_picks_the_bound_from_the_scores(keep: float, reason: str) -> None:
    table = judged(policy(f"chrf: {{keep: {keep}}}"), CHRF)
    assert sum(table["keep"].to_pylist()) >= keep * len(CHRF)
    assert judged_by(table).signature == f"policy|chrf:min={reason.partition('<')[2]}"
    assert {code for row in table["reasons"].to_pylist() for code in row} <= {reason}
    assert judged(policy(f"chrf: {{keep: {keep}}}"), CHRF, list(range(10))[::-1]).equals(table)


def test_keep_cuts_the_end_at_which_a_score_is_bad() -> None:
    assert judged_by(judged(policy("copy: {keep: 0.8}"), CHRF)).signature == "policy|copy:max=0.7"
    spread = pa.table({"segment_id": list("abcd"), "length": [-4.0, -1.0, 2.0, 0.5]})
    segments = pa.table({"segment_id": list("abcd"), "role": ["question"] * 4})
    found = resolved(policy("length: {keep: 0.75}"), segments, spread)
    assert found.signature == "policy|length:min=-2,max=2"


def test_keep_is_counted_where_the_rule_holds() -> None:
    rows: list[dict[str, Any]] = [{"chrf": value} for value in (10.0, 20.0, 30.0, 40.0, None)]
    rows += [{"chrf": value, "role": "answer"} for value in (60.0, 70.0)]
    rules = policy("{chrf: {keep: 0.5}, answers: {chrf: {keep: 1}}}")
    assert judged_by(judged(rules, rows)).signature == "policy|chrf:min=30|answers.chrf:min=60"


def test_keep_writes_the_decimals_that_people_would() -> None:
    rows: list[dict[str, Any]] = [{"langid": value / 10} for value in range(10)]
    assert judged_by(judged(policy("langid: {keep: 0.3}"), rows)).signature == "policy|langid:min=0.7"


def test_keep_loses_none_to_rounding() -> None:
    rows: list[dict[str, Any]] = [{"chrf": 10 + value / 7} for value in range(500)]
    for keep in (0.3, 0.617, 0.99):
        assert sum(judged(policy(f"chrf: {{keep: {keep}}}"), rows)["keep"].to_pylist()) >= keep * 500


def test_keep_without_any_score() -> None:
    rules = policy("{answers: {chrf: {keep: 0.9}}}")
    with pytest.raises(SpecError, match="No segment has the score chrf") as caught:
        verdicts(rules, [{"chrf": None, "role": "answer"}])
    assert "policy.answers.chrf.keep" in str(caught.value)
    assert judged_by(judged(rules, [{"chrf": 3.0}])).answers == {"chrf": "off"}


def test_a_resolved_policy_is_left_alone() -> None:
    rules = policy("{chrf: {min: 30}, copy: reject, answers: {chrf: {min: 60}, copy: off}}")
    table = judged(rules, CHRF)
    assert judged_by(table) == rules
    assert not rules.aims and policy("chrf: {keep: 0.5}").aims


def test_a_weighted_combination() -> None:
    rules = policy("combine: {weights: {chrf: 0.01, langid: 1}, min: 0.8}")
    rows: list[dict[str, Any]] = [
        {"chrf": 50.0, "langid": 0.5},
        {"chrf": 30.0, "langid": 0.25},
        {"chrf": 30.0, "langid": None},
    ]
    assert verdicts(rules, rows) == [[], ["combine<0.8"], []]
    assert rules.signature == "policy|combine:chrf*0.01,langid*1,min=0.8"
    assert Policy.model_validate(rules.model_dump()) == rules
    assert rules.columns() == ["chrf", "langid"]


def test_a_logistic_combination_is_a_probability() -> None:
    rules = policy("combine: {weights: {chrf: 0.1}, bias: -5, logistic: true, min: 0.5}")
    assert verdicts(rules, [{"chrf": 49.0}, {"chrf": 51.0}]) == [["combine<0.5"], []]
    assert rules.signature == "policy|combine:chrf*0.1,bias=-5,logistic=yes,min=0.5"


def test_a_combination_may_state_its_share_and_answers_their_own() -> None:
    rules = policy(
        "{combine: {weights: {chrf: 1}, keep: 0.5}, answers: {combine: {weights: {chrf: 2}, min: 150}}}"
    )
    rows = [*CHRF, {"chrf": 80.0, "role": "answer"}, {"chrf": 70.0, "role": "answer"}]
    table = judged(rules, rows)
    assert table["keep"].to_pylist() == [False] * 5 + [True] * 5 + [True, False]
    assert "combine:chrf*1,min=50" in judged_by(table).signature
    off = policy("{combine: {weights: {chrf: 1}, min: 99}, answers: {combine: off}}")
    assert verdicts(off, [{"chrf": 1.0, "role": "answer"}]) == [[]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("combine: {weights: {chrf: 1}}", "needs min or keep"),
        ("combine: {weights: {chrf: 1}, min: 1, keep: 0.5}", "needs min or keep"),
        ("combine: {weights: {}, min: 1}", "1 or more entries"),
        ("combine: {weights: {chrf: 0}, min: 1}", "other than 0"),
        ("combine: {min: 1}", "weights belong under combine"),
        ("chrf: {weights: {chrf: 1}, min: 1}", "weights belong under combine"),
        ("chrf: {keep: 0.9, min: 3}", "give either keep or them"),
        ("chrf: {keep: 1.5}", "1.0 or less"),
        ("chrf: {keep: 0}", "more than 0"),
    ],
)
def test_a_malformed_combination_or_share(text: str, says: str) -> None:
    with pytest.raises(SpecError, match="malformed") as caught:
        policy(text)
    assert says in str(caught.value)
    assert "where:    policy" in str(caught.value)


def test_a_combination_of_unknown_columns_is_located() -> None:
    with pytest.raises(UnknownNameError, match="Unknown score column 'chfr'") as caught:
        verdicts(policy("combine: {weights: {chfr: 1}, min: 1}"), [{}])
    assert "policy.combine.weights.chfr" in str(caught.value)
