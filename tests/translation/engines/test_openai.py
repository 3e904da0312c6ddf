"""A reply is used where it is certain, asked for again where it is not, and never guessed at."""

from __future__ import annotations

import json
import logging
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Request as HttpRequest, Response

from tests.benchmarks import remote as benchmark
from tests.tiny import unsettle, write_vqa
from tests.translation.engines.scripted import CAPTCHA, Answer, Scripted, cut, half, hang, reply
from vqa_builder import build, load_spec, plan
from vqa_builder.errors import EngineError, MissingExtraError
from vqa_builder.registry import find
from vqa_builder.spec import Budget, Price
from vqa_builder.translation import run
from vqa_builder.translation.budget import Ledger, usage as estimate
from vqa_builder.translation.engines import _chat
from vqa_builder.translation.engines._endpoint import Usage
from vqa_builder.translation.engines.base import Failure, Stopped
from vqa_builder.translation.engines.openai import OpenAI
from vqa_builder.translation.glossary import Glossary, Term
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.protect import Guard
from vqa_builder.translation.request import Request

KEY = "sk-k3y-of-the-test"
Item = dict[str, Any]
TEXTS = ["Is it red?", "How many cows are there?", "What is this?", "Where is he?"]


def asked_in(request: HttpRequest) -> list[Item]:
    """The items of a request."""
    items: list[Item] = json.loads(request.get_json()["messages"][1]["content"])["items"]
    return items


def says(content: str | None, finish: str | None = "stop", **more: Any) -> Answer:
    """A chat reply, whole or as a stream, as vLLM and llama.cpp write them."""

    def answer(request: HttpRequest) -> Response:
        usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        if request.get_json().get("stream"):
            return streamed(content or "", finish, usage, more)
        message = {"role": "assistant", "content": content, **more}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        body = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m"}
        return reply(200, {**body, "choices": [choice], "usage": usage})(request)

    return answer


