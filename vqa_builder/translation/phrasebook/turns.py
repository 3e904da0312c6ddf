"""What a phrasebook for records knows beside questions: prompts of instruction data, and short replies.

The prompts are those that instruction sets repeat thousands of times (LLaVA's lists of Liu et al. 2023,
https://arxiv.org/abs/2304.08485, and the suffixes of LLaVA-1.5); a large language model wrote their
translations line by line. Short replies and options ("Red.", "a cat") come from the language's answer tables.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from vqa_builder.languages.base import Language, tables_hash
from vqa_builder.translation.phrasebook import SOURCE, Phrasebook, key
from vqa_builder.translation.request import Request

PROMPTS = Path(__file__).with_name("prompts.tsv")
VERSION = "1"
_SHORT = ("answer", "option", "turn")
_STOPS = {"ja": "。", "hi": "।"}
_OF_SIGHT = ("quality",)
"""Words of the tables that mean something else where nobody looks at a picture: "solid" is a pattern."""
_VERBAL = ("yes/no", "action")


class TurnPhrasebook(Phrasebook):
    """The phrasebook, the prompts, and the language's own words for short replies and options.

    Args:
        rules: the language, with its tables.

    Example::

        >>> from vqa_builder import languages
        >>> said = ["What time is it?", "Answer briefly.", "A cat.", "Why so?"]
        >>> TurnPhrasebook(languages.get("ja")).lookup(Request(said, "en", "ja", role="turn"))
        ['今何時ですか？', '簡潔に答えてください。', '猫です。', None]
    """

    def __init__(self, rules: Language) -> None:
        super().__init__(rules.code)
        self._rules = rules

    @property
    def signature(self) -> str:
        """The phrasebook's, the prompts and the tables."""
        prompts = hashlib.sha256(PROMPTS.read_bytes()).hexdigest()[:8]
        tables = f"{self._rules.signature}|{tables_hash(self.language)}"
        own = hashlib.sha256(f"{VERSION}|{prompts}|{tables}".encode()).hexdigest()[:8]
        return f"{super().signature}|turns:{own}"

    def lookup(self, request: Request) -> list[str | None]:
        """What is known of each string; None for all others."""
        found = super().lookup(request)
        if (request.source, request.target) != (SOURCE, self.language):
            return found
        prompts = _prompts().get(self.language, {})
        return [
            known or prompts.get(key(text)) or self._reply(text, request.role)
            for known, text in zip(found, request.texts, strict=True)
        ]

    def _reply(self, text: str, role: str) -> str | None:
        bare = text.removesuffix(".")
        if role not in _SHORT or not bare or bare[-1] in ".?!:;," or len(bare.split()) > 4:
            return None
        known = self._rules.answer(bare)
        if known is None or (role != "answer" and known.method in _OF_SIGHT):
            return None
        if role != "turn" or bare == text:
            return known.text
        polite = "です" if self.language == "ja" and known.method not in _VERBAL else ""
        return f"{known.text}{polite}{_STOPS.get(self.language, '.')}"


@cache
def _prompts() -> dict[str, dict[str, str]]:
    """Language -> key of a prompt -> its translation."""
    rows = [line.split("\t") for line in PROMPTS.read_text(encoding="utf-8").splitlines()]
    return {
        language: {key(row[0]): row[number] for row in rows[1:]}
        for number, language in enumerate(rows[0])
        if language != SOURCE
    }
