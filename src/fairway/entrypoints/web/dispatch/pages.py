"""`/logs`, `/deployments`, `/deployments/{id}`: what came of a request, for people and as JSON.

The rule not to break: these pages only read, and show nothing but what the ledger keeps, which is masked; with a gate
nothing is shown to whom it does not let in, not even whether a delivery is known.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fairway.domain.deployments.ids import ALPHABET, LENGTH
from fairway.domain.errors import FairwayError
from fairway.entrypoints.web.answers import json_answer
from fairway.entrypoints.web.dispatch.parts import DispatchParts
from fairway.entrypoints.web.dispatch.showing import page_of, show
from fairway.entrypoints.web.dispatch.telling import as_plain
from fairway.entrypoints.web.pages.rendering import add_link, page
from fairway.services.hookd.ports import Tracked

LIST, ONE, LOGS = "/deployments", "/deployments/{id}", "/logs"
ON_A_PAGE = 30
LONGEST_WORD = 200
FILTERS = ("repository", "cluster", "team")
_DELIVERY_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_LEDGER_ID = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")

Read = Callable[[Request], Awaitable[Response]]


def add_deployments(app: FastAPI, parts: DispatchParts, now: Callable[[], datetime]) -> None:
    add_link(app, "Deployments", LIST)
    reading = _Reading(parts, now)
    for path, read in ((LOGS, reading.logs), (LIST, reading.list), (ONE, reading.one)):
        app.router.add_route(path, _gated(parts, read), methods=["GET"], include_in_schema=False)


def _gated(parts: DispatchParts, read: Read) -> Read:
    async def gated(request: Request) -> Response:
        if parts.gate is not None and (refused := await parts.gate(request)) is not None:
            return refused
        try:
            answer = await read(request)
        except FairwayError:
            answer = _away(request)
        # A page that whoever reaches it may read is still nothing for a search engine.
        answer.headers["x-robots-tag"] = "noindex, nofollow"
        return answer

    return gated


class _Reading:
    def __init__(self, parts: DispatchParts, now: Callable[[], datetime]) -> None:
        self._store = parts.store
        self._log_url = parts.accepting.log_url
        self._github_url = parts.github_url
        self._tells_github = parts.tells_github
        self._now = now

    async def logs(self, request: Request) -> Response:
        """Where a status at GitHub leads to; `ts` was the original's way to find lines of a log, and is not needed."""
        wanted = request.query_params.get("delivery_id", "").strip()
        if not wanted:
            return RedirectResponse(LIST, 302)
        tracked = await self._find(wanted)
        return _missing(request, wanted) if tracked is None else RedirectResponse(page_of(tracked.delivery_id), 302)

    async def list(self, request: Request) -> Response:
        asked = {name: _word(request.query_params.get(name, "")) for name in FILTERS}
        before = request.query_params.get("before", "").strip()
        if not _LEDGER_ID.fullmatch(before):
            before = ""
        found = await self._store.find(**asked, before=before, limit=ON_A_PAGE + 1)
        shown, more = found[:ON_A_PAGE], len(found) > ON_A_PAGE
        next_ = shown[-1].story.id if more else ""
        if wants_json(request):
            plain = [as_plain(one, self._log_url(one.delivery_id)) for one in shown]
            return json_answer(200, {"deployments": plain, "next": next_})
        filters = {name: value for name, value in asked.items() if value}
        return page(
            request,
            "deployments/list.html",
            account=await _account(request),
            asked=asked,
            is_filtered=bool(filters),
            deployments=[show(one, self._github_url, self._now()) for one in shown],
            newest=_address(filters) if before else "",
            older=_address({**filters, "before": next_}) if more else "",
        )

    async def one(self, request: Request) -> Response:
        wanted: str = request.path_params["id"]
        tracked = await self._find(wanted)
        if tracked is None:
            return _missing(request, wanted)
        if tracked.delivery_id != wanted:
            return RedirectResponse(page_of(tracked.delivery_id), 302)
        if wants_json(request):
            return json_answer(200, as_plain(tracked, self._log_url(tracked.delivery_id)))
        refresh = request.query_params.get("refresh") != "off"
        return page(
            request,
            "deployments/one.html",
            account=await _account(request),
            one=show(tracked, self._github_url, self._now(), tells_github=self._tells_github),
            refreshes=refresh,
        )

    async def _find(self, wanted: str) -> Tracked | None:
        """By the id of the delivery, or by the ledger's of the deployment."""
        if not _DELIVERY_ID.fullmatch(wanted):
            return None
        tracked = await self._store.get(wanted)
        if tracked is None and _LEDGER_ID.fullmatch(wanted):
            # Nothing is between an id and itself with a digit more.
            newest = await self._store.find(before=f"{wanted}0", limit=1)
            tracked = next((one for one in newest if one.story.id == wanted), None)
        return tracked


async def _account(request: Request) -> Mapping[str, str] | None:
    """Who is signed in, where there is a portal; these pages do without when that can't be known."""
    find = getattr(request.app.state, "account", None)
    if find is None:
        return None
    try:
        found: Mapping[str, str] | None = await find(request)
    except FairwayError:
        return None
    return found


def wants_json(request: Request) -> bool:
    """Whoever does not say that he reads HTML, but that he reads JSON."""
    accepted = request.headers.get("accept", "")
    return request.query_params.get("output") == "json" or (
        "application/json" in accepted and "text/html" not in accepted
    )


def _address(query: dict[str, str]) -> str:
    return f"{LIST}?{urlencode(query)}" if query else LIST


def _missing(request: Request, wanted: str) -> Response:
    if wants_json(request):
        return json_answer(404, {"message": "there is no deployment with this id"})
    return page(request, "deployments/missing.html", status=404, wanted=wanted[:LONGEST_WORD])


def _away(request: Request) -> Response:
    text = "The record of deployments can't be read now. What was asked for is not lost."
    if wants_json(request):
        answer = json_answer(503, {"message": text})
    else:
        steps = [("Try again", request.url.path)]
        answer = page(request, "message.html", status=503, title="Try again later", kind="bad", text=text, steps=steps)
    answer.headers["retry-after"] = "30"
    return answer


def _word(text: str) -> str:
    """What somebody looks for, without what no store takes."""
    return "".join(one for one in text if one.isprintable()).strip()[:LONGEST_WORD]
