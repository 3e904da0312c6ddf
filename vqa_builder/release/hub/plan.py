"""What a push changes: the files of a release against the files of a commit, and nothing else.

Files that the hub has already do not travel. Files of the last release that are not in this one are deleted;
files that no release put there are left alone, unless a config of this release would read them.

One repository may hold several languages: each release lies in a folder of its language, with the configs
``ja``, ``ja-rejected`` and ``ja-answers``. The card at the root holds what the hub and ``load_dataset`` read;
the card of each release stays in its folder, for people.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal

import msgspec

from vqa_builder.errors import ReleaseError, SpecError
from vqa_builder.languages.base import known_languages
from vqa_builder.release import card, manifest
from vqa_builder.release.hub.remote import Remote, RemoteFile
from vqa_builder.release.manifest import Manifest
from vqa_builder.release.parquet import FOLDERS
from vqa_builder.spec_file import read_yaml
from vqa_builder.strict_json import decode

CHUNK = 1 << 20
Content = Path | bytes
FRONT_MATTER = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)
NAMED_LISTS = ("configs", "dataset_info")
INTRODUCTION = (
    "Visual question answering data in several languages, translated by machine from English. Every language"
    " has a folder with its own card, which says how it was made, and these configs:"
)


@dataclass(frozen=True)
class Operation:
    """One change of a push.

    Attributes:
        action: ``add`` a new file, ``change`` or ``delete`` one that is there.
        path: in the repository.
        bytes: size of the file that goes there, 0 for a deletion.
    """

    action: Literal["add", "change", "delete"]
    path: str
    bytes: int


@dataclass(frozen=True)
class PushPlan:
    """The changes between a commit and a release.

    Attributes:
        head: the commit; None if there is no repository yet.
        operations: sorted by path.
        unchanged: files that are there already.
        sources: path in the repository -> what goes there.
        previous: the manifest of the release at ``head``, if there is one.
    """

    head: str | None
    operations: tuple[Operation, ...]
    unchanged: int
    sources: Mapping[str, Content]
    previous: bytes | None = None

    @property
    def bytes(self) -> int:
        """Bytes that travel, at most: the hub may hold some of them from an earlier release."""
        return sum(operation.bytes for operation in self.operations)

    @property
    def title(self) -> str:
        """The changes in a few words.

        >>> PushPlan(None, (Operation("add", "README.md", 9),), 0, {}).title
        '1 file added'
        """
        words = {"add": "added", "change": "changed", "delete": "deleted"}
        counts = {
            word: sum(operation.action == action for operation in self.operations)
            for action, word in words.items()
        }
        named = [f"{count} file{'s' if count > 1 else ''} {word}" for word, count in counts.items() if count]
        return ", ".join(named) or "nothing changed"


def plan_push(
    release: Path, found: Manifest, remote: Remote, head: str | None, *, as_config: bool = False
) -> PushPlan:
    """Compare a release with a commit.

    Args:
        release: the release's folder, verified.
        found: its manifest.
        remote: the repository.
        head: the commit to compare with; None if there is no repository yet.
        as_config: put the release into a folder of its language, beside those of other languages.
    """
    prefix = f"{found.language}/" if as_config else ""
    there = remote.tree(head) if head else {}
    sources: dict[str, Content] = {prefix + name: release / name for name in [*found.files, manifest.FILE]}
    if as_config:
        old = remote.read(card.FILE, head).decode() if head and card.FILE in there else ""
        sources[card.FILE] = merged_card(
            old, (release / card.FILE).read_text(encoding="utf-8"), found
        ).encode()
    patterns = [f"{prefix}{folder}/*.parquet" for folder in FOLDERS.values()]
    return plan_files(sources, remote, head, there, listed=prefix + manifest.FILE, readable=patterns)


def plan_files(
    sources: Mapping[str, Content],
    remote: Remote,
    head: str | None,
    there: Mapping[str, RemoteFile],
    *,
    listed: str,
    readable: Sequence[str] = (),
) -> PushPlan:
    """Compare files with those of a commit.

    Args:
        sources: path in the repository -> what shall lie there.
        remote: the repository.
        head: the commit to compare with; None if there is no repository yet.
        there: its files.
        listed: path of the JSON file whose ``files`` are what the push before put there.
        readable: patterns of files that readers would take for ours, and that go if they are not.
    """
    written = {path: _write(path, source, there.get(path)) for path, source in sources.items()}
    previous = remote.read(listed, head) if head and listed in there else None
    gone = _superseded(previous, there, listed, readable) - sources.keys()
    operations = [operation for operation in written.values() if operation]
    operations += [Operation("delete", path, 0) for path in gone]
    ordered = tuple(sorted(operations, key=lambda operation: operation.path))
    unchanged = len(written) - sum(map(bool, written.values()))
    return PushPlan(head, ordered, unchanged, sources, previous)


def client_operations(plan: PushPlan) -> tuple[list[Any], list[Any]]:
    """The additions and the deletions of a plan, as huggingface_hub takes them; files are read when sent."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    paths = [operation.path for operation in plan.operations if operation.action != "delete"]
    additions = [CommitOperationAdd(path_in_repo=path, path_or_fileobj=plan.sources[path]) for path in paths]
    gone = [operation.path for operation in plan.operations if operation.action == "delete"]
    return additions, [CommitOperationDelete(path_in_repo=path, is_folder=False) for path in gone]


