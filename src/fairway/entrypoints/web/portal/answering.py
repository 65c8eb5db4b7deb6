"""What becomes of whatever goes wrong: a page that says it, and the way on.

The rule not to break: people see what happened and what they can do, never how the program looks inside.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from fairway.domain.access.people import SignedOut
from fairway.domain.errors import FairwayError, Refused, Transient, UserError
from fairway.entrypoints.web.bodies import Unread
from fairway.entrypoints.web.pages.rendering import page
from fairway.entrypoints.web.portal.visitors import NoForm, Visitors
from fairway.services.portal.portal import NotYours
from fairway.services.portal.sessions import Session
from fairway.services.portal.signing_in import HOME, NotSignedIn, TooMany

_LOG = logging.getLogger(__name__)
_BACK = [("Your repositories", HOME)]

Show = Callable[[Request], Awaitable[Response]]
ShowTo = Callable[[Request, Session], Awaitable[Response]]


def answered(visitors: Visitors, show: Show) -> Show:
    """For everybody."""

    async def shown(request: Request) -> Response:
        try:
            return await show(request)
        except SignedOut as error:
            response = sign_in_page(request, error.message)
            visitors.signed_out(response)
            return response
        except Unread as error:
            return _told(request, visitors, error.status, "This could not be read", "bad", error.message)
        except FairwayError as error:
            return _failed(request, visitors, error)

    return shown


def for_members(visitors: Visitors, show: ShowTo) -> Show:
    """For whoever is signed in; the others are shown how to."""

    async def shown(request: Request) -> Response:
        session = await visitors.who(request)
        if session is None:
            return sign_in_page(request)
        request.state.session = session
        return await show(request, session)

    return answered(visitors, shown)


def sign_in_page(request: Request, why: str = "") -> Response:
    to = request.url.path if request.method in ("GET", "HEAD") else HOME
    return page(request, "portal/sign_in.html", status=401, to=to, why=why)


def _failed(request: Request, visitors: Visitors, error: FairwayError) -> Response:
    status, title, kind = _looks(error)
    if status >= 500:
        _LOG.warning("portal.unable", extra={"path": request.url.path, "reason": str(error)})
    again = [("Try again", request.url.path), *_BACK] if request.method == "GET" and status >= 500 else _BACK
    steps = [("Sign in", "/auth/login")] if isinstance(error, NotSignedIn | TooMany) else again
    return _told(request, visitors, status, title, kind, error.message, error.fix or "", steps)


def _looks(error: FairwayError) -> tuple[int, str, str]:
    match error:
        case NotSignedIn():
            return 403, "You are not signed in", "warning"
        case TooMany():
            return 429, "Too many at once", "warning"
        case NotYours():
            return 404, "There is no such repository", "warning"
        case NoForm():
            return 403, "Nothing was changed", "bad"
        case Refused():
            return 403, "You may not do this", "bad"
        case Transient():
            return 503, "This does not work right now", "warning"
        case UserError():
            return 400, "This does not work", "bad"
    return 502, "This does not work", "bad"


def _told(
    request: Request,
    visitors: Visitors,
    status: int,
    title: str,
    kind: str,
    text: str,
    fix: str = "",
    steps: object = None,
) -> Response:
    whole = " ".join(f"{part[:1].upper()}{part[1:].rstrip('.')}." for part in (text, fix) if part)
    account = visitors.account(getattr(request.state, "session", None))
    shown = {"title": title, "kind": kind, "text": whole, "steps": steps or _BACK, "account": account}
    answer = page(request, "message.html", status=status, **shown)
    if status in (429, 503):
        answer.headers["retry-after"] = "30"
    return answer
