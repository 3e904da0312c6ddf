"""What is wrong with a spec, in its own words: the key, its line, what may stand there, what is meant."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from vqa_builder.errors import SpecError, UnknownNameError, VQABuilderError, nearest_name

Key = str | int

_LIST = "a list, such as [a, b]"
_EXPECTED = {
    "missing": "this key",
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "bool": "true or false",
    "tuple": _LIST,
    "list": _LIST,
    "dict": "a mapping, such as {{key: value}}",
    "model": "a mapping, such as {{key: value}}",
    "date": "a date, such as 2026-11-30",
    "path": "a path",
    "greater_than_equal": "{ge} or more",
    "greater_than": "more than {gt}",
    "less_than_equal": "{le} or less",
    "less_than": "less than {lt}",
    "too_short": "{min_length} or more entries",
    "too_long": "{max_length} entries or fewer",
    "string_too_short": "{min_length} or more characters",
    "string_too_long": "{max_length} characters or fewer",
    "string_pattern_mismatch": "text of the form {pattern}",
    "literal_error": "{expected}",
    "enum": "{expected}",
}
"""Kind of error, or the first word of it -> what would have been right."""

_SPLITS = {"dev": "validation", "eval": "validation", "trainval": "train", "minival": "validation"}
_SHORT: dict[str, dict[type, str]] = {"vocabulary": {int: "size", str: "from"}, "images": {str: "folder"}}
"""Key -> what a number or a text in the place of its mapping is probably meant as."""
_SECRET = re.compile(r"(api|auth|access|secret)_?key|key_variable|token(?!s|i)|secret|passw", re.IGNORECASE)
_KINDS_OF_UNIONS = re.compile(r"(str|int|float|bool)$|.*[\[(]")


def invalid(
    error: ValidationError,
    where: Path | str,
    node: yaml.Node | None = None,
    *,
    model: type[BaseModel] | None = None,
    place: Sequence[Key] = (),
) -> VQABuilderError:
    """A pydantic error as one of ours: the first problem in full, the number of the others.

    Args:
        error: what pydantic found.
        where: the file, or a name for what was validated.
        node: the file's YAML, to tell the line.
        model: what was validated, to tell which keys it has.
        place: where in the file it stands.
    """
    # An unknown key is often a misspelt one, and then explains a missing one.
    found = sorted(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    first, loc = found[0], _keys(found[0])
    same = [each for each in found if _keys(each) == loc]
    others = len({_keys(each) for each in found}) - 1
    name = _written((*place, *loc)) or "the spec as a whole"
    at = f"{where}:{line_of(node, (*place, *loc))}" if node else where
    if first["type"] == "unknown_name":
        context = first.get("ctx", {})
        return UnknownNameError(
            context["what"], str(first["input"]), context["known"], where=at, nearest=context["nearest"]
        )
    more = f"{others} more like it: correct this one first" if others else None
    if first["type"] == "extra_forbidden":
        known = keys_of(model_at(model, first["loc"][:-1]))
        return SpecError(
            f"Unknown key: {name}",
            where=at,
            expected=", ".join(known) or "no options",
            found=_shown(first["input"], str(loc[-1])),
            remedy=_instead(str(loc[-1]), known, model, loc[:-1]) or more,
        )
    missing = first["type"] == "missing"
    if missing and others and all(each["type"] == "missing" for each in found):
        more = f"{', '.join(_written((*place, *_keys(each))) for each in found[1:])} too"
    return SpecError(
        f"A required key is missing: {name}" if missing else f"A value is not as it should be: {name}",
        where=at,
        expected=_described(model, first["loc"])
        if missing
        else " or ".join(dict.fromkeys(map(expectation, same))),
        found=None if missing else _shown(first["input"], str(loc[-1]) if loc else ""),
        remedy=_remedy(first, model) or more,
    )


def _instead(
    key: str, known: Sequence[str], model: type[BaseModel] | None, place: Sequence[Key]
) -> str | None:
    """What to do about an unknown key: a near one, or the place where it belongs."""
    if _SECRET.search(key):
        return "a key never belongs in the spec: export it as the environment variable of the engine"
    if close := nearest_name(key, known):
        return f"did you mean {close!r}?"
    here = _written(each for each in place if isinstance(each, str))
    homes = [home for home, own in _places(model) if key in own]
    inner = [home for home in homes if home.startswith(f"{here}.") or not here]
    return f"it belongs under {min(inner or homes, key=len)}" if homes else None


def _places(
    model: type[BaseModel] | None, place: str = "", depth: int = 4
) -> Iterator[tuple[str, list[str]]]:
    """The models inside one, each with its place in the file and its keys."""
    for name, field in (model.model_fields if model and depth else {}).items():
        at = f"{place}.{field.alias or name}".lstrip(".")
        for inner in [*_models(field.annotation), *_models(_inside(field.annotation))]:
            yield at, keys_of(inner)
            yield from _places(inner, at, depth - 1)


def _described(model: type[BaseModel] | None, loc: Sequence[Key]) -> str:
    """What a missing key is."""
    owner = model_at(model, loc[:-1])
    field = owner.model_fields.get(str(loc[-1])) if owner else None
    return f"this key: {field.description}" if field and field.description else "this key"


def keys_of(model: type[BaseModel] | None) -> list[str]:
    """The keys of a model as people write them."""
    fields = model.model_fields if model else {}
    return [field.alias or name for name, field in fields.items() if not field.exclude]


def model_at(model: type[BaseModel] | None, loc: Iterable[Key]) -> type[BaseModel] | None:
    """The model at a place of another one, as pydantic names places; None where there is none."""
    kind: Any = model
    for part in loc:
        models = _models(kind)
        fields = {field.alias or name: field for each in models for name, field in each.model_fields.items()}
        if part in fields:
            kind = fields[part].annotation
        elif not models or isinstance(part, int):
            kind = _inside(kind)
    return next(iter(_models(kind)), None)


def line_of(node: yaml.Node | None, loc: Iterable[Key]) -> int:
    """The line, counted from 1, of the deepest part of ``loc`` that a file has."""
    line = node.start_mark.line if node else 0
    for part in loc:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
            continue
        entries = {key.value: (key, value) for key, value in _entries(node)}
        if part not in entries and len(entries) == 1:  # ``- langid: {model: path}``
            ((_, only),) = entries.values()
            entries = {key.value: (key, value) for key, value in _entries(only)}
        if part in entries:
            key, node = entries[part]
            line = key.start_mark.line
    return line + 1


def _written(place: Iterable[Key]) -> str:
    """A place as people write it: ``translate.engine[0].model``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