def streamed(content: str, finish: str | None, usage: Item, more: Item) -> Response:
    """Server-sent events: a role, the content in pieces, why it ended, what it used, and [DONE]."""
    deltas: list[Item] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": content[at : at + 7]} for at in range(0, len(content), 7)]
    events: list[Item] = [
        {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas
    ]
    events.append({"choices": [{"index": 0, "delta": more, "finish_reason": finish}]})
    if finish:
        events.append({"choices": [], "usage": usage})
    lines = [f"data: {json.dumps(event, ensure_ascii=False)}\n\n" for event in events]
    text = ": keep-alive\n\n" + "".join(lines) + ("data: [DONE]\n\n" if finish else "")
    return Response(text, 200, content_type="text/event-stream; charset=utf-8")


def translates(change: Callable[[list[Item]], list[Item]] = lambda items: items) -> Answer:
    """Translates every item, and then spoils the reply."""

    def answer(request: HttpRequest) -> Response:
        items = [
            {"id": item["id"], "text": item["text"], "translation": translation_of(item)}
            for item in asked_in(request)
        ]
        return says(json.dumps({"items": change(items)}, ensure_ascii=False))(request)

    return answer


def translation_of(item: Item) -> str:
    return f"訳：{item['text']}" + (f"（{item['context']}）" if "context" in item else "")


def engine(server: Scripted, **more: Any) -> OpenAI:
    options = {"first_wait": 0.0, "timeout": 10.0, "concurrency": 1, "model": "m", **more}
    server.good = translates()
    return OpenAI(OpenAI.Options(base_url=f"{server.url}/v1", **options))


def in_japanese(texts: list[str]) -> list[str]:
    return [f"訳：{text}" for text in texts]


def sizes(server: Scripted) -> list[int]:
    return [len(asked_in(request)) for request in server.requests]


@pytest.mark.parametrize("stream", [False, True])
def test_many_texts_in_one_request(server: Scripted, stream: bool) -> None:
    with engine(server, items_per_request=3, stream=stream) as made:
        assert made.translate(Request(TEXTS, "en", "ja")) == in_japanese(TEXTS)
        assert made.usage == Usage(requests=2, prompt_tokens=200, completion_tokens=20, counted=2)
    assert sizes(server) == [3, 1]
    body = server.requests[0].get_json()
    assert (body["model"], body["temperature"]) == ("m", 0.0)
    assert body.get("stream", False) is stream
    assert body["response_format"]["json_schema"]["strict"] is True
    assert {"seed", "max_tokens"}.isdisjoint(body)
    system = body["messages"][0]["content"]
    assert "from English into Japanese" in system


def swapped(items: list[Item]) -> list[Item]:
    """The first two items with each other's numbers."""
    if len(items) > 1:
        items[0]["id"], items[1]["id"] = items[1]["id"], items[0]["id"]
    return items


def shifted(items: list[Item]) -> list[Item]:
    """Every translation one item too late, as when a model takes two texts for one."""
    texts = [item["text"] for item in items]
    return [{**item, "text": text} for item, text in zip(items, texts[1:] + texts[:1], strict=True)]


SHAPES: dict[str, Callable[[list[Item]], list[Item]]] = {
    "one missing": lambda items: items[:-1],
    "none": lambda items: [],
    "one twice": lambda items: [*items, items[0]],
    "one too many": lambda items: [*items, {"id": 99, "text": "Is it?", "translation": "はい"}],
    "swapped": swapped,
    "shifted": shifted,
    "an empty translation": lambda items: [{**items[0], "translation": " "}, *items[1:]],
    "no translation": lambda items: [{"id": items[0]["id"]}, *items[1:]],
    "a number": lambda items: [{**items[0], "translation": 7}, *items[1:]],
    "a null": lambda items: [{**items[0], "translation": None}, *items[1:]],
    "numbers as strings": lambda items: [{**item, "id": str(item["id"])} for item in items],
    "from zero": lambda items: [{**item, "id": item["id"] - 1} for item in items],
}


@pytest.mark.parametrize(
    ("shape", "repeat"),
    [
        *((shape, True) for shape in SHAPES),
        *((shape, False) for shape in SHAPES if shape != "shifted"),  # nothing but the texts shows it
    ],
)
def test_replies_of_another_shape_are_asked_for_again_in_smaller_pieces(
    server: Scripted, shape: str, repeat: bool
) -> None:
    made = engine(server, repeat_texts=repeat)
    server.script = [translates(SHAPES[shape])]
    assert made.translate(Request(TEXTS, "en", "ja")) == in_japanese(TEXTS)
    first, *others = sizes(server)
    assert first == 4
    assert all(size <= 2 for size in others)


def test_what_is_certain_is_not_paid_for_again(server: Scripted) -> None:
    made = engine(server)
    server.script = [translates(swapped)]
    assert made.translate(Request(TEXTS, "en", "ja")) == in_japanese(TEXTS)
    assert sizes(server) == [4, 1, 1]
    again = [item["text"] for request in server.requests[1:] for item in asked_in(request)]
    assert again == TEXTS[:2]


def test_a_model_that_is_always_wrong_is_asked_down_to_single_texts_and_these_fail(
    server: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    made = engine(server, retries=1, stop_after=2)
    server.good = translates(lambda items: [])
    reason = "0 items with the numbers (none) for 1 texts"
    assert set(made.translate(Request(TEXTS[:4], "en", "ja"))) == {Failure(reason)}
    assert sizes(server) == [4, 2, 1, 1, 1, 1, 2, 1, 1, 1, 1]
    assert f"a string is given up: {reason}" in caplog.text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('<think>\n{"items": []}\n</think>\n\n{}', True),
        ("```json\n{}\n```", True),
        ("Here is the JSON:\n{}\nI hope this helps!", True),
        ("{}", True),
        ("Sure.", False),
        ('{"items": 3}', False),
        ('{"items": [', False),
        ("", False),
    ],
)
def test_what_stands_around_the_json(content: str, expected: bool) -> None:
    good = '{"items":[{"id":1,"text":"red","translation":"赤"}]}'
    if expected:
        assert _chat.trusted(content.replace("{}", good), ["red"], repeat=True) == {0: "赤"}
    else:
        with pytest.raises(_chat.Unusable):
            _chat.trusted(content, ["red"], repeat=True)


