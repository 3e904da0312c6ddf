"""One bad reply is one bad string: no answer of an endpoint ends in anything but a result or a stop."""

from __future__ import annotations

import gzip
import json
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug import Request as HttpRequest, Response

from tests.translation.engines.scripted import Answer, Scripted
from vqa_builder.translation import run
from vqa_builder.translation.engines import _faults
from vqa_builder.translation.engines._web_services import SERVICES
from vqa_builder.translation.engines.base import Failure, Stopped
from vqa_builder.translation.engines.deep_translator import DeepTranslator
from vqa_builder.translation.engines.openai import OpenAI
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.request import Request

KEYS = {variable for service in SERVICES.values() for variable in service.keys.values()}
KEY = "sk-CANARY-9f8e7d6c5b4a+/=x"
TEXTS = ["Is it red?", "How many cats?", "orange", "What is this?", "blue"]
GOOD_USAGE = {"prompt_tokens": 50, "completion_tokens": 50}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def engine(server: Scripted, **more: Any) -> OpenAI:
    options = {
        "retries": 1,
        "first_wait": 0.0,
        "items_per_request": 4,
        "stop_after": 100,
        "longest_wait": 2,
        **more,
    }
    return OpenAI(OpenAI.Options(base_url=f"{server.url}/v1", model="m", concurrency=2, **options))


def translated(text: str) -> str:
    return f"訳{text}"


def items_of(request: HttpRequest) -> list[dict[str, Any]]:
    asked = json.loads(request.get_json()["messages"][1]["content"])["items"]
    return [{"id": one["id"], "text": one["text"], "translation": translated(one["text"])} for one in asked]


def completion(items: Any, usage: Any = None, **message: Any) -> bytes:
    content = json.dumps({"items": items}, ensure_ascii=False)
    choice = {"message": {"content": content, **message}, "finish_reason": "stop"}
    body = {"choices": [choice], "usage": GOOD_USAGE if usage is None else usage}
    return json.dumps(body).encode()


