"""Clients that deliver signed events, in a process of their own: each sends its next when its last was answered."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Event:
    number: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answered:
    """Times are monotonic seconds, alike in all processes of a machine; the code is 0 when the connection broke."""

    number: int
    began: float
    ended: float
    code: int

    @property
    def took(self) -> float:
        return self.ended - self.began


def send(url: str, clients: Sequence[Sequence[Event]], *, every: float = 0.0) -> list[Answered]:
    """All events of each client, one after another; with `every`, a client begins one each so many seconds.

    Connections are opened, and requests written out, before the first is sent.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_main, args=(there, url, [list(one) for one in clients], every), daemon=True)
    process.start()
    try:
        found: list[Answered] = here.recv()
    except EOFError:
        raise SystemExit("the clients ended before they were done") from None
    finally:
        process.join(10)
    return found


def _main(there: Connection, url: str, clients: list[list[Event]], every: float) -> None:
    there.send(asyncio.run(_all(url, clients, every)))


async def _all(url: str, clients: list[list[Event]], every: float) -> list[Answered]:
    go = asyncio.Event()
    tasks = [
        asyncio.create_task(_client(url, events, go, every, every * number / len(clients)))
        for number, events in enumerate(clients)
    ]
    await asyncio.sleep(0.5)
    go.set()
    return [one for found in await asyncio.gather(*tasks) for one in found]


async def _client(url: str, events: list[Event], go: asyncio.Event, every: float, offset: float) -> list[Answered]:
    place = urlsplit(url)
    host, port = place.hostname or "", place.port or 80
    lines = [(event.number, _request(place.path, f"{host}:{port}", event)) for event in events]
    reader, writer = await asyncio.open_connection(host, port)
    found: list[Answered] = []
    await go.wait()
    start = time.monotonic() + offset
    for n, (number, data) in enumerate(lines):
        if every:
            await asyncio.sleep(max(0.0, start + n * every - time.monotonic()))
        began = time.monotonic()
        try:
            writer.write(data)
            code = await _answer(reader)
        except (OSError, asyncio.IncompleteReadError):
            code = 0
            reader, writer = await asyncio.open_connection(host, port)
        found.append(Answered(number, began, time.monotonic(), code))
    writer.close()
    return found


def _request(path: str, host: str, event: Event) -> bytes:
    headers = "".join(f"{name}: {value}\r\n" for name, value in event.headers.items())
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Length: {len(event.body)}\r\n\r\n"
    return head.encode() + event.body


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    else:
        await reader.readexactly(int(headers.get("content-length") or 0))
    return int(first.split(" ")[1])
