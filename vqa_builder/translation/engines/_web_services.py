"""The web services that the engine deep_translator can ask: keys, limits, terms, requests and replies."""

from __future__ import annotations

import hashlib
import html
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vqa_builder.translation.engines._faults import HttpReply
from vqa_builder.translation.engines.base import Page

_TAG = re.compile(r"<[^<>]*>")


class Asked(NamedTuple):
    """One text for a service, languages in its own codes, keys by their names."""

    text: str
    source: str
    target: str
    keys: Mapping[str, str]
    region: str | None


class Status(NamedTuple):
    """An HTTP status, or what a service should have answered instead of its own, and what it says."""

    code: int
    said: str = ""


def _plain(status: int, body: Any) -> Status:
    """The first thing in a reply that looks like a message."""
    for name in ("error", "message", "responseDetails"):
        said = body.get(name) if isinstance(body, dict) else None
        if isinstance(said, dict):
            said = said.get("message")
        if said and isinstance(said, str):
            return Status(status, said)
    return Status(status)


@dataclass(frozen=True)
class Service:
    """One web service.

    Attributes:
        title: what messages call it.
        terms: what binds its output, for cards.
        languages: its table of languages in ``deep_translator.constants``; "" if the service keeps it.
        keys: name of a key -> the environment variable that holds it.
        per_second: how many requests may begin per second unless the options say otherwise.
        longest: characters that a text may have.
        longest_bytes: and bytes in UTF-8.
        hindi: whether it can do Hindi; all can do Japanese.
        codes: its code by ISO code, where its table does not say.
        target_codes: the same, for targets only.
        method: of its requests.
        request: what is sent, as arguments of ``httpx``, to ``url``.
        url: where to, by the keys.
        answer: the translation in a good reply; raises what looking into something else raises.
        status_of: the true status of a reply, from the HTTP status and the JSON body.
        version: raised by whoever changes what an answer of the service becomes.
    """

    title: str
    terms: str
    languages: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    per_second: float = 5.0
    longest: int = 5000
    longest_bytes: int = 1_000_000
    hindi: bool = True
    codes: Mapping[str, str] = field(default_factory=dict)
    target_codes: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    request: Callable[[Asked], dict[str, Any]] = lambda asked: {}
    url: Callable[[Mapping[str, str]], str] = lambda keys: ""
    answer: Callable[[HttpReply], object] = lambda reply: None
    status_of: Callable[[int, Any], Status] = _plain
    version: int = 1

    @property
    def page(self) -> Page:
        """What ``vqa-builder list engines --json`` says of it."""
        return Page(
            install="pip install vqa-builder",
            keys=tuple(self.keys.values()),
            limits=f"requests per second: {self.per_second:g}; {self.longest:,} characters per text",
            output=self.terms,
            languages="ja, hi and others" if self.hindi else "ja and others, not hi",
        )


def _google(asked: Asked) -> dict[str, Any]:
    return {"params": {"sl": asked.source, "tl": asked.target, "q": asked.text}}


def _on_a_page(reply: HttpReply) -> str:
    """The text of the first element of a class that holds translations; no search here goes over it twice."""
    for name in ("t0", "result-container"):
        _, found, after = reply.text.partition(f'class="{name}">')
        if found:
            return html.unescape(_TAG.sub("", after[: after.index("</div>")])).strip()
    raise LookupError


def _google_status(status: int, body: Any) -> Status:
    return Status(429 if status in (302, 403) else status)  # on its way to a captcha


def _mymemory(asked: Asked) -> dict[str, Any]:
    return {"params": {"langpair": f"{asked.source}|{asked.target}", "q": asked.text}}


def _mymemory_answer(reply: HttpReply) -> object:
    body = reply.json
    return body["responseData"]["translatedText"] or body["matches"][0]["translation"]


def _mymemory_status(status: int, body: Any) -> Status:
    translated = str(body["responseData"]["translatedText"])
    if "MYMEMORY WARNING" in translated:
        return Status(402, translated)
    found, said = int(body["responseStatus"]), body.get("responseDetails") or translated
    return Status(400 if found == 403 else found, str(said))  # 403 is of this text, such as its length


def _libre(asked: Asked) -> dict[str, Any]:
    fields = {"q": asked.text, "source": asked.source, "target": asked.target, "format": "text"}
    return {"data": {**fields, **{name: key for name, key in asked.keys.items() if key}}}


def _libre_status(status: int, body: Any) -> Status:
    _, said = _plain(status, body)
    return Status(401 if status == 400 and "api key" in said.lower() else status, said)


def _deepl(asked: Asked) -> dict[str, Any]:
    return {
        "headers": {"Authorization": f"DeepL-Auth-Key {asked.keys['api_key']}"},
        "data": {"text": asked.text, "source_lang": asked.source, "target_lang": asked.target},
    }


def _deepl_url(keys: Mapping[str, str]) -> str:
    return f"https://api{'-free' if keys['api_key'].endswith(':fx') else ''}.deepl.com/v2/translate"


