"""Plug-ins found by name: a file in the right room, or an entry point of another package.

A plug-in named ``chrf`` of kind ``scorers`` is the class with ``name = "chrf"`` in
``vqa_builder/quality/scorers/chrf.py``. Other packages add theirs through an entry point of the group
``vqa_builder.scorers``, whose name is the plug-in's and whose value points at the class.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from vqa_builder.errors import UnknownNameError

ROOMS = {
    "languages": "vqa_builder.languages",
    "sources": "vqa_builder.sources",
    "engines": "vqa_builder.translation.engines",
    "scorers": "vqa_builder.quality.scorers",
    "aligners": "vqa_builder.translation.aligners",
}


def names(kind: str) -> list[str]:
    """The known plug-ins of one kind, sorted; imports none of them.

    >>> "chrf" in names("scorers")
    True
    """
    return sorted({*_files(kind), *_entry_points(kind)})


@cache
def find(kind: str, name: str) -> type[Any]:
    """The class of one plug-in.

    Raises:
        UnknownNameError: no file and no entry point has this name; the message lists those that exist.
    """
    if name in _files(kind):
        module = importlib.import_module(f"{ROOMS[kind]}.{name}")
        for member in vars(module).values():
            if inspect.isclass(member) and member.__module__ == module.__name__ and _is_named(member, name):
                return member
        raise TypeError(f"{module.__name__} defines no class with name = {name!r}")
    if name in _entry_points(kind):
        loaded: type[Any] = _entry_points(kind)[name].load()
        return loaded
    meant = next((each for each, others in _MEANT.get(kind, {}).items() if _is_meant(name, others)), None)
    raise UnknownNameError(kind.removesuffix("s"), name, names(kind), nearest=meant)


_MEANT = {
    "sources": {
        "table": "csv tsv json jsonl ndjson parquet arrow excel xlsx file files pandas",
        "hub": "huggingface hf dataset datasets",
        "vqa_json": "vqa vqa2 vqav1 vqav2 vqa_v1 vqa_v2 coco okvqa ok_vqa vizwiz textvqa",
        "multiple_choice": "scienceqa science_qa ai2d mmbench mmmu arc mcq",
        "llava": "conversations sharegpt onevision",
        "finevision": "cauldron the_cauldron",
    },
    "engines": {
        "deep_translator": "google* deepl microsoft bing azure mymemory libre baidu papago yandex",
        "openai": "gpt* chatgpt llm vllm sglang ollama llama* claude* anthropic gemini* qwen* azure_openai",
        "ctranslate2": "nllb* ct2 marian* opus* madlad* m2m*",
        "transformers": "huggingface hf indictrans* mbart* seamless*",
    },
    "scorers": {
        "qe": "comet* xcomet*",
        "similarity": "sbert bertscore labse cosine",
        "langid": "lid language",
    },
}
"""Kind -> plug-in -> names by which people look for it."""


def _is_meant(name: str, others: str) -> bool:
    form = name.lower().replace("-", "_")
    return any(fnmatchcase(form, other) for other in others.split())


def package_of(kind: str, name: str) -> str | None:
    """The package of another distribution that a plug-in's file lies in; None for those of this one.

    >>> package_of("languages", "ja") is None
    True
    """
    point = _entry_points(kind).get(name)
    return point.module.rpartition(".")[0] if point else None


def _is_named(member: type[Any], name: str) -> bool:
    return bool(vars(member).get("name") == name)


@cache
def _files(kind: str) -> frozenset[str]:
    package = importlib.import_module(ROOMS[kind])
    found = (module.name for module in pkgutil.iter_modules(package.__path__) if not module.ispkg)
    return frozenset(name for name in found if name != "base" and not name.startswith("_"))


@cache
def _entry_points(kind: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"vqa_builder.{kind}")}
