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

from recipes.translator import annotate
from recipes.translator.annotate import read_rows
from recipes.translator.data import copied

Translate = Callable[[Sequence[str], str], list[str]]  # texts, "en-ja" -> translations
HERE = Path(__file__).parent / "tables"


@dataclass(frozen=True)
class Test:
    """Sentences with references."""

    name: str
    direction: str
    sources: list[str]
    references: list[str]


class Model:
    """A folder of CTranslate2, with annotations where it has dictionaries.

    Args:
        folder: ``model.bin``, ``spm.model`` and perhaps ``dictionary.LANGUAGE.tsv``.
        beam: hypotheses kept.
        annotated: use the dictionaries.
    """

    def __init__(self, folder: Path, beam: int = 1, annotated: bool = True) -> None:
        import ctranslate2
        import sentencepiece

        self.vocabulary: Any = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spm.model"))
        self.model: Any = ctranslate2.Translator(
            str(folder), device="cpu", compute_type="int8", inter_threads=2, intra_threads=1
        )
        self.beam = beam
        self.books = {
            path.name.split(".")[1]: annotate.read_dictionary(path)
            for path in folder.glob("dictionary.*.tsv")
            if annotated
        }

    def __call__(self, texts: Sequence[str], direction: str) -> list[str]:
        """Translations of all texts."""
        source, target = direction.split("-")
        texts = [self.vocabulary.normalize(text) for text in texts]
        batch = []
        for text, pieces in zip(texts, self.vocabulary.encode(texts, out_type=str), strict=True):
            if source == "en" and target in self.books:
                notes = annotate.known_notes(text, self.books[target])
                encoded = self.vocabulary.encode([note.sense.text for note in notes], out_type=str)
                pieces = annotate.annotated(pieces, notes, encoded)
            batch.append([f"<2{target}>", *pieces])
        results = self.model.translate_batch(
            batch,
            beam_size=self.beam,
            max_batch_size=1024,
            batch_type="tokens",
            max_decoding_length=80,
            disable_unk=True,
        )
        return [self.vocabulary.decode(result.hypotheses[0]) for result in results]


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
    parser.add_argument("--old", type=Path, default=Path("vqa_builder/models/mini_en_ja_hi"))
    parser.add_argument("--most", type=int, default=1000, help="held-out questions of each kind")
    parser.add_argument("--show", type=Path, help="write outputs of the new model here, as JSON")
    args = parser.parse_args()
    systems: dict[str, Translate] = {
        "old": Model(args.old),
        "new": Model(args.model),
        "new, no annotation": Model(args.model, annotated=False),
        "old, beam 4": Model(args.old, beam=4),
        "new, beam 4": Model(args.model, beam=4),
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