@pytest.mark.parametrize(
    ("repeated", "place", "certain"),
    [
        ("Waht color is the cat?", 0, True),
        ("waht color is  the cat", 0, True),
        ("What color is the cat?", 0, False),  # as near to the next one
        ("What color is the bat?", 1, True),
        ("What color is the bat?", 0, False),
        ("How many cows are there?", 2, True),
        ("How many cows are there?", 1, False),
        ("Are there cows?", 2, False),
        ("", 0, False),
    ],
)
def test_a_repeated_text_may_be_mended_but_not_mistaken(repeated: str, place: int, certain: bool) -> None:
    texts = ["Waht color is the cat?", "What color is the bat?", "How mny cows are there?"]
    items = [{"id": place + 1, "text": repeated, "translation": "訳"}]
    reply_of = json.dumps({"items": items})
    if certain:
        assert _chat.trusted(reply_of, texts, repeat=True) == {place: "訳"}
    else:
        with pytest.raises(_chat.Unusable):
            _chat.trusted(reply_of, texts, repeat=True)


ERROR = {"message": f"Incorrect API key provided: {KEY}", "type": "invalid_request_error", "code": None}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "fault",
    [
        reply(429, {"error": {"message": "Rate limit reached"}}, Retry_After="0"),
        reply(429, {"error": {"message": "Rate limit reached"}}, Retry_After="Sun, 06 Nov 1994 08:49:37 GMT"),
        reply(429, {"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}),
        reply(500, {"error": {"message": "The server had an error"}}),
        reply(503, "<html>503</html>"),
        reply(529, {"error": {"type": "overloaded_error", "message": "Overloaded"}}),
        hang,
        cut,
        half,
        reply(200, CAPTCHA),
        reply(200, {"error": {"message": "upstream", "code": 502}}),
        reply(200, {"choices": []}),
        reply(200, []),
        lambda request: Response("", 200, content_type="application/json"),
        lambda request: Response("data: {", 200, content_type="text/event-stream"),
        lambda request: streamed('{"items":[{"id":1', None, {}, {}),
    ],
)
def test_faults_that_pass(server: Scripted, fault: Answer, stream: bool) -> None:
    made = engine(server, stream=stream, timeout=0.4 if fault is hang else 10.0)
    server.script = [fault]
    assert made.translate(Request(TEXTS, "en", "ja")) == in_japanese(TEXTS)
    assert sizes(server) == [4, 4]
    assert made.usage.requests == 2


@pytest.mark.parametrize("content", ["", None, "I am sorry."])
@pytest.mark.parametrize("stream", [False, True])
def test_a_reply_without_items_to_one_text_is_asked_for_again(
    server: Scripted, content: str | None, stream: bool
) -> None:
    made = engine(server, stream=stream)
    server.script = [says(content)]
    assert made.translate(Request(["Is it red?"], "en", "ja")) == ["訳：Is it red?"]
    assert sizes(server) == [1, 1]


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (reply(401, {"error": ERROR}), "refuses access"),
        (reply(403, {"error": ERROR}), "refuses access"),
        (reply(404, {"error": {"message": "The model `m` does not exist"}}), "address"),
        (reply(307, "", Location="http://elsewhere"), "address"),
        (reply(402, {"error": {"message": "Insufficient Balance"}}), "quota"),
        (
            reply(429, {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}),
            "quota",
        ),
        (reply(200, {"error": {"message": "no credit", "code": 402}}), "quota"),
        (
            reply(429, {"error": {"message": "tomorrow"}}, Retry_After="86400"),
            "asks to wait for 86,400 seconds",
        ),
    ],
)
def test_faults_that_stop_at_once(
    server: Scripted, monkeypatch: pytest.MonkeyPatch, fault: Answer, problem: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    made = engine(server, items_per_request=2)
    server.script = [server.good, fault]
    found: dict[int, Any] = {}
    with pytest.raises(Stopped, match=problem) as caught:
        for part in made.translate_in_parts(Request(TEXTS, "en", "ja")):
            found.update(part)
    assert found == dict(enumerate(in_japanese(TEXTS[:2])))
    assert sizes(server) == [2, 2]
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (
            says(None, "stop", refusal="I cannot help with that."),
            "the model refused: I cannot help with that.",
        ),
        (says("", "content_filter"), "the model refused: content_filter"),
        (says('{"items":[{"id":1,', "length"), "the reply was cut off for its length"),
        (
            reply(400, {"error": {"message": "content management policy", "code": "content_filter"}}),
            "refused (400: content management policy)",
        ),
        (
            reply(400, {"error": {"message": "maximum context length"}}),
            "refused (400: maximum context length)",
        ),
    ],
)
def test_faults_of_one_text_cost_that_text_only(
    server: Scripted, spoilt: Answer, reason: str, stream: bool
) -> None:
    bad = TEXTS[2]
    made = engine(server, stream=stream)
    well = translates()
    server.good = lambda request: (spoilt if bad in [item["text"] for item in asked_in(request)] else well)(
        request
    )
    results = made.translate(Request(TEXTS, "en", "ja"))
    assert results == [Failure(reason) if text == bad else f"訳：{text}" for text in TEXTS]
    assert sizes(server) == [4, 2, 2, 1, 1]


