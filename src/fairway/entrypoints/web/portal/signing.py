"""`/auth/login`, `/auth/callback`, `/auth/logout`: the same addresses as the originals had.

The rule not to break: coming back from GitHub gives a new session and ends the one before; leaving is a form.
"""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fairway.entrypoints.web.portal.visitors import Visitors
from fairway.services.portal.parts import PortalParts
from fairway.services.portal.sessions import Session
from fairway.services.portal.signing_in import HOME

_LOG = logging.getLogger(__name__)


class Signing:
    def __init__(self, parts: PortalParts, visitors: Visitors) -> None:
        self._parts = parts
        self._visitors = visitors

    async def login(self, request: Request) -> Response:
        begun = self._parts.signing_in.begin(request.query_params.get("to", HOME))
        response = RedirectResponse(begun.url, 303)
        self._visitors.begun(response, begun.cookie)
        return response

    async def callback(self, request: Request) -> Response:
        asked = request.query_params
        before = await self._visitors.who(request)
        session, to = await self._parts.signing_in.finish(
            self._visitors.sign_in_cookie(request),
            asked.get("state", ""),
            asked.get("code", "")[:500],
            asked.get("error", ""),
        )
        if before is not None:
            await self._parts.sessions.end(before)
        _LOG.info("portal.signed_in", extra={"login": session.person.login})
        response = RedirectResponse(to, 303)
        self._visitors.ended(response)
        self._visitors.signed_in(response, session)
        return response

    async def logout(self, request: Request, session: Session) -> Response:
        await self._visitors.form(request, session)
        await self._parts.portal.leave(session)
        _LOG.info("portal.signed_out", extra={"login": session.person.login})
        response = RedirectResponse(HOME, 303)
        self._visitors.signed_out(response)
        return response
