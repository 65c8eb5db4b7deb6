"""Counts a tool's API requests by verb: a plain HTTP proxy on loopback in front of the API server.

Only used in separate small runs, never while time is measured: the proxy costs more than what it counts.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "host", "content-length", "accept-encoding"}


@asynccontextmanager
async def counting_proxy(kubeconfig: Path, context: str, folder: Path) -> AsyncIterator[tuple[Path, Counter[str]]]:
    """(a kubeconfig that leads through the proxy, the counts by HTTP method) for as long as the block lasts."""
    from aiohttp import ClientSession, ClientTimeout, TCPConnector, web

    config = yaml.safe_load(await asyncio.to_thread(kubeconfig.read_text, encoding="utf-8"))
    chosen = next(c["context"] for c in config["contexts"] if c["name"] == context)
    cluster = next(c["cluster"] for c in config["clusters"] if c["name"] == chosen["cluster"])
    user = next(u["user"] for u in config["users"] if u["name"] == chosen["user"])
    counts: Counter[str] = Counter()
    connector = TCPConnector(ssl=_tls(cluster, user), limit=64)
    forever = ClientTimeout(total=None)  # watches last longer than the usual five minutes
    async with ClientSession(connector=connector, timeout=forever, auto_decompress=False) as out:

        async def forward(request: web.Request) -> web.StreamResponse:
            counts[request.method] += 1
            headers = {k: v for k, v in request.headers.items() if k.lower() not in HOP}
            body = await request.read() or None
            async with out.request(
                request.method, cluster["server"] + str(request.rel_url), data=body, headers=headers
            ) as r:
                kept = {k: v for k, v in r.headers.items() if k.lower() not in HOP}
                answer = web.StreamResponse(status=r.status, headers=kept)
                # A watch that its client has enough of ends in the middle of a write.
                with suppress(ConnectionError):
                    await answer.prepare(request)
                    async for chunk in r.content.iter_any():
                        await answer.write(chunk)
                return answer

        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{path:.*}", forward)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        through = folder / "counting.kubeconfig"
        plain = yaml.safe_dump(_plain(context, port, chosen))
        await asyncio.to_thread(through.write_text, plain, encoding="utf-8")
        try:
            yield through, counts
        finally:
            await runner.cleanup()


def _plain(context: str, port: int, chosen: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "contexts": [{"name": context, "context": {**chosen, "cluster": "counted", "user": "counted"}}],
        "clusters": [{"name": "counted", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "counted", "user": {}}],
    }


def _tls(cluster: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext:
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    tls = ssl.create_default_context(cadata=authority)
    with tempfile.TemporaryDirectory() as folder:
        pair = []
        for name in ("client-certificate", "client-key"):
            path = Path(folder) / name
            path.write_bytes(base64.b64decode(user[f"{name}-data"]))
            pair.append(str(path))
        tls.load_cert_chain(*pair)
    return tls


async def count(command: list[str], env: dict[str, str], cwd: Path) -> int:
    """Run a command, ignoring what it prints; its exit code."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    return await process.wait()
