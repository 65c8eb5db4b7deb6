"""A GitHub for benchmarks: takes statuses of deployments, fast enough not to be what is measured.

Runs in a process of its own. `/told` gives all statuses with the time at which each came.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import re
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

STATUSES = re.compile(r"/repos/[^/]+/[^/]+/deployments/(\d+)/statuses")
TOKEN = {"token": "ghs_" + "0" * 36, "expires_at": "2099-01-01T00:00:00Z"}


@dataclass
class _Github:
    told: dict[int, list[tuple[str, str, float]]] = field(default_factory=lambda: defaultdict(list))
    requests: int = 0

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if path == "/told":
            return 200, {"requests": self.requests, "told": self.told}
        self.requests += 1
        if path.endswith("/installation"):
            return 200, {"id": 1, "app_id": 1}
        if path.endswith("/access_tokens"):
            return 201, TOKEN
        if found := STATUSES.fullmatch(path):
            said = self.told[int(found[1])]
            if method == "POST":
                given = json.loads(body)
                said.append((given["state"], given.get("description", ""), time.monotonic()))
                return 201, {"id": len(said), "state": given["state"]}
            return 200, [
                {"id": n, "state": state, "description": text, "log_url": "", "created_at": "2026-01-01T00:00:00Z"}
                for n, (state, text, _) in enumerate(said)
            ]
        return 404, {"message": "Not Found"}


async def _serve(ready: Connection) -> None:
    github = _Github()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                first, *lines = head.split("\r\n")
                method, target, _ = first.split(" ", 2)
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length") or 0))
                status, data = github.answer(method, target.partition("?")[0], body)
                text = json.dumps(data).encode()
                kind = "Content-Type: application/json\r\n"
                writer.write(f"HTTP/1.1 {status} x\r\n{kind}Content-Length: {len(text)}\r\n\r\n".encode() + text)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    ready.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _main(ready: Connection) -> None:
    asyncio.run(_serve(ready))


@dataclass(frozen=True, slots=True)
class Github:
    url: str

    def told(self) -> dict[int, list[tuple[str, str, float]]]:
        """State, description and monotonic seconds, by deployment, in the order in which they came."""
        with urllib.request.urlopen(f"{self.url}/told") as answer:
            found = json.load(answer)["told"]
        return {int(key): [(state, text, at) for state, text, at in said] for key, said in found.items()}


@contextmanager
def github() -> Iterator[Github]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_main, args=(there,), daemon=True)
    process.start()
    try:
        yield Github(f"http://127.0.0.1:{here.recv()}")
    finally:
        process.terminate()
        process.join()
