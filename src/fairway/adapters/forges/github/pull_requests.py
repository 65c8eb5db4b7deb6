"""Pull requests on GitHub: proposing the same branch twice finds what is open, and closing deletes the branch.

The rule not to break: only branches of this very repository are looked at; a fork may have one of the same name.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from fairway.adapters.forges.answers import Declined, NotFound
from fairway.adapters.forges.github.merging import set_auto_merge
from fairway.adapters.forges.github.repository import GithubRepository
from fairway.adapters.forges.texts import fitted, same_text
from fairway.domain.errors import UserError
from fairway.domain.forges.requests import Proposed, PullRequest

LONGEST_BODY = 65_000


class GithubPullRequests:
    _repository: GithubRepository

    async def open_requests(self, branch_prefix: str) -> list[PullRequest]:
        repository = self._repository
        found = await repository.api.pages(repository.of("pulls"), {"state": "open", "per_page": "100"})
        return [
            _shown(one) for one in found if self._is_here(one) and str(one["head"]["ref"]).startswith(branch_prefix)
        ]

    async def propose(self, proposed: Proposed) -> PullRequest:
        proposed = fitted(proposed, LONGEST_BODY)
        raw = await self._find(proposed.branch) or await self._opened(proposed)
        raw = await self._updated(raw, proposed)
        number = int(raw["number"])
        labels = await self._labelled(raw, proposed.labels)
        notes = await self._asked(raw, proposed.reviewers)
        merging = await set_auto_merge(self._repository, raw, proposed.auto_merge)
        shown = replace(_shown(raw), number=number, labels=labels, auto_merge=merging.waits, merged=merging.merged)
        return replace(shown, notes=(*notes, *merging.notes))

    async def stop_merging(self, number: int) -> None:
        with suppress(NotFound):
            raw = await self._repository.api.get(self._repository.of(f"pulls/{number}"))
            await set_auto_merge(self._repository, raw, False)

    async def close(self, number: int, comment: str) -> None:
        api, of = self._repository.api, self._repository.of
        with self._repository.pull(number):
            raw = await api.get(of(f"pulls/{number}"))
            if raw["state"] != "open":
                return
            await api.send("POST", of(f"issues/{number}/comments"), {"body": comment})
            await api.send("PATCH", of(f"pulls/{number}"), {"state": "closed"})
        if self._is_here(raw):
            with suppress(Declined):  # 422: the branch is gone already
                await api.send("DELETE", of(f"git/refs/heads/{quote(raw['head']['ref'])}"))

    async def _find(self, branch: str) -> dict[str, Any] | None:
        repository = self._repository
        query = {"state": "open", "head": f"{repository.owner}:{branch}", "per_page": "100"}
        found = await repository.api.pages(repository.of("pulls"), query)
        return next((one for one in found if self._is_here(one) and one["head"]["ref"] == branch), None)

    async def _opened(self, proposed: Proposed) -> dict[str, Any]:
        body = {"title": proposed.title, "head": proposed.branch, "base": proposed.base, "body": proposed.body}
        try:
            made: dict[str, Any] = await self._repository.api.send("POST", self._repository.of("pulls"), body)
            return made
        except Declined as error:
            # Somebody else opened it meanwhile, or the answer to our own request was lost.
            if found := await self._find(proposed.branch):
                return found
            message = f"a pull request of {proposed.branch} into {proposed.base} cannot be opened: {error.message}"
            raise UserError(message, fix="push the branch first, with a commit that the base does not have") from error

    async def _updated(self, raw: dict[str, Any], proposed: Proposed) -> dict[str, Any]:
        wanted = {"title": proposed.title, "body": proposed.body, "base": proposed.base}
        current = {"title": raw["title"], "body": raw["body"], "base": raw["base"]["ref"]}
        if all(same_text(wanted[key], current[key]) for key in wanted):
            return raw
        changed: dict[str, Any] = await self._repository.api.send(
            "PATCH", self._repository.of(f"pulls/{raw['number']}"), wanted
        )
        return changed

    async def _labelled(self, raw: dict[str, Any], labels: Sequence[str]) -> tuple[str, ...]:
        there = [str(label["name"]) for label in raw["labels"]]
        lacking = [label for label in labels if label not in there]
        if not lacking:
            return tuple(there)
        path = self._repository.of(f"issues/{raw['number']}/labels")
        after = await self._repository.api.send("POST", path, {"labels": lacking})
        return tuple(str(label["name"]) for label in after)

    async def _asked(self, raw: dict[str, Any], reviewers: Sequence[str]) -> list[str]:
        """Ask those who were neither asked nor have answered; what GitHub declines comes back as notes."""
        api, of, number = self._repository.api, self._repository.of, raw["number"]
        asked = {str(one["login"]).lower() for one in raw.get("requested_reviewers") or []}
        asked |= {f"{self._repository.owner}/{team['slug']}".lower() for team in raw.get("requested_teams") or []}
        lacking = [one for one in reviewers if one.lower() not in asked]
        if lacking:
            reviews = await api.pages(of(f"pulls/{number}/reviews"), {"per_page": "100"})
            answered = {str(one["user"]["login"]).lower() for one in reviews if one.get("user")}
            lacking = [one for one in lacking if one.lower() not in answered]
        notes: list[str] = []
        for one in lacking:  # One by one: a single unknown name would refuse all of them.
            kind = "team_reviewers" if "/" in one else "reviewers"
            try:
                path = of(f"pulls/{number}/requested_reviewers")
                await api.send("POST", path, {kind: [one.rpartition("/")[2]]})
            except UserError as error:
                notes.append(f"{one} could not be asked for a review: {error.message}")
        return notes

    def _is_here(self, raw: dict[str, Any]) -> bool:
        origin = (raw.get("head") or {}).get("repo") or {}
        return str(origin.get("full_name", "")).lower() == self._repository.path.lower()


def _shown(raw: dict[str, Any]) -> PullRequest:
    return PullRequest(
        number=int(raw["number"]),
        branch=str(raw["head"]["ref"]),
        base=str(raw["base"]["ref"]),
        title=str(raw["title"]),
        body=raw["body"] or "",
        url=str(raw["html_url"]),
        head=str(raw["head"]["sha"]),
        labels=tuple(str(label["name"]) for label in raw["labels"]),
        auto_merge=raw.get("auto_merge") is not None,
    )
