"""What a calibration says on the terminal and in the policy file."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml

from vqa_builder.quality.policy_config import policy_for
from vqa_builder.review.calibration import Calibration, Form, Labelled, Target, calibrate
from vqa_builder.review.calibration_text import lines, policy_file
from vqa_builder.spec_file import read_policy_file

PRESENT = policy_for("hi", {"chrf": {"min": 35}, "length": {"min": -3, "max": 3}, "copy": "reject"})


def found(target: Target, form: Form = "combination") -> Calibration:
    chance = np.random.default_rng(0)
    chrf = chance.uniform(0, 100, 300)
    columns = {"chrf": chrf, "length": chance.normal(size=300), "copy": np.zeros(300)}
    scores = pa.table({name: pa.array(values, pa.float32()) for name, values in columns.items()})
    good = chrf + chance.normal(size=300) * 20 > 40
    some = Labelled(
        scores, good, np.ones(300), np.arange(300), chrf > 35, {"good": 150, "flaw": 40, "bad": 110}
    )
    return calibrate(some, scores, PRESENT, "hi", target=target, form=form)


def test_the_table_names_every_score_and_both_policies() -> None:
    told = lines(found(Target(0.9)))
    assert (
        told[0] == "hi: 150 good, 40 flaw, 110 bad (as many as 300 of equal weight); bounds for precision 0.9"
    )
    assert [line.split("  ")[0] for line in told[1:]][:6] == [
        "score", "chrf", "length", "combine", "new policy", "policy before",
    ]  # fmt: skip
    assert "none reaches the target" in told[3]
    assert told[-2].startswith("combine: chance of a good row = logistic(")
    assert told[-1].startswith("the new policy keeps ")


@pytest.mark.parametrize(
    ("target", "form", "told"),
    [
        (Target(0.2), "combination", "none needed"),
        (Target(0.9), "thresholds", "together: chrf >= "),
        (Target(None, 0.5), "combination", "bounds for keep 0.5"),
    ],
)
def test_what_the_target_comes_to(target: Target, form: Form, told: str) -> None:
    assert told in "\n".join(lines(found(target, form)))


def test_the_policy_file_is_read_back_as_the_policy(tmp_path: Path) -> None:
    one = found(Target(0.9))
    text = policy_file([one], {"ja": "strict"}, {"labels.csv": "ab" * 32}, 0)
    assert text == policy_file([one], {"ja": "strict"}, {"labels.csv": "ab" * 32}, 0)
    assert f"# Labels: labels.csv, SHA-256 {'ab' * 32}" in text.splitlines()
    assert max(map(len, text.splitlines())) < 140
    (tmp_path / "policy.yaml").write_text(text, encoding="utf-8")
    stated = read_policy_file(tmp_path / "policy.yaml")
    assert stated == yaml.safe_load(text)
    assert policy_for("hi", stated) == one.policy
    assert policy_for("ja", stated) == policy_for("ja", "strict")
