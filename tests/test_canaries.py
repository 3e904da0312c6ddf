"""No key reaches the state, the memory, a release, a crash file or the terminal, whatever services repeat."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.hub.plugin import hub
from tests.hub.server import TOKEN, Hub
from tests.tiny import write_vqa
from vqa_builder import cli, interrupts
from vqa_builder.quality.scorers.judge import AXES
from vqa_builder.redaction import _forms
from vqa_builder.translation.engines._web_services import SERVICES

__all__ = ["hub"]
CANARY = "sk-CANARY+9f8e7d6c5b4a/="
CHAT = {"type": "openai", "model": "m"}
WEB = {name: service.keys for name, service in SERVICES.items() if service.keys}
ENGINES: dict[str, dict[str, Any]] = {
    "openai": {"translate": {"engine": CHAT}},
    **{name: {"translate": {"engine": {"type": "deep_translator", "provider": name}}} for name in WEB},
}
SCORERS: dict[str, dict[str, Any]] = {
    "judge": {"scores": [{"type": "judge", "model": "m"}]},
    "qe": {"scores": [{"type": "qe", "key_variable": "OPENAI_API_KEY"}]},
}


def echo(request: Request) -> str:
    """All that was sent, as a careless service or a proxy shows it."""
    return (
        f"{request.url} {dict(request.headers)} {request.get_data(as_text=True)} {' '.join(_forms(CANARY))}"
    )


class Careless:
    """Answers with what it was sent: as an error, as a translation, as an error again."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, request: Request) -> Response:
        self.asked += 1
        said = echo(request)
        if self.asked % 4 == 1:
            return Response(said, 500)
        if self.asked % 4 == 2:
            return Response(json.dumps({"error": {"message": said}, "message": said}), 429)
        if self.asked < 10:
            items = {"items": [{"id": number, "text": said, "translation": said} for number in range(1, 40)]}
            choice = {"message": {"content": json.dumps(items)}, "finish_reason": "stop"}
            translated = {"text": said, "dst": said}
            everything = {
                "choices": [choice],
                "usage": {"prompt_tokens": said},
                "translatedText": said,
                "translations": [translated],
                "trans_result": [translated],
                "protocol": 1,
                "signature": said,
                "scores": [0.5],
            }
            return Response(json.dumps(everything), content_type="application/json")
        return Response(json.dumps({"error": said}), 401)


@pytest.fixture
def careless() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        server.expect_request(re.compile("/.*")).respond_with_handler(Careless())
        yield server


def with_address(changes: Any, url: str) -> Any:
    """Plug-ins asked at an address of ours, with little patience."""
    if isinstance(changes, dict) and "type" in changes:
        patience = (
            {"retries": 1} if changes["type"] == "qe" else {"retries": 3, "first_wait": 0, "longest_wait": 1}
        )
        return {**changes, **patience, "url" if changes["type"] == "qe" else "base_url": url}
    if isinstance(changes, dict):
        return {name: with_address(value, url) for name, value in changes.items()}
    return [with_address(one, url) for one in changes] if isinstance(changes, list) else changes


