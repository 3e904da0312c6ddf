"""Measure translators side by side: the package's and a new one, greedy and beam, on everything held out.

python -m recipes.translator.evaluate ../shared runs/translator runs/translator/model > tables.md
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from recipes.translator.annotate import read_rows
from recipes.translator.data import copied
from vqa_builder.translation.engines.base import Engine, Failure
from vqa_builder.translation.engines.ctranslate2 import CTranslate2, CTranslate2Options
from vqa_builder.translation.engines.mini import SIDES, side_options
from vqa_builder.translation.request import Request

Translate = Callable[[Sequence[str], str], list[str]]  # texts, "en-ja" -> translations
HERE = Path(__file__).parent / "tables"


@dataclass(frozen=True)
class Test:
    """Sentences with references."""

    name: str
    direction: str
    sources: list[str]
    references: list[str]


def mini(folder: Path, beam: int = 1, slots: bool = True) -> Translate:
    """A pair of models as the package runs them: ``out_of_english`` and ``into_english``."""
    sides = {side: CTranslate2(side_options(folder, side, beam, slots=slots)) for side in SIDES}
    return lambda texts, direction: translated(
        sides["into_english" if direction.endswith("en") else "out_of_english"], texts, direction
    )


def one_model(folder: Path, beam: int = 1) -> Translate:
    """One model for all directions, without slots, as the package's was until now."""
    options = CTranslate2Options(
        model=folder,
        source_prefix="<2{target}>",
        compute_type="int8",
        disable_unk=True,
        beam_size=beam,
        max_decoding_length=80,
    )
    engine = CTranslate2(options)
    return lambda texts, direction: translated(engine, texts, direction)


def translated(engine: Engine, texts: Sequence[str], direction: str) -> list[str]:
    """Translations; nothing where there is none."""
    results = engine.translate(Request(texts, *direction.split("-")))
    return ["" if isinstance(each, Failure) else each for each in results]


def tests(shared: Path, work: Path, most: int = 1000) -> list[Test]:
    """Everything with references that no training saw, both ways."""
    found = []
    for language in ("ja", "hi"):
        for name, english, other in (*held_out(work, language, most), *public(shared / "data", language)):
            found.append(Test(name, f"en-{language}", english, other))
            found.append(Test(name, f"{language}-en", other, english))
    return found


def held_out(work: Path, language: str, most: int) -> Iterator[tuple[str, list[str], list[str]]]:
    """The held-out questions, those of VQA v2 apart."""
    rows = read_rows(work / "held_out.tsv")
    random.Random(0).shuffle(rows)
    for name, own in (("held-out VQA v2", True), ("held-out others", False)):
        some = [row for row in rows if (row["dataset"] == "vqa_v2") is own][:most]
        yield name, [row["en"] for row in some], [row[language] for row in some]


