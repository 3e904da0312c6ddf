"""Build a release once more from its manifest, and compare every content hash.

What people verified for a release lies beside its manifest, and is taken from there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from pydantic import ValidationError

from vqa_builder import trust
from vqa_builder.errors import ReleaseError, SourceError, SpecError
from vqa_builder.pipeline import build
from vqa_builder.plugins import construct
from vqa_builder.progress import Progress
from vqa_builder.release import facts, human_verified, manifest, write
from vqa_builder.release.diff.compare import Difference, first_difference
from vqa_builder.release.manifest import Manifest
from vqa_builder.sources.base import at_commit
from vqa_builder.spec import Spec
from vqa_builder.spec_errors import invalid
from vqa_builder.steps.build_context import MEMORY_FILE, SOURCE_LANGUAGE, WORK_FOLDER
from vqa_builder.steps.releasing import BuiltRelease
from vqa_builder.store import file_hash
from vqa_builder.translation.memory import Entry, TranslationMemory

_TAKE_AGAIN = "take the release from where it was published once more"
_CODE_0 = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")  # in JSON; "\\\\u0000" is a backslash and letters


class _Spec(msgspec.Struct):
    source: dict[str, Any]
    release: dict[str, Any]


class _Run(msgspec.Struct):
    limit: Annotated[int, msgspec.Meta(ge=1)] | None = None
    on_bad_record: Literal["error", "skip"] | None = None


class _Recorded(msgspec.Struct):
    """What is relied on here, beyond what every reader of a manifest relies on."""

    spec: _Spec
    inputs: list[Any]
    run: _Run | None = None


@dataclass(frozen=True)
class Reproduced:
    """A release that was built once more.

    Attributes:
        release: the new one.
        original: the manifest that it was built from.
        difference: the first difference; None if every content hash is equal.
        signatures: engines, scorers and rules that are not those of the original: part -> (was, is).
        lost_overrides: what people verified for the original and the memory does not hold, in a line.
    """

    release: BuiltRelease
    original: Manifest
    difference: Difference | None
    signatures: Mapping[str, tuple[Any, Any]]
    lost_overrides: str | None = None

    @property
    def ok(self) -> bool:
        """Whether every content hash is equal."""
        return self.difference is None

    def __str__(self) -> str:
        """The outcome in one line."""
        name = self.original.name
        if self.difference is None:
            return f"{name} is reproduced: all {len(self.original.tables)} content hashes are equal"
        causes = "".join(f"; {part} was {was}, is {now}" for part, (was, now) in self.signatures.items())
        if self.lost_overrides:
            causes = f"; {self.lost_overrides}: leave {human_verified.FILE} beside manifest.json{causes}"
        return f"{name} is not reproduced: it differs first in {self.difference}{causes}"


def reproduce(
    original: Path,
    out: Path | str,
    *,
    inputs: Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    allow: Collection[str] = (),
    own: Spec | None = None,
) -> Reproduced:
    """Build a release from the spec and the inputs that its manifest records.

    Args:
        original: a ``manifest.json``, or the folder of a release; ``build.yaml`` lies beside it.
        out: where the new release goes; not where the original lies.
        inputs: the folder where relative paths of the spec start, and where inputs are looked for by their
            name; the manifest's folder if None.
        workers: processes for scoring.
        progress: told of every long step.
        allow: what the manifest's spec may decide beside what is computed; see ``trust.KINDS``.
        own: a spec of the user's own; what it says, the manifest's may say.

    Raises:
        SourceError: an input is missing, or is not the file that the release was made from.
        SpecError: the recorded spec cannot be used, or decides what it may not; ``out`` holds the original,
            or a memory in which people verified something else.
        ReleaseError: there is no manifest, or it was changed after it was written.

    Example:
        >>> from vqa_builder import build, load_spec, reproduce
        >>> from vqa_builder.sample import sample_folder
        >>> spec = load_spec(sample_folder() / "build.yaml")
        >>> (release,) = build(spec, "releases", languages=["hi"], limit=2)
        >>> print(reproduce(release.folder, "again", inputs=sample_folder()))
        sample-hi is reproduced: all 4 content hashes are equal
    """
    folder = original if original.is_dir() else original.parent
    found = manifest.load_manifest(folder)
    _refuse_to_replace(folder, Path(out) / found.name)
    spec = _undamaged_spec(found, folder, (inputs or folder).absolute())
    trust.check(spec, allow, [spec.folder, folder], own)
    _check_inputs(found, spec)
    spec = _with_own_memory(found, folder, spec, Path(out))
    run = found.content.get("run") or {}
    release, *_ = build(
        spec,
        out,
        languages=[found.language],
        limit=run.get("limit"),
        on_bad_record=run.get("on_bad_record") or ("skip" if found.counts["bad_records"] else "error"),
        workers=workers,
        progress=progress,
    )
    return _compared(found, folder, release)


def _compared(found: Manifest, folder: Path, release: BuiltRelease) -> Reproduced:
    difference = first_difference(found, release.manifest, folder, release.folder)
    said, now = (one.content.get("asserted") for one in (found, release.manifest))
    lost_overrides = None if said is None else human_verified.missing(said, now or {})
    return Reproduced(release, found, difference, _other_signatures(found, release.manifest), lost_overrides)


def _refuse_to_replace(original: Path, target: Path) -> None:
    if target.resolve() == original.resolve():
        raise SpecError(
            "The new release would replace the one that it is compared with",
            where=target,
            remedy="give another folder with --out",
        )


def _undamaged_spec(found: Manifest, folder: Path, inputs: Path) -> Spec:
    """The spec of a manifest that nobody changed; the error tells what a changed one would decide, too."""
    where = folder / manifest.FILE
    try:
        msgspec.convert(found.content, _Recorded)
    except msgspec.ValidationError as error:
        raise ReleaseError(
            "The manifest does not say what the release was made from",
            where=where,
            found=error,
            remedy=_TAKE_AGAIN,
        ) from None
    spec = _recorded_spec(found, folder, inputs)
    if not found.is_untouched:
        raise ReleaseError(
            "The manifest was changed after it was written",
            where=where,
            expected="a checksum that fits its content",
            found=trust.listed(trust.settings(spec, [spec.folder, folder])) or None,
            remedy=_TAKE_AGAIN,
        )
    if found.name not in (f"{spec.name}-{found.language}", f"{spec.name}-questions-{found.language}"):
        raise ReleaseError(
            "The manifest is of another name than its spec",
            where=where,
            expected=f"{spec.name}-{found.language}",
            found=found.name,
            remedy=_TAKE_AGAIN,
        )
    return spec


def _with_own_memory(found: Manifest, folder: Path, spec: Spec, out: Path) -> Spec:
    """The spec with the memory in ``out``, which holds what people verified for the release and no more.

    Engines' translations come along from the memory that the spec names, which stays as it is. Where the
    release does not bring what people verified for it, the spec's memory is all there is.
    """
    said, entries = found.content.get("asserted"), human_verified.read(folder)
    if said is None or human_verified.record(entries) != said:
        return spec
    ways = ((SOURCE_LANGUAGE, found.language), (found.language, SOURCE_LANGUAGE))
    named = spec.memory and spec.folder / spec.memory
    with TranslationMemory(out / WORK_FOLDER / MEMORY_FILE) as memory:
        for source, target in ways:
            _refuse_others(memory, source, target, entries)
            if named and named.is_file() and named.resolve() != memory.path.resolve():
                with TranslationMemory(named) as other:
                    memory.add(other.entries(source=source, target=target, human_verified=False))
        memory.add(entries)
    return spec.model_copy(update={"memory": None})


def _refuse_others(memory: TranslationMemory, source: str, target: str, entries: Sequence[Entry]) -> None:
    """Neither mix what people verified for other releases in, nor replace it."""
    known = set(entries)
    for entry in memory.entries(source=source, target=target, human_verified=True):
        if entry not in known:
            raise SpecError(
                "The memory in the folder of the new release asserts what the original does not use",
                where=memory.path,
                found=f"{entry.text!r}: {entry.translation!r}",
                remedy="give another folder with --out",
            )


def _recorded_spec(found: Manifest, folder: Path, inputs: Path) -> Spec:
    """The resolved spec of the manifest, its paths led to the inputs, with the text that travels."""
    path = _own_file(found, folder, write.SPEC_FILE)
    text = path.read_text(encoding="utf-8") if path else ""
    if _CODE_0.search(json.dumps(found.content["spec"])):  # as in a build.yaml, which is refused for it
        raise ReleaseError(
            "The spec of the manifest holds a character with the code 0",
            where=folder / manifest.FILE,
            remedy=_TAKE_AGAIN,
        )
    content = _led(found.content["spec"], inputs, found.language)
    for key, file in (("changelog", write.CHANGELOG_FILE), ("card", write.CARD_TEXT_FILE)):
        here = _own_file(found, folder, file)  # a manifest names no other file for the new release to hold
        content["release"][key] = str(here.absolute()) if here else None
    fingerprint = (found.content.get("source") or {}).get("fingerprint") or []
    content["source"] = at_commit(content["source"], fingerprint)
    try:
        return Spec.model_validate({**content, "folder": inputs, "text": text})
    except ValidationError as error:
        raise invalid(error, folder / manifest.FILE, model=Spec) from None


def _own_file(found: Manifest, folder: Path, name: str) -> Path | None:
    """A file of the release, if it has one; what a link put in its place would travel with the new one."""
    path = folder / name
    if not path.is_file():
        return None
    if name not in found.files or file_hash(path) != found.files[name]["sha256"]:
        raise ReleaseError(
            "A file of the release is not the one that its manifest names", where=path, remedy=_TAKE_AGAIN
        )
    return path


def _led(value: Any, inputs: Path, language: str) -> Any:
    """The same value; a path that is not there becomes the file of its name in ``inputs``, if any."""
    if isinstance(value, Mapping):
        return {name: _led(item, inputs, language) for name, item in value.items()}
    if isinstance(value, list):
        return [_led(item, inputs, language) for item in value]
    if not isinstance(value, str):
        return value
    path, mark, member = value.partition("!")
    name = Path(path).name
    if name in ("", path) or (inputs / path.replace("{language}", language)).exists():
        return value
    return name + mark + member if (inputs / name.replace("{language}", language)).exists() else value


def _check_inputs(found: Manifest, spec: Spec) -> None:
    """Every recorded input is there, byte for byte."""
    try:
        files = facts.input_files(spec, construct("sources", spec.source, spec.folder), found.language)
        hashes = {file_hash(path): path for path in files}
    except (SourceError, FileNotFoundError) as error:
        raise SourceError(
            "An input of the release is not there",
            where=spec.folder,
            expected=", ".join(one["path"] for one in found.content["inputs"]),
            found=" ".join(str(error).split()),
            remedy="give the folder that holds the inputs with --inputs",
        ) from error
    for one in found.content["inputs"]:
        if one["sha256"] not in hashes:
            same = [path for path in files if path.name == one["path"]]
            raise SourceError(
                "An input is not the one that the release was made from",
                where=same[0] if same else one["path"],
                expected=f"SHA-256 {one['sha256']}",
                found=f"SHA-256 {file_hash(same[0])}" if same else "no file of this content",
                remedy="give the folder that holds the inputs with --inputs",
            )


def _other_signatures(old: Manifest, new: Manifest) -> dict[str, tuple[Any, Any]]:
    was, now = old.content.get("signatures") or {}, new.content.get("signatures") or {}
    parts = dict.fromkeys([*was, *now])
    return {part: (was.get(part), now.get(part)) for part in parts if was.get(part) != now.get(part)}
