"""A build.yaml is read whole or refused with its file and line: bad YAML, repeated keys, wrong values."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from vqa_builder import named_files, registry
from vqa_builder.errors import SpecError, UnknownNameError
from vqa_builder.spec import Plugin, Spec
from vqa_builder.spec_errors import Key, invalid, line_of
from vqa_builder.trust import release_around

DEEPEST = 30
MOST_NODES = 100_000


def load_spec(path: Path | str) -> Spec:
    """Read and check a build.yaml.

    Raises:
        SpecError: with file and line, for anything that is not as it should be.
    """
    path = Path(path)
    remedy = None
    if not path.exists():
        close = get_close_matches(path.name, [each.name for each in path.parent.glob("*.y*ml")], n=1)
        meant = f"did you mean {path.parent / close[0]}?" if close else None
        remedy = meant or "vqa-builder init writes a commented build.yaml"
    return parse_spec(named_files.read_text(path, "spec", remedy=remedy), path)


def parse_spec(text: str, path: Path) -> Spec:
    """Check the text of a spec that lies, or would lie, at ``path``.

    Raises:
        SpecError, UnknownNameError: with file and line, for anything that is not as it should be.
    """
    content, node = read_yaml(text, path)
    if not isinstance(content, dict):
        raise SpecError(
            "The spec holds no keys",
            where=path,
            expected="name, languages, source, ...",
            found=repr(content)[:200],
        )
    try:
        content = {**content, "folder": path.parent.absolute(), "text": text}
        spec = Spec.model_validate(_with_policy_file(content, path))
    except ValidationError as error:
        raise invalid(error, path, node, model=Spec) from None
    for kind, place, plugin in _plugins(spec):
        _check_options(kind, plugin, path, node, place)
    return spec


def read_yaml(text: str, path: Path) -> tuple[Any, yaml.Node | None]:
    """A YAML file's content, and its nodes, which know their lines.

    Words are read as YAML 1.2 has them: ``no``, ``off`` and dates are text, whatever key they stand under.

    Raises:
        SpecError: it is no YAML, gives a key twice, has a key that is no text, or is nested beyond reason.
    """
    try:
        _check_events(text)
        node = yaml.compose(text, Loader=_Yaml)
        _measure(node, frozenset(), {})
        return yaml.load(text, Loader=_Yaml), node
    except (yaml.YAMLError, ValueError) as error:
        raise _not_yaml(error, path) from None


def _not_yaml(error: Exception, path: Path) -> SpecError:
    """What the parser says, with its line, and what people mostly mean."""
    mark = getattr(error, "problem_mark", None)
    said = [getattr(error, "context", None), getattr(error, "problem", None)] if mark else [str(error)[:500]]
    found = ", ".join(filter(None, said))
    place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    remedy = next((what for sign, what in _YAML_REMEDIES.items() if sign in found), None)
    return SpecError(
        "The file is not valid YAML",
        where=f"{path}:{mark.line + 1}" if mark else path,
        found=found + place,
        remedy=remedy,
    )


_YAML_REMEDIES = {
    r"'\t'": "indent with spaces, not with tabs",
    "mapping values are not allowed": "put a space behind each colon, and quotes around texts with ': '",
    "could not find expected ':'": "put a space behind the colon",
    "expected ',' or": "close the bracket",
    "expected <block end>": "give keys of one level the same indentation",
}


def line_in(spec: Spec, place: str) -> str:
    """The line of ``policy.chrf`` in the file of a spec, as messages say it; "" where there is no file."""
    node = read_yaml(spec.text, spec.folder)[1] if spec.text else None
    return f" (line {line_of(node, place.split('.'))} of the spec)" if node else ""


def _plugins(spec: Spec) -> Iterator[tuple[str, tuple[Key, ...], Plugin]]:
    """Every plug-in of a spec: its kind, where it stands, its name and options."""
    yield "sources", ("source",), spec.source
    for direction in ("translate", "back_translate"):
        for name in ("engine", "second_opinion", "best_of"):
            chain = getattr(getattr(spec, direction), name, None) or ()
            yield from (("engines", (direction, name, at), plugin) for at, plugin in enumerate(chain))
    yield from (("scorers", ("scores", at), plugin) for at, plugin in enumerate(spec.scores))
    if spec.align:
        yield "aligners", ("align",), spec.align


def _check_options(
    kind: str, plugin: Plugin, path: Path, node: yaml.Node | None, place: tuple[Key, ...]
) -> None:
    try:
        options: type[BaseModel] = registry.find(kind, plugin.type).Options
        options.model_validate(plugin.options)
    except UnknownNameError as error:
        error.details = {"where": f"{path}:{line_of(node, place)}", **error.details}
        raise
    except ValidationError as error:
        raise invalid(error, path, node, model=options, place=place) from None


def _with_policy_file(content: dict[str, Any], path: Path) -> dict[str, Any]:
    """The spec with the rules of ``policy: {file: ...}`` in its place; what stands beside it goes before."""
    stated = content.get("policy")
    if not isinstance(stated, dict) or "file" not in stated:
        return content
    beside = {name: rule for name, rule in stated.items() if name != "file"}
    file = path.parent / str(stated["file"])
    release = release_around(path.parent)
    if release and not file.resolve().is_relative_to(release.resolve()):
        raise SpecError(
            "A spec that came with a release may not read a policy elsewhere",
            where=path,
            found=str(stated["file"]),
        )
    rules = read_policy_file(file)
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
    rules = read_yaml(named_files.read_text(path, "policy file", expected=expected), path)[0]
    languages = rules.get("languages", {}) if isinstance(rules, dict) else None
    if not isinstance(languages, dict) or not all(isinstance(one, str | dict) for one in languages.values()):
        raise SpecError(
            "The policy file holds no policy", where=path, expected=expected, found=repr(rules)[:200]
        )
    return dict(rules)


def _check_events(text: str) -> None:
    """Refuse, without recursion, what would exhaust it, and text that no path can be."""
    depth = 0
    for event in yaml.parse(text, Loader=_Yaml):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise _refused(f"nested more than {DEEPEST} levels deep", event.start_mark)
        if isinstance(event, yaml.ScalarEvent) and "\0" in event.value:
            raise _refused(
                "a character with the code 0, which no path and no command may hold", event.start_mark
            )


def _measure(
    node: yaml.Node | None, around: frozenset[int], known: dict[int, tuple[int, int]]
) -> tuple[int, int]:
    """How deep a node is and how many it stands for, aliases (``*name``) written out."""
    if not isinstance(node, yaml.CollectionNode):
        return 0, 1
    if id(node) in around:
        raise _refused("an alias stands within what it names", node.start_mark)
    if id(node) not in known:
        inner = [each for entry in node.value for each in (entry if isinstance(entry, tuple) else (entry,))]
        sizes = [_measure(each, around | {id(node)}, known) for each in inner]
        deepest = max((depth for depth, _ in sizes), default=0)
        known[id(node)] = 1 + deepest, 1 + sum(size for _, size in sizes)
    depth, size = known[id(node)]
    if depth > DEEPEST:
        raise _refused(f"nested more than {DEEPEST} levels deep", node.start_mark)
    if size > MOST_NODES:
        raise _refused(f"more than {MOST_NODES:,} values", node.start_mark)
    return depth, size


def _refused(problem: str, mark: Any) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, mark)


class _Yaml(yaml.SafeLoader):
    """YAML 1.2's words, without keys given twice, which PyYAML lets pass, and keys that are no text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, TypeError, AttributeError) as error:  # tags that do not fit
            raise _refused(
                f"no value of the kind {node.tag.rpartition(':')[2]}: {error}", node.start_mark
            ) from None

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        value = super().construct_scalar(node)
        value.encode()  # "\\ud83d" is half a character, which nothing can write
        return value

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _refused("a key must be text", key.start_mark)
            if key.value in seen:
                raise _refused(f"the key {key.value!r} is given twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Yaml.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))
for _tag, _pattern, _first in (
    ("merge", r"<<", ["<"]),
    ("null", r"~|null|Null|NULL|", [*"~nN", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("int", r"[-+]?[0-9]{1,300}", [*"-+0123456789"]),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
     [*"-+.0123456789"]),
):  # fmt: skip
    _Yaml.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)
