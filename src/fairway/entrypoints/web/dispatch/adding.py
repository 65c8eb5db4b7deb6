"""Every address of deployments, added in one go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import FastAPI

from fairway.entrypoints.web.bodies import Bodies
from fairway.entrypoints.web.dispatch.api import add_api
from fairway.entrypoints.web.dispatch.events import add_events
from fairway.entrypoints.web.dispatch.openapi import add_openapi
from fairway.entrypoints.web.dispatch.pages import add_deployments
from fairway.entrypoints.web.dispatch.parts import DispatchParts


def add_dispatch(app: FastAPI, parts: DispatchParts, now: Callable[[], datetime], longest_body: float) -> None:
    """`longest_body` in seconds. Bodies of events and of the API are bounded together."""
    bodies = Bodies(longest_body, parts.most_bytes_together, parts.most_bytes)
    add_events(app, parts.accepting.github_event, bodies)
    if parts.api is not None:
        add_api(app, parts, parts.api, bodies, lambda: now().timestamp())
    add_deployments(app, parts, now)
    add_openapi(app, api=parts.api is not None, provisions=bool(parts.api and parts.api.authenticating.provisions))
