"""`POST /events`: GitHub's webhook. Contract: docs/spec/hookd.md.

The rule not to break: what is answered is what `Accepting` says, to the letter; this route adds nothing but limits. It
is the one that has to be fast, so it is a bare route: no models, no dependencies, no copies.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from fairway.domain.dispatch.answers import Answer
from fairway.domain.dispatch.events import DEPLOYMENT, GithubEvent
from fairway.entrypoints.web.bodies import Bodies, Unread

_LOG = logging.getLogger(__name__)

PATH = "/events"
PLAIN = "text/plain; charset=utf-8"
RETRY_AFTER = "30"
# A body that is not read to its end would else be taken for the next request.
_CLOSE = {"connection": "close"}

Accept = Callable[[GithubEvent], Awaitable[Answer]]


def add_events(app: FastAPI, accept: Accept, bodies: Bodies) -> None:
    async def events(request: Request) -> Response:
        try:
            headers = _Headers(request)
            if headers.one("x-github-event") != DEPLOYMENT:
                return Response(status_code=204, headers=_unread(request))
            async with bodies.held(request) as body:
                return _response(await accept(headers.event(body)))
        except Unread as refusal:
            return _plain(refusal.status, refusal.message, _CLOSE)
        except _Twice as error:
            return _plain(400, f"the header {error} is there more than once", _CLOSE)

    app.router.add_route(PATH, events, methods=["POST"])


def _unread(request: Request) -> dict[str, str]:
    """A body that nobody looks at is let in where it is small; whoever has much to say is not listened to."""
    length = request.headers.get("content-length", "")
    return {} if length.isdecimal() and len(length) < 7 else _CLOSE


def _response(answer: Answer) -> Response:
    headers = {"location": answer.log_url} if answer.code == 201 and answer.log_url else {}
    if answer.code >= 400:
        _LOG.warning("events.refused", extra={"status": answer.code, "reason": answer.text})
    return _plain(answer.code, answer.text, headers)


def _plain(status: int, text: str, headers: dict[str, str]) -> Response:
    if status == 503:
        headers = {"retry-after": RETRY_AFTER, **headers}
    return Response(text, status, headers, PLAIN) if text else Response(None, status, headers)


class _Twice(Exception):
    """A header that says two things says nothing."""


class _Headers:
    """GitHub's own headers; of others nothing is looked at."""

    def __init__(self, request: Request) -> None:
        self._found: dict[bytes, bytes] = {}
        for name, value in request.headers.raw:
            if name in _NAMES and self._found.setdefault(name, value) != value:
                raise _Twice(name.decode())

    def one(self, name: str) -> str:
        return self._found.get(name.encode(), b"").decode("latin-1").strip()

    def event(self, body: bytes) -> GithubEvent:
        return GithubEvent(
            event=self.one("x-github-event"),
            delivery_id=self.one("x-github-delivery"),
            body=body,
            signature_256=self.one("x-hub-signature-256"),
            signature=self.one("x-hub-signature"),
        )


_NAMES = frozenset({b"x-github-event", b"x-github-delivery", b"x-hub-signature-256", b"x-hub-signature"})
