"""The services of deep-translator that can do Japanese or Hindi: keys, limits, terms and faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vqa_builder.translation.engines.base import Page

Status = tuple[int, str]
"""An HTTP status, or what a service should have answered instead of its own, and what it says."""


def _plain(status: int, body: Any) -> Status:
    """The first thing in a reply that looks like a message."""
    for name in ("error", "message", "errorMessage", "responseDetails"):
        said = body.get(name) if isinstance(body, dict) else None
        if isinstance(said, dict):
            said = said.get("message")
        if said and isinstance(said, str):
            return status, said
    return status, ""


def _mymemory(status: int, body: Any) -> Status:
    if not isinstance(body, dict) or "responseStatus" not in body:
        return status, ""
    own, said = str(body["responseStatus"]), str(body.get("responseDetails") or "")
    translation = str((body.get("responseData") or {}).get("translatedText") or "")
    if "MYMEMORY WARNING" in translation or "MYMEMORY WARNING" in said:
        return 402, translation or said
    return (200, "") if own == "200" else (400, f"{own} {said or translation}")


def _libre(status: int, body: Any) -> Status:
    status, said = _plain(status, body)
    return (401 if status == 400 and "api key" in said.lower() else status), said


def _microsoft(status: int, body: Any) -> Status:
    status, said = _plain(status, body)
    code = str(body["error"].get("code", "")) if isinstance(body, dict) and "error" in body else ""
    return (402 if code == "403001" else int(code[:3]) if code[:3].isdigit() else status), said


def _yandex(status: int, body: Any) -> Status:
    _, said = _plain(status, body)
    code = body.get("code", status) if isinstance(body, dict) else status
    return {402: 401, 404: 402, 501: 400}.get(code, code), said


def _papago(status: int, body: Any) -> Status:
    _, said = _plain(status, body)
    used_up = isinstance(body, dict) and body.get("errorCode") == "010"
    return (402 if used_up else status), said


def _baidu(status: int, body: Any) -> Status:
    if not isinstance(body, dict) or "error_code" not in body:
        return status, ""
    code = str(body["error_code"])
    passing = {"52001": 503, "52002": 503, "54003": 429, "54005": 429}
    lasting = {"52003": 401, "54001": 401, "58000": 401, "90107": 401, "58002": 401, "54004": 402}
    return (passing | lasting).get(code, 400), f"{code} {body.get('error_msg', '')}"


def _chatgpt(status: int, body: Any) -> Status:
    status, said = _plain(status, body)
    error = body.get("error") if isinstance(body, dict) else None
    used_up = isinstance(error, dict) and "insufficient_quota" in (error.get("code"), error.get("type"))
    return (402 if used_up else status), said


@dataclass(frozen=True)
class Service:
    """One web service as deep-translator knows it.

    Attributes:
        title: what messages call it.
        translator: its class in deep_translator.
        table: its table of languages in ``deep_translator.constants``; None if the service keeps it.
        keys: the class's argument -> the environment variable that holds it.
        per_second: how many requests may begin per second unless the options say otherwise.
        longest: characters that a text may have.
        longest_bytes: and bytes in UTF-8.
        html: whether its good replies are web pages.
        terms: what binds its output, for cards.
        hindi: whether it can do Hindi; all can do Japanese.
        codes: its code by ISO code, where its table does not say.
        target_codes: the same, for targets only.
        status_of: the true status of a reply, from the HTTP status and the JSON body.
    """

    title: str
    translator: str
    terms: str
    table: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    per_second: float = 5.0
    longest: int = 5000
    longest_bytes: int = 1_000_000
    html: bool = False
    hindi: bool = True
    codes: Mapping[str, str] = field(default_factory=dict)
    target_codes: Mapping[str, str] = field(default_factory=dict)
    status_of: Callable[[int, Any], Status] = _plain

    @property
    def page(self) -> Page:
        """What ``vqa-builder list engines --json`` says of it."""
        old_client = self.translator == "ChatGptTranslator"
        return Page(
            install="pip install vqa-builder" + (" 'openai<0.28'" if old_client else ""),
            keys=tuple(self.keys.values()),
            limits=f"requests per second: {self.per_second:g}; {self.longest:,} characters per text",
            output=self.terms,
            languages="ja, hi and others" if self.hindi else "ja and others, not hi",
        )


SERVICES: Mapping[str, Service] = {
    "google": Service(
        title="Google Translate",
        translator="GoogleTranslator",
        table="GOOGLE_LANGUAGES_TO_CODES",
        per_second=2.0,
        longest=4999,
        html=True,
        terms="Google Terms of Service: this reads the public web page, which they do not open to programs",
    ),
    "mymemory": Service(
        title="MyMemory",
        translator="MyMemoryTranslator",
        table="MY_MEMORY_LANGUAGES_TO_CODES",
        per_second=2.0,
        longest=499,
        longest_bytes=500,
        codes={"en": "en-US"},
        terms="MyMemory Terms and Conditions: entries of many origins, with their own rights",
        status_of=_mymemory,
    ),
    "libre": Service(
        title="LibreTranslate",
        translator="LibreTranslator",
        table="LIBRE_LANGUAGES_TO_CODES",
        keys={"api_key": "LIBRE_API_KEY"},
        longest=2000,
        terms="the licences of the Argos Translate models, and the terms of whoever runs the server",
        status_of=_libre,
    ),
    "deepl": Service(
        title="DeepL",
        translator="DeeplTranslator",
        table="DEEPL_LANGUAGE_TO_CODE",
        keys={"api_key": "DEEPL_API_KEY"},
        longest=30_000,
        terms="DeepL API Terms and Conditions; see what they say on training translation systems",
        hindi=False,
        target_codes={"en": "en-US"},
    ),
    "microsoft": Service(
        title="Microsoft Translator",
        translator="MicrosoftTranslator",
        keys={"api_key": "MICROSOFT_API_KEY"},
        per_second=10.0,
        longest=50_000,
        terms="Microsoft Product Terms for Azure AI services",
        codes={"zh": "zh-Hans"},
        status_of=_microsoft,
    ),
    "yandex": Service(
        title="Yandex Translate",
        translator="YandexTranslator",
        table="GOOGLE_LANGUAGES_TO_CODES",
        keys={"api_key": "YANDEX_API_KEY"},
        longest=10_000,
        terms="Yandex Translate terms of use: name Yandex.Translate wherever its output is shown",
        status_of=_yandex,
    ),
    "papago": Service(
        title="Papago",
        translator="PapagoTranslator",
        table="PAPAGO_LANGUAGE_TO_CODE",
        keys={"client_id": "PAPAGO_CLIENT_ID", "secret_key": "PAPAGO_SECRET_KEY"},
        terms="NAVER terms of use for Papago",
        hindi=False,
        codes={code: code for code in ("ko", "en", "ja", "es", "fr", "vi", "th", "id")} | {"zh": "zh-CN"},
        status_of=_papago,
    ),
    "baidu": Service(
        title="Baidu Translate",
        translator="BaiduTranslator",
        table="BAIDU_LANGUAGE_TO_CODE",
        keys={"appid": "BAIDU_APPID", "appkey": "BAIDU_APPKEY"},
        per_second=1.0,
        longest=2000,
        longest_bytes=6000,
        terms="Baidu Translate open platform terms of service",
        hindi=False,
        codes={"ja": "jp", "ko": "kor", "fr": "fra", "es": "spa", "vi": "vie", "ar": "ara"},
        status_of=_baidu,
    ),
    "chatgpt": Service(
        title="ChatGPT",
        translator="ChatGptTranslator",
        table="GOOGLE_LANGUAGES_TO_CODES",
        keys={"api_key": "OPEN_API_KEY"},
        per_second=3.0,
        terms="OpenAI terms of use; see what they say on competing models",
        status_of=_chatgpt,
    ),
}
