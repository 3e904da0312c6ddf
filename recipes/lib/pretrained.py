"""What transformers opens: a folder, or a name on the Hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from vqa_builder.errors import SourceError


def pretrained(kind: Any, name: str | Path, **options: Any) -> Any:
    """A model, tokenizer or processor.

    Args:
        kind: a class with ``from_pretrained``.
        name: a folder, or a name on the Hub.
        **options: of ``from_pretrained``.

    Raises:
        SourceError: there is none, or its files cannot be read.

    In a recipe::

        tokenizer = pretrained(AutoTokenizer, "google-bert/bert-base-multilingual-uncased")
    """
    try:
        return kind.from_pretrained(str(name), **options)
    except (OSError, ValueError, LookupError, RuntimeError, ImportError, SafetensorError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise SourceError(
            "The model cannot be loaded",
            where=name,
            expected=f"a folder, or a name on the hub, for {kind.__name__}",
            found=lines[0],
            remedy=None
            if Path(name).is_dir()
            else "look whether the folder or the name is right, and the Hub in reach",
        ) from error
