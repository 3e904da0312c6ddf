"""What each rule of a preset that needs no round trip rejects of people's translations, by kind of text.

    python -m recipes.policy.true_texts

Rejections here are false. Questions: those of Tatoeba (that end in a question mark), XQuAD's, and the careful
questions of this project, which a language model wrote. Long text: NTREX's news. Each rule counts by itself,
so that a row with two faults counts in both; "any" is what the preset rejects in all.
"""

from __future__ import annotations

import csv
import random
from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from recipes.policy.common import SHARED, lines, pairs, scores, table, xquad_questions
from vqa_builder.quality.policy import judge
from vqa_builder.quality.policy_config import policy_for, preset_names
from vqa_builder.quality.rules import reason_codes
from vqa_builder.spec import DEFAULT_SCORES

CODES = {"ja": ("jpn", "jpn"), "hi": ("hin", "hin")}
CAREFUL, SHOWN, SEED = 5000, 4, 7

Texts = tuple[list[str], list[str]]


def tatoeba(language: str) -> Texts:
    """Its questions."""
    code = CODES[language][0]
    both = zip(
        lines(f"parallel_tatoeba/opus.eng-{code}.eng"),
        lines(f"parallel_tatoeba/opus.eng-{code}.{code}"),
        strict=True,
    )
    asked = [pair for pair in both if pair[0].endswith("?")]
    return [one for one, _ in asked], [other for _, other in asked]


def careful(language: str) -> Texts:
    """Some of the questions that were translated line by line."""
    with (SHARED.parent / "translations/questions.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    chosen = random.Random(SEED).sample(rows, CAREFUL)
    return [row["en"] for row in chosen], [row[language] for row in chosen]


def kinds(language: str) -> dict[str, Texts]:
    """Kind of text -> English and people's translations."""
    found = {"Tatoeba's questions": tatoeba(language), "careful questions": careful(language)}
    if language == "hi":
        english, hindi = xquad_questions("en"), xquad_questions("hi")
        found["XQuAD's questions"] = [english[name] for name in hindi], list(hindi.values())
    news = {code: lines(f"ntrex/newstest2019-{name}.txt") for code, name in NTREX.items()}
    return found | {"NTREX's news": (news["en"], news[language])}


NTREX = {"en": "src.eng", "ja": "ref.jpn", "hi": "ref.hin"}


def rejected(texts: Texts, language: str) -> dict[str, tuple[float, Counter[str]]]:
    """Preset -> the share that it rejects, and of each rule in percent."""
    source, target = texts
    measured = scores(
        pairs(source, list(target), [None] * len(source)), language, {name: {} for name in DEFAULT_SCORES}
    )
    keys = {name: measured[name] for name in ("segment_id", "language")}
    segments = pa.table(
        {"segment_id": keys["segment_id"], "role": ["question"] * len(source), "text": source}
    )
    made = pa.table({**keys, "text": target, "engine": ["people"] * len(source)})
    found = {}
    for preset in preset_names():
        policy = policy_for(language, {"preset": preset, "round_trip": "never"}, measured.column_names)
        verdicts = judge(segments, made, measured, policy, language)
        codes = reason_codes(pc.list_flatten(verdicts["reasons"])).to_pylist()
        shares = Counter({code: 100 * many / len(source) for code, many in Counter(codes).items()})
        found[preset] = 100 * (1 - pc.mean(verdicts["keep"]).as_py()), shares
    return found


def main() -> None:
    """Print the table."""
    rows = []
    for language in CODES:
        for kind, texts in kinds(language).items():
            for preset, (share, rules) in rejected(texts, language).items():
                told = ", ".join(f"{rule} {of:.2f} %" for rule, of in rules.most_common(SHOWN))
                rows.append([language, kind, f"{len(texts[0]):,}", preset, f"{share:.2f} %", told or "none"])
    print(table(["language", "text", "rows", "preset", "any", "the heaviest rules"], rows))


if __name__ == "__main__":
    main()
