"""Changes as pull requests: one for each branch that the template names, rebuilt from the newest base.

What an open request proposed before is proposed again with what is new, unless it was settled or is in the base by now;
a request of which nothing is left is closed. A hold or a revert is a request of its own.

The rule not to break: only branches that begin with our own prefix are ever replaced or deleted, and none that somebody
else pushed to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from fairway.domain.configuration.upgrades import PullRequests as Templates
from fairway.domain.errors import FairwayError, Refused, Transient, UserError
from fairway.domain.upgrades.upgrade import Level, Upgrade
from fairway.domain.writing.messages import Written, message_of, request_body, subject_of
from fairway.domain.writing.pushing import OwnBranch, PushAnswer
from fairway.domain.writing.rules import may_merge
from fairway.domain.writing.templates import branch_beside, branch_of, branch_prefix, fill, is_own_branch
from fairway.domain.writing.trailers import upgrades_of
from fairway.services.forges.ports import Proposed, PullRequest, PullRequests
from fairway.services.writing.attempts import Attempts
from fairway.services.writing.changes import Change, Edited, Failed, Outcome
from fairway.services.writing.editing import Edits, Load, edit
from fairway.services.writing.ports import WorkingCopy
from fairway.services.writing.upgrading import told, upgrade_in

NOTHING_LEFT = "Nothing is left to do here: the changes are in the base branch, or are no longer wanted."

Remake = Callable[[Upgrade], Change]
"""The change that makes an upgrade, from what a commit says of it."""


@dataclass(frozen=True, slots=True)
class Proposing:
    copy: WorkingCopy
    load: Load
    forge: PullRequests
    templates: Templates
    remake: Remake
    subject: str | None = None
    attempts: Attempts = field(default_factory=Attempts)

    @property
    def prefix(self) -> str:
        return branch_prefix(self.templates.branch)

    async def write(self, changes: Sequence[Change], settled: Collection[str] = ()) -> list[Outcome]:
        """One outcome for each branch that has changes, or had. Raises FairwayError when no branch could be done."""
        await self._check_prefix()
        template = self.templates.branch
        requests = {
            one.branch: one
            for one in await self.forge.open_requests(self.prefix)
            if is_own_branch(template, one.branch)
        }
        groups: dict[str, list[Change]] = {branch: [] for branch in requests}
        for change in changes:
            groups.setdefault(self._branch(change), []).append(change)
        outcomes = [
            await self._group(branch, group, requests.get(branch), frozenset(settled))
            for branch, group in groups.items()
        ]
        return [one for one in outcomes if one is not None]

    async def _check_prefix(self) -> None:
        base = await self.copy.base()
        if not self.prefix.strip("/") or base.startswith(self.prefix):
            message = f'the branches "{self.templates.branch}" cannot be told from those of people'
            fix = "let upgrades.pullRequests.branch begin with a word of its own, e.g. fairway/upgrades/{environment}"
            raise UserError(message, fix=fix)

    def _branch(self, change: Change) -> str:
        template, upgrade = self.templates.branch, upgrade_in(change)
        if upgrade is None:
            return branch_beside(template, change.environment, change.release, change.key)
        return branch_of(template, upgrade)

    async def _group(
        self, branch: str, changes: Sequence[Change], request: PullRequest | None, settled: frozenset[str]
    ) -> Outcome | None:
        """One branch; what goes wrong with it holds up no other. None when there was nothing to do with it."""
        try:
            done = await self.attempts.until_pushed(
                lambda number: self._push(branch, changes, settled, number, request), branch
            )
            return await self._request(done, request) if done.edited or not done.commit else None
        except FairwayError as error:
            # A branch that people took over and nobody asked about is theirs.
            return Outcome(branch=branch, failed=tuple(Failed(one, error) for one in changes)) if changes else None

    async def _push(
        self,
        branch: str,
        changes: Sequence[Change],
        settled: frozenset[str],
        number: int,
        request: PullRequest | None = None,
    ) -> tuple[PushAnswer | None, Outcome]:
        """Bring the branch to what it should be; `commit` of the outcome is empty when it should not be."""
        async with self.copy.opened():
            head = await self.copy.newest()
            there = (await self.copy.own_branches(self.prefix)).get(branch)
            if there is not None and not there.intact:
                message = f"somebody else pushed to {branch}"
                raise Refused(message, fix="merge or close its pull request, or delete the branch, to start anew")
            before = upgrades_of(there.message) if there is not None else []
            if there is not None and not before and not changes:
                return None, await self._left_alone(there, head.commit)
            top = await self.copy.start(head.commit)
            edits = await edit(self.load, top, [*self._carried(before, changes, settled), *changes])
            outcome = Outcome(branch=branch, attempts=number, failed=_asked(edits, changes))
            _need_answers(edits, changes)
            edited = edits.edited
            written = [told(one) for one in edited]
            files = [file for one in edited for file in one.files]
            commit = await self.copy.commit(head.commit, message_of(written, self.subject), files) if written else ""
            if not commit:
                return None, outcome
            outcome = replace(outcome, edited=edited, subject=subject_of(written, self.subject))
            if there is not None and await self._same(there, head.commit, commit, written):
                return None, replace(outcome, commit=there.commit, unchanged=True)
            if request is not None and self.templates.auto_merge != "none" and not self._merges(edited):
                # Before the push: an earlier yes must not merge what comes now.
                await self.forge.stop_merging(request.number)
            answer = await self.copy.replace_own(branch, commit, there.commit if there is not None else "")
            return answer, replace(outcome, commit=commit)

    async def _left_alone(self, there: OwnBranch, base: str) -> Outcome:
        """A hold or a revert is asked for once. It stands until it is merged, or the base says the same."""
        wanted = {line.partition("\t")[2] for line in there.edits}
        missing = {line.partition("\t")[2] for line in await self.copy.edits(base, there.commit)}
        return Outcome(there.commit if wanted & missing else "", there.name, unchanged=True)

    def _carried(self, before: Iterable[Upgrade], changes: Sequence[Change], settled: frozenset[str]) -> list[Change]:
        """What the open request proposes, and nobody spoke about now."""
        spoken = {change.key for change in changes} | settled
        return [one for one in map(self.remake, before) if one.key not in spoken]

    async def _same(self, there: OwnBranch, parent: str, commit: str, written: Sequence[Written]) -> bool:
        """Whether the branch says and does so already; that its base is older does not matter then."""
        if there.message.strip() != message_of(written, self.subject).strip():
            return False
        return await self.copy.edits(parent, commit) == there.edits

    async def _request(self, done: Outcome, request: PullRequest | None) -> Outcome:
        if not done.commit:
            if request is None:
                return done
            await self.forge.close(request.number, NOTHING_LEFT)
            return replace(done, url=request.url, pull_request=request.number, closed=(request.number,))
        proposed = await self._proposed(done)
        now = await self.forge.propose(proposed)
        same = request is not None and (request.title, request.body.strip()) == (proposed.title, proposed.body.strip())
        return replace(
            done,
            subject=proposed.title,
            url=now.url,
            pull_request=now.number,
            unchanged=done.unchanged and same,
            notes=now.notes,
        )

    async def _proposed(self, done: Outcome) -> Proposed:
        written = [told(one) for one in done.edited]
        upgrades = [one.upgrade for one in done.edited if one.upgrade is not None]
        title = fill(self.templates.title, upgrades) if self.templates.title and upgrades else done.subject
        return Proposed(
            branch=done.branch,
            base=await self.copy.base(),
            title=title,
            body=request_body(written, self.templates.body),
            labels=self.templates.labels,
            reviewers=self.templates.reviewers,
            auto_merge=self._merges(done.edited),
        )

    def _merges(self, edited: Iterable[Edited]) -> bool:
        return may_merge(self.templates.auto_merge, _levels(edited))


def _levels(edited: Iterable[Edited]) -> list[Level | None]:
    return [one.upgrade.level if one.upgrade is not None else None for one in edited]


def _need_answers(edits: Edits, changes: Sequence[Change]) -> None:
    """Nothing leaves a request only because something outside did not answer: then it is tried again."""
    asked = set(map(id, changes))
    for one in edits.failed:
        if isinstance(one.error, Transient) and id(one.change) not in asked:
            raise one.error


def _asked(edits: Edits, changes: Sequence[Change]) -> tuple[Failed, ...]:
    """What failed of what was asked for now; what was carried along and fails is no longer proposed."""
    asked = set(map(id, changes))
    return tuple(one for one in edits.failed if id(one.change) in asked)
