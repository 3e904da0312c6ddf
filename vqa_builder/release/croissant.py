"""croissant.json: the release as Croissant 1.1, for dataset search engines and loaders, with its lineage.

Record sets are the configs, with the split as a field; every file has its checksum; PROV-O says from which
inputs and by which engines, scorers and rules the release was made. Everything comes from the manifest.

Formats: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html, https://www.w3.org/TR/prov-o/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from vqa_builder.arrays import is_list
from vqa_builder.escaping import iri
from vqa_builder.release import card, metadata
from vqa_builder.release.metadata import HUB
from vqa_builder.release.parquet import FOLDERS
from vqa_builder.release.record_view import is_records
from vqa_builder.schema import IMAGE
from vqa_builder.sources.records import ROW_ID

FILE = "croissant.json"
CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
PARQUET = "application/x-parquet"
SPLIT_OF_FILE = r"^(?:.*/)?([^/]+)-\d{5}-of-\d{5}\.parquet$"
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def render(manifest: Mapping[str, Any], schemas: Mapping[str, pa.Schema]) -> dict[str, Any]:
    """The JSON-LD of a release.

    Args:
        manifest: as ``manifest.describe`` makes it, its ``files`` listed.
        schemas: config -> schema of its tables; only configs that have rows.
    """
    repo = manifest.get("repo")
    stated = {
        "version": manifest.get("version") or f"0.0.0+{manifest['key'][:12]}",
        "datePublished": manifest.get("date"),
        "url": f"{HUB}/{repo}" if repo else None,
        "license": metadata.licence_page(manifest.get("licence"), manifest.get("licence_url")),
    }
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": manifest["name"],
        "description": _description(manifest),
        **{name: value for name, value in stated.items() if value},
        "citeAs": metadata.citation(manifest),
        "inLanguage": [manifest["language"], "en"],
        "keywords": [*_subjects(manifest), "machine translation", manifest["language"]],
        "distribution": [*_files(manifest), *_file_sets(schemas)],
        "recordSet": [_record_set(config, found) for config, found in schemas.items()],
        **_lineage(manifest),
    }


def _subjects(manifest: Mapping[str, Any]) -> list[str]:
    return ["vision and language"] if is_records(manifest) else ["visual question answering"]


def _description(manifest: Mapping[str, Any]) -> str:
    kept = sum(manifest["counts"]["kept"].values())
    rejected = sum(manifest["counts"]["rejected"].values())
    if is_records(manifest):
        return (
            f"{metadata.pretty_name(manifest)}: {kept:,} rows in the schema of the source, their texts"
            f" translated from English by machine, and {rejected:,} that were rejected, with reasons."
            " The English of every translated column stands beside it; others are those of the source."
        )
    return (
        f"{metadata.pretty_name(manifest)}: {kept:,} questions with their answers, translated from English "
        f"by machine, and {rejected:,} that were rejected, with reasons. Every row carries the English "
        "original, the scores that judged it, and the label ids of the English answer vocabulary."
    )


def _files(manifest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every Parquet file."""
    for path, facts in manifest["files"].items():
        if path.endswith(".parquet"):
            yield {
                "@type": "cr:FileObject",
                "@id": path,
                "name": path,
                "contentUrl": path,
                "contentSize": f"{facts['bytes']} B",
                "encodingFormat": PARQUET,
                "sha256": facts["sha256"],
            }


def _file_sets(schemas: Mapping[str, pa.Schema]) -> Iterator[dict[str, Any]]:
    """The files of each config, beside croissant.json."""
    for config in schemas:
        yield {
            "@type": "cr:FileSet",
            "@id": _set_name(config),
            "name": _set_name(config),
            "encodingFormat": PARQUET,
            "includes": f"{FOLDERS[config]}/*.parquet",
        }


def _record_set(config: str, columns: pa.Schema) -> dict[str, Any]:
    key = "label" if config == "answers" else ROW_ID if ROW_ID in columns.names else "question_id"
    fields = [_field(config, config, field) for field in columns]
    if config != "answers":
        source = {"fileSet": {"@id": _set_name(config)}, "extract": {"fileProperty": "fullpath"}}
        split = {**source, "transform": {"regex": SPLIT_OF_FILE}}
        fields.insert(0, _leaf(f"{config}/split", "split of the row", "sc:Text", split))
    identity = [key] if config == "answers" else ["split", key]
    if config == "answers":
        identity.append("sense")
    return {
        "@type": "cr:RecordSet",
        "@id": config,
        "name": config,
        "description": f"config {config!r} of load_dataset",
        "key": [{"@id": f"{config}/{name}"} for name in identity],
        "field": fields,
    }


