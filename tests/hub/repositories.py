"""Routes about repositories: who asks, which there are, their settings, refs, history and files."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs

from tests.hub.calls import REPO, Call, route
from tests.hub.server import Answer
from tests.hub.state import Blob, HubError, Repo


@route("GET", "/api/whoami-v2")
def whoami(call: Call) -> Answer:
    """Who the token belongs to."""
    if call.user is None:
        raise HubError(401, "Invalid username or password.")
    return Answer({"type": "user", "name": call.user, "orgs": [{"name": "org"}], "auth": {}})


@route("POST", "/api/repos/create")
def create(call: Call) -> Answer:
    """A new repository; 409, but with its URL, if there is one."""
    asked = call.json()
    if call.user is None:
        raise HubError(401, "Invalid username or password.")
    name = f"{asked.get('organization') or call.user}/{asked['name']}"
    private = asked.get("visibility") == "private" or bool(asked.get("private"))
    with call.hub.state.lock:
        exists = name in call.hub.state.repos
        if not exists:
            call.hub.state.create(name, private)
    folder = "datasets/" if asked.get("type") == "dataset" else ""
    body = {"url": f"{call.hub.url}/{folder}{name}", "name": name, "id": name}
    return Answer({**body, "error": "You already created this repo"}, status=409) if exists else Answer(body)


@route("POST", "/api/validate-yaml")
def validate_yaml(call: Call) -> Answer:
    """Whether a card has front matter that is closed."""
    content = str(call.json()["content"])
    closed = re.match(r"---\n.*?\n---(\n|$)", content, re.DOTALL)
    if content.startswith("---") and not closed:
        return Answer({"errors": [{"message": "front matter is not closed"}], "warnings": []}, status=400)
    return Answer({"errors": [], "warnings": [] if closed else [{"message": "empty or missing yaml"}]})


@route("GET", rf"{REPO}(?:/revision/(?P<revision>[^/]+))?")
def info(call: Call, repo: Repo, revision: str) -> Answer:
    """What a repository holds at a revision."""
    commit = repo.at(revision or "main")
    facts = {"_id": "0", "id": repo.id, "author": repo.id.split("/")[0], "sha": commit.id}
    flags: dict[str, Any] = {
        "private": repo.private,
        "gated": repo.gated,
        "disabled": False,
        "tags": [],
        "downloads": 0,
    }
    dates = {"createdAt": repo.history()[-1].date, "lastModified": commit.date, "likes": 0}
    return Answer(facts | flags | dates | {"siblings": [{"rfilename": path} for path in commit.files]})


@route("PUT", rf"{REPO}/settings")
def settings(call: Call, repo: Repo) -> Answer:
    """Make a repository private or gated, or not."""
    asked = call.json()
    if "visibility" in asked or "private" in asked:
        repo.private = asked.get("visibility") == "private" or bool(asked.get("private"))
    repo.gated = asked.get("gated", repo.gated)
    return Answer({"private": repo.private, "gated": repo.gated})


@route("GET", rf"{REPO}/refs")
def refs(call: Call, repo: Repo) -> Answer:
    """Branches, tags and pull requests."""
    kinds = {"branches": "refs/heads/", "tags": "refs/tags/", "converts": "refs/convert/"}
    if call.flag("include_prs"):
        kinds["pullRequests"] = "refs/pr/"
    return Answer(
        {
            kind: [
                {"name": ref.removeprefix(prefix), "ref": ref, "targetCommit": commit}
                for ref, commit in repo.refs.items()
                if ref.startswith(prefix)
            ]
            for kind, prefix in kinds.items()
        }
    )


@route("GET", rf"{REPO}/commits/(?P<revision>[^/]+)")
def commits(call: Call, repo: Repo, revision: str) -> Answer:
    """The history, the newest first."""
    return Answer(
        [
            {"id": one.id, "title": one.title, "message": one.message, "date": one.date, "authors": []}
            for one in repo.history(revision)
        ]
    )


@route("POST", rf"{REPO}/(?P<kind>branch|tag)/(?P<given>[^/]+)")
def new_ref(call: Call, repo: Repo, kind: str, given: str) -> Answer:
    """A branch by its name, or a tag at a revision."""
    asked = call.json()
    ref = f"refs/heads/{given}" if kind == "branch" else f"refs/tags/{asked['tag']}"
    start = repo.at(given if kind == "tag" else asked.get("startingPoint") or "main")
    with call.hub.state.lock:
        if ref in repo.refs:
            raise HubError(409, f"Reference already exists: {ref}")
        repo.refs[ref] = start.id
    return Answer({"ref": ref})


@route("DELETE", rf"{REPO}/(?P<kind>branch|tag)/(?P<given>[^/]+)")
def drop_ref(call: Call, repo: Repo, kind: str, given: str) -> Answer:
    """Forget a branch or a tag."""
    ref = f"refs/{'heads' if kind == 'branch' else 'tags'}/{given}"
    if repo.refs.pop(ref, None) is None:
        raise HubError(404, f"Reference not found: {ref}", "RevisionNotFound")
    return Answer({})


@route("GET", rf"{REPO}/discussions")
def discussions(call: Call, repo: Repo) -> Answer:
    """Pull requests, all on one page."""
    status = call.query.get("status", ["all"])[0]
    found = [one for one in repo.pull_requests if status in ("all", one.status)]
    listed = [
        {
            "num": one.num,
            "title": one.title,
            "status": one.status,
            "author": {"name": "tester"},
            "createdAt": repo.at(f"refs/pr/{one.num}").date,
            "isPullRequest": True,
            "repo": {"name": repo.id, "type": "dataset"},
        }
        for one in reversed(found)
    ]
    return Answer({"discussions": listed, "count": len(listed), "start": 0})


@route("POST", rf"{REPO}/discussions/(?P<num>\d+)/(?P<verb>merge|status)")
def close_pull_request(call: Call, repo: Repo, num: str, verb: str) -> Answer:
    """Merge a pull request into main by one commit, or close it."""
    pull_request = repo.pull_requests[int(num) - 1]
    with call.hub.state.lock:
        if verb == "merge":
            files = repo.at(f"refs/pr/{num}").files
            repo.add("refs/heads/main", files, f"Merge #{num}", "", repo.at().id)
        pull_request.status = "merged" if verb == "merge" else "closed"
    return Answer({})


@route("GET", rf"{REPO}/tree/(?P<revision>[^/]+)(?:/(?P<folder>.+))?")
def tree(call: Call, repo: Repo, revision: str, folder: str) -> Answer:
    """Files and folders, page by page."""
    files = repo.at(revision).files
    prefix = f"{folder}/" if folder else ""
    if folder and not any(path.startswith(prefix) for path in files):
        raise HubError(404, f"{folder} does not exist", "EntryNotFound")
    found = _entries(files, prefix, call.flag("recursive"))
    start = int(call.query.get("cursor", ["0"])[0])
    end = start + call.hub.page
    query = f"recursive={call.query.get('recursive', ['false'])[0]}&cursor={end}"
    following = f'<{call.hub.url}{call.path}?{query}>; rel="next"'
    return Answer(found[start:end], headers={"Link": following} if end < len(found) else {})


def _entries(files: Mapping[str, Blob], prefix: str, recursive: bool) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path, blob in sorted(files.items()):
        if not path.startswith(prefix):
            continue
        parents = [str(parent) for parent in PurePosixPath(path).parents if str(parent) != "."]
        for parent in reversed(parents):
            if len(parent) > len(prefix) - 1 and (recursive or "/" not in parent[len(prefix) :]):
                found[parent] = _folder(parent)
        if recursive or "/" not in path[len(prefix) :]:
            found[path] = _file(path, blob)
    return list(found.values())


def _folder(path: str) -> dict[str, Any]:
    return {"type": "directory", "path": path, "size": 0, "oid": hashlib.sha1(path.encode()).hexdigest()}


def _file(path: str, blob: Blob) -> dict[str, Any]:
    facts: dict[str, Any] = {"type": "file", "path": path, "size": blob.size, "oid": blob.oid}
    if blob.sha256:
        facts["lfs"] = {"oid": blob.sha256, "size": blob.size, "pointerSize": 134}
    return facts


@route("POST", rf"{REPO}/paths-info/(?P<revision>[^/]+)")
def paths_info(call: Call, repo: Repo, revision: str) -> Answer:
    """The same entries for chosen paths; what is missing is left out."""
    text = call.bytes().decode()
    asked = json.loads(text) if text.startswith("{") else parse_qs(text)
    files = repo.at(revision).files
    every = {entry["path"]: entry for entry in _entries(files, "", recursive=True)}
    paths = asked.get("paths", [])
    return Answer([every[path] for path in ([paths] if isinstance(paths, str) else paths) if path in every])
