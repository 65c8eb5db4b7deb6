"""One address for a process whose parts come and go.

The rule not to break: the address is taken and answers probes before anything outside has been reached.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from fairway.entrypoints.web.answers import json_answer

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
SOON = {"retry-after": "5"}


class Switched:
    """Probes are always answered by `probes`, everything else by what is there now, or with 503."""

    def __init__(self, probes: ASGIApp, current: Callable[[], ASGIApp | None], why: Callable[[], Mapping[str, str]]):
        self._probes = probes
        self._current = current
        self._why = why

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._probes if scope.get("path") in PROBES else self._current()
        if app is not None:
            await app(scope, receive, send)
        elif scope["type"] == "http":
            wrong = "; ".join(f"{name}: {text}" for name, text in self._why().items() if text)
            body = {"error": f"not ready: {wrong}" if wrong else "not ready"}
            await json_answer(503, body, SOON)(scope, receive, send)
