"""What is said of a commit: a check run with annotations where the login is an App's, else a commit status.

The rule not to break: GitHub takes 50 annotations at a time and appends them, so a check run that has ended is never
written to again; a new one takes its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fairway.adapters.forges.answers import Declined, NotFound
from fairway.adapters.forges.github.repository import GithubRepository
from fairway.adapters.forges.texts import cut
from fairway.domain.errors import Diagnostic, Severity, UserError
from fairway.domain.forges.requests import CommitState, Status

AT_ONCE = 50
LONGEST_DESCRIPTION = 140
LONGEST_SUMMARY = 60_000
_CONCLUSIONS = {CommitState.SUCCESS: "success", CommitState.FAILURE: "failure", CommitState.ERROR: "failure"}
_LEVELS = {Severity.ERROR: "failure", Severity.WARNING: "warning", Severity.INFO: "notice"}


class GithubStatuses:
    _repository: GithubRepository
    _check_runs: bool

    async def set_status(self, status: Status) -> None:
        if self._check_runs:
            try:
                await self._check(status)
                return
            except (Declined, NotFound):
                raise
            except UserError:
                self._check_runs = False  # a token of Actions without `checks: write`: a status does as well
        await self._status(status)

    async def _status(self, status: Status) -> None:
        body = {
            "state": status.state.value,
            "context": status.context,
            "description": cut(status.description, LONGEST_DESCRIPTION),
        }
        if status.url:
            body["target_url"] = status.url
        await self._repository.api.send("POST", self._repository.of(f"statuses/{status.commit}"), body)

    async def _check(self, status: Status) -> None:
        api, of = self._repository.api, self._repository.of
        placed = [_annotation(one) for one in status.annotations if one.position and one.position.line]
        head = _head(status, [one for one in status.annotations if not (one.position and one.position.line)])
        running = await self._running(status)
        first = {**head, "output": {**head["output"], "annotations": placed[:AT_ONCE]}}
        if running:
            made = await api.send("PATCH", of(f"check-runs/{running}"), first)
        else:
            made = await api.send("POST", of("check-runs"), {**first, "head_sha": status.commit})
        for n in range(AT_ONCE, len(placed), AT_ONCE):
            more = {"output": {**head["output"], "annotations": placed[n : n + AT_ONCE]}}
            await api.send("PATCH", of(f"check-runs/{made['id']}"), more)

    async def _running(self, status: Status) -> int | None:
        """The check run of this name that has not ended yet."""
        query = {"check_name": status.context, "filter": "latest", "per_page": "100"}
        found = await self._repository.api.get(self._repository.of(f"commits/{status.commit}/check-runs"), query)
        return next((int(one["id"]) for one in found["check_runs"] if one["status"] != "completed"), None)


def _head(status: Status, elsewhere: Sequence[Diagnostic]) -> dict[str, Any]:
    lines = [status.description, "", *(f"- {one.position or ''} {one.message}".replace("  ", " ") for one in elsewhere)]
    output = {"title": cut(status.description, 255), "summary": cut("\n".join(lines).strip(), LONGEST_SUMMARY)}
    head: dict[str, Any] = {"name": status.context, "output": output}
    if status.url:
        head["details_url"] = status.url
    if status.state is CommitState.PENDING:
        return {**head, "status": "in_progress"}
    return {**head, "status": "completed", "conclusion": _CONCLUSIONS[status.state]}


def _annotation(one: Diagnostic) -> dict[str, Any]:
    place = one.position
    assert place is not None
    found: dict[str, Any] = {
        "path": place.file,
        "start_line": place.line,
        "end_line": place.line,
        "annotation_level": _LEVELS[one.severity],
        "title": cut(one.rule, 255),
        "message": cut(f"{one.message}\n{one.fix}" if one.fix else one.message, LONGEST_SUMMARY),
    }
    if place.column:
        found |= {"start_column": place.column, "end_column": place.column}
    return found
