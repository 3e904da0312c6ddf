"""The site builds without a warning, links included, and its generated pages say everything."""

from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.specs import SHORTEST, parse
from vqa_builder import registry
from vqa_builder.spec import Spec

pytest.importorskip("mkdocs")
pages = pytest.importorskip("docs.reference_pages")


def test_the_site_builds_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    pytest.importorskip("mkdocstrings_handlers.python")
    from click.testing import CliRunner
    from mkdocs.__main__ import cli

    done = CliRunner().invoke(
        cli, ["build", "--strict", "-q", "-f", str(ROOT / "mkdocs.yml"), "-d", str(tmp_path)]
    )
    assert done.exit_code == 0, done.output
    assert "vqa_builder.pipeline.build" in (tmp_path / "reference/api/index.html").read_text(encoding="utf-8")


def test_every_key_of_the_spec_has_a_meaning_and_an_example() -> None:
    shown: set[tuple[str, str]] = set()
    for place, texts in pages.spec_examples().items():
        for text in texts:
            part = yaml.safe_load(text)
            parse(yaml.safe_dump({**yaml.safe_load(SHORTEST), **part}))
            for step in () if place == "top" else place.split("."):
                part = part[step]
                part = part[0] if isinstance(part, list) else part
            shown |= {(place, key) for key in part}
    for place, model in pages.models(Spec):
        meanings = pages.attribute_meanings(model)
        for name, field in model.model_fields.items():
            if not field.exclude:
                assert field.description or meanings[name.rstrip("_")], f"{place}.{name} has no meaning"
                key = (place or "top", field.alias or name)
                assert key in shown, f"docs/spec_examples.yaml has no example of {key}"


@pytest.mark.parametrize("kind", ["sources", "engines", "scorers", "aligners"])
def test_every_option_of_a_plug_in_has_a_meaning(kind: str) -> None:
    for name in registry.names(kind):
        options = registry.find(kind, name).Options
        meanings = pages.attribute_meanings(options)
        for key, field in options.model_fields.items():
            assert field.description or meanings.get(key.rstrip("_")), f"{kind} {name}: {key} has no meaning"
        assert f"## {name}" in pages.plugins_page(kind)
