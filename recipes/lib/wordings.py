"""Which validation questions training has shown word for word, and which have something new in them.

Questions repeat: of VQA v2's validation questions about two thirds stand in training too. A gain on those may
be memory of a text; a gain on the others is language.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from recipes.lib.questions import load_rows
from recipes.lib.results import Column
from vqa_builder.errors import SpecError

Groups = dict[str, frozenset[Any]]
SEEN, UNSEEN = "seen", "unseen"


def seen_and_unseen(release: str | Path, split: str, *, english: bool = False) -> Groups:
    """The ids of a split's questions by whether a training question has the same text.

    Args:
        release: a release's folder, or its name on the Hub.
        split: whose questions are grouped.
        english: compare the English questions.
    """
    column = "question_en" if english else "question"
    learned, asked = (
        load_rows(release, "default", each, ["question_id", column]) for each in ("train", split)
    )
    texts = frozenset(learned[column].to_pylist())
    pairs = list(zip(asked["question_id"].to_pylist(), asked[column].to_pylist(), strict=True))
    seen = frozenset(key for key, text in pairs if text in texts)
    return {SEEN: seen, UNSEEN: frozenset(key for key, _ in pairs) - seen}


def read_held_out(path: Path | None) -> Groups:
    """Questions that hold out something: ``new wording``, ``new noun`` and ``new pair`` of the open world,
    ``held out`` those that the file names without a group.

    Raises:
        SpecError: the file is no such file.
    """
    if path is None:
        return {}
    try:
        content = json.loads(path.read_bytes())
        named = {f"new {name}": frozenset(ids) for name, ids in content.get("new", {}).items()}
        return {"held out": frozenset(content["question_ids"]), **named}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SpecError(
            "The held-out questions cannot be read",
            where=path,
            expected='a JSON file with "question_ids"',
            found=repr(error),
        ) from error


def wording_columns(*languages: str) -> list[Column]:
    """Columns of a table: the accuracy on questions whose texts training has shown, and on the others."""
    return [
        Column(f"{language}, {name}", f"accuracy_{name}", {"language": language})
        for language in languages
        for name in (SEEN, UNSEEN)
    ]
