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
from pathlib import Path
from typing import Any

from recipes.translator.annotate import read_rows
from vqa_builder.translation.engines.base import Engine, Failure
from vqa_builder.translation.engines.ctranslate2 import CTranslate2, CTranslate2Options
from vqa_builder.translation.engines.mini import Mini, MiniOptions
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


def mini(folder: Path, beam: int = 1) -> Translate:
    """Models as the package runs them, in a folder each."""
    return translated_by(Mini(MiniOptions(beam_size=beam), folder))


def one_model(folder: Path) -> Translate:
    """One model for all directions, without slots, as the package's was until now."""
    options = CTranslate2Options(
        model=folder,
        source_prefix="<2{target}>",
        compute_type="int8",
        disable_unk=True,
        max_decoding_length=80,
    )
    return translated_by(CTranslate2(options))


def translated_by(engine: Engine) -> Translate:
    """Translations; nothing where there is none."""

    def translate(texts: Sequence[str], direction: str) -> list[str]:
        source, target = direction.split("-")
        results = engine.translate(Request(texts, source, target))
        return ["" if isinstance(each, Failure) else each for each in results]

    return translate


def tests(shared: Path, work: Path, most: int = 1000, languages: Sequence[str] = ("ja", "hi")) -> list[Test]:
    """Everything with references that no training saw, both ways."""
    found = []
    for language in languages:
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
    english, other = (file.read_text(encoding="utf-8").splitlines() for file in files)
    yield "Tatoeba (LASER)", english, other
    files = [data / "vizwiz_500_multilingual" / f"val_subsample_{each}.json" for each in ("en", language)]
    english, other = ([row["question"] for row in json.loads(file.read_bytes())] for file in files)
    yield "VizWiz (NLLB)", english, other
    if language == "hi":
        files = [data / "xquad" / f"xquad.{each}.json" for each in ("en", "hi")]
        english, other = ([*questions_of(json.loads(file.read_bytes()))] for file in files)
        yield "XQuAD", english, other


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
    rows = read_rows(HERE / f"probe.{language}.tsv")
    outputs = translate([row["question"] for row in rows], f"en-{language}")
    wrong = [
        f"{row['noun']} | {row['question']} | {output}"
        for row, output in zip(rows, outputs, strict=True)
        if not any(re.sub("ा$", "", form.strip()) in output for form in row["accepted"].split("|"))
    ]
    return f"{1 - len(wrong) / len(rows):.1%}", wrong


def print_row(*cells: str) -> None:
    """A row of a table in Markdown."""
    print("|", " | ".join(cells), "|", flush=True)


def print_scores(systems: dict[str, Translate], found: list[Test]) -> dict[str, Any]:
    """The table of chrF and BLEU; gives what the last one wrote."""
    written: dict[str, Any] = {}
    print_row("chrF / BLEU on", "direction", "n", *systems)
    print_row("---", "---", "---:", *["---:"] * len(systems))
    for test in found:
        outputs = {name: translate(test.sources, test.direction) for name, translate in systems.items()}
        cells = [scores(each, test.references, test.direction) for each in outputs.values()]
        print_row(test.name, test.direction, str(len(test.sources)), *cells)
        written[f"{test.name} {test.direction}"] = list(
            zip(test.sources, [*outputs.values()][-1], test.references, strict=True)
        )
    return written


def ways(name: str, folder: Path, beam: int) -> dict[str, Translate]:
    """A model in either layout: greedy, and where it is three as the package runs them."""
    if not (folder / "into_english").is_dir():
        return {name: one_model(folder)}
    return {name: mini(folder), f"{name}, beam {beam}": mini(folder, beam)}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--beside", type=Path, nargs="*", default=[], help="earlier models to compare with")
    parser.add_argument("--most", type=int, default=1000, help="held-out questions of each kind")
    parser.add_argument("--languages", nargs="+", default=["ja", "hi"], choices=("ja", "hi"))
    parser.add_argument("--beam", type=int, default=4)
    parser.add_argument("--show", type=Path, help="write outputs of the new model here, as JSON")
    args = parser.parse_args()
    systems: dict[str, Translate] = {
        way: translate
        for name, folder in [*((each.name, each) for each in args.beside), ("new", args.model)]
        for way, translate in ways(name, folder, args.beam).items()
    }
    written = print_scores(systems, tests(args.shared, args.work, args.most, args.languages))
    print()
    print_row("right", "language", *systems)
    print_row("---", "---", *["---:"] * len(systems))
    for language in args.languages:
        nouns = {name: probe(translate, language) for name, translate in systems.items()}
        print_row("noun of 200 probe questions", language, *(share for share, _ in nouns.values()))
        written[f"probe {language}"] = [*nouns.values()][-1][1]
    english = [row["en"] for row in read_rows(args.shared / "translations" / "questions.tsv")]
    *_, shipped = systems.values()
    frequent = (shipped(english[:100], f"en-{language}") for language in args.languages)
    written["frequent"] = list(zip(english[:100], *frequent, strict=True))
    for name, translate in systems.items():
        begun = time.process_time()
        translate(english[2000:4000], f"en-{args.languages[0]}")
        print(f"{name}: {2000 / (time.process_time() - begun):.0f} questions per CPU second")
    if args.show:
        args.show.write_text(json.dumps(written, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
