"""Alignment error rate of the aligners on our gold set.

    python -m recipes.alignment.aer RELEASE... [--encoder FOLDER]

The release's own question pairs and the gold pairs are aligned together, as a build would; the links of the
gold pairs are compared with ``tests/translation/aligners/gold.tsv``: sure links S, possible links P that hold
S, and the links A of the aligner (Och and Ney, Computational Linguistics 29, 2003, section 6.1):

    precision = |A and P| / |A|,  recall = |A and S| / |S|,  AER = 1 - (|A and S| + |A and P|) / (|A| + |S|)
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from vqa_builder import languages, registry
from vqa_builder.release.manifest import load_manifest
from vqa_builder.translation.aligners import words

GOLD = Path(__file__).parents[2] / "tests/translation/aligners/gold.tsv"
Links = set[tuple[int, int]]


class Pair(NamedTuple):
    """A gold pair: its words, and its links as (English, target) positions."""

    en: list[str]
    target: list[str]
    sure: Links
    possible: Links


def gold_pairs(language: str) -> list[Pair]:
    """The gold pairs of one language."""
    lines = GOLD.read_text(encoding="utf-8").splitlines()
    found = []
    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["language"] == language:
            sure, possible = _links(row["sure"]), _links(row["possible"])
            found.append(Pair(row["en"].split(), row["target"].split(), sure, sure | possible))
    return found


def rates(made: list[Links], gold: list[Pair]) -> tuple[float, float, float]:
    """AER, precision and recall over all pairs."""
    links, sure = sum(map(len, made)), sum(len(pair.sure) for pair in gold)
    both = list(zip(made, gold, strict=True))
    in_sure = sum(len(one & pair.sure) for one, pair in both)
    in_possible = sum(len(one & pair.possible) for one, pair in both)
    aer = 1 - (in_sure + in_possible) / (links + sure)
    return aer, in_possible / max(links, 1), in_sure / max(sure, 1)


def release_pairs(release: Path) -> tuple[list[list[str]], list[list[str]]]:
    """The words of the release's unique question pairs."""
    language = load_manifest(release).language
    pairs: dict[tuple[str, str], None] = {}
    for file in sorted(release.glob("data/*.parquet")):
        table = pq.read_table(file, columns=["question_en", "question"])
        pairs |= dict.fromkeys(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return [words(en, "en") for en, _ in pairs], [words(target, language) for _, target in pairs]


def main(releases: list[Path], encoder: str | None) -> None:
    """Print a row of the README's table for every release and aligner."""
    aligners: list[tuple[str, dict[str, str]]] = [("statistical", {})]
    aligners += [("neural", {"folder": encoder})] if encoder else []
    print("| language | aligner | pairs | AER | precision | recall | CPU s |\n|---|---|---|---|---|---|---|")
    for release in releases:
        language = load_manifest(release).language
        gold = gold_pairs(language)
        sources, targets = release_pairs(release)
        for name, options in aligners:
            kind = registry.find("aligners", name)
            aligner = kind(languages.get(language), kind.Options(**options))
            started = time.process_time()
            found = aligner.align(
                [pair.en for pair in gold] + sources, [pair.target for pair in gold] + targets
            )
            took = time.process_time() - started
            made = [{(link["en"], link["target"]) for link in row.as_py()} for row in found[: len(gold)]]
            aer, precision, recall = rates(made, gold)
            print(f"| {language} | {name} | {len(found):,} | {aer:.3f} | {precision:.3f} ", end="")
            print(f"| {recall:.3f} | {took:.1f} |")


def _links(text: str) -> Links:
    return {(int(en), int(target)) for en, target in (link.split("-") for link in text.split())}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("releases", nargs="+", type=Path, metavar="RELEASE")
    parser.add_argument("--encoder", help="folder of a multilingual encoder, to measure neural, too")
    args = parser.parse_args()
    main(args.releases, args.encoder)
