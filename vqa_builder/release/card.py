"""README.md of a release: YAML that the hub and ``load_dataset`` read, and a page for people.

Every number comes from the manifest, so the card says what the builder counted. The YAML describes the
columns in the form that datasets 4 and 5 both load, made from the Arrow schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from vqa_builder.errors import StorageError
from vqa_builder.languages.base import known_languages
from vqa_builder.release.card_warnings import card_warnings, share
from vqa_builder.release.contents import ReleaseContents, in_order, type_name
from vqa_builder.release.parquet import FOLDERS, config_of
from vqa_builder.schema import IMAGE

FILE = "README.md"
TEMPLATE = "dataset_card.md.j2"
SAMPLE_ROWS = 5
_FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}
SIZES = {1_000: "1K", 10_000: "10K", 100_000: "100K", 1_000_000: "1M", 10_000_000: "10M", 100_000_000: "100M"}
LICENCES = "hub_licences.txt"
COLUMNS = {
    "question_id": "the source's id, in the source's type",
    "image_id": "the source's id of the image, in the source's type",
    "image": "the image, or the file name or address of it at the source",
    "question": "the question, translated",
    "question_en": "the question as the source has it",
    "question_back": "the translation, translated back into English by machine",
    "question_type": "the first words of the English question, where the source gives them",
    "answer_type": "`yes/no`, `number` or `other`, where the source gives it",
    "multiple_choice_answer": "the answer that most people gave, counted among the translated answers",
    "multiple_choice_answer_en": "the answer that most people gave in English",
    "answers": "every annotator's answer, translated and in English; null where the source has none",
    "labels": "ids of the answers in the vocabulary, the same as for English; see the config `answers`",
    "soft_scores": "the VQA score of each label among the English answers, in the order of `labels`",
    "alignment": "links between the words of `question_en` and `question`, as positions from 0 of what "
    "`vqa_builder.translation.aligners.words` returns; empty where unknown",
    "scores": "what each scorer measured on the question",
    "engine": "signature of the engine that translated the question",
    "reasons": "config `rejected` only: every rule of the policy that the row failed",
}


def render(
    manifest: Mapping[str, Any], schemas: Mapping[str, pa.Schema], sample: list[dict[str, Any]]
) -> str:
    """The whole card.

    Args:
        manifest: as ``manifest.describe`` makes it, its ``files`` listed.
        schemas: config -> schema of its tables; only configs that have rows.
        sample: kept rows to show.
    """
    page = environment().get_template(TEMPLATE)
    text: str = page.render(
        m=manifest,
        counts=manifest["counts"],
        front_matter=_yaml(front_matter(manifest, schemas)),
        title=pretty_name(manifest),
        address=manifest.get("repo") or manifest["name"],
        configs=list(schemas),
        columns=[(name, type_name(kind), COLUMNS[name]) for name, kind in _columns(schemas).items()],
        sample=sample,
        numbers={name: facts for name, facts in manifest["scores"].items() if "mean" in facts},
        values={name: facts for name, facts in manifest["scores"].items() if "values" in facts},
        citation=citation(manifest),
        embedded=bool((manifest["spec"].get("release") or {}).get("images", {}).get("embed")),
        warnings=card_warnings(manifest),
        policy=policy_rows(manifest.get("policy") or manifest["spec"].get("policy") or {}),
    )
    return text


def front_matter(manifest: Mapping[str, Any], schemas: Mapping[str, pa.Schema]) -> dict[str, Any]:
    """The card's metadata, in the hub's terms."""
    kept = sum(manifest["counts"]["kept"].values())
    return {
        "language": [manifest["language"], "en"],
        "language_bcp47": [manifest["language"], "en"],
        **hub_licence(manifest.get("licence")),
        "pretty_name": pretty_name(manifest),
        "task_categories": ["visual-question-answering"],
        "size_categories": [size_category(kept)],
        "annotations_creators": ["found", "machine-generated"],
        "language_creators": ["machine-generated"],
        "multilinguality": ["translation"],
        "source_datasets": [f"extended|{_slug(source['name'])}" for source in manifest.get("sources") or []]
        or ["extended|other"],
        "tags": ["vqa", "machine-translation", "back-translation", "vqa-builder"],
        "configs": [_config(manifest, config) for config in schemas],
        "dataset_info": [_dataset_info(manifest, config, found) for config, found in schemas.items()],
    }


def yaml_features(columns: pa.Schema | pa.StructType) -> list[dict[str, Any]]:
    """Columns as ``dataset_info.features`` lists them, without importing datasets.

    >>> yaml_features(pa.schema([("labels", pa.list_(pa.int32()))]))
    [{'name': 'labels', 'list': 'int32'}]
    """
    return [{"name": field.name, **_yaml_type(field.type)} for field in columns]


def hub_licence(licence: str | None) -> dict[str, str]:
    """A licence in the hub's terms: its id, or ``other`` and the name.

    >>> hub_licence("CC-BY-4.0")
    {'license': 'cc-by-4.0'}
    >>> hub_licence("VizWiz terms")
    {'license': 'other', 'license_name': 'vizwiz-terms'}
    """
    if not licence:
        return {"license": "unknown"}
    known = licence.strip().lower()
    if known in (templates() / LICENCES).read_text(encoding="utf-8").split():
        return {"license": known}
    return {"license": "other", "license_name": _slug(licence)}


def size_category(rows: int) -> str:
    """The hub's size class.

    >>> size_category(45_000)
    '10K<n<100K'
    """
    below = [name for limit, name in SIZES.items() if rows >= limit]
    above = [name for limit, name in SIZES.items() if rows < limit]
    if not below:
        return "n<1K"
    return f"{below[-1]}<n<{above[0]}" if above else f"n>{below[-1]}"


def policy_rows(policy: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Score column, its rule for questions and its rule for answers, in words.

    Args:
        policy: as the spec has it; the block ``answers`` replaces the rules that it names.

    >>> policy_rows({"chrf": {"min": 35}, "copy": "reject", "answers": {"chrf": {"min": 60}}})
    [('chrf', 'at least 35', 'at least 60'), ('copy', 'at most 0', 'at most 0')]
    """
    answers = policy.get("answers") or {}
    rules = {name: rule for name, rule in policy.items() if name != "answers"}
    names = dict.fromkeys([*rules, *answers])
    return [(name, _rule(rules.get(name)), _rule(answers.get(name, rules.get(name)))) for name in names]