def raw(body: bytes | str, status: int = 200, kind: str = "application/json", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: Response(body, status, named, content_type=kind)


def answers(make: Callable[[list[dict[str, Any]]], bytes]) -> Answer:
    return lambda request: Response(make(items_of(request)), content_type="application/json")


def with_translation(change: Callable[[str], str]) -> Answer:
    return answers(
        lambda items: completion([{**one, "translation": change(one["translation"])} for one in items])
    )


DEEP = "[" * 100_000 + "]" * 100_000
HARMLESS: dict[str, Answer] = {
    "usage of strings": answers(lambda items: completion(items, {"prompt_tokens": "12"})),
    "usage that is half a number": answers(lambda items: completion(items, {"prompt_tokens": 1.5})),
    "usage of lists": answers(lambda items: completion(items, {"prompt_tokens": [1]})),
    "usage below zero": answers(lambda items: completion(items, {"prompt_tokens": -1_000_000})),
    "usage beyond all": answers(lambda items: completion(items, {"prompt_tokens": 10**300})),
    "usage that is no number": answers(
        lambda items: completion(items, {"prompt_tokens": 5, "completion_tokens": float("nan")})
    ),
    "usage that is a list": answers(lambda items: completion(items, [1])),
    "extra fields of any type": answers(
        lambda items: completion([{**one, "score": DEEP[:5]} for one in items])
    ),
}
BAD: dict[str, Answer] = {
    "half a surrogate at the end": with_translation(lambda text: f"{text}\ud83d"),
    "half a surrogate inside": with_translation(lambda text: f"赤\ud83d{text}"),
    "half a surrogate, escaped twice": answers(
        lambda items: completion(
            None, content=json.dumps({"items": [{**one, "translation": "赤\ud83d"} for one in items]})
        )
    ),
    "control characters": with_translation(lambda text: f"{text}\x1b[31m\x07"),
    "a zero byte": with_translation(lambda text: f"{text}\x00"),
    "text turned around": with_translation(lambda text: f"\u202e{text}"),
    "a huge translation": with_translation(lambda text: text * 5000),
    "a number for a translation": answers(
        lambda items: completion([{**one, "translation": 7} for one in items])
    ),
    "a number for content": answers(lambda items: completion(items, content=7)),
    "numbers in parts of content": answers(lambda items: completion(items, content=[{"text": 5}, 6])),
    "a refusal that is an object": answers(lambda items: completion(items, content="", refusal={"a": 1})),
    "a deep content": answers(lambda items: completion(items, content=f'{{"items":{DEEP}}}')),
    "a deep item": answers(
        lambda items: completion(items, content='{"items":[' + '{"a":' * 50_000 + "1" + "}" * 50_000 + "]}")
    ),
    "no choices": raw('{"choices": null}'),
    "choices that are a number": raw('{"choices": 5}'),
    "a list": raw("[1]"),
    "a deep body": raw(f'{{"choices":{DEEP}}}'),
    "a number of 5,000 digits": raw('{"usage":' + "9" * 5000 + "}"),
    "bytes that are no text": raw(b'{"choices":[{"message":{"content":"\xff\xfe"}}]}'),
    "an unknown charset": raw("{}", kind="application/json; charset=zzz"),
    "what is no gzip": raw(b"notgzip", Content_Encoding="gzip"),
    "an error as a string": raw('{"error": "bad"}'),
    "an error with an absurd code": raw('{"error": {"code": 99999, "message": "x"}}'),
    "an error of objects": raw('{"error": {"code": {"a": 1}, "type": [1], "message": "x"}}', 400),
    "an error of a list": raw('{"error": [1, 2]}', 400),
    "a detail of a list": raw('{"detail": [{"loc": ["body"]}]}', 422),
    "a wait that is no number": raw('{"error": "x"}', 429, Retry_After="nan"),
    "a wait without end": raw('{"error": "x"}', 429, Retry_After="inf"),
    "a date that is none": raw('{"error": "x"}', 429, Retry_After="Mon, 99 Foo 2026 99:99:99 GMT"),
    "a date beyond the calendar": raw('{"error": "x"}', 429, Retry_After="Fri, 31 Dec 9999 23:59:59 -2359"),
    "a stream of numbers": raw('data: {"choices":[{"delta":{"content":5}}]}\n\n', kind="text/event-stream"),
    "a stream of a list": raw('data: {"choices":[{"delta":[1]}]}\n\n', kind="text/event-stream"),
    "a stream without an end": raw('data: {"choices":[5]}\n\n', kind="text/event-stream"),
    "a deep stream": raw(f"data: {DEEP[:100_000]}\n\n", kind="text/event-stream"),
    "a stream that is no stream": raw("data: 5\n\nevent: x\n\n", kind="text/event-stream"),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_does_not_concern_the_translation_is_passed_over(server: Scripted, name: str) -> None:
    server.good = HARMLESS[name]
    with engine(server) as made:
        assert made.translate(Request(TEXTS, "en", "ja")) == [translated(text) for text in TEXTS]
        assert made.tokens is None or min(made.tokens) >= 0


@pytest.mark.parametrize("name", BAD)
def test_a_bad_reply_is_a_failure_of_its_strings(
    server: Scripted, memory: TranslationMemory, name: str
) -> None:
    def answer(request: HttpRequest) -> Response:
        """Bad for all requests with the first text, good for the others."""
        items = items_of(request)
        if any(one["text"] == TEXTS[0] for one in items):
            return BAD[name](request)
        return Response(completion(items), content_type="application/json")

    server.good = answer
    with engine(server, items_per_request=1) as made:
        outcome = run.translate(Request(TEXTS, "en", "ja", "question"), [made], memory)
    assert outcome.text.to_pylist() == [None, *(translated(text) for text in TEXTS[1:])]
    (reason,) = outcome.error.drop_null().to_pylist()
    assert "CANARY" not in reason and len(reason) < 400


def test_endless_and_packed_bodies_are_given_up(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_faults, "MOST_BYTES", 1 << 20)
    packed = gzip.compress(b" " * (64 << 20), 9)
    for body in (raw(b" " * (3 << 20)), raw(packed, Content_Encoding="gzip")):
        server.good = body
        with engine(server, retries=0) as made:
            assert set(made.translate(Request(TEXTS[:1], "en", "ja"))) == {
                Failure("a reply of more than 1 MiB")
            }


@pytest.mark.parametrize("provider", SERVICES)
def test_endless_bodies_of_web_services_are_given_up(
    server: Scripted, provider: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_faults, "MOST_BYTES", 1 << 20)
    for name in KEYS:
        monkeypatch.setenv(name, KEY)
    packed = gzip.compress(b'<div class="t0">' + b" " * (64 << 20), 9)
    options = DeepTranslator.Options(provider=provider, base_url=server.url, retries=0, stop_after=9)
    for body in (raw(b"<" * (3 << 20)), raw(packed, Content_Encoding="gzip")):
        server.good = body
        with DeepTranslator(options) as made:
            assert set(made.translate(Request(TEXTS[:1], "en", "ja"))) == {
                Failure("a reply of more than 1 MiB")
            }


@pytest.mark.parametrize(
    "body", ['<div class="t0">' * 300_000, '<div class="t0">' + "<" * 900_000 + "</div>", "<"]
)
def test_a_page_is_searched_once(server: Scripted, body: str) -> None:
    server.good = raw(body, kind="text/html")
    options = DeepTranslator.Options(provider="google", base_url=server.url, retries=0, stop_after=9)
    with DeepTranslator(options) as made:
        began = time.process_time()
        assert len(made.translate(Request(TEXTS[:1], "en", "ja"))) == 1
        assert time.process_time() - began < 5


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("provider", ["openai", *SERVICES])
def test_no_key_follows_a_redirect(
    server: Scripted, provider: Any, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KEYS:
        monkeypatch.setenv(name, KEY)
    server.good = raw("{}", status, Location=f"{server.url}/get?stolen=1")
    web = {"provider": provider, "base_url": server.url, "retries": 0}
    with (
        engine(server, retries=0) if provider == "openai" else DeepTranslator(DeepTranslator.Options(**web))
    ) as made:
        try:
            assert isinstance(made.translate(Request(TEXTS[:1], "en", "ja"))[0], Failure)
        except Stopped as stopped:
            assert "does not answer at this address" in str(stopped)
    assert server.requests and not [request for request in server.requests if "stolen" in request.url]


def test_a_retry_differs_from_what_could_not_be_used(server: Scripted) -> None:
    server.good = answers(lambda items: completion(items, content="Sure! Here you go."))
    with engine(server, retries=3) as made:
        (result,) = made.translate(Request(["red"], "en", "ja"))
    assert isinstance(result, Failure)
    sent = [request.get_json() for request in server.requests]
    assert [(body["temperature"], body.get("seed")) for body in sent] == [
        (0, None),
        (0.2, 1),
        (0.4, 2),
        (0.6, 3),
    ]


def test_what_models_say_never_stops_a_run_but_a_dead_service_does(server: Scripted) -> None:
    texts = [f"Is box {number} red?" for number in range(30)]
    server.good = answers(lambda items: completion(items, content="No."))
    with engine(server, stop_after=3, retries=0) as made:
        assert all(isinstance(result, Failure) for result in made.translate(Request(texts, "en", "ja")))
    server.good = raw("{}", 500)
    with engine(server, stop_after=3, retries=0) as made, pytest.raises(Stopped):
        made.translate(Request(texts, "en", "ja"))


@pytest.mark.parametrize("status", [400, 422, 500])
def test_texts_that_a_service_refuses_one_after_the_other_stop_nothing(server: Scripted, status: int) -> None:
    texts = [f"Is box {number} red?" for number in range(12)]

    def answer(request: HttpRequest) -> Response:
        items = items_of(request)
        if any(one["text"] in texts for one in items):
            return raw('{"error": {"message": "content policy"}}', status)(request)
        return Response(completion(items), content_type="application/json")

    server.good = answer
    with engine(server, stop_after=3, retries=0, items_per_request=1) as made:
        assert all(isinstance(result, Failure) for result in made.translate(Request(texts, "en", "ja")))


def test_a_packing_that_nobody_asked_for_is_not_unpacked(server: Scripted) -> None:
    server.good = raw(b"(\xb5/\xfd", Content_Encoding="zstd")
    with engine(server, retries=0) as made:
        (result,) = made.translate(Request(TEXTS[:1], "en", "ja"))
    assert isinstance(result, Failure) and "not asked for" in result.reason


@pytest.mark.parametrize("provider", SERVICES)
def test_random_json_from_web_services(
    server: Scripted, provider: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KEYS:
        monkeypatch.setenv(name, KEY)
    dice = random.Random(4)
    names = [
        "translatedText",
        "responseData",
        "matches",
        "responseStatus",
        "translations",
        "text",
        "trans_result",
        "dst",
        "error",
        "code",
        "error_code",
        "message",
    ]

    def value(depth: int = 0) -> Any:
        kind = dice.randint(0, 8 if depth < 4 else 5)
        leaf = [None, 5, "x\ud83d", float("nan"), True, "" if depth else "赤"]
        if kind < len(leaf):
            return leaf[kind]
        if kind == 6:
            return [value(depth + 1) for _ in range(dice.randint(0, 2))]
        return {dice.choice(names): value(depth + 1) for _ in range(3)}

    server.good = lambda request: Response(json.dumps(value()), content_type="application/json")
    options = DeepTranslator.Options(
        provider=provider,
        base_url=f"{server.url}/translate",
        retries=0,
        stop_after=1000,
        requests_per_second=10_000,
    )
    with DeepTranslator(options) as made:
        try:
            results = made.translate(Request([f"box {number}" for number in range(150)], "en", "ja"))
        except Stopped as stopped:  # the service says so: no access, no quota
            assert "CANARY" not in str(stopped)
        else:
            assert len(results) == 150
