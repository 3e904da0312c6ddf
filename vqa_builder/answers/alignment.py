"""Every sense of every label gets one answer in the target language; every merge gets a verdict.

The answer comes, in this order, from the glossary, from what people verified in the memory, from the
language's own tables, from a vote of the engines' candidates; else it stays English and says so. Labels never
change their ids: two labels that read alike keep both, and each lists the other. Lists are answered in one
order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import schema
from vqa_builder.answers import merges
from vqa_builder.answers.vocabulary import normalised
from vqa_builder.languages.base import Language
from vqa_builder.quality.policy import is_human_verified

VERSION = "4"
GLOSSARY = "glossary"
PEOPLE = "people"
ENGINE = "engine"
ENGLISH = "english"
BARE_WEIGHT = {False: 1.0, True: 0.5}
"""What the bare answer's translation weighs beside its contexts, whose weights sum to 1 at most: less for an
answer of several senses, since it cannot tell them apart."""


class Ballot(NamedTuple):
    """One translation of a sense, from one context.

    Attributes:
        text: the translation.
        weight: how much of the sense its context stands for.
        agreement: how well it came back into English, 0 to 1.
    """

    text: str
    weight: float
    agreement: float


class Segment(NamedTuple):
    """A translated answer segment: its text, whether people verified it, its round trip, 0 to 1."""

    text: str | None
    human_verified: bool
    agreement: float


def align(
    contexts: pa.Table,
    segments: pa.Table,
    translations: pa.Table,
    verdicts: pa.Table,
    scores: pa.Table,
    candidates: pa.Table,
    language: Language,
    *,
    glossary: Mapping[tuple[str, str], str],
    engines: Collection[str],
) -> pa.Table:
    """The answer of every label and sense.

    Args:
        contexts: senses of all labels, as ``contexts.find`` made them.
        segments, translations, verdicts, scores: row-aligned tables of all segments.
        candidates: translations in context, of schema ``candidates.CANDIDATES``.
        language: the target language.
        glossary: (English answer, sense) -> answer.
        engines: signatures of the engines; whatever else translated a segment are people.

    Returns:
        A table of schema ``ANSWER_MAP``, by label. ``method`` is ``glossary``, ``people``, a table's name,
        ``engine`` or ``english``; ``support`` counts the annotators' answers in this sense; ``score`` is the
        share of the vote where engines chose, times their agreement; ``runner_up`` the next best;
        ``merged_with`` the other labels with this surface, and ``merge`` the verdict on them.

    Example: ``orange`` has two rows, ``colour`` オレンジ色 and ``fruit`` オレンジ, and the latter merges with
    ``oranges``.
    """
    known = _segments(segments, translations, verdicts, scores, engines)
    voted = _candidates(candidates)
    rows = contexts.select(["label", "answer_en", "sense", "support", "examples"]).to_pylist()
    for row in rows:
        key = row["answer_en"], row["sense"]
        segment = known.get(key) or known.get((key[0], "")) or Segment(None, False, 0.0)
        row |= _entry(key, segment, voted.get(key, []), language, glossary)
    _order_lists(rows)
    surfaces = [language.normalise(row["answer"]) for row in rows]
    partners = merges.sharing(surfaces, [row["label"] for row in rows])
    names = dict(zip(contexts["label"].to_pylist(), contexts["answer_en"].to_pylist(), strict=True))
    for row, others in zip(rows, partners, strict=True):
        row["merged_with"] = others
        row["merge"] = _verdict(row["answer_en"], [names[label] for label in others], language.code)
    return pa.Table.from_pylist(rows, schema.ANSWER_MAP)


def open_senses(
    contexts: pa.Table,
    segments: pa.Table,
    translations: pa.Table,
    language: Language,
    *,
    glossary: Mapping[tuple[str, str], str],
    engines: Collection[str],
) -> list[tuple[str, str]]:
    """The senses that neither glossary, people nor tables translate: those that engines are asked for.

    Arguments as for ``align``.
    """
    verified = _human_verified(segments, translations, engines)
    keys = zip(contexts["answer_en"].to_pylist(), contexts["sense"].to_pylist(), strict=True)
    return [
        (answer, sense)
        for answer, sense in keys
        if not verified.keys() & {(answer, sense), (answer, "")}
        and (answer, sense) not in glossary
        and language.answer(answer, sense) is None
    ]


def answer_texts(
    segments: pa.Table,
    translations: pa.Table,
    verdicts: pa.Table,
    answer_map: pa.Table,
    language: Language,
    engines: Collection[str],
) -> pa.Array:
    """What every answer segment reads in the target language; null for questions.

    A label in one of its senses reads as the map says. Any other answer is chosen in the way of ``align``,
    once for all its spellings that normalise alike: what people verified, then the language's tables, then
    the most frequent spelling that has a translation.
    """
    verified = _human_verified(segments, translations, engines)
    of_label = dict(
        zip(
            zip(answer_map["answer_en"].to_pylist(), answer_map["sense"].to_pylist(), strict=True),
            answer_map["answer"].to_pylist(),
            strict=True,
        )
    )
    kept = _kept_text(translations, verdicts)
    columns = (segments["role"], segments["text"], segments["context"], segments["count"], kept)
    rows = list(zip(*(column.to_pylist() for column in columns), strict=True))
    forms = {text: normalised(text) for role, text, *_ in rows if role == "answer"}
    best: dict[str, tuple[int, str]] = {}
    for role, text, _, count, translation in rows:
        if role == "answer" and translation is not None and count > best.get(forms[text], (-1, ""))[0]:
            best[forms[text]] = count, translation
    texts: list[str | None] = []
    for role, text, sense, *_ in rows:
        if role != "answer":
            texts.append(None)
        elif (forms[text], sense) in of_label:
            texts.append(of_label[forms[text], sense])
        elif (said := verified.get((forms[text], sense)) or verified.get((forms[text], ""))) is not None:
            texts.append(said)
        else:
            typed = language.answer(forms[text], sense)
            texts.append(typed.text if typed else best.get(forms[text], (0, text))[1])
    return pa.array(texts, pa.string())


def vote(ballots: list[Ballot]) -> list[tuple[str, float]]:
    """Translations with their share of the vote, best first; equal ones in the order of their text.

    >>> vote([Ballot("バット", 0.5, 1.0), Ballot("コウモリ", 0.7, 1.0), Ballot("コウモリ", 0.3, 0.5)])
    [('コウモリ', 0.57), ('バット', 0.33)]
    """
    total = sum(ballot.weight for ballot in ballots)
    shares: dict[str, float] = {}
    for text, weight, agreement in ballots:
        shares[text] = shares.get(text, 0.0) + weight * agreement / total
    ranked = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    return [(text, round(share, 2)) for text, share in ranked]


def _entry(
    key: tuple[str, str],
    segment: Segment,
    ballots: list[Ballot],
    language: Language,
    glossary: Mapping[tuple[str, str], str],
) -> dict[str, object]:
    """The columns answer, method, score and runner_up of one sense."""
    typed = language.answer(*key)
    fixed = [
        (glossary.get(key), GLOSSARY),
        (segment.text if segment.human_verified else None, PEOPLE),
        (typed.text, typed.method) if typed else (None, ""),
    ]
    for answer, method in fixed:
        if answer is not None:
            return {"answer": answer, "method": method, "score": None, "runner_up": None}
    if segment.text is not None:
        ballots = [Ballot(segment.text, BARE_WEIGHT[key[1] != ""], segment.agreement), *ballots]
    ranked = vote(ballots) if ballots and key[0] else []
    if not ranked:
        return {"answer": key[0], "method": ENGLISH, "score": None, "runner_up": None}
    runner_up = ranked[1][0] if len(ranked) > 1 else None
    return {"answer": ranked[0][0], "method": ENGINE, "score": ranked[0][1], "runner_up": runner_up}


def _order_lists(rows: list[dict[str, Any]]) -> None:
    """Lists of the same members ("white and black") take the answer of the one most often given."""
    leading: dict[tuple[str, ...], dict[str, Any]] = {}
    lists = [(merges.list_key(row["answer_en"]), row) for row in rows]
    for key, row in sorted(lists, key=lambda pair: -pair[1]["support"]):
        if key is not None and row["method"] != ENGLISH:
            leading.setdefault(key, row)
    for key, row in lists:
        if key in leading and row["method"] not in (GLOSSARY, PEOPLE):
            row |= {name: leading[key][name] for name in ("answer", "method", "score", "runner_up")}


def _verdict(answer_en: str, partners: list[str], language: str) -> str:
    if not partners:
        return merges.NONE
    flagged = any(merges.judge(answer_en, other, language).verdict == merges.FLAGGED for other in partners)
    return merges.FLAGGED if flagged else merges.INTENDED


def _segments(
    segments: pa.Table,
    translations: pa.Table,
    verdicts: pa.Table,
    scores: pa.Table,
    engines: Collection[str],
) -> dict[tuple[str, str], Segment]:
    """(English answer, sense) -> its segment: what people verified, else of the most frequent spelling."""
    chrf = scores["chrf"] if "chrf" in scores.column_names else pa.nulls(scores.num_rows, pa.float32())
    table = pa.table(
        {
            "text": segments["text"],
            "context": segments["context"],
            "count": segments["count"],
            "text_in_target": translations["text"],
            "kept": verdicts["keep"],
            "chrf": chrf,
        },
    ).filter(pc.equal(segments["role"], "answer"))
    known: dict[tuple[str, str], Segment] = {}
    for text, sense, _, translation, kept, round_trip in zip(
        *(column.to_pylist() for column in table.sort_by("count").columns), strict=True
    ):
        if translation is not None and kept:
            agreement = 1.0 if round_trip is None else round_trip / 100
            known[normalised(text), sense] = Segment(translation, False, agreement)
    for key, said in _human_verified(segments, translations, engines).items():
        known[key] = Segment(said, True, 1.0)
    return known


def _human_verified(
    segments: pa.Table, translations: pa.Table, engines: Collection[str]
) -> dict[tuple[str, str], str]:
    """(English answer, sense) -> what people made of it; of its spellings the most frequent one."""
    chosen = pc.and_(pc.equal(segments["role"], "answer"), is_human_verified(translations, engines))
    table = segments.select(["text", "context", "count"]).append_column("said", translations["text"])
    rows = table.filter(chosen).sort_by([("count", "ascending"), ("text", "descending")]).to_pylist()
    return {(normalised(row["text"]), row["context"]): row["said"] for row in rows}


def _candidates(candidates: pa.Table) -> dict[tuple[str, str], list[Ballot]]:
    """(English answer, sense) -> the candidates that came back into English with their meaning."""
    found: dict[tuple[str, str], list[Ballot]] = {}
    for answer, sense, _, weight, text, back in zip(
        *(column.to_pylist() for column in candidates.columns), strict=True
    ):
        if text is not None and back is not None:
            same = merges.meaning(normalised(back)) == merges.meaning(answer)
            if same:
                found.setdefault((answer, sense), []).append(Ballot(text, weight, 1.0))
    return found


def _kept_text(translations: pa.Table, verdicts: pa.Table) -> pa.ChunkedArray:
    """The translations that the policy keeps; null for the others."""
    return pc.if_else(verdicts["keep"], translations["text"], pa.scalar(None, pa.string()))
