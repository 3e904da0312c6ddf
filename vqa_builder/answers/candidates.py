"""Candidates: how engines translate an answer on its own, and inside a sentence that its questions suggest.

"The animal is bat." tells an engine which bat is meant where "bat" does not. The frames stand in
``frames.tsv`` by the kind of question. Two probes ("horse", "lion") are translated in the same frame: what
their translations share is the frame's, and the rest of any other sentence in it is the answer. Engines that
use contexts are asked for the bare answer with its question instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa

from vqa_builder.languages._text import table_rows

VERSION = "2"

CANDIDATES = pa.schema(
    [
        ("answer_en", pa.string()),
        ("sense", pa.string()),
        ("context", pa.string()),
        ("weight", pa.float32()),
        ("text", pa.string()),
        ("back_text", pa.string()),
    ],
)

Translate: TypeAlias = Callable[[Sequence[str], Sequence[str] | None], list[str | None]]
"""Texts, with a context each or none, to their translations; None where one failed."""


class Frame(NamedTuple):
    """A sentence with a place for an answer.

    Attributes:
        text: the sentence, ``{answer}`` in it.
        probes: two answers that fit, as unlike as can be.
    """

    text: str
    probes: tuple[str, str]


class Asked(NamedTuple):
    """An answer as engines are asked for it.

    Attributes:
        answer_en, sense: whose candidate it is.
        text: the answer as its source writes it.
        context: the frame or the question that it stands in.
        weight: share of the sense's questions that are of this kind.
    """

    answer_en: str
    sense: str
    text: str
    context: str
    weight: float


@cache
def frames() -> dict[str, Frame]:
    """Kind of question -> its frame; the one of "" serves any other kind.

    >>> frames()["animal"]
    Frame(text='The animal is {answer}.', probes=('horse', 'lion'))
    """
    rows = table_rows("frames.tsv", "vqa_builder.answers")
    return {row["head"]: Frame(row["frame"], (row["probe"], row["other"])) for row in rows}


def asked_in_frames(contexts: pa.Table, open_senses: Iterable[tuple[str, str]], top: int) -> list[Asked]:
    """The frames of every open sense: those of its most frequent kinds of question.

    Args:
        contexts: what ``contexts.find`` made.
        open_senses: English answers and senses that nothing else translates.
        top: so many kinds for each at most.
    """
    default, found = frames()[""], []
    for row in _open(contexts, open_senses):
        weights: dict[str, float] = {}
        for name, weight in list(zip(row["heads"], row["weights"], strict=True))[:top]:
            text = frames().get(name, default).text
            weights[text] = weights.get(text, 0.0) + weight
        of_row = row["answer_en"], row["sense"], row["spelling"]
        found += [Asked(*of_row, text, weight) for text, weight in weights.items()]
    return found


def asked_with_questions(contexts: pa.Table, open_senses: Iterable[tuple[str, str]], top: int) -> list[Asked]:
    """The most frequent questions of every open sense, all of one weight; arguments as above."""
    return [
        Asked(row["answer_en"], row["sense"], row["spelling"], question, 1 / len(row["examples"][:top]))
        for row in _open(contexts, open_senses)
        for question in row["examples"][:top]
    ]


def sentences(asked: Sequence[Asked]) -> list[str]:
    """All that must be translated for answers in frames, each once: answers and probes in their frames."""
    probes = {frame.text: frame.probes for frame in frames().values()}
    texts = [
        context.replace("{answer}", filling)
        for _, _, answer, context, _ in asked
        for filling in (*probes[context], answer)
    ]
    return list(dict.fromkeys(texts))


def from_frames(asked: Sequence[Asked], translate: Translate) -> list[str | None]:
    """The candidates of answers in frames; None where the frame cannot be told from the answer."""
    texts = sentences(asked)
    known = dict(zip(texts, translate(texts, None), strict=True))
    probes = {frame.text: frame.probes for frame in frames().values()}
    found = []
    for _, _, answer, context, _ in asked:
        filled = [known[context.replace("{answer}", filling)] for filling in (*probes[context], answer)]
        found.append(recovered(*filled))
    return found


def recovered(probe: str | None, other: str | None, sentence: str | None) -> str | None:
    """The part of a sentence that is not the frame of two others.

    >>> recovered("その動物は馬です。", "その動物はライオンです。", "その動物はコウモリです。")
    'コウモリ'
    >>> recovered("जानवर घोड़ा है।", "जानवर शेर है।", "जानवर चमगादड़ है।")
    'चमगादड़'
    """
    if probe is None or other is None or sentence is None or probe == other:
        return None
    start = _common(probe, other)
    end = _common(probe[start:][::-1], other[start:][::-1])
    if " " in probe.strip():
        start = probe.rfind(" ", 0, start) + 1
        tail = probe[len(probe) - end :].find(" ") if end else 0
        end = end - tail if tail >= 0 else 0
    before, after = probe[:start], probe[len(probe) - end :]
    fits = sentence.startswith(before) and sentence.endswith(after)
    middle = sentence[len(before) : len(sentence) - len(after)].strip(" 、，,।。.") if fits else ""
    return middle if middle and len(before) + len(after) <= len(sentence) and before + after else None


def table(asked: Sequence[Asked], texts: Sequence[str | None], back_texts: Sequence[str | None]) -> pa.Table:
    """The candidates as a table of schema ``CANDIDATES``, failed ones included."""
    rows = [
        (one.answer_en, one.sense, one.context, one.weight, text, back)
        for one, text, back in zip(asked, texts, back_texts, strict=True)
    ]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in CANDIDATES]
    return pa.table(columns, schema=CANDIDATES)


def _open(contexts: pa.Table, open_senses: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """The rows of the open senses."""
    wanted = set(open_senses)
    keys = zip(contexts["answer_en"].to_pylist(), contexts["sense"].to_pylist(), strict=True)
    open_rows = contexts.filter(pa.array([key in wanted and key[0] != "" for key in keys], pa.bool_()))
    return open_rows.to_pylist()  # type: ignore[no-any-return]


def _common(one: str, other: str) -> int:
    """The length of the common beginning."""
    size = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        size += 1
    return size
