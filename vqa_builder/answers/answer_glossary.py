"""A glossary of answers: what a project wants some answers to read, and how it tells their senses apart.

A TSV file with the columns answer_en, sense, cues and translation, in any order; sense and cues may be left
out. Cues are words of the question, separated by ``;`` (RE2). If an answer's rows have cues, its senses are
those of the glossary alone, tried in the order of the rows; its last row has no cues and serves every other
question. Any other row names a sense of the built-in table, or "" for every sense.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from vqa_builder import named_files
from vqa_builder.answers.senses import Rules, SenseRule, cues, grouped
from vqa_builder.answers.vocabulary import normalised
from vqa_builder.errors import SpecError
from vqa_builder.languages.base import lookup_forms

COLUMNS = ("answer_en", "sense", "cues", "translation")
SHOWN = 3


class Glossary(NamedTuple):
    """What a glossary says.

    Attributes:
        rules: the senses of the answers that it splits itself.
        answers: (``alignment.key_of`` an English answer, sense) -> answer in the language.
    """

    rules: Rules
    answers: Mapping[tuple[str, str], str]


def load(path: Path, known: Rules) -> Glossary:
    """Read and check a glossary.

    Args:
        path: the file, in UTF-8.
        known: the senses that answers have without it.

    Raises:
        SpecError: no such file, other columns, or a glossary that contradicts itself, with the first
            offenders.
    """
    rows = _read(path)
    keys = {answer: lookup_forms(row["answer_en"])[-1] for answer, row in rows}
    own = grouped(
        SenseRule(answer, row.get("sense", "").strip(), cues(row.get("cues") or ""))
        for answer, row in rows
        if any(other.get("cues") for same, other in rows if same == answer)
    )
    _check_rules(own, path)
    answers: dict[tuple[str, str], str] = {}
    wrong = []
    for answer, row in rows:
        sense, text = row.get("sense", "").strip(), row["translation"].strip()
        senses = {rule.sense for rule in own.get(answer, known.get(answer, ()))}
        before = answers.setdefault((keys[answer], sense), text)
        if before != text:
            wrong.append(f"{answer!r}, sense {sense!r}: {before!r} and {text!r}")
        elif not answer or not text:
            wrong.append(f"{row['answer_en']!r}: no answer or no translation")
        elif sense and sense not in senses:
            wrong.append(f"{answer!r}: unknown sense {sense!r}, known: {', '.join(sorted(senses)) or 'none'}")
    _refuse(wrong, path)
    for answer, key in keys.items():
        for rule in own.get(answer, known.get(answer, ())) if (key, "") in answers else ():
            answers.setdefault((key, rule.sense), answers[key, ""])
    return Glossary(own, answers)


def united(known: Rules, glossaries: Iterable[Glossary]) -> Rules:
    """The senses of all answers: those of the glossaries, one per language, before those known without them.

    Raises:
        SpecError: two glossaries split one answer in different ways; senses are the same in all languages.
    """
    rules: dict[str, tuple[SenseRule, ...]] = {}
    for glossary in glossaries:
        for answer, senses in glossary.rules.items():
            if rules.setdefault(answer, senses) != senses:
                raise SpecError(
                    f"Two glossaries split {answer!r} in different ways",
                    expected="the same senses and cues in the glossary of every language",
                    found=" / ".join(
                        ", ".join(f"{rule.sense}: {'; '.join(rule.question)}" for rule in each)
                        for each in (rules[answer], senses)
                    ),
                )
    return {**known, **rules}


def _read(path: Path) -> list[tuple[str, dict[str, str]]]:
    """The rows with their normalised answers."""
    names, *lines = named_files.read_tsv(path, "glossary")
    if not {"answer_en", "translation"} <= {*names} <= {*COLUMNS} or len({*names}) < len(names):
        raise SpecError(
            "The glossary has other columns",
            where=path,
            expected=f"{', '.join(COLUMNS)}, separated by tabs; sense and cues may be left out",
            found=", ".join(names) or "nothing",
        )
    rows = [dict(zip_longest(names, cells[: len(names)], fillvalue="")) for cells in lines if any(cells)]
    return [(normalised(row["answer_en"]), row) for row in rows]


def _check_rules(rules: Rules, path: Path) -> None:
    wrong = []
    for answer, senses in rules.items():
        names = [rule.sense for rule in senses]
        if len(set(names)) < len(names) or "" in names:
            wrong.append(f"{answer!r}: a sense without a name, or named twice: {names}")
        elif [not rule.question for rule in senses] != [False] * (len(senses) - 1) + [True]:
            wrong.append(f"{answer!r}: every sense needs cues but the last, which serves all other questions")
    _refuse(wrong, path)


def _refuse(wrong: list[str], path: Path) -> None:
    if wrong:
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise SpecError(
            f"The glossary contradicts itself in {len(wrong)} place{'s' * (len(wrong) > 1)}",
            where=path,
            expected="one translation for each answer and sense, and senses that are known",
            found="; ".join(wrong[:SHOWN]) + more,
        )
