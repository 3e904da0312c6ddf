"""A glossary: how terms are to be translated, from a table that people keep.

A TSV file with the columns ``term``, ``translation`` and, if wanted, ``role``::

    term	translation	role
    fire hydrant	消火栓
    orange	オレンジ色	answer
    Boeing

A term counts whatever its case, as whole words, in questions and answers or in those of its role. An empty
translation says that the term stays as it is: a brand, a name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from vqa_builder import named_files
from vqa_builder.errors import SpecError
from vqa_builder.schema import KINDS

HEADER = ("term", "translation", "role")


class Term(NamedTuple):
    """One line of a glossary; ``role`` is "" for any."""

    term: str
    translation: str
    role: str = ""


class Glossary:
    """The terms of one language.

    Args:
        terms: no two of one term and role.
        name: where they come from, for signatures.

    Example::

        >>> glossary = Glossary([Term("fire hydrant", "消火栓"), Term("Boeing", "")])
        >>> glossary.exact("Fire hydrant", "answer")
        '消火栓'
        >>> glossary.find("Is it a Boeing?", "question")
        [(8, 14, 'Boeing')]
    """

    def __init__(self, terms: Iterable[Term], name: str = "glossary") -> None:
        self.name = name
        self.terms = tuple(sorted(set(terms)))

    @property
    def signature(self) -> str:
        """The file's name and the content."""
        digest = hashlib.sha256("\n".join("\t".join(term) for term in self.terms).encode())
        return f"glossary|file:{self.name}|sha:{digest.hexdigest()[:12]}"

    def exact(self, text: str, role: str) -> str | None:
        """The translation of a text that is a term and nothing else."""
        term = self._of_role(role).get(text.casefold())
        return None if term is None else term.translation or text

    def find(self, text: str, role: str) -> list[tuple[int, int, str]]:
        """Where terms stand in a text, the longest first tried: start, end, translation."""
        known, pattern = self._of_role(role), self._pattern(role)
        if pattern is None:
            return []
        return [
            (found.start(), found.end(), known[found[0].casefold()].translation or found[0])
            for found in pattern.finditer(text)
            if found[0].casefold() in known
        ]

    @cache  # noqa: B019  # a build has a glossary per language, and it lives as long as the build
    def _of_role(self, role: str) -> dict[str, Term]:
        """Terms by their folded form; those of the role before those of any."""
        fitting = sorted((term for term in self.terms if term.role in ("", role)), key=lambda term: term.role)
        return {term.term.casefold(): term for term in fitting}

    @cache  # noqa: B019
    def _pattern(self, role: str) -> re.Pattern[str] | None:
        terms = sorted(self._of_role(role), key=lambda term: (-len(term), term))
        if not terms:
            return None
        return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, terms))})(?!\w)", re.IGNORECASE)


def load_glossary(path: Path) -> Glossary:
    """Read a glossary.

    Raises:
        SpecError: the file is missing or no table, a line is wrong, or two lines contradict each other.
    """
    lines = named_files.read_tsv(path, "glossary")
    if tuple(lines[0]) not in (HEADER, HEADER[:2]):
        found = " ".join(lines[0]) or "an empty file"
        raise SpecError(
            "The glossary has no header", where=f"{path}:1", expected="term, translation, role", found=found
        )
    seen: dict[tuple[str, str], tuple[Term, int]] = {}
    for number, cells in enumerate(lines[1:], 2):
        if any(cell.strip() for cell in cells):
            term = _term(cells, path, number)
            _agree(term, seen.setdefault((term.term.casefold(), term.role), (term, number)), path, number)
    return Glossary((term for term, _ in seen.values()), path.name)


def _term(cells: list[str], path: Path, number: int) -> Term:
    term, translation, role = (" ".join(cell.split()) for cell in [*cells, "", ""][:3])
    if not term or len(cells) > len(HEADER) or role not in ("", *KINDS):
        raise SpecError(
            "A line of the glossary cannot be used",
            where=f"{path}:{number}",
            expected=f"term, translation, and as role {', '.join(KINDS)} or nothing, separated by tabs",
            found=" | ".join(cells),
        )
    return Term(term, translation, role)


def _agree(term: Term, known: tuple[Term, int], path: Path, number: int) -> None:
    before, line = known
    if before.translation != term.translation:
        raise SpecError(
            f"The glossary contradicts itself about {term.term!r}",
            where=f"{path}:{number}",
            expected=f"{before.translation!r}, as in line {line}",
            found=repr(term.translation),
            remedy="keep one of the two lines, or give them different roles",
        )
