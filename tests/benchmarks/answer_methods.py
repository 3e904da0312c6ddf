"""How the answers of a data set come about: the share of annotators' answers by method, and rows to read.

    python -m tests.benchmarks.answer_methods spec.yaml --language ja --rows 10

Takes the steps of a build that concern answers, so that no question is translated: what engines make of the
answers, there and back, the alignment of labels, and the rows. ``copied`` is named with its reasons.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import languages, load_spec
from vqa_builder.answers import rows as answer_rows
from vqa_builder.answers.alignment import align, answer_texts, listed_answers
from vqa_builder.answers.candidates import table as no_candidates
from vqa_builder.pipeline import read_questions
from vqa_builder.steps.build_context import SOURCE_LANGUAGE, BuildContext, open_build
from vqa_builder.steps.translating import ask_engines
from vqa_builder.translation.request import Request


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("spec", type=Path)
    parser.add_argument("--language", required=True)
    parser.add_argument("--rows", type=int, default=10, help="rows of each method to print")
    parser.add_argument("--out", type=Path, help="the folder of a build, whose memory is used and filled")
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as scratch,
        open_build(load_spec(args.spec), args.out or Path(scratch), languages=[args.language]) as job,
    ):
        answers = list(released_answers(job, args.language))
    counts = Counter(method for *_, method in answers)
    for method, count in counts.most_common():
        print(f"{method:<16} {count:>9,} {count / len(answers):>8.2%}")
    random.seed(0)
    for method in counts:
        print(f"\n{method}")
        of_method = [answer for answer in answers if answer[-1] == method]
        for question, english, text, _ in random.sample(of_method, min(args.rows, len(of_method))):
            print(f"  {question} | {english} | {text}")


def released_answers(job: BuildContext, language: str) -> Iterator[tuple[str, str, str, str]]:
    """Question, answer, what is released, and its method, for every annotator's answer."""
    source, rules = read_questions(job), languages.get(language)
    examples, senses = source.examples.table, source.senses.table
    segments = source.segments.table.filter(pc.equal(source.segments.table["role"], "answer"))
    translations, verdicts = translated(job, segments, language)
    scores = pa.table({"segment_id": segments["segment_id"]})
    engines = job.plugins.signatures(language)
    glossary = job.plugins.glossary(language)
    answer_map = align(
        source.contexts.table,
        segments,
        translations,
        verdicts,
        scores,
        no_candidates([], [], []),
        rules,
        glossary=glossary,
        engines=engines,
    )
    listed = listed_answers(segments, rules)
    texts = answer_texts(
        segments, listed, translations, verdicts, answer_map, rules, engines, glossary=glossary
    )
    found = answer_rows.translated_answers(examples, senses, segments, texts, rules)
    for question, answers in zip(examples["question"].to_pylist(), found["answers"].to_pylist(), strict=True):
        for one in answers or []:
            yield question, one["answer_en"], one["answer"], one["method"]


def translated(job: BuildContext, segments: pa.Table, language: str) -> tuple[pa.Table, pa.Table]:
    """What the first chain makes of the answers, none of it kept by a policy: it has to come back."""
    asked, senses = segments["text"].to_pylist(), segments["context"].to_pylist()
    there = ask_engines(
        job, Request(asked, SOURCE_LANGUAGE, language, "answer", senses), job.plugins.chains[0]
    )
    made = [text for text in there.text.to_pylist() if text is not None]
    back = ask_engines(job, Request(made, language, SOURCE_LANGUAGE, "answer"), job.plugins.back_chain)
    returned = iter(back.text.to_pylist())
    back_text = [None if text is None else next(returned) for text in there.text.to_pylist()]
    columns = {"text": there.text, "back_text": pa.array(back_text, pa.string()), "engine": there.engine}
    translations = pa.table(columns)
    return translations, pa.table({"keep": pa.repeat(False, len(asked))})


if __name__ == "__main__":
    main()
