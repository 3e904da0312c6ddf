"""A plug-in is made from its options, or says which of them it does not know."""

from pathlib import Path

import pytest

from tests.specs import SHORTEST
from vqa_builder.errors import VQABuilderError
from vqa_builder.plugins import construct
from vqa_builder.spec import Plugin
from vqa_builder.spec_file import parse_spec


def test_an_unknown_option_of_a_plug_in_is_refused() -> None:
    with pytest.raises(VQABuilderError, match="Unknown key: beam"):
        construct("engines", Plugin(type="mini", beam=5), Path())


def test_paths_in_options_start_at_the_spec(tmp_path: Path) -> None:
    spec = parse_spec(SHORTEST, tmp_path / "build.yaml")
    for name in ("q.json", "a.json"):
        (tmp_path / name).touch()
    source = construct("sources", spec.source, spec.folder)
    assert all(path.parent == tmp_path for path in source.files())
