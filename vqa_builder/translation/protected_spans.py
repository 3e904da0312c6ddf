"""Spans that must not change: what they are, and how a text is cut around those that stand apart.

A span is protected as it is written, letter for letter. What stands before or after a sentence (an image
token, a code fence, an emoji), and the line breaks and list marks of a text, are cut off and never seen by an
engine; a span inside a sentence travels through it (see ``protect``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from vqa_builder.spec import PROTECTED_KINDS

VERSION = "3"

_NUMBER = r"\d+(?:[.,]\d+)*"
_UNITS = (
    r"%|‰|°[CF]?|℃|℉|[kKMGT]?i?[Bb](?:ps|/s)?|[kMG]?Hz|[kmcµnM]?m[²³]?|[kmµ]?g|[mkM]?[lL]|[kMm]?W(?:h)?|[kmM]?V|mA|dB|"
    r"km/h|kph|mph|m/s|fps|rpm|dpi|ppi|px|pt|ft|oz|lbs?|kcal|psi|USD|EUR|JPY|INR"
)
_SUFFIXES = "jpe?g|png|gif|bmp|svg|webp|pdf|txt|json|csv|tsv|xml|html?|py|js|mp[34]|wav|zip"
_SIGN = (
    r"[\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff"
    r"\u3030\u303d\u3297\u3299]"
)
_PICTURE = "[\U0001f000-\U0001faff]"
PATTERNS: dict[str, re.Pattern[str]] = {
    "code": re.compile(r"```.*?(?:```|(?=\s*\Z))|``[^`]+``|`[^`\n]+`", re.DOTALL),
    "latex": re.compile(
        r"\$\$.+?\$\$|\\\[.+?\\\]|\\\(.+?\\\)|\\begin\{(\w+\*?)\}.*?\\end\{\1\}"
        r"|\$(?=[^$\n]*[\\^_=+*/<>{}a-zA-Z])(?![\s\d][^$\n]*\s[a-z]{2,}\b)[^$\n]*[^$\s]\$(?!\d)"
        r"|\\[A-Za-z]+(?:\[[^\]\n]*\])?(?:\{[^{}\n]*\})+",
        re.DOTALL,
    ),
    "urls": re.compile(
        r"(?:[a-zA-Z][a-zA-Z0-9+.-]{1,9}://|www\.)[^\s\"<>“”)\]}]*[^\s\"<>“”)\]}.,;:!?'’]"
        r"|(?<![\w@.-])(?:[a-zA-Z0-9-]+\.)+(?:com|org|net|edu|gov|io|ai|info|biz|jp|in|uk|de|fr|eu)\b"
        r"(?:/[^\s\"<>“”)\]}]*[^\s\"<>“”)\]}.,;:!?'’])?",
        re.ASCII,
    ),
    "emails": re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII),
    "tags": re.compile(
        r"<([A-Za-z]\w*)>[^<>A-Za-z\n]*</\1>|<\|[^|<>\n]*\|>"
        r"|</?[A-Za-z_][\w:.-]*(?:\s[^<>\n]*)?/?>|<[\w /=-]*\d[\w /=-]*>"
        r"|\[/?(?:INST|IMG|IMAGE|SEP|CLS|MASK|PAD|UNK|BOS|EOS|SYS|VIDEO)\]"
        r"|\$?\{\{[^{}\n]*\}\}|\$?\{[A-Za-z_0-9][^{}\n]*\}|\{\}"
        r"|(?<![\w%])%(?:\(\w+\))?[-+0#]*\d*(?:\.\d+)?[sdifgxX](?!\w)"
    ),
    "coordinates": re.compile(
        rf"[(\[]\s*[-+]?{_NUMBER}(?:\s*[,;]\s*[-+]?{_NUMBER})+\s*[)\]]"
        r"|[-+]?\d+(?:\.\d+)?\s?°(?:\s?\d+(?:\.\d+)?\s?[′'](?:\s?\d+(?:\.\d+)?\s?[″\"])?)?\s?[NSEW]\b"
        r"|(?<![\w.])[-+]?\d{1,3}\.\d{2,},\s?[-+]?\d{1,3}\.\d{2,}(?![\w.])",
        re.ASCII,
    ),
    "ids": re.compile(
        r"(?<![\w-])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![\w-])"
        r"|(?<!\w)0x[0-9a-fA-F]+(?!\w)|(?<![\w.&])[@#][\w-]*\w"
        rf"|(?<![\w/.-])[\w./-]*\w\.(?:{_SUFFIXES})(?!\w)"
        r"|(?<![\w-])(?=[\w-]*\d)[A-Za-z]+[\w-]*[\w](?![\w-]*')(?!\w)|(?<!\w)\w*[A-Za-z0-9]_\w+(?!\w)",
        re.ASCII,
    ),
    "emoji": re.compile(
        r"(?:[\U0001F1E6-\U0001F1FF]{2}|[0-9#*]\ufe0f?\u20e3"
        rf"|(?:{_SIGN}\ufe0f?|{_PICTURE})[\ufe0f\U0001F3FB-\U0001F3FF]*"
        rf"(?:\u200d(?:{_SIGN}|{_PICTURE})[\ufe0f\U0001F3FB-\U0001F3FF]*)*[\U000E0020-\U000E007F]*)+"
    ),
    "quotes": re.compile(r"\"[^\"\n]+\"|“[^”\n]+”|«[^»\n]+»|(?<!\w)'[^'\n]+'(?!\w)|(?<!\w)‘[^’\n]+’(?!\w)"),
    "quantities": re.compile(
        rf"(?<![\w.,:/])(?:[-+−±~≈≤≥<>]?[$€£¥₹] ?{_NUMBER}(?:[kKMB]\b)?|{_NUMBER} ?[€£¥₹$](?!\d))"
        rf"|(?<![\w.,:/$€£¥₹])[-+−±]?{_NUMBER} ?(?:{_UNITS})(?![\w°²³/])"
        rf"|(?<![\w.,:/)\]])[-+−±]{_NUMBER}(?![\w])"
        rf"|(?<![\w.,:/-])\d+(?:[.,:/×]\d+)+(?![\w/])",
        re.ASCII,
    ),
    "numbers": re.compile(r"(?<![\w.,])\d+(?:[.,:/]\d+)*(?![\w])"),
}
"""What is protected, by kind; ``numbers``, those without sign or unit, only where the spec asks for them."""

_ORDINARY = re.compile(
    r"(?i)(?:\d+(?:st|nd|rd|th|s|am|pm|[ap]\.m|d|x|ish)|[a-z]+-\d{1,2}|mid-\d+s?|covid-?19|catch-22)\Z"
)
_CUES = re.compile(
    r"(?i)\b(?:says?|said|saying|reads?|reading|words?|letters?|signs?|titled?|titles?|called|named?|names|"
    r"labell?ed|labels?|written|writing|spell(?:s|ed|ing)?|text|logo|brand|caption(?:ed)?|message|phrase|slogan|"
    r"sentence|initials)\b"
)
_MEDIA = re.compile(
    r"<\|[^|<>\n]*\|>|</?(?:images?|img|im|video|audio|frame|picture|media|s|bos|eos|pad|sep|unk)"
    r"(?:[\s_-]?\d+)?\s*/?>"
    r"|\[/?(?:INST|IMG|IMAGE|SEP|CLS|MASK|PAD|UNK|BOS|EOS|SYS|VIDEO)\]",
)
_SENTENCE_END = re.compile(r"[.?!:。？！：।…)\"”'’]\s*\Z")
_LIST_MARK = re.compile(r"(?:[-*•‣]|\(?(?:\d{1,2}|[A-Za-z])[.)])\s+|#{1,6}\s+|>\s+")
_WORDS_ONLY = re.compile(
    r"(?:[^\W\d_]++|[ ,;!?\u0900-\u0965\u0970-\u097f、。？！「」ー・]++|\.(?![^\W\d_])"
    r"|(?<=[A-Za-z])[-'](?=[A-Za-z]))*+"
)
"""Most texts: no span is in one. Possessive: a Hindi letter is in two classes, and retries would double."""
_LINES = re.compile(r"(\s*[\n\r\u2028\u2029]+\s*)")


class Piece(NamedTuple):
    """A part of a text: for an engine, or to be kept as it is."""

    text: str
    is_kept: bool


def find_spans(text: str, kinds: Sequence[str] = PROTECTED_KINDS) -> list[tuple[int, int]]:
    """Where the protected spans of a text begin and end, from left to right.

    Spans of one line that overlap, touch, or have only white space between them are one.
    """
    if _WORDS_ONLY.fullmatch(text):
        return []
    found = [hit.span() for kind in kinds for hit in PATTERNS[kind].finditer(text) if _counts(kind, hit)]
    taken: list[tuple[int, int]] = []
    for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
        between = text[taken[-1][1] : start] if taken else "start"
        if not between.strip() and not _LINES.search(between):
            taken[-1] = (taken[-1][0], max(end, taken[-1][1]))
        else:
            taken.append((start, end))
    return taken


def protected_spans(text: str, kinds: Sequence[str] = PROTECTED_KINDS) -> list[str]:
    """The spans that must stand in every translation of a text, as written; a repeated one repeatedly.

    >>> protected_spans('Does the sign at (12, 40) say "STOP" or cost -5 %? <image>')
    ['(12, 40)', '"STOP"', '-5 %', '<image>']
    """
    return [text[start:end] for start, end in find_spans(text, kinds)]


def lost_spans(text: str, translation: str, kinds: Sequence[str] = PROTECTED_KINDS) -> list[str]:
    """The protected spans of a text that its translation does not hold as often as the text does.

    >>> lost_spans("Is it 10:45 or 11:45?", "10:45ですか？")
    ['11:45']
    """
    spans = protected_spans(text, kinds)
    return [span for span in dict.fromkeys(spans) if translation.count(span) < spans.count(span)]


def without_spans(
    text: str, translation: str | None, back: str | None = None
) -> tuple[str, str | None, str | None]:
    """A text, its translation and the way back without the protected spans that came through.

    A text that is nothing else stays as it is.

    >>> without_spans("Is the 🐱 asleep? <image>", "🐱は寝ていますか？ <image>", "Is the cat asleep? <image>")
    ('Is the asleep?', 'は寝ていますか？', 'Is the cat asleep?')
    """
    spans = [span for span in protected_spans(text) if translation and span in translation]
    bare = [text, translation, back]
    for span in sorted(spans, key=len, reverse=True):
        bare = [other and other.replace(span, " ") for other in bare]
    if not spans or not any(map(str.isalpha, bare[0] or "")):
        return text, translation, back
    source, there, returned = (other and " ".join(other.split()) for other in bare)
    return source or "", there, returned


def cut(text: str, kinds: Sequence[str] = PROTECTED_KINDS) -> list[Piece]:
    """A text in pieces that make it up again when joined: sentences, and what stands between and around them.

    >>> cut("<image> What color is the bus?")
    [Piece(text='<image> ', is_kept=True), Piece(text='What color is the bus?', is_kept=False)]
    """
    if text and text == text.strip() and _WORDS_ONLY.fullmatch(text):
        return [Piece(text, False)]
    pieces: list[Piece] = []
    start = 0
    blocks = [span for span in find_spans(text, kinds) if _LINES.search(text[slice(*span)])]
    for begin, end in [*blocks, (len(text), len(text))]:
        lines = _LINES.split(text[start:begin])
        for number, line in enumerate(lines):
            pieces += [Piece(line, True)] if number % 2 else _cut_line(line, kinds, len(lines) > 1)
        pieces.append(Piece(text[begin:end], True))
        start = end
    return _joined(pieces)


def _cut_line(line: str, kinds: Sequence[str], is_one_of_many: bool) -> list[Piece]:
    """A line without the spans around its sentences."""
    first, last = 0, len(line)
    mark = _LIST_MARK.match(line) if is_one_of_many else None
    if mark:
        first = mark.end()
    spans = [(start, end) for start, end in find_spans(line, kinds) if start >= first]
    while spans and _leads(line, first, *spans[0]):
        first = spans.pop(0)[1]
    while spans and _trails(line, last, *spans[-1]):
        last = spans.pop()[0]
    inner = line[first:last]
    if not inner.strip() or not any(sign.isalnum() for sign in inner):
        return [Piece(line, first > 0 or last < len(line))]
    begin = first + len(inner) - len(inner.lstrip())
    end = last - (len(inner) - len(inner.rstrip()))
    return [Piece(line[:begin], True), Piece(line[begin:end], False), Piece(line[end:], True)]


def _leads(line: str, first: int, start: int, end: int) -> bool:
    """Whether a span stands before the sentence of a line, and not in it."""
    rest = line[end:].lstrip()
    if line[first:start].strip():
        return False
    return not rest or bool(_MEDIA.fullmatch(line[start:end])) or (line[end].isspace() and rest[0].isupper())


def _trails(line: str, last: int, start: int, end: int) -> bool:
    """Whether a span stands after the sentence of a line, and not in it."""
    if line[end:last].strip():
        return False
    before = line[:start]
    if _MEDIA.fullmatch(line[start:end]):
        return True
    return before[-1:].isspace() and bool(_SENTENCE_END.search(before))


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces without empty ones, neighbours that are kept in one."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and piece.is_kept and joined[-1].is_kept:
            joined[-1] = Piece(joined[-1].text + piece.text, True)
        elif piece.text:
            joined.append(piece)
    return joined


def _counts(kind: str, hit: re.Match[str]) -> bool:
    """Whether a match is what it looks like: no scare quotes, no ordinals and decades."""
    if kind == "ids":
        return not _ORDINARY.match(hit[0])
    if kind != "quotes":
        return True
    inside = hit[0][1:-1].strip()
    if not inside or not any(sign.isalnum() for sign in inside):
        return False
    is_name = any(sign.isupper() or sign.isdigit() for sign in inside) or not inside.isascii()
    before = hit.string[max(0, hit.start() - 40) : hit.start()].rpartition("\n")[2]
    return is_name or bool(_CUES.search(before))
