"""One address for a process whose parts come and go."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from fairway.entrypoints.workers.answering import Switched


def app(text: str) -> ASGIApp:
    async def say(request: object) -> PlainTextResponse:
        return PlainTextResponse(text)

    return Starlette(routes=[Route(path, say) for path in ("/healthz", "/readyz", "/metrics", "/events", "/")])


def test_probes_are_answered_before_anything_is_there_and_the_rest_says_why_not() -> None:
    here: list[ASGIApp] = []
    switched = Switched(app("probe"), lambda: here[0] if here else None, lambda: {"database": "away", "queue": ""})
    client = TestClient(switched)
    assert client.get("/healthz").text == "probe"
    refused = client.get("/events")
    assert refused.status_code == 503
    assert refused.headers["retry-after"]
    assert refused.json() == {"error": "not ready: database: away"}
    here.append(app("whole"))
    assert client.get("/events").text == "whole"
    assert client.get("/readyz").text == "probe"
    here.clear()
    assert client.get("/").status_code == 503
