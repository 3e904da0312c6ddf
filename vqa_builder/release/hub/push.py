"""One push of files to a repository: planned, sent ahead, committed at once, tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from vqa_builder.errors import SpecError
from vqa_builder.release.hub.plan import Operation, PushPlan, client_operations
from vqa_builder.release.hub.remote import ATTEMPTS, HubError, Remote, StaleHeadError, TransientError

MAIN = "main"
Result = TypeVar("Result")


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
        permitted: returns when the commit may be made, or raises; asked when the large files were sent, which
            nobody sees before.
    """

    remote: Remote
    planned_by: Callable[[str | None], PushPlan]
    name: str
    describe: Callable[[PushPlan], str]
    revision: str = MAIN
    create_pr: bool = False
    permitted: Callable[[], object] = lambda: None
    planned: PushPlan | None = None

    def plan(self, head: str | None) -> PushPlan:
        """The changes since a commit; commits do not change, so the last plan is kept."""
        if self.planned is None or self.planned.head != head:
            self.planned = self.planned_by(head)
        return self.planned

    def begin(self, tag: str | None) -> PushPlan:
        """The changes since the head, before anything is sent.

        Raises:
            HubError: the tag names another commit.
        """
        plan = self.plan(self.remote.head(self.revision))
        _check_tag(self.remote, plan, tag)
        return plan

    def run(self) -> tuple[str, str]:
        """Push, and return the commit and the revision that holds it."""
        return until_done(self.remote, self.attempt)

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
        self.permitted()
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

    def dry_run(self, plan: PushPlan) -> Published:
        """What a push would do."""
        return replace(self.outcome(plan, None, self.revision), dry_run=True)

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


def until_done(remote: Remote, attempt: Callable[[], Result]) -> Result:
    """Try again after what may pass.

    Args:
        remote: waits.
        attempt: looks at the head first, so that nothing is done twice.

    Raises:
        HubError: what does not pass, or did not in so many tries.
    """
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


def refuse_tagged_pull_request(create_pr: bool, tag: str | None) -> None:
    """Refuse both at once: a tag would name a commit that is not merged.

    Raises:
        SpecError: both are asked for.
    """
    if create_pr and tag:
        remedy = "leave out --tag or --create-pr"
        raise SpecError("A pull request cannot be tagged before it is merged", remedy=remedy)


def prepare_repository(
    remote: Remote, plan: PushPlan, private: bool | None, gated: Literal["auto", "manual"] | None = None
) -> None:
    """Make the repository where there is none, and give it the settings that were asked for."""
    if plan.head is None:
        remote.create(private)
    if private is not None or gated is not None:
        remote.settings(private=private, gated=gated)


def _check_tag(remote: Remote, plan: PushPlan, tag: str | None) -> None:
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
