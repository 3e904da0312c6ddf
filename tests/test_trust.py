"""Each line of SECURITY.md about specs: one that came with data decides nothing but what is computed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner

from tests.tiny import write_vqa
from vqa_builder import build, load_spec, plan, registry, reproduce, trust, validate
from vqa_builder.cli import app
from vqa_builder.commands import review
from vqa_builder.errors import ReleaseError, SpecError, UnknownNameError
from vqa_builder.release import manifest, write
from vqa_builder.spec import Plugin, Spec
from vqa_builder.spec_errors import model_at

MINI = {"type": "mini"}
CANARY = "canary-0123456789"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An honest release, and the English data beside it in ``source``."""
    folder = tmp_path_factory.mktemp("original")
    spec = load_spec(write_vqa(folder / "source", languages=["ja"]))
    build(spec, folder / "out", limit=1, workers=1)
    return folder


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Path:
    shutil.copytree(original, tmp_path, dirs_exist_ok=True)
    return tmp_path


def forged(copy: Path, changes: Mapping[str, Any], *, honest_checksum: bool = True) -> Path:
    """The release with another spec in its manifest."""
    release = copy / "out" / "tiny-ja"
    content = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    content["spec"] = {**content["spec"], **changes}
    if honest_checksum:
        manifest.save(release, {name: value for name, value in content.items() if name != "checksum"})
    else:
        (release / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    return release


def openai(**options: Any) -> dict[str, Any]:
    return {"engine": [{"type": "openai", "model": "m", "retries": 0, "stop_after": 1, **options}]}


HOSTILE: list[tuple[str, dict[str, Any], str]] = [
    ("command", {"scores": [{"type": "qe", "command": ["sh", "-c", "touch ran"]}]}, "scores.qe.command"),
    ("command", {"scores": [{"type": "qe", "command": "touch ran"}]}, "scores.qe.command"),
    ("address", {"scores": [{"type": "qe", "url": "http://127.0.0.1:9/"}]}, "scores.qe.url"),
    (
        "address",
        {"scores": [{"type": "judge", "model": "m", "base_url": "http://127.0.0.1:9/v1"}]},
        "scores.judge.base_url",
    ),
    ("address", {"translate": openai(base_url="http://127.0.0.1:9/v1")}, "translate.openai.base_url"),
    ("address", {"translate": openai()}, "translate.openai"),
    ("address", {"translate": openai(images="always")}, "translate.openai.images: always"),
    ("address", {"back_translate": openai()}, "back_translate.openai"),
    ("address", {"translate": {"engine": [{"type": "deep_translator", "provider": "google"}]}}, "google"),
    ("key", {"translate": openai(key_variable="AWS_SECRET_ACCESS_KEY")}, "AWS_SECRET_ACCESS_KEY"),
    ("key", {"scores": [{"type": "qe", "url": "http://127.0.0.1:9/", "key_variable": "HOME"}]}, "HOME"),
    (
        "key",
        {"translate": {"second_opinion": openai(key_variable="HOME")["engine"], "engine": [MINI]}},
        "HOME",
    ),
    (
        "code",
        {"translate": {"engine": [{"type": "transformers", "folder": "m", "trust_remote_code": True}]}},
        "trust_remote_code",
    ),
    ("download", {"translate": {"engine": [{"type": "transformers", "model": "a/b"}]}}, "transformers.model"),
    ("download", {"source": {"type": "hub", "repo": "a/b"}}, "source.repo"),
    ("download", {"scores": [{"type": "similarity", "model": "a/b"}]}, "scores.similarity.model"),
    ("download", {"scores": [{"type": "similarity_forward", "model": "a/b"}]}, "similarity_forward.model"),
    ("file", {"source": {"type": "table", "splits": {"train": ["/etc/passwd"]}}}, "/etc/passwd"),
    ("file", {"source": {"type": "table", "splits": {"train": ["../../secret.csv"]}}}, "../../secret.csv"),
    ("file", {"source": {"type": "table", "splits": {"train": ["/data/a.zip!b.csv"]}}}, "/data/a.zip"),
    ("file", {"source": {"type": "table", "splits": {"train": ["a!/../../secret.csv"]}}}, "a!/../../secret"),
    ("file", {"memory": "/home/user/memory.sqlite"}, "memory: /home"),
    ("file", {"translate": {"engine": [MINI], "glossary": "../{language}.tsv"}}, "translate.glossary"),
    ("file", {"answers": {"vocabulary": {"from": "/etc/shadow"}}}, "answers.vocabulary.from"),
    ("file", {"answers": {"vocabulary": {"size": 3}, "glossary": "/etc/shadow"}}, "answers.glossary"),
    ("file", {"release": {"images": {"file": "../{image_id}.jpg", "folder": ".."}}}, "release.images.folder"),
    ("file", {"scores": [{"type": "langid", "model": "/etc/shadow"}]}, "scores.langid.model"),
    ("file", {"scores": [{"type": "profanity", "lists": {"ja": "/etc/shadow"}}]}, "lists.ja"),
    ("file", {"align": {"type": "neural", "folder": "/models/x"}}, "align.neural.folder"),
    ("file", {"translate": {"engine": [{"type": "memory", "path": "/tmp/x.tmx"}]}}, "translate.memory.path"),
    ("file", {"translate": {"engine": [{"type": "ctranslate2", "model": "/x"}]}}, "ctranslate2.model"),
]


@pytest.mark.parametrize(
    ("kind", "changes", "told"), HOSTILE, ids=[f"{kind} {told}" for kind, _, told in HOSTILE]
)
def test_a_manifest_decides_nothing_but_what_is_computed(
    kind: str,
    changes: dict[str, Any],
    told: str,
    copy: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(copy)
    release = forged(copy, changes)
    with pytest.raises(SpecError) as caught:
        reproduce(release, copy / "again", inputs=copy / "source", workers=1)
    assert "may not decide" in str(caught.value)
    assert trust.KINDS[kind] in str(caught.value)
    assert told in str(caught.value)
    assert f"--allow {kind}" in str(caught.value)
    assert not (copy / "ran").exists()
    assert not (copy / "again").exists()


def test_texts_of_a_release_come_from_the_release_and_no_file_that_a_manifest_names(copy: Path) -> None:
    (copy / "secret.md").write_text("the secret of this machine", encoding="utf-8")
    named = {"card": str(copy / "secret.md"), "changelog": "../secret.md"}
    release = forged(copy, {"release": {"licence": "cc-by-4.0", **named}})
    assert reproduce(release, copy / "again", inputs=copy / "source", workers=1).ok
    written = [path.read_bytes() for path in (copy / "again").rglob("*") if path.is_file()]
    assert written and not any(b"the secret" in content for content in written)


@pytest.mark.parametrize("name", [write.CARD_TEXT_FILE, write.CHANGELOG_FILE, write.SPEC_FILE])
def test_a_link_in_a_release_brings_no_file_of_this_machine_into_the_new_one(copy: Path, name: str) -> None:
    (copy / "secret.md").write_text("the secret of this machine", encoding="utf-8")
    release = copy / "out" / "tiny-ja"
    (release / name).unlink(missing_ok=True)
    (release / name).symlink_to(copy / "secret.md")
    with pytest.raises(ReleaseError, match="not the one that its manifest names"):
        reproduce(release, copy / "again", inputs=copy / "source", workers=1)
    assert not (copy / "again").exists()


@pytest.mark.parametrize("changes", [{}, {"scores": [{"type": "copy"}]}])
def test_a_manifest_whose_checksum_does_not_fit_is_refused(copy: Path, changes: dict[str, Any]) -> None:
    release = forged(copy, {**changes, "name": "tiny"}, honest_checksum=False)
    if not changes:
        assert reproduce(release, copy / "again", inputs=copy / "source", workers=1).ok
        return
    with pytest.raises(ReleaseError, match="changed after it was written"):
        reproduce(release, copy / "again", inputs=copy / "source", workers=1)


def test_a_changed_manifest_is_told_with_what_it_would_decide(copy: Path) -> None:
    release = forged(copy, HOSTILE[0][1], honest_checksum=False)
    with pytest.raises(ReleaseError, match=r"(?s)changed after it was written.*scores\.qe\.command: .*touch"):
        reproduce(release, copy / "again", inputs=copy / "source", workers=1, allow=["command"])


def test_the_name_in_a_manifest_is_that_of_its_spec(copy: Path) -> None:
    release = copy / "out" / "tiny-ja"
    content = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    manifest.save(
        release, {name: value for name, value in content.items() if name != "checksum"} | {"name": "a"}
    )
    before = (release / "manifest.json").read_bytes()
    with pytest.raises(ReleaseError, match="another name"):  # else the original would be replaced
        reproduce(release, copy / "out", inputs=copy / "source", workers=1)
    assert (release / "manifest.json").read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"spec": None}, "spec"),
        ({"spec": [1]}, "spec"),
        ({"spec": {"name": "tiny"}}, "source"),
        ({"inputs": [5]}, "inputs"),
        ({"inputs": [{"path": "questions.json"}]}, "sha256"),
        ({"run": "all"}, "run"),
        ({"run": {"limit": -4}}, "limit"),
        ({"run": {"on_bad_record": "ask"}}, "on_bad_record"),
        ({"source": {"fingerprint": [5]}}, "fingerprint"),
        ({"signatures": ["mini"]}, "signatures"),
        ({"asserted": {"en-ja": 5}}, "asserted"),
    ],
)
def test_a_manifest_of_another_shape_is_refused(copy: Path, changes: dict[str, Any], told: str) -> None:
    release = copy / "out" / "tiny-ja"
    content = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    manifest.save(
        release, {**{name: value for name, value in content.items() if name != "checksum"}, **changes}
    )
    with pytest.raises(ReleaseError, match=f"(is damaged|does not say what)(?s:.)*{told}"):
        reproduce(release, copy / "again", inputs=copy / "source", workers=1)
    assert not (copy / "again").exists()


