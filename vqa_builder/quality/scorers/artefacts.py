"""What does not belong into a sentence: control characters, markup, broken bytes, stray quotes."""

from __future__ import annotations

import re
from functools import cached_property
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.text import Floats, numbers

# U+2047 is what SentencePiece writes for a piece that it does not know; U+FFFD is a byte that was no UTF-8.
_ANYWHERE = {
    "control": (
        r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}\x{fff9}-\x{fffb}\x{feff}\x{202a}-\x{202e}\x{2066}-\x{2069}]"
    ),
    "broken": r"[\x{2047}\x{fffd}]|â€|Ã[\x{80}-\x{bf}]|ã[\x{80}-\x{9f}]|à¤",
    "pieces": r"[\x{2581}]|@@|##|</?s>|<unk>|<pad>|\[UNK\]|<2[a-z]{2}>|<\|[a-z_]+\|>",
    "entity": r"&(?:amp|lt|gt|quot|nbsp|apos|#x?[0-9a-fA-F]{1,6});",
    "prompt": (
        r"(?i)^\s*(?:translation|translated text|output|answer|question|japanese|hindi|[qa]|訳|訳文|翻訳|"
        r"翻訳文|和訳|日本語訳|日本語|質問|問題|問い?|回答|答え|"
        r"अनुवाद|हिंदी अनुवाद|हिंदी|प्रश्न|सवाल|उत्तर|जवाब)\s*[:：]"
        r"|^\s*(?:以下|次|下記)(?:が|は|に|の).{0,12}(?:翻訳|訳)|^\s*(?:यहाँ|यह रहा|निम्नलिखित|नीचे).{0,20}अनुवाद"
        r"|(?i)^\s*(?:here(?:'s| is| are)|sure)\b.{0,40}(?:translation|:)"
    ),
    "run": r"[?？]{3,}|[!！]{3,}|[。．.]{4,}|[、，,]{3,}|।{2,}|[\"'“”]{3,}",
    "quotes": r"^\s*[\"“「『]+\s*[\"”」』]*\s*$|[「『“][」』”]",
}
_NOT_IN_SOURCE = {
    "html": r"</?[a-zA-Z][^<>]{0,80}>",
    "address": r"https?://|www\.",
    "wrapped": r"^\s*(?:[\"“].*[\"”]|「[^「」]*」|『[^『』]*』)\s*$",
    "honorific": r"さん[様殿]|[様殿]さん|様様|जी जी(?:\s|$)|श्री श्री",
    "markdown": r"\*\*[^*]+\*\*|__[^_]+__|```|`[^`]+`|^\s*#{1,6}\s|^\s*>\s",
    "list": r"^\s*(?:[(（]?[0-9０-９१-९]{1,2}[.．)）、]\s*[^0-9０-９.\s]|[-*•・―–]\s+\S)",
    "comment": (
        r"(?i)(?:^|[\s。？?।!)）])(?:note|explanation|注|注釈|補足|備考|解説|説明|答え|回答|"
        r"नोट|टिप्पणी|ध्यान दें|उत्तर|व्याख्या)\s*[:：]"
    ),
    "refusal": (
        r"(?i)翻訳(?:できま|できない|いたしかね)|अनुवाद नहीं कर|\bI can(?:'t|not) translate|\bas an ai\b"
    ),
    "reading": (
        r"[(（][ぁ-ゖー、 ]{4,}[？?。]?[)）]"
        r"|[(（][A-Za-zāēīōū'’]+(?: [A-Za-zāēīōū'’]+){2,}\s*[？?.]?[)）]"
    ),
    "json": r"\{\s*\"|\\[nt]|\"\s*:\s*\"",
}
_PLACEHOLDER = re.compile(r"<[A-Za-z_/][\w/ -]*>|\{[A-Za-z_]\w*\}|%[sd]")


class Artefacts(Scorer):
    """How many kinds of refuse a translation holds.

    Control, direction and replacement characters, mojibake, ⁇ and other traces of a tokeniser, HTML
    entities, a prompt's "Translation:" or 以下が翻訳です, runs of punctuation, empty quotes. Where the
    source has none: HTML tags, web addresses, quotes around the whole text, doubled honorifics (さん様),
    Markdown, list marks, JSON, comments (注：), refusals, readings in brackets, and letters of a script
    that is neither the language's own nor Latin (Devanagari in Japanese). Last, placeholders of the source
    (<image>, {name}) that are gone.

    Example:
        "猫は何色ですか？" is 0; "⁇は何色ですか？？？" is 2 (a broken character, a run of marks).
    """

    name = "artefacts"
    summary = "kinds of refuse in the translation: control characters, HTML, ⁇, stray quotes; 0 is good"
    columns: ClassVar = {"artefacts": pa.float32()}
    good: ClassVar = "low"
    version: ClassVar[str] = "2"

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """A count from 0."""
        texts, sources = pairs["translation"], pairs["source"]
        found = [pc.match_substring_regex(texts, pattern) for pattern in _ANYWHERE.values()]
        for pattern in (*_NOT_IN_SOURCE.values(), self._foreign):
            there = pc.match_substring_regex(texts, pattern)
            if pc.any(there).as_py():
                there = pc.and_not(there, pc.match_substring_regex(sources, pattern))
            found.append(there)
        counts: Floats = sum((numbers(pc.cast(one, pa.float32())) for one in found), np.zeros(len(texts)))
        for row in np.flatnonzero(pc.match_substring_regex(sources, _PLACEHOLDER.pattern).to_numpy()):
            text = texts[int(row)].as_py()
            counts[row] += any(one not in text for one in _PLACEHOLDER.findall(sources[int(row)].as_py()))
        return {"artefacts": pa.array(counts, pa.float32())}

    @cached_property
    def _foreign(self) -> str:
        """RE2: a letter of none of the language's scripts, nor Latin or Greek, nor common to many."""
        own = "".join(rf"\p{{{script}}}" for script in self.language.scripts)
        return rf"[^\P{{L}}{own}\p{{Latin}}\p{{Greek}}\p{{Common}}]"
