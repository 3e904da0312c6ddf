"""The base of translation engines: a list of strings in, a list of the same length and order out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Base of every engine's options: what the spec may say beside ``type``."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


@dataclass(frozen=True, slots=True)
class Failure:
    """Stands in the place of a translation that an engine could not make.

    Attributes:
        reason: one short sentence that ends up in the table's ``error`` column.
    """

    reason: str


class Engine(ABC):
    """A translation engine.

    Constructing one checks options, files and installed packages and is quick; weights are loaded by the
    first ``translate``. A subclass sets ``name``, ``summary`` and ``Options``.

    Attributes:
        name: the plug-in's name.
        summary: one line for ``vqa-builder list engines``.
        licence: the terms that the engine puts on its output, for cards.
        deterministic: whether the same string always gives the same translation.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    licence: str = "unknown"
    deterministic: ClassVar[bool] = True
    Options: ClassVar[type[Options]]

    @abstractmethod
    def __init__(self, options: Options) -> None: ...

    @property
    @abstractmethod
    def signature(self) -> str:
        """Everything that decides the output, as ``key:value`` joined by ``|``; keys the memory.

        Model content, decoding options and library version belong in it; batch sizes and devices that do
        not change the output do not.
        """

    @abstractmethod
    def check_direction(self, source: str, target: str) -> None:
        """Raise ``EngineError`` if the engine cannot translate between two languages (ISO 639 codes)."""

    @abstractmethod
    def translate(self, texts: Sequence[str], source: str, target: str) -> list[str | Failure]:
        """Translate every text.

        Args:
            texts: plain strings, unique, without line breaks.
            source, target: ISO 639 codes.

        Returns:
            One result per text, in the order of ``texts``.

        Raises:
            EngineError: nothing more can be translated (no model, no key, no network).
        """

    def close(self) -> None:
        """Give back memory and connections."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
