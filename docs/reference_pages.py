"""A hook of mkdocs: the pages of reference that are made from the package, so that none grows stale."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pyarrow as pa
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from vqa_builder import catalogue, languages, registry, schema, spec
from vqa_builder.languages.base import known_languages
from vqa_builder.release import card

HERE = Path(__file__).parent
PLUGIN_KINDS = ("sources", "engines", "scorers", "aligners")
ANSWER_MAP = {
    "label": "the id of the English answer, the same in every language",
    "answer_en": "the English answer as labels are compared",
    "sense": "which sense of it; empty where it has one alone",
    "spelling": "the English answer as annotators mostly wrote it",
    "answer": "its translation in this sense",
    "method": "the kind of word in the tables (`colour`, ...), or `glossary`, `memory`, `engine`, `copied`,"
    " `untranslated`",
    "support": "how many annotators' answers stand behind it",
    "score": "for `engine`: the share of contexts in which it won, times how far engines agreed; else null",
    "runner_up": "the translation that came second",
    "merged_with": "other labels that have the same translation",
    "merge": "`intended`, or `flagged` where a merge deserves a look",
    "examples": "English questions that have this answer in this sense",
}
ANSWER = {
    "answer": "the answer, translated or copied",
    "answer_en": "the annotator's own words",
    "method": "how it came about: `table`, `glossary`, `memory`, `engine`, `copied`, `untranslated`",
    "answer_confidence": "the annotator's confidence, where the source gives it",
    "answer_id": "the annotator's number, from 1",
}
_WORDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    Any: "anything",
}
_ATTRIBUTES = re.compile(r"^Attributes:\n((?: +.*\n?|\n)+)", re.MULTILINE)


def on_files(files: Any, config: Any) -> Any:
    """Adds the generated pages to those of the folder."""
    from mkdocs.structure.files import File

    for name, text in pages().items():
        files.append(File.generated(config, f"reference/{name}", content=text))
    return files


def pages() -> dict[str, str]:
    """File name -> Markdown."""
    made = {"spec.md": spec_page(), "columns.md": columns_page(), "languages.md": languages_page()}
    made["commands.md"] = commands_page()
    return made | {f"{kind}.md": plugins_page(kind) for kind in PLUGIN_KINDS}


# The spec


def spec_page() -> str:
    """Every key of a build.yaml: type, default, meaning, and examples that hold them all."""
    lines = [
        "# The spec",
        "",
        "All that a `build.yaml` may say; any other key is refused, with its line and the nearest name.",
        "Options of sources, engines, scorers and aligners stand on their own pages.",
        "",
    ]
    examples = spec_examples()
    for place, model in models(spec.Spec):
        lines += [f"## {place or 'The top level'}", "", _intro(model), "", *_table(model, place), ""]
        lines += [f"```yaml\n{text}```\n" for text in examples.get(place or "top", [])]
    return "\n".join(lines)


def spec_examples() -> dict[str, list[str]]:
    """Place in the spec -> examples for it, as YAML."""
    texts = (HERE / "spec_examples.yaml").read_text(encoding="utf-8").split("---\n")
    found: dict[str, list[str]] = {}
    for text in texts[1:]:
        head, _, body = text.partition("\n")
        found.setdefault(head.removeprefix("# "), []).append(body)
    return found


def models(model: type[BaseModel], place: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Every model of the spec, with its place in the file; each model once."""
    yield place, model
    seen: set[type[BaseModel]] = set()
    for name, field in model.model_fields.items():
        for inner in _models_in(field.annotation):
            if inner not in seen and inner is not spec.Plugin and name != "back_translate":
                seen.add(inner)
                yield from models(inner, f"{place}.{field.alias or name}".lstrip("."))


def _models_in(kind: Any) -> list[type[BaseModel]]:
    if isinstance(kind, type) and not get_origin(kind):
        return [kind] if issubclass(kind, BaseModel) else []
    return [found for each in get_args(kind) for found in _models_in(each)]


# Plug-ins, columns, languages


def plugins_page(kind: str) -> str:
    """All plug-ins of a kind: what they are, and their options."""
    lines = [f"# {kind.capitalize()}", "", _prose(kind), ""]
    for entry in catalogue.entries(kind):
        options: type[BaseModel] = registry.find(kind, entry["name"]).Options
        lines += [f"## {entry['name']}", "", f"*{entry['summary']}.*", "", _documentation(entry), ""]
        if kind == "engines":
            lines += [*_engine_facts(entry), ""]
        lines += [*_table(options, ""), ""] if options.model_fields else ["It has no options.", ""]
    return "\n".join(lines)


def _documentation(entry: dict[str, Any]) -> str:
    """A docstring as Markdown: examples as blocks, names of code as code."""
    text = re.sub(r"^Examples?::\n\n((?: +.*\n?|\n)+)", _fenced, entry["documentation"], flags=re.MULTILINE)
    return _markdown(text)


def _fenced(block: re.Match[str]) -> str:
    lines = block[1].rstrip().splitlines()
    return "\n".join(["```yaml", *(line[4:] for line in lines), "```", ""])


def _engine_facts(entry: dict[str, Any]) -> list[str]:
    facts = ("install", "keys", "limits", "output", "languages")
    rows = {"": entry, **entry["services"]} if entry["services"] else {"": entry}
    lines = ["| service | " + " | ".join(facts) + " |", "|" + "---|" * (len(facts) + 1)]
    for name, row in rows.items():
        lines.append(f"| {name or entry['name']} | " + " | ".join(_cell(row[fact]) for fact in facts) + " |")
    return lines