@pytest.mark.parametrize("changes", [{"memory": "a\0b"}, {"scores": [{"type": "qe", "command": "a\0b"}]}])
def test_what_no_path_can_be_is_refused_in_a_manifest(copy: Path, changes: dict[str, Any]) -> None:
    release = forged(copy, changes)
    with pytest.raises(ReleaseError, match="code 0"):
        reproduce(release, copy / "again", inputs=copy / "source", workers=1, allow=trust.KINDS)


def test_a_backslash_before_u0000_is_text(copy: Path) -> None:
    spec = json.loads((copy / "out" / "tiny-ja" / "manifest.json").read_text(encoding="utf-8"))["spec"]
    release = forged(
        copy, {"release": {**spec["release"], "citation": r"@misc{a, note = {[\u0000-\u00ff]}}"}}
    )
    assert reproduce(release, copy / "again", inputs=copy / "source", workers=1).ok


@pytest.mark.parametrize(
    ("link", "changes"),
    [
        ("data/q.csv", {"source": {"type": "table", "splits": {"train": ["data/*.csv"]}}}),
        ("b!/q.zip", {"source": {"type": "table", "splits": {"train": ["b!/q.zip!q.csv"]}}}),
        ("ja.tsv", {"translate": {"glossary": "{language}.tsv"}}),
        ("pictures/cat.png", {"release": {"images": {"file": "{image_id}", "folder": "pictures"}}}),
    ],
)
def test_a_link_beside_a_foreign_spec_leads_to_no_file_elsewhere(
    tmp_path: Path, link: str, changes: dict[str, Any]
) -> None:
    spec = load_spec(write_vqa(tmp_path / "release", **changes))
    trust.check(spec, (), [tmp_path / "release"])
    (tmp_path / "secret").write_text("the secret of this machine")
    (tmp_path / "release" / link).parent.mkdir(exist_ok=True)
    (tmp_path / "release" / link).symlink_to(tmp_path / "secret")
    with pytest.raises(SpecError, match="read a file outside"):
        trust.check(spec, (), [tmp_path / "release"])
    trust.check(spec, ["file"], [tmp_path / "release"])


