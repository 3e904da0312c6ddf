"""Between strings and the pieces of a model: SentencePiece, ``tokenizer.json``, characters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from vqa_builder.errors import EngineError, MissingExtraError

SHARED_NAMES = ("spm.model", "sentencepiece.bpe.model", "sentencepiece.model", "tokenizer.model")
SOURCE_NAME, TARGET_NAME = "source.spm", "target.spm"
JSON_NAME = "tokenizer.json"
CHARACTERS = "characters"
SPACE = "▁"


class Tokenizer(ABC):
    """Cuts strings into pieces and joins pieces into strings; loads its files when first used.

    Attributes:
        files: what it loads; their bytes belong in an engine's signature.
    """

    files: tuple[Path, ...] = ()

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> list[list[str]]:
        """The pieces of every text, without special tokens."""

    @abstractmethod
    def decode(self, pieces: Sequence[Sequence[str]]) -> list[str]:
        """The strings that pieces stand for."""


class SentencePieces(Tokenizer):
    """One SentencePiece model for both sides, or one for each."""

    def __init__(self, source: Path, target: Path | None = None) -> None:
        self.files = (source,) if target is None else (source, target)

    def encode(self, texts: Sequence[str]) -> list[list[str]]:
        """The pieces of every text."""
        pieces: list[list[str]] = self._models[0].encode(list(texts), out_type=str)
        return pieces

    def decode(self, pieces: Sequence[Sequence[str]]) -> list[str]:
        """The strings that pieces stand for."""
        texts: list[str] = self._models[-1].decode([list(some) for some in pieces])
        return texts

    @cached_property
    def _models(self) -> list[Any]:
        from sentencepiece import SentencePieceProcessor

        try:
            return [SentencePieceProcessor(model_file=str(file)) for file in self.files]
        except (OSError, RuntimeError) as error:
            raise _unreadable("a SentencePiece model", self.files, error) from error


class JsonTokenizer(Tokenizer):
    """A ``tokenizer.json`` of the package ``tokenizers``."""

    def __init__(self, file: Path) -> None:
        from importlib.util import find_spec

        if find_spec("tokenizers") is None:
            raise MissingExtraError(f"The tokenizer {file}", "tokenizers", "tokenizers")
        self.files = (file,)

    def encode(self, texts: Sequence[str]) -> list[list[str]]:
        """The pieces of every text."""
        return [some.tokens for some in self._model.encode_batch(list(texts), add_special_tokens=False)]

    def decode(self, pieces: Sequence[Sequence[str]]) -> list[str]:
        """The strings that pieces stand for."""
        number = self._model.token_to_id
        ids = [[at for at in map(number, some) if at is not None] for some in pieces]
        texts: list[str] = self._model.decode_batch(ids)
        return texts

    @cached_property
    def _model(self) -> Any:
        from tokenizers import Tokenizer as Model

        try:
            model = Model.from_file(str(self.files[0]))
        except Exception as error:  # tokenizers raises plain Exceptions
            raise _unreadable("a tokenizer.json", self.files, error) from error
        model.no_truncation()
        model.no_padding()
        return model


class Characters(Tokenizer):
    """Every character is a piece; a space is ``▁``."""

    def encode(self, texts: Sequence[str]) -> list[list[str]]:
        """The characters of every text."""
        return [list(text.replace(" ", SPACE)) for text in texts]

    def decode(self, pieces: Sequence[Sequence[str]]) -> list[str]:
        """The strings that characters make up."""
        return ["".join(some).replace(SPACE, " ") for some in pieces]


def find_tokenizer(model: Path, named: str | Path | None) -> Tokenizer:
    """The tokenizer of a model.

    Args:
        model: the model's folder, searched if nothing is named.
        named: ``characters``, a file, or a folder with tokenizer files.

    Raises:
        EngineError: there is none.
        MissingExtraError: it needs the package ``tokenizers``.
    """
    if str(named) == CHARACTERS:
        return Characters()
    place = Path(named) if named is not None else model
    if place.is_file():
        return JsonTokenizer(place) if place.suffix == ".json" else SentencePieces(place)
    if (place / SOURCE_NAME).is_file() and (place / TARGET_NAME).is_file():
        return SentencePieces(place / SOURCE_NAME, place / TARGET_NAME)
    for file in (place / name for name in SHARED_NAMES):
        if file.is_file():
            return SentencePieces(file)
    if (place / JSON_NAME).is_file():
        return JsonTokenizer(place / JSON_NAME)
    raise EngineError(
        "The model's tokenizer was not found",
        where=place,
        expected=f"{', '.join(SHARED_NAMES)}, {SOURCE_NAME} with {TARGET_NAME}, or {JSON_NAME}",
        found=listing(place),
        remedy="copy it from the original model beside model.bin, or name it under `tokenizer:`",
    )


def listing(folder: Path) -> str:
    """What is in a folder, for messages."""
    if not folder.is_dir():
        return "no such folder"
    return ", ".join(sorted(file.name for file in folder.iterdir())) or "an empty folder"


def _unreadable(what: str, files: Sequence[Path], error: Exception) -> EngineError:
    return EngineError(
        "The model's tokenizer cannot be read",
        where=", ".join(map(str, files)),
        expected=what,
        found=f"{type(error).__name__}: {error}",
    )