def _field(config: str, parent: str, field: pa.Field) -> dict[str, Any]:
    """A column; the members of a struct, or of a list of structs, are its sub-fields."""
    source = {"fileSet": {"@id": _set_name(config)}, "extract": {"column": field.name}}
    name, kind, meaning = f"{parent}/{field.name}", field.type, card.COLUMNS.get(field.name, field.name)
    return _typed_field(name, meaning, kind, source, "")


def _typed_field(
    name: str, meaning: str, kind: pa.DataType, source: dict[str, Any], path: str
) -> dict[str, Any]:
    """A column or a field within it; ``path`` leads from the column to it."""
    here = {**source, "transform": {"jsonPath": path}} if path else source
    array: dict[str, Any] = {}
    while is_list(kind):
        dimensions = f"{array['arrayShape']},-1" if array else "-1"
        kind, array = kind.value_type, {"isArray": True, "arrayShape": dimensions}
    if kind == IMAGE:
        inner = {**source, "transform": {"jsonPath": f"{path}.bytes" if path else "bytes"}}
        return {**_leaf(name, meaning, "sc:ImageObject", inner), **array}
    if not pa.types.is_struct(kind):
        return {**_leaf(name, meaning, _data_type(kind), here), **array}
    members = [
        _typed_field(
            f"{name}/{member.name}",
            member.name,
            member.type,
            source,
            f"{path}.{member.name}" if path else member.name,
        )
        for member in kind
    ]
    return {
        "@type": "cr:Field",
        "@id": name,
        "name": name,
        "description": meaning,
        **array,
        "subField": members,
    }


def _leaf(name: str, meaning: str, data_type: str, source: dict[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": name,
        "name": name,
        "description": meaning,
        "dataType": data_type,
        "source": source,
    }


def _data_type(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind):
        return "sc:Integer"
    if pa.types.is_floating(kind):
        return "sc:Float"
    return "sc:Boolean" if pa.types.is_boolean(kind) else "sc:Text"


def _lineage(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """PROV-O: the inputs as entities, the build as an activity, the builder and the engines as agents."""
    inputs = [
        {"@type": "prov:Entity", "@id": f"urn:sha256:{one['sha256']}", "prov:label": one["path"]}
        for one in manifest.get("inputs") or []
    ]
    remote = [mark for mark in (manifest.get("source") or {}).get("fingerprint") or [] if "@" in mark]
    inputs += [{"@type": "prov:Entity", "@id": iri(f"{HUB}/{mark}"), "prov:label": mark} for mark in remote]
    inputs += [
        {"@type": "prov:Entity", "@id": iri(one["url"]), "prov:label": one["name"]}
        for one in manifest.get("sources") or []
        if one.get("url")
    ]
    builder = manifest["builder"]
    agents = [{"name": builder["name"], "signature": f"{builder['name']}|version:{builder['version']}"}]
    agents += [{"name": one["name"], "signature": one["signature"]} for one in manifest.get("engines") or []]
    return {
        "prov:wasDerivedFrom": inputs,
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "@id": f"urn:vqa-builder:build:{manifest['key']}",
            "prov:label": f"build of {manifest['name']}",
            "prov:used": [{"@id": one["@id"]} for one in inputs],
            "prov:wasAssociatedWith": [
                {"@type": "prov:SoftwareAgent", "prov:label": one["name"], "prov:value": one["signature"]}
                for one in agents
            ],
            "prov:value": [f"{part}: {text}" for part, text in _signatures(manifest.get("signatures") or {})],
        },
    }


def _signatures(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for part, value in found.items():
        if isinstance(value, Mapping):
            yield from ((f"{part} {name}", str(text)) for name, text in value.items())
        elif isinstance(value, list):
            yield from ((part, str(text)) for text in value)
        elif value:
            yield part, str(value)


def _set_name(config: str) -> str:
    return f"{config}-files"