def pretty_name(manifest: Mapping[str, Any]) -> str:
    """What people call the release: its name without the language code, and the language's name."""
    code = manifest["language"]
    name = str(manifest["name"]).removesuffix(f"-{code}").replace("-", " ").replace("_", " ")
    return f"{name.upper() if len(name) <= 3 else name} in {known_languages()[code][0]}"


def citation(manifest: Mapping[str, Any]) -> str:
    """BibTeX for the release: what the spec says, or an entry made from the manifest."""
    if manifest.get("citation"):
        return str(manifest["citation"]).strip()
    repo, version = manifest.get("repo"), manifest.get("version") or f"build {manifest['key'][:12]}"
    fields = {
        "title": f"{{{pretty_name(manifest)}}}",
        "year": (manifest.get("date") or "")[:4],
        "version": version,
        "url": f"https://huggingface.co/datasets/{repo}" if repo else "",
        "note": f"Built with vqa-builder {manifest['builder']['version']}",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{_slug(manifest['name'])},", *lines, "}"])


def schemas(contents: ReleaseContents) -> dict[str, pa.Schema]:
    """The schema of each config that has rows, in the order of the card."""
    found = {config_of(key): table.schema for key, table in contents.tables.items()}
    return {config: found[config] for config in FOLDERS if config in found}


