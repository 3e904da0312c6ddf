"""Warnings for the card: a sentence for every number of the manifest that speaks against the release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vqa_builder.answers.alignment import ENGINE, UNTRANSLATED
from vqa_builder.answers.winners import CHANGED
from vqa_builder.escaping import markdown_code
from vqa_builder.quality.policy_config import unfitted
from vqa_builder.quality.round_trip import Measured
from vqa_builder.translation import phrasebook

SHOWN_REASONS = 3

Counts = Mapping[str, Any]


def card_warnings(manifest: Mapping[str, Any]) -> list[str]:
    """Sentences in Markdown; what the manifest does not count is passed over.

    Args:
        manifest: as ``manifest.describe`` makes it.
    """
    counts = manifest["counts"]
    parts = (
        _rejected,
        _unjudged,
        _round_trip,
        _duplicates,
        _kept_by_type,
        _failed,
        _answers,
        _outside,
        _drift,
    )
    found = [sentence for part in parts for sentence in part(counts)]
    return [*found, *_engines(manifest), *_people(counts)]


def share(part: float, whole: float) -> str:
    """A share as people write it.

    >>> share(1, 8), share(1, 30_000), share(0, 5), share(9_999, 10_000)
    ('12.5 %', 'under 0.1 %', '0 %', 'over 99.9 %')
    """
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 0.1:
        return "under 0.1 %"
    if 99.9 < percent < 100:
        return "over 99.9 %"
    return f"{percent:.1f} %".replace(".0 %", " %")


def _rejected(counts: Counts) -> Iterator[str]:
    source, rejected = (sum(counts[step].values()) for step in ("source", "rejected"))
    if not rejected:
        return
    reasons = list(counts.get("reasons", {}).items())[:SHOWN_REASONS]
    named = ", ".join(f"{markdown_code(reason)} ({share(rows, source)})" for reason, rows in reasons)
    told = f", most often by {named}" if named else ""
    yield (
        f"Of the source's questions {share(rejected, source)} were rejected{told}; a row can have several "
        "reasons."
    )


def _round_trip(counts: Counts) -> Iterator[str]:
    yield from Measured(**(counts.get("round_trip") or {})).told()


def _duplicates(counts: Counts) -> Iterator[str]:
    found = counts.get("duplicates") or {}
    if again := found.get("same", 0) + found.get("near", 0):
        yield (
            f"{again:,} kept rows ask what another row asks on the same image, {found['same']:,} of them in "
            "the same words; `repeated_rows.jsonl` names them."
        )
    if pairs := found.get("shared_pairs"):
        yield (
            f"{pairs:,} kept rows have a question and an answer that stand in another split, too; "
            "`repeated_rows.jsonl` names those of the later split."
        )
    looks = (counts.get("images") or {}).get("problems") or {}
    if leaked := looks.get("leaked"):
        yield f"{leaked:,} images look like one of another split; `image_problems.jsonl` names them."


def _unjudged(counts: Counts) -> Iterator[str]:
    """Rules that had no score to look at, in all rows or in some."""
    judged, total = counts.get("judged") or {}, sum(counts["source"].values())
    if idle := [markdown_code(rule) for rule, rows in judged.items() if not rows]:
        yield f"These rules of the policy judged nothing, as no row has their score: {', '.join(idle)}."
    if partly := {rule: rows for rule, rows in judged.items() if 0 < rows < total}:
        shares = ", ".join(f"{markdown_code(rule)} {share(rows, total)}" for rule, rows in partly.items())
        yield f"Rules judge only rows that have their score; share of the source's questions: {shares}."


def _kept_by_type(counts: Counts) -> Iterator[str]:
    kinds = counts.get("answer_types") or {}
    if len(kinds) < 2 or not any(counts["rejected"].values()):
        return
    shares = ", ".join(
        f"{markdown_code(kind)} {share(rows['kept'], rows['source'])}" for kind, rows in kinds.items()
    )
    yield f"Kept rows are not distributed as the source's; kept by answer type: {shares}."


def _failed(counts: Counts) -> Iterator[str]:
    for role, found in (counts.get("translations") or {}).items():
        if found.get("failed"):
            strings = counts["segments"][role]["strings"]
            yield f"No engine translated {found['failed']:,} of {strings:,} distinct {role}s."


def _answers(counts: Counts) -> Iterator[str]:
    answers = counts.get("answers") or {}
    methods, merges = answers.get("methods") or {}, answers.get("merges") or {}
    every = sum(found["answers"] for found in methods.values())
    mass = {method: methods[method]["answers"] for method in (UNTRANSLATED, ENGINE) if method in methods}
    if untranslated := mass.get(UNTRANSLATED):
        yield (
            f"No verified translation was found for labels that make up {share(untranslated, every)} of the "
            "annotators' answers that are labels; they stay in English."
        )
    if mass.get(ENGINE):
        yield (
            f"Engines alone chose the translation of labels that make up {share(mass[ENGINE], every)} of "
            "them, judged by whether it comes back into English."
        )
    flagged = (merges.get("flagged") or {}).get("answers")
    if flagged:
        yield (
            f"Labels that nobody said mean the same read alike in {share(flagged, every)} of them; their "
            "`merge` is `flagged`."
        )


def _outside(counts: Counts) -> Iterator[str]:
    rows = _covered(counts)
    outside = sum(found["rows"] - found["inside"] for found in rows.values())
    if outside:
        total = sum(found["rows"] for found in rows.values())
        yield (
            f"The most frequent answer of {share(outside, total)} of the rows with answers is no label; it "
            "cannot be learnt as a class."
        )


def _drift(counts: Counts) -> Iterator[str]:
    changed = ((counts.get("answers") or {}).get("drift") or {}).get(CHANGED)
    if changed:
        total = sum(found["rows"] for found in _covered(counts).values())
        yield (
            f"In {changed:,} rows ({share(changed, total)} of those with answers) another answer is the most "
            "frequent one after translation than in English."
        )


def _engines(manifest: Mapping[str, Any]) -> Iterator[str]:
    signatures = manifest.get("signatures") or {}
    back = signatures.get("back_engine") or []
    if both := [one for one in signatures.get("engine") or [] if one in back]:
        named = ", ".join(_engine(one) for one in both)
        yield (
            f"{named} translates in both directions: a fault that it makes both ways is not seen by the "
            "scores that compare the round trip with the English question."
        )
    used: dict[str, int] = {}
    for signature, rows in (manifest["counts"].get("engines") or {}).items():
        engine = signature.partition("|protect:")[0]
        used[engine] = used.get(engine, 0) + rows
    if len(used) > 1:
        total = sum(used.values())
        named = ", ".join(f"{_engine(name)} {share(rows, total)}" for name, rows in used.items())
        yield f"Questions differ in style by who translated them, the column `engine`: {named}."
    phrases = sum(rows for name, rows in used.items() if name.startswith(f"{phrasebook.NAME}|"))
    if phrases:
        yield (
            f"{share(phrases, sum(used.values()))} of the questions ({phrases:,}) come from the phrasebook "
            f"of vqa-builder: {phrasebook.ORIGIN}."
        )
    names = (engine["name"] for engine in manifest.get("engines") or [])
    if told := unfitted((manifest.get("spec") or {}).get("policy"), names, markdown_code):
        yield told
    unknown = [engine["name"] for engine in manifest.get("engines") or [] if not engine.get("licence")]
    if unknown:
        named = ", ".join(markdown_code(name) for name in dict.fromkeys(unknown))
        yield f"Which terms the output of {named} comes under is not known to the builder."


def _engine(signature: str) -> str:
    """An engine's name, from its signature."""
    return markdown_code(signature.partition("|")[0])


def _people(counts: Counts) -> Iterator[str]:
    if overruled := counts.get("overruled"):
        named = ", ".join(f"{markdown_code(reason)} {strings:,}" for reason, strings in overruled.items())
        yield f"Translations that people wrote are kept against the scores; strings by reason: {named}."


def _covered(counts: Counts) -> Mapping[str, Mapping[str, int]]:
    return ((counts.get("answers") or {}).get("coverage") or {}).get("split") or {}
