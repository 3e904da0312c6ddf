"""What the models of a build.yaml have in common: their base, and texts of a certain form."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator
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
        r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?",
        "lower-case letters, digits, dots, hyphens and underscores, such as vqa",
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
