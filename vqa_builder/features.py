"""The features of ``datasets`` that travel in a schema's metadata: pictures, names of classes, and others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

KEY = b"huggingface"
_FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}


def features_of(metadata: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    """Column -> its feature, as JSON has it; nothing where the metadata hold none, or something else."""
    try:
        found = json.loads((metadata or {})[KEY])["info"]["features"]
        return found if isinstance(found, dict) else {}
    except (KeyError, ValueError, TypeError, RecursionError):
        return {}


def with_features(schema: pa.Schema, features: Mapping[str, Any]) -> pa.Schema:
    """A schema whose metadata tell the features of all its columns, as ``datasets`` writes them.

    Args:
        schema: the columns.
        features: those that are known; the types of others tell theirs.
    """
    every = {field.name: features.get(field.name) or _feature(field.type) for field in schema}
    return schema.with_metadata(
        {KEY: json.dumps({"info": {"features": every}}).encode()} if features else None
    )


def renamed_features(
    metadata: Mapping[bytes, bytes] | None, names: Mapping[str, str]
) -> dict[bytes, bytes] | None:
    """The metadata of a schema whose columns got other names; nothing but the features is kept."""
    found = {names.get(name, name): feature for name, feature in features_of(metadata).items()}
    return {KEY: json.dumps({"info": {"features": found}}).encode()} if found else None


def special(feature: Any) -> dict[str, Any] | None:
    """A feature that no Arrow type tells, as ``dataset_info`` in a card writes it; None for others.

    >>> special({"_type": "ClassLabel", "names": ["no", "yes"]})
    {'dtype': {'class_label': {'names': {'0': 'no', '1': 'yes'}}}}
    >>> special({"_type": "Image"})
    {'dtype': 'image'}
    """
    kind = feature.get("_type") if isinstance(feature, dict) else None
    if kind == "ClassLabel":
        names = {str(number): str(name) for number, name in enumerate(feature.get("names") or [])}
        return {"dtype": {"class_label": {"names": names}}}
    if kind in ("Image", "Audio", "Video", "Pdf"):
        return {"dtype": kind.lower()}
    return None


def inner_feature(feature: Any, name: str | None = None) -> Any:
    """The feature of a field, or of the items of a list for None; None where it is not told."""
    if isinstance(feature, list):
        return feature[0] if name is None and feature else None
    if not isinstance(feature, dict):
        return None
    inner = feature.get("feature")
    if name is None:
        return inner
    if feature.get("_type") == "Sequence" and isinstance(inner, dict):  # a struct of lists, for datasets
        return {"_type": "List", "feature": inner.get(name)}
    found = feature.get(name)
    return found if isinstance(found, dict | list) else None


def _feature(kind: pa.DataType) -> Any:
    """What ``datasets`` calls an Arrow type."""
    if pa.types.is_struct(kind):
        return {field.name: _feature(field.type) for field in kind}
    if pa.types.is_large_list(kind):
        return {"feature": _feature(kind.value_type), "_type": "LargeList"}
    if pa.types.is_list(kind):
        return {"feature": _feature(kind.value_type), "_type": "List"}
    if pa.types.is_fixed_size_list(kind):
        return {"feature": _feature(kind.value_type), "length": kind.list_size, "_type": "List"}
    return {"dtype": _FLOATS.get(str(kind), str(kind)), "_type": "Value"}
