"""Routes that move data: uploads, commits and downloads."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from tests.hub.calls import REPO, Call, route
from tests.hub.server import Answer
from tests.hub.state import Blob, HubError, PullRequest, Repo

LARGE = 10_000_000


@route("POST", rf"{REPO}/preupload/(?P<revision>[^/]+)")
def preupload(call: Call, repo: Repo, revision: str) -> Answer:
    """Which files are large, and what lies at their paths now."""
    files = repo.at(revision).files
    return Answer(
        {"files": [_upload_mode(asked, files.get(asked["path"])) for asked in call.json()["files"]]}
    )


def _upload_mode(asked: dict[str, Any], there: Blob | None) -> dict[str, Any]:
    sample = base64.b64decode(asked["sample"])
    large = asked["path"].endswith(".parquet") or asked["size"] > LARGE or b"\0" in sample
    mode = "lfs" if large and asked["size"] else "regular"
    oid = (there.sha256 or there.oid) if there else None
    return {"path": asked["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid}


@route("POST", r"/(?:datasets/)?(?P<name>[^/]+/[^/]+)\.git/info/lfs/objects/batch")
def lfs_batch(call: Call, repo: Repo) -> Answer:
    """Where large files are to be sent; no actions for those that are there."""
    asked = call.json()
    return Answer(
        {"transfer": "basic", "objects": [_lfs_actions(call, repo, one) for one in asked["objects"]]}
    )


def _lfs_actions(call: Call, repo: Repo, asked: dict[str, Any]) -> dict[str, Any]:
    oid, size = asked["oid"], asked["size"]
    if call.hub.state.large_path(oid).exists():
        return {"oid": oid, "size": size}
    put, part = f"{call.hub.url}/lfs/{repo.id}/{oid}/{uuid4().hex}", call.hub.part
    upload: dict[str, Any] = {"href": put}
    if size > part:
        places = range(1, -(-size // part) + 1)
        upload = {
            "href": f"{put}/complete",
            "header": {"chunk_size": str(part), **{str(n): f"{put}/{n}" for n in places}},
        }
    verify = {"href": f"{call.hub.url}/datasets/{repo.id}.git/info/lfs/verify"}
    return {"oid": oid, "size": size, "actions": {"upload": upload, "verify": verify}}


@route("PUT", r"/lfs/[^/]+/[^/]+/(?P<oid>[0-9a-f]{64})/(?P<nonce>[0-9a-f]+)(?:/(?P<part>\d+))?")
def lfs_put(call: Call, oid: str, nonce: str, part: str) -> Answer:
    """The bytes of a large file, or of one part of it, as a store with signed addresses takes them."""
    path = call.hub.state.root / f"upload-{nonce}-{part or 0}"
    digest = hashlib.md5()
    with path.open("wb") as file:
        for piece in call.body():
            digest.update(piece)
            file.write(piece)
    if not part:
        call.hub.state.keep_large(oid, [path])
    return Answer({}, headers={"ETag": f'"{digest.hexdigest()}"'})


@route("POST", r"/lfs/[^/]+/[^/]+/(?P<oid>[0-9a-f]{64})/(?P<nonce>[0-9a-f]+)/complete")
def lfs_complete(call: Call, oid: str, nonce: str) -> Answer:
    """Put the parts of a large file together."""
    numbers = [int(part["partNumber"]) for part in call.json()["parts"]]
    parts: list[Path] = [call.hub.state.root / f"upload-{nonce}-{number}" for number in numbers]
    call.hub.state.keep_large(oid, parts)
    return Answer({"success": True})


@route("POST", r"/(?:datasets/)?(?P<name>[^/]+/[^/]+)\.git/info/lfs/verify")
def lfs_verify(call: Call, repo: Repo) -> Answer:
    """Whether a large file arrived."""
    asked = call.json()
    if call.hub.state.large(asked["oid"]).size != asked["size"]:
        raise HubError(422, "The object has another size")
    return Answer({})


@route("POST", rf"{REPO}/commit/(?P<revision>[^/]+)")
def commit(call: Call, repo: Repo, revision: str) -> Answer:
    """All changes of one commit, or of a pull request, or none."""
    lines = [json.loads(line) for line in call.bytes().splitlines()]
    header = lines[0]["value"]
    with call.hub.state.lock:
        base = repo.at(revision)
        if header.get("parentCommit") not in (None, base.id):
            raise HubError(412, "A commit has happened since. Please refresh and try again.")
        files = dict(base.files)
        for line in lines[1:]:
            _apply(call, files, line["key"], line["value"])
        pull_request = call.flag("create_pr")
        ref = _new_pull_request(repo, header["summary"]) if pull_request else f"refs/heads/{revision}"
        ref = revision if revision.startswith("refs/") and not pull_request else ref
        made = repo.add(ref, files, header["summary"], header.get("description", ""), base.id)
    address = f"{call.hub.url}/datasets/{repo.id}"
    url = {"pullRequestUrl": f"{address}/discussions/{len(repo.pull_requests)}"} if pull_request else {}
    return Answer({"success": True, "commitOid": made.id, "commitUrl": f"{address}/commit/{made.id}", **url})


def _new_pull_request(repo: Repo, title: str) -> str:
    repo.pull_requests.append(PullRequest(len(repo.pull_requests) + 1, title))
    return f"refs/pr/{len(repo.pull_requests)}"


def _apply(call: Call, files: dict[str, Blob], key: str, value: dict[str, Any]) -> None:
    path = value["path"]
    if key == "file":
        try:
            content = base64.b64decode(value["content"], validate=True)
        except binascii.Error as error:
            raise HubError(400, f"{path}: {error}") from error
        files[path] = call.hub.state.store(content)
    elif key == "lfsFile":
        files[path] = call.hub.state.large(value["oid"])
    elif key in ("deletedFile", "deletedFolder"):
        inside = [name for name in files if name == path or name.startswith(f"{path.rstrip('/')}/")]
        if not inside:
            raise HubError(404, f"A file with this name doesn't exist: {path}", "EntryNotFound")
        for name in inside:
            del files[name]
    else:
        raise HubError(400, f"Unknown operation {key}")


@route("GET", r"/(?:datasets/)?(?P<name>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)")
def resolve(call: Call, repo: Repo, revision: str, path: str) -> Answer:
    """A file's bytes, or a range of them."""
    if repo.gated and call.user is None:
        raise HubError(401, f"Access to dataset {repo.id} is restricted.", "GatedRepo")
    found = repo.at(revision)
    if path not in found.files:
        raise HubError(404, f"Entry not found: {quote(path)}", "EntryNotFound")
    blob = found.files[path]
    headers = {"X-Repo-Commit": found.id, "ETag": f'"{blob.oid}"', "Accept-Ranges": "bytes"}
    if blob.sha256:
        headers |= {"X-Linked-Etag": f'"{blob.sha256}"', "X-Linked-Size": str(blob.size)}
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", call.headers.get("Range", ""))
    if not asked or not blob.size:
        return Answer(file=blob.path, size=blob.size, headers=headers)
    first, last = _range(asked[1], asked[2], blob.size)
    headers["Content-Range"] = f"bytes {first}-{last}/{blob.size}"
    return Answer(file=blob.path, status=206, headers=headers, start=first, size=last - first + 1)


def _range(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size - 1
    if int(first) >= size:
        raise HubError(416, "Requested range not satisfiable")
    return int(first), min(int(last or size), size - 1)
