"""Every fault that web services are known for, against a local server with replies of their real shapes."""

from __future__ import annotations

import logging
import random
import time
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Request as HttpRequest, Response

from tests.benchmarks import remote as benchmark
from tests.translation.engines.scripted import CAPTCHA, Answer, Scripted, cut, half, hang, reply
from vqa_builder.errors import EngineError
from vqa_builder.registry import find
from vqa_builder.translation import run
from vqa_builder.translation.engines._web_services import SERVICES, UNSUPPORTED
from vqa_builder.translation.engines.base import Failure, Stopped
from vqa_builder.translation.engines.deep_translator import DeepTranslator
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.request import Request

KEY = "k3y-of-the-test"
KEYS = sorted({variable for service in SERVICES.values() for variable in service.keys.values()})
PATHS = {"google": "/", "mymemory": "/get", "libre": "/", "deepl": "/"}
JA, HI = "それは赤いですか？", "क्या यह लाल है?"


def page(text: str) -> str:
    """What translate.google.com/m answers, without its styles."""
    return f"""<!DOCTYPE html><html lang="en"><head><title>Google Translate</title></head><body>
<div class="root-container"><form action="/m" class="input-container"><input name="q"></form>
<div class="result-container">{text}</div><div class="links-container"></div></div></body></html>"""


GOOD: dict[str, Any] = {
    "google": page(JA),
    "mymemory": {
        "responseData": {"translatedText": JA, "match": 0.85},
        "quotaFinished": False,
        "responseDetails": "",
        "responseStatus": 200,
        "matches": [{"id": 0, "segment": "Is it red?", "translation": JA, "quality": 70}],
    },
    "libre": {"translatedText": JA},
    "deepl": {"translations": [{"detected_source_language": "EN", "text": JA}]},
    "microsoft": [{"translations": [{"text": JA, "to": "ja"}]}],
    "baidu": {"from": "en", "to": "jp", "trans_result": [{"src": "Is it red?", "dst": JA}]},
}


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in KEYS:
        monkeypatch.setenv(variable, KEY)


def engine(server: Scripted, provider: str = "libre", **more: Any) -> DeepTranslator:
    options = {"first_wait": 0.0, "requests_per_second": 1000.0, "timeout": 10.0, "concurrency": 1, **more}
    server.good = reply(200, GOOD[provider])
    url = f"{server.url}{PATHS.get(provider, '/translate')}"
    return DeepTranslator(DeepTranslator.Options(provider=provider, base_url=url, **options))


@pytest.mark.parametrize("provider", GOOD)
def test_every_service_gets_text_and_key_as_it_wants_them(server: Scripted, provider: str) -> None:
    with engine(server, provider) as made:
        assert made.translate(Request(["Is it red?"], "en", "ja")) == [JA]
    (request,) = server.requests
    assert KEY not in request.url
    sent = {**request.args, **request.form}
    text = request.get_json()[0]["text"] if provider == "microsoft" else sent.get("q") or sent["text"]
    assert text == "Is it red?"
    names = ("sl", "tl"), ("source", "target"), ("source_lang", "target_lang"), ("from", "to")
    pairs = [(sent[first], sent[second]) for first, second in names if first in sent]
    if "langpair" in sent:
        first, second = sent["langpair"].split("|")
        pairs.append((first, second))
    assert pairs == [{"mymemory": ("en-US", "ja-JP"), "baidu": ("en", "jp")}.get(provider, ("en", "ja"))]
    headers = {
        "deepl": ("Authorization", f"DeepL-Auth-Key {KEY}"),
        "microsoft": ("Ocp-Apim-Subscription-Key", KEY),
    }
    if provider in headers:
        name, value = headers[provider]
        assert request.headers[name] == value


def test_back_to_english(server: Scripted) -> None:
    with engine(server, "deepl") as made:
        made.translate(Request([JA], "ja", "en"))
    with engine(server, "mymemory") as made:
        made.translate(Request([HI], "hi", "en"))
    deepl, mymemory = server.requests
    assert (deepl.form["source_lang"], deepl.form["target_lang"]) == ("ja", "en-US")
    assert mymemory.args["langpair"] == "hi-IN|en-US"


def refuses(status: int, body: Any, **headers: str) -> list[Answer]:
    return [reply(status, body, **headers)]