def test_an_echo_is_no_translation(server: Scripted) -> None:
    made = engine(server)
    server.good = translates(lambda items: [{**item, "translation": item["text"]} for item in items])
    assert made.translate(Request(["red", "NASA", "12"], "en", "ja")) == [Failure("echo"), "NASA", "12"]
    assert sizes(server) == [3]


def test_an_endpoint_without_schemas(server: Scripted) -> None:
    seen = []

    def older(request: HttpRequest) -> Response:
        kind = request.get_json().get("response_format", {}).get("type")
        seen.append(kind)
        if kind is not None:
            message = f"'response_format.type' {kind} is not supported"
            return reply(400, {"error": {"message": message}})(request)
        return translates()(request)

    made = engine(server, items_per_request=2)
    server.good = older
    assert made.translate(Request(TEXTS, "en", "ja")) == in_japanese(TEXTS)
    assert seen == ["json_schema", "json_object", None, None]


def test_contexts_travel_with_their_texts(server: Scripted, memory: TranslationMemory) -> None:
    made = engine(server)
    contexts = ["What color is it?", "What fruit is it?", "", "What color is it?"]
    outcome = run.translate(Request(["orange"] * 4, "en", "hi", "answer", contexts), [made], memory)
    expected = [f"訳：orange（{context}）" if context else "訳：orange" for context in contexts]
    assert outcome.text.to_pylist() == expected
    assert (outcome.counts.unique, outcome.counts.translated) == (3, 3)
    assert sizes(server) == [3]
    again = run.translate(Request(["orange"] * 4, "en", "hi", "answer", contexts), [made], memory)
    assert again.text.to_pylist() == expected
    assert again.counts.remembered == 3
    new = run.translate(Request(["orange"], "en", "hi", "answer", ["What juice is it?"]), [made], memory)
    assert new.counts.translated == 1


def test_questions_and_answers_have_prompts_of_their_own(server: Scripted) -> None:
    made = engine(server, style="です・ます調にする。{keep}")
    for role in ("question", "answer", ""):
        list(made.translate_in_parts(Request(["red"], "en", "hi", role=role)))
    prompts = [request.get_json()["messages"][0]["content"] for request in server.requests]
    assert len(set(prompts)) == 3
    assert "a native speaker of Hindi would ask it" in prompts[0]
    assert "no sentence" in prompts[1]
    assert all("です・ます調にする。{keep}" in prompt for prompt in prompts)


