"""What ``vqa-builder list`` says of engines: all that people ask before they choose one."""

from __future__ import annotations

from typing import Any

import pytest

from vqa_builder import catalogue, registry
from vqa_builder.errors import EngineError
from vqa_builder.translation.engines._web_services import SERVICES
from vqa_builder.translation.engines.deep_translator import DeepTranslator


def page(name: str) -> dict[str, Any]:
    (found,) = [entry for entry in catalogue.entries("engines") if entry["name"] == name]
    return found


@pytest.mark.parametrize("name", registry.names("engines"))
def test_every_engine_has_a_page(name: str) -> None:
    about = page(name)
    for what in ("summary", "description", "install", "limits", "output", "languages"):
        assert about[what] and about[what] == about[what].strip()
    assert "pip install" in about["install"]
    assert all(key.isupper() for key in about["keys"])
    assert about["options"] and "Example" in about["documentation"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_page_that_is_true(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    about, service = page("deep_translator")["services"][name], SERVICES[name]
    assert set(about["keys"]) == set(service.keys.values())
    assert f"{service.longest:,} characters" in about["limits"]
    assert about["output"] == service.terms
    for key in about["keys"]:
        monkeypatch.setenv(key, "k3y-of-the-test")
    engine = DeepTranslator(DeepTranslator.Options(provider=name))
    engine.check_direction("en", "ja")
    if service.hindi:
        engine.check_direction("en", "hi")
        return
    assert "not hi" in about["languages"]
    with pytest.raises(EngineError, match="cannot translate"):
        engine.check_direction("en", "hi")