@pytest.mark.parametrize(
    ("provider", "faults"),
    [
        ("libre", refuses(429, {"error": "Slowdown: 10 per 1 minute"}, Retry_After="0")),
        ("libre", refuses(429, {"error": "Slowdown"}, Retry_After="Sun, 06 Nov 1994 08:49:37 GMT")),
        ("libre", refuses(429, {"error": "Slowdown"})),
        ("libre", refuses(500, {"error": "Cannot translate text"})),
        ("libre", refuses(503, "<html><h1>503 Service Temporarily Unavailable</h1></html>")),
        ("libre", [hang]),
        ("libre", [cut]),
        ("libre", [half]),
        ("libre", refuses(200, CAPTCHA)),
        ("libre", [lambda request: Response("", 200)]),
        ("libre", [lambda request: Response("{", 200)]),
        ("libre", refuses(200, {})),
        ("libre", refuses(200, {"alternatives": []})),
        ("google", refuses(200, CAPTCHA)),
        ("google", refuses(429, CAPTCHA)),
        ("google", refuses(403, CAPTCHA)),
        ("google", refuses(302, CAPTCHA, Location="/sorry/index")),
        ("google", refuses(500, "<html>Error 500 (Server Error)!!1</html>")),
        ("google", [hang, cut, half]),
        ("mymemory", refuses(200, {"responseData": None})),
        ("deepl", refuses(529, {"message": "Too many requests"})),
        ("microsoft", refuses(429, {"error": {"code": 429001, "message": "too many requests"}})),
        ("baidu", refuses(200, {"error_code": "54003", "error_msg": "Invalid Access Limit"})),
        ("baidu", refuses(200, {"error_code": "52001", "error_msg": "TIMEOUT"})),
    ],
)
def test_faults_that_pass(server: Scripted, provider: str, faults: list[Answer]) -> None:
    server.script = list(faults)
    with engine(server, provider, timeout=0.4 if hang in faults else 10.0) as made:
        assert made.translate(Request(["Is it red?"], "en", "ja")) == [JA]
    assert len(server.requests) == len(faults) + 1


def test_a_hang_ends_with_the_timeout(server: Scripted) -> None:
    server.script = [hang, hang]
    with engine(server, timeout=0.2, retries=1) as made:
        began = time.monotonic()
        assert made.translate(Request(["Is it red?"], "en", "ja")) == [Failure("no answer within 0.2 s")]
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("provider", "fault", "says"),
    [
        ("libre", reply(403, {"error": f"Invalid API key {KEY}"}), "refuses access"),
        ("libre", reply(400, {"error": "Invalid API key"}), "refuses access"),
        ("libre", reply(404, "<html>404</html>"), "does not answer at this address"),
        ("deepl", reply(403, "<html>Forbidden</html>"), "refuses access"),
        ("deepl", reply(456, {"message": "Quota Exceeded"}), "quota of DeepL is used up"),
        ("microsoft", reply(401, {"error": {"code": 401000, "message": "not authorized"}}), "refuses access"),
        ("microsoft", reply(403, {"error": {"code": 403001, "message": "free quota"}}), "quota"),
        ("baidu", reply(200, {"error_code": "54001", "error_msg": "Invalid Sign"}), "refuses access"),
        ("baidu", reply(200, {"error_code": "54004", "error_msg": "balance"}), "quota"),
        ("google", reply(404, "<html>404</html>"), "does not answer at this address"),
        (
            "mymemory",
            reply(
                200,
                {
                    "responseData": {
                        "translatedText": "MYMEMORY WARNING: YOU USED ALL AVAILABLE FREE TRANSLATIONS"
                        " FOR TODAY. NEXT AVAILABLE IN  11 HOURS 33 MINUTES 02 SECONDS"
                    },
                    "responseStatus": 429,
                },
            ),
            "quota of MyMemory is used up",
        ),
    ],
)
def test_faults_that_stop_at_once(server: Scripted, provider: str, fault: Answer, says: str) -> None:
    made = engine(server, provider)
    server.script = [server.good, fault]
    found: dict[int, Any] = {}
    with pytest.raises(Stopped, match=says) as caught:
        for part in made.translate_in_parts(Request([f"{n} cats" for n in range(9)], "en", "ja")):
            found.update(part)
    assert found == {0: JA}
    assert len(server.requests) == 2
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("provider", "fault", "reason"),
    [
        ("libre", reply(400, {"error": "xx is not supported"}), "refused (400: xx is not supported)"),
        ("baidu", reply(200, {"error_code": "58001", "error_msg": "to"}), "refused (400: 58001 to)"),
        (
            "mymemory",
            reply(
                200,
                {
                    "responseData": {"translatedText": "QUERY LENGTH LIMIT EXCEEDED"},
                    "responseStatus": "403",
                    "responseDetails": "QUERY LENGTH LIMIT EXCEEDED. MAX ALLOWED QUERY : 500 CHARS",
                },
            ),
            "refused (400: QUERY LENGTH LIMIT EXCEEDED. MAX ALLOWED QUERY : 500 CHARS)",
        ),
        (
            "mymemory",
            reply(200, {"responseData": {"translatedText": "NO QUERY SPECIFIED"}, "responseStatus": "403"}),
            "refused (400: NO QUERY SPECIFIED)",
        ),
        (
            "mymemory",
            reply(200, {"responseData": {"translatedText": None}, "responseStatus": 403, "matches": ""}),
            "refused (400: None)",
        ),
        ("libre", reply(200, {"translatedText": "Is it red?"}), "echo"),
        ("google", reply(200, page("Is it red?")), "echo"),
        ("libre", reply(200, {"translatedText": ""}), "no translation"),
        ("libre", reply(200, {"translatedText": None}), "no translation"),
        ("libre", reply(200, {"translatedText": 7}), "no translation"),
    ],
)
def test_faults_of_one_text(server: Scripted, provider: str, fault: Answer, reason: str) -> None:
    made = engine(server, provider)
    server.script = [fault]
    assert made.translate(Request(["Is it red?", "Is it?"], "en", "ja")) == [Failure(reason), JA]


