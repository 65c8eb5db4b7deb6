"""An SSH server on loopback that lets one key in and runs git's own commands: what a forge's SSH door does."""

from __future__ import annotations

import asyncio
import shlex
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh

GIT_COMMANDS = ("git-upload-pack", "git-receive-pack")


async def _pump(source: Any, sink: Any) -> None:
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
    if isinstance(sink, asyncio.StreamWriter):
        sink.close()


@contextmanager
def git_over_ssh(host_key: Path, authorized: Path, env: dict[str, str]) -> Iterator[int]:
    """Serve in a thread of its own; gives the port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="ssh server", daemon=True)
    thread.start()

    async def run(process: asyncssh.SSHServerProcess[bytes]) -> None:
        words = shlex.split(process.command or "")
        if not words or words[0] not in GIT_COMMANDS:
            process.stderr.write(b"only git is served here\n")
            process.exit(1)
            return
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, stderr=pipe, env=env)
        sending = asyncio.create_task(_pump(process.stdin, child.stdin))
        await asyncio.gather(_pump(child.stdout, process.stdout), _pump(child.stderr, process.stderr))
        process.exit(await child.wait())
        sending.cancel()

    async def start() -> asyncssh.SSHAcceptor:
        return await asyncssh.create_server(
            asyncssh.SSHServer,
            "127.0.0.1",
            0,
            server_host_keys=[str(host_key)],
            authorized_client_keys=str(authorized),
            process_factory=run,
            encoding=None,
        )

    async def stop(acceptor: asyncssh.SSHAcceptor) -> None:
        acceptor.close()
        await acceptor.wait_closed()

    acceptor = asyncio.run_coroutine_threadsafe(start(), loop).result(20)
    try:
        yield acceptor.get_port()
    finally:
        asyncio.run_coroutine_threadsafe(stop(acceptor), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
