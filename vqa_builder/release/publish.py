"""Push a release to a hub: verified before, in one commit, loaded back after.

The large files travel first, where nobody sees them; then one commit changes everything at once, so that the
repository holds the old release or the new one, whatever breaks. A commit whose answer was lost is found by
looking at the head again. Only after the pushed revision was loaded back through ``load_dataset`` and every
content hash agreed with the manifest is the push done, and only then is it tagged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from vqa_builder.errors import ReleaseError, SpecError
from vqa_builder.progress import Progress
from vqa_builder.release import diff_pages, manifest
from vqa_builder.release.contents import config_of
from vqa_builder.release.manifest import Manifest
from vqa_builder.release.push_plan import Operation, PushPlan, client_operations, plan_push
from vqa_builder.release.reload_remote import remote_faults
from vqa_builder.release.remote import ATTEMPTS, HubError, Remote, StaleHeadError, TransientError
from vqa_builder.release.shared_card import config_names
from vqa_builder.release.verify import verify

SHOWN_FAULTS = 5
MAIN = "main"
Result = TypeVar("Result")


class LoadedBackError(ReleaseError):
    """The pushed revision does not load as the manifest says; the command ends with exit code 1."""

    exit_code = 1


@dataclass(frozen=True)
class Published:
    """The outcome of ``publish`` or ``rollback``.

    Attributes:
        repo: ``org/name``.
        url: where people look at it.
        revision: branch, or ``refs/pr/1`` of the pull request.
        commit: the commit that holds the release now; None after a dry run.
        previous: the commit before; None if there was no repository.
        operations: what was changed, or would be.
        unchanged: files that were there already.
        bytes: bytes of the files that changed.
        tag: given to the commit.
        loaded: the configs that were loaded back.
        dry_run: whether nothing was written.
    """

    repo: str
    url: str
    revision: str
    commit: str | None
    previous: str | None
    operations: tuple[Operation, ...]
    unchanged: int
    bytes: int
    tag: str | None = None
    loaded: tuple[str, ...] = ()
    dry_run: bool = False

    @property
    def changed(self) -> bool:
        """Whether a commit was made, or would be."""
        return bool(self.operations)

    def to_json(self) -> dict[str, Any]:
        """The machine form: the attributes, operations as ``{"action", "path", "bytes"}``."""
        return {**vars(self), "operations": [vars(one) for one in self.operations], "loaded": [*self.loaded]}

    def lines(self) -> list[str]:
        """What people read: every change, then the outcome."""
        found = [f"{one.action:<7}{one.bytes:>15,}  {one.path}" for one in self.operations]
        outcome = "nothing to change" if not self.changed else f"commit {self.commit}"
        if self.dry_run and self.changed:
            outcome = "dry run, nothing was written"
        found.append(
            f"{self.url} ({self.revision}): {len(self.operations):,} files change, {self.bytes:,} bytes, "
            f"{self.unchanged:,} unchanged; {outcome}"
        )
        if self.loaded:
            found.append(f"loaded back, same content: {', '.join(self.loaded)}")
        return [*found, f"tagged {self.tag}"] if self.tag and not self.dry_run else found


def publish(
    release: Path,
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
        token: None for ``HF_TOKEN`` or the stored login.
        endpoint: None for ``HF_ENDPOINT`` or the public hub.
        progress: shows the steps.
        wait: sleeps between tries.

    Raises:
        ReleaseError: the release does not pass ``verify``.
        HubError: the hub refuses, or cannot be reached; the repository holds the old release or the new one.
        LoadedBackError: the pushed revision is not what was pushed.

    Example::

        publish(Path("out/vqa-ja"), "org/vqa-ja", tag="v1.0", dry_run=True).operations
    """
    if create_pr and tag:
        raise SpecError(
            "A pull request cannot be tagged before it is merged", remedy="leave out --tag or --create-pr"
        )
    found = _verified(release)
    remote = Remote(repo_name(repo, found), token=token, endpoint=endpoint, progress=progress, wait=wait)
    push = Push(
        remote,
        planned_by=lambda head: plan_push(release, found, remote, head, as_config=as_config),
        name=found.name,
        describe=lambda plan: description or _changes(release, found, remote, plan),
        revision=revision,
        create_pr=create_pr,
    )
    head = remote.head(revision)
    plan = push.plan(head)
    check_tag(remote, plan, tag)
    if dry_run:
        return replace(push.outcome(plan, None, revision), dry_run=True)
    if head is None:
        remote.create(private)
    if private is not None or gated is not None:
        remote.settings(private=private, gated=gated)
    commit, where = push.run()
    done = replace(push.outcome(plan, commit, where), previous=head)
    if reload:
        done = replace(done, loaded=_load_back(remote, done, found, as_config))
    if tag:
        remote.tag(tag, commit)
    return replace(done, tag=tag)


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
        token: None for ``HF_TOKEN`` or the stored login.
        endpoint: None for ``HF_ENDPOINT`` or the public hub.
        progress: shows the steps.
        wait: sleeps between tries.

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

    return replace(done, commit=_until_done(remote, attempt))


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


