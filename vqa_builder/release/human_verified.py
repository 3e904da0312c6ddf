"""The human-verified translations that a release uses: the file beside it, and the record in its manifest.

``vqa-builder memory import`` takes the file, and a build from the manifest takes it by itself, so that a
release with corrections can be reproduced from its own files. What the release does not use is not in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.quality.policy import is_human_verified
from vqa_builder.store import fingerprint
from vqa_builder.translation import interchange
from vqa_builder.translation.memory import Entry

FILE = "asserted.jsonl"
SOURCE = "en"


def used(
    segments: pa.Table,
    translations: pa.Table,
    language: str,
    engines: Collection[str],
    back_engines: Collection[str],
) -> list[Entry]:
    """The human-verified entries that translated some segment, in either direction, sorted.

    Args:
        segments, translations: row-aligned tables of all segments.
        language: the target language.
        engines: signatures of everything else that translates.
        back_engines: the same for the way back.

    A corrected question gives ``Entry("en", "ja", "Is it sunny?", "晴れた日ですか？", "question")`` with an
    empty context and the engine ``human``.
    """
    columns = {
        **{name: segments[name] for name in ("role", "context")},
        **{name: translations[name] for name in ("text", "engine", "back_text", "back_engine")},
        "text_en": segments["text"],
    }
    table = pa.table(columns)
    back = table.select(["back_text", "back_engine"]).rename_columns(["text", "engine"])
    there = table.filter(is_human_verified(table, engines)).to_pylist()
    again = table.filter(
        pc.and_(is_human_verified(back, back_engines), pc.is_valid(table["text"]))
    ).to_pylist()
    found = {
        Entry(SOURCE, language, row["text_en"], row["text"], row["role"], row["context"] or "", row["engine"])
        for row in there
    }
    found |= {
        Entry(language, SOURCE, row["text"], row["back_text"], row["role"], "", row["back_engine"])
        for row in again
    }
    return sorted(found)


def record(entries: Iterable[Entry]) -> dict[str, dict[str, Any]]:
    """Direction (``en-ja``) -> how many ``entries``, and the ``fingerprint`` of them; no path, no time."""
    directions: dict[str, list[Entry]] = {}
    for entry in sorted(entries):
        directions.setdefault(f"{entry.source}-{entry.target}", []).append(entry)
    return {
        direction: {"entries": len(some), "fingerprint": fingerprint(some)}
        for direction, some in sorted(directions.items())
    }


def write(folder: Path, entries: Sequence[Entry]) -> None:
    """Put the entries into a release's folder; no file without any."""
    if entries:
        interchange.write_entries(folder / FILE, entries)


def read(folder: Path) -> list[Entry]:
    """The entries that lie in a release's folder; none without a file.

    Raises:
        SourceError: the file is damaged.
    """
    path = folder / FILE
    return list(interchange.read_entries(path)) if path.is_file() else []


def missing(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> str | None:
    """What one record has and another has not, in a line; None if they are equal.

    Args:
        wanted, found: records of two releases.

    >>> missing({"en-ja": {"entries": 2, "fingerprint": "a"}}, {})
    'of the human-verified translations (en-ja: 2) the memory at hand holds 0'
    """
    if wanted == found:
        return None
    every = dict.fromkeys([*wanted, *found])
    nothing = {"entries": 0}
    said = ", ".join(f"{way}: {wanted.get(way, nothing)['entries']:,}" for way in every)
    here = ", ".join(f"{found.get(way, nothing)['entries']:,}" for way in every)
    same = all(wanted.get(way, nothing)["entries"] == found.get(way, nothing)["entries"] for way in every)
    held = "other texts" if same else here
    return f"of the human-verified translations ({said}) the memory at hand holds {held}"
