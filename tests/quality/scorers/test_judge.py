"""A language model as the judge, behind a real chat endpoint."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from vqa_builder.errors import ScorerError
from vqa_builder.quality import scoring
from vqa_builder.quality.scorers import judge as judging
from vqa_builder.quality.scorers.base import PAIRS
from vqa_builder.quality.scorers.judge import AXES

Measure = Callable[..., list[Any]]
KEY = "judge-k3y-of-the-test"


def replied(content: Any, status: int = 200) -> Response:
    """A reply of JSON."""
    return Response(json.dumps(content), status, content_type="application/json")


@pytest.fixture(scope="module")
def web() -> Iterator[HTTPServer]:
    """A server for the tests of this module."""
    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        yield server


class Model:
    """A chat endpoint: its scripted answers first, then 10 points for fluency per letter."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.script: list[Callable[[Request], Response]] = []
        self.asked: list[dict[str, Any]] = []

    def __call__(self, request: Request) -> Response:
        self.asked.append(request.get_json())
        return self.script.pop(0)(request) if self.script else points(request)


def items_in(body: dict[str, Any]) -> list[dict[str, Any]]:
    """What a request wants judged."""
    items: list[dict[str, Any]] = json.loads(body["messages"][1]["content"])["items"]
    return items


def points(request: Request, change: Callable[[list[Any]], list[Any]] = lambda items: items) -> Response:
    """A chat reply with a score per item, changed."""
    items = items_in(request.get_json())
    scores = [
        {"id": item["id"], **dict.fromkeys(AXES, 90), "fluency": 10 * len(item["translation"])}
        for item in items
    ]
    return chat(json.dumps({"items": change(scores)}))


def chat(content: str, finish: str = "stop") -> Response:
    """A whole reply."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish}
    return replied({"object": "chat.completion", "choices": [choice], "usage": {"prompt_tokens": 9}})


@pytest.fixture
def model(web: HTTPServer) -> Iterator[Model]:
    made = Model(web.url_for("/v1"))
    web.expect_request("/v1/chat/completions", method="POST").respond_with_handler(made)
    yield made
    web.check_handler_errors()
    web.clear()


def judge(model: Model, **more: Any) -> dict[str, Any]:
    """Options of the judge, without long waits."""
    return {"base_url": model.url, "model": "m", "concurrency": 1, "first_wait": 0, **more}


JUDGED = [("cup", "カップ"), ("red", "赤"), ("street", "通り"), ("black and white", "白黒")]
POINTS = [0.3, 0.1, 0.2, 0.2]


def test_a_model_judges_by_the_rubric(model: Model, measure: Measure) -> None:
    assert measure("judge", "ja", JUDGED, role="answer", **judge(model)) == pytest.approx(POINTS)
    (body,) = model.asked
    system = body["messages"][0]["content"]
    assert "from English into Japanese" in system and "{language}" not in system
    assert items_in(body)[0] == {"id": 1, "role": "answer", "source": "cup", "translation": "カップ"}
    assert body["temperature"] == 0
    assert body["response_format"]["json_schema"]["strict"] is True


@pytest.mark.parametrize(
    "change",
    [
        lambda items: items[1:],
        lambda items: [*items, items[0] | {"id": 9}],
        lambda items: items[::-1],
        lambda items: [item | {"format": 101} for item in items],
        lambda items: [item | {"adequacy": "good"} for item in items],
    ],
)
def test_a_reply_that_is_not_certain_is_asked_again_in_halves(
    change: Callable[[list[Any]], list[Any]], model: Model, measure: Measure
) -> None:
    model.script = [lambda r: points(r, change)]
    assert measure("judge", "ja", JUDGED, **judge(model)) == pytest.approx(POINTS)
    assert [len(items_in(body)) for body in model.asked] == [4, 2, 2]


def test_what_a_model_refuses_or_never_scores_is_null(model: Model, measure: Measure) -> None:
    model.script = [lambda r: chat("", "content_filter")]
    assert measure("judge", "ja", JUDGED[:1], **judge(model)) == [None]
    model.script = [lambda r: chat("I cannot say.")] * 3
    assert measure("judge", "ja", JUDGED[:1], **judge(model, retries=2)) == [None]
    assert measure("judge", "ja", JUDGED[:1], **judge(model, retries=2)) == pytest.approx(POINTS[:1])


def test_thoughts_and_fences_around_a_reply_are_passed_over(model: Model, measure: Measure) -> None:
    item = json.dumps({"id": 1, **dict.fromkeys(AXES, 90), "completeness": 62.5})
    content = f'<think>{{"items":[]}}</think>\n```json\n{{"items":[{item}]}}\n```'
    model.script = [lambda r: chat(content)]
    assert measure("judge", "hi", [("cup", "कप")], **judge(model)) == pytest.approx([0.625])


def test_a_weaker_json_mode_is_taken_where_the_endpoint_wants_it(model: Model, measure: Measure) -> None:
    refusal = {"error": {"message": "response_format json_schema is not supported"}}
    model.script = [lambda r: replied(refusal, 400)]
    assert measure("judge", "ja", JUDGED, **judge(model)) == pytest.approx(POINTS)
    assert model.asked[-1]["response_format"] == {"type": "json_object"}


def test_a_judge_without_access_ends_the_build(
    model: Model, measure: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    model.script = [lambda r: replied({"error": {"message": f"no such key {KEY}"}}, 401)]
    with pytest.raises(ScorerError, match="The scorer judge cannot go on") as caught:
        measure("judge", "ja", JUDGED, **judge(model))
    assert "refuses access" in str(caught.value)
    assert KEY not in str(caught.value)
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ScorerError, match="needs a key"):
        scoring.build("judge", {"model": "m"}, "ja")


def test_the_rubric_and_the_decoding_are_in_the_judges_signature(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = scoring.build("judge", judge(model), "ja").signature
    assert before.startswith("judge|model:m|rubric:")
    assert scoring.build("judge", judge(model, concurrency=9), "ja").signature == before
    assert scoring.build("judge", judge(model, temperature=1), "ja").signature != before
    monkeypatch.setattr(judging, "rubric", lambda: "another")
    assert scoring.build("judge", judge(model), "ja").signature != before


def test_the_lowest_axis_is_the_score_and_every_axis_is_a_column(model: Model) -> None:
    rows = [("question", "Is it red?", "赤いですか？"), ("answer", "red", "赤")]
    columns = [pa.array(column) for column in zip(*rows, strict=True)]
    pairs = pa.table([pa.array(["a", "b"]), *columns, pa.nulls(2, pa.string())], schema=PAIRS)
    scored = scoring.build("judge", judge(model, roles=["question"]), "ja").score(pairs)
    assert scored.column_names == ["judge", *(f"judge_{axis}" for axis in AXES)]
    assert [round(scored[name][0].as_py(), 2) for name in scored.column_names] == [
        0.6,
        0.9,
        0.9,
        0.9,
        0.6,
        0.9,
    ]
    assert scored["judge"].to_pylist()[1] is None


def test_one_malformed_reply_is_one_missing_score(model: Model, measure: Measure) -> None:
    def half(request: Request) -> Response:
        if len(items_in(request.get_json())) > 1 or "赤" in request.get_data(as_text=True):
            return chat('{"items": [{"id": 1, "adequacy": 100}')
        return points(request)

    model.script = [half] * 40
    found = measure("judge", "ja", JUDGED, **judge(model, retries=1))
    assert found == [pytest.approx(0.3), None, *map(pytest.approx, POINTS[2:])]
