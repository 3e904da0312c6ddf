"""Checks that share no code with the build: labels, answers and protected spans, looked up anew.

What the build computes one way is computed here another way, or bounded from one side, so that a fault in the
build's own look-ups cannot hide from ``verify``. The functions are checks of tables as those of ``checks``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.arrays import one_array

TRANSLATIONS = ("table", "glossary", "memory", "engine")
VERBATIM = ("copied", "untranslated")
_SLACK = 1e-4
_NUMBER = r"^[-+−]?[\d.,:/%$€£¥°]*\d[\d.,:/%$€£¥°]*$"

Mask = NDArray[np.bool_]


def labels_missing(table: pa.Table, vocabulary: pa.Table, fold: bool) -> dict[str, Mask]:
    """Rows that lack the label of an answer which stands in the vocabulary, or whose score for it is too low.

    An answer is looked up by its letters alone, in lower case; that finds fewer than the build's normaliser,
    so what it finds must be there. A score cannot be lower than these answers alone make it.

    Args:
        table: rows of a release.
        vocabulary: ``label`` and ``answer_en``.
        fold: look up in lower case; False as the answers stand.
    """
    answers = one_array(table["answers"])
    row, label = _own_labels(answers, vocabulary, fold)
    stride = int(pc.max(vocabulary["label"]).as_py() or 0) + 1 if vocabulary.num_rows else 1
    wanted, counts = np.unique(row * stride + label, return_counts=True)
    labels = one_array(table["labels"])
    there_rows = pc.list_parent_indices(labels).to_numpy().astype(np.int64)
    there = there_rows * stride + pc.list_flatten(labels).to_numpy(zero_copy_only=False)
    scores = pc.list_flatten(one_array(table["soft_scores"])).to_numpy(zero_copy_only=False)
    missing = np.zeros(table.num_rows, dtype=bool)
    missing[wanted[~np.isin(wanted, there)] // stride] = True
    low = np.zeros(table.num_rows, dtype=bool)
    if len(there) == len(scores) and len(there):
        order = np.argsort(there)
        place = np.clip(np.searchsorted(there[order], wanted), 0, len(there) - 1)
        found = there[order][place] == wanted
        annotators = pc.fill_null(pc.list_value_length(answers), 0).to_numpy()[wanted // stride]
        least = least_score(counts, annotators)
        low[(wanted // stride)[found & (scores[order][place] < least - _SLACK)]] = True
    return {
        "an answer of the vocabulary without its label": missing,
        "a soft score below what the answers make it": low,
    }


def least_score(given: NDArray[np.int64], annotators: NDArray[np.int64]) -> NDArray[np.float64]:
    """The soft score of an answer given by so many of so many annotators.

    From four on the mean over all annotators of min(1, others who gave it / 3); below, their share.

    >>> least_score(np.array([1, 3, 1]), np.array([10, 10, 2])).round(2).tolist()
    [0.3, 0.9, 0.5]
    """
    share = given / np.maximum(annotators, 1)
    leave_one_out = share * np.minimum((given - 1) / 3, 1) + (1 - share) * np.minimum(given / 3, 1)
    return np.where(annotators >= 4, leave_one_out, share)


def answers_astray(table: pa.Table, letters: str) -> dict[str, Mask]:
    """Rows with an answer that is neither a translation nor the source's text, or not what its method says.

    Args:
        table: rows of a release.
        letters: RE2 class of the target language's letters.
    """
    rows, text, english, method = _annotated(table["answers"])
    head = _of_values(method, lambda texts: pc.replace_substring_regex(texts, r":.*$", ""))
    known = pc.is_in(head, pa.array([*TRANSLATIONS, *VERBATIM]))
    verbatim = pc.is_in(head, pa.array(VERBATIM))
    same = pc.equal(_squeezed(text), _squeezed(english))
    own = _of_values(text, lambda texts: pc.match_substring_regex(texts, letters))
    is_number = _of_values(english, lambda texts: pc.match_substring_regex(texts, _NUMBER))
    number = pc.and_(pc.invert(pc.or_(own, same)), is_number)
    found = {
        "an answer without a method, or of an unknown one": pc.and_(pc.is_valid(text), pc.invert(known)),
        "an answer that is said to be verbatim and is not": pc.and_(verbatim, pc.invert(same)),
        "a number that is another one": _is_other_number(text, english, number),
    }
    return {problem: _rows(mask, rows, table.num_rows) for problem, mask in found.items()}


def leftovers(table: pa.Table, letters: str) -> Mask:
    """Rows with an answer by an engine that has no letter of the language and is the English less some signs.

    "wwwexitcom" for "www.exit.com" is a leftover; "TV" for "tvs" may be one, so people should look.
    """
    rows, text, english, method = _annotated(table["answers"])
    foreign = _of_values(text, lambda texts: pc.invert(pc.match_substring_regex(texts, letters)))
    by_engine = pc.is_in(method, pa.array(["engine", "memory"]))
    return _rows(_is_rest(text, english, pc.and_(foreign, by_engine)), rows, table.num_rows)


def spans_lost(table: pa.Table, kinds: Sequence[str]) -> Mask:
    """Rows whose translated question does not hold every protected span of the English one as often as it."""
    from vqa_builder.translation.protected_spans import protected_spans

    english = one_array(table["question_en"]).dictionary_encode()
    spans = [protected_spans(text, kinds) for text in english.dictionary.to_pylist()]
    holding = pa.array(map(bool, spans), pa.bool_()).take(english.indices)
    lost = np.zeros(table.num_rows, dtype=bool)
    for place in np.flatnonzero(pc.fill_null(holding, False)).tolist():
        wanted, translated = spans[english.indices[place].as_py()], table["question"][place].as_py() or ""
        lost[place] = any(translated.count(span) < wanted.count(span) for span in set(wanted))
    return lost


def _own_labels(
    answers: pa.ListArray, vocabulary: pa.Table, fold: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and label of every answer that is in the vocabulary; entries that fold alike are left out."""
    forms = _folded(one_array(vocabulary["answer_en"])) if fold else one_array(vocabulary["answer_en"])
    counted = pc.value_counts(forms)
    single = counted.filter(pc.equal(counted.field("counts"), 1)).field("values")
    english = pc.struct_field(pc.list_flatten(answers), "answer_en")
    place = pc.index_in(_folded(english) if fold else english, forms)
    hits = pc.and_(place.is_valid(), pc.is_in(forms.take(place), single))
    hits = pc.fill_null(hits, False).to_numpy(zero_copy_only=False)
    labels = one_array(vocabulary["label"]).take(place).to_numpy(zero_copy_only=False)
    row = pc.list_parent_indices(answers).to_numpy().astype(np.int64)
    return row[hits], labels[hits].astype(np.int64)


