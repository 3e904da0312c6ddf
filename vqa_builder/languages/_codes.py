"""The code that is meant where people write another one; ``codes.tsv`` lists those."""

from __future__ import annotations

from vqa_builder.errors import nearest_name
from vqa_builder.languages._text import table_rows
from vqa_builder.languages.base import known_languages


def nearest_code(written: str) -> str | None:
    """The code of the language that is probably meant; None where nothing is like it.

    >>> [nearest_code(written) for written in ("jp", "JA", "hin", "zh-Hans", "pt_BR", "Japanese", "日本語")]
    ['ja', 'ja', 'hi', 'zh', 'pt', 'ja', None]
    """
    known = known_languages()
    others = {row["written"]: row["code"] for row in table_rows("codes.tsv")}
    names = {name.lower(): code for code, (name, _) in known.items()}
    whole = written.strip().lower()
    for form in (whole, whole.replace("_", "-").partition("-")[0]):
        for table in (dict(zip(known, known, strict=True)), others, names):
            if form in table:
                return table[form]
    close = nearest_name(whole, names)
    return names[close] if close else None
