"""What models of a build.yaml have in common: their base, texts of a certain form, plug-ins, prices."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from vqa_builder import languages
from vqa_builder.errors import UnknownNameError
from vqa_builder.languages._codes import nearest_code
from vqa_builder.languages.base import known_languages


def _text_like(pattern: str, expected: str) -> AfterValidator:
    """Text of a form, which the error says in words."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(expected)
        return text

    return AfterValidator(check)


def _known_language(code: str) -> str:
    try:
        languages.get(code)
    except UnknownNameError:
        raise PydanticCustomError(
            "unknown_name",
            "unknown language",
            {
                "what": "language",
                "known": [*known_languages()],
                "nearest": nearest_code(code),
            },
        ) from None
    return code


Name = Annotated[
    str,
    _text_like(
        r"[a-z0-9]([a-z0-9._-]{0,78}[a-z0-9])?",  # what a folder's name, and a repository's, has room for
        "at most 80 lower-case letters, digits, dots, hyphens and underscores, such as vqa",
    ),
]
Currency = Annotated[str, _text_like(r"[A-Z]{3}", "three capitals, such as USD")]
Version = Annotated[
    str, _text_like(r"\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?", "a semantic version, such as 1.0.0")
]
LanguageCode = Annotated[str, AfterValidator(_known_language)]


class Model(BaseModel):
    """Base of the spec's models: no unknown keys, no changes after loading; ``license`` is ``licence``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _licence_in_either_spelling(cls, value: object) -> object:
        if isinstance(value, dict) and "license" in value and "licence" in {*cls.model_fields} - {*value}:
            return {"licence" if key == "license" else key: each for key, each in value.items()}
        return value


def _checked_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        if "bad escape" in str(error):  # RE2 has escapes of its own
            return pattern
        raise ValueError(f"a regular expression: {error}") from None
    return pattern


Repository = Annotated[
    str,
    _text_like(
        r"([\w.-]|\{language\})+/([\w.-]|\{language\})+",
        "org/name on the hub, which may hold {language}, such as my-organisation/vqa-{language}",
    ),
]
Pattern = Annotated[str, AfterValidator(_checked_pattern)]


class Plugin(BaseModel):
    """A plug-in and its options: ``{type: ctranslate2, model: path}``; the options are the plug-in's own.

    Attributes:
        type: the plug-in's name.
    """

    model_config = ConfigDict(extra="allow", frozen=True)
    type: str

    @property
    def options(self) -> dict[str, Any]:
        """Everything that stands beside ``type``."""
        return dict(self.model_extra or {})


class Price(Model):
    """What an engine costs. Tokens are estimated as ``translation.budget`` says.

    Attributes:
        per_million_characters: price of a million characters sent.
        per_million_input_tokens, per_million_output_tokens: price of a million tokens sent, and received.
        currency: three capitals.
    """

    per_million_characters: float = Field(0.0, ge=0)
    per_million_input_tokens: float = Field(0.0, ge=0)
    per_million_output_tokens: float = Field(0.0, ge=0)
    currency: Currency = "USD"


class EnginePlugin(Plugin):
    """An engine, its options, and its price where it has one.

    Attributes:
        price: what it costs, for ``plan`` and ``budget``.
    """

    price: Price | None = None


class Budget(Model):
    """The most that all builds into one folder may spend: characters sent, or money, or both.

    Engines with a price count; if none has one, every engine does.

    Attributes:
        characters: sent to engines.
        money: in the currency of the engines' prices.
    """

    characters: int | None = Field(None, ge=0)
    money: float | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _at_least_one(self) -> Self:
        if self.characters is None and self.money is None:
            raise ValueError("give characters, money or both")
        return self
