"""What people filled in, taken back: corrections into the memory, labels into a file beside it.

All or nothing: a row that matches nothing stops the import before anything is written. The file of labels
holds what every reviewer said last of every question, so that conflicts show across sheets and sessions.
Where reviewers correct the same text differently, none of their corrections is taken until one is preferred.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from vqa_builder import segments
from vqa_builder.errors import SourceError
from vqa_builder.review import sheet_csv
from vqa_builder.review.correction_checks import Correction, faults
from vqa_builder.review.sheet_csv import Line
from vqa_builder.translation.memory import Entry, TranslationMemory
from vqa_builder.translation.request import Request

SOURCE = "en"
HUMAN = "human"
KEPT_COLUMNS = (
    "language",
    "segment_id",
    "question_id",
    "question_en",
    "question",
    "label",
    "weight",
    "corrected_question",
    "answer_en",
    "answer_sense",
    "corrected_answer",
    "note",
    "reviewer",
)


class Known(NamedTuple):
    """The questions of one language that rows of a sheet can mean.

    Attributes:
        texts: segment id -> English question.
        by_question_id: question id -> segment id; empty where ids are not known.
        are_records: whether they are whole records, which can be judged and not corrected.
    """

    texts: Mapping[str, str]
    by_question_id: Mapping[str, str]
    are_records: bool = False


_NOTHING = Known({}, {})


class Said(NamedTuple):
    """What one reviewer said of one question; its key is the first three fields."""

    language: str
    segment_id: str
    reviewer: str
    question_id: str
    question_en: str
    question: str
    label: str
    weight: float
    corrected_question: str
    answer_en: str
    answer_sense: str
    corrected_answer: str
    note: str


@dataclass
class Imported:
    """What an import did.

    Attributes:
        labels: label -> how many rows of these sheets carry it.
        new, changed, same: corrections that the memory did not hold, held otherwise, held already.
        conflicts: what reviewers disagree on, a line each.
        warnings: corrections that look wrong, a line each; they were taken all the same.
        labels_file: where the labels are kept.
    """

    labels: dict[str, int] = field(default_factory=dict)
    new: int = 0
    changed: int = 0
    same: int = 0
    conflicts: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    labels_file: Path = Path()


def labels_path(memory: Path) -> Path:
    """Where the labels of a memory are kept.

    >>> labels_path(Path("out/.vqa-builder/memory.sqlite")).name
    'memory.labels.csv'
    """
    return memory.with_suffix(".labels.csv")


def known_in(memory: TranslationMemory, language: str) -> Known:
    """Every question that the memory translates into a language."""
    entries = memory.entries(source=SOURCE, target=language, role="question")
    texts = {entry.text for entry in entries}
    return Known({segments.segment_id("question", "", text): text for text in sorted(texts)}, {})


def known_questions(rows: pa.Table, are_records: bool = False) -> Known:
    """Every question of a release, as ``review_sheet.questions_of`` reads it."""
    ids = rows["segment_id"].to_pylist()
    texts = segments.clean(rows["question_en"], "question").to_pylist()
    return Known(
        dict(zip(ids, texts, strict=True)),
        dict(zip(rows["question_id"].to_pylist(), ids, strict=True)),
        are_records,
    )


def said_in(
    lines: Iterable[Line], known: Mapping[str, Known], *, language: str | None = None, reviewer: str = ""
) -> list[Said]:
    """The filled-in rows of a sheet with the questions that they mean.

    Args:
        lines: as ``sheet_csv.read`` returns them; rows without label and correction are passed over.
        known: language -> its questions.
        language: of rows that do not say theirs.
        reviewer: of rows that do not say theirs.

    Raises:
        SourceError: rows match no question; names the first ones.
    """
    found, unmatched = [], []
    for line in lines:
        if not any(line[name] for name in ("label", "corrected_question", "corrected_answer")):
            continue
        code = line["language"] or language or (next(iter(known)) if len(known) == 1 else "")
        if known.get(code, _NOTHING).are_records and (line["corrected_question"] or line["corrected_answer"]):
            raise SourceError(
                "A record can be judged here, and not corrected; nothing was taken",
                where=line.place,
                expected="label alone",
                remedy="correct its sentences: vqa-builder memory export, then import",
            )
        segment = _segment(line, known.get(code))
        if segment is None:
            name = line["question_id"] or line["segment_id"] or line["question_en"]
            unmatched.append(f"{name} ({code or 'no language'}, {line.place})")
        else:
            found.append(_said(line, code, segment, known[code].texts[segment], reviewer))
    if unmatched:
        raise SourceError(
            f"{len(unmatched):,} rows match no question; nothing was taken",
            where=unmatched[0].rpartition(", ")[2].rstrip(")"),
            expected="questions of " + (", ".join(known) or "no language") + " as they were exported",
            found=sheet_csv.named(unmatched),
            remedy="name the build or the memory that the sheet came from; leave the English as it is",
        )
    return found


def take(
    said: Sequence[Said], memory: TranslationMemory, labels_file: Path, *, prefer: str | None = None
) -> Imported:
    """Take labels and corrections in.

    Args:
        said: what the sheets say, as ``said_in`` returns it.
        memory: takes the corrections, asserted by ``human``; they answer before any engine from then on.
        labels_file: CSV; made if missing.
        prefer: the reviewer whose correction counts where others differ.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> asked = segments.segment_id("question", "", "Is it red?")
    >>> cells = {"question_en": "Is it red?", "label": "bad", "corrected_question": "それは赤いですか？"}
    >>> with TranslationMemory(folder / "memory.sqlite") as memory:
    ...     said = said_in([Line(Path("sheet.csv"), 2, cells)], {"ja": Known({asked: "Is it red?"}, {})})
    ...     take(said, memory, labels_path(folder / "memory.sqlite")).new
    1
    """
    result = Imported(labels_file=labels_file)
    before = read_labels(labels_file)
    merged = {**{one[:3]: one for one in before}, **_last(said, result)}
    result.conflicts += _label_conflicts(merged.values())
    corrections = _corrections(merged.values(), {one[:3] for one in said}, prefer, result)
    entries = [
        Entry(SOURCE, key.language, key.text, text, key.role, key.context, HUMAN, True)
        for key, text in corrections.items()
    ]
    _count(corrections, memory, result)
    result.warnings += faults(corrections)
    memory.add(entries)
    _write_labels(labels_file, merged.values())
    for one in said:
        if one.label:
            result.labels[one.label] = result.labels.get(one.label, 0) + 1
    return result


def read_labels(path: Path) -> list[Said]:
    """The labels that earlier imports kept; none if there is no file."""
    if not path.exists():
        return []
    lines = sheet_csv.read(path, needed=KEPT_COLUMNS)
    return [_said(line, line["language"], line["segment_id"], line["question_en"], "") for line in lines]


def _segment(line: Line, known: Known | None) -> str | None:
    """The question that a row means; None where nothing matches or its parts contradict each other."""
    if known is None:
        return None
    english = " ".join(line["question_en"].split())
    by_text = segments.segment_id("question", "", english) if english else None
    segment = line["segment_id"] or by_text or known.by_question_id.get(line["question_id"])
    if segment is None or segment not in known.texts:
        return None
    return segment if english in ("", " ".join(known.texts[segment].split())) else None


def _said(line: Line, language: str, segment: str, question_en: str, reviewer: str) -> Said:
    return Said(
        language=language,
        segment_id=segment,
        reviewer=line["reviewer"] or reviewer,
        question_en=question_en,
        label=line["label"],
        weight=line.weight,
        **{
            name: " ".join(line[name].split())
            for name in (
                "question_id",
                "question",
                "corrected_question",
                "answer_en",
                "answer_sense",
                "corrected_answer",
                "note",
            )
        },
    )


def _last(said: Sequence[Said], result: Imported) -> dict[tuple[str, str, str], Said]:
    """The last of every reviewer's words on a question; two that differ in one import are a conflict."""
    found: dict[tuple[str, str, str], Said] = {}
    for one in said:
        earlier = found.get(one[:3])
        if earlier and earlier.label and one.label and earlier.label != one.label:
            both = f"{earlier.label} and {one.label} by the same reviewer"
            result.conflicts.append(f"{_name(one)}: {both}; the last counts")
        found[one[:3]] = one
    return found


