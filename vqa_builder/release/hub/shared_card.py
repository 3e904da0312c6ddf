"""One repository for several languages: each release in a folder of its language, one card over all of them.

The configs of a language are ``ja``, ``ja-rejected`` and ``ja-answers``. The card at the root holds what
the hub and ``load_dataset`` read; the card of each release stays in its folder, for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from vqa_builder.errors import ReleaseError
from vqa_builder.languages.base import known_languages
from vqa_builder.release.contents import FOLDERS
from vqa_builder.release.manifest import Manifest

FRONT_MATTER = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)
NAMED_LISTS = ("configs", "dataset_info")
INTRODUCTION = (
    "Visual question answering data in several languages, translated by machine from English. Every language"
    " has a folder with its own card, which says how it was made, and these configs:"
)


def config_names(found: Manifest, as_config: bool) -> dict[str, str]:
    """Config of a release -> its name in the repository.

    A release that has the repository to itself keeps ``default``, ``rejected`` and ``answers``.
    """
    if not as_config:
        return {config: config for config in FOLDERS}
    return {
        config: found.language if config == "default" else f"{found.language}-{config}" for config in FOLDERS
    }


def merged_card(old: str, own: str, found: Manifest) -> str:
    """The card at the root, with one release put in, or put in place of its predecessor.

    Args:
        old: the card that is there, with the configs of other languages; empty if there is none.
        own: the release's card.
        found: the release's manifest.

    Raises:
        ReleaseError: the card that is there has front matter that is no YAML.
    """
    names = config_names(found, as_config=True)
    before, new = _front_matter(old), _front_matter(own)
    merged = {key: _merged(before.get(key), value) for key, value in new.items() if key not in NAMED_LISTS}
    merged["pretty_name"] = found.name.removesuffix(f"-{found.language}")
    merged["language"] = sorted(merged["language"], key=lambda code: (code == "en", code))
    for key in NAMED_LISTS:
        others = [entry for entry in before.get(key) or [] if _is_of_another(entry, names.values())]
        ours = [_renamed(entry, names, found.language) for entry in new[key]]
        merged[key] = sorted([*others, *ours], key=lambda entry: str(entry["config_name"]))
    text = yaml.safe_dump(merged, sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{text}---\n\n{_page(merged)}"


def _front_matter(text: str) -> dict[str, Any]:
    match = FRONT_MATTER.match(text)
    if not match:
        return {}
    try:
        read = yaml.safe_load(match[1])
    except yaml.YAMLError as error:
        raise ReleaseError("The card that is there cannot be read", where="README.md", found=error) from None
    return read if isinstance(read, dict) else {}


def _is_of_another(entry: Mapping[str, Any], ours: Iterable[str]) -> bool:
    """Whether a config belongs to another language; a repository of one release leaves no config behind."""
    return entry.get("config_name") not in {*ours, *FOLDERS}


def _renamed(entry: Mapping[str, Any], names: Mapping[str, str], language: str) -> dict[str, Any]:
    changed = {key: value for key, value in entry.items() if key != "default"}
    changed["config_name"] = names[entry["config_name"]]
    if "data_files" in changed:
        changed["data_files"] = [
            {**file, "path": f"{language}/{file['path']}"} for file in entry["data_files"]
        ]
    return changed


def _merged(before: Any, new: Any) -> Any:
    """Lists are joined; of two different values both stay."""
    if before is None or before == new:
        return new
    listed = [value if isinstance(value, list) else [value] for value in (before, new)]
    joined = list(dict.fromkeys([*listed[0], *listed[1]]))
    return joined if len(joined) > 1 or isinstance(new, list) else joined[0]


def _page(merged: Mapping[str, Any]) -> str:
    rows = []
    for entry in merged["dataset_info"]:
        name = entry["config_name"]
        code = name.split("-")[0]
        splits = ", ".join(f"{split['name']} {split['num_examples']:,}" for split in entry["splits"])
        language = known_languages()[code][0] if code in known_languages() else code
        rows.append(f"| `{name}` | {language} | {splits} | [{code}/README.md]({code}/README.md) |")
    table = ["| config | language | rows | card |", "|---|---|---|---|", *rows]
    return "\n".join([f"# {merged['pretty_name']}", "", INTRODUCTION, "", *table, ""])
