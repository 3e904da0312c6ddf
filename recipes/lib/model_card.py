"""What a model's repository says of it: a manifest of facts read from files, and the card made from that."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from recipes.lib import results
from vqa_builder.errors import SourceError, SpecError
from vqa_builder.languages.base import known_languages
from vqa_builder.release import card as dataset_card, manifest as releases, metadata, packages
from vqa_builder.version import __version__

FILE, TEMPLATE, FORMAT = "README.md", "model_card.md.j2", 1
WEIGHTS = "model*.safetensors"
SETTINGS, CONFIG, VQA = "settings.json", "config.json", "visual-question-answering"
MEASURES = {
    "accuracy": "accuracy",
    "accuracy_yes/no": "yes/no",
    "accuracy_number": "number",
    "accuracy_other": "other",
    "accuracy_on_covered": "exact match on covered",
    "coverage": "coverage",
    "average_recall": "average recall",
    "image_to_text_r1": "image to text R@1",
    "text_to_image_r1": "text to image R@1",
}
LOADERS = {"oscar": ("recipes.lib.models.oscar", "Oscar"), "rc3": ("recipes.lib.models.rc3", "RC3")}


@dataclass(frozen=True)
class About:
    """Where the facts of a card lie, and what no file says.

    Attributes:
        name: what people call the model; None for the folder's name.
        releases: folders of the releases that it learnt from and was scored on.
        results: the file of its runs.
        row: its row there, in the languages of the releases if any are named; None leaves results out.
        beside: further rows to show beside it, such as ``translate-test``.
        where: field -> value that tells its runs from others, such as ``{"share": 1.0}``.
        licence: of the weights.
        base: model that it was begun from -> licence.
        command: the one that trained it.
        limits: further known limits, a sentence each.
    """

    name: str | None = None
    releases: Sequence[Path] = ()
    results: Path | None = None
    row: str | None = None
    beside: Sequence[str] = ()
    where: Mapping[str, Any] = field(default_factory=dict)
    licence: str | None = None
    base: Mapping[str, str | None] = field(default_factory=dict)
    command: str | None = None
    limits: Sequence[str] = ()


def describe(folder: Path, about: About, repo: str | None = None) -> dict[str, Any]:
    """The manifest of a model's repository; ``files`` is empty still.

    Args:
        folder: holds ``model.safetensors``; ``settings.json`` of its run lies there or one folder up.
        about: see ``About``.
        repo: where it goes.

    Raises:
        SourceError: there are no weights or results, they are damaged, or several runs of one seed match.
        ReleaseError: a release cannot be read.
    """
    settings = _settings(folder)
    seed = settings.get("settings", {}).get("seed")
    held = [releases.load_manifest(path).content for path in about.releases]
    languages = list(dict.fromkeys([*(each["language"] for each in held), "en"]))
    runs = results.read(about.results) if about.results and about.row else []
    if held:  # a student of another language is another model, though it stands in the same row
        runs = [run for run in runs if run.get("language", "en") in languages]
    return {
        "format": FORMAT,
        "kind": "model",
        "builder": {"name": releases.PACKAGE, "version": __version__},
        "name": about.name or folder.resolve().name,
        "repo": repo,
        "languages": languages,
        "licence": about.licence,
        "base": dict(about.base),
        "command": about.command,
        "limits": list(about.limits),
        "architecture": _json(folder / CONFIG).get("architecture"),
        "config": {name: value for name, value in _flat(_json(folder / CONFIG)) if name != "architecture"},
        "weights": _weights(folder),
        "settings": {
            section: dict(_flat(settings[section]))
            for section in ("settings", "batches", "identity")
            if settings.get(section)
        },
        "seed": seed,
        "row": about.row,
        "where": dict(about.where),
        "results": _results(runs, about, seed),
        "signatures": _signatures(runs, about),
        "releases": [_release(each) for each in held],
        "packages": packages.record(),
        "files": {},
    }


def render(manifest: Mapping[str, Any]) -> str:
    """The whole card, from the manifest alone."""
    import yaml

    page = dataset_card.environment().get_template(TEMPLATE)
    text: str = page.render(
        m=manifest,
        front_matter=yaml.safe_dump(front_matter(manifest), sort_keys=False, allow_unicode=True, width=100),
        languages={code: known_languages()[code][0] for code in _codes(manifest)},
        measures=[name for name in MEASURES if any(name in each["own"] for each in manifest["results"])],
        titles=MEASURES,
        is_vqa=is_vqa(manifest),
        loader=LOADERS.get(manifest["architecture"] or ""),
        address=manifest["repo"] or manifest["name"],
        engines={
            engine["name"]: engine for release in manifest["releases"] for engine in release["engines"]
        }.values(),
    )
    return text


def front_matter(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The card's metadata, in the hub's terms; results as a ``model-index``, so that the hub shows them."""
    datasets = [release["repo"] for release in manifest["releases"] if release["repo"]]
    bases = [name for name in manifest["base"] if re.fullmatch(r"[\w.-]+/[\w.-]+", name)]
    index = _model_index(manifest)
    return {
        "language": manifest["languages"],
        **metadata.hub_licence(manifest["licence"]),
        "library_name": "pytorch",
        "pipeline_tag": VQA if is_vqa(manifest) else "zero-shot-image-classification",
        **({"base_model": bases} if bases else {}),
        **({"datasets": datasets} if datasets else {}),
        "tags": [
            *(["vqa"] if is_vqa(manifest) else []),
            "vqa-builder",
            *([manifest["architecture"]] if manifest["architecture"] else []),
        ],
        **({"model-index": [{"name": manifest["name"], "results": index}]} if index else {}),
    }


