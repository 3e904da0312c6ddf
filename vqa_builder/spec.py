"""build.yaml as checked models: unknown keys, wrong types and repeated keys are errors with a line number."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from vqa_builder import languages, registry
from vqa_builder.errors import SpecError

DEFAULT_SCORES = ("script", "langid", "copy", "length", "repetition", "numerals", "chrf")


class Model(BaseModel):
    """Base of the spec's models: no unknown keys, no changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Plugin(BaseModel):
    """A plug-in and its options: ``{type: ctranslate2, model: path}``; the options are the plug-in's own."""

    model_config = ConfigDict(extra="allow", frozen=True)
    type: str

    @property
    def options(self) -> dict[str, Any]:
        """Everything that stands beside ``type``."""
        return dict(self.model_extra or {})


class Translation(Model):
    """How texts are translated: an engine, or a list of engines that are asked in turn."""

    engine: tuple[Plugin, ...] = (Plugin(type="mini"),)
    batch_size: int = Field(4096, ge=1)

    @field_validator("engine", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return value if isinstance(value, list | tuple) else [value]


class Vocabulary(Model):
    """Where the answer vocabulary comes from: a file, the most frequent answers, or a minimum count."""

    from_: Path | None = Field(None, alias="from")
    size: int | None = Field(None, ge=1)
    min_count: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(value is not None for value in (self.from_, self.size, self.min_count)) != 1:
            raise ValueError("give exactly one of from, size and min_count")
        return self


class Answers(Model):
    """How answers are aligned."""

    vocabulary: Vocabulary = Vocabulary(min_count=9)


class SourceLicence(Model):
    """Where the English data come from, for the card."""

    name: str
    licence: str | None = None
    url: str | None = None


class Release(Model):
    """How the releases are named and licensed."""

    repo: str | None = None
    licence: str = "cc-by-4.0"
    sources: tuple[SourceLicence, ...] = ()


class Spec(Model):
    """One build.

    Attributes:
        folder: where the file lies; relative paths in it start here.
        text: the file as it was written; it travels with the release.
    """

    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$")
    languages: tuple[str, ...] = Field(min_length=1)
    source: Plugin
    translate: Translation = Translation()
    back_translate: Translation | None = None
    scores: tuple[Plugin, ...] = tuple(Plugin(type=name) for name in DEFAULT_SCORES)
    policy: dict[str, Any] | None = None
    answers: Answers = Answers()
    release: Release = Release()
    memory: Path | None = None
    folder: Path = Field(Path(), exclude=True)
    text: str = Field("", exclude=True)

    @field_validator("languages")
    @classmethod
    def _languages_are_known(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        for code in codes:
            languages.get(code)
        if "en" in codes or len(set(codes)) != len(codes):
            raise ValueError("name each target language once; en is the source")
        return codes

    @field_validator("scores", mode="before")
    @classmethod
    def _names_or_options(cls, value: object) -> object:
        """``chrf`` and ``langid: {model: path}`` both name a scorer."""
        if not isinstance(value, list):
            return value
        plugins = []
        for item in value:
            if isinstance(item, dict) and len(item) == 1 and "type" not in item:
                name, options = next(iter(item.items()))
                item = {"type": name, **(options or {})}
            plugins.append({"type": item} if isinstance(item, str) else item)
        return plugins

    @property
    def back_translation(self) -> Translation:
        """How translations are translated back: as the spec says, else by the forward engines."""
        return self.back_translate or self.translate

    def release_name(self, language: str) -> str:
        """The release's folder: ``vqa-ja``."""
        return f"{self.name}-{language}"

    def repo(self, language: str) -> str | None:
        """The release's repository on the hub, if the spec names one."""
        return self.release.repo.replace("{language}", language) if self.release.repo else None


def load_spec(path: Path | str) -> Spec:
    """Read and check a build.yaml.

    Raises:
        SpecError: with file and line, for anything that is not as it should be.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SpecError(
            "There is no such spec", where=path, remedy="vqa-builder init writes a commented build.yaml"
        ) from None
    except (UnicodeDecodeError, IsADirectoryError) as error:
        raise SpecError(
            "The spec cannot be read", where=path, expected="a UTF-8 file", found=error
        ) from error
    return parse_spec(text, path)


def parse_spec(text: str, path: Path) -> Spec:
    """Check the text of a spec that lies, or would lie, at ``path``."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.load(text, Loader=_UniqueKeys)
    except yaml.YAMLError as error:
        raise SpecError("The spec is not valid YAML", where=path, found=error) from error
    if not isinstance(content, dict):
        raise SpecError("The spec is empty", where=path, expected="name, languages, source, ...")
    try:
        return Spec.model_validate({**content, "folder": path.parent.absolute(), "text": text})
    except ValidationError as error:
        raise invalid(error, path, node) from error


def invalid(error: ValidationError, path: Path | str, node: yaml.Node | None = None) -> SpecError:
    """A pydantic error as one of ours: the first problem in full, the number of the others."""
    # An unknown key is often a misspelt one, and then explains a missing one.
    first, *others = sorted(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    loc = [part for part in first["loc"] if part != "from_"]
    problem = {
        "extra_forbidden": "Unknown key",
        "missing": "A required key is missing",
    }.get(first["type"], "A value is not as it should be")
    return SpecError(
        f"{problem}: {'.'.join(map(str, loc)) or 'the spec as a whole'}",
        where=f"{path}:{_line(node, loc)}" if node else path,
        expected=first["msg"].removeprefix("Value error, "),
        found=None if first["type"] == "missing" else repr(first["input"])[:200],
        remedy=f"{len(others)} more like it: correct this one first" if others else None,
    )


def construct(kind: str, plugin: Plugin, folder: Path, *arguments: object) -> Any:
    """Make a plug-in from its place in the spec.

    Args:
        kind: ``sources``, ``engines`` or ``scorers``.
        plugin: its name and options.
        folder: where relative paths in its options start.
        *arguments: what the class wants before its options.

    Raises:
        UnknownNameError: nothing has this name.
        SpecError: an option is unknown or wrong.
    """
    plugin_class = registry.find(kind, plugin.type)
    return plugin_class(*arguments, plugin_options(kind, plugin, folder))


def plugin_options(kind: str, plugin: Plugin, folder: Path) -> BaseModel:
    """The checked options of a plug-in, its paths resolved."""
    options_class: type[BaseModel] = registry.find(kind, plugin.type).Options
    try:
        options = options_class.model_validate(plugin.options)
    except ValidationError as error:
        raise invalid(error, f"{kind.removesuffix('s')} {plugin.type}") from error
    resolved: BaseModel = _resolve(options, folder)
    return resolved


def _resolve(value: Any, folder: Path) -> Any:
    """The same options with every relative path taken from ``folder``."""
    if isinstance(value, Path):
        return folder / value
    if isinstance(value, BaseModel):
        fields = {name: _resolve(getattr(value, name), folder) for name in type(value).model_fields}
        return value.model_copy(update=fields)
    if isinstance(value, dict):
        return {key: _resolve(item, folder) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_resolve(item, folder) for item in value)
    return value


class _UniqueKeys(yaml.SafeLoader):
    """YAML that refuses a key given twice, which YAML 1.2 forbids and PyYAML lets pass."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is given twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _line(node: yaml.Node | None, loc: Iterable[Literal[""] | str | int]) -> int:
    """The line, counted from 1, of the deepest part of ``loc`` that the file has."""
    line = node.start_mark.line if node else 0
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            entries = {key.value: (key, value) for key, value in node.value}
            if part not in entries:
                break
            key, node = entries[part]
            line = key.start_mark.line
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
    return line + 1
