"""One GitLab project as a `Forge`: notes and commit statuses here, merge requests beside. Source: its REST API v4."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from fairway.adapters.forges.answers import Declined, NotFound
from fairway.adapters.forges.api import Api
from fairway.adapters.forges.gitlab.merge_requests import GitlabMergeRequests
from fairway.adapters.forges.gitlab.project import GitlabProject
from fairway.adapters.forges.texts import cut
from fairway.domain.errors import UserError
from fairway.domain.forges.requests import Comment, CommitState, Status

LONGEST_DESCRIPTION = 255
_STATES = {
    CommitState.PENDING: "pending",
    CommitState.SUCCESS: "success",
    CommitState.FAILURE: "failed",
    CommitState.ERROR: "failed",
}


class GitlabForge(GitlabMergeRequests):
    """`path` is group/…/project."""

    def __init__(self, api: Api, path: str, web: str, *, pause: float = 1.0) -> None:
        self._project = GitlabProject(api, path)
        self._web = f"{web.rstrip('/')}/{path}"
        self._pause = pause
        self._me: str | None = None

    def commit_url(self, commit: str) -> str:
        return f"{self._web}/-/commit/{commit}"

    def compare_url(self, old: str, new: str) -> str:
        return f"{self._web}/-/compare/{old}...{new}"

    async def comments(self, number: int) -> list[Comment]:
        query = {"sort": "asc", "order_by": "created_at", "per_page": "100"}
        with self._project.request(number):
            found = await self._project.api.pages(self._project.of(f"merge_requests/{number}/notes"), query)
        notes = [one for one in found if not one.get("system")]
        me = await self._who() if notes else ""
        return [self._note(number, one) for one in notes if not me or one["author"]["username"] == me]

    async def add_comment(self, number: int, body: str) -> Comment:
        with self._project.request(number):
            path = self._project.of(f"merge_requests/{number}/notes")
            return self._note(number, await self._project.api.send("POST", path, {"body": body}))

    async def edit_comment(self, number: int, comment: str, body: str) -> Comment:
        path = self._project.of(f"merge_requests/{number}/notes/{comment}")
        try:
            return self._note(number, await self._project.api.send("PUT", path, {"body": body}))
        except NotFound as error:
            raise NotFound(f"merge request {number} has no note {comment}", fix=error.fix) from error

    async def delete_comment(self, number: int, comment: str) -> None:
        with suppress(NotFound):
            await self._project.api.send("DELETE", self._project.of(f"merge_requests/{number}/notes/{comment}"))

    async def set_status(self, status: Status) -> None:
        state = _STATES[status.state]
        body = {"state": state, "name": status.context, "description": cut(status.description, LONGEST_DESCRIPTION)}
        if status.url:
            body["target_url"] = status.url
        try:
            await self._project.api.send("POST", self._project.of(f"statuses/{status.commit}"), body)
        except Declined as error:
            # A job's state machine: GitLab refuses to go where it is already.
            if f"from :{state}" not in error.message:
                raise

    async def _who(self) -> str:
        """The login's user name; empty when GitLab does not tell."""
        if self._me is None:
            try:
                self._me = str((await self._project.api.get("user")).get("username") or "")
            except UserError:
                self._me = ""
        return self._me

    def _note(self, number: int, raw: dict[str, Any]) -> Comment:
        return Comment(str(raw["id"]), raw.get("body") or "", f"{self._web}/-/merge_requests/{number}#note_{raw['id']}")
