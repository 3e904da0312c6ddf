"""Whether this machine has what builds need: packages, GPU, disk, keys, a sound memory and a sound cache."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from vqa_builder import registry
from vqa_builder.errors import VQABuilderError
from vqa_builder.steps.build_context import MEMORY_FILE, WORK_FOLDER
from vqa_builder.version import __version__

LITTLE_DISK = 5 << 30
ADDRESSES = {"hub": "https://huggingface.co", "openai": "https://api.openai.com"}
SECONDS = 5.0
_EXTRA = re.compile(r"""([A-Za-z0-9._-]+).*;.*extra\s*==\s*['"]([^'"]+)['"]""")


class Finding(NamedTuple):
    """What was looked at.

    Attributes:
        mark: ``ok``, ``note`` for what some builds need and is not there, ``broken``.
        name: what was looked at.
        detail: what was found, and what to do.
    """

    mark: str
    name: str
    detail: str


def examine(out: Path, *, online: bool = False) -> list[Finding]:
    """Look at everything; nothing is changed, no key is shown, and nothing is sent unless asked.

    Args:
        out: the folder of the releases, whose ``.vqa-builder`` holds memory and cache.
        online: ask the hub and the endpoint of OpenAI whether they can be reached.

    >>> examine(Path("nowhere"))[0].name
    'python'
    """
    found = [
        Finding("ok", "python", f"{platform.python_version()}, vqa-builder {__version__}"),
        Finding("ok", "machine", f"{os.cpu_count()} cores, {_memory()}, {platform.system()}"),
        *_extras(),
        _gpu(),
        _disk(out),
        *_keys(os.environ),
        _translation_memory(out / WORK_FOLDER / MEMORY_FILE),
        _cache(out / WORK_FOLDER),
    ]
    return [*found, *_reachable()] if online else found


def signatures() -> list[str]:
    """The rules, scores and models in force, for ``--version``."""
    from vqa_builder import languages
    from vqa_builder.metrics import vqa_accuracy
    from vqa_builder.quality import policy
    from vqa_builder.translation.engines.mini import Mini

    rules = [languages.get(code).signature for code in registry.names("languages")]
    versions = [f"policy|version:{policy.VERSION}", f"metric:vqa_accuracy|version:{vqa_accuracy.VERSION}"]
    with Mini(Mini.Options()) as mini:
        return [*rules, *versions, mini.signature]


def _memory() -> str:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return "memory unknown"
    return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 1e9:.0f} GB of memory"


def _extras() -> Iterator[Finding]:
    """Each extra: there, or what is missing and how to get it."""
    try:
        stated = metadata.distribution("vqa-builder").requires or []
    except metadata.PackageNotFoundError:
        yield Finding("note", "installation", "a checkout on the path; pip install -e . names its extras")
        return
    needed: dict[str, list[str]] = defaultdict(list)
    for requirement in stated:
        if match := _EXTRA.match(requirement):
            needed[match[2]].append(match[1])
    for extra, packages in sorted(needed.items()):
        missing = [name for name in packages if name != "vqa-builder" and not _installed(name)]
        if missing:
            detail = f"without {', '.join(missing)}: pip install 'vqa-builder[{extra}]'"
            yield Finding("note", f"extra {extra}", detail)
        else:
            yield Finding("ok", f"extra {extra}", "installed")


def _installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _gpu() -> Finding:
    import ctranslate2

    count = ctranslate2.get_cuda_device_count()
    return Finding("ok", "gpu", f"{count} for CTranslate2") if count else Finding("note", "gpu", "none found")


def _disk(out: Path) -> Finding:
    folder = next(each for each in (out.absolute(), *out.absolute().parents) if each.exists())
    free = shutil.disk_usage(folder).free
    detail = f"{free / 1e9:.1f} GB free at {folder}"
    if free < LITTLE_DISK:
        return Finding("note", "disk", f"{detail}; a build of VQA v2 needs some gigabytes")
    return Finding("ok", "disk", detail)


def _keys(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Which keys are set; never what they are."""
    from huggingface_hub import get_token

    hub = "set" if get_token() else "not set; publish needs it: hf auth login, or HF_TOKEN"
    yield Finding("ok" if hub == "set" else "note", "token of the hub", hub)
    engines = [registry.find("engines", name) for name in registry.names("engines")]
    pages = [page for engine in engines for page in (engine.page, *engine.services.values())]
    for name in dict.fromkeys(key for page in pages for key in page.keys):
        yield Finding("ok", name, "set") if environment.get(name) else Finding("note", name, "not set")


def _translation_memory(path: Path) -> Finding:
    from vqa_builder.translation.memory import TranslationMemory

    if not path.is_file():
        return Finding("note", "memory", f"none at {path}; the first build makes it")
    try:
        with TranslationMemory(path) as memory:
            entries = sum(1 for _ in memory.entries())
    except VQABuilderError as error:
        return Finding(
            "broken", "memory", f"{path}: {error.problem}; vqa-builder memory repair saves the rest"
        )
    return Finding("ok", "memory", f"{path}: {entries:,} entries, every checksum right")


def _cache(folder: Path) -> Finding:
    from vqa_builder.store import read_table

    tables = sorted(folder.rglob("*.arrow"))
    damaged = []
    for path in tables:
        try:
            read_table(path)
        except VQABuilderError:
            damaged.append(path.name)
    if damaged:
        detail = f"{len(damaged)} damaged tables, which the next build makes anew: {', '.join(damaged[:3])}"
        return Finding("note", "cache", detail)
    size = sum(path.stat().st_size for path in tables)
    return Finding("ok", "cache", f"{len(tables)} tables of steps, {size / 1e6:.1f} MB, every checksum right")


def _reachable() -> Iterator[Finding]:
    import httpx

    for name, address in ADDRESSES.items():
        address = os.environ.get("HF_ENDPOINT", address) if name == "hub" else address
        try:
            status = httpx.head(address, timeout=SECONDS, follow_redirects=False).status_code
            yield Finding("ok", f"reach {name}", f"{address} answers ({status})")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            yield Finding("note", f"reach {name}", f"{address}: {type(error).__name__}")


def broken(findings: list[Finding]) -> bool:
    """Whether anything must be mended before a build."""
    return any(finding.mark == "broken" for finding in findings)
