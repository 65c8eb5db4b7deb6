"""Who asks: from a cookie to a session, from a form to something that this very person sent from this very page.

The rule not to break: no form counts without the session's own token and our own origin, and neither cookie can be read
by a script, sent over plain HTTP, or set by a neighbour (`__Host-`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from fairway.domain.errors import Refused
from fairway.entrypoints.web.bodies import Bodies, Unread
from fairway.services.portal.parts import PortalParts
from fairway.services.portal.sessions import Session
from fairway.services.portal.signing_in import GOOD_FOR

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 300


class NoForm(Refused):
    """It was not sent from a page of ours by the person whose cookie it carries."""


class Form:
    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self._fields = fields

    def one(self, name: str) -> str:
        return next(iter(self._fields.get(name, ())), "")

    def all(self, name: str) -> list[str]:
        return list(self._fields.get(name, ()))


class Visitors:
    def __init__(self, parts: PortalParts, bodies: Bodies) -> None:
        self._parts = parts
        self._bodies = bodies
        self._secure = parts.options.is_secure
        prefix = "__Host-" if self._secure else ""
        self._session_name = f"{prefix}fairway"
        self._sign_in_name = f"{prefix}fairway-sign-in"

    async def who(self, request: Request) -> Session | None:
        return await self._parts.sessions.find(request.cookies.get(self._session_name, ""))

    async def form(self, request: Request, session: Session) -> Form:
        """Raises NoForm and Unread."""
        self._from_here(request)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            raise Unread(415, "this is no form")
        body = await self._bodies.read(request)
        try:
            fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError:
            raise Unread(400, "the form cannot be read") from None
        form = Form(fields)
        if not session.is_form(form.one("csrf")):
            raise NoForm("the form is not from this session", fix="open the page again, and then send it")
        return form

    def _from_here(self, request: Request) -> None:
        """By what browsers say themselves, and no page can forge."""
        origin = request.headers.get("origin", "").lower()
        site = request.headers.get("sec-fetch-site", "")
        if origin != self._parts.options.origin or site not in ("", "same-origin"):
            raise NoForm(
                "the form was sent from another place than this portal",
                fix=f"open the portal at {self._parts.options.base_url}",
            )

    def account(self, session: Session | None) -> Mapping[str, str] | None:
        """What the top of a page shows."""
        if session is None:
            return None
        return {"login": session.person.login, "csrf": session.csrf, "sign_out": "/auth/logout"}

    def signed_in(self, response: Response, session: Session) -> None:
        self._give(response, self._session_name, session.secret, self._parts.sessions.longest)

    def signed_out(self, response: Response) -> None:
        self._give(response, self._session_name, "", timedelta(0))

    def begun(self, response: Response, cookie: str) -> None:
        self._give(response, self._sign_in_name, cookie, GOOD_FOR)

    def ended(self, response: Response) -> None:
        self._give(response, self._sign_in_name, "", timedelta(0))

    def sign_in_cookie(self, request: Request) -> str:
        return request.cookies.get(self._sign_in_name, "")

    def _give(self, response: Response, name: str, value: str, age: timedelta) -> None:
        how: dict[str, Any] = {"path": "/", "secure": self._secure, "httponly": True, "samesite": "lax"}
        response.set_cookie(name, value, max_age=int(age.total_seconds()), **how)
