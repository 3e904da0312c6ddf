"""Recall and false flags of the scorer ``leak``: 500 planted questions among real rows.

    python -m recipes.policy.leaks

The benchmark is 500 questions of OK-VQA of more than five words. A fifth each is planted copied (capitals),
translated, back-translated (only the back-translation is the question), lightly paraphrased in English (an
article, "which kind", a contraction), and lightly changed in the translation (a particle, the ending). False
flags are those among the 60,000 rows of VQA v2, of which none is word for word in the benchmark, but some may
be near a question there.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from recipes.policy.common import SHARED, pairs, table
from vqa_builder import languages
from vqa_builder.quality.scorers.leak import Leak, normalised

PLANTED, SEED = 500, 0
KINDS = ("copied", "translated", "back-translated", "paraphrased", "translation changed")
_PARAPHRASES = [
    ("What kind", "Which kind"),
    ("What type", "Which type"),
    ("What is", "What's"),
    (" the ", " this "),
    (" a ", " the "),
    ("Is ", "Isn't "),
]
_CHANGES = {
    "ja": [("ですか？", "でしょうか？"), ("ますか？", "ますか"), ("は", "って"), ("が", "は")],
    "hi": [(" हैं?", " हैं"), ("यह ", "ये "), ("तस्वीर", "फ़ोटो"), (" है?", " है")],
}


def changed(text: str, changes: list[tuple[str, str]]) -> str:
    """A text with the first of the changes that can be made."""
    for old, new in changes:
        if old in text:
            return text.replace(old, new, 1)
    return text.rstrip("?？") + "?"


def planted(row: dict[str, str], kind: str, language: str) -> tuple[str, str, str]:
    """Source, translation and back-translation of a row that holds a benchmark's question."""
    other = "Count all the objects of the upper row."
    return {
        "copied": (row["en"].upper(), "x", other),
        "translated": (other, row[language], other),
        "back-translated": (other, "x", row["en"]),
        "paraphrased": (changed(row["en"], _PARAPHRASES), "x", other),
        "translation changed": (other, changed(row[language], _CHANGES[language]), other),
    }[kind]


def rows_for(language: str) -> list[list[str]]:
    """The rows of the table for a language."""
    with (SHARED.parent / "translations/questions.tsv").open(encoding="utf-8", newline="") as file:
        known = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    translations = {row["en"]: row[language] for row in known}
    long = [row for row in known if row["dataset"] == "okvqa" and len(row["en"].split()) > 5]
    benchmark = random.Random(SEED).sample(long, PLANTED)
    asked = []
    for path in sorted((SHARED / "vqa_v2_60k").glob("vqa_questions_*.json.gz")):
        read = json.loads(gzip.decompress(path.read_bytes()))
        asked += [row["question"] for row in (read["questions"] if isinstance(read, dict) else read)]
    copies = {normalised(row["en"]) for row in benchmark}
    others = [text for text in asked if normalised(text) not in copies]
    kinds = [KINDS[place % len(KINDS)] for place in range(PLANTED)]
    leaks = [planted(row, kind, language) for row, kind in zip(benchmark, kinds, strict=True)]
    texts = [text for row in benchmark for text in (row["en"], row[language])]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "okvqa.txt"
        path.write_text("\n".join(texts), encoding="utf-8")
        started = time.process_time()
        scorer = Leak(languages.get(language), Leak.Options(against=(path,)))
        made = [translations.get(text) or "x" for text in others]
        columns = [list(column) for column in zip(*leaks, strict=True)]
        whole = pairs(others + columns[0], made + columns[1], [*others, *columns[2]])
        flags = scorer.score(whole)["leak"].to_numpy() > 0
        took = time.process_time() - started
    found = Counter(kind for kind, flag in zip(kinds, flags[len(others) :], strict=True) if flag)
    recall = [f"{100 * found[kind] / kinds.count(kind):.0f} %" for kind in KINDS]
    false = flags[: len(others)].mean()
    return [
        [
            language,
            f"{len(flags):,}",
            f"{100 * found.total() / PLANTED:.1f} %",
            *recall,
            f"{100 * false:.2f} %",
            f"{took:.0f} s",
        ]
    ]


def main() -> None:
    """Print the table."""
    header = ["language", "rows", "recall", *KINDS, "false flags", "CPU"]
    print(table(header, [row for language in ("ja", "hi") for row in rows_for(language)]))


if __name__ == "__main__":
    main()