def is_vqa(manifest: Mapping[str, Any]) -> bool:
    """Whether the model answers questions: as far as its results tell, not one that retrieves alone."""
    measured = {name for each in manifest["results"] for name in each["own"]}
    return not measured or any("accuracy" in name for name in measured)


def _model_index(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One result per language: that of these weights where their seed is known, else the mean over seeds."""
    found = []
    names = {release["language"]: release for release in manifest["releases"]}
    for each in manifest["results"]:
        release = names.get(each["language"])
        main = next((name for name in MEASURES if name in each["own"]), None)
        if main is None or release is None:
            continue
        held = each["own"][main]
        value = held["mean"] if held["these"] is None else held["these"]
        found.append(
            {
                "task": {"type": VQA if is_vqa(manifest) else "image-text-retrieval"},
                "dataset": {"type": release["repo"] or release["name"], "name": release["name"]},
                "metrics": [{"type": main, "value": round(value, 2), "name": MEASURES[main]}],
            }
        )
    return found


def _results(runs: Sequence[results.Record], about: About, seed: int | None) -> list[dict[str, Any]]:
    """Language -> measure -> mean, deviation, seeds, value of these weights; the main measure of others."""
    own = [run for run in runs if _matches(run, {"row": about.row, **about.where})]
    if about.row and about.results and not own:
        raise SourceError(
            "The results have no run of this row",
            where=about.results,
            expected=f"row {about.row!r}" + "".join(f", {name} = {v}" for name, v in about.where.items()),
            found=", ".join(sorted({run["row"] for run in runs})),
        )
    found = []
    for language in dict.fromkeys(run.get("language") for run in own):
        here: dict[str, Any] = {"language": language}
        held = {name: _measured(own, name, language, seed) for name in MEASURES}
        present = {name: value for name, value in held.items() if value}
        main = next(iter(present), "accuracy")
        beside = {row: _beside(runs, main, row, language, about) for row in about.beside}
        found.append(
            {**here, "own": present, "beside": {row: value for row, value in beside.items() if value}}
        )
    return found


def _measured(
    runs: Sequence[results.Record], name: str, language: str | None, seed: int | None
) -> dict[str, Any] | None:
    held = results.summary(runs, name, language=language)
    if held is None:
        return None
    these = [
        run[name] for run in runs if run["seed"] == seed and run.get("language") == language and name in run
    ]
    return {**_rounded(held), "these": these[0] if these else None}


def _beside(
    runs: Sequence[results.Record], name: str, row: str, language: str | None, about: About
) -> dict[str, Any] | None:
    """Another row under the same conditions as far as its runs state them."""
    like = [run for run in runs if run["row"] == row and run.get("language") == language]
    shared = {
        each: value for each, value in about.where.items() if any(run.get(each) == value for run in like)
    }
    held = results.summary(like, name, **shared)
    return _rounded(held) if held else None


def _rounded(held: results.Summary) -> dict[str, Any]:
    deviation = None if held.deviation is None else round(held.deviation, 4)
    return {"mean": round(held.mean, 4), "deviation": deviation, "seeds": list(held.seeds)}


def _signatures(runs: Sequence[results.Record], about: About) -> list[str]:
    own = [run for run in runs if _matches(run, {"row": about.row, **about.where})]
    return sorted({run["signature"] for run in own if run.get("signature")})


def _matches(run: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    return all(run.get(name) == value for name, value in where.items())


def _release(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a model's card says of a release."""
    kept = ("name", "language", "key", "repo", "version", "licence", "sources", "engines")
    return {**{name: content.get(name) for name in kept}, "rows": content["counts"]["kept"]}


def _weights(folder: Path) -> dict[str, Any]:
    """Count and size of the weights, from the headers of the safetensors files."""
    files = sorted(folder.glob(WEIGHTS))
    if not files:
        raise SourceError(
            "There are no weights to publish",
            where=folder,
            expected="model.safetensors",
            found=", ".join(sorted(path.name for path in folder.glob("*"))[:8]) or "nothing",
            remedy="save the model with its own save(folder)",
        )
    tensors = [tensor for path in files for tensor in _tensors(path)]
    types: dict[str, int] = {}
    for kind, shape in tensors:
        size = 1
        for side in shape:
            size *= side
        types[kind] = types.get(kind, 0) + size
    return {
        "tensors": len(tensors),
        "parameters": sum(types.values()),
        "types": dict(sorted(types.items())),
        "bytes": sum(path.stat().st_size for path in files),
    }


def _tensors(path: Path) -> list[tuple[str, list[int]]]:
    """(type, shape) of each tensor of a safetensors file: 8 bytes of length, a JSON header, then data."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(min(length, 1 << 28)))
        found = {name: each for name, each in header.items() if name != "__metadata__"}
        ends = max((each["data_offsets"][1] for each in found.values()), default=0)
        if 8 + length + ends != path.stat().st_size:
            raise ValueError(f"{path.stat().st_size:,} bytes instead of {8 + length + ends:,}")
        return [(each["dtype"], each["shape"]) for each in found.values()]
    except (ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise SourceError(
            "The weights are damaged", where=path, expected="a whole safetensors file", found=error
        ) from None


def _settings(folder: Path) -> dict[str, Any]:
    """settings.json of the run: in the folder of the weights, or, of a checkpoint, one folder up."""
    return _json(folder / SETTINGS) or _json(folder.resolve().parent / SETTINGS)


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SpecError("A file of the model is no JSON", where=path, found=error) from None
    if not isinstance(found, dict):
        raise SpecError("A file of the model has another form", where=path, expected="a JSON object")
    return found


def _flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted name -> value; a path of this machine is only its last part."""
    for name, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, str) and PurePath(value).is_absolute():
            yield f"{prefix}{name}", PurePath(value).name
        else:
            yield f"{prefix}{name}", value


def _codes(manifest: Mapping[str, Any]) -> list[str]:
    codes = [*manifest["languages"], *(each["language"] for each in manifest["results"])]
    return [code for code in dict.fromkeys(codes) if code in known_languages()]
