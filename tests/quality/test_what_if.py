"""What other policies would keep, without translating or scoring again."""

import time

import numpy as np
import pyarrow as pa
import pytest
import yaml

from vqa_builder.quality.policy import judge
from vqa_builder.quality.policy_config import policy_for
from vqa_builder.quality.rules import Policy
from vqa_builder.quality.what_if import what_if


def policy(text: str) -> Policy:
    return policy_for("ja", yaml.safe_load(text))


def test_what_if_counts_as_judge_does() -> None:
    chance = np.random.default_rng(3)
    rows = [
        {
            "role": "answer" if chance.random() < 0.4 else "question",
            "chrf": float(chance.random() * 100),
            "copy": float(chance.random() < 0.1),
            "langid": float(chance.random()),
        }
        for _ in range(400)
    ]
    policies = {
        "one": policy("{chrf: {min: 30}, copy: reject, answers: {chrf: {min: 60}}}"),
        "other": policy("{chrf: {keep: 0.7}, langid: {min: 0.2}}"),
    }
    names = [f"s{number}" for number in range(len(rows))]
    keys = {"segment_id": names, "language": ["ja"] * len(rows)}
    segments = pa.table({"segment_id": names, "role": [row["role"] for row in rows], "count": [2] * 400})
    scores = pa.table(
        {"segment_id": names, **{name: [row[name] for row in rows] for name in ("chrf", "copy", "langid")}}
    )
    table = what_if(segments, scores.take(pa.array(chance.permutation(400))), policies).to_pylist()
    for name, rules in policies.items():
        made = {**keys, "text": ["猫"] * len(rows)}
        measured = scores.append_column("language", pa.array(keys["language"]))
        keep = judge(segments, pa.table(made), measured, rules, "ja")["keep"].to_pylist()
        for role in ("question", "answer"):
            found = next(row for row in table if row["policy"] == name and row["role"] == role)
            kept = sum(k for k, row in zip(keep, rows, strict=True) if row["role"] == role)
            assert (found["kept"], found["rows_kept"]) == (kept, 2 * kept)
            assert all(reason["alone"] <= reason["segments"] for reason in found["reasons"])
            rejected = found["segments"] - kept
            assert sum(reason["alone"] for reason in found["reasons"]) <= rejected
    assert table[2]["signature"].startswith("policy|chrf:min=")


def test_what_if_judges_revised_texts_forward_alone() -> None:
    segments = pa.table({"segment_id": ["a", "b"], "role": ["question"] * 2})
    scores = pa.table({"segment_id": ["b", "a"], "chrf": pa.array([10.0, 10.0], pa.float32())})
    made = {"segment_id": ["b", "a"], "text": ["猫"] * 2, "engine": ["mini|1", "phrasebook|1"]}
    translations = pa.table(made)
    policies = {"p": policy("chrf: {min: 30}")}
    (row,) = what_if(segments, scores, policies, translations, ["phrasebook|1"]).slice(0, 1).to_pylist()
    assert (row["segments"], row["kept"]) == (2, 1)


def test_what_if_counts_rows_without_any_score_as_untranslated() -> None:
    segments = pa.table({"segment_id": ["a", "b"], "role": ["question"] * 2})
    scores = pa.table({"segment_id": ["a", "b"], "chrf": pa.array([None, 50.0], pa.float32())})
    row = what_if(segments, scores, {"p": policy("chrf: {min: 30}")}).to_pylist()[0]
    assert (row["segments"], row["kept"], row["rows"]) == (2, 1, None)
    assert row["reasons"] == [{"reason": "untranslated", "segments": 1, "alone": 1}]


def test_what_if_over_200_000_segments_takes_no_second() -> None:
    size = 200_000
    names = pa.array(np.char.mod("%d", np.arange(size)))
    segments = pa.table({"segment_id": names, "role": pa.array(["question", "answer"] * (size // 2))})
    columns = {
        name: pa.array(np.random.default_rng(1).random(size), pa.float32()) for name in ("chrf", "langid")
    }
    scores = pa.table({"segment_id": names, **columns}).take(pa.array(np.arange(size)[::-1]))
    started = time.process_time()
    what_if(segments, scores, {str(bound): policy(f"chrf: {{min: {bound}}}") for bound in (0.1, 0.2, 0.3)})
    assert time.process_time() - started < 1


@pytest.mark.parametrize(("words", "kept"), [(5, 0), (17, 1)])
def test_what_if_leaves_long_texts_to_the_rules_of_the_translation(words: int, kept: int) -> None:
    segments = pa.table({"segment_id": ["a"], "role": ["question"], "text": [" ".join(["word"] * words)]})
    scores = pa.table({"segment_id": ["a"], "chrf": pa.array([10.0], pa.float32())})
    policies = {"p": policy("{chrf: {min: 30}, round_trip: auto}")}
    assert what_if(segments, scores, policies).to_pylist()[0]["kept"] == kept