def sample(contents: ReleaseContents, rows: int = SAMPLE_ROWS) -> list[dict[str, Any]]:
    """Kept rows at even distances from the first split that has any."""
    table = next(table for key, table in contents.tables.items() if config_of(key) == "default")
    count = min(rows, table.num_rows)
    return table.take([place * table.num_rows // count for place in range(count)]).to_pylist()  # type: ignore[no-any-return]


def templates() -> Path:
    """Where the card templates lie: in an installed package, or at the root of a checkout.

    Raises:
        StorageError: neither place has them.
    """
    here = Path(__file__).parents[1]
    for folder in (here / "cards", here.parent / "cards"):
        if (folder / TEMPLATE).exists():
            return folder
    raise StorageError("The card templates are not installed", where=here, remedy="reinstall vqa-builder")


def environment() -> Any:
    """Jinja for cards: templates of ``templates()``; filters cell, code, number, share and total."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates()),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown; cells are escaped by the filter below
    )
    filters = {"cell": _cell, "code": _code, "number": _number, "share": share, "total": _total}
    environment.filters.update(filters)
    return environment


def _cell(text: object) -> str:
    """Any text as one cell of a Markdown table."""
    escaped = " ".join(str("" if text is None else text).split())
    return re.sub(r"([\\|`*_\[\]])", r"\\\1", escaped).replace("<", "&lt;")


def _code(text: object) -> str:
    """Code as one cell of a Markdown table, where a bar ends the cell even inside code."""
    return f"`{text}`".replace("|", r"\|")


def _total(rows: Mapping[str, int]) -> int:
    return sum(rows.values())


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _rule(rule: Any) -> str:
    if rule == "reject":
        return "at most 0"
    if not isinstance(rule, Mapping):
        return "no rule"
    words = {"min": "at least", "max": "at most"}
    bounds = {side: bound for side, bound in rule.items() if side in words and bound is not None}
    return ", ".join(f"{words[side]} {bound:g}" for side, bound in bounds.items())


def _yaml(value: object) -> str:
    import yaml

    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100))


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9._]+", "-", name.lower()).strip("-")


def _columns(schemas: Mapping[str, pa.Schema]) -> dict[str, pa.DataType]:
    rows = [found for config, found in schemas.items() if config != "answers"]
    return {field.name: field.type for found in rows for field in found}


def _config(manifest: Mapping[str, Any], config: str) -> dict[str, Any]:
    default = {"default": True} if config == "default" else {}
    files = [{"split": split, "path": pattern} for split, pattern in _data_files(manifest, config).items()]
    return {"config_name": config, **default, "data_files": files}


def _data_files(manifest: Mapping[str, Any], config: str) -> dict[str, str]:
    """Split -> pattern of its files; the answer map is one split ``train``, as datasets has it by default."""
    if config == "answers":
        return {"train": "answers/answer_map.parquet"}
    splits = in_order(key.split("/")[1] for key in manifest["tables"] if config_of(key) == config)
    return {split: f"{FOLDERS[config]}/{split}-*" for split in splits}


def _dataset_info(manifest: Mapping[str, Any], config: str, found: pa.Schema) -> dict[str, Any]:
    tables = {key: facts for key, facts in manifest["tables"].items() if config_of(key) == config}
    splits = [
        {"name": split, "num_bytes": facts["bytes"], "num_examples": facts["rows"]}
        for split, facts in zip(_data_files(manifest, config), tables.values(), strict=True)
    ]
    prefix = f"{FOLDERS[config]}/"
    files = [facts["bytes"] for path, facts in manifest["files"].items() if path.startswith(prefix)]
    return {
        "config_name": config,
        "features": yaml_features(found),
        "splits": splits,
        "download_size": sum(files),
        "dataset_size": sum(facts["bytes"] for facts in tables.values()),
    }


def _yaml_type(kind: pa.DataType) -> dict[str, Any]:
    if kind == IMAGE:
        return {"dtype": "image"}
    if pa.types.is_struct(kind):
        return {"struct": yaml_features(kind)}
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = _yaml_type(kind.value_type)
        name = "large_list" if pa.types.is_large_list(kind) else "list"
        return {name: next(iter(inner.values())) if list(inner) in (["dtype"], ["struct"]) else inner}
    return {"dtype": _FLOATS.get(str(kind), str(kind))}
