"""A spec is read whole or refused with file, line, expected and found."""

from pathlib import Path

import pytest

from vqa_builder.errors import UnknownNameError, VQABuilderError
from vqa_builder.spec import Spec, construct, load_spec, parse_spec

GOOD = """\
name: vqa
languages: [ja, hi]
source:
  type: vqa_json
  splits:
    train: {questions: q.json, annotations: a.json}
"""


def parse(text: str) -> Spec:
    return parse_spec(text, Path("here/build.yaml"))


def test_the_shortest_spec_has_every_default() -> None:
    spec = parse(GOOD)
    assert [plugin.type for plugin in spec.translate.engine] == ["mini"]
    assert spec.back_translation == spec.translate
    assert spec.answers.vocabulary.min_count == 9
    assert [plugin.type for plugin in spec.scores][:2] == ["script", "langid"]
    assert spec.release_name("ja") == "vqa-ja"
    assert spec.repo("ja") is None
    assert spec.folder == Path("here").absolute()


def test_an_engine_or_a_chain_of_engines() -> None:
    spec = parse(GOOD + "translate:\n  engine: [{type: memory, path: a.tmx}, {type: mini}]\n")
    assert [(plugin.type, plugin.options) for plugin in spec.translate.engine] == [
        ("memory", {"path": "a.tmx"}),
        ("mini", {}),
    ]


def test_scorers_by_name_or_with_options() -> None:
    spec = parse(GOOD + "scores: [chrf, {langid: {model: lid.bin}}]\n")
    assert [(plugin.type, plugin.options) for plugin in spec.scores] == [
        ("chrf", {}),
        ("langid", {"model": "lid.bin"}),
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("languages: [ja, hi]", "langauges: [ja]"), ["Unknown key: langauges", "build.yaml:2"]),
        (("name: vqa\n", ""), ["A required key is missing: name"]),
        (("name: vqa", "name: Not A Name!"), ["name", "build.yaml:1", "'Not A Name!'"]),
        (("[ja, hi]", "[]"), ["languages", "build.yaml:2"]),
        (("[ja, hi]", "[ja, ja]"), ["name each target language once"]),
        (("[ja, hi]", "[en]"), ["en is the source"]),
        (("name: vqa", "name: vqa\nname: again"), ["'name' is given twice", "line 2"]),
        (("name: vqa", "name: [unclosed"), ["not valid YAML"]),
        (("name: vqa", "name: vqa\nanswers: {vocabulary: {size: 5, min_count: 2}}"), ["exactly one"]),
        (("name: vqa", "name: vqa\nanswers:\n  vocabulary: {size: many}"), ["build.yaml:3", "'many'"]),
        (("name: vqa", "name: vqa\nrelease:\n  version: first"), ["release.version", "build.yaml:3"]),
        (("name: vqa", "name: vqa\nrelease: {images: {file: x, embed: true}}"), ["embed needs the folder"]),
    ],
)
def test_what_is_wrong_is_named_and_located(change: tuple[str, str], told: list[str]) -> None:
    with pytest.raises(VQABuilderError) as caught:
        parse(GOOD.replace(*change))
    for words in told:
        assert words in str(caught.value)


def test_an_unknown_language_lists_the_known() -> None:
    with pytest.raises(UnknownNameError, match="Unknown language 'xx'"):
        parse(GOOD.replace("[ja, hi]", "[xx]"))


def test_a_spec_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(VQABuilderError, match="There is no such spec"):
        load_spec(tmp_path / "build.yaml")


def test_an_unknown_option_of_a_plug_in_is_refused() -> None:
    spec = parse(GOOD + "translate: {engine: {type: mini, beam: 5}}\n")
    with pytest.raises(VQABuilderError, match="Unknown key: beam"):
        construct("engines", spec.translate.engine[0], spec.folder)


def test_paths_in_options_start_at_the_spec(tmp_path: Path) -> None:
    spec = parse_spec(GOOD, tmp_path / "build.yaml")
    for name in ("q.json", "a.json"):
        (tmp_path / name).touch()
    source = construct("sources", spec.source, spec.folder)
    assert all(path.parent == tmp_path for path in source.files())


def test_a_policy_file_stands_in_the_place_of_its_rules(tmp_path: Path) -> None:
    rules = "chrf: {min: 40}\nlanguages: {ja: {copy: reject, chrf: {min: 50}}, hi: strict}\n"
    (tmp_path / "policy.yaml").write_text(rules)
    path = tmp_path / "build.yaml"
    path.write_text(GOOD + "policy: {file: policy.yaml, langid: {min: 0.3}}\n")
    assert load_spec(path).policy == {
        "chrf": {"min": 40},
        "langid": {"min": 0.3},
        "languages": {
            "ja": {"copy": "reject", "chrf": {"min": 50}, "langid": {"min": 0.3}},
            "hi": {"preset": "strict", "langid": {"min": 0.3}},
        },
    }


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "No such file"),
        ("", "None"),
        ("strict", "'strict'"),
        ("chrf: {min: 1}\nchrf: {min: 2}\n", "'chrf' is given twice"),
        ("languages: [ja]\n", "['ja']"),
        ("languages: {ja: [1]}\n", "[1]"),
    ],
)
def test_a_policy_file_that_is_none_is_named(content: str | None, told: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "policy.yaml").write_text(content)
    path = tmp_path / "build.yaml"
    path.write_text(GOOD + "policy: {file: policy.yaml}\n")
    with pytest.raises(VQABuilderError) as raised:
        load_spec(path)
    assert told in str(raised.value)
    assert "policy.yaml" in str(raised.value)