def config_names(found: Manifest, as_config: bool) -> dict[str, str]:
    """Config of a release -> its name in the repository.

    A release that has the repository to itself keeps ``default``, ``rejected`` and ``answers``.
    """
    if not as_config:
        return {config: config for config in FOLDERS}
    return {
        config: found.language if config == "default" else f"{found.language}-{config}" for config in FOLDERS
    }


def merged_card(old: str, own: str, found: Manifest) -> str:
    """The card at the root, with one release put in, or put in place of its predecessor.

    Args:
        old: the card that is there, with the configs of other languages; empty if there is none.
        own: the release's card.
        found: the release's manifest.

    Raises:
        ReleaseError: the card that is there has front matter that is no YAML.
    """
    import yaml

    names = config_names(found, as_config=True)
    before, new = _front_matter(old), _front_matter(own)
    merged = {key: _merged(before.get(key), value) for key, value in new.items() if key not in NAMED_LISTS}
    merged["pretty_name"] = found.name.removesuffix(f"-{found.language}")
    merged["language"] = sorted(map(str, merged["language"]), key=lambda code: (code == "en", code))
    for key in NAMED_LISTS:
        others = [entry for entry in before.get(key) or [] if _is_of_another(entry, names.values())]
        ours = [_renamed(entry, names, found.language) for entry in new[key]]
        merged[key] = sorted([*others, *ours], key=lambda entry: str(entry["config_name"]))
    text = yaml.safe_dump(merged, sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{text}---\n\n{_page(merged)}"


def _write(path: str, source: Content, there: RemoteFile | None) -> Operation | None:
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if there is None:
        return Operation("add", path, size)
    same = there.size == size and (
        _digest("sha256", b"", source) == there.sha256
        if there.sha256
        else _digest("sha1", b"blob %d\0" % size, source) == there.oid
    )
    return None if same else Operation("change", path, size)


def _digest(algorithm: str, start: bytes, source: Content) -> str:
    digest = hashlib.new(algorithm, start, usedforsecurity=False)
    if isinstance(source, bytes):
        digest.update(source)
        return digest.hexdigest()
    with source.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _superseded(
    previous: bytes | None, there: Mapping[str, RemoteFile], listed: str, readable: Sequence[str]
) -> set[str]:
    """The files of the push before, and every file that a reader would take for one of ours."""
    found = {path for path in there if any(fnmatch(path, pattern) for pattern in readable)}
    if previous is not None:
        try:
            files = {*decode(previous)["files"]}
        except (ValueError, LookupError, TypeError):  # a file of this name of somebody else
            files = set()
        found |= {listed.removesuffix(manifest.FILE) + name for name in files} & there.keys()
    return found


class _Split(msgspec.Struct):
    name: str
    num_examples: int


class _Config(msgspec.Struct):
    """What is relied on of an entry of ``NAMED_LISTS``."""

    config_name: str
    splits: list[_Split] | None = None


def _front_matter(text: str) -> dict[str, Any]:
    match = FRONT_MATTER.match(text)
    if not match:
        return {}
    try:
        read, _ = read_yaml(match[1], Path(card.FILE))
    except SpecError as error:
        found = error.details["found"]
        raise ReleaseError("The card that is there cannot be read", where=card.FILE, found=found) from None
    read = read if isinstance(read, dict) else {}
    try:
        for name in NAMED_LISTS:
            msgspec.convert(read.get(name) or [], list[_Config])
    except msgspec.ValidationError as error:
        raise ReleaseError(
            f"The card that is there cannot be read: {name} is no list of configs",
            where=card.FILE,
            found=error,
            remedy="correct it on the hub",
        ) from None
    return read


def _is_of_another(entry: Mapping[str, Any], ours: Iterable[str]) -> bool:
    """Whether a config belongs to another language; a repository of one release leaves no config behind."""
    return entry.get("config_name") not in {*ours, *FOLDERS}


def _renamed(entry: Mapping[str, Any], names: Mapping[str, str], language: str) -> dict[str, Any]:
    changed = {key: value for key, value in entry.items() if key != "default"}
    changed["config_name"] = names[entry["config_name"]]
    if "data_files" in changed:
        changed["data_files"] = [
            {**file, "path": f"{language}/{file['path']}"} for file in entry["data_files"]
        ]
    return changed


def _merged(before: Any, new: Any) -> Any:
    """Lists are joined; of two different values both stay."""
    if before is None or before == new:
        return new
    listed = [value if isinstance(value, list) else [value] for value in (before, new)]
    joined = [*listed[0], *(value for value in listed[1] if value not in listed[0])]
    return joined if len(joined) > 1 or isinstance(new, list) else joined[0]


def _page(merged: Mapping[str, Any]) -> str:
    rows = []
    for entry in merged["dataset_info"]:
        name = entry["config_name"]
        code = name.split("-")[0]
        splits = ", ".join(
            f"{split['name']} {split['num_examples']:,}" for split in entry.get("splits") or ()
        )
        language = known_languages()[code][0] if code in known_languages() else code
        rows.append(f"| `{name}` | {language} | {splits} | [{code}/README.md]({code}/README.md) |")
    table = ["| config | language | rows | card |", "|---|---|---|---|", *rows]
    return "\n".join([f"# {merged['pretty_name']}", "", INTRODUCTION, "", *table, ""])