def _folded(texts: pa.Array) -> pa.Array:
    return pc.utf8_lower(pc.utf8_trim_whitespace(texts))


def _squeezed(texts: pa.Array) -> pa.Array:
    """Texts without white space."""
    return _of_values(texts, lambda texts: pc.replace_substring_regex(texts, r"[\s\p{Z}]+", ""))


def _of_values(texts: pa.Array, change: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """A function of texts, worked out once for each distinct one."""
    values = texts.dictionary_encode()
    return change(values.dictionary).take(values.indices)


def _is_rest(texts: pa.Array, english: pa.Array, where: pa.Array) -> pa.Array:
    """Whether a text is another one, signs or letters left out; the same in other case is no rest."""

    def is_rest(text: str, source: str) -> bool:
        same = "".join(text.split()).casefold() == "".join(source.split()).casefold()
        return not same and _is_subsequence(_signs(text), _signs(source))

    return _of_pairs(texts, english, where, is_rest)


def _is_other_number(texts: pa.Array, english: pa.Array, where: pa.Array) -> pa.Array:
    """Whether a number has other digits than another one, or lost its minus."""

    def is_other(text: str, source: str) -> bool:
        lost_sign = source.lstrip()[:1] in ("-", "−") and not set(text) & set("-−－")
        return lost_sign or _digits(text) != _digits(source)

    return _of_pairs(texts, english, where, is_other)


def _of_pairs(
    texts: pa.Array, english: pa.Array, where: pa.Array, test: Callable[[str, str], bool]
) -> pa.Array:
    """A test of every distinct pair among those that ``where`` marks; false elsewhere, and for nulls."""
    marked = pc.if_else(where, texts, pa.scalar(None, texts.type))
    joined = pc.binary_join_element_wise(marked, english, "\x00").dictionary_encode()
    verdicts = [test(*pair.split("\x00", 1)) for pair in joined.dictionary.to_pylist()]
    return pc.fill_null(pa.array(verdicts, pa.bool_()).take(joined.indices), False)


def _signs(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def _digits(text: str) -> str:
    return "".join(str(unicodedata.digit(sign, "")) for sign in text).lstrip("0")


def _is_subsequence(part: str, whole: str) -> bool:
    left = iter(whole)
    return all(sign in left for sign in part)


def _annotated(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], pa.Array, pa.Array, pa.Array]:
    """The row of each annotator's answer, its text, its English and its method."""
    answers = one_array(column)
    flat = pc.list_flatten(answers)
    parts = (one_array(pc.struct_field(flat, name)) for name in ("answer", "answer_en", "method"))
    return (pc.list_parent_indices(answers).to_numpy(), *parts)


def _rows(mask: pa.Array, parents: NDArray[np.int64], rows: int) -> Mask:
    found = np.zeros(rows, dtype=bool)
    found[parents[pc.fill_null(mask, False).to_numpy(zero_copy_only=False)]] = True
    return found
