"""Every sense of every label gets one answer in the target language; every merge gets a verdict.

The answer comes, in this order, from the glossary, from what people verified in the memory, from the
language's own tables, from a vote of the engines' candidates; else it stays as the source writes it and says
so. The normalised form of an answer decides its label and nothing else: tables and engines see the answer
verbatim, and where nothing translates it the source's own text is released. Labels never change their ids:
two labels that read alike keep both, and each lists the other. Lists are answered in one order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import schema
from vqa_builder.answers import merges
from vqa_builder.answers.engine_answers import accepted, are_sound, comes_back
from vqa_builder.answers.modes import FORM, is_code
from vqa_builder.languages.base import Language, lookup_forms
from vqa_builder.quality.policy import is_human_verified

VERSION = "7"
TABLE = "table"
GLOSSARY = "glossary"
MEMORY = "memory"
ENGINE = "engine"
COPIED = "copied"
UNTRANSLATED = "untranslated"
METHODS = (TABLE, GLOSSARY, MEMORY, ENGINE, COPIED, UNTRANSLATED)
"""How the answers of rows come about; behind ``copied:`` stands why, as ``modes.decide`` names it."""

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
        glossary: (``key_of`` an answer, sense) -> answer.
        engines: signatures of the engines; whatever else translated a segment are people.

    Returns:
        A table of schema ``ANSWER_MAP``, by label. ``spelling`` is how the source most often writes the
        answer; ``method`` one of ``METHODS``, or the kind of the table's entry ("colour", "phrase");
        ``support`` counts the annotators' answers in this sense; ``score`` is the share of the vote where
        engines chose, times their agreement; ``runner_up`` the next best; ``merged_with`` the other labels
        with this surface, and ``merge`` the verdict on them.

    Example: ``orange`` has two rows, ``colour`` オレンジ色 and ``fruit`` オレンジ, and the latter merges with
    ``oranges``.
    """
    known = _segments(segments, translations, verdicts, scores, engines)
    voted = _candidates(candidates)
    rows = contexts.select(
        ["label", "answer_en", "sense", "spelling", "support", "copied", "examples"]
    ).to_pylist()
    for row in rows:
        key = key_of(row["spelling"])
        segment = known.get((key, row["sense"])) or known.get((key, "")) or Segment(None, False, 0.0)
        row |= _entry(row, segment, voted.get((row["answer_en"], row["sense"]), []), language, glossary)
        del row["copied"]
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
    return [
        (row["answer_en"], row["sense"])
        for row in _unknown(contexts, language, glossary)
        if not verified.keys() & {(key := key_of(row["spelling"]), row["sense"]), (key, "")}
    ]


def listed_answers(segments: pa.Table, language: Language) -> pa.Table:
    """What the language's own tables say of each answer.

    Returns:
        A column ``text``, row-aligned with ``segments``; null for what they do not know, and for questions.
    """
    columns = (segments["role"], segments["text"], segments["context"])
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    found = [language.answer(text, sense) if role == "answer" else None for role, text, sense in rows]
    return pa.table({"text": pa.array([typed and typed.text for typed in found], pa.string())})


def unknown_answers(
    segments: pa.Table,
    listed: pa.Table,
    contexts: pa.Table,
    said: Sequence[str | None],
    language: Language,
    glossary: Mapping[tuple[str, str], str],
) -> pa.BooleanArray:
    """Which answers have to be translated for ``align`` and ``answer_texts`` to say what they say.

    No translation of an answer is looked at where glossary or tables know all its spellings in all senses.

    Args:
        segments: answers, of schema ``SEGMENTS``.
        listed: what tables say of them, as ``listed_answers`` made it.
        contexts: senses of all labels, as ``contexts.find`` made them.
        said: what people said of each segment; None where nobody did.
        language: the target language.
        glossary: (``key_of`` an answer, sense) -> answer.
    """
    columns = (segments["context"].to_pylist(), listed["text"].to_pylist(), said)
    keys = [key_of(text) for text in segments["text"].to_pylist()]
    wanted = {key_of(row["spelling"]) for row in _unknown(contexts, language, glossary)}
    wanted |= {
        key
        for key, sense, by_tables, by_people in zip(keys, *columns, strict=True)
        if by_people is not None or not ((key, sense) in glossary or by_tables is not None)
    }
    return pa.array([key in wanted for key in keys], pa.bool_())


def _unknown(
    contexts: pa.Table, language: Language, glossary: Mapping[tuple[str, str], str]
) -> Iterator[dict[str, Any]]:
    """The senses that neither glossary nor tables know, and that are no quotations."""
    for row in contexts.select(["answer_en", "sense", "spelling", "support", "copied"]).to_pylist():
        known = (key_of(row["spelling"]), row["sense"]) in glossary
        if not (known or language.answer(row["spelling"], row["sense"]) or _is_quotation(row)):
            yield row


def key_of(answer: str) -> str:
    """The form by which an answer finds its translation; unlike the label's it loses no sign.

    >>> key_of("A Cat."), key_of("n/a"), key_of("-15")
    ('cat', 'n/a', '-15')
    """
    return lookup_forms(answer)[-1]


