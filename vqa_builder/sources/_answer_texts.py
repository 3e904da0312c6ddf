"""Answers as files write them: numbers, lists in a text, places of choices."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
from msgspec import ValidationError

_PLACE = re.compile(r"\s*\(?(?:(?P<letter>[A-Za-z])|(?P<number>[0-9]{1,3}))[).]?\s*")
_LONGEST_LIST = 1 << 20


class Answer(NamedTuple):
    """One annotator's answer; ``answer`` is None where a list has a gap."""

    answer: str | None
    answer_confidence: str | None = None
    answer_id: int | None = None


class ReadText(NamedTuple):
    """Reads the answers in a text; see `parse_answers`."""

    separator: str | None
    column: str
    all_lists: bool = False

    def __call__(self, text: str) -> list[Answer]:
        return parse_answers(text, *self)


def text_of(value: str | int | float | bool | None) -> str | None:
    """The text that stands for a value of a table.

    >>> [text_of(each) for each in ("cat", 2, 2.0, 2.5, True, False)]
    ['cat', '2', '2', '2.5', 'yes', 'no']
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return None if value != value else str(int(value)) if value.is_integer() else repr(value)
    return str(value) if isinstance(value, int) else value


def holds_something(value: Any) -> bool:
    """Whether a value, or one within it, is neither null nor blank.

    >>> [holds_something(each) for each in ("cat", 0, " ", ["", None], {"text": []})]
    [True, True, False, False, False]
    """
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return any(map(holds_something, value))
    return bool(value.strip()) if isinstance(value, str) else value is not None


def parse_answers(text: str, separator: str | None, column: str, all_lists: bool = False) -> list[Answer]:
    """The answers in a text.

    Args:
        text: one answer; answers with a separator between them; or a list as JSON or as Python prints one.
            What begins with ``[`` and is no list of quoted texts or objects is one answer: ``[unreadable]``.
        separator: what stands between answers, and may stand behind the last; with one, no text is a list.
        column: where the text stands, for messages.
        all_lists: whether every text of the column begins with ``[``, so that ``[1, 2]`` is a list, too.

    Raises:
        msgspec.ValidationError: it begins like a list of quoted texts and is none.

    >>> [each.answer for each in parse_answers("['cat', \\"it's\\"]", None, "answers")]
    ['cat', "it's"]
    >>> [each.answer for each in parse_answers("cat|dog|", "|", "answers")]
    ['cat', 'dog']
    >>> [each.answer for each in parse_answers("[unreadable]", None, "answers")]
    ['[unreadable]']
    """
    if separator is not None:
        parts = [part.strip() for part in text.split(separator)]
        while parts and not parts[-1]:
            parts.pop()
        return [Answer(part) for part in parts]
    start = text.lstrip()
    if not start.startswith("["):
        return [Answer(text)]
    quoted = start[1:].lstrip()[:1] in ("'", '"', "{") or start[1:].strip() == "]"
    if not quoted and not all_lists:
        return [Answer(text)]
    found = _read_list(text)
    if found is None:
        if not quoted:
            return [Answer(text)]
        raise ValidationError(f"Expected `a list of answers as JSON` - at `$.{column}`")
    return found


def choose(value: int | str, choices: list[str], column: str) -> str:
    """The choice that a place (from 0), a place as text, or a letter names; another text as it is.

    Raises:
        msgspec.ValidationError: there is no such choice.

    >>> [choose(each, ["red", "blue"], "answer") for each in (1, "0", "(B)", "red", "green")]
    ['blue', 'red', 'blue', 'red', 'green']
    """
    place = value
    if isinstance(place, str):
        match = None if place in choices else _PLACE.fullmatch(place)
        if match is None:
            return place
        place = ord(match["letter"].upper()) - ord("A") if match["letter"] else int(match["number"])
    if not 0 <= place < len(choices):
        raise ValidationError(f"Expected `the place of one of {len(choices)} choices` - at `$.{column}`")
    return choices[place]


def _read_list(text: str) -> list[Answer] | None:
    """The answers of a list as JSON or as Python prints one; None where the text is neither."""
    kind = list[str | int | float | bool | dict[str, Any] | None]
    try:
        values = msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        try:
            if len(text) > _LONGEST_LIST or _has_neighbouring_strings(text):
                return None
            values = msgspec.convert(ast.literal_eval(text.strip()), type=kind)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, tokenize.TokenError):
            return None
    answers = [_answer(each) for each in values]
    return None if None in answers else [each for each in answers if each is not None]


def _answer(value: Any) -> Answer | None:
    """One member of a list; None where it cannot be an answer."""
    confidence = place = None
    if isinstance(value, dict):
        confidence, place = value.get("answer_confidence"), value.get("answer_id")
        value = value.get("answer", value.get("text"))
    short = place is None or (isinstance(place, int) and -(2**31) <= place < 2**31)
    if isinstance(value, dict | list) or isinstance(confidence, dict | list) or value is None or not short:
        return None
    answer = Answer(text_of(value), text_of(confidence), place)
    # Python, unlike JSON, writes half of a surrogate pair where it likes.
    return None if any(0xD800 <= ord(each) <= 0xDFFF for each in answer.answer or "") else answer


def _has_neighbouring_strings(text: str) -> bool:
    """Whether two strings stand side by side, as in a printed NumPy array; Python would join them."""
    kinds = [token.type for token in tokenize.generate_tokens(io.StringIO(text).readline)]
    kinds = [kind for kind in kinds if kind != tokenize.NL]
    return any(pair == (tokenize.STRING, tokenize.STRING) for pair in pairwise(kinds))
