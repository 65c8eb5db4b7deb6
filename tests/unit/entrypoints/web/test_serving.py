"""Serving begins and ends with its block, in the loop that is there."""

import asyncio
import socket

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from fairway.domain.configuration.listening import Listen, parse_listen
from fairway.domain.errors import UserError
from fairway.entrypoints.web.app import create_app
from fairway.entrypoints.web.parts import WebParts
from fairway.entrypoints.web.serving import serve, serving

ANY = Listen("127.0.0.1", 0)
APP = create_app(WebParts())


async def test_the_port_that_was_chosen_is_told_and_given_back() -> None:
    async with serving(APP, ANY) as address:
        listen = parse_listen(address)
        assert listen is not None
        assert (listen.host, listen.port > 0) == ("127.0.0.1", True)
        async with httpx2.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"http://{address}/healthz")).status_code == 200
    with socket.socket() as again, pytest.raises(ConnectionRefusedError):
        again.connect((listen.host, listen.port))


async def test_an_address_that_is_taken_is_told_with_what_to_do() -> None:
    async with serving(APP, ANY) as address:
        listen = parse_listen(address)
        assert listen is not None
        with pytest.raises(UserError, match="nothing can listen on") as error:
            async with serving(APP, listen):
                pass
    assert error.value.fix == "choose another address, or end what listens there"


async def test_a_request_under_way_is_answered_when_serving_is_cancelled() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await go_on.wait()
        await PlainTextResponse(Request(scope).url.path)(scope, receive, send)

    async def run() -> None:
        async with serving(slow, ANY) as served:
            address.set_result(served)
            await asyncio.Event().wait()

    running = asyncio.create_task(run())
    async with httpx2.AsyncClient(trust_env=False) as client:
        asked = asyncio.create_task(client.get(f"http://{await address}/slow"))
        await begun.wait()
        running.cancel()
        await asyncio.sleep(0)
        go_on.set()
        assert (await asked).text == "/slow"
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_serving_goes_on_until_cancelled() -> None:
    started: asyncio.Queue[str] = asyncio.Queue()
    running = asyncio.create_task(serve(APP, ANY, started.put_nowait))
    assert parse_listen(await started.get()) is not None
    assert not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        (":80", "0.0.0.0:80"),
        ("[::1]:0", "[::1]:0"),
        ("localhost:1", "localhost:1"),
    ],
)
def test_addresses_are_read_and_shown_alike(text: str, shown: str) -> None:
    listen = parse_listen(text)
    assert listen is not None
    assert str(listen) == shown
    assert parse_listen(shown) == listen
