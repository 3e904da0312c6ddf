"""Every English label gets its answer in the target language; every annotator's answer goes through that map.

Tables of this module have one row per label (``ANSWER_MAP``) or one per segment, in the segments' order.
"""

from __future__ import annotations

from collections import defaultdict

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import schema
from vqa_builder.answers.vocabulary import normalised
from vqa_builder.languages.base import Language

VERSION = "1"
ENGLISH = "english"
ENGINE = "engine"


def align(
    vocabulary: pa.Table,
    segments: pa.Table,
    translations: pa.Table,
    verdicts: pa.Table,
    scores: pa.Table,
    language: Language,
) -> pa.Table:
    """The answer of every label.

    The language's own tables come first (numbers, yes/no, colours); then the translation, if the policy keeps
    it; else the answer stays English and its ``method`` says so.

    Args:
        vocabulary: labels and English answers.
        segments, translations, verdicts, scores: row-aligned tables of all segments.
        language: the target language.

    Returns:
        A table of schema ``ANSWER_MAP``: ``support`` counts the annotators' answers that read like the label,
        ``score`` is the chrF of the back-translation where the translation was taken, ``merged_with`` lists
        the other labels with the same answer.
    """
    rows = []
    known = _answer_segments(segments, translations, verdicts, scores)
    for label, answer_en in zip(
        vocabulary["label"].to_pylist(), vocabulary["answer_en"].to_pylist(), strict=True
    ):
        text, count, score = known.get(answer_en, (None, 0, None))
        answer, method = _choose(answer_en, text, language)
        rows.append(
            {
                "label": label,
                "answer_en": answer_en,
                "sense": "",
                "answer": answer,
                "method": method,
                "support": count,
                "score": score if method == ENGINE else None,
            },
        )
    sharing = defaultdict(list)
    for row in rows:
        sharing[language.normalise(row["answer"])].append(row["label"])
    for row in rows:
        row["merged_with"] = [n for n in sharing[language.normalise(row["answer"])] if n != row["label"]]
    return pa.Table.from_pylist(rows, schema.ANSWER_MAP)


def answer_texts(
    segments: pa.Table,
    translations: pa.Table,
    verdicts: pa.Table,
    answer_map: pa.Table,
    language: Language,
) -> pa.Array:
    """What every answer segment reads in the target language; null for questions.

    An answer that is a label, as it stands or normalised, reads as the map says; any other is chosen in the
    way of ``align``.
    """
    of_label = dict(zip(answer_map["answer_en"].to_pylist(), answer_map["answer"].to_pylist(), strict=True))
    kept = _kept_text(translations, verdicts).to_pylist()
    texts: list[str | None] = []
    for role, answer_en, text in zip(
        segments["role"].to_pylist(), segments["text"].to_pylist(), kept, strict=True
    ):
        if role != "answer":
            texts.append(None)
        elif answer_en in of_label:
            texts.append(of_label[answer_en])
        else:
            mapped = of_label.get(normalised(answer_en))
            texts.append(mapped if mapped is not None else _choose(answer_en, text, language)[0])
    return pa.array(texts, pa.string())


def _answer_segments(
    segments: pa.Table, translations: pa.Table, verdicts: pa.Table, scores: pa.Table
) -> dict[str, tuple[str | None, int, float | None]]:
    """English answer -> its kept translation, its count, the chrF of its back-translation."""
    chrf = scores["chrf"] if "chrf" in scores.column_names else pa.nulls(scores.num_rows, pa.float32())
    table = pa.table(
        {
            "answer": segments["text"],
            "text": _kept_text(translations, verdicts),
            "count": segments["count"],
            "chrf": chrf,
        },
    ).filter(pc.equal(segments["role"], "answer"))
    columns = (table[name].to_pylist() for name in ("text", "count", "chrf"))
    return dict(zip(table["answer"].to_pylist(), zip(*columns, strict=True), strict=True))


def _kept_text(translations: pa.Table, verdicts: pa.Table) -> pa.ChunkedArray:
    """The translations that the policy keeps; null for the others."""
    return pc.if_else(verdicts["keep"], translations["text"], pa.scalar(None, pa.string()))


def _choose(answer_en: str, text: str | None, language: Language) -> tuple[str, str]:
    """The answer and the method it comes from."""
    typed = language.answer(normalised(answer_en))
    if typed is not None:
        return typed.text, typed.method
    return (text, ENGINE) if text is not None else (answer_en, ENGLISH)
