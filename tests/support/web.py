"""The web application on a real socket of loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2

from fairway.domain.configuration.listening import Listen
from fairway.entrypoints.web.app import create_app
from fairway.entrypoints.web.parts import WebParts
from fairway.entrypoints.web.serving import serving


@asynccontextmanager
async def served(parts: WebParts) -> AsyncIterator[httpx2.AsyncClient]:
    async with (
        serving(create_app(parts), Listen("127.0.0.1", 0)) as address,
        httpx2.AsyncClient(base_url=f"http://{address}", trust_env=False) as client,
    ):
        yield client
