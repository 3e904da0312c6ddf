"""Long texts in sentences for engines, and what stands between them: lines, list marks, cells, emphasis."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from vqa_builder.spec import PROTECTED_KINDS
from vqa_builder.translation.instructions import labels
from vqa_builder.translation.protect import SPACELESS
from vqa_builder.translation.protected_spans import Piece, cut, find_spans

VERSION = "2"

_END = re.compile(r"[.!?]+[\"'”’)\]*_]*(\s+)(?=[\"'“‘(\[*_]*[A-Z0-9<])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Mt|Jr|Sr|vs|etc|approx|Fig|No|Vol|Inc|Ltd|Co|Gen|Sgt|Rev|cf)|\b[A-Za-z]|\b(?:[A-Za-z]\.)+[A-Za-z]"
    r"|(?:\A|\s)\(?\d{1,2})\.\Z"
)
_ROW = re.compile(r"\s*\|.*\|\s*")
_CELLS = re.compile(r"(\s*(?<!\\)\|\s*)")
_EMPHASIS = re.compile(
    r"(?P<mark>\*\*\*|\*\*|__|\*|_)(?P<inside>[^*_]+?)(?P<after>(?P=mark):?\s*|:(?P=mark)\s*)"
)
_MARKS = re.compile(r"(?:#{1,6}|[-*•‣>]|\(?(?:\d{1,2}|[A-Za-z])[.)])\s+(?=\S)")


def cut_sentences(text: str, kinds: Sequence[str] = PROTECTED_KINDS) -> list[Piece]:
    """A text in sentences and what stands between and around them, which joined make it up again.

    Lines, list marks, headings, cells of tables, code, tags and emphasis around a heading are kept; so is
    what has one letter or none, such as "42" and "B.".

    >>> [piece.text for piece in cut_sentences("<image>\\nIt is red. Is it?") if not piece.is_kept]
    ['It is red.', 'Is it?']
    >>> [piece.text for piece in cut_sentences("| **Colour** | 5 |\\n|---|---|") if not piece.is_kept]
    ['Colour']
    >>> [piece.text for piece in cut_sentences("Question: Is it?\\nAnswer: B") if not piece.is_kept]
    ['Question:', 'Is it?', 'Answer:']
    """
    pieces: list[Piece] = []
    for piece in cut(text, kinds):
        for part in [piece] if piece.is_kept else _cells(piece.text):
            pieces += [part] if part.is_kept else _emphasised(part.text, kinds)
    return _with_letters(pieces)


def joined(pieces: Sequence[Piece], texts: Sequence[str | None], language: str) -> str | None:
    """Translated sentences with what stood between them; None if one of them is not translated.

    A space between two sentences goes where the language writes none.

    >>> pieces = [Piece("It is red.", False), Piece(" ", True), Piece("Is it?", False)]
    >>> joined(pieces, ["赤いです。", "本当？"], "ja")
    '赤いです。本当？'
    >>> joined([Piece("Answer:", False), Piece(" B", True)], ["答え："], "ja")
    '答え：B'
    """
    translated = iter(texts)
    parts: list[str] = []
    for place, piece in enumerate(pieces):
        if not piece.is_kept:
            text = next(translated)
            if text is None:
                return None
            parts.append(text)
        elif language in SPACELESS and parts and parts[-1].endswith("："):
            parts.append(piece.text.removeprefix(" "))
        elif piece.text == " " and language in SPACELESS and 0 < place < len(pieces) - 1:
            parts.append("" if parts[-1][-1:] in "。！？」』）" else " ")
        else:
            parts.append(piece.text)
    return "".join(parts)


def _cells(line: str) -> Iterator[Piece]:
    """The cells of a row of a table, and the bars between them; any other line as it is."""
    parts = _CELLS.split(line) if _ROW.fullmatch(line) else [line]
    yield from (Piece(part, number % 2 == 1) for number, part in enumerate(parts) if part)


def _emphasised(text: str, kinds: Sequence[str]) -> Iterator[Piece]:
    """Emphasis at the start of a line, as around a heading or a term, kept; the rest in sentences."""
    start = match.end() if (match := _MARKS.match(text)) else 0
    if start:
        yield Piece(text[:start], True)
    if label := labels().match(text, start):
        yield Piece(label[0], False)
        rest = text[label.end() :]
        yield Piece(rest[: len(rest) - len(rest.lstrip())], True)
        yield from _sentences(rest.lstrip(), kinds)
        return
    found = _EMPHASIS.match(text, start)
    if found is None or not (
        found.end() == len(text) or ":" in found["after"] or found["inside"][-1:] in ".!?:"
    ):
        yield from _sentences(text[start:], kinds)
        return
    yield Piece(found["mark"], True)
    yield Piece(found["inside"], False)
    yield Piece(found["after"], True)
    yield from _sentences(text[found.end() :], kinds)


def _sentences(text: str, kinds: Sequence[str]) -> Iterator[Piece]:
    spans, start = find_spans(text, kinds), 0
    for found in _END.finditer(text):
        gap, end = found.start(1), found.end(1)
        inside = any(begin < gap < close for begin, close in spans)
        if not inside and not _ABBREVIATION.search(text[start : found.start() + 1]):
            yield Piece(text[start:gap], False)
            yield Piece(text[gap:end], True)
            start = end
    if text[start:]:
        yield Piece(text[start:], False)


def _with_letters(pieces: Sequence[Piece]) -> list[Piece]:
    """The same with pieces that hold no word kept, as numbers and letters of options; neighbours in one."""
    found: list[Piece] = []
    for text, is_kept in pieces:
        is_kept = is_kept or sum(map(str.isalpha, text)) < 2
        if is_kept and found and found[-1].is_kept:
            found[-1] = Piece(found[-1].text + text, True)
        elif text:
            found.append(Piece(text, is_kept))
    return found
