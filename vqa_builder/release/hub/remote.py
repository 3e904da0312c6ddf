"""A repository on a hub, through huggingface_hub: reads that retry, writes that say what went wrong.

Whatever the client raises becomes an error of ours; the access token never stands in one.
"""

from __future__ import annotations

import os
import re
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from vqa_builder.errors import VQABuilderError
from vqa_builder.hub_client import end_silence
from vqa_builder.progress import Progress
from vqa_builder.redaction import redact_masked

Result = TypeVar("Result")
ATTEMPTS = 6
LONGEST_WAIT = 60.0
FILES_AT_ONCE = 8
TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
STALE = 412
_CLIENTS = frozenset({"httpx", "httpx2", "requests"})
_CONNECTION_ERRORS = frozenset({"TransportError", "ConnectionError", "Timeout", "ChunkedEncodingError"})
_RATE_LIMIT = re.compile(r";\s*r\s*=\s*0\s*;\s*t\s*=\s*(\d+)")
_REMEDIES = {
    401: "log in with 'hf auth login', or set HF_TOKEN to a token that may write there",
    403: "use a token that may write to this repository",
}


class HubError(VQABuilderError):
    """The hub refused, or cannot be reached."""


class TransientError(HubError):
    """The hub was busy, limited the rate, or the connection broke; the work may be done or not.

    Attributes:
        retry_after: seconds that the hub asked to wait, if it did.
    """

    retry_after: float | None = None


class StaleHeadError(HubError):
    """Somebody else committed since the head was read."""


@dataclass(frozen=True)
class RemoteFile:
    """A file of a commit: ``oid`` is git's, ``sha256`` is known for large files only."""

    size: int
    oid: str
    sha256: str | None


