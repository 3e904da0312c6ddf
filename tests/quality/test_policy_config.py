"""From what a spec states to a policy: presets, changes, parts for one language, and what is malformed."""

from typing import Any

import pyarrow as pa
import pytest
import yaml

from vqa_builder import registry
from vqa_builder.errors import SpecError, UnknownNameError
from vqa_builder.quality.policy_config import policy_for, preset_names
from vqa_builder.quality.rules import Policy, Rule
from vqa_builder.spec import DEFAULT_SCORES


def policy(text: str) -> Policy:
    return policy_for("ja", yaml.safe_load(text))


@pytest.mark.parametrize("language", ["ja", "hi", "de"])
def test_defaults(language: str) -> None:
    assert policy_for(language, None) == policy_for(language, "balanced")
    assert policy_for(language, None, ["chrf", "length", "mine"]).columns() == ["length", "chrf"]
    assert policy_for(language, None, []).columns() == []
    assert ("copy" in policy_for(language, None).answers) == (language == "de")
    names = ["script", "langid", "copy", "length", "repetition", "numerals", "chrf"]
    policy_for(language, None, names).check(dict.fromkeys(names, pa.float32()))


def test_presets_are_policies_of_every_language() -> None:
    assert preset_names() == ["strict", "balanced", "lenient"]
    columns: dict[str, pa.DataType] = {}
    for name in DEFAULT_SCORES:
        columns.update(registry.find("scorers", name).columns)
    for name in preset_names():
        for language in ("ja", "hi", "ta", "de"):
            policy_for(language, name, columns).check(columns)


def test_a_preset_by_name_and_with_changes() -> None:
    columns = ["chrf", "copy", "length"]
    assert policy_for("ja", "balanced", columns) == policy_for("ja", None, columns)
    changed = policy("{preset: strict, chrf: {min: 41}, copy: off, answers: {length: off}}")
    assert changed.rules["chrf"] == Rule(min=41)
    assert "copy" not in changed.rules and "langid" in changed.rules
    assert changed.answers["length"] == "off"
    assert changed.answers["chrf"] == policy_for("ja", "strict").answers["chrf"]


@pytest.mark.parametrize(("text", "where"), [("balancd", "policy"), ("{preset: balancd}", "policy.preset")])
def test_an_unknown_preset_lists_the_known(text: str, where: str) -> None:
    with pytest.raises(UnknownNameError, match="Unknown policy preset 'balancd'") as caught:
        policy(text)
    assert f"where:    {where}\n" in str(caught.value)
    assert "did you mean 'balanced'" in str(caught.value)


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


def test_a_language_may_state_its_own_policy() -> None:
    stated = {
        "chrf": {"min": 40},
        "copy": "reject",
        "languages": {"ja": {"chrf": {"min": 50}}, "hi": "strict"},
    }
    assert policy_for("ja", stated) == policy_for("ja", {"chrf": {"min": 50}, "copy": "reject"})
    assert policy_for("hi", stated) == policy_for(
        "hi", {"preset": "strict", "chrf": {"min": 40}, "copy": "reject"}
    )
    assert policy_for("mr", stated) == policy_for("mr", {"chrf": {"min": 40}, "copy": "reject"})
    assert policy_for("mr", {"languages": {"ja": "strict"}}) == policy_for("mr", None)


@pytest.mark.parametrize("parts", ["strict", {"ja": [1]}, {"ja": None}])
def test_a_malformed_policy_of_a_language_is_located(parts: Any) -> None:
    with pytest.raises(SpecError, match=r"policy\.languages\.ja"):
        policy_for("ja", {"languages": parts})
