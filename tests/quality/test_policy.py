"""Rules, verdicts and their reasons."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from hypothesis import given, strategies as st

from vqa_builder.errors import SpecError, UnknownNameError
from vqa_builder.quality.policy import Policy, default_policy, judge, policy_for
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


def test_a_null_never_rejects() -> None:
    assert verdicts(policy("{langid: {min: 0.5}, copy: reject}"), [{"langid": None, "copy": None}]) == [[]]


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


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("{chrf: {}}", "policy.chrf"),
        ("{chrf: {mni: 30}}", "policy.chrf"),
        ("{chrf: 30}", "policy.chrf"),
        ("{chrf: drop}", "policy.chrf"),
        ("{chrf: {min: high}}", "policy.chrf"),
        ("{chrf: {min: .nan}}", "policy.chrf"),
        ("{chrf: {min: 80, max: 20}}", "policy.chrf"),
        ("{copy: off}", "policy.copy"),
        ("{answers: {chrf: {}}}", "policy.answers.chrf"),
        ("{answers: reject}", "policy.answers"),
    ],
)
def test_a_malformed_rule_is_located(text: str, where: str) -> None:
    with pytest.raises(SpecError, match="malformed") as caught:
        policy(text)
    assert f"where:    {where}\n" in str(caught.value)


def test_the_signature_says_every_rule_whatever_the_order() -> None:
    one = policy("{copy: reject, chrf: {min: 30.0}, answers: {chrf: {min: 60, max: 99.5}}}")
    other = policy("{chrf: {min: 30}, answers: {chrf: {max: 99.5, min: 60}}, copy: reject}")
    assert one.signature == "policy|chrf:min=30|copy:reject|answers.chrf:min=60,max=99.5"
    assert other.signature == one.signature
    assert Policy.model_validate(one.model_dump()) == one


@pytest.mark.parametrize("language", ["ja", "hi", "de"])
def test_defaults(language: str) -> None:
    assert policy_for(language, None) == default_policy(language)
    assert default_policy(language, ["chrf", "length", "mine"]).columns() == ["length", "chrf"]
    assert default_policy(language, []).columns() == []
    assert ("copy" in default_policy(language).answers) == (language == "de")
    names = ["script", "langid", "copy", "length", "repetition", "numerals", "chrf"]
    default_policy(language).check(dict.fromkeys(names, pa.float32()))


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


@given(rows=ROWS, randomness=st.randoms(use_true_random=False))
def test_it_equals_a_row_by_row_reading_in_any_order(rows: list[dict[str, Any]], randomness: Any) -> None:
    rules = policy("{chrf: {min: 30}, copy: reject, answers: {chrf: {min: 60}, copy: off}}")
    expected = []
    for row in rows:
        answer = row["role"] == "answer"
        bound = 60 if answer else 30
        expected.append(
            (["untranslated"] if not row["text"] else [])
            + ([f"chrf<{bound}"] if row["chrf"] is not None and row["chrf"] < bound else [])
            + (["copy"] if row["copy"] and not answer else [])
        )
    order = list(range(len(rows)))
    randomness.shuffle(order)
    assert verdicts(rules, rows) == expected
    assert judged(rules, rows, order).equals(judged(rules, rows))
