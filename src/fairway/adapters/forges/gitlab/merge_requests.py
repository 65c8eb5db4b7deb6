"""Merge requests on GitLab.

The rule not to break: auto-merge is only asked for when there is a pipeline to wait for: GitLab would merge at once
while the pipeline of a new commit is still being made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from fairway.adapters.forges.answers import Declined, NotFound
from fairway.adapters.forges.gitlab.project import GitlabProject
from fairway.adapters.forges.texts import fitted, same_text
from fairway.domain.errors import Terminal, UserError
from fairway.domain.forges.requests import Proposed, PullRequest

LONGEST_BODY = 900_000
LOOKS = 8
"""How often to look whether GitLab has made up its mind about a merge request."""
_UNDECIDED = frozenset({"preparing", "checking", "unchecked", "approvals_syncing"})
_FOUND_OUT = frozenset({"success", "skipped", "failed", "canceled"})


@dataclass(frozen=True, slots=True)
class _Merging:
    waits: bool = False
    merged: bool = False
    notes: tuple[str, ...] = ()


class GitlabMergeRequests:
    _project: GitlabProject
    _pause: float

    async def open_requests(self, branch_prefix: str) -> list[PullRequest]:
        query = {"state": "opened", "per_page": "100"}
        found = await self._project.api.pages(self._project.of("merge_requests"), query)
        return [_shown(one) for one in found if _is_here(one) and str(one["source_branch"]).startswith(branch_prefix)]

    async def propose(self, proposed: Proposed) -> PullRequest:
        proposed = fitted(proposed, LONGEST_BODY)
        reviewers, notes = await self._people(proposed.reviewers)
        raw = await self._find(proposed.branch) or await self._opened(proposed)
        raw = await self._updated(raw, proposed, reviewers)
        merging = await self._set_auto_merge(raw, proposed.auto_merge)
        shown = replace(_shown(raw), auto_merge=merging.waits, merged=merging.merged)
        return replace(shown, notes=(*notes, *merging.notes))

    async def stop_merging(self, number: int) -> None:
        with suppress(NotFound):
            await self._set_auto_merge(await self._project.api.get(self._project.of(f"merge_requests/{number}")), False)

    async def close(self, number: int, comment: str) -> None:
        api, path = self._project.api, self._project.of(f"merge_requests/{number}")
        with self._project.request(number):
            raw = await api.get(path)
            if raw["state"] != "opened":
                return
            await api.send("POST", f"{path}/notes", {"body": comment})
            await api.send("PUT", path, {"state_event": "close"})
        if _is_here(raw):
            with suppress(NotFound):
                branch = quote(str(raw["source_branch"]), safe="")
                await api.send("DELETE", self._project.of(f"repository/branches/{branch}"))

    async def _find(self, branch: str) -> dict[str, Any] | None:
        query = {"state": "opened", "source_branch": branch, "per_page": "100"}
        found = await self._project.api.pages(self._project.of("merge_requests"), query)
        return next((one for one in found if _is_here(one) and one["source_branch"] == branch), None)

    async def _opened(self, proposed: Proposed) -> dict[str, Any]:
        body = {
            "source_branch": proposed.branch,
            "target_branch": proposed.base,
            "title": proposed.title,
            "description": proposed.body,
            "remove_source_branch": True,
        }
        try:
            made: dict[str, Any] = await self._project.api.send("POST", self._project.of("merge_requests"), body)
            return made
        except Declined as error:
            if found := await self._find(proposed.branch):  # somebody else was faster
                return found
            message = f"a merge request of {proposed.branch} into {proposed.base} cannot be opened: {error.message}"
            raise UserError(message, fix="push the branch first, with a commit that the base does not have") from error

    async def _updated(self, raw: dict[str, Any], proposed: Proposed, reviewers: dict[str, int]) -> dict[str, Any]:
        there = {str(one["username"]): int(one["id"]) for one in raw.get("reviewers") or []}
        wanted = {"title": proposed.title, "description": proposed.body, "target_branch": proposed.base}
        changes: dict[str, Any] = {key: value for key, value in wanted.items() if not same_text(raw.get(key), value)}
        if lacking := [label for label in proposed.labels if label not in raw["labels"]]:
            changes["add_labels"] = ",".join(lacking)
        if reviewers.keys() - there.keys():
            changes["reviewer_ids"] = sorted({*there.values(), *reviewers.values()})
        if not changes:
            return raw
        path = self._project.of(f"merge_requests/{raw['iid']}")
        changed: dict[str, Any] = await self._project.api.send("PUT", path, changes)
        return changed

    async def _people(self, names: Sequence[str]) -> tuple[dict[str, int], list[str]]:
        """Ids by user name, and a note for each who cannot be asked."""
        found: dict[str, int] = {}
        notes: list[str] = []
        for name in names:
            if "/" in name:
                notes.append(f"{name} could not be asked for a review: GitLab asks users only")
                continue
            users = await self._project.api.get("users", {"username": name})
            if users:
                found[str(users[0]["username"])] = int(users[0]["id"])
            else:
                notes.append(f"{name} could not be asked for a review: there is no such user")
        return found, notes

    async def _set_auto_merge(self, raw: dict[str, Any], wanted: bool) -> _Merging:
        if bool(raw.get("merge_when_pipeline_succeeds")) == wanted:
            return _Merging(waits=wanted)
        path = self._project.of(f"merge_requests/{raw['iid']}")
        if not wanted:
            await self._project.api.send("POST", f"{path}/cancel_merge_when_pipeline_succeeds")
            # The answer tells of success even where there was none.
            if (await self._project.api.get(path)).get("merge_when_pipeline_succeeds"):
                raise Terminal(f"auto-merge of merge request {raw['iid']} could not be taken back", fix="do it by hand")
            return _Merging()
        raw = await self._decided(path)
        pipeline = raw.get("head_pipeline")
        if not pipeline or pipeline.get("sha", raw["sha"]) != raw["sha"]:
            return _Merging(notes=("auto-merge was not switched on: there is no pipeline of this commit to wait for",))
        body: dict[str, Any] = {"sha": raw["sha"], "should_remove_source_branch": True}
        if pipeline.get("status") not in _FOUND_OUT:
            # The second name is what it was called before GitLab 17.11.
            body |= {"auto_merge": True, "merge_when_pipeline_succeeds": True}
        elif pipeline["status"] not in ("success", "skipped"):
            return _Merging(notes=(f"auto-merge was not switched on: the pipeline is {pipeline['status']}",))
        try:
            after = await self._project.api.send("PUT", f"{path}/merge", body)
        except UserError as error:
            return _Merging(notes=(f"auto-merge could not be switched on: {error.message}",))
        return _Merging(waits=bool(after.get("merge_when_pipeline_succeeds")), merged=after["state"] == "merged")

    async def _decided(self, path: str) -> dict[str, Any]:
        """The request once GitLab knows whether it can be merged and has made its pipeline, or after a few looks."""
        raw: dict[str, Any] = {}
        for _ in range(LOOKS):
            raw = await self._project.api.get(path)
            if raw.get("detailed_merge_status") not in _UNDECIDED and raw.get("head_pipeline"):
                break
            await asyncio.sleep(self._pause)
        return raw


def _is_here(raw: dict[str, Any]) -> bool:
    return bool(raw.get("source_project_id") == raw.get("target_project_id", raw.get("project_id")))


def _shown(raw: dict[str, Any]) -> PullRequest:
    return PullRequest(
        number=int(raw["iid"]),
        branch=str(raw["source_branch"]),
        base=str(raw["target_branch"]),
        title=str(raw["title"]),
        body=raw.get("description") or "",
        url=str(raw["web_url"]),
        head=str(raw.get("sha") or ""),
        labels=tuple(map(str, raw.get("labels") or ())),
        auto_merge=bool(raw.get("merge_when_pipeline_succeeds")),
    )
