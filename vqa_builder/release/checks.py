"""What must hold inside the tables of a release, whatever the manifest says.

A check takes a table's key, some of its rows and what they are held against, and returns the faults it found,
each with the ids of the first rows that have it; ``told`` adds up those of all rows.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import languages
from vqa_builder.answers.soft_scores import SoftScores
from vqa_builder.arrays import is_blank, one_array
from vqa_builder.languages.base import Language
from vqa_builder.release import recount
from vqa_builder.release.diff.rows_changed import differs
from vqa_builder.release.manifest import Manifest
from vqa_builder.release.parquet import ANSWER_MAP_KEY, config_of, read_table
from vqa_builder.translation import phrasebook
from vqa_builder.translation.aligners import words

SHOWN_IDS = 3
CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
QUESTION_TEXTS = ("question", "question_en", "question_back")
ANSWER_COLUMNS = (
    "multiple_choice_answer",
    "multiple_choice_answer_en",
    "multiple_choice_answer_method",
    "labels",
    "soft_scores",
)


class Fault(NamedTuple):
    """Something wrong with some rows: how many, and the ids of the first of them."""

    problem: str
    rows: int
    ids: list[Any]


@dataclass(frozen=True)
class Reference:
    """What the rows of a release are held against.

    Attributes:
        vocabulary: ``label`` and ``answer_en`` by label; None where the answer map cannot be read, so that
            nothing can be said about labels.
        language: of the release.
        normalise: whether answers count for labels by their normalised form.
        protected: kinds of spans that stand unchanged in what engines translated.
        engines: signatures of engines and phrasebook; whoever else translated are people, who may change a
            protected span on purpose.
    """

    vocabulary: pa.Table | None
    language: Language
    normalise: bool = True
    protected: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: Path, found: Manifest) -> Reference:
        """The answer map of a release, without any label where the release has none."""
        language = languages.get(found.language)
        normalise = not (found.content.get("source") or {}).get("normalised_answers", False)
        protected = ((found.content.get("spec") or {}).get("translate") or {}).get("protect") or ()
        engines = (str(one.get("signature")) for one in found.content.get("engines") or [])
        known = cls(None, language, normalise, tuple(protected), (*engines, f"{phrasebook.NAME}|"))
        if ANSWER_MAP_KEY not in found.tables:
            empty = pa.table({"label": pa.array([], pa.int32()), "answer_en": pa.array([], pa.string())})
            return replace(known, vocabulary=empty)
        try:
            pairs = read_table(folder, ANSWER_MAP_KEY, ["label", "answer_en"])
        except Exception:  # the check "readable" reports why
            return known
        return replace(
            known, vocabulary=pairs.group_by(["label", "answer_en"]).aggregate([]).sort_by("label")
        )

    @functools.cached_property
    def soft_scores(self) -> SoftScores:
        """What gives the English answers their labels and scores."""
        assert self.vocabulary is not None
        return SoftScores(self.vocabulary, normalise=self.normalise)

    def unknown(self, labels: pa.Array) -> pa.Array | None:
        """Which labels are not in the answer map; None if nothing can be said."""
        if self.vocabulary is None:
            return None
        return pc.invert(pc.is_in(labels, self.vocabulary["label"].combine_chunks()))


def answer_faults(key: str, table: pa.Table, known: Reference) -> list[Fault]:
    """Labels outside the answer map, scores that do not match their labels, labels without answers."""
    if config_of(key) == "answers":
        return []
    labels, scores, answers = table["labels"], table["soft_scores"], table["answers"]
    faults = {
        "labels and soft_scores differ in length": pc.not_equal(*map(_lengths, (labels, scores))),
        "an empty list of answers, null expected": pc.equal(pc.list_value_length(answers), 0),
    }
    for name in ANSWER_COLUMNS:
        invented = pc.and_(pc.is_null(answers), pc.is_valid(table[name]))
        faults[f"no answers, so null expected in {name}"] = invented
    found = [_fault(table, problem, mask) for problem, mask in faults.items()]
    found.append(_nested_fault(table, "labels", "a label outside the answer map", known.unknown))
    found.append(_nested_fault(table, "soft_scores", "a soft score outside 0 to 1", _outside_0_1))
    return [fault for fault in found if fault]


def text_faults(key: str, table: pa.Table, known: Reference) -> list[Fault]:
    """Missing or blank questions, control characters, bytes that are not UTF-8."""
    try:
        table.validate(full=True)
    except pa.ArrowInvalid as error:
        return [Fault(str(error), table.num_rows, [])]
    if config_of(key) == "answers":
        return []
    needed = ("question", "question_en") if config_of(key) == "default" else ("question_en",)
    found = [_fault(table, f"no text in {name}", is_blank(table[name])) for name in needed]
    for name in QUESTION_TEXTS:
        mask = pc.match_substring_regex(table[name], CONTROL)
        found.append(_fault(table, f"a control character in {name}", mask))
    return [fault for fault in found if fault]


def reason_faults(key: str, table: pa.Table, known: Reference) -> list[Fault]:
    """Rejected rows without a reason."""
    if config_of(key) != "rejected":
        return []
    fault = _fault(table, "rejected without a reason", pc.equal(_lengths(table["reasons"]), 0))
    return [fault] if fault else []


def soft_score_faults(key: str, table: pa.Table, known: Reference) -> list[Fault]:
    """Labels or soft scores other than those that the English answers give."""
    if config_of(key) == "answers" or known.vocabulary is None:
        return []
    given = pc.struct_field(pc.list_flatten(table["answers"]), "answer_en").combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(table["answers"]), 0).combine_chunks()
    offsets = pa.concat_arrays([pa.array([0], lengths.type), pc.cumulative_sum(lengths)])
    answers = pa.ListArray.from_arrays(
        offsets.cast(pa.int32()),
        pa.StructArray.from_arrays([given], ["answer"]),
        mask=table["answers"].combine_chunks().is_null(),
    )
    places, scores = known.soft_scores.of(answers)
    labels = _relabelled(places, known.vocabulary["label"].combine_chunks())
    wrong = {
        "labels that do not follow from the answers": differs(labels, one_array(table["labels"])),
        "soft_scores that do not follow from the answers": differs(scores, one_array(table["soft_scores"])),
    }
    return _faults(table, wrong)


def label_faults(key: str, table: pa.Table, known: Reference) -> list[Fault]:
    """Labels and soft scores that are missing or too low by a look-up of our own, apart from the build's."""
    if config_of(key) == "answers" or known.vocabulary is None:
        return []
    return _faults(table, recount.labels_missing(table, known.vocabulary, known.normalise))


