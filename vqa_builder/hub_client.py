"""The client of the hub, which by itself waits for ever where a hub says nothing; datasets that it opens."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from vqa_builder.errors import SourceError, shown
from vqa_builder.named_files import read_text

SILENCE_SECONDS = 120.0
"""How long a hub may say nothing before a request is given up, and made again where that does no harm."""

MOST_VALUES = 1_000_000
"""In the card of a dataset, with aliases written out; a thousand configurations have some ten thousand."""


def end_silence() -> None:
    """Have requests of huggingface_hub fail after ``SILENCE_SECONDS`` in which nothing is sent or received.

    Its session is the one of this process; where it is made anew, as after a failed connection, this has to
    be called again. Versions before 1.0 pass it over.
    """
    from huggingface_hub.utils import get_session  # type: ignore[attr-defined]

    session: Any = get_session()
    hooks = getattr(session, "event_hooks", {}).get("request")
    if hooks is not None and _limit not in hooks:
        session.event_hooks = {**session.event_hooks, "request": [*hooks, _limit]}


def dataset_builder(source: str, config: str | None = None, **options: Any) -> Any:
    """What ``datasets`` loads a dataset with, all of whose files lie in it.

    The card of a dataset names its files, and might name any file of this machine, or any address.

    Args:
        source: a folder, or a repository on the hub.
        config: its configuration; None for the default one.
        **options: for ``datasets.load_dataset_builder``.

    Raises:
        SourceError: the dataset names files elsewhere.
    """
    import datasets

    folder = Path(source).resolve() if Path(source).is_dir() else None
    if folder:
        _refuse([name for name in _in_card(folder) if _leads_out(name)], source)
    builder = datasets.load_dataset_builder(source, config, **options)
    inside = f"{folder.as_posix()}/" if folder else f"hf://datasets/{source}@"
    files = [file for files in (builder.config.data_files or {}).values() for file in files]
    _refuse([file for file in files if not file.rpartition("::")[2].startswith(inside)], source)
    return builder


def _in_card(folder: Path) -> Iterator[str]:
    """The files and folders that the card of a dataset in a folder names."""
    for content in (_stated(folder / "README.md"), _stated(folder / ".huggingface.yaml")):
        for config in (content.get("configs") or []) if isinstance(content, dict) else []:
            if isinstance(config, dict):
                yield from _texts([config.get("data_files"), config.get("data_dir")])


def _stated(path: Path) -> Any:
    """What a file says in YAML, a page in its front matter; None where there is no such file."""
    if not path.exists():
        return None
    stated, problem = _parsed(read_text(path, "card of a dataset", SourceError), path.suffix == ".md")
    if problem:
        raise SourceError(
            "The card of a dataset cannot be read",
            where=path,
            expected="YAML",
            found=problem,
            remedy="correct it",
        )
    return stated


@lru_cache(maxsize=2)  # a release's card is asked for each of its configurations
def _parsed(text: str, page: bool) -> tuple[Any, str]:
    """A card's content, or what is wrong with it."""
    import yaml
    from huggingface_hub import DatasetCard

    try:
        stated = vars(DatasetCard(text).data) if page else yaml.safe_load(text)
        if sum(1 for _ in islice(_texts(stated), MOST_VALUES + 1)) <= MOST_VALUES:
            return stated, ""
        return None, f"more than {MOST_VALUES:,} values"
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError) as error:
        return None, shown(" ".join(str(error).split())[:300]) or "no YAML"


def _texts(value: Any) -> Iterator[str]:
    """The values of nested lists and mappings, as texts, and "" for each of these; aliases written out."""
    if isinstance(value, list | dict):
        yield ""
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)
    else:
        yield str(value)


def _leads_out(name: str) -> bool:
    paths = PurePosixPath(name), PureWindowsPath(name)
    return "::" in name or "://" in name or any(path.anchor or ".." in path.parts for path in paths)


def _refuse(files: list[str], source: str) -> None:
    if files:
        raise SourceError(
            "The card of a dataset names files that lie elsewhere",
            where=source,
            expected="files of the dataset itself",
            found=", ".join(files[:3]),
            remedy="correct data_files in its README.md",
        )


def _limit(request: Any) -> None:
    """Limit what the client did not: much of it asks for no limit by name."""
    stated = request.extensions.get("timeout", {})
    request.extensions["timeout"] = {
        kind: SILENCE_SECONDS if stated.get(kind) is None else stated[kind]
        for kind in ("connect", "read", "write", "pool")
    }
