"""Build a release once more from its manifest, and compare every content hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vqa_builder.errors import SourceError, SpecError
from vqa_builder.pipeline import build
from vqa_builder.progress import Progress
from vqa_builder.release import manifest, write
from vqa_builder.release.first_difference import Difference, first_difference
from vqa_builder.release.manifest import Manifest
from vqa_builder.spec import Spec, construct, invalid
from vqa_builder.steps import BuiltRelease
from vqa_builder.store import file_hash


@dataclass(frozen=True)
class Repeated:
    """A release that was built once more.

    Attributes:
        release: the new one.
        original: the manifest that it was built from.
        difference: the first difference; None if every content hash is equal.
        signatures: engines, scorers and rules that are not those of the original: part -> (was, is).
    """

    release: BuiltRelease
    original: Manifest
    difference: Difference | None
    signatures: Mapping[str, tuple[Any, Any]]

    @property
    def ok(self) -> bool:
        """Whether every content hash is equal."""
        return self.difference is None

    def __str__(self) -> str:
        """The outcome in one line."""
        name = self.original.name
        if self.difference is None:
            return f"{name} is repeated: all {len(self.original.tables)} content hashes are equal"
        causes = "".join(f"; {part} was {was}, is {now}" for part, (was, now) in self.signatures.items())
        return f"{name} is not repeated: it differs first in {self.difference}{causes}"


def repeat(
    original: Path,
    out: Path | str,
    *,
    inputs: Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Repeated:
    """Build a release from the spec and the inputs that its manifest records.

    Args:
        original: a ``manifest.json``, or the folder of a release; ``build.yaml`` lies beside it.
        out: where the new release goes; not where the original lies.
        inputs: the folder where relative paths of the spec start, and where inputs are looked for by their
            name; the manifest's folder if None.
        workers: processes for scoring.
        progress: told of every long step.

    Raises:
        SourceError: an input is missing, or is not the file that the release was made from.
        SpecError: the recorded spec cannot be used, or ``out`` holds the original.
        ReleaseError: there is no manifest.

    Example::

        print(repeat(Path("vqa-ja/manifest.json"), "again", inputs=Path("english")))
    """
    folder = original if original.is_dir() else original.parent
    found = manifest.load_manifest(folder)
    target = Path(out) / found.name
    if target.resolve() == folder.resolve():
        raise SpecError(
            "The new release would replace the one that it is compared with",
            where=target,
            remedy="give another folder with --out",
        )
    spec = _recorded_spec(found, folder, (inputs or folder).absolute())
    _check_inputs(found, spec)
    run = found.content.get("run") or {}
    (release,) = build(
        spec,
        out,
        languages=[found.language],
        limit=run.get("limit"),
        on_bad_record=run.get("on_bad_record") or ("skip" if found.counts["bad_records"] else "error"),
        workers=workers,
        progress=progress,
    )
    difference = first_difference(found, release.manifest, folder, release.folder)
    return Repeated(release, found, difference, _other_signatures(found, release.manifest))


def _recorded_spec(found: Manifest, folder: Path, inputs: Path) -> Spec:
    """The resolved spec of the manifest, its paths led to the inputs, with the text that travels."""
    path = folder / write.SPEC_FILE
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    content = _led(found.content["spec"], inputs, found.language)
    changelog = folder / write.CHANGELOG_FILE
    if changelog.is_file():
        content["release"]["changelog"] = str(changelog.absolute())
    source = content["source"]
    for mark in (found.content.get("source") or {}).get("fingerprint") or []:
        repo, at, commit = mark.partition("@")
        if at and source.get("repo") == repo:
            source["revision"] = commit
    try:
        return Spec.model_validate({**content, "folder": inputs, "text": text})
    except ValidationError as error:
        raise invalid(error, folder / manifest.FILE) from error


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
    vocabulary = spec.answers.vocabulary.from_
    try:
        files = [*construct("sources", spec.source, spec.folder).files()]
        files += [spec.folder / vocabulary] if vocabulary else []
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
