"""One repository on Gitea or Forgejo as a `Forge`: comments, statuses and pages; pull requests are beside.

Source: the API description that Gitea serves, version 1.27; Forgejo keeps to the same calls.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from fairway.adapters.forges.answers import NotFound, about_request
from fairway.adapters.forges.api import Api
from fairway.adapters.forges.gitea_pull_requests import GiteaPullRequests
from fairway.adapters.forges.texts import cut
from fairway.domain.errors import UserError
from fairway.domain.forges.requests import Comment, Status

LONGEST_DESCRIPTION = 255


class GiteaForge(GiteaPullRequests):
    """`path` is owner/name."""

    def __init__(self, api: Api, path: str, web: str) -> None:
        self._api = api
        self._path = path
        self._web = f"{web.rstrip('/')}/{path}"
        self._me: str | None = None

    def commit_url(self, commit: str) -> str:
        return f"{self._web}/commit/{commit}"

    def compare_url(self, old: str, new: str) -> str:
        return f"{self._web}/compare/{old}...{new}"

    async def comments(self, number: int) -> list[Comment]:
        with about_request(number, self._path):
            found = await self._api.get(self._of(f"issues/{number}/comments"))
        me = await self._who() if found else ""
        return [_shown(one) for one in found if not me or (one.get("user") or {}).get("login") == me]

    async def add_comment(self, number: int, body: str) -> Comment:
        with about_request(number, self._path):
            return _shown(await self._api.send("POST", self._of(f"issues/{number}/comments"), {"body": body}))

    async def edit_comment(self, number: int, comment: str, body: str) -> Comment:
        try:
            changed = await self._api.send("PATCH", self._of(f"issues/comments/{comment}"), {"body": body})
        except NotFound as error:
            raise NotFound(f"pull request {number} has no comment {comment}", fix=error.fix) from error
        return _shown(changed)

    async def delete_comment(self, number: int, comment: str) -> None:
        with suppress(NotFound):
            await self._api.send("DELETE", self._of(f"issues/comments/{comment}"))

    async def set_status(self, status: Status) -> None:
        body = {
            "state": status.state.value,
            "context": status.context,
            "description": cut(status.description, LONGEST_DESCRIPTION),
        }
        if status.url:
            body["target_url"] = status.url
        await self._api.send("POST", self._of(f"statuses/{status.commit}"), body)

    async def _who(self) -> str:
        """The login's user name; empty when the token may not ask for it."""
        if self._me is None:
            try:
                self._me = str((await self._api.get("user")).get("login") or "")
            except UserError:
                self._me = ""
        return self._me


def _shown(raw: dict[str, Any]) -> Comment:
    return Comment(str(raw["id"]), raw.get("body") or "", str(raw.get("html_url") or ""))