def test_what_decides_the_output_is_in_the_signature() -> None:
    def signature(**more: Any) -> str:
        return OpenAI(OpenAI.Options(base_url="http://here", **{"model": "m", **more})).signature

    plain = signature()
    changing: list[dict[str, Any]] = [
        {"model": "n"},
        {"temperature": 0.5},
        {"seed": 1},
        {"style": "です・ます調"},
        {"extra": {"reasoning_effort": "low"}},
        {"repeat_texts": False},
    ]
    assert len({plain, *(signature(**more) for more in changing)}) == len(changing) + 1
    for more in ({"concurrency": 99}, {"timeout": 1}, {"stream": True}, {"items_per_request": 5}):
        assert signature(**more) == plain
    other = OpenAI(OpenAI.Options(base_url="http://elsewhere", model="m"))
    assert other.signature == plain


def test_options_reach_the_request(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    more: dict[str, Any] = {"seed": 7, "max_tokens": 500, "temperature": None, "key_variable": "MY_KEY"}
    extra = {"chat_template_kwargs": {"enable_thinking": False}}
    engine(server, extra=extra, **more).translate(Request(["red"], "en", "ja"))
    (request,) = server.requests
    body = request.get_json()
    assert (body["seed"], body["max_tokens"], body["chat_template_kwargs"]) == (
        7,
        500,
        {"enable_thinking": False},
    )
    assert "temperature" not in body
    assert request.headers["Authorization"] == f"Bearer {KEY}"


def test_keys(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(EngineError, match="needs a key") as caught:
        OpenAI(OpenAI.Options(model="gpt"))
    assert "export OPENAI_API_KEY=" in str(caught.value)
    engine(server).translate(Request(["red"], "en", "ja"))
    assert "Authorization" not in server.requests[0].headers


def test_no_key_shows_anywhere(
    server: Scripted, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    made = engine(server, retries=0, stop_after=1)
    made.translate(Request(["red"], "en", "ja"))
    for fault in (cut, reply(401, {"error": ERROR}), reply(500, {"error": ERROR})):
        server.script = [fault, fault]
        with pytest.raises(Stopped) as caught:
            made.translate(Request(["red"], "en", "ja"))
        error: BaseException | None = caught.value
        while error is not None:
            assert KEY not in f"{error} {error!r} {vars(error)}"
            error = error.__cause__ or error.__context__
    assert KEY not in made.signature + made.licence + repr(made.options)
    ours = [record for record in caplog.records if "werkzeug" not in record.name]
    assert ours
    assert not [record for record in ours if KEY in record.getMessage()]


GUARD = Guard(Glossary([Term("bus", "バス"), Term("surfboard", "波乗り板"), Term("Nokia", "")]), ["numbers"])


def obeys(item: Item) -> str:
    """A translation with all terms in it but the surfboard's."""
    own = {"surfboard": "サーフボード"}
    if item["text"] in own:
        return own[item["text"]]
    held = [own.get(term, wanted) for term, wanted in item.get("terms", {}).items()]
    return "と".join(held) + "ですか？"


def test_terms_travel_with_their_texts_and_are_enforced(server: Scripted, memory: TranslationMemory) -> None:
    made = engine(server)
    server.good = translates_by(obeys)
    texts = ["Is bus 42 late?", "Is it a Nokia?", "Whose surfboard is it?", "Is it 5?", "Who is it?"]
    outcome = run.translate(Request(texts, "en", "ja", "question"), [made], memory, guard=GUARD)
    said = ["バスと42ですか？", "Nokiaですか？", "波乗り板ですか？", "5ですか？", "ですか？"]
    assert outcome.text.to_pylist() == said
    items = [item for request in server.requests for item in asked_in(request)]
    assert {item["text"]: item.get("terms") for item in items} == {
        "Is bus 42 late?": {"bus": "バス", "42": "42"},
        "Is it a Nokia?": {"Nokia": "Nokia"},
        "Whose surfboard is it?": {"surfboard": "波乗り板"},
        "surfboard": None,  # what the model calls it, to be replaced
        "Is it 5?": {"5": "5"},
        "Who is it?": None,
    }
    assert "letter for letter" in server.requests[0].get_json()["messages"][0]["content"]
    again = run.translate(Request(texts, "en", "ja", "question"), [made], memory, guard=GUARD)
    assert again.counts.remembered == len(texts)
    assert again.text == outcome.text


def test_a_term_that_a_model_leaves_out_is_a_failure(server: Scripted, memory: TranslationMemory) -> None:
    made = engine(server)
    server.good = translates_by(lambda item: "板" if item["text"] == "surfboard" else "誰のですか？")
    outcome = run.translate(
        Request(["Whose surfboard is it?"], "en", "ja", "question"), [made], memory, guard=GUARD
    )
    assert outcome.error.to_pylist() == [
        "openai: the glossary's '波乗り板' for 'surfboard' did not come through"
    ]


def translates_by(says_of: Callable[[Item], str]) -> Answer:
    """Translates every item by a function."""

    def change(items: list[Item], request: HttpRequest) -> list[Item]:
        return [
            {**item, "translation": says_of(asked)}
            for item, asked in zip(items, asked_in(request), strict=True)
        ]

    return lambda request: translates(lambda items: change(items, request))(request)


@pytest.mark.parametrize("money", [0.5, 2.5, 500.0])
@pytest.mark.parametrize("dearer", [0.5, 3])
def test_money_is_what_the_endpoint_has_counted(
    server: Scripted, memory: TranslationMemory, tmp_path: Path, money: float, dearer: float
) -> None:
    made = engine(server, items_per_request=10)
    server.good = lambda request: with_usage(request, dearer)
    texts = benchmark.texts(800)
    price = Price(per_million_input_tokens=100, per_million_output_tokens=1000)
    ledger = Ledger(tmp_path / "spent.json", Budget(money=money), {made.signature: price})
    with suppress(Stopped):
        run.translate(Request(texts, "en", "ja", "question"), [made], memory, ledger=ledger)
    charged = ledger.spent[made.signature]
    counted = (made.usage.prompt_tokens, made.usage.completion_tokens)
    assert (charged.input_tokens, charged.output_tokens) == counted
    assert ledger.money == pytest.approx((counted[0] * 100 + counted[1] * 1000) / 1e6)
    assert 0 < ledger.money <= money
    assert ledger.characters == sum(len(item["text"]) for each in server.requests for item in asked_in(each))
    assert (charged.strings == len(texts)) == (money == 500.0)
    assert charged.strings == len(texts) or ledger.money > 0.9 * money


def with_usage(request: HttpRequest, dearer: float) -> Response:
    """A reply whose tokens are as many times the estimate."""
    content = json.loads(translates()(request).get_data())
    needed = estimate([item["text"] for item in asked_in(request)], "ja")
    content["usage"] = {
        "prompt_tokens": round(needed.input_tokens * dearer),
        "completion_tokens": round(needed.output_tokens * dearer),
    }
    return reply(200, content)(request)


def test_an_endpoint_that_does_not_count_is_charged_by_the_estimate(
    server: Scripted, memory: TranslationMemory, tmp_path: Path
) -> None:
    made = engine(server)
    counting = server.good
    server.good = lambda request: without_usage(counting(request))
    ledger = Ledger(tmp_path / "spent.json", Budget(characters=10_000))
    run.translate(Request(TEXTS, "en", "ja", "question"), [made], memory, ledger=ledger)
    assert (made.usage.counted, made.usage.uncounted, made.tokens) == (0, 1, None)
    assert ledger.spent[made.signature] == estimate(TEXTS, "ja")


def test_a_plan_foretells_every_item_that_a_build_sends(server: Scripted, tmp_path: Path) -> None:
    options = {"type": "openai", "base_url": f"{server.url}/v1", "model": "m", "first_wait": 0}
    judged = {"scores": ["copy"], "policy": {"copy": "reject"}}
    path = write_vqa(tmp_path / "source", languages=["ja"], translate={"engine": options}, **judged)
    unsettle(path.parent)
    server.good = translates()
    planned = plan(load_spec(path), tmp_path / "out").work
    there = sum(work.strings for work in planned if work.direction == "en-ja")
    back = sum(work.strings for work in planned if work.direction == "ja-en")
    assert any(work.step == "in context" and work.strings for work in planned)
    build(load_spec(path), tmp_path / "out", workers=1)
    sent = {"English": 0, "Japanese": 0}
    for request in server.requests:
        system = request.get_json()["messages"][0]["content"]
        sent["English" if "from English" in system else "Japanese"] += len(asked_in(request))
    assert sent == {"English": there, "Japanese": back}
    done = plan(load_spec(path), tmp_path / "out").work
    assert not any(work.strings for work in done)


def without_usage(response: Response) -> Response:
    """A reply of an endpoint that does not say what it used."""
    content = json.loads(response.get_data())
    del content["usage"]
    return reply(200, content)(HttpRequest({}))


def test_replies_that_do_not_count_are_taken_as_the_mean() -> None:
    usage = Usage()
    for tokens in ({"prompt_tokens": 90, "completion_tokens": 10}, None, {"prompt_tokens": 30}, None):
        usage.add(tokens)
    assert (usage.prompt_tokens, usage.completion_tokens) == (120, 10)
    assert usage.tokens == (240, 20)


@pytest.mark.parametrize("direction", [("en", "xx"), ("ja", "ja")])
def test_directions(direction: tuple[str, str]) -> None:
    made = OpenAI(OpenAI.Options(base_url="http://here", model="m"))
    made.check_direction("hi", "en")
    with pytest.raises(EngineError, match="cannot translate from"):
        made.check_direction(*direction)


def test_without_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="httpx") as caught:
        OpenAI(OpenAI.Options(base_url="http://here", model="m"))
    assert "vqa-builder[openai]" in str(caught.value)


def test_what_the_package_says_about_it() -> None:
    assert find("engines", "openai") is OpenAI
    assert not OpenAI.deterministic
    assert all(
        "description" in option for option in OpenAI.Options.model_json_schema()["properties"].values()
    )
    assert "vqa-builder[openai]" in (OpenAI.__doc__ or "")


@pytest.mark.parametrize("stream", [False, True])
def test_many_at_once(server: Scripted, stream: bool) -> None:
    under_way, most, lock = 0, 0, threading.Lock()

    def busy(request: HttpRequest) -> Response:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        answer = translates()(request)
        with lock:
            under_way -= 1
        return answer

    made = engine(server, concurrency=5, stream=stream, timeout=10)
    server.good = busy
    texts = benchmark.texts(600)
    assert made.translate(Request(texts, "en", "ja")) == in_japanese(texts)
    assert most <= 5


def test_ten_thousand_texts_under_faults_are_complete_in_order_and_paid_for_once(tmp_path: Path) -> None:
    asked = random.Random(1).sample(benchmark.texts(10_000), 10_000)
    with benchmark.server(0.002, faults=0.2) as at, benchmark.chat(at.url, first_wait=0.02) as made:
        counts = benchmark.under_faults(made, asked, tmp_path / "memory.sqlite")
        stats = at.stats()
    assert counts.translated == 10_000
    assert set(stats.paid) == set(asked)
    assert set(stats.paid.values()) == {1}
    assert stats.most_at_once <= benchmark.AT_ONCE
    assert stats.requests == made.usage.requests
    assert made.usage.prompt_tokens >= 20 * 10_000