def _entries(node: yaml.Node | None) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        return []
    return [(key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]


def _keys(error: ErrorDetails) -> tuple[Key, ...]:
    """The place of an error without what pydantic adds: the members of unions, and ``[key]``."""
    loc = error["loc"]
    own = len(loc) - 1 if error["type"] == "extra_forbidden" else len(loc)
    kept = [
        part
        for at, part in enumerate(loc)
        if at >= own or isinstance(part, int) or not _KINDS_OF_UNIONS.match(part)
    ]
    return tuple("from" if part == "from_" else part for part in kept)


def _models(kind: Any) -> list[type[BaseModel]]:
    """The models that a type may be."""
    if isinstance(kind, type) and not get_origin(kind):
        return [kind] if issubclass(kind, BaseModel) else []
    if get_origin(kind) in (Union, types.UnionType, Annotated):
        return [model for each in get_args(kind) for model in _models(each)]
    return []


def _inside(kind: Any) -> Any:
    """The type of the entries of a list or a mapping."""
    if get_origin(kind) in (Union, types.UnionType, Annotated):
        return next((inner for each in get_args(kind) if (inner := _inside(each)) is not None), None)
    arguments = [each for each in get_args(kind) if each is not Ellipsis]
    return arguments[-1] if arguments else None


def expectation(error: ErrorDetails) -> str:
    """What would have been right in the place of what pydantic refused."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in ("value_error", "assertion_error"):
        return str(context.get("error") or error["msg"])
    words = _EXPECTED.get(kind) or _EXPECTED.get(kind.partition("_")[0]) or "a value of another kind"
    return words.format(**context)


def _remedy(error: ErrorDetails, model: type[BaseModel] | None) -> str | None:
    """The value that is probably meant."""
    value = error["input"]
    if error["type"] == "missing" and isinstance(value, dict):
        close = nearest_name(str(error["loc"][-1]), map(str, value))
        if error["loc"][-1] == "type":
            close = close or next((key for key in ("name", "engine", "kind") if key in value), None)
        return f"is it meant by {close!r}?" if close else None
    if error["type"] == "literal_error":
        known = re.findall(r"'([^']*)'", error.get("ctx", {}).get("expected", ""))
        meant = _SPLITS.get(str(value).lower())
        close = meant if meant in known else nearest_name(str(value), known)
        return f"did you mean {close!r}?" if close else None
    if error["type"].startswith(("tuple", "list")) and isinstance(value, str):
        return f"write [{value}]"
    if error["type"].startswith(("model", "dict")) and isinstance(value, str | int) and value is not True:
        key = next((part for part in reversed(error["loc"]) if isinstance(part, str) and part in _SHORT), "")
        owner = model_at(model, error["loc"])
        needed = [
            name for name, field in (owner.model_fields if owner else {}).items() if field.is_required()
        ]
        name = _SHORT.get(key, {}).get(type(value)) or (needed[0] if len(needed) == 1 else None)
        if name and str(value).lower() not in ("none", "false", "off", "no"):
            return f"write {{{name}: {value}}}"
    return None


def _shown(value: object, key: str = "") -> str:
    """A value as a message may hold it: what may be a key or a password is not shown."""
    text = repr(_masked(value, key))
    return text if len(text) <= 200 else text[:200] + "…"


def _masked(value: object, key: str) -> object:
    if isinstance(value, dict):
        return {name: _masked(each, str(name)) for name, each in value.items()}
    if isinstance(value, list):
        return [_masked(each, key) for each in value]
    return "(not shown)" if value is not None and _SECRET.search(key) else value
