"""One process at a time in a folder. The lock is held on an open file: whoever dies, lets go."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fairway.domain.errors import Terminal, Transient

POLL = 0.05


@asynccontextmanager
async def held(path: Path, patience: float = 600.0) -> AsyncIterator[int]:
    """The open lock file; a child process that inherits it holds the lock on. Raises Transient after `patience` s."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        message = f"{path.parent} cannot be written: {error.strerror}"
        raise Terminal(message, fix="make room, or give the right to write there") from error
    try:
        waited = 0.0
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if waited >= patience:
                    message = f"another process has held {path} for {patience:.0f} s"
                    raise Transient(message, fix="end the other process") from None
                await asyncio.sleep(POLL)
                waited += POLL
        yield handle
    finally:
        os.close(handle)
