"""Measure translators side by side: the package's and a new one, greedy and beam, on everything held out.

python -m recipes.translator.evaluate ../shared runs/translator runs/translator/model > tables.md
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recipes.translator import annotate
from recipes.translator.annotate import read_rows

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
    """Everything held out that has references."""
    found = []
    held = read_rows(work / "held_out.tsv")
    random.Random(0).shuffle(held)
    for language in ("ja", "hi"):
        for sets in (("vqa_v2",), ("okvqa", "gqa", "textvqa", "vizwiz")):
            rows = [row for row in held if row["dataset"] in sets][:most]
            name = "held-out VQA v2" if sets == ("vqa_v2",) else "held-out others"
            english, other = [row["en"] for row in rows], [row[language] for row in rows]
            found.append(Test(name, f"en-{language}", english, other))
            found.append(Test(name, f"{language}-en", other, english))
    tatoeba = shared / "data" / "parallel_tatoeba"
    for language, code in (("ja", "jpn"), ("hi", "hin")):
        english, other = (
            (tatoeba / f"laser.{code}-eng.{side}").read_text(encoding="utf-8").splitlines()
            for side in ("eng", code)
        )
        found.append(Test("Tatoeba (LASER)", f"en-{language}", english, other))
        found.append(Test("Tatoeba (LASER)", f"{language}-en", other, english))
    return found


def scores(outputs: list[str], references: list[str], direction: str) -> tuple[float, float]:
    """chrF and BLEU; BLEU into Japanese on characters."""
    import sacrebleu

    tokenise = "char" if direction.endswith("ja") else "13a"
    chrf = sacrebleu.corpus_chrf(outputs, [references]).score
    return chrf, sacrebleu.corpus_bleu(outputs, [references], tokenize=tokenise).score


def probe(translate: Translate, language: str) -> tuple[float, list[str]]:
    """The share of probe questions whose noun is right, and the outputs that were not."""
    rows = read_rows(HERE / "probe.tsv")
    outputs = translate([row["en"] for row in rows], f"en-{language}")
    wrong = [
        f"{row['en']} | {output}"
        for row, output in zip(rows, outputs, strict=True)
        if not any(re.sub("ा$", "", form) in output for form in row[language].split("/"))
    ]
    return 1 - len(wrong) / len(rows), wrong


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--old", type=Path, default=Path("vqa_builder/models/mini_en_ja_hi"))
    parser.add_argument("--most", type=int, default=1000)
    parser.add_argument("--show", type=Path, help="write outputs of the new model here, as JSON")
    args = parser.parse_args()
    systems: dict[str, Translate] = {
        "mini": Model(args.old),
        "new": Model(args.model),
        "new, no annotation": Model(args.model, annotated=False),
        "new, beam 4": Model(args.model, beam=4),
    }
    print("| test | direction | n |", " | ".join(f"{name} chrF / BLEU" for name in systems), "|")
    print("|---|---|---:|" + "---:|" * len(systems))
    shown: dict[str, Any] = {}
    for test in tests(args.shared, args.work, args.most):
        cells = []
        for name, translate in systems.items():
            outputs = translate(test.sources, test.direction)
            cells.append("{:.1f} / {:.1f}".format(*scores(outputs, test.references, test.direction)))
            if name == "new":
                shown[f"{test.name} {test.direction}"] = list(
                    zip(test.sources, outputs, test.references, strict=True)
                )
        print(f"| {test.name} | {test.direction} | {len(test.sources)} |", " | ".join(cells), "|", flush=True)
    print("\n| noun of 200 probe questions right |", " | ".join(systems), "|")
    print("|---|" + "---:|" * len(systems))
    for language in ("ja", "hi"):
        found = {name: probe(translate, language) for name, translate in systems.items()}
        print(f"| {language} |", " | ".join(f"{share:.1%}" for share, _ in found.values()), "|", flush=True)
        shown[f"probe {language}"] = found["new"][1]
    english = [row["en"] for row in read_rows(args.shared / "translations" / "questions.tsv")]
    shown["frequent"] = [
        list(each)
        for each in zip(
            english[:100], *(systems["new"](english[:100], f"en-{to}") for to in ("ja", "hi")), strict=True
        )
    ]
    for name, translate in systems.items():
        begin = time.monotonic()
        translate(english[2000:4000], "en-ja")
        print(f"\n{name}: {2000 / (time.monotonic() - begin):.0f} questions/s", end="")
    print()
    if args.show:
        args.show.write_text(json.dumps(shown, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
