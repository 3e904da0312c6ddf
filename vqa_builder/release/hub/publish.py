"""Push a release to a hub: verified before, in one commit, loaded back after.

The large files travel first, where nobody sees them; then one commit changes everything at once, so that the
repository holds the old release or the new one, whatever breaks. A commit whose answer was lost is found by
looking at the head again. Only after the pushed revision was loaded back through ``load_dataset`` and every
content hash agreed with the manifest is the push done, and only then is it tagged.

Checksums are compared before anything is sent. What takes longer goes on while the files travel: tables are
verified, for which the commit waits, and the process that loads the revision back starts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from vqa_builder.errors import ReleaseError, SpecError
from vqa_builder.progress import Progress
from vqa_builder.release import manifest
from vqa_builder.release.diff import pages
from vqa_builder.release.hub.plan import Operation, PushPlan, config_names, plan_push
from vqa_builder.release.hub.push import (
    MAIN,
    Published,
    Push,
    prepare_repository,
    refuse_tagged_pull_request,
    until_done,
)
from vqa_builder.release.hub.remote import HubError, Remote
from vqa_builder.release.manifest import Manifest
from vqa_builder.release.parquet import config_of
from vqa_builder.release.reload import Gate
from vqa_builder.release.verify import verify

SHOWN_FAULTS = 5


class LoadedBackError(ReleaseError):
    """The pushed revision does not load as the manifest says; the command ends with exit code 1."""

    exit_code = 1


def publish(
    release: Path | str,
    repo: str | None = None,
    *,
    create_pr: bool = False,
    tag: str | None = None,
    private: bool | None = None,
    gated: Literal["auto", "manual"] | None = None,
    revision: str = MAIN,
    as_config: bool = False,
    description: str | None = None,
    dry_run: bool = False,
    reload: bool = True,
    token: str | None = None,
    endpoint: str | None = None,
    progress: Progress | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> Published:
    """Push a release to a dataset repository, which is made if missing.

    Args:
        release: the release's folder.
        repo: ``org/vqa-ja`` or ``org/vqa-{language}``; None for the one that the release names itself.
        create_pr: open a pull request instead of changing the branch.
        tag: name for the commit, such as ``v1.0``; given last.
        private: make the repository private, or public; None leaves it, and a new one is as the hub likes.
        gated: let people ask for access first.
        revision: the branch.
        as_config: one repository for several languages: configs ``ja``, ``ja-rejected`` and ``ja-answers``.
        description: text under the commit's title, or of the pull request; None for the newest entry of the
            release's CHANGELOG.md and what the manifests of the release before and of this one tell apart.
        dry_run: say what would change, and send no request that writes.
        reload: load the pushed revision back and compare it with the manifest.
        token, endpoint, progress, wait: as of ``Remote``.

    Raises:
        ReleaseError: the release does not pass ``verify``; nothing was committed.
        HubError: the hub refuses, or cannot be reached; the repository holds the old release or the new one.
        LoadedBackError: the pushed revision is not what was pushed.

    >>> done = publish("out/vqa-ja", "org/vqa-ja", dry_run=True)
    >>> done.operations, done.unchanged    # the same release is there already
    ((), 11)
    """
    refuse_tagged_pull_request(create_pr, tag)
    found = _verified(release := Path(release), tables=dry_run)
    _tell_what_is_here(release, found, progress)
    _refuse_unlicensed_pictures(release, found)
    remote = Remote(repo_name(repo, found), token=token, endpoint=endpoint, progress=progress, wait=wait)
    push = _push(remote, release, found, revision, create_pr, as_config, description)
    plan = push.begin(tag)
    if dry_run:
        return push.dry_run(plan)
    with ThreadPoolExecutor(1) as beside, _gate(remote, reload) as gate:
        push.permitted = beside.submit(_verified, release).result
        prepare_repository(remote, plan, private, gated)
        done = _done(push, plan, gate, found, as_config)
    if tag:
        remote.tag(tag, str(done.commit))
    return replace(done, tag=tag)


def _refuse_unlicensed_pictures(release: Path, found: Manifest) -> None:
    images = (found.content.get("spec") or {}).get("release", {}).get("images") or {}
    if any(facts.get("pictures") for facts in found.tables.values()) and not images.get("licence"):
        raise ReleaseError(
            "The pictures in the rows have no licence that allows to publish them",
            where=release,
            expected="release: {images: {licence: ...}} in the spec",
            found="none",
            remedy="state the licence of the pictures, or refer to them: release: {images: {embed: false}}",
        )


def _push(
    remote: Remote,
    release: Path,
    found: Manifest,
    revision: str,
    create_pr: bool,
    as_config: bool,
    description: str | None,
) -> Push:
    """The push of a release, which knows how to compare it with a commit and to describe what changed."""
    return Push(
        remote,
        planned_by=lambda head: plan_push(release, found, remote, head, as_config=as_config),
        name=found.name,
        describe=lambda plan: description or _changes(release, found, remote, plan),
        revision=revision,
        create_pr=create_pr,
    )


def _gate(remote: Remote, reload: bool) -> AbstractContextManager[Gate | None]:
    """The process that loads the revision back, which takes long to start; None if nothing is loaded."""
    return Gate(remote.repo, remote.endpoint, remote.token) if reload else nullcontext()


def _done(push: Push, plan: PushPlan, gate: Gate | None, found: Manifest, as_config: bool) -> Published:
    """Push what is planned, and load it back through the gate, if there is one."""
    commit, where = push.run()
    push.permitted()  # nothing may have been sent, so nobody asked yet
    done = push.outcome(plan, commit, where)
    if gate is None:
        return done
    return replace(done, loaded=_load_back(push.remote, gate, done, found, as_config))


def rollback(
    repo: str,
    *,
    revision: str = MAIN,
    dry_run: bool = False,
    token: str | None = None,
    endpoint: str | None = None,
    progress: Progress | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> Published:
    """Restore the files of the commit before the head, by one more commit; no data travels.

    Args:
        repo: ``org/vqa-ja``.
        revision: the branch.
        dry_run: say what would change.
        token, endpoint, progress, wait: as of ``Remote``.

    Raises:
        HubError: there is no such repository or nothing before the head, or somebody pushes at the same time.
    """
    from huggingface_hub import CommitOperationCopy, CommitOperationDelete

    remote = Remote(repo, token=token, endpoint=endpoint, progress=progress, wait=wait)
    head = remote.head(revision)
    target = remote.parent(head) if head else None
    if head is None or target is None:
        raise HubError("There is nothing to roll back to", where=remote.url, expected="two commits or more")
    now, then = remote.tree(head), remote.tree(target)
    restored = [path for path in sorted(then) if now.get(path) != then[path]]
    gone = sorted(now.keys() - then.keys())
    operations = tuple(
        [Operation("change" if path in now else "add", path, then[path].size) for path in restored]
        + [Operation("delete", path, 0) for path in gone]
    )
    done = Published(
        repo, remote.url, revision, None, head, operations, len(then) - len(restored), 0, dry_run=dry_run
    )
    if dry_run or not operations:
        return done

    def changes() -> list[Any]:
        copies = [CommitOperationCopy(path, path, src_revision=target) for path in restored]
        return [*copies, *(CommitOperationDelete(path, is_folder=False) for path in gone)]

    def attempt() -> str:
        current = remote.head(revision)
        if current is not None and current != head and remote.tree(current) == then:
            return current
        return remote.commit(
            changes(), title=f"Roll back to {target[:12]}", description="", revision=revision, parent=head
        )[0]

    return replace(done, commit=until_done(remote, attempt))


def repo_name(repo: str | None, found: Manifest | None = None) -> str:
    """The repository of a release: as given, its ``{language}`` filled in, or as the release names it.

    Raises:
        SpecError: neither names one.
    """
    named = repo or (found and found.content.get("repo")) or ""
    if found:
        named = named.replace("{language}", found.language)
    if named.count("/") != 1 or "{" in named:
        raise SpecError(
            "The repository has no usable name",
            expected="org/name",
            found=named or "no name",
            remedy="give --repo",
        )
    return named


def repositories(releases: Sequence[Path], repo: str | None) -> list[str]:
    """The repositories of some releases, or the one that is named.

    Raises:
        SpecError: neither names one.
    """
    if not releases or (repo and "{language}" not in repo):
        return [repo_name(repo)]
    return list(dict.fromkeys(repo_name(repo, manifest.load_manifest(folder)) for folder in releases))


def _changes(release: Path, found: Manifest, remote: Remote, plan: PushPlan) -> str:
    """What is new since the release that is there: its changelog, and what the manifests tell."""
    parts = []
    changelog = release / pages.CHANGELOG
    if changelog.is_file():
        parts.append(pages.newest_entry(changelog.read_text(encoding="utf-8")))
    try:
        before = manifest.parse_manifest(plan.previous, remote.url) if plan.previous else None
    except ReleaseError:  # of another version or of somebody else: nothing can be said of it
        before = None
    if before:
        parts.append(pages.manifests_markdown(before, found))
    return "\n\n".join([*filter(None, parts), f"Release key {found.key}"])


def _tell_what_is_here(release: Path, found: Manifest, progress: Progress | None) -> None:
    """What is known without the hub."""
    files = found.content["files"]
    size = sum(facts["bytes"] for facts in files.values())
    (progress or Progress()).say(
        f"{release}: whole; {len(files)} files, {size:,} bytes, to compare with the hub"
    )


def _verified(release: Path, *, tables: bool = True) -> Manifest:
    """The manifest of a release that holds what it says; ``load_dataset`` is asked after the push."""
    report = verify(release, tables=tables, reload=False)
    failed = [f"{check.name}: {check.detail}" for check in report.checks if not check.ok]
    failed += [
        f"{path}: leads to a file elsewhere" for path in release.rglob("*") if _leads_out(path, release)
    ]
    if failed:
        raise ReleaseError(
            "The release is damaged, so it was not published",
            where=release,
            found="; ".join(failed[:SHOWN_FAULTS]),
            remedy="build it again",
        )
    return manifest.load_manifest(release)


def _leads_out(path: Path, release: Path) -> bool:
    """Whether a link has another file of this machine stand in a release, which may have come with data."""
    return path.is_symlink() and not path.resolve().is_relative_to(release.resolve())


def _load_back(
    remote: Remote, gate: Gate, done: Published, found: Manifest, as_config: bool
) -> tuple[str, ...]:
    pinned = done.revision if done.revision.startswith("refs/") else str(done.commit)
    here = {config_of(key) for key in found.tables}
    names = {config: name for config, name in config_names(found, as_config).items() if config in here}
    with remote.progress.track(f"loading {done.repo} back", 1) as advance:
        faults = gate.faults(pinned, found, names)
        advance(1)
    if not faults:
        return tuple(names.values())
    raise LoadedBackError(
        "The revision was pushed, but it does not load as the manifest says",
        where=f"{done.url}, {done.revision}, commit {done.commit}",
        found="; ".join(faults[:SHOWN_FAULTS]),
        remedy=f"run the same command to check again, or {_undoing(done)}",
    )


def _undoing(done: Published) -> str:
    if done.revision.startswith("refs/pr/"):
        return f"close the pull request {done.url}/discussions/{done.revision.rsplit('/', 1)[1]}"
    branch = f" --revision {done.revision}" if done.revision != MAIN else ""
    undo = f"vqa-builder publish --rollback --repo {done.repo}{branch}"
    return f"'{undo}' to restore {done.previous or 'the empty repository'}"
