"""Serves the application in the event loop that is there, until cancelled.

The rule not to break: signals belong to whoever runs the process; a request under way is answered before the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING

import uvicorn

from fairway.domain.configuration.listening import Listen
from fairway.domain.errors import UserError
from fairway.entrypoints.web.heads import protocol

if TYPE_CHECKING:
    from starlette.types import ASGIApp

GRACE = 5
"""Seconds that requests have to end."""
LONGEST_HEAD = 10.0
"""Seconds in which the head of a request must have arrived."""
AT_ONCE = 1024
"""Connections; a request on one more is answered 503."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, listen: Listen, *, longest_head: float = LONGEST_HEAD) -> AsyncIterator[str]:
    """The application is served inside of the block; gives the address, with the port that was chosen for port 0.

    Raises UserError when the address cannot be taken.
    """
    listener = _listening(listen)
    address = listen.with_port(listener.getsockname()[1])
    config = uvicorn.Config(
        app,
        http=protocol(longest_head),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=AT_ONCE,
        timeout_graceful_shutdown=GRACE,
        ws="none",
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]), name="web")
    try:
        while not server.started:
            if running.done():
                await running
                raise RuntimeError("the server ended before it began")
            await asyncio.sleep(0.01)
        yield str(address)
    finally:
        server.should_exit = True
        # The end is waited for also while being cancelled: the port is free when this returns.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(running)
        if not running.done():
            await running
        listener.close()


async def serve(app: ASGIApp, listen: Listen, started: Callable[[str], object] = str) -> None:
    """Until cancelled; `started` is told the address."""
    async with serving(app, listen) as address:
        started(address)
        await asyncio.Event().wait()


def _listening(listen: Listen) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    # With its protocol named, asyncio sends small answers at once; else each waits 40 ms for an acknowledgement.
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((listen.host, listen.port))
        taken.listen(256)
        taken.setblocking(False)
    except OSError as error:
        taken.close()
        reason = error.strerror or str(error)
        raise UserError(
            f"nothing can listen on {listen}: {reason}", fix="choose another address, or end what listens there"
        ) from error
    return taken
