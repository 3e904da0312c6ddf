"""The base of translation engines: a request in, one result per string out, in its order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self, TypeAlias

from pydantic import BaseModel, ConfigDict

from vqa_builder.errors import EngineError
from vqa_builder.translation.request import Request


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


Part: TypeAlias = Sequence[tuple[int, str | Failure]]
"""Some results of a call, each with the place of its text among those of the call."""

Parts: TypeAlias = Generator[Part, None, None]
"""The results of a call, part by part, as they are finished."""


class Page(NamedTuple):
    """What people ask before they choose an engine or a service behind one; "" where it says nothing.

    Attributes:
        install: the command that installs what it needs.
        keys: environment variables that hold its keys.
        limits: how much, how fast and how long.
        output: the terms of what it makes.
        languages: those it can do beside English.
    """

    install: str = ""
    keys: tuple[str, ...] = ()
    limits: str = ""
    output: str = ""
    languages: str = ""


class Stopped(EngineError):
    """An engine cannot go on now but may later: a quota, a key, a service that is down.

    ``run`` adds to the message how much is done and kept.
    """


class Engine(ABC):
    """A translation engine.

    A plug-in is one subclass in one file. Constructing an engine checks options, files and installed packages
    and is quick; weights are loaded when the first request comes.

    Attributes:
        name: the plug-in's name.
        summary: one line for ``vqa-builder list engines``.
        page: what ``vqa-builder list engines --json`` says of it.
        services: the same for each service that it knows, where it is for several.
        licence: the terms that the engine puts on its output, for cards.
        deterministic: whether the same string always gives the same translation.
        uses_context: whether it heeds a request's contexts. The memory then keeps a translation for each
            context of a text, and one string is asked once per context.
        takes_terms: whether it heeds a request's terms. Texts that hold any then travel as they stand, with
            the terms beside them, and no placeholder in their place; its results are looked through for them.
        distributable: whether more machines make it faster; not where a service decides how fast it goes.
        tokens: input and output tokens that whoever bills for the engine has counted so far; None where
            nobody does, and the ledger estimates.

    Example::

        >>> class Upper(Engine):
        ...     name = "upper"
        ...     summary = "capitals, to try the rest of a build with"
        ...     Options = Options
        ...
        ...     def __init__(self, options: Options) -> None:
        ...         self.options = options
        ...
        ...     @property
        ...     def signature(self) -> str:
        ...         return "upper|version:1"
        ...
        ...     def check_direction(self, source: str, target: str) -> None:
        ...         if source != "en":
        ...             raise EngineError("upper translates from English only", found=source)
        ...
        ...     def translate(self, request: Request) -> list[str | Failure]:
        ...         return [text.upper() if text.isascii() else Failure("no ASCII") for text in request.texts]
        >>> with Upper(Upper.Options()) as engine:
        ...     engine.translate(Request(["cat", "café"], "en", "ja"))
        ['CAT', Failure(reason='no ASCII')]
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    page: ClassVar[Page] = Page()
    services: ClassVar[Mapping[str, Page]] = {}
    licence: str = "unknown"
    deterministic: ClassVar[bool] = True
    uses_context: ClassVar[bool] = False
    takes_terms: ClassVar[bool] = False
    distributable: ClassVar[bool] = True
    Options: ClassVar[type[Options]]

    @abstractmethod
    def __init__(self, options: Any) -> None: ...

    @property
    @abstractmethod
    def signature(self) -> str:
        """Everything that decides the output, as ``key:value`` joined by ``|``; keys the memory.

        Model content, decoding options and library version belong in it; batch sizes and devices that do
        not change the output do not.
        """

    @property
    def tokens(self) -> tuple[int, int] | None:
        """See the class."""
        return None

    @abstractmethod
    def check_direction(self, source: str, target: str) -> None:
        """Raise ``EngineError`` if the engine cannot translate between two languages (ISO 639 codes)."""

    def serves(self, source: str, target: str) -> bool:
        """Whether the engine has anything to say in a direction; told before a build starts."""
        try:
            self.check_direction(source, target)
        except EngineError:
            return False
        return True

    @abstractmethod
    def translate(self, request: Request) -> list[str | Failure]:
        """Translate every text.

        Args:
            request: its texts are unique, together with their contexts. It has contexts only where the
                engine ``uses_context``, and terms only where it ``takes_terms``.

        Returns:
            One result per text, in the order of the texts.

        Raises:
            Stopped: nothing more can be translated now, but the same command may go on later.
            EngineError: nothing more can be translated (no model, no key, no network).
        """

    def translate_in_parts(self, request: Request) -> Parts:
        """Translate every text and hand results over as they are finished; this is what ``run`` calls.

        The default is one part that holds what ``translate`` returns. An engine whose results trickle in
        (see ``EngineInParts``) yields them every few seconds, since ``run`` keeps each part for good before
        it asks for the next.

        Args, Raises: as in ``translate``; whatever was finished before an error has been yielded.

        Yields:
            Every place exactly once, in any order.
        """
        results = self.translate(request)
        if not isinstance(results, list) or len(results) != len(request):
            raise broken_contract(
                self,
                expected=f"a list of {len(request)} results, one per string",
                found=f"{len(results)} results" if isinstance(results, list) else type(results).__name__,
            )
        yield list(enumerate(results))

    def close(self) -> None:  # noqa: B027
        """Give back memory and connections."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class EngineInParts(Engine):
    """An engine whose results trickle in: it has ``translate_in_parts``, and ``translate`` collects them."""

    def translate(self, request: Request) -> list[str | Failure]:
        """Translate every text; see ``Engine.translate``."""
        results: list[str | Failure] = [Failure("not translated")] * len(request)
        for part in self.translate_in_parts(request):
            for at, result in part:
                results[at] = result
        return results

    @abstractmethod
    def translate_in_parts(self, request: Request) -> Parts:
        """See ``Engine.translate_in_parts``."""


def broken_contract(engine: Engine, expected: str, found: str) -> EngineError:
    """The error that says that an engine did not return what it must."""
    return EngineError(
        f"The engine {engine.name} broke its contract",
        where=engine.signature,
        expected=expected,
        found=found,
        remedy="none of these results was used; what was finished before is in the memory",
    )
