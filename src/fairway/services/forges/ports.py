"""What is wanted of a forge: GitHub, GitLab, Gitea/Forgejo, Bitbucket. One repository for each `Forge`.

Errors of all methods: UserError (login refused, no such repository), Transient (no answer, rate limit), Terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from fairway.domain.errors import Diagnostic


@dataclass(frozen=True, slots=True)
class PullRequest:
    """An open pull (merge) request. `number` is what people see: #12, !12."""

    number: int
    branch: str
    """The branch that is to be merged, in the same repository."""
    base: str
    title: str
    body: str
    url: str
    head: str = ""
    """Commit id of the branch; Bitbucket gives only its first 12 characters."""
    labels: tuple[str, ...] = ()
    auto_merge: bool = False
    """The forge will merge it by itself as soon as its checks allow."""
    merged: bool = False
    """It was merged at once, because nothing was left to wait for."""
    notes: tuple[str, ...] = ()
    """What the forge would not do although it was wished, e.g. an unknown reviewer; the request stands all the same."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a pull request should be."""

    branch: str
    base: str
    title: str
    body: str
    labels: Sequence[str] = ()
    reviewers: Sequence[str] = ()
    """Users, or teams as `org/team`."""
    auto_merge: bool = False
    """Merge as soon as the forge allows it. False takes an earlier yes back: the branch may hold more by now."""


class PullRequests(Protocol):
    async def open_requests(self, branch_prefix: str) -> list[PullRequest]:
        """Open ones of this repository whose branch starts so."""
        ...

    async def propose(self, proposed: Proposed) -> PullRequest:
        """Open one, or bring the open one of the same branch to this; labels and reviewers of others stay. Idempotent.

        Raises UserError when there is no such branch.
        """
        ...

    async def close(self, number: int, comment: str) -> None:
        """Close without merging, say why, and delete the branch. Closed already is fine."""
        ...


@dataclass(frozen=True, slots=True)
class Comment:
    id: str
    body: str
    url: str = ""


class Comments(Protocol):
    async def comments(self, number: int) -> list[Comment]:
        """Those that this login wrote, oldest first; all where the forge does not tell who it is."""
        ...

    async def add_comment(self, number: int, body: str) -> Comment: ...

    async def edit_comment(self, number: int, comment: str, body: str) -> Comment: ...

    async def delete_comment(self, number: int, comment: str) -> None: ...


class CommitState(StrEnum):
    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Status:
    """A commit's status, or a check run where the forge has them (GitHub Apps): then with annotations."""

    commit: str
    context: str
    """Names it: `fairway/plan`."""
    state: CommitState
    description: str
    url: str = ""
    annotations: Sequence[Diagnostic] = field(default=())
    """Shown at their lines where the forge can; files are relative to the repository's root."""


class Statuses(Protocol):
    async def set_status(self, status: Status) -> None: ...


class Forge(PullRequests, Comments, Statuses, Protocol):
    """All of it. `compare_url` and `commit_url` are pages for people."""

    def commit_url(self, commit: str) -> str: ...

    def compare_url(self, old: str, new: str) -> str: ...
