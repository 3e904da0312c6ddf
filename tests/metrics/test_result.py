from __future__ import annotations

import json

import numpy as np

from vqa_builder.metrics.references import load_references
from vqa_builder.metrics.result import NOT_GIVEN, summarise


def test_types_keep_the_order_of_their_first_question() -> None:
    types = ["other", None, "number", "other"]
    references = load_references(
        [
            {"question_id": number, "answers": [{"answer": "2"}], "answer_type": kind}
            for number, kind in enumerate(types)
        ]
    )
    scores = np.array([1.0, 0.0, 0.3, 0.0])
    found = summarise("m", scores, references, signature="metric:m", resamples=100, seed=1)
    assert list(found.per_answer_type) == ["other", NOT_GIVEN, "number"]
    assert found.per_answer_type["other"].value == 50
    assert found.per_answer_type["other"].n == 2
    assert found.per_question_type == {}
    assert found.overall == 32.5
    assert found.signature == "metric:m|ci:percentile-bootstrap,95%,100|seed:1"
    report = json.loads(json.dumps(found.to_json()))
    assert report["n"] == 4
    assert report["interval"] == [found.low, found.high]
    assert "details" not in report
