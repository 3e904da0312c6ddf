"""What catalogues and reference managers read about a release: the card's YAML, licence ids, BibTeX.

Everything comes from the manifest. The YAML describes the columns in the form that datasets 4 and 5 both
load, made from the Arrow schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

import pyarrow as pa

from vqa_builder.errors import shortened
from vqa_builder.escaping import bibtex, terminal
from vqa_builder.features import features_of, inner_feature, special
from vqa_builder.languages._text import table_rows
from vqa_builder.languages.base import known_languages
from vqa_builder.release.contents import in_order
from vqa_builder.release.parquet import FOLDERS, config_of
from vqa_builder.schema import IMAGE

HUB = "https://huggingface.co/datasets"
SPDX = "https://spdx.org/licenses"
SIZES = {1_000: "1K", 10_000: "10K", 100_000: "100K", 1_000_000: "1M", 10_000_000: "10M", 100_000_000: "100M"}
SCRIPTS = {
    "Arabic": "Arab", "Bengali": "Beng", "Cyrillic": "Cyrl", "Devanagari": "Deva", "Greek": "Grek",
    "Hangul": "Kore", "Hebrew": "Hebr", "Latin": "Latn", "Tamil": "Taml", "Telugu": "Telu", "Thai": "Thai",
}  # fmt: skip
"""Unicode script -> ISO 15924, where no language decides it."""
_OWN_SCRIPTS = {"ja": "Jpan", "ko": "Kore", "zh": "Hans"}
_FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}
_CREATIVE_COMMONS = re.compile(r"creativecommons\.org/(?:licenses|publicdomain)/([a-z-]+)/([\d.]+)")
_LICENCE_WORDS = {
    "creativecommons": "cc", "creative-commons": "cc", "public-domain-dedication": "", "noncommercial": "nc",
    "non-commercial": "nc", "sharealike": "sa", "share-alike": "sa", "noderivatives": "nd", "noderivs": "nd",
    "no-derivatives": "nd", "attribution": "by", "zero": "0", "universal": "", "international": "",
    "unported": "", "generic": "", "license": "", "licence": "", "version": "", "the": "", "software": "",
    "gnu-affero-general-public": "agpl", "gnu-lesser-general-public": "lgpl", "gnu-general-public": "gpl",
    "only": "", "or-later": "", "universal-public-domain": "",
}  # fmt: skip


def front_matter(manifest: Mapping[str, Any], schemas: Mapping[str, pa.Schema]) -> dict[str, Any]:
    """The card's metadata, in the hub's terms."""
    kept = sum(manifest["counts"]["kept"].values())
    return {
        "language": [manifest["language"], "en"],
        "language_details": [f"{code}-{script}" for code, script in _scripts(manifest["language"])],
        **hub_licence(manifest.get("licence"), manifest.get("licence_url")),
        "pretty_name": pretty_name(manifest),
        "task_categories": _tasks(manifest),
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


def _tasks(manifest: Mapping[str, Any]) -> list[str]:
    """The hub's tasks: conversations train models that answer in text."""
    kinds = set(manifest.get("records", {}).get("fields", {}).values())
    return (["image-text-to-text"] if "turn" in kinds else []) + ["visual-question-answering"]


def yaml_features(columns: pa.Schema | pa.StructType) -> list[dict[str, Any]]:
    """Columns as ``dataset_info.features`` lists them, without importing datasets.

    >>> yaml_features(pa.schema([("labels", pa.list_(pa.int32()))]))
    [{'name': 'labels', 'list': 'int32'}]
    """
    told = features_of(columns.metadata) if isinstance(columns, pa.Schema) else {}
    return [{"name": field.name, **_yaml_type(field.type, told.get(field.name))} for field in columns]


def hub_licence(licence: str | None, url: str | None = None) -> dict[str, str]:
    """A licence in the hub's terms: its id, or ``other`` with the name and where the text lies.

    Args:
        licence: as people write it.
        url: of its text; None for the card itself.

    >>> hub_licence("CC BY-SA 4.0")
    {'license': 'cc-by-sa-4.0'}
    >>> hub_licence("VizWiz terms", "https://vizwiz.org/terms")
    {'license': 'other', 'license_name': 'vizwiz-terms', 'license_link': 'https://vizwiz.org/terms'}
    """
    if not licence or licence.strip().lower() in ("", "unknown"):
        return {"license": "unknown"}
    if known := _hub_ids().get(_licence_key(licence)):
        return {"license": known}
    link = url or (licence if licence.startswith(("https://", "http://")) else "README.md")
    return {"license": "other", "license_name": _slug(licence) or "other", "license_link": link}


