"""What a route gets, and how it is found by method and path."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.hub.server import Answer
from tests.hub.state import HubError, Repo

if TYPE_CHECKING:
    from tests.hub.server import Hub


@dataclass
class Call:
    """One request: who asks for what, and a body that can be read once."""

    hub: Hub
    user: str | None
    path: str
    query: Mapping[str, list[str]]
    headers: Message
    body: Callable[[], Iterator[bytes]]

    def bytes(self) -> bytes:
        """The whole body."""
        return b"".join(self.body())

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.bytes() or b"{}")

    def flag(self, name: str) -> bool:
        """Whether a query parameter is set to a true value."""
        return self.query.get(name, ["false"])[0].lower() in ("1", "true")


Route = Callable[..., Answer]
ROUTES: list[tuple[str, re.Pattern[str], Route]] = []
REPO = r"/api/(?:datasets|models)/(?P<name>[^/]+/[^/]+)"


def route(method: str, pattern: str) -> Callable[[Route], Route]:
    """Answer requests of this method and path with the function."""

    def register(function: Route) -> Route:
        ROUTES.append((method, re.compile(pattern), function))
        return function

    return register


def answer(method: str, call: Call) -> Answer:
    """Find the route and answer; one request at a time changes the state."""
    for wanted, pattern, function in ROUTES:
        if wanted in (method, "GET" if method == "HEAD" else method) and (
            match := pattern.fullmatch(call.path)
        ):
            groups = {name: unquote(text or "") for name, text in match.groupdict().items()}
            if "name" not in groups:
                return function(call, **groups)
            repo = _allowed(call, groups.pop("name"), write=method in ("POST", "PUT", "DELETE"))
            return function(call, repo, **groups)
    raise HubError(404, f"No such path: {method} {call.path}")


def _allowed(call: Call, name: str, write: bool) -> Repo:
    """The repository, if the caller may see it, and write to it where that is asked."""
    hidden = name in call.hub.state.repos and call.hub.state.repos[name].private and call.user is None
    if name not in call.hub.state.repos or hidden:
        raise HubError(404 if call.user else 401, "Repository not found", "RepoNotFound")
    if write and call.user is None and "/paths-info/" not in call.path:
        raise HubError(401, "Invalid username or password.")
    return call.hub.state.repo(name)
