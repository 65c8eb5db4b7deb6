"""Every address of the portal, added in one go."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from fairway.entrypoints.web.bodies import Bodies
from fairway.entrypoints.web.dispatch.parts import Gate
from fairway.entrypoints.web.pages.rendering import add_link
from fairway.entrypoints.web.portal.answering import Show, answered, for_members, sign_in_page
from fairway.entrypoints.web.portal.repositories import Repositories
from fairway.entrypoints.web.portal.signing import Signing
from fairway.entrypoints.web.portal.visitors import Visitors
from fairway.services.portal.parts import PortalParts
from fairway.services.portal.signing_in import HOME

MOST_BYTES = 64 * 1024
"""Of one form."""
ONE = HOME + "/{owner}/{name}"


def add_portal(app: FastAPI, parts: PortalParts, longest_body: float) -> None:
    """`longest_body` in seconds."""
    visitors = Visitors(parts, Bodies(longest_body, 64 * MOST_BYTES, MOST_BYTES))
    signing, repositories = Signing(parts, visitors), Repositories(parts, visitors)
    add_link(app, "Repositories", HOME)
    _add_account(app, visitors)
    routes: list[tuple[str, str, Show]] = [
        ("GET", "/auth/login", answered(visitors, signing.login)),
        ("GET", "/auth/callback", answered(visitors, signing.callback)),
        ("POST", "/auth/logout", for_members(visitors, signing.logout)),
        ("GET", HOME, for_members(visitors, repositories.list)),
        ("GET", ONE, for_members(visitors, repositories.one)),
        ("POST", ONE, for_members(visitors, repositories.save)),
        ("GET", ONE + "/remove", for_members(visitors, repositories.ask)),
        ("POST", ONE + "/remove", for_members(visitors, repositories.remove)),
    ]
    for method, path, show in routes:
        app.router.add_route(path, show, methods=[method], include_in_schema=False)


def _add_account(app: FastAPI, visitors: Visitors) -> None:
    """For the top of pages that are not the portal's own."""

    async def account(request: Request) -> Mapping[str, str] | None:
        return visitors.account(await visitors.who(request))

    app.state.account = account


def members_only(parts: PortalParts) -> Gate:
    """For other pages that only those who are signed in may read: None for them, else the way to sign in."""
    visitors = Visitors(parts, Bodies(1.0, 0, 0))

    async def gate(request: Request) -> Response | None:
        return None if await visitors.who(request) else sign_in_page(request)

    return gate
