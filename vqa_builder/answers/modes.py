"""Which answers are quotations: text in the picture is copied, not translated.

"exit" on a sign stays "exit". In mode ``auto`` the question decides ("What does the sign say?", "What brand
is it?", by ``reading_cues.tsv``), then the form of the answer (C++, -5, www.exit.com; ``answer_forms.tsv``).
What annotators say where they cannot read ("nothing", "no sign", "can't tell") is translated, except from a
source of quotations; yes and no are translated always.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.arrays import in_lists_like
from vqa_builder.languages._text import table_rows
from vqa_builder.languages.en import vocabulary
from vqa_builder.segments import clean

VERSION = "2"
Mode: TypeAlias = Literal["translate", "copy", "auto"]

FORM, SOURCE, BRAND = "form", "source", "brand"
"""Why an answer is copied: its form, its source's mode, or a cue of ``reading_cues.tsv``. A name that every
language writes alike ("Apple") stands in that form where the question asks for a brand."""

NAMES = frozenset({"print", "place", "who"})
"""Cues of questions that may be answered with a name: names are copied, and of the rest what is written."""

IF_UNKNOWN = NAMES | {FORM}
"""Reasons that hold for what tables do not know: a logo can be a heart, a bus can go downtown."""

NONE = "none"
"""The cue of questions that ask for no text, whatever else they hold ("What color is the lettering?")."""

_SAID_WORDS = """
i he she they it it's this that there which who is are was were be has have not can't cannot don't no none one
someone somebody person people man woman guy girl boy lady visible shown unknown maybe probably likely
"""
_TABLES = {"reading_cues.tsv": ("cue", "question"), "answer_forms.tsv": ("form", "answer")}

_EXTRACTIVE = re.compile(
    r"(?:text|doc|chart|infographics?|st|ocr|plot|slide)[-_]?(?:vqa|qa)(?![a-z])|textcaps|websrc|visualmrc",
    re.IGNORECASE,
)
_SAID = frozenset(_SAID_WORDS.split())
"""Words of answers that tell something, and so are no names."""
_LETTERS = re.compile(r"[a-z][a-z'’-]+")
_CODE_WORD = re.compile(r"(?=.*\d)(?=.*[a-z])[\w.,:/-]+", re.IGNORECASE)
_NUMBER_WORD = re.compile(
    # 2nd, 50's, 10am, 5ft: a number with what it counts.
    r"\W*\d+(?:[.,:/]\d+)*-?(?:st|nd|rd|th|'?s|am|pm|ft|feet|inch|in|oz|lbs?|mph|kph|km|cm|mm|kg|g|ml|m|k|d|yrs?"
    r"|hrs?|mins?|ish|c|cents?|x|years?|days?|hours?|people|men|way|stars?)\.?",
    re.IGNORECASE,
)


def decide(examples: pa.Table, mode: Mode, modes_by_question: Mapping[str, Mode] | None = None) -> pa.Table:
    """Why every answer is copied, where it is.

    Args:
        examples: the source's rows.
        mode: of the source.
        modes_by_question: RE2 -> the mode of the questions that match it, the first match counts.

    Returns:
        A table of ``examples``' length: ``winner_copied`` for the most frequent answer and
        ``answers_copied``, a list for the annotators': a cue ("text", "name", "brand", ...) by the question,
        "form" by the answer itself, "source" where the mode is ``copy``; null for what is translated.
    """
    reasons = _of_questions(examples["question"].combine_chunks(), mode, modes_by_question or {})
    lists = examples["answers"].combine_chunks()
    flat = pc.struct_field(lists.flatten(), "answer")
    rows = pc.list_parent_indices(lists)
    copied = _of_answers(flat, reasons.take(rows))
    return pa.table(
        {
            "winner_copied": _of_answers(examples["multiple_choice_answer"].combine_chunks(), reasons),
            "answers_copied": in_lists_like(copied, lists),
        }
    )


def of_dataset(names: Iterable[str], otherwise: Mode) -> Mode:
    """``copy`` for a data set that is known for answers read off the picture, by what the spec calls it.

    >>> of_dataset(["my-release", "lmms-lab/textvqa"], "auto"), of_dataset(["vqa"], "auto")
    ('copy', 'auto')
    """
    return "copy" if any(_EXTRACTIVE.search(name) for name in names) else otherwise


def cue(question: str) -> str | None:
    """Which text a question asks for; None for any other question.

    >>> cue("What does the sign say?"), cue("What brand is the laptop?"), cue("What color is the sign?")
    ('text', 'brand', None)
    """
    found: str | None = _cues(pa.array([question]))[0].as_py()
    return found


@lru_cache(maxsize=1 << 16)
def is_code(answer: str) -> bool:
    """Whether the form of an answer says that it is written alike in every language.

    >>> [is_code(answer) for answer in ("-5", "C++", "www.exit.com", "ng05b52", "2nd", "red, white")]
    [True, True, True, True, False, False]
    """
    if _form("code").fullmatch(answer):
        return True
    words = answer.split()
    if words[0] in ("no", "not"):
        return False
    mixed = [word for word in words if _CODE_WORD.fullmatch(word) and not _NUMBER_WORD.fullmatch(word)]
    return bool(mixed) and all(word in mixed or word.isdigit() or len(word) <= 3 for word in words)


def is_name(answer: str) -> bool:
    """Whether an answer has a word that is no English word that tables know, and tells nothing.

    >>> [is_name(answer) for answer in ("Alex Rodriguez", "man in hat", "it is unreadable", "Waterford")]
    [True, False, False, True]
    """
    words = _LETTERS.findall(answer.casefold().replace("’", "'"))
    known = vocabulary()
    unknown = [
        word for word in words if word.removesuffix("'s") not in known and word.rstrip("s") not in known
    ]
    return bool(unknown) and _SAID.isdisjoint(words)


def table_hash() -> str:
    """A hash of the patterns, for keys and signatures."""
    return hashlib.sha256(repr([_patterns(name) for name in _TABLES]).encode()).hexdigest()[:12]


@cache
def _patterns(table: str) -> tuple[tuple[str, str], ...]:
    """The rows of one table: a name and a pattern."""
    name, pattern = _TABLES[table]
    return tuple((row[name], row[pattern]) for row in table_rows(table, "vqa_builder.answers"))


@cache
def _form(name: str) -> re.Pattern[str]:
    """Answers of one form in ``answer_forms.tsv``."""
    patterns = [pattern for form, pattern in _patterns("answer_forms.tsv") if form == name]
    return re.compile(rf"(?:{'|'.join(patterns)})[.!]?", re.IGNORECASE)


def _cues(questions: pa.Array) -> pa.Array:
    """The first cue that each question has; null where one says that it asks for none."""
    found = pa.nulls(len(questions), pa.string())
    for name, pattern in reversed(_patterns("reading_cues.tsv")):
        hits = pc.match_substring_regex(questions, pattern, ignore_case=True)
        found = found if name == NONE else pc.if_else(hits, pa.scalar(name), found)
    for name, pattern in _patterns("reading_cues.tsv"):
        if name == NONE:
            hits = pc.match_substring_regex(questions, pattern, ignore_case=True)
            found = pc.if_else(hits, pa.scalar(None, pa.string()), found)
    return found


def _of_questions(questions: pa.Array, mode: Mode, modes_by_question: Mapping[str, Mode]) -> pa.Array:
    """For each row "source" in mode copy, in mode auto its cue or "" if only the form decides, else null."""
    encoded = clean(questions).dictionary_encode()
    texts = encoded.dictionary
    by_mode = {
        "copy": pa.repeat(SOURCE, len(texts)),
        "auto": pc.fill_null(_cues(texts), ""),
        "translate": pa.nulls(len(texts), pa.string()),
    }
    reasons = by_mode[mode]
    for pattern, other in reversed(list(modes_by_question.items())):
        hits = pc.match_substring_regex(texts, pattern, ignore_case=True)
        reasons = pc.if_else(hits, by_mode[other], reasons)
    return reasons.take(encoded.indices)


def _among(reasons: pa.Array, names: frozenset[str]) -> pa.Array:
    """Whether each reason is one of some."""
    return pc.is_in(reasons, value_set=pa.array(sorted(names)))


def _of_answers(texts: pa.Array, reasons: pa.Array) -> pa.Array:
    """The reasons that hold for the answers, too."""
    cleaned = clean(texts)
    encoded = cleaned.dictionary_encode()
    answers: list[str] = encoded.dictionary.to_pylist()

    def every(test: Callable[[str], bool]) -> pa.Array:
        return pa.array([test(answer) for answer in answers], pa.bool_()).take(encoded.indices)

    certain = every(lambda answer: _form("certain").fullmatch(answer) is not None)
    unread = every(lambda answer: _form("unread").fullmatch(answer.strip("*'\"()[] ")) is not None)
    translated = pc.or_(certain, pc.and_(unread, pc.fill_null(pc.not_equal(reasons, SOURCE), False)))
    may_be_named = _among(reasons, NAMES)
    asked = cleaned.filter(may_be_named).drop_null().unique().to_pylist()
    names = pa.array([answer for answer in asked if is_name(answer)], cleaned.type)
    translated = pc.or_(translated, pc.and_(may_be_named, pc.invert(pc.is_in(cleaned, value_set=names))))
    by_form = pc.if_else(every(is_code), pa.scalar(FORM), pa.scalar(None, pa.string()))
    found = pc.if_else(pc.equal(reasons, ""), by_form, pc.if_else(translated, by_form, reasons))
    return pc.if_else(pc.is_null(reasons), pa.scalar(None, pa.string()), found)
