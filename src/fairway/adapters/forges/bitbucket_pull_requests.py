"""Pull requests on Bitbucket Cloud, which has neither labels nor auto-merge, and names people by their UUID.

The rule not to break: default reviewers, whom the web page adds by itself, are added here too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from fairway.adapters.forges.answers import Declined, NotFound, about_request
from fairway.adapters.forges.api import Api
from fairway.adapters.forges.texts import fitted, same_text
from fairway.domain.errors import UserError
from fairway.domain.forges.requests import Proposed, PullRequest

LONGEST_BODY = 30_000
_NO_AUTO_MERGE = "Bitbucket cannot merge by itself: somebody has to"


class BitbucketPullRequests:
    _api: Api
    _path: str
    _me: str | None

    async def open_requests(self, branch_prefix: str) -> list[PullRequest]:
        found = await self._all_open('state="OPEN"')
        return [_shown(one) for one in found if _branch(one, "source").startswith(branch_prefix)]

    async def propose(self, proposed: Proposed) -> PullRequest:
        proposed = fitted(proposed, LONGEST_BODY)
        found = await self._find(proposed.branch)
        reviewers, notes = await self._people(proposed.reviewers)
        if found is None:
            reviewers += [one for one in await self._default_reviewers() if one not in reviewers]
            found = await self._opened(proposed, reviewers)
        raw = await self._updated(found, proposed, reviewers)
        notes += [_NO_AUTO_MERGE] if proposed.auto_merge else []
        return replace(_shown(raw), notes=tuple(notes))

    async def stop_merging(self, number: int) -> None:
        """Nothing merges by itself here."""

    async def close(self, number: int, comment: str) -> None:
        path = self._of(f"pullrequests/{number}")
        with about_request(number, self._path):
            raw = await self._api.get(path)
            if raw["state"] != "OPEN":
                return
            await self._api.send("POST", f"{path}/comments", {"content": {"raw": comment}})
            await self._api.send("POST", f"{path}/decline")
        if self._is_here(raw):
            with suppress(NotFound):
                await self._api.send("DELETE", self._of(f"refs/branches/{quote(_branch(raw, 'source'))}"))

    async def _all_open(self, query: str) -> list[dict[str, Any]]:
        found = await self._api.pages(self._of("pullrequests"), {"q": query, "pagelen": "50"})
        return [one for one in found if self._is_here(one)]

    async def _find(self, branch: str) -> dict[str, Any] | None:
        # The query language takes strings as JSON writes them.
        found = await self._all_open(f'state="OPEN" AND source.branch.name={json.dumps(branch)}')
        short = next((one for one in found if _branch(one, "source") == branch), None)
        if short is None:
            return None
        whole: dict[str, Any] = await self._api.get(self._of(f"pullrequests/{short['id']}"))  # lists lack reviewers
        return whole

    async def _opened(self, proposed: Proposed, reviewers: Sequence[str]) -> dict[str, Any]:
        body = {
            "title": proposed.title,
            "description": proposed.body,
            "source": {"branch": {"name": proposed.branch}},
            "destination": {"branch": {"name": proposed.base}},
            "reviewers": [{"uuid": one} for one in reviewers],
            "close_source_branch": True,
        }
        try:
            made: dict[str, Any] = await self._api.send("POST", self._of("pullrequests"), body)
            return made
        except (Declined, NotFound) as error:
            if found := await self._find(proposed.branch):
                return found
            message = f"a pull request of {proposed.branch} into {proposed.base} cannot be opened: {error.message}"
            raise UserError(message, fix="push the branch first, with a commit that the base does not have") from error

    async def _updated(self, raw: dict[str, Any], proposed: Proposed, reviewers: Sequence[str]) -> dict[str, Any]:
        there = [str(one["uuid"]) for one in raw.get("reviewers") or []]
        everybody = [*there, *(one for one in reviewers if one not in there)]
        same = same_text(raw["title"], proposed.title) and same_text(raw.get("description"), proposed.body)
        if same and _branch(raw, "destination") == proposed.base and there == everybody:
            return raw
        body = {
            "title": proposed.title,
            "description": proposed.body,
            "destination": {"branch": {"name": proposed.base}},
            "reviewers": [{"uuid": one} for one in everybody],
        }
        changed: dict[str, Any] = await self._api.send("PUT", self._of(f"pullrequests/{raw['id']}"), body)
        return changed

    async def _default_reviewers(self) -> list[str]:
        found = await self._api.pages(self._of("default-reviewers"), {"pagelen": "50"})
        me = await self._who()  # an author cannot review
        return [str(one["uuid"]) for one in found if one.get("uuid") != me]

    async def _people(self, names: Sequence[str]) -> tuple[list[str], list[str]]:
        """UUIDs, and a note for each who is unknown. Names are UUIDs already, nicknames, or account ids."""
        uuids = [name for name in names if name.startswith("{")]
        others = [name for name in names if not name.startswith("{")]
        if not others:
            return uuids, []
        workspace = self._path.partition("/")[0]
        try:
            members = await self._api.pages(f"workspaces/{workspace}/members", {"pagelen": "100"})
        except UserError as error:
            return uuids, [f"{name} could not be asked for a review: {error.message}" for name in others]
        known: dict[str, str] = {}
        for one in members:
            user = one.get("user") or {}
            known |= {str(user[key]): str(user["uuid"]) for key in ("nickname", "account_id") if user.get(key)}
        notes = [f"{name} could not be asked for a review: no such member" for name in others if name not in known]
        return [*uuids, *(known[name] for name in others if name in known)], notes

    async def _who(self) -> str:
        """The login's UUID; empty when Bitbucket does not tell."""
        if self._me is None:
            try:
                self._me = str((await self._api.get("user")).get("uuid") or "")
            except UserError:
                self._me = ""
        return self._me

    def _of(self, rest: str) -> str:
        return f"repositories/{self._path}/{rest}"

    def _is_here(self, raw: dict[str, Any]) -> bool:
        origin = (raw.get("source") or {}).get("repository") or {}
        return str(origin.get("full_name", "")).lower() == self._path.lower()


def _branch(raw: dict[str, Any], side: str) -> str:
    return str(((raw.get(side) or {}).get("branch") or {}).get("name", ""))


def _shown(raw: dict[str, Any]) -> PullRequest:
    return PullRequest(
        number=int(raw["id"]),
        branch=_branch(raw, "source"),
        base=_branch(raw, "destination"),
        title=str(raw["title"]),
        body=raw.get("description") or "",
        url=str(raw["links"]["html"]["href"]),
        head=str(((raw["source"].get("commit")) or {}).get("hash") or ""),
    )
