"""Pull requests on Gitea and Forgejo. Labels there have to exist before they can be put on anything.

The rule not to break: only branches of this very repository are looked at; a fork may have one of the same name.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from fairway.adapters.forges.answers import Declined, NotFound, about_request
from fairway.adapters.forges.api import Api
from fairway.adapters.forges.texts import fitted, same_text
from fairway.domain.errors import UserError
from fairway.domain.forges.requests import Proposed, PullRequest

LONGEST_BODY = 65_000
COLOR = "#0e8a16"
"""Of labels that have to be made."""
SCHEDULED = 201


@dataclass(frozen=True, slots=True)
class _Merging:
    waits: bool = False
    merged: bool = False
    notes: tuple[str, ...] = ()


class GiteaPullRequests:
    _api: Api
    _path: str

    async def open_requests(self, branch_prefix: str) -> list[PullRequest]:
        found = await self._all_open()
        return [_shown(one) for one in found if str(one["head"]["ref"]).startswith(branch_prefix)]

    async def propose(self, proposed: Proposed) -> PullRequest:
        proposed = fitted(proposed, LONGEST_BODY)
        raw = await self._find(proposed.branch) or await self._opened(proposed)
        raw = await self._updated(raw, proposed)
        labels = await self._labelled(raw, proposed.labels)
        notes = await self._asked(raw, proposed.reviewers)
        merging = await self._set_auto_merge(raw, proposed.auto_merge)
        shown = replace(_shown(raw), labels=labels, auto_merge=merging.waits, merged=merging.merged)
        return replace(shown, notes=(*notes, *merging.notes))

    async def stop_merging(self, number: int) -> None:
        with suppress(NotFound):  # none was scheduled
            await self._api.send("DELETE", self._of(f"pulls/{number}/merge"))

    async def close(self, number: int, comment: str) -> None:
        with about_request(number, self._path):
            raw = await self._api.get(self._of(f"pulls/{number}"))
            if raw["state"] != "open":
                return
            await self._api.send("POST", self._of(f"issues/{number}/comments"), {"body": comment})
            await self._api.send("PATCH", self._of(f"pulls/{number}"), {"state": "closed"})
        if self._is_here(raw):
            with suppress(NotFound):
                await self._api.send("DELETE", self._of(f"branches/{quote(raw['head']['ref'])}"))

    async def _all_open(self) -> list[dict[str, Any]]:
        found = await self._api.pages(self._of("pulls"), {"state": "open", "limit": "50"})
        return [one for one in found if self._is_here(one)]

    async def _find(self, branch: str) -> dict[str, Any] | None:
        return next((one for one in await self._all_open() if one["head"]["ref"] == branch), None)

    async def _opened(self, proposed: Proposed) -> dict[str, Any]:
        body = {"head": proposed.branch, "base": proposed.base, "title": proposed.title, "body": proposed.body}
        try:
            made: dict[str, Any] = await self._api.send("POST", self._of("pulls"), body)
            return made
        except (Declined, NotFound) as error:
            if found := await self._find(proposed.branch):  # somebody else was faster
                return found
            message = f"a pull request of {proposed.branch} into {proposed.base} cannot be opened: {error.message}"
            raise UserError(message, fix="push the branch first, with a commit that the base does not have") from error

    async def _updated(self, raw: dict[str, Any], proposed: Proposed) -> dict[str, Any]:
        wanted = {"title": proposed.title, "body": proposed.body, "base": proposed.base}
        current = {"title": raw["title"], "body": raw.get("body"), "base": raw["base"]["ref"]}
        if all(same_text(wanted[key], current[key]) for key in wanted):
            return raw
        changed: dict[str, Any] = await self._api.send("PATCH", self._of(f"pulls/{raw['number']}"), wanted)
        return changed

    async def _labelled(self, raw: dict[str, Any], labels: Sequence[str]) -> tuple[str, ...]:
        there = [str(label["name"]) for label in raw.get("labels") or []]
        lacking = [label for label in labels if label not in there]
        if not lacking:
            return tuple(there)
        known = {one["name"]: one["id"] for one in await self._api.pages(self._of("labels"), {"limit": "50"})}
        for name in lacking:
            if name not in known:
                made = await self._api.send("POST", self._of("labels"), {"name": name, "color": COLOR})
                known[name] = made["id"]
        body = {"labels": [known[name] for name in lacking]}
        after = await self._api.send("POST", self._of(f"issues/{raw['number']}/labels"), body)
        return tuple(str(label["name"]) for label in after)

    async def _asked(self, raw: dict[str, Any], reviewers: Sequence[str]) -> list[str]:
        asked = {str(one["login"]).lower() for one in raw.get("requested_reviewers") or []}
        asked |= {str(one["name"]).lower() for one in raw.get("requested_reviewers_teams") or []}
        lacking = [one for one in reviewers if one.rpartition("/")[2].lower() not in asked]
        if lacking:
            reviews = await self._api.pages(self._of(f"pulls/{raw['number']}/reviews"), {"limit": "50"})
            answered = {str(one["user"]["login"]).lower() for one in reviews if one.get("user")}
            lacking = [one for one in lacking if one.lower() not in answered]
        notes: list[str] = []
        for one in lacking:
            kind = "team_reviewers" if "/" in one else "reviewers"
            try:
                path = self._of(f"pulls/{raw['number']}/requested_reviewers")
                await self._api.send("POST", path, {kind: [one.rpartition("/")[2]]})
            except UserError as error:
                notes.append(f"{one} could not be asked for a review: {error.message}")
        return notes

    async def _set_auto_merge(self, raw: dict[str, Any], wanted: bool) -> _Merging:
        """Nothing tells whether a merge is scheduled, so it is asked for, or taken back, each time."""
        path = self._of(f"pulls/{raw['number']}/merge")
        if not wanted:
            await self.stop_merging(int(raw["number"]))
            return _Merging()
        body = {
            "do": "merge",
            "merge_when_checks_succeed": True,
            "delete_branch_after_merge": True,
            "head_commit_id": raw["head"]["sha"],
        }
        try:
            answer = await self._api.ask("POST", path, body=body)
        except Declined as error:
            if error.status == 409:  # scheduled already
                return _Merging(waits=True)
            return _Merging(notes=(f"auto-merge could not be switched on: {error.message}",))
        except UserError as error:
            return _Merging(notes=(f"auto-merge could not be switched on: {error.message}",))
        return _Merging(waits=answer.status == SCHEDULED, merged=answer.status != SCHEDULED)

    def _of(self, rest: str) -> str:
        return f"repos/{self._path}/{rest}"

    def _is_here(self, raw: dict[str, Any]) -> bool:
        origin = (raw.get("head") or {}).get("repo") or {}
        return str(origin.get("full_name", "")).lower() == self._path.lower()


def _shown(raw: dict[str, Any]) -> PullRequest:
    return PullRequest(
        number=int(raw["number"]),
        branch=str(raw["head"]["ref"]),
        base=str(raw["base"]["ref"]),
        title=str(raw["title"]),
        body=raw.get("body") or "",
        url=str(raw["html_url"]),
        head=str(raw["head"]["sha"]),
        labels=tuple(str(label["name"]) for label in raw.get("labels") or []),
    )
