"""What a spec may decide that its reader did not write: nothing that runs, loads, sends or reads elsewhere.

The spec in a manifest, and the build.yaml that came with a release, are data. Settings that would have this
machine run a command, load code, send texts or keys to an address, download something, or read files outside
the folders that the user named are found before any of them takes effect, listed, and refused; unless the
user allows their kind by name, or a spec of the user's own says the same.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from vqa_builder import registry
from vqa_builder.errors import SpecError, UnknownNameError
from vqa_builder.plugins import plugin_options
from vqa_builder.spec import Plugin, Spec

KINDS = {
    "command": "run a program",
    "code": "load code, or weights that came with it",
    "address": "send texts, and keys, to an address",
    "key": "read an environment variable that the plug-in does not document",
    "download": "download something",
    "file": "read a file outside the folders of the command",
}
"""What ``--allow`` takes -> what it allows."""

BY_OPTION = {
    "command": "command",
    "trust_remote_code": "code",
    "url": "address",
    "base_url": "address",
    "images": "address",
    "key_variable": "key",
    "key_variables": "key",
}
_ON_THE_HUB = ("hub", "records", "llava", "finevision", "multiple_choice", "docvqa", "chartqa", "vqa_rad")
_MODELS = ("transformers", "similarity", "similarity_forward")
WEIGHTS = ("model", "tokenizer", "folder")
"""Options that name files which other libraries load, and that may make these run anything."""
DOWNLOADS = dict.fromkeys(_ON_THE_HUB, "repo") | dict.fromkeys(_MODELS, "model")


class Setting(NamedTuple):
    """A setting of a spec that its reader must have wanted.

    Attributes:
        kind: one of ``KINDS``.
        place: where it stands: ``scores.qe.command``.
        value: what it says.
        beside: all that the same plug-in would run, load, send or download: who wants a key sent to one
            address does not want it sent to another.
    """

    kind: str
    place: str
    value: str
    beside: str = ""


def release_around(folder: Path) -> Path | None:
    """The release in which a folder lies, where others may have put what it holds; None if it lies in none.

    A file named ``manifest.json`` beside a spec is enough; further up it must look like one of ours, since
    web pages have some, too.
    """
    for place in (folder.absolute(), folder.resolve()):
        for above in (place, *place.parents):
            file = above / "manifest.json"
            if file.is_file() and (above == place or _is_ours(file)):
                return above
    return None


def _is_ours(manifest: Path) -> bool:
    try:
        content = json.loads(manifest.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and {"format", "tables", "spec"} <= content.keys()


def check(spec: Spec, allowed: Collection[str], folders: Iterable[Path], own: Spec | None = None) -> None:
    """Refuse a spec that somebody else wrote where it decides what only its reader may decide.

    Args:
        spec: from a manifest, or from a release.
        allowed: kinds of settings that the user allows.
        folders: where the user said that inputs are; files elsewhere are refused.
        own: a spec that the user wrote; what it says, too, is the user's will.

    Raises:
        UnknownNameError: ``allowed`` holds something else than kinds.
        SpecError: with all that is refused.
    """
    for kind in allowed:
        if kind not in KINDS:
            raise UnknownNameError("kind of setting", kind, KINDS, where="--allow")
    wanted = set(settings(own, ())) if own else set()
    found = [setting for setting in settings(spec, folders) if setting not in wanted]
    refused = [setting for setting in found if setting.kind not in allowed]
    if not refused:
        return
    kinds = list(dict.fromkeys(setting.kind for setting in refused))
    raise SpecError(
        f"A spec that came with data may not decide to {', '.join(KINDS[kind] for kind in kinds)}",
        where=spec.folder,
        found=listed(refused),
        remedy=f"read it, then allow it with {' '.join(f'--allow {kind}' for kind in kinds)}, "
        "or give a spec of your own that says the same",
    )


def listed(found: Iterable[Setting]) -> str:
    """Settings as a message names them."""
    return "; ".join(f"{one.place}: {one.value[:200]}" for one in found)


def settings(spec: Spec, folders: Iterable[Path]) -> Iterator[Setting]:
    """The settings of a spec that its reader must have wanted; constructs nothing."""
    inside = [folder.resolve() for folder in folders]

    def outside(place: str, path: Path | str) -> Iterator[Setting]:
        reached = (each.resolve() for each in _reached(spec, str(path)))
        if not all(any(each.is_relative_to(folder) for folder in inside) for each in reached):
            yield Setting("file", place, str(path))

    for place, path in _paths(spec):
        yield from outside(place, path)
    for kind, place, plugin in _plugins(spec):
        if not registry.find(kind, plugin.type).__module__.startswith("vqa_builder."):
            yield Setting("code", place, f"the {kind.removesuffix('s')} {plugin.type} of another package")
            continue
        options = plugin_options(kind, plugin, spec.folder)
        for name, value in _values(dict(_options(options))):
            if isinstance(value, Path):
                yield from outside(f"{place}.{name}", value)
            if isinstance(value, Path) and name in WEIGHTS and release_around(value.parent):
                yield Setting("code", f"{place}.{name}", f"weights in a release: {value}")
        powers = list(_powers(kind, place, plugin, options))
        yield from (power._replace(beside=listed(powers)) for power in powers)
        folder = getattr(options, DOWNLOADS.get(plugin.type, ""), None)
        if folder and Path(folder).is_dir():  # no download, and found from where the command was started
            yield from outside(f"{place}.{DOWNLOADS[plugin.type]}", Path(folder).absolute())


def _reached(spec: Spec, path: str) -> Iterator[Path]:
    """Every file that is read where a spec names a path: of each language, that a pattern means, the archive
    of a member, and those to which links in a folder lead."""
    for language in spec.languages if "{language}" in path else ("",):
        text = path.replace("{language}", language)
        parts = text.split("!")
        for whole in (spec.folder / "!".join(parts[:count]) for count in range(1, len(parts) + 1)):
            yield whole
            yield from whole.parent.glob(whole.name) if "*" in whole.name else ()
            yield from (each for each in whole.rglob("*") if each.is_symlink()) if whole.is_dir() else ()


def _powers(kind: str, place: str, plugin: Plugin, options: BaseModel) -> Iterator[Setting]:
    """What one plug-in would run, load, send or download."""
    documented = getattr(registry.find(kind, plugin.type), "page", None)
    keys = set(documented.keys) if documented else set()
    for name, value in _options(options):
        power = BY_OPTION.get(name.rpartition(".")[2])
        named = set(value.values()) if isinstance(value, Mapping) else {str(value)}
        if power and value and not (power == "key" and named <= keys):
            yield Setting(power, f"{place}.{name}", str(value))
    if getattr(options, "base_url", "") is None:
        yield Setting("address", place, f"the service of {getattr(options, 'provider', plugin.type)}")
    downloaded = DOWNLOADS.get(plugin.type)
    if downloaded and (value := getattr(options, downloaded)):
        yield Setting("download", f"{place}.{downloaded}", str(value))


def _options(options: BaseModel, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every option, those of options within options, too."""
    for name, value in options:
        if isinstance(value, BaseModel):
            yield from _options(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _values(options: object, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every single value in options, with where it stands."""
    if isinstance(options, BaseModel):
        parts: Iterable[tuple[Any, Any]] = list(options)
    elif isinstance(options, Mapping):
        parts = options.items()
    elif isinstance(options, list | tuple):
        parts = enumerate(options)
    else:
        yield name, options
        return
    for key, value in parts:
        yield from _values(value, f"{name}.{key}" if name else str(key))


def _paths(spec: Spec) -> Iterator[tuple[str, Path | str]]:
    """The files that a spec names outside its plug-ins."""
    named = [
        ("translate.glossary", spec.translate.glossary),
        ("answers.glossary", spec.answers.glossary),
        ("answers.vocabulary.from", spec.answers.vocabulary.from_),
        ("memory", spec.memory),
        ("release.changelog", spec.release.changelog),
        ("release.card", spec.release.card),
    ]
    pictures = spec.release.images
    if pictures and pictures.folder:
        patterns = [pictures.file] if isinstance(pictures.file, str) else list((pictures.file or {}).values())
        named += [("release.images.file", pictures.folder / pattern) for pattern in patterns]
        named.append(("release.images.folder", pictures.folder))
    yield from ((place, path) for place, path in named if path)


def _plugins(spec: Spec) -> Iterator[tuple[str, str, Plugin]]:
    yield "sources", "source", spec.source
    for name, direction in (("translate", spec.translate), ("back_translate", spec.back_translate)):
        for plugin in direction.plugins if direction else ():
            yield "engines", f"{name}.{plugin.type}", plugin
    yield from (("scorers", f"scores.{plugin.type}", plugin) for plugin in spec.scores)
    if spec.align:
        yield "aligners", f"align.{spec.align.type}", spec.align
