"""The card says what the numbers say against a release, and nothing that they do not."""

from __future__ import annotations

import re
from typing import Any

from vqa_builder.release import card, manifest
from vqa_builder.release.card_warnings import card_warnings
from vqa_builder.release.contents import ReleaseContents

COUNTS: dict[str, Any] = {
    "source": {"train": 900, "validation": 100},
    "kept": {"train": 650, "validation": 80},
    "rejected": {"train": 250, "validation": 20},
    "reasons": {"chrf<30": 180, "content": 90, "langid<0.5": 12, "copy": 3},
    "answer_types": {"number": {"source": 200, "kept": 100}, "other": {"source": 800, "kept": 630}},
    "segments": {"question": {"rows": 1000, "strings": 800}, "answer": {"rows": 9000, "strings": 400}},
    "translations": {"question": {"ok": 798, "failed": 2}, "answer": {"ok": 400, "failed": 0}},
    "answers": {
        "coverage": {"split": {"train": {"rows": 900, "inside": 840}}, "answer_type": {}},
        "methods": {
            "colour": {"entries": 10, "answers": 750},
            "engine": {"entries": 40, "answers": 200},
            "untranslated": {"entries": 9, "answers": 50},
        },
        "merges": {"none": {"entries": 50, "answers": 960}, "flagged": {"entries": 2, "answers": 40}},
        "drift": {"winner changed": 45, "agreement rose": 100, "agreement fell": 0},
    },
    "engines": {"nllb|v1": 900, "human": 100},
    "overruled": {"chrf<30": 7},
}
MANIFEST: dict[str, Any] = {
    "counts": COUNTS,
    "signatures": {"engine": ["nllb|v1"], "back_engine": ["nllb|v1", "mini|v1"]},
    "engines": [{"name": "nllb", "licence": None}, {"name": "mini", "licence": "CC-BY-2.0"}],
}
EXPECTED = [
    r"27 % were rejected, most often by `chrf<30` \(18 %\), `content` \(9 %\), `langid<0.5` \(1.2 %\);",
    r"kept by answer type: `number` 50 %, `other` 78.8 %\.",
    r"No engine translated 2 of 800 distinct questions\.",
    r"No verified translation was found for labels that make up 5 % of",
    r"Engines alone chose the translation of labels that make up 20 % of",
    r"read alike in 4 % of them",
    r"of 6.7 % of the rows with answers is no label",
    r"In 45 rows \(5 % of those with answers\)",
    r"^`nllb` translates in both directions",
    r"the column `engine`: `nllb` 90 %, `human` 10 %\.",
    r"fitted on what mini translates there and back, not on `nllb`: how much",
    r"the output of `nllb` comes under is not known",
    r"kept against the scores; strings by reason: `chrf<30` 7\.",
]


def test_every_number_that_speaks_against_a_release_is_told() -> None:
    found = card_warnings(MANIFEST)
    assert len(found) == len(EXPECTED)
    for sentence, pattern in zip(found, EXPECTED, strict=True):
        assert re.search(pattern, sentence), sentence


def test_a_release_without_faults_has_no_warnings_of_its_own() -> None:
    counts = {**COUNTS, "rejected": {"train": 0}, "answers": {}, "translations": {}}
    quiet: dict[str, Any] = {
        "counts": {**counts, "engines": {"nllb|v1": 9}, "overruled": {}},
        "signatures": {},
        "engines": [],
    }
    assert card_warnings(quiet) == []
    behind_a_guard = {"nllb|v1": 9, "nllb|v1|protect:1+numbers": 3, "nllb|v1|protect:1+numbers+terms": 1}
    assert card_warnings({**quiet, "counts": {**quiet["counts"], "engines": behind_a_guard}}) == []


def test_the_card_shows_warnings_attrition_and_what_people_wrote(ja: ReleaseContents) -> None:
    described = manifest.describe(ja)
    described["counts"] |= {name: COUNTS[name] for name in ("answer_types", "answers", "overruled")}
    described["counts"]["people"] = {
        "question": {"rows": 3, "strings": 1},
        "answer": {"rows": 0, "strings": 0},
    }
    described["asserted"] = {"en-ja": {"entries": 1, "fingerprint": "0" * 64}}
    text = card.render(described, card.schemas(ja), card.sample(ja))
    known = text.split("## Known limits")[1]
    assert all(f"- {sentence}" in known for sentence in card_warnings(described))
    for line in (
        "| number | 200 | 100 | 50 % |",
        "| winner changed | 45 | 5 % |",
        "by direction en-ja 1.",
        "| question | 3 | 1 |",
    ):
        assert line in text


def test_the_origin_of_the_phrasebook_is_told_in_plain_words() -> None:
    counts = {**COUNTS, "engines": {"phrasebook|sha:1": 30, "mini|v1": 70}}
    told = " ".join(card_warnings({**MANIFEST, "counts": counts}))
    assert "30 % of the questions (30) come from the phrasebook" in told
    assert "a large language model wrote line by line, not checked by professional translators" in told