def licence_notices(licence: str | None, url: str | None = None) -> list[str]:
    """What to know of a licence that the hub does not know.

    >>> licence_notices("ccby4.0")
    ["the hub knows no licence 'ccby4.0', so the card says other; did you mean 'cc-by-4.0'?"]
    """
    if url or hub_licence(licence)["license"] != "other":
        return []
    close = get_close_matches(str(licence).lower(), sorted({*_hub_ids().values()}), n=1)
    hint = f"did you mean {close[0]!r}?" if close else "say where its text lies: licence_url"
    return [f"the hub knows no licence {shortened(repr(licence), 200)}, so the card says other; {hint}"]


def licence_page(licence: str | None, url: str | None = None) -> str | None:
    """Where the text of a licence lies: its page at SPDX where it has one, else ``url``, else its name.

    >>> licence_page("CC BY 4.0")
    'https://spdx.org/licenses/CC-BY-4.0.html'
    """
    if not licence:
        return None
    spdx = {row["hub"]: row["spdx"] for row in table_rows("licences.tsv", "vqa_builder.release")}
    known = spdx.get(hub_licence(licence)["license"])
    return f"{SPDX}/{known}.html" if known else url or licence


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


def pretty_name(manifest: Mapping[str, Any]) -> str:
    """What people call the release: its name without the language code, and the language's name."""
    code = manifest["language"]
    name = str(manifest["name"]).removesuffix(f"-{code}").replace("-", " ").replace("_", " ")
    return f"{name.upper() if len(name) <= 3 else name} in {known_languages()[code][0]}"


def citation(manifest: Mapping[str, Any]) -> str:
    """BibTeX for the release: what the spec says, or an entry made from the manifest."""
    if manifest.get("citation"):
        return terminal(manifest["citation"]).strip()
    repo, version = manifest.get("repo"), manifest.get("version") or f"build {manifest['key'][:12]}"
    owner = repo.split("/")[0] if repo else f"the builders of {manifest['name']}"
    people = manifest.get("authors") or []
    fields = {
        "author": " and ".join(map(bibtex, people)) or f"{{{bibtex(owner)}}}",
        "title": f"{{{bibtex(pretty_name(manifest))}}}",
        "year": (manifest.get("date") or "n.d.").split("-")[0],
        "version": bibtex(version),
        "url": f"{HUB}/{repo}" if repo else "",
        "note": f"Built with vqa-builder {bibtex(manifest['builder']['version'])}",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{_slug(manifest['name'])},", *lines, "}"])


@cache
def _hub_ids() -> dict[str, str]:
    """Licence as ``_licence_key`` writes it -> the hub's id."""
    ids = [row["hub"] for row in table_rows("licences.tsv", "vqa_builder.release")]
    found = {_licence_key(one): one for one in ids if one not in ("other", "unknown")}
    # people leave out the ".0", and the number of CC0
    short = {key.removesuffix("-0"): one for key, one in found.items() if re.search(r"\d-0$", key)}
    return {**{key: one for key, one in short.items() if key not in found}, **found, "cc-0": "cc0-1.0"}


def _licence_key(licence: str) -> str:
    """The spelling of a licence in which spellings are compared.

    >>> _licence_key("Creative Commons Attribution 4.0 International"), _licence_key("cc-by-4.0")
    ('cc-by-4-0', 'cc-by-4-0')
    """
    text = licence.strip().lower()
    if address := _CREATIVE_COMMONS.search(text):
        text = f"cc {address[1]} {address[2]}"
    text = re.sub(r"v(?=\d)|(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])", "-", text)
    text = re.sub(r"[^a-z0-9]+", "-", text).strip("-")
    for word, short in sorted(_LICENCE_WORDS.items(), key=lambda pair: -len(pair[0])):
        text = re.sub(rf"(?<![a-z0-9]){word}(?![a-z0-9])", short, text)
    return "-".join(part for part in text.split("-") if part and part != "v")


def _scripts(language: str) -> Iterator[tuple[str, str]]:
    """The codes of the languages of a release, with the script that each is written in."""
    script = _OWN_SCRIPTS.get(language) or SCRIPTS.get(known_languages()[language][1])
    if script:
        yield language, script
    yield "en", "Latn"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9._]+", "-", name.lower()).strip("-")


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


def _yaml_type(kind: pa.DataType, feature: Any = None) -> dict[str, Any]:
    """A type; what ``datasets`` called it in the source says more than Arrow does."""
    if known := special(feature):
        return known
    if kind == IMAGE and feature is None:
        return {"dtype": "image"}
    if pa.types.is_struct(kind):
        fields = [
            {"name": one.name, **_yaml_type(one.type, inner_feature(feature, one.name))} for one in kind
        ]
        return {"struct": fields}
    if pa.types.is_fixed_size_list(kind):
        return {**_yaml_type(pa.list_(kind.value_type), feature), "length": kind.list_size}
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = _yaml_type(kind.value_type, inner_feature(feature))
        name = "large_list" if pa.types.is_large_list(kind) else "list"
        return {name: next(iter(inner.values())) if list(inner) in (["dtype"], ["struct"]) else inner}
    return {"dtype": _FLOATS.get(str(kind), str(kind).partition("[day]")[0])}