def answer_texts(
    segments: pa.Table,
    listed: pa.Table,
    translations: pa.Table,
    verdicts: pa.Table,
    answer_map: pa.Table,
    language: Language,
    engines: Collection[str],
    *,
    glossary: Mapping[tuple[str, str], str],
) -> pa.Table:
    """What every answer segment reads in the target language, and the method; null for questions.

    A label in one of its senses reads as the map says, if it is spelled as there. Any other answer is chosen
    in the way of ``align``, once for all its spellings with one ``key_of``: the glossary, what people
    verified, the language's tables, then the most frequent spelling with a translation that the policy keeps
    or that comes back into English with its meaning, and that is sound. What nobody translates stands
    verbatim.

    Args:
        segments, translations, verdicts: row-aligned tables of all segments.
        listed: what tables say of them, as ``listed_answers`` made it.
        answer_map: as ``align`` made it.
        language, engines, glossary: as of ``align``.

    Returns:
        Columns ``text`` and ``method``, one of ``METHODS``, row-aligned with ``segments``.
    """
    verified = _human_verified(segments, translations, engines)
    of_label = {
        (key_of(row["spelling"]), row["sense"]): (row["answer"], row_method(row["method"]))
        for row in answer_map.sort_by("support").select(["spelling", "sense", "answer", "method"]).to_pylist()
    }
    columns = (segments["role"], segments["text"], segments["context"], listed["text"])
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    made = accepted(segments, translations, verdicts)
    agree = are_sound([(said, spelling) for spelling, said in made.values()], language)
    sound = {key: said for (key, (_, said)), agrees in zip(made.items(), agree, strict=True) if agrees}
    found: list[tuple[str | None, str | None]] = []
    for role, text, sense, by_tables in rows:
        key = key_of(text) if role == "answer" else ""
        if role != "answer":
            found.append((None, None))
        elif (label := of_label.get((key, sense))) and label[1] not in (UNTRANSLATED, COPIED):
            found.append(label)
        elif (said := glossary.get((key, sense))) is not None:
            found.append((said, GLOSSARY))
        elif (said := verified.get((key, sense)) or verified.get((key, ""))) is not None:
            found.append((said, MEMORY))
        elif by_tables is not None:
            found.append((by_tables, TABLE))
        elif key in sound:
            found.append((sound[key], ENGINE))
        else:
            found.append((text, f"{COPIED}:{FORM}" if is_code(text) else UNTRANSLATED))
    texts, methods = ([one[place] for one in found] for place in (0, 1))
    return pa.table({"text": pa.array(texts, pa.string()), "method": pa.array(methods, pa.string())})


def row_method(method: str) -> str:
    """One of ``METHODS`` for a method of the answer map: its tables are all ``table``."""
    return method if method in METHODS else TABLE


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
    row: dict[str, Any],
    segment: Segment,
    ballots: list[Ballot],
    language: Language,
    glossary: Mapping[tuple[str, str], str],
) -> dict[str, object]:
    """The columns answer, method, score and runner_up of one sense."""
    spelling, sense = row["spelling"], row["sense"]
    typed = language.answer(spelling, sense)
    fixed = [
        (glossary.get((key_of(spelling), sense)), GLOSSARY),
        (segment.text if segment.human_verified else None, MEMORY),
        (typed.text, typed.method) if typed else (None, ""),
        (spelling if _is_quotation(row) else None, COPIED),
    ]
    for answer, method in fixed:
        if answer is not None:
            return {"answer": answer, "method": method, "score": None, "runner_up": None}
    if segment.text is not None:
        ballots = [Ballot(segment.text, BARE_WEIGHT[sense != ""], segment.agreement), *ballots]
    agree = are_sound([(ballot.text, spelling) for ballot in ballots], language)
    sound = [ballot for ballot, agrees in zip(ballots, agree, strict=True) if agrees]
    ranked = vote(sound) if sound and row["answer_en"] else []
    if not ranked:
        return {"answer": spelling, "method": UNTRANSLATED, "score": None, "runner_up": None}
    runner_up = ranked[1][0] if len(ranked) > 1 else None
    return {"answer": ranked[0][0], "method": ENGINE, "score": ranked[0][1], "runner_up": runner_up}


def _is_quotation(row: dict[str, Any]) -> bool:
    """Whether most of those who gave an answer quoted it, or it is written alike in every language."""
    return 2 * row["copied"] > row["support"] or is_code(row["spelling"])


def _order_lists(rows: list[dict[str, Any]]) -> None:
    """Lists of the same members ("white and black") take the answer of the one most often given."""
    leading: dict[tuple[str, ...], dict[str, Any]] = {}
    lists = [(merges.list_key(row["answer_en"]), row) for row in rows]
    for key, row in sorted(lists, key=lambda pair: -pair[1]["support"]):
        if key is not None and row["method"] != UNTRANSLATED:
            leading.setdefault(key, row)
    for key, row in lists:
        if key in leading and row["method"] not in (GLOSSARY, MEMORY):
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
            known[key_of(text), sense] = Segment(translation, False, agreement)
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
    return {(key_of(row["text"]), row["context"]): row["said"] for row in rows}


def _candidates(candidates: pa.Table) -> dict[tuple[str, str], list[Ballot]]:
    """(English answer, sense) -> the candidates that came back into English with their meaning."""
    found: dict[tuple[str, str], list[Ballot]] = {}
    for answer, sense, _, weight, text, back in zip(
        *(column.to_pylist() for column in candidates.columns), strict=True
    ):
        if text is not None and comes_back(answer, back):
            found.setdefault((answer, sense), []).append(Ballot(text, weight, 1.0))
    return found
