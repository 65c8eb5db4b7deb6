"""Around every request: strict headers, and one line in the log without secrets.

An answer may bring headers of its own, as pages bring the policy that lets them load their stylesheet; what it does not
bring is the strictest.

The rule not to break: a query string never reaches a log with its values; a mistake of ours never reaches the caller.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fairway.entrypoints.web.answers import json_answer

_LOG = logging.getLogger(__name__)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_QUIET = frozenset({"/healthz", "/readyz", "/metrics", "/events"})
_ASSETS = "/assets/"
"""Looked at often, or logged with more by whoever answers."""


class Guarded:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0
        started = time.perf_counter()

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _completed(message.get("headers", ()))
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except Exception:
            _LOG.exception("web.failed", extra={"path": scope["path"]})
            if not status:
                await json_answer(500, {"error": "a mistake in Fairway itself; its log says more"})(
                    scope, receive, guarded
                )
        finally:
            _logged(scope, status, time.perf_counter() - started)


def _completed(brought: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    headers = list(brought)
    names = {name.lower() for name, _ in headers}
    return [*headers, *((name, value) for name, value in _HEADERS if name not in names)]


def _logged(scope: Scope, status: int, seconds: float) -> None:
    is_quiet = scope["path"] in _QUIET or scope["path"].startswith(_ASSETS)
    level = logging.DEBUG if is_quiet and status < 400 else logging.INFO
    if not _LOG.isEnabledFor(level):
        return
    client = scope.get("client")
    fields = {
        "method": scope["method"],
        "path": scope["path"],
        "query": query_names(scope.get("query_string", b"")),
        "status": status,
        "milliseconds": round(seconds * 1000, 1),
        "client": client[0] if client else "",
    }
    _LOG.log(level, "web.request", extra=fields)


def query_names(query: bytes) -> str:
    """`token=…&x=…`: which there were, without their values."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return "&".join(f"{name}=…" for name, _ in pairs)
