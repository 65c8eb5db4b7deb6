"""`/hooks/…`: from a request to a delivery, from what intake says to an answer.

The rule not to break: whatever is sent, the answer is one of 202, 400, 401, 404, 408, 413 and 503, and at once.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from fastapi import FastAPI, Request, Response

from fairway.domain.errors import FairwayError, Refused, Transient, UserError
from fairway.domain.webhooks.delivery import Delivery, Malformed
from fairway.entrypoints.web.answers import json_answer
from fairway.entrypoints.web.bodies import Bodies, Unread
from fairway.services.intake.intake import Heard, Intake, NoSuchEndpoint

AGAIN = {"retry-after": "60"}

_LOG = logging.getLogger(__name__)

Hear = Callable[[Delivery], Awaitable[Heard]]


def add_hooks(app: FastAPI, intake: Intake, now: Callable[[], datetime], longest_body: float) -> None:
    """`longest_body` in seconds."""
    bodies = Bodies(longest_body)

    async def answered(request: Request, hear: Hear) -> Response:
        try:
            body = await bodies.read(request)
        except Unread as refusal:
            return _error(refusal.status, refusal.message, AGAIN if refusal.status == 503 else None)
        return await _heard(
            Delivery(_headers(request), body, now(), dict(request.query_params)), hear, request.url.path
        )

    @app.post("/hooks/git/{sender}")
    async def git(sender: str, request: Request) -> Response:
        async def hear(delivery: Delivery) -> Heard:
            return intake.git(sender, delivery)

        return await answered(request, hear)

    @app.post("/hooks/registry/{sender}")
    async def registry(sender: str, request: Request) -> Response:
        async def hear(delivery: Delivery) -> Heard:
            return intake.registry(sender, delivery)

        return await answered(request, hear)

    @app.post("/hooks/pubsub")
    async def pubsub(request: Request) -> Response:
        return await answered(request, intake.pubsub)


async def _heard(delivery: Delivery, hear: Hear, path: str) -> Response:
    try:
        heard = await hear(delivery)
    except FairwayError as error:
        return _refusal(error, path)
    return json_answer(202, _told(heard))


def _headers(request: Request) -> dict[str, str]:
    return {
        name.decode("latin-1").lower(): value.decode("utf-8", "surrogateescape") for name, value in request.headers.raw
    }


def _told(heard: Heard) -> dict[str, object]:
    told: dict[str, object] = {"accepted": heard.accepted, "duplicates": heard.duplicates}
    return {**told, "ignored": heard.ignored} if heard.ignored else told


def _refusal(error: FairwayError, path: str) -> Response:
    if isinstance(error, NoSuchEndpoint):
        return _error(404, "not found")
    if isinstance(error, Malformed):
        _LOG.info("webhook.malformed", extra={"path": path, "reason": error.message})
        return _error(400, error.message)
    if isinstance(error, Refused):
        _LOG.warning("webhook.refused", extra={"path": path, "reason": error.message})
        return _error(401, "the signature or token is missing or wrong", {"www-authenticate": "Bearer"})
    if isinstance(error, UserError | Transient):
        _LOG.error("webhook.unable", extra={"path": path, "reason": error.message})
    return _error(503, "this cannot be checked now; try again later", AGAIN)


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return json_answer(status, {"error": message}, headers)
