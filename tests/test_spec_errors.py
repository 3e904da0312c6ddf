"""What is wrong with a spec is told in its own words, with line and what is meant; never in pydantic's."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable

import pytest
import yaml
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.specs import SHORTEST, parse
from vqa_builder.errors import VQABuilderError
from vqa_builder.spec import Spec
from vqa_builder.spec_errors import keys_of
from vqa_builder.steps.judging import policy_of

OF_PYDANTIC = re.compile(r"Extra inputs|Input should|required$|pydantic|Value error|type=|\[key\]|unable")

FAULTS: list[tuple[str, list[str]]] = [
    ("a[b](c): 1", ["Unknown key: a[b](c)", "build.yaml:7"]),
    ("'': 1", ["Unknown key"]),
    ("scoers: [chrf]", ["Unknown key: scoers", "build.yaml:7", "did you mean 'scores'?", "answers, release"]),
    ("release: {licens: mit}", ["Unknown key: release.licens", "did you mean 'licence'?", "repo, licence"]),
    (
        "release:\n  repo: a/b\n  sources:\n  - {nam: VQA}",
        ["release.sources[0].nam", ":10", "'name'?"],
    ),
    ("translate: {engine: {type: mini, thread: 2}}", ["translate.engine[0].thread", ":7", "'threads'?"]),
    (
        "translate:\n  engine:\n  - type: mini\n  - type: mni",
        ["engine 'mni'", ":10", "'mini'?"],
    ),
    ("translate: {engine: {type: mini, price: {per_page: 1}}}", ["price.per_page", "per_million_characters"]),
    ("translate: {engine: mini}", ["a mapping, such as {key: value}", "'mini'"]),
    ("translate: {batch_size: 0}", ["translate.batch_size", "1 or more", "found:    0"]),
    ("translate: {batch_size: many}", ["a whole number", "'many'"]),
    ("translate: {batch_size: .inf}", ["translate.batch_size", "a finite number", "inf"]),
    ("translate: {protect: [number]}", ["translate.protect[0]", "did you mean 'numbers'?"]),
    ("translate: {answers: {context: automatic}}", ["'auto' or 'none'", "did you mean 'auto'?"]),
    ("translate: {best_of: [{type: mini}]}", ["translate.best_of", "2 or more entries"]),
    ("scores: []", ["scores", "1 or more entries"]),
    (
        "scores:\n- chrf\n- langid: {modle: lid.bin}",
        ["scores[1].modle", "build.yaml:9", "'model'?"],
    ),
    ("scores: [bleurt]", ["Unknown scorer 'bleurt'", "build.yaml:7", "chrf, chrfpp"]),
    ("scores: chrf", ["scores", "a list", "write [chrf]"]),
    ("align: {type: statistic}", ["Unknown aligner 'statistic'", "did you mean 'statistical'?"]),
    ("policy: [chrf]", ["policy", "text or a mapping"]),
    ("answers: {vocabulary: {size: 3, min_count: 9}}", ["answers.vocabulary", "exactly one of from, size"]),
    (
        "answers: {vocabulary: {form: a.json}}",
        ["vocabulary.form", "from, size, min_count", "'from'?"],
    ),
    ("release: {version: 1.0}", ["release.version", "text", "1.0"]),
    ("release: {version: first}", ["release.version", "a semantic version, such as 1.0.0"]),
    ("release: {date: 2024-02-30}", ["release.date", "a date, such as 2026-11-30", "'2024-02-30'"]),
    ("release: {date: soon}", ["release.date", "a date, such as 2026-11-30"]),
    ("release: {sources: VQA}", ["release.sources", "a list"]),
    ("release: null", ["release", "a mapping"]),
    ("budget: {money: -1}", ["budget.money", "0 or more"]),
    ("budget: {}", ["budget", "give characters, money or both"]),
    ("? [a, b]\n: c", ["not valid YAML", "a key must be text", "line 7"]),
    ("? {a: b}\n: c", ["a key must be text"]),
    ("policy: " + "[" * 2000 + "]" * 2000, ["nested more than 30 levels deep", "line 7"]),
    ("policy: " + "{a: " * 31 + "1" + "}" * 31, ["nested more than 30 levels deep"]),
    ("policy: &a {b: *a}", ["an alias stands within what it names"]),
    ("policy: {a: 1, b: {c: 2, c: 3}}", ["'c' is given twice"]),
    ("release: {date: !!timestamp 2024-02-30}", ["not valid YAML"]),
    ("release: {repo: !!python/name:os.system x}", ["not valid YAML"]),
    ("budget: {characters: 1" + "0" * 5000 + "}", ["budget.characters", "a finite number"]),
    ("name2: \u0007", ["not valid YAML"]),
    ("align: !!bool maybe", ["not valid YAML", "build.yaml:7", "no value of the kind bool: 'maybe'"]),
    ("align: !!timestamp x", ["build.yaml:7", "no value of the kind timestamp"]),
    ("align: !!int {a: 1}", ["build.yaml:7", "no value of the kind int"]),
    ('align: "\\ud83d"', ["build.yaml:7", "surrogates not allowed"]),
]

FAULTS += [
    (
        "translate: {engine: {type: openai, model: m, api_key: sk-4242}}",
        ["api_key", "never belongs in the spec"],
    ),
    ("engine: {type: openai, api_key: sk-4242}", ["Unknown key: engine", "it belongs under translate"]),
    ("translate: {type: mini}", ["Unknown key: translate.type", "it belongs under translate.engine"]),
    ("translate: {engine: {name: mini}}", ["is it meant by 'name'?"]),
    ("translate: {engine: {type: google}}", ["Unknown engine 'google'", "did you mean 'deep_translator'?"]),
    ("translate: {engine: {type: gpt-4o}}", ["did you mean 'openai'?"]),
    ("translate: {engine: {type: nllb-200}}", ["did you mean 'ctranslate2'?"]),
    (
        "translate: {engine: {type: openai}}",
        ["key is missing: translate.engine[0].model", "name of the model"],
    ),
    ("translate: {second_opinion: mini}", ["translate.second_opinion[0]", "write {type: mini}"]),
    ("align: statistical", ["align", "write {type: statistical}"]),
    ("scores: [comet]", ["Unknown scorer 'comet'", "did you mean 'qe'?"]),
    ("answers: {min_count: 9}", ["it belongs under answers.vocabulary"]),
    ("answers: {vocabulary: 3129}", ["answers.vocabulary", "write {size: 3129}"]),
    ("answers: {vocabulary: answers.json}", ["write {from: answers.json}"]),
    ('answers: {modes: {"what (": copy}}', ["answers.modes", "a regular expression", "position 5"]),
    ("release: {images: images/}", ["release.images", "write {folder: images/}"]),
    ("release: {sources: [VQA v2]}", ["release.sources[0]", "write {name: VQA v2}"]),
    ("release: {repo: vqa-ja}", ["release.repo", "org/name on the hub"]),
    ('release: {repo: "org/vqa-{lang}"}', ["release.repo", "{language}"]),
    (
        'release: {repo: "https://huggingface.co/datasets/org/vqa-ja"}',
        ["release.repo", "org/name on the hub"],
    ),
    ("name2:vqa", ["not valid YAML", "build.yaml:8"]),
    ("name2: a: b", ["build.yaml:7", "mapping values are not allowed", "a space behind each colon"]),
    ("release:\n\trepo: a/b", ["build.yaml:8", "indent with spaces"]),
    ("scores: [chrf", ["not valid YAML", "close the bracket"]),
]

POLICIES: list[tuple[str, list[str]]] = [
    ("balance", ["Unknown policy preset 'balance'", "line 7", "did you mean 'balanced'?"]),
    ("off", ["Unknown policy preset 'off'", "policy: {} rejects nothing"]),
    ("{chrf: off}", ["policy.chrf (line 7", "off changes a preset"]),
    ("{chrf: 40}", ["policy.chrf", "write {min: 40} or {max: 40}"]),
    ("{chrf: {minimum: 40}}", ["policy.chrf", "did you mean 'min'"]),
    ('{chrf: {min: "40%"}}', ["policy.chrf", "give a number for min"]),
    ("{chrf: {min: 40, max: 30}}", ["min 40 lies above max 30"]),
    ("{chrf: {keep: 90}}", ["policy.chrf", "1.0 or less"]),
    ("{chrf: {min: .nan}}", ["a finite number"]),
    ("{keep: 0.9}", ["policy.keep", "put it under a score"]),
    ("{copy: rejct}", ["policy.copy", "did you mean 'reject'?"]),
    ("{copy: [1]}", ["policy.copy", "reject"]),
    ("{missing: kep}", ["policy.missing", "did you mean 'keep'?"]),
    ("{chrff: {min: 4}}", ["Unknown score column 'chrff'", "line 7", "did you mean 'chrf'?"]),
    ("{similarity: {min: 0.5}}", ["policy.similarity", "name it under scores"]),
    ("\n  chrf: {min: 140}", ["outside the range", "policy.chrf (line 8", "0 to 100", "min: 140"]),
    ("{langid: {min: 50}}", ["0 to 1", "write {min: 0.5}"]),
    ("{answers: {chrf: {max: -1}}}", ["policy.answers.chrf", "max: -1"]),
    ("{languages: {jp: strict}}", ["Unknown language of this spec 'jp'", "policy.languages.jp", "hi, ja"]),
]

INSTEAD: list[tuple[str, str, list[str]]] = [
    ("languages: [ja, hi]", "languages: ja", ["languages", "build.yaml:2", "a list", "write [ja]"]),
    ("[ja, hi]", "[ja, jp]", ["Unknown language 'jp'", "build.yaml:2", "did you mean 'ja'?"]),
    ("[ja, hi]", "[JA]", ["Unknown language 'JA'", "did you mean 'ja'?"]),
    ("[ja, hi]", "[hin]", ["did you mean 'hi'?"]),
    ("[ja, hi]", "[zh-Hans]", ["did you mean 'zh'?"]),
    ("[ja, hi]", "[ja, 3]", ["languages[1]", "text", "found:    3"]),
    ("[ja, hi]", "[xx]", ["Unknown language 'xx'"]),
    (
        "train:",
        "val:",
        ["source.splits.val", "'train', 'validation' or 'test'", "mean 'validation'?"],
    ),
    ("vqa_json", "vqa-json", ["Unknown source 'vqa-json'", "did you mean 'vqa_json'?"]),
    ("train:", "dev:", ["source.splits.dev", "did you mean 'validation'?"]),
    ("vqa_json", "csv", ["Unknown source 'csv'", "did you mean 'table'?"]),
    ("vqa_json", "huggingface", ["did you mean 'hub'?"]),
    ("vqa_json", "vqav2", ["did you mean 'vqa_json'?"]),
    (SHORTEST, "{}", ["key is missing: name", "languages, source too"]),
    (SHORTEST, SHORTEST + SHORTEST, ["build.yaml:7", "the key 'name' is given twice"]),
    ("[ja, hi]", "[ja, hi", ["build.yaml:3", "close the bracket"]),
    ("type: vqa_json", "typ: vqa_json", ["key is missing: source.type", "is it meant by 'typ'?"]),
]


@pytest.mark.parametrize(("added", "told"), FAULTS, ids=[added[:40] for added, _ in FAULTS])
def test_what_is_added_wrongly_is_told(added: str, told: list[str]) -> None:
    check(SHORTEST + added + "\n", told)


@pytest.mark.parametrize(("there", "instead", "told"), INSTEAD, ids=[instead for _, instead, _ in INSTEAD])
def test_what_is_changed_wrongly_is_told(there: str, instead: str, told: list[str]) -> None:
    assert there in SHORTEST
    check(SHORTEST.replace(there, instead), told)


@pytest.mark.parametrize(("policy", "told"), POLICIES, ids=[policy for policy, _ in POLICIES])
def test_a_wrong_policy_is_told(policy: str, told: list[str]) -> None:
    check(f"{SHORTEST}policy: {policy}\n", told, lambda text: policy_of(parse(text), "ja"))


def check(text: str, told: list[str], read: Callable[[str], object] = parse) -> None:
    with pytest.raises(VQABuilderError) as caught:
        read(text)
    assert "sk-4242" not in str(caught.value)
    for words in told:
        assert words in str(caught.value)
    assert not OF_PYDANTIC.search(str(caught.value)), str(caught.value)
    assert len(str(caught.value)) < 2000


def test_words_are_read_as_yaml_1_2_has_them() -> None:
    spec = parse(SHORTEST.replace("[ja, hi]", "[no]") + "policy: {chrf: off}\nrelease: {date: 2026-11-30}\n")
    assert spec.languages == ("no",)
    assert spec.policy == {"chrf": "off"}
    assert spec.release.date is not None and spec.release.date.isoformat() == "2026-11-30"


def test_license_is_licence_and_an_alias_may_be_named_twice() -> None:
    text = SHORTEST + "translate: {engine: &mini {type: mini}}\nback_translate: {engine: *mini}\n"
    spec = parse(text + "release:\n  license: mit\n  sources: [{name: VQA, license: cc-by-4.0}]\n")
    assert spec.release.licence == "mit"
    assert spec.release.sources[0].licence == "cc-by-4.0"
    assert spec.back_translation.engine == spec.translate.engine


def test_no_text_holds_what_no_path_can() -> None:
    check(SHORTEST + 'memory: "a\\0b"\n', ["build.yaml:", "a character with the code 0"])


@pytest.mark.parametrize("kind", ["openai, model: m", "deep_translator, provider: libre"])
def test_an_address_to_which_paths_are_added_holds_no_key(kind: str) -> None:
    engine = f"{{type: {kind}, base_url: 'http://127.0.0.1/v1?key=x'}}"
    check(f"{SHORTEST}translate: {{engine: {engine}}}\n", ["base_url", "must end with its path"])


def test_many_aliases_of_aliases_are_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    check(SHORTEST + "\n".join(lines) + "\n", ["more than 100,000 values"])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "engine", "min", "from"]) | st.text(max_size=4), inner)
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(key=st.sampled_from(sorted(set(keys_of(Spec)) - {"text", "folder"})), value=VALUES)
def test_any_value_anywhere_is_read_or_refused_in_our_words(key: str, value: object) -> None:
    content = {**yaml.safe_load(SHORTEST), key: value}
    try:
        parse(yaml.safe_dump(content, allow_unicode=True))
    except VQABuilderError as error:
        assert not OF_PYDANTIC.search(str(error))


@settings(max_examples=400, deadline=None)
@given(at=st.integers(0, len(SHORTEST)), length=st.integers(0, 20), instead=st.text(max_size=12))
def test_any_text_is_read_or_refused(at: int, length: int, instead: str) -> None:
    with contextlib.suppress(VQABuilderError):
        parse(SHORTEST[:at] + instead + SHORTEST[at + length :])
