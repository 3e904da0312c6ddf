"""One file per language; any other language is served by ``base.py`` from its row in ``scripts.tsv``."""

from __future__ import annotations

from functools import cache

from vqa_builder import registry
from vqa_builder.errors import UnknownNameError
from vqa_builder.languages._codes import nearest_code
from vqa_builder.languages.base import Language, known_languages


@cache
def get(code: str) -> Language:
    """The language of an ISO 639 code.

    Raises:
        UnknownNameError: neither a file of its own nor a row in ``scripts.tsv``.

    >>> get("ja").english_name
    'Japanese'
    """
    if code in registry.names("languages"):
        language: Language = registry.find("languages", code)()
        return language
    if code in known_languages():
        return Language(code)
    raise UnknownNameError("language", code, known_languages(), nearest=nearest_code(code))
