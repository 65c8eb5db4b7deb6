"""One repository on Bitbucket Cloud as a `Forge`: comments, build statuses and pages; pull requests are beside.

Source: Bitbucket Cloud REST API 2.0.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Any

from fairway.adapters.forges.answers import NotFound, about_request
from fairway.adapters.forges.api import Api
from fairway.adapters.forges.bitbucket_pull_requests import BitbucketPullRequests
from fairway.adapters.forges.texts import cut
from fairway.domain.forges.requests import Comment, CommitState, Status

LONGEST_KEY = 40
LONGEST_DESCRIPTION = 255
_STATES = {
    CommitState.PENDING: "INPROGRESS",
    CommitState.SUCCESS: "SUCCESSFUL",
    CommitState.FAILURE: "FAILED",
    CommitState.ERROR: "FAILED",
}


class BitbucketForge(BitbucketPullRequests):
    """`path` is workspace/name."""

    def __init__(self, api: Api, path: str, web: str) -> None:
        self._api = api
        self._path = path
        self._web = f"{web.rstrip('/')}/{path}"
        self._me: str | None = None

    def commit_url(self, commit: str) -> str:
        return f"{self._web}/commits/{commit}"

    def compare_url(self, old: str, new: str) -> str:
        return f"{self._web}/branches/compare/{new}..{old}#diff"

    async def comments(self, number: int) -> list[Comment]:
        with about_request(number, self._path):
            found = await self._api.pages(self._of(f"pullrequests/{number}/comments"), {"pagelen": "100"})
        # A deleted comment stays in the list without its text; one at a line of code is no comment on the whole.
        there = [one for one in found if not one.get("deleted") and not one.get("inline")]
        me = await self._who() if there else ""
        return [_shown(one) for one in there if not me or (one.get("user") or {}).get("uuid") == me]

    async def add_comment(self, number: int, body: str) -> Comment:
        with about_request(number, self._path):
            path = self._of(f"pullrequests/{number}/comments")
            return _shown(await self._api.send("POST", path, {"content": {"raw": body}}))

    async def edit_comment(self, number: int, comment: str, body: str) -> Comment:
        path = self._of(f"pullrequests/{number}/comments/{comment}")
        try:
            return _shown(await self._api.send("PUT", path, {"content": {"raw": body}}))
        except NotFound as error:
            raise NotFound(f"pull request {number} has no comment {comment}", fix=error.fix) from error

    async def delete_comment(self, number: int, comment: str) -> None:
        with suppress(NotFound):
            await self._api.send("DELETE", self._of(f"pullrequests/{number}/comments/{comment}"))

    async def set_status(self, status: Status) -> None:
        body = {
            "key": _key(status.context),
            "name": status.context,
            "state": _STATES[status.state],
            "description": cut(status.description, LONGEST_DESCRIPTION),
            # Bitbucket insists on an address.
            "url": status.url or self.commit_url(status.commit),
        }
        await self._api.send("POST", self._of(f"commit/{status.commit}/statuses/build"), body)


def _key(context: str) -> str:
    """What tells statuses of one commit apart; long ones by their digest."""
    if len(context) <= LONGEST_KEY:
        return context
    return hashlib.sha256(context.encode()).hexdigest()[:LONGEST_KEY]


def _shown(raw: dict[str, Any]) -> Comment:
    link = ((raw.get("links") or {}).get("html") or {}).get("href", "")
    return Comment(str(raw["id"]), (raw.get("content") or {}).get("raw") or "", str(link))