def method_faults(key: str, table: pa.Table, known: Reference) -> list[Fault]:
    """Answers that are neither a translation nor the source's text, or not what their method says."""
    if config_of(key) == "answers":
        return []
    return _faults(table, recount.answers_astray(table, known.language.letters))


def span_faults(key: str, table: pa.Table, known: Reference) -> list[Fault]:
    """Kept questions that no person translated and that lack a protected span of the English."""
    if config_of(key) != "default" or not known.protected:
        return []
    by_engine = [pc.starts_with(table["engine"], signature) for signature in known.engines]
    machine = table.filter(functools.reduce(pc.or_, by_engine))
    lost = recount.spans_lost(machine, known.protected)
    return _faults(machine, {"a protected span of the English question is lost": lost})


def leftover_warnings(key: str, table: pa.Table, known: Reference) -> list[Fault]:
    """Answers by engines that are the English text less some signs."""
    if config_of(key) == "answers":
        return []
    left = recount.leftovers(table, known.language.letters)
    return _faults(table, {"an answer that is the English less some signs": left})


def alignment_faults(key: str, table: pa.Table, known: Reference) -> list[Fault]:
    """Links to words that the English question or its translation does not have."""
    if config_of(key) == "answers":
        return []
    linked = table.filter(pc.greater(_lengths(table["alignment"]), 0))
    if not linked.num_rows:
        return []
    sides = {"en": ("question_en", "en"), "target": ("question", known.language.code)}
    found = [
        _fault(linked, f"a link to a word that {name} does not have", _beyond(linked, side, name, code))
        for side, (name, code) in sides.items()
    ]
    return [fault for fault in found if fault]


def script_warnings(key: str, table: pa.Table, known: Reference) -> list[Fault]:
    """Kept questions without a letter of the language, or with the sign for a broken character."""
    if config_of(key) != "default":
        return []
    question = table["question"]
    lettered = pc.match_substring_regex(question, r"\p{L}")
    own = pc.match_substring_regex(question, known.language.letters)
    found = [
        _fault(table, f"no letter of {known.language.english_name}", pc.and_(lettered, pc.invert(own))),
        _fault(table, "U+FFFD, a broken character", pc.match_substring(question, "\ufffd")),
    ]
    return [fault for fault in found if fault]


