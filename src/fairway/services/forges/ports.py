"""What is wanted of a forge: GitHub, GitLab, Gitea/Forgejo, Bitbucket. One repository for each `Forge`.

Errors of all methods: UserError (login refused, no such repository), Transient (no answer, rate limit), Terminal.
"""

from __future__ import annotations

from typing import Protocol

from fairway.domain.forges.requests import Comment, CommitState, Proposed, PullRequest, Status


class PullRequests(Protocol):
    async def open_requests(self, branch_prefix: str) -> list[PullRequest]:
        """Open ones of this repository whose branch starts so."""
        ...

    async def propose(self, proposed: Proposed) -> PullRequest:
        """Open one, or bring the open one of the same branch to this; labels and reviewers of others stay. Idempotent.

        Raises UserError when there is no such branch.
        """
        ...

    async def stop_merging(self, number: int) -> None:
        """Take auto-merge back, before the branch gets what people must look at. None was on, or no such: fine."""
        ...

    async def close(self, number: int, comment: str) -> None:
        """Close without merging, say why, and delete the branch. Closed already is fine."""
        ...


class Comments(Protocol):
    async def comments(self, number: int) -> list[Comment]:
        """Those that this login wrote, oldest first; all where the forge does not tell who it is."""
        ...

    async def add_comment(self, number: int, body: str) -> Comment: ...

    async def edit_comment(self, number: int, comment: str, body: str) -> Comment: ...

    async def delete_comment(self, number: int, comment: str) -> None: ...


class Statuses(Protocol):
    async def set_status(self, status: Status) -> None: ...


class Forge(PullRequests, Comments, Statuses, Protocol):
    """All of it. `compare_url` and `commit_url` are pages for people."""

    def commit_url(self, commit: str) -> str: ...

    def compare_url(self, old: str, new: str) -> str: ...


__all__ = [
    "Comment",
    "Comments",
    "CommitState",
    "Forge",
    "Proposed",
    "PullRequest",
    "PullRequests",
    "Status",
    "Statuses",
]
