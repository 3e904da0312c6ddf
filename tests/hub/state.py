"""What a hub holds: repositories with commits, branches, tags and pull requests; large files by their hash.

Contents lie on the disk, one file per object, so that a large release costs no memory.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

ZERO_TIME = datetime(2026, 1, 1, tzinfo=UTC)
GIT_ATTRIBUTES = b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n"


class HubError(Exception):
    """An answer other than 200.

    Args:
        status: of the answer.
        message: in the answer's body.
        code: for the header ``X-Error-Code``, by which the client tells what was not found.
    """

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


@dataclass(frozen=True)
class Blob:
    """One file at one commit: git object id, size, where its bytes lie, and SHA-256 if it is large."""

    oid: str
    size: int
    path: Path
    sha256: str | None = None


@dataclass(frozen=True)
class Commit:
    """One commit: the whole tree, path -> file."""

    id: str
    parent: str | None
    title: str
    message: str
    files: Mapping[str, Blob]
    date: str


@dataclass
class PullRequest:
    """One pull request; its commits are at ``refs/pr/{num}``."""

    num: int
    title: str
    status: str = "open"


@dataclass
class Repo:
    """One dataset repository; ``refs``: ``refs/heads/main``, ``refs/tags/v1``, ``refs/pr/1`` -> commit."""

    id: str
    private: bool = False
    gated: str | bool = False
    refs: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    pull_requests: list[PullRequest] = field(default_factory=list)

    def at(self, revision: str = "main") -> Commit:
        """The commit of a branch, a tag, a pull request or a hash."""
        for ref in (revision, f"refs/heads/{revision}", f"refs/tags/{revision}"):
            if ref in self.refs:
                return self.commits[self.refs[ref]]
        if revision in self.commits:
            return self.commits[revision]
        raise HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")

    def history(self, revision: str = "main") -> list[Commit]:
        """The commit and all before it, the newest first."""
        found = [self.at(revision)]
        while (parent := found[-1].parent) is not None:
            found.append(self.commits[parent])
        return found

    def add(
        self, ref: str, files: Mapping[str, Blob], title: str, message: str, parent: str | None
    ) -> Commit:
        """One more commit on top of ``parent``; the ref moves to it."""
        number = len(self.commits)
        listing = "\n".join(f"{path} {blob.oid}" for path, blob in sorted(files.items()))
        text = f"{parent}\n{number}\n{title}\n{message}\n{listing}"
        date = (ZERO_TIME + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        commit = Commit(hashlib.sha1(text.encode()).hexdigest(), parent, title, message, files, date)
        self.commits[commit.id] = commit
        self.refs[ref] = commit.id
        return commit


class State:
    """Everything a hub knows.

    Args:
        root: folder for the contents, made if missing.
        tokens: token -> user who may write everywhere.
    """

    def __init__(self, root: Path, tokens: Mapping[str, str]) -> None:
        self.root = root
        self.tokens = dict(tokens)
        self.repos: dict[str, Repo] = {}
        self.lock = threading.RLock()
        root.mkdir(parents=True, exist_ok=True)

    def repo(self, name: str) -> Repo:
        """A repository by its id, ``org/name``."""
        if name not in self.repos:
            raise HubError(404, "Repository not found", "RepoNotFound")
        return self.repos[name]

    def create(self, name: str, private: bool = False) -> Repo:
        """A new repository with the first commit that the hub itself makes."""
        repo = self.repos[name] = Repo(name, private)
        repo.add(
            "refs/heads/main", {".gitattributes": self.store(GIT_ATTRIBUTES)}, "initial commit", "", None
        )
        return repo

    def store(self, content: bytes) -> Blob:
        """Keep a small file, as git does."""
        oid = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        path = self.root / oid
        path.write_bytes(content)
        return Blob(oid, len(content), path)

    def large(self, sha256: str) -> Blob:
        """A large file that was uploaded before."""
        path = self.large_path(sha256)
        if not path.exists():
            raise HubError(400, f"LFS pointer pointed to a file that does not exist: {sha256}")
        size = path.stat().st_size
        pointer = POINTER.format(oid=sha256, size=size).encode()
        oid = hashlib.sha1(b"blob %d\0" % len(pointer) + pointer).hexdigest()
        return Blob(oid, size, path, sha256)

    def large_path(self, sha256: str) -> Path:
        """Where a large file lies, or will."""
        return self.root / f"lfs-{sha256}"

    def keep_large(self, sha256: str, parts: Iterable[Path]) -> None:
        """Take an upload in, if its bytes are what it claims to be; the parts vanish."""
        digest = hashlib.sha256()
        whole = self.root / f"lfs-{sha256}.{threading.get_ident()}"
        with whole.open("wb") as file:
            for part in parts:
                with part.open("rb") as content:
                    while chunk := content.read(1 << 20):
                        digest.update(chunk)
                        file.write(chunk)
                part.unlink()
        if digest.hexdigest() != sha256:
            whole.unlink()
            raise HubError(400, "The uploaded bytes do not have the announced SHA-256")
        whole.replace(self.large_path(sha256))
