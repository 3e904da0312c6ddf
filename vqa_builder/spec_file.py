"""A build.yaml is read whole or refused with its file and line: bad YAML, repeated keys, wrong values."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from vqa_builder.errors import SpecError
from vqa_builder.spec import Spec


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
        content = {**content, "folder": path.parent.absolute(), "text": text}
        return Spec.model_validate(_with_policy_file(content, path))
    except ValidationError as error:
        raise invalid(error, path, node) from error


def _with_policy_file(content: dict[str, Any], path: Path) -> dict[str, Any]:
    """The spec with the rules of ``policy: {file: ...}`` in its place; what stands beside it goes before."""
    stated = content.get("policy")
    if not isinstance(stated, dict) or "file" not in stated:
        return content
    beside = {name: rule for name, rule in stated.items() if name != "file"}
    rules = read_policy_file(path.parent / str(stated["file"]))
    parts = {
        code: {**({"preset": part} if isinstance(part, str) else part or {}), **beside}
        for code, part in (rules.pop("languages", None) or {}).items()
    }
    languages = {"languages": parts} if parts else {}
    return {**content, "policy": {**rules, **beside, **languages}}


def read_policy_file(path: Path) -> dict[str, Any]:
    """A policy in a file of its own: what would stand under ``policy:``.

    Raises:
        SpecError: there is no such file, or it holds no mapping; says where.
    """
    expected = "a UTF-8 YAML file of rules, such as vqa-builder calibrate writes"
    try:
        rules = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecError(
            "The policy file cannot be read", where=path, expected=expected, found=error
        ) from None
    languages = rules.get("languages", {}) if isinstance(rules, dict) else None
    if not isinstance(languages, dict) or not all(isinstance(one, str | dict) for one in languages.values()):
        raise SpecError(
            "The policy file holds no policy", where=path, expected=expected, found=repr(rules)[:200]
        )
    return dict(rules)


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