def _microsoft(asked: Asked) -> dict[str, Any]:
    headers = {"Ocp-Apim-Subscription-Key": asked.keys["api_key"]}
    if asked.region:
        headers["Ocp-Apim-Subscription-Region"] = asked.region
    languages = {"api-version": "3.0", "from": asked.source, "to": asked.target}
    return {"headers": headers, "params": languages, "json": [{"text": asked.text}]}


def _microsoft_status(status: int, body: Any) -> Status:
    _, said = _plain(status, body)
    error = body.get("error") if isinstance(body, dict) else None
    code = str(error.get("code", "")) if isinstance(error, dict) else ""
    return Status(402 if code == "403001" else int(code[:3]) if code[:3].isdecimal() else status, said)


def _baidu(asked: Asked) -> dict[str, Any]:
    salt, keys = secrets.token_hex(4), asked.keys
    signed = hashlib.md5(f"{keys['appid']}{asked.text}{salt}{keys['appkey']}".encode()).hexdigest()
    languages = {"from": asked.source, "to": asked.target}
    return {
        "data": {"q": asked.text, **languages, "appid": keys["appid"], "salt": salt, "sign": signed},
    }


def _baidu_status(status: int, body: Any) -> Status:
    if not isinstance(body, dict) or "error_code" not in body:
        return Status(status)
    code = str(body["error_code"])
    passing = {"52001": 503, "52002": 503, "54003": 429, "54005": 429}
    lasting = {"52003": 401, "54001": 401, "58000": 401, "90107": 401, "58002": 401, "54004": 402}
    return Status((passing | lasting).get(code, 400), f"{code} {body.get('error_msg', '')}")


SERVICES: Mapping[str, Service] = {
    "google": Service(
        title="Google Translate",
        terms="Google Terms of Service: this reads the public web page, which they do not open to programs",
        languages="GOOGLE_LANGUAGES_TO_CODES",
        per_second=2.0,
        longest=4999,
        method="GET",
        request=_google,
        url=lambda keys: "https://translate.google.com/m",
        answer=_on_a_page,
        status_of=_google_status,
    ),
    "mymemory": Service(
        title="MyMemory",
        terms="MyMemory Terms and Conditions: entries of many origins, with their own rights",
        languages="MY_MEMORY_LANGUAGES_TO_CODES",
        per_second=2.0,
        longest=499,
        longest_bytes=500,
        codes={"en": "en-US"},
        method="GET",
        request=_mymemory,
        url=lambda keys: "https://api.mymemory.translated.net/get",
        answer=_mymemory_answer,
        status_of=_mymemory_status,
        version=2,
    ),
    "libre": Service(
        title="LibreTranslate",
        terms="the licences of the Argos Translate models, and the terms of whoever runs the server",
        languages="LIBRE_LANGUAGES_TO_CODES",
        keys={"api_key": "LIBRE_API_KEY"},
        longest=2000,
        request=_libre,
        url=lambda keys: "https://libretranslate.com/translate",
        answer=lambda reply: reply.json["translatedText"],
        status_of=_libre_status,
    ),
    "deepl": Service(
        title="DeepL",
        terms="DeepL API Terms and Conditions; see what they say on training translation systems",
        languages="DEEPL_LANGUAGE_TO_CODE",
        keys={"api_key": "DEEPL_API_KEY"},
        longest=30_000,
        hindi=False,
        target_codes={"en": "en-US"},
        request=_deepl,
        url=_deepl_url,
        answer=lambda reply: reply.json["translations"][0]["text"],
    ),
    "microsoft": Service(
        title="Microsoft Translator",
        terms="Microsoft Product Terms for Azure AI services",
        keys={"api_key": "MICROSOFT_API_KEY"},
        per_second=10.0,
        longest=50_000,
        codes={"zh": "zh-Hans"},
        request=_microsoft,
        url=lambda keys: "https://api.cognitive.microsofttranslator.com/translate",
        answer=lambda reply: reply.json[0]["translations"][0]["text"],
        status_of=_microsoft_status,
    ),
    "baidu": Service(
        title="Baidu Translate",
        terms="Baidu Translate open platform terms of service",
        languages="BAIDU_LANGUAGE_TO_CODE",
        keys={"appid": "BAIDU_APPID", "appkey": "BAIDU_APPKEY"},
        per_second=1.0,
        longest=2000,
        longest_bytes=6000,
        hindi=False,
        codes={"ja": "jp", "ko": "kor", "fr": "fra", "es": "spa", "vi": "vie", "ar": "ara"},
        request=_baidu,
        url=lambda keys: "https://fanyi-api.baidu.com/api/trans/vip/translate",
        answer=lambda reply: " ".join(each["dst"] for each in reply.json["trans_result"]),
        status_of=_baidu_status,
    ),
}

UNSUPPORTED: Mapping[str, str] = {
    "chatgpt": "write `engine: {type: openai, model: ...}`, which asks for many texts at once",
    "yandex": "the interface that deep-translator asks has been closed",
    "papago": "the interface that deep-translator asks has been closed",
    "qcri": "it has neither Japanese nor Hindi",
    "tencent": "use `engine: {type: openai, base_url: ...}` for the models of this provider",
    "linguee": "it is a dictionary of words",
    "pons": "it is a dictionary of words",
}
"""The other services of deep-translator, and why they are none here."""
