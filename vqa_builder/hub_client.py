"""The client of the hub, which by itself waits for ever where a hub says nothing."""

from __future__ import annotations

from typing import Any

SILENCE_SECONDS = 120.0
"""How long a hub may say nothing before a request is given up, and made again where that does no harm."""


def end_silence() -> None:
    """Have requests of huggingface_hub fail after ``SILENCE_SECONDS`` in which nothing is sent or received.

    Its session is the one of this process; where it is made anew, as after a failed connection, this has to
    be called again. Versions before 1.0 pass it over.
    """
    from huggingface_hub.utils import get_session  # type: ignore[attr-defined]

    session: Any = get_session()
    hooks = getattr(session, "event_hooks", {}).get("request")
    if hooks is not None and _limit not in hooks:
        session.event_hooks = {**session.event_hooks, "request": [*hooks, _limit]}


def _limit(request: Any) -> None:
    """Limit what the client did not: much of it asks for no limit by name."""
    stated = request.extensions.get("timeout", {})
    request.extensions["timeout"] = {
        kind: SILENCE_SECONDS if stated.get(kind) is None else stated[kind]
        for kind in ("connect", "read", "write", "pool")
    }
