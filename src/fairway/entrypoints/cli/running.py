"""How a verb runs its asynchronous part, so that interrupts end it cleanly."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import click

from fairway.settings import load_settings

INTERRUPTED = 130


def run_async(work: Coroutine[Any, Any, int], *, again: str = "") -> int:
    """Run to the end and return the exit code; SIGINT and SIGTERM cancel, after which records are consistent.

    A verb that changes something tells by itself what was under way; `again` is the command for all others that is
    worth repeating.
    """
    try:
        return asyncio.run(_with_sigterm(work))
    except (KeyboardInterrupt, asyncio.CancelledError):
        click.echo(f"interrupted; once more: {again}" if again else "interrupted", err=True)
        return INTERRUPTED


async def _with_sigterm(work: Coroutine[Any, Any, int]) -> int:
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":
        with suppress(ValueError, RuntimeError):
            loop.add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def engine_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--engine`: which renderer; the parameter is `engine: str`."""
    return click.option(
        "--engine",
        type=click.Choice(["sdk", "helm"]),
        default=lambda: load_settings().engine,
        show_default="sdk",
        help="Render with the built-in Helm SDK, or with the helm program.",
    )(command)
