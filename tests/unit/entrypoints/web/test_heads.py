"""Who says nothing, or never comes to an end of saying what he wants, does not keep a connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from fairway.domain.configuration.listening import Listen
from fairway.entrypoints.web.serving import serving

SHORT = 0.2


async def slow(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the body, and takes its time with the answer."""
    body = await Request(scope, receive).body()
    await asyncio.sleep(3 * SHORT)
    await PlainTextResponse(f"{len(body)} bytes")(scope, receive, send)


@pytest.fixture
async def connection() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with serving(slow, Listen("127.0.0.1", 0), longest_head=SHORT) as address:
        host, _, port = address.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        yield reader, writer
        writer.close()


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    return await reader.readexactly(length)


async def test_a_connection_on_which_nothing_is_said_is_closed(connection: Connection) -> None:
    async with asyncio.timeout(30):
        assert await connection[0].read() == b""


async def test_a_head_that_comes_in_drops_is_not_waited_for(connection: Connection) -> None:
    reader, writer = connection
    closed = asyncio.create_task(reader.read())

    async def drip() -> None:
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        while not closed.done():
            writer.write(b"X-A: b\r\n")
            await asyncio.sleep(SHORT / 8)

    async with asyncio.timeout(30):
        await asyncio.gather(drip(), closed, return_exceptions=True)


async def test_nor_is_one_after_a_request_that_was_answered(connection: Connection) -> None:
    reader, writer = connection
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(30):
        assert await answer(reader) == b"0 bytes"
        writer.write(b"GET / HTTP/1.1\r\nHost")
        assert await reader.read() == b""


async def test_a_slow_body_and_a_slow_answer_are_not_ended_from_here(connection: Connection) -> None:
    reader, writer = connection
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
    await asyncio.sleep(2 * SHORT)
    writer.write(b"cd")
    async with asyncio.timeout(30):
        assert await answer(reader) == b"4 bytes"
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert await answer(reader) == b"0 bytes"
