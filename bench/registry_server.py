"""A registry for benchmarks: the distribution API for made-up repositories, fast enough not to be what is measured.

Runs in a process of its own. Images are computed, not stored; `/count` tells the requests since it was asked last.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
TOKEN = "let-me-in"


@dataclass
class Made:
    """`tags` per repository; with `tokens` it wants one for each repository."""

    tags: int
    tokens: bool
    counts: dict[str, int] = field(default_factory=dict)

    def answer(self, method: str, target: str, headers: dict[str, str], port: int) -> tuple[int, dict[str, str], bytes]:
        path = target.partition("?")[0]
        if path == "/count":
            counts, self.counts = self.counts, {}
            return 200, {}, json.dumps(counts).encode()
        if path == "/token":
            self._count("token")
            return 200, {}, json.dumps({"token": TOKEN, "expires_in": 300}).encode()
        if self.tokens and headers.get("authorization") != f"Bearer {TOKEN}":
            self._count("refused")
            name = path.removeprefix("/v2/").partition("/tags/")[0].partition("/manifests/")[0]
            realm = f'realm="http://127.0.0.1:{port}/token",service="bench",scope="repository:{name}:pull"'
            return 401, {"WWW-Authenticate": f"Bearer {realm}"}, b"{}"
        if path.endswith("/tags/list"):
            return self._list(path, headers)
        name, kind, reference = path.removeprefix("/v2/").rsplit("/", 2)
        config = json.dumps(
            {"os": "linux", "architecture": "amd64", "created": _created(reference), "of": name}
        ).encode()
        if kind == "blobs":
            self._count("config")
            return 200, {}, self.configs.get(reference, b"{}")
        about = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"digest": _digest(config)}, "layers": []}
        manifest = json.dumps(about).encode()
        self.configs[_digest(config)] = config
        self._count(f"manifest {method}")
        return 200, {"Content-Type": MANIFEST, "Docker-Content-Digest": _digest(manifest)}, manifest

    configs: dict[str, bytes] = field(default_factory=dict)

    def _list(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        tags = [f"1.{number // 50}.{number % 50}" for number in range(self.tags)]
        body = json.dumps({"name": path, "tags": tags}).encode()
        etag = f'"{_digest(body)[7:23]}"'
        same = headers.get("if-none-match") == etag
        self._count("list unchanged" if same else "list")
        return (304, {"ETag": etag}, b"") if same else (200, {"ETag": etag}, body)

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


def _created(tag: str) -> str:
    _, minor, patch = (*tag.split("."), "0", "0")[:3]
    return f"2026-{1 + int(minor) % 12:02}-{1 + int(patch) % 28:02}T{int(patch) % 24:02}:00:00Z"


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


async def _serve(made: Made, ready: Connection) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("sockname")[1]
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                first, *lines = head.split("\r\n")
                method, target, _ = first.split(" ", 2)
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                status, more, body = made.answer(method, target, headers, port)
                text = "".join(f"{name}: {value}\r\n" for name, value in more.items())
                writer.write(f"HTTP/1.1 {status} x\r\n{text}Content-Length: {len(body)}\r\n\r\n".encode())
                writer.write(b"" if method == "HEAD" else body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    ready.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _main(tags: int, tokens: bool, ready: Connection) -> None:
    asyncio.run(_serve(Made(tags, tokens), ready))


@contextmanager
def registry(tags: int, *, tokens: bool) -> Iterator[str]:
    """`127.0.0.1:PORT` of a registry in which every repository exists."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_main, args=(tags, tokens, there), daemon=True)
    process.start()
    try:
        yield f"127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()
