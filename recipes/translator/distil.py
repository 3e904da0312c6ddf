"""Questions as a large engine translates them, filtered by the policy: what a small student learns from.

    python -m recipes.translator.distil build.yaml runs/taught \\
        --teacher '{"type": "ctranslate2", "model": "nllb-3.3b-int8", ...}'
    python -m recipes.translator.data ../shared runs/student --questions runs/taught/questions.tsv

``build.yaml`` names the maintainer's own questions, in any format that the package reads. The teacher
translates every distinct one once, through the memory beside the spec; the policy throws out what does not
come back or is not in the language; the rest is written in the columns of ``translations/questions.tsv``.
Source: Kim and Rush, Sequence-Level Knowledge Distillation (EMNLP 2016).
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from recipes.lib.config import validate
from recipes.lib.questions import Questions, load_questions
from vqa_builder import build, load_spec
from vqa_builder.spec import Spec, Translation

COLUMNS = ("dataset", "count", "en", "ja", "hi")


def taught_by(spec: Spec, teacher: dict[str, Any]) -> Spec:
    """The spec with another engine, which also translates back."""
    translate = validate(Translation, {"engine": teacher}, "--teacher")
    return spec.model_copy(update={"translate": translate, "back_translate": None})


def collect(name: str, kept: Iterable[Questions]) -> list[dict[str, str]]:
    """One row per English question that the policy kept in any language, the most frequent first.

    Args:
        name: for the column ``dataset``.
        kept: of every language and split.
    """
    found: dict[str, dict[str, str]] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for questions in kept:
        for english, text in zip(questions.text_en, questions.text, strict=True):
            row = found.setdefault(
                english, {"dataset": name, "count": "0", "en": english, "ja": "", "hi": ""}
            )
            row[questions.language] = text
            counts[english, questions.language] += 1
    for english, row in found.items():
        row["count"] = str(max(counts[english, language] for language in ("ja", "hi")))
    return sorted(found.values(), key=lambda row: (-int(row["count"]), row["en"]))


def main() -> None:
    """Build with the teacher, and write what was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("spec", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--teacher", type=json.loads, help="an engine as in a spec; the spec's own if not given"
    )
    args = parser.parse_args()
    spec = load_spec(args.spec)
    if args.teacher:
        spec = taught_by(spec, args.teacher if isinstance(args.teacher, dict) else {"type": args.teacher})
    kept = [
        load_questions(release.folder, key.removeprefix("data/"))
        for release in build(spec, args.out, languages=["ja", "hi"])
        for key, table in release.manifest.tables.items()
        if key.startswith("data/") and table["rows"]
    ]
    rows = collect(spec.name, kept)
    lines = ["\t".join(COLUMNS), *("\t".join(row[name] for name in COLUMNS) for row in rows)]
    (args.out / "questions.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(rows):,} questions in {args.out / 'questions.tsv'}")


if __name__ == "__main__":
    main()