@pytest.mark.parametrize("provider", ["google", "libre"])
@pytest.mark.parametrize("text", ["NASA", "42", "?", "..."])
def test_what_may_stay_as_it_is(server: Scripted, provider: str, text: str) -> None:
    made = engine(server, provider)
    server.good = reply(200, page(text) if provider == "google" else {"translatedText": text})
    assert made.translate(Request([text], "en", "ja")) == [text]


@pytest.mark.parametrize("name", ["t0", "result-container"])
def test_signs_on_a_page_are_what_they_stand_for(server: Scripted, name: str) -> None:
    made = engine(server, "google")
    shown = page("「<b>A&amp;B</b>」&#39;赤&#39;&lt;").replace("result-container", name)
    server.good = reply(200, shown)
    assert made.translate(Request(["'A&B' red <"], "en", "ja")) == ["「A&B」'赤'<"]


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("Shift_JIS", "cp932"), ("EUC-JP", "euc_jp"), ("punycode", "utf-8"), ("", "utf-8")],
)
def test_a_page_is_read_in_the_charset_that_it_names(server: Scripted, charset: str, encoding: str) -> None:
    made = engine(server, "google")
    kind = f"text/html; charset={charset}"
    server.good = lambda request: Response(page(JA).encode(encoding), content_type=kind)
    assert made.translate(Request(["Is it red?"], "en", "ja")) == [JA]


@pytest.mark.parametrize("provider", ["google", "libre"])
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
    server: Scripted, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", f"ftp://me:{KEY}@127.0.0.1:9")
    with pytest.raises(EngineError, match="proxy") as told:
        engine(server, provider).translate(Request(["red"], "en", "ja"))
    assert "ALL_PROXY" in str(told.value) and KEY not in str(told.value)


@pytest.mark.parametrize(
    ("provider", "text", "fits"),
    [
        ("google", "x" * 4999, True),
        ("google", "x" * 5000, False),
        ("mymemory", "x" * 499, True),
        ("mymemory", "赤" * 167, False),
    ],
)
def test_a_text_that_is_too_long_is_never_sent(
    server: Scripted, provider: str, text: str, fits: bool
) -> None:
    (result,) = engine(server, provider).translate(Request([text], "en", "ja"))
    assert (result == JA) is fits
    assert len(server.requests) == fits


@pytest.mark.parametrize(
    ("provider", "direction", "possible"),
    [
        ("google", ("en", "hi"), True),
        ("mymemory", ("hi", "en"), True),
        ("libre", ("en", "hi"), True),
        ("microsoft", ("en", "hi"), True),
        ("deepl", ("en", "ja"), True),
        ("deepl", ("en", "hi"), False),
        ("baidu", ("en", "hi"), False),
        ("google", ("en", "xx"), False),
        ("google", ("en", "en"), False),
    ],
)
def test_directions(provider: Any, direction: tuple[str, str], possible: bool) -> None:
    made = DeepTranslator(DeepTranslator.Options(provider=provider))
    if possible:
        made.check_direction(*direction)
        return
    with pytest.raises(EngineError, match="cannot translate from"):
        made.check_direction(*direction)
    with pytest.raises(EngineError):
        made.translate(Request(["x"], *direction))


@pytest.mark.parametrize("provider", sorted(set(GOOD) - {"google", "mymemory"}))
def test_a_missing_key_is_found_before_any_work(monkeypatch: pytest.MonkeyPatch, provider: Any) -> None:
    for variable in KEYS:
        monkeypatch.delenv(variable)
    with pytest.raises(EngineError, match="needs a key") as caught:
        DeepTranslator(DeepTranslator.Options(provider=provider))
    assert "export " in str(caught.value)
    argument = next(iter(SERVICES[provider].keys))
    with pytest.raises(EngineError, match="needs a key") as caught:
        DeepTranslator(DeepTranslator.Options(provider=provider, key_variables={argument: "MY_OWN"}))
    assert "export MY_OWN=" in str(caught.value)


