"""Recall of seeded faults: 500 good rows per language, each fault put into each of them, judged at every
preset.

    python -m recipes.policy.seeded_faults

Good rows are VQA v2 questions that the embedded engine translated there and back, and that the strict
preset keeps (for "number", all that state a number and that the balanced one keeps). A fault
changes the translation; the back-translation is made from the changed one by the same engine, so that
nothing is known beforehand. Faults of meaning leave a fluent sentence that says something else. The two
trivial baselines have the bound that loses 1 % of the good rows.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recipes.policy.common import pairs, scores, swapped, table, translate, vqa_questions
from vqa_builder import languages
from vqa_builder.quality.policy import judge
from vqa_builder.quality.policy_config import policy_for, preset_names
from vqa_builder.spec import DEFAULT_SCORES

ROWS, DRAWN, SEED = 500, 1500, 17
ALL, LOST = 10**9, 0.01
MECHANICAL = ("copy", "other script", "loop", "number", "empty", "truncation")

Fault = Callable[[str, str, random.Random], str | None]
"""Source, translation, chance -> the faulty translation; None where the fault cannot be made."""

_ROMAN = {"ja": "kono shashin ni nani ga utsutte imasu ka", "hi": "is tasveer mein kya dikhai de raha hai"}
_DIGITS = re.compile(r"[0-9０-９०-९]+")
# Word for word what turns a sentence of the engine into its opposite, or into another of the same kind.
_NEGATE = {
    "ja": [
        ("ていますか", "ていませんか"),
        ("ありますか", "ありませんか"),
        ("いますか", "いませんか"),
        ("ですか", "ではないですか"),
    ],
    "hi": [(" हैं?", " नहीं हैं?"), (" है?", " नहीं है?")],
}
_NUMBERS = {
    "ja": [("何人", "3人"), ("2", "7"), ("二", "七"), ("3", "8"), ("三", "八"), ("1つ", "4つ")],
    "hi": [(" दो ", " सात "), (" तीन ", " आठ "), ("2", "7"), ("3", "8"), (" चार ", " नौ "), ("4", "9")],
}


def copied(source: str, translation: str, chance: random.Random) -> str:
    """The source, untranslated."""
    return source


def half_translated(source: str, translation: str, chance: random.Random) -> str:
    """The first half of the source before the second half of the translation."""
    words = source.split()
    return " ".join(words[: len(words) // 2 + 1]) + " " + translation[len(translation) // 2 :]


def romanised(language: str) -> Fault:
    """A sentence of the language in Latin letters."""
    return lambda source, translation, chance: _ROMAN[language]


def looped(language: str) -> Fault:
    """A piece of the translation said over and over."""

    def fault(source: str, translation: str, chance: random.Random) -> str:
        units = list(translation) if languages.get(language).unit == "character" else translation.split()
        size = min(chance.randint(1, 4), len(units))
        start = chance.randint(0, len(units) - size)
        joint = "" if languages.get(language).unit == "character" else " "
        piece = units[start : start + size]
        return joint.join([*units[:start], *piece * chance.randint(4, 8), *units[start + size :]])

    return fault


def misnumbered(language: str) -> Fault:
    """Another number, where the translation states one."""

    def fault(source: str, translation: str, chance: random.Random) -> str | None:
        changed = _DIGITS.sub(lambda found: str(int(found[0]) + chance.randint(1, 7)), translation)
        for one, other in _NUMBERS[language] if changed == translation else []:
            if one in f" {translation} ":
                return f" {translation} ".replace(one, other, 1).strip()
        return changed if changed != translation else None

    return fault


def emptied(source: str, translation: str, chance: random.Random) -> str:
    """Nothing, white space or a lonely mark."""
    return chance.choice(["", " ", "\u3000", "?", "？", "。"])


def truncated(source: str, translation: str, chance: random.Random) -> str | None:
    """The first 10-40 % of a translation of eight characters or more."""
    if len(translation) < 8:
        return None
    return translation[: max(1, int(len(translation) * chance.uniform(0.1, 0.4)))].rstrip()


def negated(language: str) -> Fault:
    """The opposite."""

    def fault(source: str, translation: str, chance: random.Random) -> str | None:
        for one, other in _NEGATE[language]:
            if one in translation:
                return translation.replace(one, other, 1)
        return None

    return fault


def measure(language: str) -> list[list[str]]:
    """One table row per fault."""
    source, target = good_rows(vqa_questions(DRAWN, SEED), language)
    english = languages.get("en")
    numbered = [question for question in vqa_questions(ALL, SEED) if english.numerals(question)]
    other = swapped(source, SEED)
    faults: dict[str, Fault] = {
        "copy": copied,
        "copy, half": half_translated,
        "other script": romanised(language),
        "loop": looped(language),
        "empty": emptied,
        "truncation": truncated,
        "negation": negated(language),
    }
    rows = []
    for name, fault in faults.items():
        chance = random.Random(SEED)
        made = [fault(*both, chance) for both in zip(source, target, strict=True)]
        rows.append(row(language, name, source, target, made))
    asked, told = good_rows(numbered, language, "balanced")
    chance = random.Random(SEED)
    wrong = [misnumbered(language)(*both, chance) for both in zip(asked, told, strict=True)]
    rows.append(row(language, "number", asked, told, wrong))
    similar: list[str | None] = [target[at] for at in other]
    rows.append(row(language, "meaning: a similar question's", source, target, similar))
    anything: list[str | None] = [target[(at + 777) % len(target)] for at in range(len(target))]
    rows.append(row(language, "meaning: any question's", source, target, anything))
    untouched: list[str | None] = list(target)
    rows.append(row(language, "none", source, target, untouched))
    return rows


def good_rows(questions: list[str], language: str, preset: str = "strict") -> tuple[list[str], list[str]]:
    """Questions and their translations, as far as a preset keeps them; no more than ``ROWS``."""
    there = translate(questions, "en", language)
    back = translate([text or "" for text in there], language, "en")
    kept = verdicts(measures(questions, there, back, language), there, language, preset)
    good = np.flatnonzero(kept)[:ROWS].tolist()
    return [questions[place] for place in good], [there[place] or "" for place in good]


def row(language: str, name: str, source: list[str], target: list[str], made: list[str | None]) -> list[str]:
    """How many of the faulty translations each preset rejects, and each trivial baseline."""
    places = [at for at, text in enumerate(made) if text is not None and text != target[at]]
    places = places or list(range(len(made)))
    texts, asked = [made[at] or "" for at in places], [source[at] for at in places]
    measured = measures(asked, list(texts), translate(texts, language, "en"), language)
    shares = [~verdicts(measured, list(texts), language, preset) for preset in preset_names()]
    good = [target[at] for at in places]
    honest = measures(asked, list(good), translate(good, language, "en"), language)
    for column in ("chrf", "length"):
        faulty, right = (distance(table, column) for table in (measured, honest))
        shares.append(faulty < np.quantile(right, LOST))
    kind = "mechanical" if name in MECHANICAL else "meaning" if "mean" in name or name == "negation" else ""
    return [language, name, kind, f"{len(places):,}", *(f"{100 * share.mean():.1f} %" for share in shares)]


def distance(measured: pa.Table, column: str) -> NDArray[np.float64]:
    """A score that is high for good; what has none is worst."""
    values: NDArray[np.float64] = np.asarray(measured[column].to_numpy(), dtype=float)
    return np.nan_to_num(values if column == "chrf" else -np.abs(values), nan=-np.inf)


def measures(source: list[str], target: list[str | None], back: list[str | None], language: str) -> pa.Table:
    """The default scores of each row, with its translation."""
    table = pairs(source, target, back)
    return scores(table, language, {name: {} for name in DEFAULT_SCORES})


def verdicts(measured: pa.Table, target: list[str | None], language: str, preset: str) -> NDArray[np.bool_]:
    """Whether each row is kept."""
    segments = pa.table({"segment_id": measured["segment_id"], "role": ["question"] * measured.num_rows})
    texts = measured.select(["segment_id", "language"]).append_column("text", pa.array(target, pa.string()))
    texts = texts.append_column("engine", pa.array(["mini"] * measured.num_rows))
    policy = policy_for(language, preset, measured.column_names)
    verdicts = judge(segments, texts, measured, policy, language)
    return np.asarray(verdicts["keep"].to_numpy(zero_copy_only=False), dtype=bool)


def main() -> None:
    """Print the table."""
    rows = [row for language in ("ja", "hi") for row in measure(language)]
    print(table(["language", "fault", "kind", "rows", *preset_names(), "chrF alone", "length alone"], rows))


if __name__ == "__main__":
    main()