def shared_images(images: Mapping[str, list[pa.Array]]) -> list[str]:
    """Images that stand in two splits.

    Args:
        images: split -> the distinct values of the column ``image_id``, piece by piece.

    Returns:
        A line per pair of splits that share any.
    """
    unique = {split: pa.chunked_array(parts).unique().drop_null() for split, parts in images.items()}
    if len({ids.type for ids in unique.values()}) > 1:
        unique = {split: ids.cast(pa.string()) for split, ids in unique.items()}
    found = []
    for first, second in combinations(unique, 2):
        both = pc.sum(pc.is_in(unique[first], unique[second])).as_py() or 0
        if both:
            found.append(f"{both:,} of the {len(unique[second]):,} images of {second} stand in {first}, too")
    return found


TABLE_CHECKS: dict[str, Callable[[str, pa.Table, Reference], list[Fault]]] = {
    "answers": answer_faults,
    "soft_scores": soft_score_faults,
    "labels": label_faults,
    "methods": method_faults,
    "spans": span_faults,
    "text": text_faults,
    "alignment": alignment_faults,
    "reasons": reason_faults,
}


TABLE_WARNINGS: dict[str, Callable[[str, pa.Table, Reference], list[Fault]]] = {
    "script": script_warnings,
    "leftovers": leftover_warnings,
}


def rows_of(mask: pa.ChunkedArray, ids: pa.ChunkedArray) -> list[Any]:
    """The ids of the rows where a mask is true."""
    return ids.filter(pc.fill_null(mask, False)).to_pylist()  # type: ignore[no-any-return]


def told(key: str, faults: Iterable[Fault], rows: int) -> list[str]:
    """The faults of all pieces of a table, a line for each problem.

    >>> told("data/train", [Fault("no text", 1, [7]), Fault("no text", 2, [8, 9])], 10)
    ['data/train: no text: 3 of 10 rows, first question_id 7, 8, 9']
    """
    found: dict[str, Fault] = {}
    for fault in faults:
        before = found.get(fault.problem, Fault(fault.problem, 0, []))
        found[fault.problem] = Fault(fault.problem, before.rows + fault.rows, before.ids + fault.ids)
    return [
        f"{key}: {problem}: {count:,} of {rows:,} rows"
        + (f", first question_id {', '.join(map(repr, ids[:SHOWN_IDS]))}" if ids else "")
        for problem, count, ids in found.values()
    ]


def _fault(table: pa.Table, problem: str, mask: pa.ChunkedArray) -> Fault | None:
    ids = rows_of(mask, table["question_id"])
    return Fault(problem, len(ids), ids[:SHOWN_IDS]) if ids else None


def _faults(table: pa.Table, masks: Mapping[str, recount.Mask]) -> list[Fault]:
    found = [_fault(table, problem, pa.chunked_array([pa.array(mask)])) for problem, mask in masks.items()]
    return [fault for fault in found if fault]


def _nested_fault(
    table: pa.Table, name: str, problem: str, is_wrong: Callable[[pa.Array], pa.Array | None]
) -> Fault | None:
    """A fault in values inside a list column."""
    column = table[name].combine_chunks()
    wrong = is_wrong(pc.list_flatten(column))
    if wrong is None:
        return None
    rows = pc.list_parent_indices(column).filter(pc.fill_null(wrong, True)).unique()
    mask = pc.is_in(pa.array(range(table.num_rows)), rows.cast(pa.int64()))
    return _fault(table, problem, pa.chunked_array([mask]))


def _beyond(linked: pa.Table, side: str, name: str, language: str) -> pa.ChunkedArray:
    """Which rows, all of them with links, have a position outside the words of a column."""
    links = one_array(linked["alignment"])
    positions = pc.fill_null(pc.struct_field(pc.list_flatten(links), side), -1).to_numpy()
    starts = links.offsets.to_numpy()[:-1] - links.offsets[0].as_py()
    texts = one_array(linked[name]).dictionary_encode()
    counts = np.array([len(words(text, language)) for text in texts.dictionary.to_pylist()] + [0])
    last = counts[pc.fill_null(texts.indices, len(counts) - 1).to_numpy()] - 1
    outside = (np.minimum.reduceat(positions, starts) < 0) | (np.maximum.reduceat(positions, starts) > last)
    return pa.chunked_array([pa.array(outside)])


def _outside_0_1(values: pa.Array) -> pa.Array:
    return pc.invert(pc.and_(pc.greater_equal(values, 0), pc.less_equal(values, 1)))


def _lengths(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.list_value_length(column), 0)


def _relabelled(places: pa.ListArray, labels: pa.Array) -> pa.ListArray:
    """Lists of places in the vocabulary as lists of its labels."""
    return pa.ListArray.from_arrays(places.offsets, labels.take(places.values), mask=places.is_null())
