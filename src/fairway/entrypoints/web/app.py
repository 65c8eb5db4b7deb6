"""The application: which addresses there are.

The rule not to break: what changes something is authenticated, and what is not here does not exist; nothing describes
the endpoints but /api/openapi.json, which is written by hand.
"""

from __future__ import annotations

from types import MappingProxyType

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from fairway.entrypoints.web.answers import json_answer
from fairway.entrypoints.web.dispatch.adding import add_dispatch
from fairway.entrypoints.web.guarding import Guarded
from fairway.entrypoints.web.hooks import add_hooks
from fairway.entrypoints.web.parts import Checks, WebParts
from fairway.entrypoints.web.portal.adding import add_portal
from fairway.entrypoints.web.status_page import as_text
from fairway.entrypoints.web.unknown import add_unknown


def create_app(parts: WebParts) -> FastAPI:
    """`/`, `/healthz`, `/readyz`, `/metrics`, and what there are parts for. Contracts: docs/spec/webhooks.md, hookd.md,
    deployments-api.md, portal.md."""
    app = FastAPI(title="Fairway", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.add_middleware(Guarded)
    add_unknown(app)
    _add_health(app, parts)
    _add_pages(app, parts)
    if parts.intake is not None:
        add_hooks(app, parts.intake, parts.now, parts.longest_body)
    if parts.dispatch is not None:
        add_dispatch(app, parts.dispatch, parts.now, parts.longest_body)
    if parts.portal is not None:
        add_portal(app, parts.portal, parts.longest_body)
    return app


def _add_health(app: FastAPI, parts: WebParts) -> None:
    @app.get("/healthz")
    async def alive() -> Response:
        return _checked(parts.alive())

    @app.get("/readyz")
    async def ready() -> Response:
        return _checked(parts.ready(), parts.shown())


def _checked(checks: Checks, shown: Checks = MappingProxyType({})) -> Response:
    """`shown` is told too, and does not count."""
    wrong = {name: reason for name, reason in checks.items() if reason}
    body = {"ok": not wrong, "checks": {name: reason or "ok" for name, reason in {**shown, **checks}.items()}}
    return json_answer(503 if wrong else 200, body)


def _add_pages(app: FastAPI, parts: WebParts) -> None:
    @app.get("/metrics")
    async def metrics() -> Response:
        page, content_type = parts.metrics()
        return Response(page, media_type=content_type)

    @app.get("/")
    async def status(request: Request) -> Response:
        """For programs and curl as ever; browsers are brought to the first of the pages, where there are any."""
        accepted, output = request.headers.get("accept", ""), request.query_params.get("output", "")
        links = getattr(request.app.state, "links", ())
        if links and not output and "text/html" in accepted:
            return RedirectResponse(links[0].href, 302)
        known = parts.status()
        if output == "json" or ("application/json" in accepted and output != "text"):
            return Response(
                orjson.dumps(known, default=str, option=orjson.OPT_NON_STR_KEYS), media_type="application/json"
            )
        return PlainTextResponse(as_text(known))