def _label_conflicts(said: Iterable[Said]) -> list[str]:
    """Questions, in the same translation, that reviewers labelled differently."""
    found: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    names: dict[tuple[str, str, str], str] = {}
    for one in said:
        if one.label:
            key = (one.language, one.segment_id, one.question)
            names.setdefault(key, _name(one))
            found.setdefault(key, {}).setdefault(one.label, []).append(one.reviewer or "unnamed")
    return [
        f"{names[key]}: " + ", ".join(f"{label} by {' and '.join(who)}" for label, who in labels.items())
        for key, labels in found.items()
        if len(labels) > 1
    ]


def _corrections(
    said: Iterable[Said], asked: set[tuple[str, str, str]], prefer: str | None, result: Imported
) -> dict[Correction, str]:
    """The corrections that are agreed on, of texts that these sheets correct."""
    votes: dict[Correction, dict[str, list[str]]] = {}
    names: dict[Correction, str] = {}
    touched: set[Correction] = set()
    for one in said:
        for key, text in _corrected(one):
            names.setdefault(key, _name(one))
            votes.setdefault(key, {}).setdefault(text, []).append(one.reviewer)
            if one[:3] in asked:
                touched.add(key)
    agreed = {}
    for key in [key for key in votes if key in touched]:
        preferred = [text for text, who in votes[key].items() if prefer is not None and prefer in who]
        texts = preferred if len(preferred) == 1 else list(votes[key])
        if len(texts) == 1:
            agreed[key] = texts[0]
        else:
            told = ", ".join(
                f"{text} by {' and '.join(who) or 'unnamed'}" for text, who in votes[key].items()
            )
            result.conflicts.append(f"{names[key]}: {key.role} corrected differently, not taken: {told}")
    return agreed


def _corrected(one: Said) -> Iterable[tuple[Correction, str]]:
    if one.corrected_question:
        yield Correction(one.language, "question", one.question_en, ""), one.corrected_question
    if one.corrected_answer and one.answer_en:
        yield Correction(one.language, "answer", one.answer_en, one.answer_sense), one.corrected_answer


def _count(corrections: Mapping[Correction, str], memory: TranslationMemory, result: Imported) -> None:
    """How many corrections the memory holds already, and in which form."""
    for key, text in corrections.items():
        request = Request([key.text], SOURCE, key.language, key.role, [key.context])
        (held,) = memory.lookup_overrides(request)
        if held is None:
            result.new += 1
        elif held[0] == text:
            result.same += 1
        else:
            result.changed += 1


def _write_labels(path: Path, said: Iterable[Said]) -> None:
    rows = [one._asdict() for one in sorted(said)]
    sheet_csv.write(path, KEPT_COLUMNS, rows)


def _name(one: Said) -> str:
    return f"{one.language} {one.question_id or one.segment_id} {one.question_en!r}"
