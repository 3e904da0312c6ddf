"""A web server whose replies a test writes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from tests.translation.engines.scripted import Scripted

PATHS = ("/m", "/translate", "/get", "/v1/chat/completions", "/api/v1.5/tr.json/translate")


@pytest.fixture(scope="session")
def _web() -> Iterator[HTTPServer]:
    """One for all tests: to stop one takes half a second."""
    with HTTPServer(host="127.0.0.1", threaded=True) as web:
        yield web


@pytest.fixture
def server(_web: HTTPServer) -> Iterator[Scripted]:
    scripted = Scripted(_web.url_for("").rstrip("/"))
    for path in PATHS:
        _web.expect_request(path).respond_with_handler(scripted)
    yield scripted
    _web.check_handler_errors()
    _web.clear()
