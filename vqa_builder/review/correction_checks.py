"""Corrections by people that look wrong: named, and taken all the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa

from vqa_builder.quality import policy as policies, scoring
from vqa_builder.quality.policy_config import policy_for
from vqa_builder.quality.scorers.base import PAIRS
from vqa_builder.translation.protect import PLACEHOLDER
from vqa_builder.translation.protected_spans import PATTERNS

CHECKS = ("script", "copy", "loops", "artefacts", "numerals")
CHECKED_BY = "lenient"


class Correction(NamedTuple):
    """A text that people translated.

    Attributes:
        language: into which they did.
        role: ``question`` or ``answer``.
        text: the English text.
        context: the sense of an answer; "" for any.
    """

    language: str
    role: str
    text: str
    context: str


def faults(corrections: Mapping[Correction, str]) -> list[str]:
    """Corrections that look wrong, a line each; people may be right all the same.

    A correction looks wrong where the preset ``lenient`` rejects it for what it shows by itself, where it
    holds a placeholder, and where an address is gone.

    >>> faults({Correction("ja", "question", "Is it red?", ""): "それは赤いですか？"})
    []
    """
    found = {key: _spans(key.text, text) for key, text in corrections.items()}
    for language in dict.fromkeys(key.language for key in corrections):
        some = {key: text for key, text in corrections.items() if key.language == language}
        for key, reasons in zip(some, _reasons(some, language), strict=True):
            found[key] += reasons
    return [
        f"{key.language} {key.text!r} -> {corrections[key]!r}: {', '.join(reasons)}"
        for key, reasons in found.items()
        if reasons
    ]


def _spans(text: str, translation: str) -> list[str]:
    """Placeholders that came in, and addresses that went."""
    there = {match[0] for match in PLACEHOLDER.finditer(text)}
    placeholders = [match[0] for match in PLACEHOLDER.finditer(translation) if match[0] not in there]
    lost = [match[0] for match in PATTERNS["urls"].finditer(text) if match[0] not in translation]
    return [f"placeholder {one}" for one in placeholders] + [f"without {one}" for one in lost]


def _without_addresses(text: str, translation: str) -> str:
    """The translation without what its source has in Latin letters for good reason."""
    for match in PATTERNS["urls"].finditer(text):
        translation = translation.replace(match[0], "")
    return translation


def _reasons(corrections: Mapping[Correction, str], language: str) -> list[list[str]]:
    """What the policy has against each; there are no back-translations yet."""
    count = len(corrections)
    columns = {
        "segment_id": [str(place) for place in range(count)],
        "role": [key.role for key in corrections],
        "source": [key.text for key in corrections],
        "translation": [_without_addresses(key.text, text) for key, text in corrections.items()],
        "back_translation": [None] * count,
    }
    pairs = pa.table(columns, PAIRS)
    scores = {name: scoring.build(name, {}, language).score(pairs) for name in CHECKS}
    keyed = {"segment_id": pairs["segment_id"], "language": pa.repeat(language, count)}
    measured = {name: table[name] for table in scores.values() for name in table.column_names}
    policy = policy_for(language, CHECKED_BY, measured)
    verdicts = policies.judge(
        pairs.select(["segment_id", "role"]),
        pa.table({**keyed, "text": pairs["translation"]}),
        pa.table({**keyed, **measured}),
        policy,
        language,
    )
    reasons: list[list[str]] = verdicts["reasons"].to_pylist()
    return reasons