def test_keys_of_other_names(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_OWN", "another")
    with engine(server, key_variables={"api_key": "MY_OWN"}) as made:
        made.translate(Request(["Is it red?"], "en", "ja"))
    assert server.requests[0].form["api_key"] == "another"
    with pytest.raises(EngineError, match="has no such key"):
        engine(server, key_variables={"token": "MY_OWN"})


def test_a_server_of_ones_own_needs_no_key(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIBRE_API_KEY")
    assert engine(server).translate(Request(["Is it red?"], "en", "ja")) == [JA]


def test_no_key_shows_anywhere(server: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for provider in GOOD:
        made = engine(server, provider, retries=0, stop_after=1)
        assert made.translate(Request(["Is it red?"], "en", "ja")) == [JA]
        server.script = [cut, cut]
        with pytest.raises(Stopped) as caught:
            made.translate(Request(["Is it red?"], "en", "ja"))
        error: BaseException | None = caught.value
        while error is not None:
            assert KEY not in f"{error} {error!r} {vars(error)}"
            error = error.__cause__ or error.__context__
        assert KEY not in made.signature + made.licence + repr(made.options)
    ours = [record for record in caplog.records if "werkzeug" not in record.name]
    assert ours
    assert not [record for record in ours if KEY in record.getMessage()]


def test_threads_never_get_each_others_answers(server: Scripted) -> None:
    def answer(request: HttpRequest) -> Response:
        time.sleep(random.random() / 100)
        return Response(page(f"訳：{request.args['q']}"), 200, content_type="text/html; charset=utf-8")

    made = engine(server, "google", concurrency=8)
    server.good = answer
    texts = [f"Is there a cat in box {number}?" for number in range(120)]
    assert made.translate(Request(texts, "en", "ja")) == [f"訳：{text}" for text in texts]


@pytest.mark.parametrize("provider", sorted(UNSUPPORTED))
def test_other_services_of_the_package_are_refused_with_the_reason(provider: str) -> None:
    with pytest.raises(ValueError, match="is not supported: ") as caught:
        DeepTranslator.Options(provider=provider)
    assert UNSUPPORTED[provider] in str(caught.value)


def test_what_the_package_says_about_it() -> None:
    assert find("engines", "deep_translator") is DeepTranslator
    assert not DeepTranslator.deterministic
    made = DeepTranslator(DeepTranslator.Options(provider="google", timeout=3, base_url="http://elsewhere"))
    assert made.signature == DeepTranslator(DeepTranslator.Options(provider="google")).signature
    assert "provider:google" in made.signature and made.signature.endswith("rules:1")
    changed = DeepTranslator(DeepTranslator.Options(provider="mymemory"))
    assert changed.signature.endswith("rules:2")  # its complaints had been taken for translations
    assert "Google" in made.licence
    for provider, service in SERVICES.items():
        assert provider in (DeepTranslator.__doc__ or "")
        assert all(variable in (DeepTranslator.__doc__ or "") for variable in service.keys.values())
        assert f"{service.longest:,}" in (DeepTranslator.__doc__ or "")


def test_a_long_run_under_faults_is_complete_in_order_and_paid_for_once(tmp_path: Path) -> None:
    asked = random.Random(1).sample(benchmark.texts(1500), 1500)
    with benchmark.server(0.002, faults=0.2) as at, benchmark.libre(at.url, first_wait=0.02) as made:
        counts = benchmark.under_faults(made, asked, tmp_path / "memory.sqlite")
        stats = at.stats()
    assert counts.translated == 1500
    assert set(stats.paid) == set(asked)
    assert set(stats.paid.values()) == {1}
    assert stats.most_at_once <= benchmark.AT_ONCE


def test_a_build_that_was_stopped_goes_on_where_it_was(server: Scripted, memory: TranslationMemory) -> None:
    texts = [f"{number} cats" for number in range(100, 120)]
    made = engine(server)
    server.script = [server.good] * 7 + [reply(403, {"error": "banned"})]
    with pytest.raises(Stopped, match="refuses access"):
        run.translate(Request(texts, "en", "ja", "question"), [made], memory)
    outcome = run.translate(Request(texts, "en", "ja", "question"), [made], memory)
    assert (outcome.counts.remembered, outcome.counts.translated) == (7, 13)
    assert len(server.requests) == 21