def test_a_folder_in_place_of_a_dataset_on_the_hub_is_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    spec = load_spec(write_vqa(tmp_path / "release", source={"type": "hub", "repo": str(tmp_path / "mine")}))
    with pytest.raises(SpecError, match="read a file outside"):
        trust.check(spec, ["download"], [tmp_path / "release"])


def test_weights_that_came_with_a_release_are_code(tmp_path: Path) -> None:
    changes = {"translate": {"engine": {"type": "ctranslate2", "model": "model"}}}
    spec = load_spec(write_vqa(tmp_path / "release", **changes))
    trust.check(spec, (), [tmp_path / "release"])  # a folder that the user named
    (tmp_path / "release" / "manifest.json").write_text("{}")
    with pytest.raises(SpecError, match="weights in a release"):
        trust.check(spec, (), [tmp_path / "release"])


def test_a_key_that_ones_own_spec_sends_to_one_address_goes_to_no_other(tmp_path: Path) -> None:
    def spec(folder: str, *keys: str) -> Spec:
        engines = [
            openai(base_url=f"http://{name}.example", key_variable=key)["engine"]
            for name, key in zip("ab", keys, strict=True)
        ]
        there, back = ({"engine": engine} for engine in engines)
        return load_spec(write_vqa(tmp_path / folder, translate=there, back_translate=back))

    own = spec("own", "KEY_OF_A", "KEY_OF_B")
    trust.check(spec("same", "KEY_OF_A", "KEY_OF_B"), (), [tmp_path / "same"], own)
    with pytest.raises(SpecError, match="KEY_OF_B"):
        trust.check(spec("swapped", "KEY_OF_B", "KEY_OF_A"), (), [tmp_path / "swapped"], own)