def public(data: Path, language: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """LASER's Tatoeba pairs; VizWiz questions as NLLB-200 translates them; XQuAD questions in Hindi."""
    code = {"ja": "jpn", "hi": "hin"}[language]
    files = [data / "parallel_tatoeba" / f"laser.{code}-eng.{side}" for side in ("eng", code)]
    yield "Tatoeba (LASER)", *(file.read_text(encoding="utf-8").splitlines() for file in files)
    files = [data / "vizwiz_500_multilingual" / f"val_subsample_{each}.json" for each in ("en", language)]
    yield "VizWiz (NLLB)", *([row["question"] for row in json.loads(file.read_bytes())] for file in files)
    if language == "hi":
        files = [data / "xquad" / f"xquad.{each}.json" for each in ("en", "hi")]
        yield "XQuAD", *([*questions_of(json.loads(file.read_bytes()))] for file in files)


def questions_of(squad: dict[str, Any]) -> Iterator[str]:
    """The questions of a file in the format of SQuAD."""
    for article in squad["data"]:
        for paragraph in article["paragraphs"]:
            yield from (each["question"] for each in paragraph["qas"])


def scores(outputs: list[str], references: list[str], direction: str) -> str:
    """chrF and BLEU; BLEU into Japanese on characters."""
    import sacrebleu

    tokenise = "char" if direction.endswith("ja") else "13a"
    bleu = sacrebleu.corpus_bleu(outputs, [references], tokenize=tokenise)
    return f"{sacrebleu.corpus_chrf(outputs, [references]).score:.1f} / {bleu.score:.1f}"


def probe(translate: Translate, language: str) -> tuple[str, list[str]]:
    """The share of probe questions whose noun is right, and the outputs of the others."""
    rows = read_rows(HERE / "probe.tsv")
    outputs = translate([row["en"] for row in rows], f"en-{language}")
    wrong = [
        f"{row['en']} | {output}"
        for row, output in zip(rows, outputs, strict=True)
        if not any(re.sub("ा$", "", form) in output for form in row[language].split("/"))
    ]
    return f"{1 - len(wrong) / len(rows):.1%}", wrong


def copies(translate: Translate, language: str, many: int = 500) -> str:
    """The share of questions about letters and numbers, unseen ones, that keep these as they are."""
    pairs = list(islice(copied(language, seed=99), many))
    outputs = translate([pair.en for pair in pairs], f"en-{language}")
    kept = 0
    for pair, output in zip(pairs, outputs, strict=True):
        alike = set(re.findall(r"[A-Za-z0-9:]+", pair.en)) & set(re.findall(r"[A-Za-z0-9:]+", pair.other))
        kept += alike <= set(re.findall(r"[A-Za-z0-9:]+", output))
    return f"{kept / many:.1%}"


def print_row(*cells: str) -> None:
    """A row of a table in Markdown."""
    print("|", " | ".join(cells), "|", flush=True)


def print_scores(systems: dict[str, Translate], found: list[Test]) -> dict[str, Any]:
    """The table of chrF and BLEU; gives what the second system wrote."""
    written: dict[str, Any] = {}
    print_row("chrF / BLEU on", "direction", "n", *systems)
    print_row("---", "---", "---:", *["---:"] * len(systems))
    for test in found:
        outputs = {name: translate(test.sources, test.direction) for name, translate in systems.items()}
        cells = [scores(each, test.references, test.direction) for each in outputs.values()]
        print_row(test.name, test.direction, str(len(test.sources)), *cells)
        own = list(outputs.values())[1]
        written[f"{test.name} {test.direction}"] = list(zip(test.sources, own, test.references, strict=True))
    return written


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument(
        "--old", type=Path, required=True, help="one model for all directions to compare with"
    )
    parser.add_argument("--most", type=int, default=1000, help="held-out questions of each kind")
    parser.add_argument("--show", type=Path, help="write outputs of the new model here, as JSON")
    args = parser.parse_args()
    systems: dict[str, Translate] = {
        "old": one_model(args.old),
        "new": mini(args.model),
        "new, no slots": mini(args.model, slots=False),
        "old, beam 4": one_model(args.old, beam=4),
        "new, beam 4": mini(args.model, beam=4),
    }
    written = print_scores(systems, tests(args.shared, args.work, args.most))
    print()
    print_row("right", "language", *systems)
    print_row("---", "---", *["---:"] * len(systems))
    for language in ("ja", "hi"):
        nouns = {name: probe(translate, language) for name, translate in systems.items()}
        print_row("noun of 200 probe questions", language, *(share for share, _ in nouns.values()))
        written[f"probe {language}"] = nouns["new"][1]
        kept = [copies(translate, language) for translate in systems.values()]
        print_row("letters and numbers kept, of 500 questions", language, *kept)
    english = [row["en"] for row in read_rows(args.shared / "translations" / "questions.tsv")]
    both = (systems["new"](english[:100], f"en-{to}") for to in ("ja", "hi"))
    written["frequent"] = list(zip(english[:100], *both, strict=True))
    begun = time.monotonic()
    for name, translate in systems.items():
        translate(english[2000:4000], "en-ja")
        print(f"{name}: {2000 / (time.monotonic() - begun):.0f} questions/s")
        begun = time.monotonic()
    if args.show:
        args.show.write_text(json.dumps(written, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
