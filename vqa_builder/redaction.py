"""Secrets taken out of what people may read, in whatever form a service repeats them."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Collection, Iterator
from urllib.parse import quote, quote_plus

__all__ = ["redact", "redact_masked", "repeats"]

HIDDEN = "***"
SHORTEST_BEGINNING = 12
"""Of shorter keys no part is looked for: it might stand in any word."""
SHOWN_END = 8
"""So many last characters show a key whose beginning stands elsewhere, as where a line was broken."""
SHORTEST_RECODED = 6
"""Shorter ones, such as the ``x`` that a local server is content with, are not looked for in other codes."""
_MASK = r"(?:[*•#]{2,}|\.{3}|…|[xX]{4,})"
_LIKE_A_SECRET = re.compile(
    r"(?i)\b(?:bearer|basic)\s+[\w.+/=~-]+|\b(?:sk|hf|ghp|xox[a-z])[-_][\w-]{8,}|(?<=://)[^\s/@]+:[^\s/@]+(?=@)"
)


def redact(text: str, secrets: Collection[str] = ()) -> str:
    """The text without some secrets, recoded ones too, and without what looks like one: tokens, passwords.

    Args:
        text: anything.
        secrets: each is also found percent-encoded, escaped, in hexadecimal digits, and in base64 wherever it
            begins within what was encoded; empty ones are none.

    >>> redact("GET https://me:hunter2@example.org: Authorization: Bearer abc.def")
    'GET https://***@example.org: Authorization: ***'
    >>> redact("the header was QmVhcmVyIHMzY3JldC1rZXk=", ["s3cret-key"])
    'the header was QmVhcmVyIH***k='
    """
    forms = {form for secret in filter(None, secrets) for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = re.sub(re.escape(form), HIDDEN, text, flags=re.IGNORECASE)
    return _LIKE_A_SECRET.sub(HIDDEN, text)


def redact_masked(text: str, secrets: Collection[str]) -> str:
    """The same, also where a service shows the beginning or the end of a key, or both around a mask.

    >>> redact_masked("Incorrect API key provided: sk-ab********wxyz", ["sk-abc12345-tuvwxyz"])
    'Incorrect API key provided: ***'
    """
    text = redact(text, secrets)
    for secret in secrets:
        if len(secret) >= SHORTEST_BEGINNING:
            begin, four, end = (re.escape(part) for part in (secret[:6], secret[:4], secret[-4:]))
            last = re.escape(secret[-SHOWN_END:])
            cut = rf"{begin}[^\s\"',;)]*|[^\s\"',;(]*{last}"
            shown = rf"{cut}|{four}\S{{0,4}}{_MASK}\S*|[^\s\"']*{_MASK}\S{{0,4}}{end}"
            text = re.sub(shown, HIDDEN, text, flags=re.IGNORECASE)
    return text


def repeats(text: str, secrets: Collection[str]) -> bool:
    """Whether a text holds one of some secrets, recoded or not, in any case; short ones may be words.

    >>> repeats("the header was Bearer sk-abc12345-tuvwxyz", ["sk-abc12345-tuvwxyz"]), repeats("x", ["x"])
    (True, False)
    """
    long = (secret for secret in secrets if len(secret) >= SHORTEST_BEGINNING)
    text = text.lower()
    return any(form.lower() in text for secret in long for form in _forms(secret))


def _forms(secret: str) -> Iterator[str]:
    data = secret.encode(errors="surrogateescape")
    yield from (secret, quote(secret, safe=""), quote_plus(secret), html.escape(secret))
    yield json.dumps(secret)[1:-1]
    if len(data) < SHORTEST_RECODED:
        return
    yield data.hex()
    for encode in (b64encode, urlsafe_b64encode):
        for before in range(3):  # the place of the secret within a group of three bytes
            whole = encode(bytes(before) + data).decode().rstrip("=")
            begin, end = (before * 8 + 5) // 6, (before + len(data)) * 8 // 6
            yield whole[begin:end]
