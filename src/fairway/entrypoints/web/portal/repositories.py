"""`/repositories…`: one's repositories, one of them, and what is changed there.

The rule not to break: whatever takes a repository out was shown on a page of its own before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fairway.domain.access.names import is_repository, lowered
from fairway.entrypoints.web.pages.rendering import page
from fairway.entrypoints.web.portal.visitors import Visitors
from fairway.services.portal.parts import PortalParts
from fairway.services.portal.portal import Overtaken, Saved, View
from fairway.services.portal.sessions import Session
from fairway.services.portal.signing_in import HOME

ON_A_PAGE = 20
LONGEST_SEARCH = 200
_TOLD = {
    "saved": "It is saved. Deployments of these teams are accepted from now on.",
    "removed": "The repository is taken out. It may not deploy any more.",
    "same": "That is how it was already; nothing was changed.",
}


class Repositories:
    def __init__(self, parts: PortalParts, visitors: Visitors) -> None:
        self._portal = parts.portal
        self._visitors = visitors
        self._web = parts.options.github_web.rstrip("/")

    async def list(self, request: Request, session: Session) -> Response:
        text = request.query_params.get("q", "").strip()[:LONGEST_SEARCH]
        found, more = await self._portal.repositories(session, text)
        pages = max(1, -(-len(found) // ON_A_PAGE))
        number = min(_number(request.query_params.get("page", "1")), pages)
        shown = found[(number - 1) * ON_A_PAGE : number * ON_A_PAGE]
        return self._page(
            request,
            session,
            "portal/list.html",
            text=text,
            found=shown,
            total=len(found),
            registered=sum(1 for one in found if one.registration),
            before=_query(text, number - 1) if number > 1 else "",
            after=_query(text, number + 1) if number < pages else "",
            number=number,
            pages=pages,
            more=more,
            elsewhere=text if is_repository(text) and not found else "",
        )

    async def one(self, request: Request, session: Session) -> Response:
        view = await self._portal.view(session, _name(request))
        told = _TOLD.get(request.query_params.get("done", ""), "")
        chosen = view.registration.teams if view.registration else ()
        return self._shown(request, session, view, chosen, told=told)

    async def save(self, request: Request, session: Session) -> Response:
        form = await self._visitors.form(request, session)
        name, chosen, version = _name(request), form.all("team"), form.one("version")
        if not any(chosen):
            view = await self._portal.view(session, name)
            if view.registration is None:
                return _back(view.repository.name, "same")
            return self._asked(request, session, view)
        return self._after(request, session, await self._portal.save(session, name, chosen, version))

    async def ask(self, request: Request, session: Session) -> Response:
        view = await self._portal.view(session, _name(request))
        if view.registration is None or not view.repository.is_admin:
            return _back(view.repository.name)
        return self._asked(request, session, view)

    async def remove(self, request: Request, session: Session) -> Response:
        form = await self._visitors.form(request, session)
        return self._after(request, session, await self._portal.save(session, _name(request), (), form.one("version")))

    def _after(self, request: Request, session: Session, done: Saved | Overtaken) -> Response:
        if isinstance(done, Overtaken):
            return self._shown(request, session, done.view, done.wanted, overtaken=True, status=409)
        if done.before == done.after:
            return _back(_name(request), "same")
        return _back(_name(request), "saved" if done.after else "removed")

    def _shown(
        self,
        request: Request,
        session: Session,
        view: View,
        chosen: Sequence[str],
        *,
        told: str = "",
        overtaken: bool = False,
        status: int = 200,
    ) -> Response:
        return self._page(
            request,
            session,
            "portal/repository.html",
            status=status,
            view=view,
            chosen=lowered(chosen),
            wanted=sorted(chosen, key=str.lower),
            told=told,
            overtaken=overtaken,
            address=f"{self._web}/{view.repository.name}",
        )

    def _asked(self, request: Request, session: Session, view: View) -> Response:
        return self._page(request, session, "portal/remove.html", view=view)

    def _page(self, request: Request, session: Session, template: str, **context: Any) -> Response:
        account = self._visitors.account(session)
        return page(request, template, account=account, csrf=session.csrf, **context)


def _name(request: Request) -> str:
    return f"{request.path_params['owner']}/{request.path_params['name']}"


def _back(name: str, done: str = "") -> Response:
    return RedirectResponse(f"{HOME}/{name}{'?done=' + done if done else ''}", 303)


def _number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _query(text: str, number: int) -> str:
    return f"{HOME}?{urlencode({**({'q': text} if text else {}), 'page': number})}"