def columns_page() -> str:
    """The columns of every table of a release, from its schemas."""
    ids = pa.string()
    data = schema.data_schema(ids, ids, pa.struct([]))
    image = pa.field("image", pa.string())
    tables = {
        "default: the rows that are kept": (pa.schema([*data, image]), card.COLUMNS),
        "rejected: the rows that are not": (
            pa.schema([schema.rejected_schema(data).field("reasons")]),
            card.COLUMNS,
        ),
        "answers: the answer map": (schema.ANSWER_MAP, ANSWER_MAP),
        "Each member of answers": (pa.schema(list(schema.TRANSLATED_ANSWER)), ANSWER),
    }
    lines = ["# Columns of a release", "", _prose("columns"), ""]
    for title, (table, meanings) in tables.items():
        lines += [f"## {title}", "", "| column | type | meaning |", "|---|---|---|"]
        lines += [f"| `{one.name}` | {_arrow(one)} | {_cell(meanings[one.name])} |" for one in table]
        lines.append("")
    return "\n".join(lines)


def _prose(page: str) -> str:
    """What people wrote for the head of a generated page."""
    return (HERE / "reference" / f"_{page}.txt").read_text(encoding="utf-8").strip()


def _arrow(field: pa.Field) -> str:
    if field.name in ("question_id", "image_id"):
        return "int64 or string, as in the source"
    if field.name == "scores":
        return "struct, one field for each score"
    return f"`{field.type}`".replace("element: ", "").replace("item: ", "")


def languages_page() -> str:
    """Every language, with what stands behind it."""
    lines = ["# Languages", "", _prose("languages"), ""]
    own = registry.names("languages")
    lines += ["| code | language | script | rules | signature |", "|---|---|---|---|---|"]
    for code, (name, script) in sorted(known_languages().items()):
        rules = "tables of its own" if code in own else "general"
        lines.append(f"| `{code}` | {name} | {script} | {rules} | `{_cell(languages.get(code).signature)}` |")
    return "\n".join(lines)


# Models as tables


def _table(model: type[BaseModel], place: str) -> list[str]:
    meanings = attribute_meanings(model)
    lines = ["| key | type | default | meaning |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        if not field.exclude:
            key, meaning = field.alias or name, field.description or meanings.get(name.rstrip("_"), "")
            cells = (f"`{key}`", _cell(_type(field)), _default(field), _cell(_markdown(meaning)))
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def attribute_meanings(model: type[BaseModel]) -> dict[str, str]:
    """Name -> meaning, from the ``Attributes:`` of a model and of its bases."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        section = _ATTRIBUTES.search(inspect.cleandoc(each.__doc__ or ""))
        names: list[str] = []
        for line in (section[1] if section else "").splitlines():
            if head := re.match(r" {4}(\w[\w, ]*): (.*)", line):
                names = [name.strip() for name in head[1].split(",")]
                found |= dict.fromkeys(names, head[2])
            else:
                found |= {name: f"{found[name]} {line.strip()}".strip() for name in names}
    return found


def _intro(model: type[BaseModel]) -> str:
    return _markdown(_ATTRIBUTES.sub("", inspect.cleandoc(model.__doc__ or "")).strip())


def _type(field: FieldInfo) -> str:
    bounds = [f"≥ {each.ge}" for each in field.metadata if getattr(each, "ge", None) is not None]
    bounds += [f"> {each.gt}" for each in field.metadata if getattr(each, "gt", None) is not None]
    return " ".join([_kind(field.annotation), *(f"({bound})" for bound in bounds)])


def _kind(kind: Any) -> str:
    origin, arguments = get_origin(kind), [each for each in get_args(kind) if each is not Ellipsis]
    if kind in _WORDS:
        return _WORDS[kind]
    if origin is Literal:
        return ", ".join(f"`{each}`" for each in arguments)
    if origin is Annotated:
        return _kind(arguments[0])
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_kind(each) for each in arguments if each is not type(None)))
    if origin in (tuple, list, frozenset, set):
        return f"list of: {_kind(arguments[0])}"
    if origin is not None and issubclass(origin, dict):
        return f"mapping to: {_kind(arguments[1])}"
    if isinstance(kind, type) and issubclass(kind, spec.Plugin):
        return "plug-in: `type` and its options"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return "mapping"
    return getattr(kind, "__name__", str(kind))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value in ((), {}, ""):
        return "none"
    if isinstance(value, BaseModel):
        return "as below" if not isinstance(value, spec.Plugin) else f"`{value.type}`"
    if isinstance(value, tuple):
        return "`[" + ", ".join(getattr(each, "type", str(each)) for each in value) + "]`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _markdown(text: str) -> str:
    return text.replace("``", "`")


def _cell(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return " ".join(text.replace("|", r"\|").split())


# Commands


def commands_page() -> str:
    """Every command with its arguments and options, as the command line declares them."""
    import typer

    from vqa_builder.cli import app

    lines = ["# Commands", "", _prose("commands"), ""]
    groups: list[tuple[str, Any]] = [("vqa-builder", typer.main.get_command(app))]
    while groups:
        path, command = groups.pop(0)
        inner = [(f"{path} {name}", each) for name, each in getattr(command, "commands", {}).items()]
        groups = inner + groups
        if not inner:
            lines += [f"## {path.removeprefix('vqa-builder ')}", "", command.help or "", ""]
            lines += ["| argument, option | meaning | default |", "|---|---|---|"]
            lines += [_parameter(one) for one in command.params if one.name != "help"] + [""]
    return "\n".join(lines)


def _parameter(one: Any) -> str:
    name = ", ".join(one.opts) if one.param_type_name == "option" else (one.metavar or one.name.upper())
    default = (
        one.default if isinstance(one.default, str | int | float | Path) and one.default is not False else ""
    )
    return f"| `{_cell(name)}` | {_cell(one.help or '')} | {_cell(default)} |"
