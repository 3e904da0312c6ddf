"""What a spec leaves out has a default; what it says has one meaning."""

from pathlib import Path

import pytest

from tests.specs import SHORTEST, parse
from vqa_builder.errors import UnknownNameError


def test_the_shortest_spec_has_every_default() -> None:
    spec = parse(SHORTEST)
    assert [plugin.type for plugin in spec.translate.engine] == ["mini"]
    assert spec.back_translation == spec.translate
    assert spec.answers.vocabulary.min_count == 9
    assert [plugin.type for plugin in spec.scores][:2] == ["script", "langid"]
    assert spec.release_name("ja") == "vqa-ja"
    assert spec.repo("ja") is None
    assert spec.folder == Path("here").absolute()


def test_an_engine_or_a_chain_of_engines() -> None:
    spec = parse(SHORTEST + "translate:\n  engine: [{type: memory, path: a.tmx}, {type: mini}]\n")
    assert [(plugin.type, plugin.options) for plugin in spec.translate.engine] == [
        ("memory", {"path": "a.tmx"}),
        ("mini", {}),
    ]


def test_scorers_by_name_or_with_options() -> None:
    spec = parse(SHORTEST + "scores: [chrf, {langid: {model: lid.bin}}]\n")
    assert [(plugin.type, plugin.options) for plugin in spec.scores] == [
        ("chrf", {}),
        ("langid", {"model": "lid.bin"}),
    ]


def test_an_unknown_language_lists_the_known() -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown language 'xx'(?s:.*), hi, (?s:.*), ja, "):
        parse(SHORTEST.replace("[ja, hi]", "[xx]"))
