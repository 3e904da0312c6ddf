"""Push a trained model to a hub: its card made from files, one atomic commit, every byte looked at after.

    python -m recipes.lib.publish_model runs/cvil/ja/model --repo org/vqa-ja-student --release out/vqa-ja \\
        --results runs/cvil/results.jsonl --row distilled --where share=1.0 --licence apache-2.0 --dry-run

Weights travel as safetensors; a pickle never does. The push is that of ``vqa-builder publish``: large files
first, where nobody sees them, then one commit that changes everything at once, planned anew if somebody else
was faster.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from recipes.lib import model_card
from recipes.lib.model_card import About
from vqa_builder.errors import VQABuilderError
from vqa_builder.progress import LineProgress, Progress
from vqa_builder.release.hub.plan import Content, plan_files
from vqa_builder.release.hub.publish import LoadedBackError, repo_name
from vqa_builder.release.hub.push import (
    MAIN,
    Published,
    Push,
    prepare_repository,
    refuse_tagged_pull_request,
)
from vqa_builder.release.hub.remote import Remote
from vqa_builder.release.manifest import FILE as MANIFEST, file_facts
from vqa_builder.store import file_hash

TRAVELS = (
    model_card.WEIGHTS,
    "*.json",
    "*.svg",
    "tokenizer/*.json",
    "vocab.txt",
    "*.spm",
    "tokenizer/vocab.txt",
    "tokenizer/*.spm",
)
STAYS = ("state.json", "settings.json", "manifest.json", "optimizer*", "optimiser*", "average*")


def publish_model(
    folder: Path,
    repo: str,
    about: About | None = None,
    *,
    create_pr: bool = False,
    tag: str | None = None,
    private: bool | None = None,
    revision: str = MAIN,
    dry_run: bool = False,
    reload: bool = True,
    token: str | None = None,
    endpoint: str | None = None,
    progress: Progress | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> Published:
    """Push a model's folder to a model repository, which is made if missing.

    The card ``README.md`` and ``manifest.json`` are made here and lie in the repository alone. Files of the
    last push that are not in this one are deleted; what somebody else put there is left alone.

    Args:
        folder: ``model.safetensors``, ``config.json``, tokenizer: what fits ``TRAVELS``, not ``STAYS``.
        repo: ``org/name``.
        about: where the facts of the card lie.
        reload: load every file of the commit back and compare its checksum.
        create_pr, tag, private, revision, dry_run, token, endpoint, progress, wait: as for
            ``vqa_builder.publish``.

    Raises:
        SourceError, SpecError: the folder holds no weights, or a fact of the card cannot be read.
        HubError: the hub refuses; the repository holds the old model or the new one.
        LoadedBackError: the pushed revision is not what was pushed.
    """
    refuse_tagged_pull_request(create_pr, tag)
    sources, manifest = contents(folder, repo_name(repo), about or About())
    remote = Remote(repo, kind="model", token=token, endpoint=endpoint, progress=progress, wait=wait)
    push = Push(
        remote,
        lambda head: plan_files(sources, remote, head, remote.tree(head) if head else {}, listed=MANIFEST),
        manifest["name"],
        lambda plan: _message(manifest),
        revision,
        create_pr,
    )
    plan = push.begin(tag)
    if dry_run:
        return push.dry_run(plan)
    prepare_repository(remote, plan, private)
    done = push.outcome(plan, *push.run())
    if reload:
        done = replace(done, loaded=_load_back(remote, done, manifest))
    if tag:
        remote.tag(tag, str(done.commit))
    return replace(done, tag=tag)


def contents(folder: Path, repo: str, about: About) -> tuple[dict[str, Content], dict[str, Any]]:
    """Path in the repository -> what goes there, and the manifest.

    Raises:
        SourceError: the folder holds no weights, or a fact cannot be read.
    """
    described = model_card.describe(folder, about, repo)
    files: dict[str, Content] = {name: folder / name for name in _travelling(folder)}
    card = model_card.render(described).encode()
    facts = {name: file_facts(folder / name) for name in files}
    with tempfile.TemporaryDirectory() as made:
        page = Path(made) / model_card.FILE
        page.write_bytes(card)
        facts[model_card.FILE] = file_facts(page)
    manifest = {**described, "files": dict(sorted(facts.items()))}
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    return {**files, model_card.FILE: card, MANIFEST: text.encode()}, manifest


def _travelling(folder: Path) -> list[str]:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return [
        name
        for name in names
        if any(_fits(name, pattern) for pattern in TRAVELS)
        and not any(fnmatch(Path(name).name, pattern) for pattern in STAYS)
    ]


def _fits(name: str, pattern: str) -> bool:
    """Whether a path fits a pattern of as many parts; a star does not cross folders."""
    parts, wanted = name.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch, parts, wanted))


def _message(manifest: Mapping[str, Any]) -> str:
    """The text under the commit's title: what the model is, and its results."""
    lines = [
        f"{manifest['weights']['parameters']:,} parameters, vqa-builder {manifest['builder']['version']}"
    ]
    lines += [f"release {each['name']}, key {each['key']}" for each in manifest["releases"]]
    for each in manifest["results"]:
        for name, held in [*each["own"].items()][:1]:
            lines.append(f"{each['language']}: {model_card.MEASURES[name]} {held['mean']:.2f}")
    return "\n\n".join(lines)


