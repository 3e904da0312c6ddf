"""Plug-ins are found by the name of their file."""

import importlib
from importlib.metadata import EntryPoint

import pytest

from vqa_builder import registry
from vqa_builder.errors import UnknownNameError


@pytest.mark.parametrize("kind", registry.ROOMS)
def test_every_file_of_every_room_is_a_plug_in_of_its_name(kind: str) -> None:
    base = importlib.import_module(f"{registry.ROOMS[kind]}.base")
    parent = {"languages": "Language", "sources": "Source", "engines": "Engine"}.get(
        kind, kind.capitalize()[:-1]
    )
    assert registry.names(kind)
    for name in registry.names(kind):
        assert issubclass(registry.find(kind, name), getattr(base, parent))
        assert registry.find(kind, name).name == name


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(UnknownNameError, match="Unknown engine 'mimi'") as caught:
        registry.find("engines", "mimi")
    assert "mini" in str(caught.value)


def test_other_packages_add_plug_ins_through_entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("ordered", "collections:OrderedDict", "vqa_builder.scorers")
    monkeypatch.setattr(registry, "_entry_points", lambda kind: {"ordered": point})
    registry.find.cache_clear()
    assert "ordered" in registry.names("scorers")
    assert registry.find("scorers", "ordered").__name__ == "OrderedDict"
