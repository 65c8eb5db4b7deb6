"""A small API server on loopback that answers what a test tells it, so that the transport meets real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web

from fairway.adapters.kube.credentials import Credentials, credentials_of
from fairway.adapters.kube.target import Target, User
from fairway.adapters.kube.transport import Transport

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Answers in the order given, the last one again and again; `seen` are the requests."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.pauses: list[float] = []
        self.url = ""
        self._stack = AsyncExitStack()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.method, request.path_qs, dict(request.headers), await request.read()))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def transport(self, user: User | None = None, credentials: Credentials | None = None, **of: Any) -> Transport:
        target = Target(name="test", server=self.url, user=user or User(), **of)
        made = Transport(
            target,
            credentials or credentials_of(target, clock=lambda: 0.0, env={}),
            None,
            sleep=self.pause,
            jitter=lambda: 1.0,
        )
        return await self._stack.enter_async_context(made)

    async def close(self) -> None:
        await self._stack.aclose()


def status(code: int, message: str = "no", reason: str = "", *, headers: Any = None, **details: Any) -> Answer:
    """A refusal as Kubernetes writes it."""
    body = {"kind": "Status", "status": "Failure", "message": message, "reason": reason, "code": code}

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({**body, "details": details}, status=code, headers=headers)

    return answer


def ok(body: Any = None, **headers: str) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response(body if body is not None else {"ok": True}, headers=headers)

    return answer


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Closes the connection instead of answering."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    served = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", served.handle)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield served
    finally:
        await served.close()
        await runner.cleanup()