def test_a_key_goes_nowhere_because_a_manifest_says_so(
    copy: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.expect_request("/v1/chat/completions").respond_with_json({"choices": []})
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CANARY)
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    for options in ({"key_variable": "AWS_SECRET_ACCESS_KEY"}, {}):
        release = forged(copy, {"translate": openai(base_url=httpserver.url_for("/v1"), **options)})
        with pytest.raises(SpecError):
            reproduce(release, copy / "again", inputs=copy / "source", workers=1)
    with pytest.raises(SpecError, match="AWS_SECRET_ACCESS_KEY"):  # an address is no key
        stolen = openai(base_url="http://127.0.0.1:9", key_variable="AWS_SECRET_ACCESS_KEY")
        forged(copy, {"translate": stolen})
        reproduce(release, copy / "again", inputs=copy / "source", workers=1, allow=["address"])
    assert not httpserver.log


def test_what_is_allowed_by_name_is_done(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(copy)
    shutil.move(copy / "source" / "train_q.json", copy / "elsewhere.json")
    content = yaml.safe_load((copy / "source" / "build.yaml").read_text(encoding="utf-8"))
    content["source"]["splits"]["train"]["questions"] = str(copy / "elsewhere.json")
    release = forged(copy, {"source": content["source"]})
    with pytest.raises(SpecError, match=r"elsewhere\.json"):
        reproduce(release, copy / "again", inputs=copy / "source", workers=1)
    assert reproduce(release, copy / "again", inputs=copy / "source", workers=1, allow=["file"]).ok
    with pytest.raises(UnknownNameError, match="did you mean 'file'"):
        reproduce(release, copy / "more", inputs=copy / "source", workers=1, allow=["files"])


def test_what_a_spec_of_ones_own_says_too_is_done(copy: Path) -> None:
    shutil.move(copy / "source" / "train_q.json", copy / "elsewhere.json")
    own = copy / "source" / "build.yaml"
    content = yaml.safe_load(own.read_text(encoding="utf-8"))
    content["source"]["splits"]["train"]["questions"] = str(copy / "elsewhere.json")
    own.write_text(yaml.safe_dump(content), encoding="utf-8")
    release = forged(copy, {"source": content["source"]})
    done = reproduce(release, copy / "again", inputs=copy / "source", workers=1, own=load_spec(own))
    assert done.ok


@pytest.mark.parametrize(("kind", "changes", "told"), HOSTILE[:10], ids=[told for _, _, told in HOSTILE[:10]])
def test_a_spec_that_came_with_a_release_is_data_too(
    kind: str, changes: dict[str, Any], told: str, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copy)
    path = copy / "out" / "tiny-ja" / "build.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**content, **changes}), encoding="utf-8")
    for command in (validate, plan, build):
        with pytest.raises(SpecError, match="may not decide") as caught:
            command(load_spec(path))
        assert told in str(caught.value)
        assert f"--allow {kind}" in str(caught.value)
    assert not (copy / "ran").exists()


@pytest.mark.parametrize("place", ["examples", "a/b", "linked"])
def test_a_spec_in_a_folder_of_a_release_is_data_too(place: str, copy: Path) -> None:
    release = copy / "out" / "tiny-ja"
    (release / place).parent.mkdir(parents=True, exist_ok=True)
    if place == "linked":
        (copy / "elsewhere").symlink_to(release / "data")
    folder = copy / "elsewhere" if place == "linked" else release / place
    folder.mkdir(exist_ok=True)
    content = yaml.safe_load((release / "build.yaml").read_text(encoding="utf-8"))
    (folder / "build.yaml").write_text(yaml.safe_dump({**content, **HOSTILE[0][1]}), encoding="utf-8")
    for command in (validate, plan, build):
        with pytest.raises(SpecError, match="may not decide"):
            command(load_spec(folder / "build.yaml"))


def test_a_manifest_of_a_web_page_further_up_takes_nobodys_spec_away(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"name": "page", "icons": []}')
    (tmp_path / "elsewhere").mkdir()
    path = write_vqa(tmp_path / "source", memory=str(tmp_path / "elsewhere" / "memory.sqlite"))
    assert validate(load_spec(path))


def test_people_review_no_memory_that_such_a_spec_names(copy: Path) -> None:
    path = copy / "out" / "tiny-ja" / "build.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**content, "memory": "../../mine.sqlite"}), encoding="utf-8")
    ended = CliRunner().invoke(app, ["review", "export", str(path), "--out", str(copy / "sheet.csv")])
    assert isinstance(ended.exception, SpecError) and "mine.sqlite" in str(ended.exception)
    with pytest.raises(SpecError, match=r"mine\.sqlite"):
        review._memory(path, None, copy / "out")
    assert not (copy / "mine.sqlite").exists()


def test_a_policy_file_elsewhere_is_not_read_for_a_spec_that_came_with_a_release(copy: Path) -> None:
    (copy / "policy.yaml").write_text("chrf: {min: 3}\n")
    path = copy / "out" / "tiny-ja" / "build.yaml"
    with path.open("a", encoding="utf-8") as file:
        file.write("policy: {file: ../../policy.yaml}\n")
    with pytest.raises(SpecError, match="may not read a policy elsewhere"):
        load_spec(path)


def test_ones_own_spec_decides_everything(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    path = write_vqa(tmp_path / "source", memory=str(tmp_path / "elsewhere" / "memory.sqlite"))
    assert validate(load_spec(path))


SAFE = {
    "columns",
    "separator",
    "format",
    "delimiter",
    "quote",
    "escape",
    "config",
    "revision",
    "splits",
    "split_column",
    "fields",
    "rename",
    "on_bad_string",
    "region",
    "tokenizer",
    "source_prefix",
    "source_suffix",
    "target_prefix",
    "prefix",
    "codes",
    "directions",
    "device",
    "devices",
    "dtype",
    "compute_type",
    "licence",
    "model",
    "provider",
    "json_mode",
    "style",
    "extra",
    "engine",
    "labels",
    "signature",
    "roles",
    "ignore",
    "encoding",
    "key",
}
"""Options that hold text and decide nothing; ``model`` is a download where ``trust`` says so."""


def paths_of(model: type[BaseModel], before: str = "") -> Iterator[str]:
    """The places of a spec that hold a path."""
    for name, field in model.model_fields.items():
        place = before + (field.alias or name)
        inner = model_at(model, [field.alias or name])
        if "Path" in str(field.annotation) and not field.exclude:
            yield place
        elif inner and not issubclass(inner, Plugin):
            yield from paths_of(inner, f"{place}.")


def test_every_path_of_a_spec_is_thought_of() -> None:
    told = " ".join(words for kind, _, words in HOSTILE if kind == "file")
    by_hand = dict.fromkeys(("release.changelog", "release.card"), "it is the release's own, or none")
    places = [place for place in paths_of(Spec) if not place.startswith(("back_translate", "source"))]
    assert {"memory", "release.card", "answers.vocabulary.from"} <= set(places)
    for place in places:
        assert place in told or place in by_hand, place


def test_every_option_that_holds_text_is_a_path_or_has_been_thought_of() -> None:
    for kind in ("sources", "engines", "scorers", "aligners"):
        for name in registry.names(kind):
            for option, field in registry.find(kind, name).Options.model_fields.items():
                holds = str(field.annotation)
                if "str" in holds and "Path" not in holds and "Columns" not in holds:
                    known = option in SAFE or option in trust.BY_OPTION or option == trust.DOWNLOADS.get(name)
                    assert known, f"{kind} {name}.{option}: does it run, load, send or read anything?"