def _load_back(remote: Remote, done: Published, manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The files of the commit, downloaded and compared with what was sent."""
    pinned = done.revision if done.revision.startswith("refs/") else str(done.commit)
    faults = []
    with (
        tempfile.TemporaryDirectory(prefix="vqa-builder-") as cache,
        remote.progress.track(f"loading {done.repo} back", len(manifest["files"])) as advance,
    ):
        for name, facts in manifest["files"].items():
            path = Path(cache) / "file"
            path.write_bytes(remote.read(name, pinned))
            if file_hash(path) != facts["sha256"]:
                faults.append(name)
            advance(1)
    if faults:
        raise LoadedBackError(
            "The revision was pushed, but its files are not those that were sent",
            where=f"{done.url}, {done.revision}, commit {done.commit}",
            found=", ".join(faults[:5]),
            remedy="run the same command again",
        )
    return tuple(manifest["files"])


def _conditions(given: Sequence[str]) -> dict[str, Any]:
    """``share=1.0`` as ``{"share": 1.0}``; what is no number or JSON is text."""
    found: dict[str, Any] = {}
    for each in given:
        name, _, value = each.partition("=")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repo", required=True, help="org/name")
    parser.add_argument("--name", help="what people call the model")
    parser.add_argument("--release", type=Path, action="append", default=[], help="may be given again")
    parser.add_argument("--results", type=Path)
    parser.add_argument("--row")
    parser.add_argument(
        "--beside", action="append", default=[], help="another row to show; may be given again"
    )
    parser.add_argument("--where", action="append", default=[], metavar="FIELD=VALUE")
    parser.add_argument("--licence")
    parser.add_argument("--base", action="append", default=[], metavar="MODEL[=LICENCE]")
    parser.add_argument("--command", help="the one that trained the model")
    parser.add_argument("--limit", action="append", default=[], help="a known limit; may be given again")
    parser.add_argument("--create-pr", action="store_true")
    parser.add_argument("--tag")
    parser.add_argument("--private", action=argparse.BooleanOptionalAction)
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument(
        "--card", type=Path, help="write the card here, too, and with --dry-run read it first"
    )
    args = parser.parse_args(arguments)
    bases = (each.partition("=") for each in args.base)
    about = About(
        args.name, args.release, args.results, args.row, args.beside, _conditions(args.where),
        args.licence, {name: licence or None for name, _, licence in bases}, args.command, args.limit,
    )  # fmt: skip
    try:
        if args.card:
            args.card.write_bytes(contents(args.folder, args.repo, about)[0][model_card.FILE])
        done = publish_model(
            args.folder, args.repo, about, create_pr=args.create_pr, tag=args.tag, private=args.private,
            dry_run=args.dry_run, progress=LineProgress(),
        )  # fmt: skip
    except VQABuilderError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print("\n".join(done.lines()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