class Remote:
    """One repository.

    Args:
        repo: ``org/name``.
        kind: what it holds: a ``dataset``, or a ``model``.
        token: None for ``HF_TOKEN`` or the stored login.
        endpoint: None for ``HF_ENDPOINT`` or the public hub.
        progress: told about waits and uploads.
        wait: sleeps; tests need not.

    Raises:
        HubError: ``HF_HUB_OFFLINE`` is set.

    >>> remote = Remote("org/vqa-ja")
    >>> sorted(remote.tree(remote.head("main")))[:3]
    ['.gitattributes', 'README.md', 'answers/answer_map.parquet']
    """

    def __init__(
        self,
        repo: str,
        *,
        kind: Literal["dataset", "model"] = "dataset",
        token: str | None = None,
        endpoint: str | None = None,
        progress: Progress | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        import huggingface_hub
        from huggingface_hub import constants

        if constants.HF_HUB_OFFLINE:
            raise HubError(
                "Publishing needs the hub, and HF_HUB_OFFLINE says that there is none",
                where=repo,
                remedy="unset HF_HUB_OFFLINE; --dry-run needs the hub, too",
            )
        self.repo, self.kind = repo, kind
        self.token = token or huggingface_hub.get_token()
        self.endpoint = endpoint or constants.ENDPOINT
        self.progress = progress or Progress()
        self._wait = wait
        self._answered = False
        self._api = huggingface_hub.HfApi(
            endpoint=self.endpoint, token=self.token or False, library_name="vqa-builder"
        )

    @property
    def url(self) -> str:
        """Where people look at the repository."""
        folder = "datasets/" if self.kind == "dataset" else ""
        return f"{self.endpoint}/{folder}{self.repo}"

    def head(self, revision: str) -> str | None:
        """The commit that a revision points to; None if there is no such repository.

        Raises:
            HubError: the repository has no such revision.
        """
        from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

        def head(repo: str, **options: Any) -> str | None:
            try:
                return str(self._api.repo_info(repo, **options).sha)
            except GatedRepoError:
                raise
            except RepositoryNotFoundError:
                return None

        found: str | None = self._read("read the head", head, revision=revision)
        return found

    def tree(self, commit: str) -> dict[str, RemoteFile]:
        """Path -> file, of a whole commit."""
        from huggingface_hub.hf_api import RepoFile

        def files(repo: str, **options: Any) -> list[RepoFile]:
            entries = self._api.list_repo_tree(repo, recursive=True, **options)
            return [entry for entry in entries if isinstance(entry, RepoFile)]

        return {
            file.path: RemoteFile(file.size, file.blob_id, file.lfs.sha256 if file.lfs else None)
            for file in self._read("list the files", files, revision=commit)
        }

    def read(self, path: str, commit: str) -> bytes:
        """The bytes of a small file."""

        def content(repo: str, **options: Any) -> bytes:
            with tempfile.TemporaryDirectory(prefix="vqa-builder-") as folder:
                return Path(self._api.hf_hub_download(repo, path, local_dir=folder, **options)).read_bytes()

        found: bytes = self._read(f"read {path}", content, revision=commit)
        return found

    def snapshot(self, commit: str, patterns: Sequence[str]) -> Path:
        """The folder that holds the files of a commit that fit a pattern, in the client's cache."""

        def fetched(repo: str, **options: Any) -> str:
            with _silent_bars():
                return str(self._api.snapshot_download(repo, allow_patterns=list(patterns), **options))

        return Path(self._read("fetch the files", fetched, revision=commit))

    def parent(self, commit: str) -> str | None:
        """The commit before a commit."""
        commits = self._read("read the history", self._api.list_repo_commits, revision=commit)
        return commits[1].commit_id if len(commits) > 1 else None

    def tags(self) -> dict[str, str]:
        """Tag -> commit."""
        refs = self._read("read the tags", self._api.list_repo_refs)
        return {tag.name: tag.target_commit for tag in refs.tags}

    def open_pull_requests(self, title: str) -> list[int]:
        """The open pull requests of this title, the newest first."""

        def open_ones(repo: str, **options: Any) -> list[Any]:
            wanted: Any = {"discussion_type": "pull_request", "discussion_status": "open", **options}
            return list(self._api.get_repo_discussions(repo, **wanted))

        found = self._read("list the pull requests", open_ones)
        return sorted((one.num for one in found if one.title == title), reverse=True)

    def create(self, private: bool | None) -> None:
        """Make the repository, empty; nothing happens if it is there."""
        self._read("create the repository", self._api.create_repo, private=private, exist_ok=True)

    def settings(self, *, private: bool | None, gated: str | None) -> None:
        """Bring visibility and access to what is asked; None leaves a setting as it is."""
        info = self._read("read the settings", self._api.repo_info)
        changes: dict[str, Any] = {}
        if private is not None and bool(info.private) != private:
            changes["private"] = private
        if gated is not None and info.gated != gated:
            changes["gated"] = gated
        if changes:
            self._read("change the settings", self._api.update_repo_settings, **changes)

    def tag(self, name: str, commit: str) -> None:
        """Give a commit a name; nothing happens if it has that name."""
        if self.tags().get(name) != commit:
            self._read(f"create the tag {name}", self._api.create_tag, tag=name, revision=commit)

    def upload(self, additions: Sequence[Any], revision: str, *, create_pr: bool) -> None:
        """Send the large files among ``CommitOperationAdd``s, ahead of the commit; the hub has each once."""
        total = sum(addition.upload_info.size for addition in additions)
        options = {"revision": revision, "create_pr": create_pr, "free_memory": False}
        with _silent_bars(), self.progress.track(f"uploading to {self.repo}", total) as advance:
            for start in range(0, len(additions), FILES_AT_ONCE):
                group = additions[start : start + FILES_AT_ONCE]
                self._once("upload", self._api.preupload_lfs_files, additions=group, **options)
                advance(sum(addition.upload_info.size for addition in group))

    def commit(
        self,
        operations: Sequence[Any],
        *,
        title: str,
        description: str,
        revision: str,
        parent: str,
        create_pr: bool = False,
    ) -> tuple[str, str | None]:
        """One commit, never retried here: a lost answer may be a done commit, so look at the head first.

        Returns:
            the commit's hash, and the revision of the pull request if one was asked for.

        Raises:
            StaleHeadError: ``parent`` is not the head any more.
            TransientError: it may be done or not.
        """
        with _silent_bars():
            made = self._once(
                "commit",
                self._api.create_commit,
                operations=operations,
                commit_message=title,
                commit_description=description,
                revision=revision,
                parent_commit=parent,
                create_pr=create_pr,
            )
        return made.oid, made.pr_revision

    def wait(self, attempt: int, error: TransientError) -> None:
        """Wait as long as the hub asked for, or 1, 2, 4, ... seconds."""
        seconds = error.retry_after if error.retry_after is not None else min(2.0**attempt, LONGEST_WAIT)
        self.progress.say(f"{error.problem}: next try in {seconds:.0f} s")
        self._wait(seconds)

    def _read(self, what: str, call: Callable[..., Any], **options: Any) -> Any:
        """Do what can be done twice without harm; arguments as of ``_once``."""
        for attempt in range(ATTEMPTS):
            try:
                return self._once(what, call, **options)
            except TransientError as error:
                if attempt == ATTEMPTS - 1:
                    raise
                self.wait(attempt, error)
        raise AssertionError("the last attempt returns or raises")

    def _once(self, what: str, call: Callable[..., Any], **options: Any) -> Any:
        """Call the client about this repository.

        Args:
            what: for the message of an error, such as ``read the tags``.
            call: a method of the client, or a function like one.
            **options: for it.
        """
        end_silence()
        try:
            answer = call(self.repo, repo_type=self.kind, **options)
        except Exception as error:
            raise self._translated(what, error) from None
        self._answered = True
        return answer

    def _translated(self, what: str, error: Exception) -> Exception:
        """Our error for one of the client's; what is not about the hub stays as it is."""
        if isinstance(error, VQABuilderError):
            return error
        cause = _root(error)
        status = getattr(getattr(cause, "response", None), "status_code", None)
        said = " ".join(str(cause).split()) or type(cause).__name__
        found = redact_masked(said, [self.token] if self.token else [])
        details: dict[str, Any] = {"where": self.url, "found": found}
        if status is None and not _is_connection_error(cause):
            if isinstance(error, ValueError | RuntimeError):
                return HubError(f"The hub's client could not {what}", **details)
            return error
        if "xet-write-token" in found and "404" in found:
            return HubError(
                "This hub has no Xet storage", **details, remedy="set HF_HUB_DISABLE_XET=1 for this hub"
            )
        if status == STALE:
            return StaleHeadError("Somebody else committed in the meantime", **details)
        if status is None and not self._answered and _is_nobody_there(error):
            return HubError(
                "The hub cannot be reached",
                where=self.endpoint,
                expected="an answer: nothing was sent, and nothing is changed",
                found=details["found"],
                remedy="connect this machine to the network, or set HF_ENDPOINT to a hub that it reaches",
            )
        if status is None or status in TRANSIENT:
            reason = f"the hub answered {status}" if status else "the connection broke"
            transient = TransientError(
                f"Could not {what}: {reason}", **details, remedy="run the same command again"
            )
            transient.retry_after = _retry_after(cause)
            return transient
        return HubError(f"The hub refused to {what} ({status})", **details, remedy=_REMEDIES.get(status))


def _root(error: BaseException) -> BaseException:
    """The error in the chain that carries an answer of the hub or says that there was none, or the first."""
    link: BaseException | None = error
    while link is not None:
        if getattr(link, "response", None) is not None or _is_connection_error(link):
            return link
        link = link.__cause__
    return error


def _is_connection_error(error: BaseException) -> bool:
    if isinstance(error, ConnectionError | TimeoutError):
        return True
    return any(
        base.__module__.split(".")[0] in _CLIENTS and base.__name__ in _CONNECTION_ERRORS
        for base in type(error).__mro__
    )


def _is_nobody_there(error: BaseException) -> bool:
    """Whether the hub's name is unknown or nobody listens, so that waiting for it is of no use."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, socket.gaierror | ConnectionRefusedError):
            return True
        link = link.__cause__ or link.__context__
    return False


def _retry_after(error: BaseException) -> float | None:
    headers: Mapping[str, str] = getattr(getattr(error, "response", None), "headers", {})
    if (value := headers.get("Retry-After", "").strip()).isdigit():
        return float(value)
    limit = _RATE_LIMIT.search(headers.get("RateLimit", ""))
    return float(limit[1]) if limit else None


@contextmanager
def _silent_bars() -> Iterator[None]:
    """No bars of the client's own between ours."""
    from huggingface_hub.utils.tqdm import (
        are_progress_bars_disabled,
        disable_progress_bars,
        enable_progress_bars,
    )

    if are_progress_bars_disabled() or "HF_HUB_DISABLE_PROGRESS_BARS" in os.environ:
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()
