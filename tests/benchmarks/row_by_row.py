"""The script that people write today against a build's translation, on the same questions and their answers.

    python tests/benchmarks/row_by_row.py VQA_FOLDER [--questions 5000] [--language ja]

VQA_FOLDER holds vqa_questions_train.json.gz and vqa_annotatons_train.json.gz. Both sides translate into one
language with the CTranslate2 model of the engine mini, on all cores of the machine, from rows in memory to
rows in memory. The script is ``datasets.map`` over batches of 32 rows, in the order of the file: one call of
the model for their questions, one for their first answers, and so on to the tenth, decoded as the model's
README says (``--joined``: one call for all the answers of a batch). Ours finds the distinct strings, writes
the translation memory to the disk, checks every result and puts it into all its rows.

The more questions, the more strings are repeated, and the greater the ratio.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vqa_builder.translation.engines.mini import DIRECTIONS, MODELS, Mini
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.request import Request
from vqa_builder.translation.run import translate

ROWS = 32
GOAL = 8.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--questions", type=int, default=5000)
    parser.add_argument("--language", default="ja", choices=("ja", "hi"))
    parser.add_argument("--joined", action="store_true")
    asked = parser.parse_args()
    questions, answers = read(asked.folder, asked.questions)
    given = [answer for row in answers for answer in row]
    print(
        f"{len(questions):,} questions ({len(set(questions)):,} distinct), "
        f"{len(given):,} answers ({len(set(given)):,} distinct), into {asked.language}"
    )
    with Mini(Mini.Options()) as mini:
        mini.translate(Request(questions[:64], "en", asked.language))
        ours, counts = timed(lambda: as_a_build(mini, questions, given, asked.language))
    script, calls = timed(lambda: row_by_row(questions, answers, asked.language, asked.joined))
    print(f"the script: {script:.1f} s, {calls:,} calls; a build's translation: {ours:.1f} s, {counts}")
    print(f"{script / ours:.1f} times as fast (goal: {GOAL:g})")


def read(folder: Path, limit: int) -> tuple[list[str], list[list[str]]]:
    """The first questions, and the ten answers of each."""
    with gzip.open(folder / "vqa_questions_train.json.gz") as file:
        asked = json.load(file)
    with gzip.open(folder / "vqa_annotatons_train.json.gz") as file:
        said = json.load(file)
    asked = asked["questions"] if isinstance(asked, dict) else asked
    said = said["annotations"] if isinstance(said, dict) else said
    answers = {entry["question_id"]: [one["answer"] for one in entry["answers"]] for entry in said}
    rows = asked[:limit]
    return [row["question"] for row in rows], [answers[row["question_id"]] for row in rows]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def as_a_build(mini: Mini, questions: list[str], answers: list[str], language: str) -> str:
    """What a build does between its segments and its rows."""
    roles = {"question": questions, "answer": answers}
    with tempfile.TemporaryDirectory() as folder, TranslationMemory(Path(folder) / "m.sqlite") as memory:
        outcomes = [
            translate(
                Request([" ".join(text.split()) for text in texts], "en", language, role), [mini], memory
            )
            for role, texts in roles.items()
        ]
    rows, failed = sum(len(each.text) for each in outcomes), sum(each.text.null_count for each in outcomes)
    assert rows == len(questions) + len(answers)
    made, seconds = (
        sum(each.counts.translated for each in outcomes),
        sum(each.counts.engine_seconds for each in outcomes),
    )
    return f"{made:,} strings translated and {failed} failed, {seconds:.1f} s of it in the engine"


def row_by_row(questions: list[str], answers: list[list[str]], language: str, joined: bool) -> int:
    """The script; says how often it called the model."""
    import ctranslate2
    import datasets
    import sentencepiece

    cores, folder = len(os.sched_getaffinity(0)), MODELS / DIRECTIONS[f"en-{language}"]
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spm.model"))
    model = ctranslate2.Translator(str(folder), compute_type="int8", intra_threads=cores)
    calls = 0

    def translated(texts: list[str]) -> list[str]:
        nonlocal calls
        calls += 1
        rows = [[f"<2{language}>", *row] for row in pieces.encode(texts, out_type=str)]
        found = model.translate_batch(rows, beam_size=1, max_decoding_length=80, disable_unk=True)
        decoded: list[str] = pieces.decode([each.hypotheses[0] for each in found])
        return decoded

    def rows_of(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        if joined:
            given = iter(translated([answer for row in batch["answers"] for answer in row]))
            said = [[next(given) for _ in row] for row in batch["answers"]]
        else:
            columns = [translated(list(column)) for column in zip(*batch["answers"], strict=True)]
            said = [list(row) for row in zip(*columns, strict=True)]
        return {"question": translated(batch["question"]), "answers": said}

    datasets.disable_progress_bars()
    table = datasets.Dataset.from_dict({"question": questions, "answers": answers})
    table.map(rows_of, batched=True, batch_size=ROWS, keep_in_memory=True, new_fingerprint="row-by-row")
    return calls


if __name__ == "__main__":
    main()
