"""A spec is read whole or refused with file, line, expected and found."""

from pathlib import Path

import pytest

from tests.specs import SHORTEST, parse
from vqa_builder.errors import VQABuilderError
from vqa_builder.spec_file import load_spec


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("languages: [ja, hi]", "langauges: [ja]"), ["Unknown key: langauges", "build.yaml:2"]),
        (("name: vqa\n", ""), ["A required key is missing: name"]),
        (("name: vqa", "name: Not A Name!"), ["name", "build.yaml:1", "'Not A Name!'"]),
        (("name: vqa", f"name: {'x' * 81}"), ["name", "build.yaml:1", "at most 80"]),
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
        parse(SHORTEST.replace(*change))
    for words in told:
        assert words in str(caught.value)


def test_a_spec_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(VQABuilderError, match="There is no such spec"):
        load_spec(tmp_path / "build.yaml")
    (tmp_path / "build.yaml").touch()
    with pytest.raises(VQABuilderError, match=r"There is no such spec(.|\n)*did you mean .*build.yaml\?"):
        load_spec(tmp_path / "build.yml")


def test_a_policy_file_stands_in_the_place_of_its_rules(tmp_path: Path) -> None:
    rules = "chrf: {min: 40}\nlanguages: {ja: {copy: reject, chrf: {min: 50}}, hi: strict}\n"
    (tmp_path / "policy.yaml").write_text(rules)
    path = tmp_path / "build.yaml"
    path.write_text(SHORTEST + "policy: {file: policy.yaml, langid: {min: 0.3}}\n")
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
        (None, "There is no such policy file"),
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
    path.write_text(SHORTEST + "policy: {file: policy.yaml}\n")
    with pytest.raises(VQABuilderError) as raised:
        load_spec(path)
    assert told in str(raised.value)
    assert "policy.yaml" in str(raised.value)
