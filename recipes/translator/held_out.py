"""Which questions are held out of training: by their hash, so that the split is the same everywhere."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter

ONE_IN = 20
FUNCTION_WORDS = re.compile(
    "(?:an?|the|is|are|was|were|be|been|do|does|did|has|have|had|can|could|will|would|should|of|in|on|at|to|for|by|"
    "with|from|this|that|these|those|it|its|there|here|what|which|who|whose|where|when|why|how|many|much|any|some|"
    "and|or|not|no)"
)


def key(text: str) -> str:
    """A text without case, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).lower())


def content(question: str) -> tuple[str, ...]:
    """The content words of a question, singular and sorted: near-duplicates share them.

    >>> content("What color are the cats?") == content("What is the color of the cat?")
    True
    """
    words = re.findall(r"[a-z0-9]+", question.lower())
    stems = {re.sub(r"(?<=[^s]{2})s$", "", word) for word in words if not FUNCTION_WORDS.fullmatch(word)}
    return tuple(sorted(stems)) or tuple(words)


def drawn(text: str, salt: str, one_in: int) -> bool:
    """Whether a hash of the text falls into the held-out part."""
    digest = hashlib.sha256(f"{salt}:{text}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % one_in == 0


def split_questions(rows: list[dict[str, str]]) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Training and held-out questions.

    Held out are questions whose hash falls on it: of the question itself (1 in 20), of its pattern (its first
    three words and its number of words, 1 in 20), or of a rare content word in it (1 in 20 of the words in at
    most 30 questions). Questions that occur five times or more are never held out. A training question that
    has the same content words as a held-out one is in neither part, nor is the held-out one where the other
    is frequent.
    """
    often = Counter(word for row in rows for word in content(row["en"]))
    frequent = {content(row["en"]) for row in rows if int(row["count"]) >= 5}
    training: list[dict[str, str]] = []
    held: list[dict[str, str]] = []
    for row in rows:
        words = row["en"].lower().split()
        out = (
            drawn(key(row["en"]), "question", ONE_IN)
            or drawn(" ".join([*words[:3], str(len(words))]), "pattern", ONE_IN)
            or any(often[word] <= 30 and drawn(word, "word", ONE_IN) for word in content(row["en"]))
        )
        (held if out and content(row["en"]) not in frequent else training).append(row)
    taken = {content(row["en"]) for row in held}
    return [row for row in training if content(row["en"]) not in taken], held
