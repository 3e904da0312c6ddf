"""Text from data or a spec, escaped for where it goes: what it says is shown, what it would do is not done.

Values that a template or a library escapes by itself (HTML, JSON, YAML) are not here.
"""

from __future__ import annotations

import re
from urllib.parse import quote

__all__ = ["bibtex", "fence", "iri", "markdown", "markdown_code", "markdown_link", "on_page", "terminal"]

_CONTROL = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
"""Control characters, tab and line feed apart, signs that turn the direction of what follows, half signs."""
_UNSEEN = re.compile(f"[{_CONTROL}]")
_MARKDOWN = re.compile(r"([\\|`*_~$\[\]])")
_STARTS_A_BLOCK = re.compile(r"^(?=[#>+=-])|^(\d+)(?=[.)](?:\s|$))")
_WEB_ADDRESS = re.compile(rf"https?://[^\s<>\"`|\\^{{}}{_CONTROL}]+")
_BIBTEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def markdown(text: object) -> str:
    r"""Text in a heading, a paragraph, a list or a cell of a table; None is empty, white space one space.

    >>> print(markdown("a | *b*\n<img src=x onerror=alert(1)>"))
    a \| \*b\* &lt;img src=x onerror=alert(1)>
    """
    line = " ".join(_UNSEEN.sub(" ", "" if text is None else str(text)).split())
    line = line.replace("&", "&amp;").replace("<", "&lt;")
    return _STARTS_A_BLOCK.sub(lambda found: (found[1] or "") + "\\", _MARKDOWN.sub(r"\\\1", line))


def markdown_code(text: object) -> str:
    """Text as code inside a line, where a bar ends the cell of a table even in code.

    >>> markdown_code("chrf<30"), markdown_code("a`b|c")
    ('`chrf<30`', '``a`b\\\\|c``')
    """
    line = " ".join(_UNSEEN.sub(" ", str(text)).split())
    ticks = "`" * (max(map(len, re.findall("`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{ticks}{pad}{line}{pad}{ticks}".replace("|", r"\|")


def markdown_link(address: str | None) -> str:
    """A web address that can be followed; anything else as plain text.

    >>> markdown_link("https://visualqa.org"), markdown_link("javascript:alert(1)")
    ('<https://visualqa.org>', 'javascript:alert(1)')
    """
    return f"<{address}>" if address and _WEB_ADDRESS.fullmatch(address) else markdown(address)


def fence(text: str) -> str:
    """The line of backticks that can stand around a text: longer than any run inside it.

    >>> fence("one"), fence("````")
    ('```', '`````')
    """
    return "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)


def bibtex(text: str) -> str:
    r"""Text as the value of a BibTeX field, without the braces around it.

    >>> print(bibtex("R&D {100 %}"))
    R\&D \{100 \%\}
    """
    return "".join(_BIBTEX.get(sign, sign) for sign in " ".join(_UNSEEN.sub(" ", text).split()))


def iri(address: str) -> str:
    """An address as JSON-LD takes it: what no IRI may hold is percent-encoded.

    >>> iri("https://example.org/a b|c?x=1#y")
    'https://example.org/a%20b%7Cc?x=1#y'
    """
    return quote(address, safe="/:?#[]@!$&'()*+,;=%-._~")


def terminal(text: object) -> str:
    r"""Text that cannot move the cursor, colour or hide anything; lines and tabs stay, and JSON stays JSON.

    >>> print(terminal("\x1b[2Jgone"))
    \u001b[2Jgone
    """
    return _UNSEEN.sub(lambda found: _visible(found[0]), str(text))


def on_page(value: object) -> object:
    r"""What a template of HTML is about to escape and write: text as in a terminal, anything else as it is.

    Signs that turn the direction of what follows would show a row of a table, or a file's name, backwards.

    >>> print(on_page("a\u202egnp.exe"))
    a\u202egnp.exe
    """
    return terminal(value) if type(value) is str else value  # not Markup, which is no text


def _visible(sign: str) -> str:
    return f"\\u{ord(sign):04x}"
