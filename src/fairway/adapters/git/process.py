"""The one way in which git is started and ended; what it is asked, and what its answers mean, is the callers' own.

The rule not to break: a call that is cancelled or takes too long leaves no process behind.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fairway.domain.errors import UserError

TIMEOUT = 300.0
"""Seconds."""


class NoGit(UserError):
    """There is no git program on this machine."""


@dataclass(frozen=True, slots=True)
class Ran:
    """Paths that are not text keep their bytes in `out` (surrogateescape)."""

    code: int
    out: str
    err: str


async def run_git(
    *words: str,
    env: Mapping[str, str],
    folder: Path | None = None,
    stdin: bytes = b"",
    timeout: float = TIMEOUT,
    hold: int | None = None,
) -> Ran:
    """Run git in a folder, and say what came of it whatever it is. `hold` is an open file that git keeps open.

    Raises NoGit, TimeoutError after `timeout` seconds, OSError when it can't be run
    in that folder.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            "git",
            *words,
            cwd=folder,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(env),
            start_new_session=True,
            pass_fds=() if hold is None else (hold,),
        )
    except OSError as error:
        if error.filename == "git":
            raise NoGit("the git program is not on PATH", fix="install git") from error
        raise
    try:
        out, err = await asyncio.wait_for(process.communicate(stdin), timeout)
    finally:
        if process.returncode is None:
            # The whole group: git leaves its transport helpers running.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return Ran(process.returncode or 0, out.decode(errors="surrogateescape"), err.decode(errors="replace"))