@pytest.mark.parametrize("name", [*ENGINES, *SCORERS])
def test_no_key_is_found_anywhere(
    name: str,
    careless: HTTPServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for variable in {"OPENAI_API_KEY", *(key for keys in WEB.values() for key in keys.values())}:
        monkeypatch.setenv(variable, CANARY)
    monkeypatch.setattr(interrupts, "end_soon_on_interrupt", lambda: None)
    changes = with_address({**ENGINES, **SCORERS}[name], careless.url_for("/v1"))
    spec = write_vqa(tmp_path / "source", languages=["ja"], policy="lenient", **changes)
    out = tmp_path / "out"
    for more in (["--debug"], []):
        monkeypatch.setattr(sys, "argv", ["vqa-builder", "build", str(spec), "--out", str(out), *more])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 2
    assert len(careless.log) >= 3
    said = "".join(capfd.readouterr())
    assert "Traceback" in said and "error: " in said
    found = {
        "the terminal": said.encode(),
        **{str(path): path.read_bytes() for path in out.rglob("*") if path.is_file()},
    }
    for form in (*_forms(CANARY), "CANARY"):
        for place, content in found.items():
            assert form.encode() not in content, f"{form} in {place}"


class Obliging:
    """Every service at once, each for its share of the texts; each names the key where nobody has to look."""

    def __init__(self) -> None:
        self.answered: Counter[str] = Counter()

    def __call__(self, request: Request) -> Response:
        name, body = request.path.split("/")[1], cast(Any, request.get_json(silent=True))
        if name == "qe":
            said: Any = {"protocol": 1, "signature": "qe|1", "scores": [0.9] * len(body["pairs"])}
        elif name == "v1":
            items = [self.item(one) for one in json.loads(body["messages"][1]["content"])["items"]]
            content = json.dumps({"items": items})
            said = {"choices": [{"message": {"content": content}, "finish_reason": "stop"}]}
        else:
            text = body[0]["text"] if name == "microsoft" else request.form.get("q") or request.form["text"]
            if len(text) % len(WEB) != sorted(WEB).index(name):
                return Response(json.dumps({"error": {"message": "not this one"}}), 400)
            translated = {"text": f"訳{text}", "dst": f"訳{text}"}
            said = {"translations": [translated], "trans_result": [translated], "translatedText": f"訳{text}"}
            said = [said] if name == "microsoft" else said
        self.answered[name] += 1
        sent = {"X-Sent": str(request.headers.get("Authorization")), "Set-Cookie": f"key={CANARY}"}
        return Response(json.dumps(said), headers=sent, content_type="application/json")

    def item(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Its translation, there or back, or what a judge thinks of it."""
        if "translation" in asked:
            return {"id": asked["id"], **dict.fromkeys(AXES, 90)}
        text = asked["text"]
        return {**asked, "translation": text[1:] if text.startswith("訳") else f"訳{text}"}


def test_no_key_is_in_what_ends_well(
    hub: Hub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Built, reported, compared and published with every service that has a key."""
    for variable in {"OPENAI_API_KEY", *(key for keys in WEB.values() for key in keys.values())}:
        monkeypatch.setenv(variable, CANARY)
    monkeypatch.setattr(interrupts, "end_soon_on_interrupt", lambda: None)
    caplog.set_level(logging.DEBUG, logger="vqa_builder")
    services, out = Obliging(), tmp_path / "out"
    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        server.expect_request(re.compile("/.*")).respond_with_handler(services)
        patient = {"stop_after": 1000, "requests_per_second": 1000, "retries": 0}
        web = [
            {"type": "deep_translator", "provider": name, "base_url": server.url_for(name), **patient}
            for name in sorted(WEB)
        ]
        chat = {
            "base_url": server.url_for("/v1"),
            "model": "m",
        }
        openai = {"type": "openai", **chat}
        qe = {"type": "qe", "url": server.url_for("/qe"), "key_variable": "OPENAI_API_KEY"}
        judge = {"type": "judge", **{name: chat[name] for name in ("base_url", "model")}}
        spec = write_vqa(
            tmp_path / "source",
            languages=["ja"],
            policy="lenient",
            translate={"engine": [*web, openai]},
            back_translate={"engine": openai},
            scores=[qe, judge],
            release={"repo": "org/tiny-{language}", "licence": "cc-by-4.0"},
        )
        release, memory = str(out / "tiny-ja"), out / ".vqa-builder" / "memory.sqlite"
        for command in (
            ["plan", str(spec), "--out", str(out)],
            ["build", str(spec), "--out", str(out)],
            ["verify", release, "--no-reload"],
            ["report", release],
            ["diff", release, release],
            ["memory", "export", str(out / "memory.jsonl"), "--memory", str(memory)],
            ["publish", release, "--no-reload"],
        ):
            monkeypatch.setattr(sys, "argv", ["vqa-builder", *command, "--debug"])
            with pytest.raises(SystemExit) as ended:
                cli.main()
            assert not ended.value.code, (command, capfd.readouterr())
    assert services.answered.keys() == {*WEB, "v1", "qe"}
    found = {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert any(place.endswith("report.html") for place in found) and hub.files("org/tiny-ja")
    found |= {"the terminal": "".join(capfd.readouterr()).encode(), "the log": caplog.text.encode()}
    for form in (*_forms(CANARY), "CANARY", *_forms(TOKEN)):
        for place, content in found.items():
            assert form.encode() not in content, f"{form} in {place}"


def test_what_a_plug_in_raises_is_scrubbed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Engines of other packages know nothing of this."""

    def fail(*_: object) -> None:
        raise LookupError(f"no route for Authorization={CANARY}")

    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.setattr(interrupts, "end_soon_on_interrupt", lambda: None)
    monkeypatch.setattr("vqa_builder.translation.engines.mini.Mini.translate_in_parts", fail)
    spec = write_vqa(tmp_path, languages=["ja"])
    monkeypatch.setattr(sys, "argv", ["vqa-builder", "build", str(spec), "--out", str(tmp_path), "--debug"])
    with pytest.raises(SystemExit):
        cli.main()
    said = "".join(capfd.readouterr())
    assert "error: The engine mini failed" in said and "no route for" in said and "9f8e7d6c" not in said
