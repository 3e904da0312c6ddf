"""Files that one step of the recipe writes for another: what is missing or damaged is named."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError

from vqa_builder.errors import SourceError, VQABuilderError

DAMAGE = (
    *(AttributeError, EOFError, LookupError, OSError, RuntimeError, TypeError, ValueError),
    *(struct.error, zipfile.BadZipFile, SafetensorError),
)


SIDES = ("source", "target")


@contextmanager
def reading(path: Path, expected: str) -> Iterator[None]:
    """Whatever goes wrong while a file is read is an error of the file.

    Args:
        path: of the file, or of the folder with it.
        expected: what it should be, and which step writes it.

    Raises:
        SourceError: something did.
    """
    try:
        yield
    except VQABuilderError:
        raise
    except DAMAGE as error:
        found = "no such file" if isinstance(error, FileNotFoundError) else f"{type(error).__name__}: {error}"
        raise SourceError(
            "A file cannot be used", where=path, expected=expected, found=found.split("\n")[0]
        ) from error


def open_vocabulary(path: Path) -> Any:
    """The vocabulary in a file of SentencePiece.

    Raises:
        SourceError: there is none.
    """
    import sentencepiece

    with reading(path, "a vocabulary, as recipes.translator.data writes it"):
        return sentencepiece.SentencePieceProcessor(model_file=str(path))


def open_examples(path: Path) -> dict[str, Any]:
    """The arrays in a file of examples.

    Raises:
        SourceError: it is missing, damaged, or holds something else.
    """
    with reading(path, "examples, as recipes.translator.data writes them"), np.load(path) as kept:
        return {name: kept[name] for side in SIDES for name in (side, f"{side}_lengths")}
