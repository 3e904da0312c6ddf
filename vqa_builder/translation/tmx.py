"""TMX 1.4b, the exchange format of translation memories: what stands in one, read and written as a stream.

XML has no way to write most control characters. Inside a segment they stand in ``<ph type="x-control">`` as
hexadecimal numbers and come back from there; other placeholders and inline codes are mark-up and left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import IO, Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from vqa_builder.translation.memory import Entry

_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4">
<header creationtool="vqa_builder" creationtoolversion="1" segtype="sentence" o-tmf="vqa_builder" \
adminlang="en" srclang="*all*" datatype="plaintext"/>
<body>
"""
_TAIL = "</body>\n</tmx>\n"
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ALL = "*all*"
_TEXT_CODES = ("hi", "sub")


class Malformed(Exception):
    """A file is no TMX.

    Attributes:
        place: line or translation unit.
    """

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(problem)
        self.place = place


def write(file: IO[bytes], entries: Iterable[Entry]) -> int:
    """Write entries, one translation unit each, and say how many there were."""
    file.write(_HEAD.encode())
    written = 0
    for entry in entries:
        file.write(_unit(entry).encode())
        written += 1
    file.write(_TAIL.encode())
    return written


def read(file: IO[bytes]) -> Iterator[list[dict[str, Any]]]:
    """The translation units of a file; each is a list of fields of ``Entry``, one item per target language.

    Fields that the file does not give are missing. Languages come as they are written.

    Raises:
        Malformed: no XML, no TMX, or a unit without languages or segments.
    """
    header_language, number, body = _ALL, 0, None
    try:
        for event, element in ElementTree.iterparse(file, events=("start", "end")):
            tag = element.tag.rpartition("}")[2]
            if body is None and event == "start" and number == 0 and tag not in ("tmx", "header", "body"):
                if tag == "tu" or not _is_header_part(tag):
                    raise Malformed("the root", f"<{tag}> where <tmx> was expected")
            elif tag == "body" and event == "start":
                body = element
            elif tag == "header" and event == "end":
                header_language = element.get("srclang", _ALL)
            elif tag == "tu" and event == "end":
                number += 1
                yield _fields(element, header_language, f"translation unit {number}")
                if body is not None:
                    body.clear()
    except ElementTree.ParseError as error:
        raise Malformed(f"line {error.position[0]}", str(error)) from error
    except (LookupError, ValueError) as error:
        raise Malformed("line 1", f"its encoding cannot be read: {error}") from error
    if body is None:
        raise Malformed("the end", "no <body>")


def _is_header_part(tag: str) -> bool:
    return tag in ("prop", "note", "ude", "map")


def _unit(entry: Entry) -> str:
    properties = {
        "role": entry.role,
        "context": entry.context,
        "engine": entry.engine,
        "asserted": "true" if entry.human_verified else "false",
    }
    lines = [_property(name, value) for name, value in properties.items() if value]
    for language, text in ((entry.source, entry.text), (entry.target, entry.translation)):
        lines.append(f'<tuv xml:lang="{_attribute(language)}"><seg>{_segment(text)}</seg></tuv>\n')
    return f'<tu srclang="{_attribute(entry.source)}">\n{"".join(lines)}</tu>\n'


def _property(name: str, value: str) -> str:
    if _CONTROL.search(value):
        name, value = f"{name}-json", json.dumps(value)
    return f'<prop type="x-{name}">{escape(value)}</prop>\n'


def _segment(text: str) -> str:
    return _CONTROL.sub(lambda found: f'<ph type="x-control">{ord(found[0]):x}</ph>', escape(text))


def _attribute(text: str) -> str:
    return escape(text, {'"': "&quot;"})


def _fields(unit: ElementTree.Element, header_language: str, place: str) -> list[dict[str, Any]]:
    segments = list(_segments(unit, place))
    wanted = unit.get("srclang", header_language)
    if wanted == _ALL and segments:
        wanted = segments[0][0]
    source, text = next((some for some in segments if _base(some[0]) == _base(wanted)), (wanted, None))
    if segments and text is None:
        found = ", ".join(language for language, _ in segments)
        raise Malformed(place, f"no segment in its source language {wanted!r}, only in {found}")
    properties = _properties(unit, place)
    return [
        {"source": source, "target": language, "text": text, "translation": translation, **properties}
        for language, translation in segments
        if _base(language) != _base(source) and translation.strip() and text and text.strip()
    ]


def _segments(unit: ElementTree.Element, place: str) -> Iterator[tuple[str, str]]:
    for variant in unit.iterfind("{*}tuv"):
        language = variant.get(_LANG) or variant.get("lang")
        if not language:
            raise Malformed(place, "a <tuv> without xml:lang")
        segment = variant.find("{*}seg")
        if segment is None:
            raise Malformed(place, f"the <tuv> in {language} has no <seg>")
        try:
            yield language, _text(segment)
        except (ValueError, OverflowError, RecursionError) as error:
            raise Malformed(place, f"the <seg> in {language} cannot be read: {error}") from None


def _text(element: ElementTree.Element) -> str:
    parts = [element.text or ""]
    for child in element:
        tag = child.tag.rpartition("}")[2]
        if tag in _TEXT_CODES:
            parts.append(_text(child))
        elif tag == "ph" and child.get("type") == "x-control":
            parts.append(chr(int(child.text or "0", 16)))
        parts.append(child.tail or "")
    return "".join(parts)


def _properties(unit: ElementTree.Element, place: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for element in unit.iterfind("{*}prop"):
        name, value = (element.get("type") or "").removeprefix("x-"), element.text or ""
        if name.endswith("-json"):
            try:
                name, value = name.removesuffix("-json"), str(json.loads(value))
            except (ValueError, RecursionError):
                raise Malformed(place, f"the property x-{name} holds no JSON") from None
        if name in ("role", "context", "engine"):
            found[name] = value
        elif name == "asserted":
            found[name] = value.strip().lower() == "true"
    return found


def _base(language: str) -> str:
    return re.split("[-_]", language.lower())[0]
