"""A forge that lives in this process: for repositories without one, for trying out, and for tests.

The rule not to break: it answers what the others answer, so that whoever works with it works with them.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field, replace

from fairway.adapters.forges.texts import fitted
from fairway.domain.errors import UserError
from fairway.domain.forges.requests import Comment, Proposed, PullRequest, Status

LONGEST_BODY = 65_000


@dataclass
class _Request:
    shown: PullRequest
    open: bool = True
    reviewers: list[str] = field(default_factory=list)
    comments: dict[str, Comment] = field(default_factory=dict)


class MemoryForge:
    """A `Forge`. `branches` (name → commit) are those that exist and lose what `close` deletes; None believes all."""

    def __init__(self, url: str = "memory://forge", *, branches: MutableMapping[str, str] | None = None) -> None:
        self._url = url.rstrip("/")
        self._branches = branches
        self._requests: dict[int, _Request] = {}
        self._statuses: dict[tuple[str, str], Status] = {}
        self._last_comment = 0

    async def open_requests(self, branch_prefix: str) -> list[PullRequest]:
        return [r.shown for r in self._requests.values() if r.open and r.shown.branch.startswith(branch_prefix)]

    async def propose(self, proposed: Proposed) -> PullRequest:
        proposed = fitted(proposed, LONGEST_BODY)
        if self._branches is not None and proposed.branch not in self._branches:
            raise UserError(f"there is no branch {proposed.branch} to open a pull request for", fix="push it first")
        found = next((r for r in self._requests.values() if r.open and r.shown.branch == proposed.branch), None)
        if found is None:
            number = len(self._requests) + 1
            blank = PullRequest(number, proposed.branch, "", "", "", f"{self._url}/pulls/{number}")
            found = self._requests[number] = _Request(blank)
        found.shown = replace(
            found.shown,
            base=proposed.base,
            title=proposed.title,
            body=proposed.body,
            head=(self._branches or {}).get(proposed.branch, ""),
            labels=tuple(dict.fromkeys((*found.shown.labels, *proposed.labels))),
            auto_merge=proposed.auto_merge,
        )
        found.reviewers = list(dict.fromkeys((*found.reviewers, *proposed.reviewers)))
        return found.shown

    async def stop_merging(self, number: int) -> None:
        if found := self._requests.get(number):
            found.shown = replace(found.shown, auto_merge=False)

    async def close(self, number: int, comment: str) -> None:
        found = self._found(number)
        if not found.open:
            return
        await self.add_comment(number, comment)
        found.open = False
        if self._branches is not None:
            self._branches.pop(found.shown.branch, None)

    async def comments(self, number: int) -> list[Comment]:
        return list(self._found(number).comments.values())

    async def add_comment(self, number: int, body: str) -> Comment:
        found = self._found(number)
        self._last_comment += 1
        key = str(self._last_comment)
        found.comments[key] = Comment(key, body, f"{found.shown.url}#{key}")
        return found.comments[key]

    async def edit_comment(self, number: int, comment: str, body: str) -> Comment:
        found = self._found(number)
        if comment not in found.comments:
            raise UserError(f"pull request {number} has no comment {comment}", fix="it may have been deleted meanwhile")
        found.comments[comment] = replace(found.comments[comment], body=body)
        return found.comments[comment]

    async def delete_comment(self, number: int, comment: str) -> None:
        self._found(number).comments.pop(comment, None)

    async def set_status(self, status: Status) -> None:
        self._statuses[(status.commit, status.context)] = status

    def commit_url(self, commit: str) -> str:
        return f"{self._url}/commit/{commit}"

    def compare_url(self, old: str, new: str) -> str:
        return f"{self._url}/compare/{old}...{new}"

    def statuses(self, commit: str) -> list[Status]:
        """What was said of a commit, one for each context."""
        return [status for (of, _), status in self._statuses.items() if of == commit]

    def open_numbers(self) -> list[int]:
        return [number for number, request in self._requests.items() if request.open]

    def merges(self, number: int) -> bool:
        return self._found(number).shown.auto_merge

    def labels(self, number: int) -> list[str]:
        return list(self._found(number).shown.labels)

    def add_label(self, number: int, label: str) -> None:
        """As a person would."""
        found = self._found(number)
        found.shown = replace(found.shown, labels=(*found.shown.labels, label))

    def reviewers(self, number: int) -> list[str]:
        return list(self._found(number).reviewers)

    def bodies(self, number: int) -> list[str]:
        """The text of all comments, oldest first."""
        return [comment.body for comment in self._found(number).comments.values()]

    def _found(self, number: int) -> _Request:
        if number not in self._requests:
            raise UserError(f"there is no pull request {number}", fix="check the number and the repository")
        return self._requests[number]
