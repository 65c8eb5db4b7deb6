from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from tests.support.chart_servers import WebServer, web_server

from fairway.adapters.charts.web import Access, Patience, Web
from fairway.domain.charts.sources import Throttled, Unreachable
from fairway.domain.errors import Terminal, UserError

MIB = 1024 * 1024


@pytest.fixture
def server() -> Iterator[WebServer]:
    with web_server() as web:
        yield web


class Naps:
    """Takes note of pauses instead of sleeping."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


async def test_pauses_grow_and_have_jitter(server: WebServer) -> None:
    naps, said = Naps(), list[str]()
    server.failures = [(503, {})] * 6
    web = Web(said.append, patience=Patience(6, 1.0), sleep=naps)
    with pytest.raises(Unreachable, match="answers 503"):
        await web.get(f"{server.url}/x?secret=1", limit=MIB)
    assert len(naps.taken) == 5
    assert all(0 <= nap <= 2**number for number, nap in enumerate(naps.taken))
    assert said[0].startswith(f"{server.url}/x: it answers 503; trying again")
    assert not any("secret" in text for text in said)
    await web.aclose()


@pytest.mark.parametrize(("header", "least", "most"), [("7", 7, 7.5), ("30", 30, 30), ("-5", 0, 1), ("tomorrow", 1, 2)])
async def test_a_server_may_say_when_to_come_back(header: str, least: float, most: float, server: WebServer) -> None:
    naps = Naps()
    server.files["/x"] = b"here"
    server.failures = [(429, {"Retry-After": header})]
    web = Web(patience=Patience(2, 0.5), sleep=naps)
    assert (await web.get(f"{server.url}/x", limit=MIB)).body == b"here"
    assert least <= naps.taken[0] <= most
    await web.aclose()


@pytest.mark.parametrize(("status", "header", "after"), [(429, "9999", 3600), (503, "45", 45), (429, "", 30)])
async def test_a_server_that_wants_too_much_patience_is_left_alone(
    status: int, header: str, after: float, server: WebServer
) -> None:
    naps = Naps()
    server.failures = [(status, {"Retry-After": header} if header else {})] * 9
    web = Web(patience=Patience(2, 0.5), sleep=naps)
    with pytest.raises(Throttled, match=f"it answers {status}") as caught:
        await web.get(f"{server.url}/x", limit=MIB)
    assert caught.value.after == after
    assert len(naps.taken) == (0 if header else 1)
    await web.aclose()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_refusal_is_an_answer(status: int, server: WebServer) -> None:
    server.failures = [(status, {})]
    web = Web()
    assert (await web.get(f"{server.url}/x", limit=MIB)).status == status
    assert len(server.asked) == 1
    await web.aclose()


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_that_is_too_large_is_not_read_to_its_end(announced: bool) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    sent = [0]

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            length = b"Content-Length: 9000000000\r\n" if announced else b"Connection: close\r\n"
            connection.sendall(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n")
            try:
                while sent[0] < 64 * MIB:
                    connection.sendall(b"x" * MIB)
                    sent[0] += MIB
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    web = Web()
    with pytest.raises(Terminal, match="larger than 1 MB"):
        await web.get(f"http://127.0.0.1:{listener.getsockname()[1]}/x", limit=MIB)
    await web.aclose()
    thread.join(10)
    listener.close()
    assert sent[0] < 64 * MIB


async def test_a_server_that_says_nothing_is_given_up(server: WebServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        web = Web(patience=Patience(1, 0.01, timeout=0.2))
        with pytest.raises(Unreachable, match="does not answer in time"):
            await web.get(f"http://127.0.0.1:{silent.getsockname()[1]}/", limit=MIB)
        await web.aclose()


async def test_nothing_is_asked_when_offline(server: WebServer) -> None:
    web = Web(offline=True)
    with pytest.raises(Unreachable, match="offline"):
        await web.get(f"{server.url}/x", limit=MIB)
    assert not server.asked


@pytest.mark.parametrize("url", ["ftp://host/x", "http://", "nonsense"])
async def test_what_is_no_web_address_is_an_error(url: str) -> None:
    web = Web(patience=Patience(1, 0.01))
    with pytest.raises((Unreachable, UserError)):
        await web.get(url, limit=MIB)
    await web.aclose()


async def test_each_hop_gets_only_what_is_meant_for_it(server: WebServer) -> None:
    with web_server() as other:
        server.redirects["/a"] = f"{other.url}/b"
        other.files["/b"] = b"there"

        def access(url: str) -> Access:
            return Access({"X-For": url.rsplit("/", 1)[-1]})

        web = Web()
        answer = await web.get(f"{server.url}/a", access, limit=MIB)
        assert (answer.body, answer.url) == (b"there", f"{other.url}/b")
        assert (server.asked[0].headers["x-for"], other.asked[0].headers["x-for"]) == ("a", "b")
        await web.aclose()


async def test_a_form_is_posted(server: WebServer) -> None:
    server.refresh_token = "r"
    web = Web()
    answer = await web.post_form(f"{server.url}/token", {"refresh_token": "r"})
    assert (answer.status, server.asked[0].method) == (200, "POST")
    await web.aclose()


async def test_a_place_that_is_not_there_is_told_in_words() -> None:
    web = Web(patience=Patience(1, 0.01))
    with pytest.raises(Unreachable, match="nothing answers there"):
        await web.get("http://127.0.0.1:1/x", limit=MIB)
    await web.aclose()
