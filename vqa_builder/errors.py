"""The exceptions that reach a user: each says what was expected, what was found, where, and what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable

from vqa_builder.escaping import terminal

LONGEST_DETAIL = 1_000

LONGEST = 1500
"""Characters of one line of a message; what is longer loses its middle, and keeps its place at both ends."""
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class VQABuilderError(Exception):
    """The input, the spec or the usage is wrong; the command ends with exit code 2.

    Args:
        problem: one sentence, no final stop.
        where: file, record and id, as far as they are known.
        expected: what would have been right.
        found: what stood there instead.
        remedy: what the reader can do about it.

    >>> print(VQABuilderError("No such split", where="build.yaml:7", expected="train", found="trian"))
    No such split
      where:    build.yaml:7
      expected: train
      found:    trian
    """

    exit_code = 2

    def __init__(
        self,
        problem: str,
        *,
        where: object = None,
        expected: object = None,
        found: object = None,
        remedy: str | None = None,
    ) -> None:
        self.problem = shown(problem)
        self.details = {
            name: shown(value)
            for name, value in (("where", where), ("expected", expected), ("found", found), ("do", remedy))
            if value is not None
        }
        super().__init__(self.problem)

    def __reduce__(self) -> tuple[Callable[..., VQABuilderError], tuple[object, ...]]:
        """Errors cross processes whole, whatever the arguments of their class."""
        return _rebuilt, (type(self), self.problem, self.details)

    def __str__(self) -> str:
        details = {name: text if name == "where" else shortened(text) for name, text in self.details.items()}
        lines = [shortened(self.problem), *(f"  {name + ':':<9} {text}" for name, text in details.items())]
        return terminal("\n".join(lines))


def shortened(text: str, longest: int = LONGEST_DETAIL) -> str:
    """A text without its middle where it is too long to read.

    >>> shortened("x" * 50, 20)
    'xxxxxxxx [...] xxxxx'
    """
    if len(text) <= longest:
        return text
    end = longest // 4
    return f"{text[: longest - end - 7]} [...] {text[-end:]}"


def shown(value: object) -> str:
    """A value as a message may hold it: not too long, and nothing in it that moves a terminal's cursor.

    >>> shown("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    >>> len(shown("a" * 10_000))
    1500
    """
    text = str(value)
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - 301]}…{text[-300:]}"
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


class SpecError(VQABuilderError):
    """build.yaml, or an option on the command line, is wrong."""


class SourceError(VQABuilderError):
    """An input file, or a record in it, cannot be used."""


class EngineError(VQABuilderError):
    """A translation engine broke its contract or cannot go on."""


class ScorerError(VQABuilderError):
    """A scorer broke its contract."""


class StorageError(VQABuilderError):
    """The disk is full, a folder is in use, or something on it is not ours."""


class ReleaseError(VQABuilderError):
    """A folder is no release, or not of a kind that this version reads."""


class MissingExtraError(VQABuilderError):
    """An optional package is not installed."""

    def __init__(self, what: str, package: str, extra: str) -> None:
        super().__init__(
            f"{what} needs the package {package}, which is not installed",
            remedy=f"pip install 'vqa-builder[{extra}]'",
        )


class UnknownNameError(VQABuilderError):
    """A name that no plug-in, split, language or column answers to; lists the known ones."""

    def __init__(
        self,
        what: str,
        name: str,
        known: Iterable[str],
        *,
        where: object = None,
        nearest: str | None = None,
    ) -> None:
        known = sorted(known)
        close = nearest or nearest_name(name, known)
        super().__init__(
            f"Unknown {what} {name!r}",
            where=where,
            expected=", ".join(known) or f"(no {what} is installed)",
            remedy=f"did you mean {close!r}?" if close else None,
        )


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that is probably meant: it differs in case or in a few letters, or is written out.

    >>> nearest_name("licens", ["licence", "repo"]), nearest_name("val", ["train", "validation", "test"])
    ('licence', 'validation')
    >>> nearest_name("JA", ["hi", "ja"]), nearest_name("xx", ["hi", "ja"])
    ('ja', None)
    """
    forms = {each.lower().replace("-", "_"): each for each in known}
    form = name.strip().lower().replace("-", "_")
    longer = [each for each in forms if len(form) > 2 and (each.startswith(form) or form.startswith(each))]
    close = [form] if form in forms else longer or difflib.get_close_matches(form, forms, n=1)
    return forms[close[0]] if close else None


def _rebuilt(kind: type[VQABuilderError], problem: str, details: dict[str, str]) -> VQABuilderError:
    error = kind.__new__(kind, problem)
    error.problem, error.details = problem, details
    return error
