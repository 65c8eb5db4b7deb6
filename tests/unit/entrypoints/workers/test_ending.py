"""The bound on the end of a process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

from fairway.entrypoints.workers.ending import FORCED, Bound

HANGS = """
import asyncio, time
from fairway.entrypoints.workers.ending import Bound

async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(Bound(0.2).watch())
        group.create_task(asyncio.to_thread(time.sleep, 600))
        await asyncio.sleep(0.05)
        raise asyncio.CancelledError

asyncio.run(main())
"""


async def test_nothing_is_forced_while_it_runs_and_nothing_once_it_is_lifted() -> None:
    forced = threading.Event()
    bound = Bound(0.05, forced.set)
    watching = asyncio.create_task(bound.watch())
    await asyncio.sleep(0.1)
    assert not forced.is_set()
    watching.cancel()
    await asyncio.wait([watching])
    bound.lift()
    await asyncio.sleep(0.1)
    assert not forced.is_set()


async def test_it_is_forced_when_the_time_is_over() -> None:
    forced = threading.Event()
    bound = Bound(0.01, forced.set)
    watching = asyncio.create_task(bound.watch())
    await asyncio.sleep(0)
    watching.cancel()
    assert await asyncio.to_thread(forced.wait, 10)


def test_a_thread_that_hangs_does_not_keep_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == FORCED
    assert "process.forced" in done.stderr
