"""Folding, punctuation and words, and the reader of tables: what all languages share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from importlib import resources
from itertools import zip_longest

from vqa_builder import registry

JOINED_DIGITS = r"\d+(?:[.,:/]\d+)*"
"""Digits and what joins them: 12, 2.5, 1,000, 10:15, 3/4."""

_MARKUP = re.compile(
    r"#{2,}|\*{1,3}(?=\S)|(?<=\S)\*{1,3}|`{1,3}|</?s>|<\|[a-z_]+\|>|<(?:eos|bos|pad|end_of_turn)>"
)
# Letters of the private use areas, which no text has of its own.
_SIGNS = (
    (re.compile(r"(?<![\w)\]])\s*[-−–]\s?(?=[\d.])"), "\ue00d"),  # minus
    (re.compile(r"(?<=[^\W_])\+(?!\w)|(?<=\+)\+(?!\w)"), "\ue00b"),  # plus: C++, A+, 5+
    (re.compile(r"(?<![^\W_]{2})(?<=[a-z])[-−](?!\w)"), "\ue00d"),  # A-
    (re.compile(r"(?<![\w.])\.(?=\d)"), "0."),
    (re.compile(r"<\s?(?=\d)"), "\ue00c"),
    (re.compile(r">\s?(?=\d)"), "\ue00e"),
)
_MAY_BE_SIGNS = re.compile("[-−–+.<>]")
_HAS_SIGNS = re.compile(r"[^\w\s\u0900-\u097f]")
_MOST_PASSES = 5
_APOSTROPHES = re.compile("['’‘`´ʼ]")
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{2,3})*,\d{3}(?![\d,])")


def table_rows(name: str, package: str = "vqa_builder.languages") -> list[dict[str, str]]:
    """The rows of a TSV file inside a package, by column; none if there is no such file.

    A file that ends in a language's code (``answers_ko.tsv``) may lie beside that language's plug-in instead.
    """
    file = resources.files(package).joinpath(name)
    if not file.is_file():
        code = name.removesuffix(".tsv").rpartition("_")[2]
        elsewhere = registry.package_of("languages", code)
        if elsewhere is None or not (file := resources.files(elsewhere).joinpath(name)).is_file():
            return []
    names, *rows = (line.split("\t") for line in file.read_text(encoding="utf-8").split("\n") if line)
    return [dict(zip_longest(names, row, fillvalue="")) for row in rows]


def settled(rules: Callable[[str], str], text: str) -> str:
    """The form that rules come to when they are applied until nothing changes.

    Once does where a text holds words and spaces alone; signs may hide a list from the first pass.

    >>> settled(lambda text: text.replace("::", ":"), "a::::b")
    'a:b'
    """
    form = rules(text)
    if not _HAS_SIGNS.search(text):
        return form
    for _ in range(_MOST_PASSES):
        before, form = form, rules(form)
        if form == before:
            break
    return form


def fold(text: str) -> str:
    """Compatibility forms, case and white space folded; folding twice changes nothing.

    >>> fold(" ＴＶ  ﾈｺ ")
    'tv ネコ'
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(text.casefold().split())


def ungroup(text: str) -> str:
    """Digits without thousands separators, Western and Indian.

    >>> ungroup("1,000 and 1,00,000 but 1,2,3")
    '1000 and 100000 but 1,2,3'
    """
    if "," not in text:
        return text
    return _GROUPED.sub(lambda number: number[0].replace(",", ""), text)


def bare(text: str) -> str:
    """A text without punctuation, except what joins digits.

    Apostrophes vanish, any other mark parts words; the signs % & # stay.

    >>> bare("it's (about) 2.5 - 10:15, 1,000!")
    'its about 2.5 10:15 1000'
    """
    return " ".join(_punctuation().sub(" ", _APOSTROPHES.sub("", ungroup(text))).split())


def words(text: str) -> list[str]:
    """Runs of letters, digits and the marks that combine with them; numbers stay whole.

    ``\\w`` alone would break words of Indic and many other scripts at their vowel signs.

    >>> words("बिल्ली, 10:15 t-shirt?")
    ['बिल्ली', '10:15', 't', 'shirt']
    """
    return _word().findall(text)


def without_markup(text: str) -> str:
    """A text without what a model or a chat template wrote around it: ``###``, ``**``, end tokens.

    A single # stays: it is part of C# and #1.

    >>> without_markup("**red** ###"), without_markup("C#"), without_markup("cat</s>")
    ('red', 'C#', 'cat')
    """
    return _MARKUP.sub(" ", text).strip()


def with_signs(folded: str) -> str:
    """A folded text whose signs of meaning are letters, so that ``bare`` leaves them: -5, C++, A-, .5.

    A hyphen is a minus where nothing stands before it; a plus counts behind a letter or a number.

    >>> bare(with_signs("-5")) == bare(with_signs("5")), bare(with_signs("c++")) == bare(with_signs("c"))
    (False, False)
    >>> bare(with_signs("3-5"))
    '3 5'
    """
    if _MAY_BE_SIGNS.search(folded):
        for pattern, letter in _SIGNS:
            folded = pattern.sub(letter, folded)
    return folded


@cache
def _punctuation() -> re.Pattern[str]:
    marks = [char for char in _basic_plane("P") if char not in "%&#.:/"]
    return re.compile(rf"(?<!\d)[.:/]|[.:/](?!\d)|[{re.escape(''.join(marks))}=+<>~|^]")


@cache
def _word() -> re.Pattern[str]:
    return re.compile(rf"{JOINED_DIGITS}(?!\w)|[\w\u200c\u200d{''.join(_basic_plane('M'))}]+")


def _basic_plane(category: str) -> list[str]:
    return [char for char in map(chr, range(0x10000)) if unicodedata.category(char)[0] == category]