@dataclass
class Push:
    """Bring one revision of a repository to what somebody plans for it.

    Attributes:
        remote: the repository.
        planned_by: a commit (None if there is no repository) -> the changes since.
        name: of what is published, for the commit's title.
        describe: a plan -> the text under the title.
        revision: the branch.
        create_pr: open a pull request instead of changing the branch.
    """

    remote: Remote
    planned_by: Callable[[str | None], PushPlan]
    name: str
    describe: Callable[[PushPlan], str]
    revision: str = MAIN
    create_pr: bool = False
    planned: PushPlan | None = None

    def plan(self, head: str | None) -> PushPlan:
        """The changes since a commit; commits do not change, so the last plan is kept."""
        if self.planned is None or self.planned.head != head:
            self.planned = self.planned_by(head)
        return self.planned

    def run(self) -> tuple[str, str]:
        """Push, and return the commit and the revision that holds it."""
        return _until_done(self.remote, self.attempt)

    def attempt(self) -> tuple[str, str]:
        """Look at the head, and send what is missing there, if anything is."""
        head = self.remote.head(self.revision)
        if head is None:
            raise HubError("The repository vanished", where=self.remote.url)
        plan = self.plan(head)
        if not plan.operations:
            return head, self.revision
        title = f"Publish {self.name}: {plan.title}"
        if self.create_pr and (there := self.existing_pull_request(title)):
            return there
        additions, deletions = client_operations(plan)
        self.remote.upload(additions, self.revision, create_pr=self.create_pr)
        commit, pull_request = self.remote.commit(
            [*deletions, *additions],
            title=title,
            description=self.describe(plan),
            revision=self.revision,
            parent=head,
            create_pr=self.create_pr,
        )
        return commit, pull_request or self.revision

    def existing_pull_request(self, title: str) -> tuple[str, str] | None:
        """An open pull request that holds all of this already, perhaps of a try whose answer was lost."""
        for number in self.remote.open_pull_requests(title):
            where = f"refs/pr/{number}"
            head = self.remote.head(where)
            if head and not self.plan(head).operations:
                return head, where
        return None

    def outcome(self, plan: PushPlan, commit: str | None, where: str) -> Published:
        """What is to be told of it."""
        return Published(
            self.remote.repo,
            self.remote.url,
            where,
            commit,
            plan.head,
            plan.operations,
            plan.unchanged,
            plan.bytes,
        )


def _changes(release: Path, found: Manifest, remote: Remote, plan: PushPlan) -> str:
    """What is new since the release that is there: its changelog, and what the manifests tell."""
    parts = []
    changelog = release / diff_pages.CHANGELOG
    if changelog.is_file():
        parts.append(diff_pages.newest_entry(changelog.read_text(encoding="utf-8")))
    try:
        before = manifest.parse_manifest(plan.previous, remote.url) if plan.previous else None
    except ReleaseError:  # of another version or of somebody else: nothing can be said of it
        before = None
    if before:
        parts.append(diff_pages.manifests_markdown(before, found))
    return "\n\n".join([*filter(None, parts), f"Release key {found.key}"])


def _until_done(remote: Remote, attempt: Callable[[], Result]) -> Result:
    """Try again after what may pass; every try looks at the head first, so that none is done twice."""
    for number in range(ATTEMPTS):
        try:
            return attempt()
        except StaleHeadError:
            if number == ATTEMPTS - 1:
                raise
            remote.progress.say("somebody else committed in the meantime: planning again")
        except TransientError as error:
            if number == ATTEMPTS - 1:
                raise
            remote.wait(number, error)
    raise AssertionError("the last attempt returns or raises")


def _verified(release: Path) -> Manifest:
    """The manifest of a release that holds what it says; ``load_dataset`` is asked after the push."""
    report = verify(release, reload=False)
    failed = [f"{check.name}: {check.detail}" for check in report.checks if not check.ok]
    if failed:
        raise ReleaseError(
            "The release is damaged, so it was not published",
            where=release,
            found="; ".join(failed[:SHOWN_FAULTS]),
            remedy="build it again",
        )
    return manifest.load_manifest(release)


def check_tag(remote: Remote, plan: PushPlan, tag: str | None) -> None:
    """Refuse a tag that names another commit, before anything is sent.

    Raises:
        HubError: the tag is taken.
    """
    if tag is None or plan.head is None:
        return
    tagged = remote.tags().get(tag)
    if tagged and (plan.operations or tagged != plan.head):
        raise HubError(
            f"The tag {tag} names another commit already",
            where=remote.url,
            found=tagged,
            remedy="choose another tag; published versions are not moved",
        )


def _load_back(remote: Remote, done: Published, found: Manifest, as_config: bool) -> tuple[str, ...]:
    pinned = done.revision if done.revision.startswith("refs/") else str(done.commit)
    here = {config_of(key) for key in found.tables}
    names = {config: name for config, name in config_names(found, as_config).items() if config in here}
    with remote.progress.track(f"loading {done.repo} back", 1) as advance:
        faults = remote_faults(remote, pinned, found, names)
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
