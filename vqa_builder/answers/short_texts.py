"""Answers and options of records: what they mean in their row, and what a language's tables know for it."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder import schema
from vqa_builder.answers import modes, senses
from vqa_builder.answers.rows import quotations
from vqa_builder.languages.base import Language
from vqa_builder.translation.instructions import NAME, instruction, signature

VERSION = "3"
_SENTENCES = ("turn", "text")
_ALONE = re.compile(r"(?!(?:it|he|she|they|this|that|there|these|those|i|we|you)\b)\w+(?: \w+){0,2}", re.I)
_COMPLETE = ("はい", "いいえ", "る", "た", "い", "う", "く", "す", "む", "ない")
"""How Japanese replies end that take no です."""
QUOTED = "copied:"
"""What a context begins with that says why a text is copied."""
TABLES = "tables|"
WRITERS = (TABLES, QUOTED, NAME)
"""How those begin who answer without an engine."""


class Meaning(NamedTuple):
    """How the answers and options of a source are meant.

    Attributes:
        mode: whether they are translated, copied, or each by its question.
        rules: the senses of homographs.
        in_view: whether an engine heeds contexts, so that these hold the question and the options, too.
    """

    mode: modes.Mode
    rules: senses.Rules
    in_view: bool = False

    def contexts(
        self, questions: pa.Array, rows: NDArray[np.int64], texts: pa.Array, view: pa.Array
    ) -> pa.Array:
        """What tells texts of one spelling apart: why they are copied, or their sense, and what is in view.

        Args:
            questions: of every row, "" for none.
            rows: of each text, ascending.
            texts: answers or options.
            view: of every row, what an engine should see beside its texts.

        Returns:
            One per text: "" where nothing is to be said.

        Example::

            >>> meaning = Meaning("auto", senses.known_rules())
            >>> asked = pa.array(["What color is it?", "What fruit is it?", "What does the sign say?"])
            >>> told = meaning.contexts(asked, np.arange(3), pa.array(["orange", "orange", "exit"]), asked)
            >>> told.to_pylist()
            ['colour', 'fruit', 'copied:text']
        """
        told = pc.fill_null(pc.match_substring_regex(texts, r"\S"), False)
        at = told.to_numpy(zero_copy_only=False)
        found = np.full(len(texts), "", object)
        found[at] = self._meant(questions, rows[at], texts.filter(told)).to_numpy(zero_copy_only=False)
        contexts = pa.array(found, pa.string())
        if not self.in_view:
            return contexts
        seen = pc.binary_join_element_wise(contexts, view.take(pa.array(rows)), "\n")
        return pc.if_else(pc.starts_with(contexts, QUOTED), contexts, seen)

    def _meant(self, questions: pa.Array, rows: NDArray[np.int64], texts: pa.Array) -> pa.Array:
        offsets = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(questions)))])
        nothing = pa.nulls(len(texts))
        given = pa.StructArray.from_arrays(
            [texts, nothing.cast(pa.string()), nothing.cast(pa.int32())], fields=list(schema.ANSWER)
        )
        examples = pa.table(
            {
                "question": questions,
                "multiple_choice_answer": pa.nulls(len(questions), pa.string()),
                "answers": pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), given),
            }
        )
        copied = modes.decide(examples, self.mode)["answers_copied"].combine_chunks().flatten()
        meant = [piece["answers"].combine_chunks() for piece in senses.assign(examples, self.rules)]
        sense = pa.concat_arrays(meant).flatten() if meant else pa.nulls(0, pa.string())
        return pc.if_else(pc.is_valid(copied), pc.binary_join_element_wise(QUOTED, copied, ""), sense)


def for_engines(context: str) -> str:
    """A context on one line; "" for a copied text.

    >>> for_engines("fruit\\nWhat is it? (apple; orange)"), for_engines("\\nIs it?")
    ('fruit | What is it? (apple; orange)', 'Is it?')
    """
    return "" if context.startswith(QUOTED) else " | ".join(filter(None, context.split("\n")))


def known(strings: pa.Table, language: Language) -> tuple[pa.Array, pa.Array]:
    """What stands for answers and options without asking an engine, and who says so.

    Args:
        strings: their role, text and context; strings of other roles are left alone.
        language: the target language.

    Returns:
        One per string; null where an engine must be asked.

    >>> from vqa_builder import languages
    >>> texts, contexts = ["orange", "exit", "nobody said so"], ["fruit", "copied:text", ""]
    >>> strings = pa.table({"role": ["option"] * 3, "text": texts, "context": contexts})
    >>> known(strings, languages.get("hi"))[0].to_pylist()
    ['संतरा', 'exit', None]
    """
    short = pc.is_in(strings["role"], pa.array(schema.SHORT)).combine_chunks()
    contexts = pc.if_else(short, strings["context"].combine_chunks(), None)
    quoted = pc.fill_null(pc.starts_with(contexts, QUOTED), False)
    reasons = pc.if_else(quoted, pc.replace_substring(contexts, QUOTED, ""), None)
    copied, methods = quotations(strings["text"].combine_chunks(), reasons, language)
    asked = pc.if_else(quoted, None, contexts).to_pylist()
    told = [
        None if context is None else _word(role, text, language, context.partition("\n")[0])
        for role, text, context in zip(
            strings["role"].to_pylist(), strings["text"].to_pylist(), asked, strict=True
        )
    ]
    words = pc.coalesce(pa.array(told, pa.string()), copied)
    verbatim = pc.fill_null(pc.starts_with(methods, QUOTED), False)
    by = pc.if_else(pc.is_valid(words), f"{TABLES}{language.signature}", None)
    return words, pc.if_else(verbatim, methods, by)


def ready(segments: pa.Table, language: Language) -> tuple[pa.Array, pa.Array]:
    """The same for sentences of turns and texts: instructions that recur, and words alone on their line.

    >>> from vqa_builder import languages
    >>> said = ["Answer with the letter.", "insects", "Red.", "It is red."]
    >>> ready(pa.table({"role": ["turn"] * 4, "text": said}), languages.get("ja"))[0].to_pylist()
    ['記号で答えてください。', '昆虫', '赤です。', None]
    """
    words: list[str | None] = []
    writers: list[str | None] = []
    for role, text in zip(segments["role"].to_pylist(), segments["text"].to_pylist(), strict=True):
        told = instruction(text, language.code) if role in _SENTENCES else None
        word = None
        bare = text.removesuffix(".")
        if told is None and role in _SENTENCES and _ALONE.fullmatch(bare):
            word = _word(role, bare, language)
            word = word if word is None or bare == text else _as_sentence(word, language.code)
        words.append(told or word)
        writers.append(signature() if told else word and f"{TABLES}{language.signature}")
    return pa.array(words, pa.string()), pa.array(writers, pa.string())


def _as_sentence(word: str, language: str) -> str:
    """A word as the whole of a reply, with the language's stop.

    >>> [_as_sentence(word, "ja") for word in ("赤", "はい", "馬に乗っている")], _as_sentence("लाल", "hi")
    (['赤です。', 'はい。', '馬に乗っている。'], 'लाल।')
    """
    if language == "ja":
        return f"{word}。" if word.endswith(_COMPLETE) else f"{word}です。"
    return word + ("।" if language == "hi" else ".")


def _word(role: str, text: str, language: Language, sense: str = "") -> str | None:
    """What the tables know for a text; words about what is seen ("solid", a pattern) serve answers alone."""
    found = language.answer(text, sense)
    return None if found is None or (found.method == "quality" and role != "answer") else found.text
