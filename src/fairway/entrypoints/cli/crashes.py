"""What nobody foresaw: one line for people, and a masked report in a file for those who mend it.

The rule not to break: a report holds no values of the run: frames without their variables, messages masked and cut.
"""

from __future__ import annotations

import errno
import os
import platform
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from fairway import __version__
from fairway.domain.errors import FairwayError
from fairway.entrypoints.cli.render.style import shorten

ISSUES = "the project's issue tracker"
LONGEST_MESSAGE = 400


def foreseen(error: BaseException) -> FairwayError | None:
    """The first error that was raised on purpose, when there is nothing else in a group of errors."""
    if isinstance(error, FairwayError):
        return error
    if isinstance(error, BaseExceptionGroup):
        found = [foreseen(one) for one in error.exceptions]
        return found[0] if found and all(found) else None
    return None


def disk_trouble(error: BaseException) -> str:
    """What to say of a full or read-only disk, which is no mistake of ours; empty for anything else."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EACCES):
        place = f": {error.filename}" if error.filename else ""
        return f"{error.strerror or error}{place}"
    return ""


def report_crash(error: BaseException, folder: Path, arguments: list[str]) -> None:
    """Tell it on stderr and write the report to `folder`, readable by its owner only."""
    leaf = next(_leaves(error))
    said = shorten(_said(leaf).partition("\n")[0], 160)
    click.echo(f"{click.style('error', fg='red', bold=True)}: this is a mistake in Fairway itself: {said}", err=True)
    path = folder / f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    text = _text(error, arguments)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as problem:
        click.echo(f"  the report can't be written to {folder} ({problem.strerror}); it reads\n", err=True)
        click.echo(text, err=True)
        return
    click.echo(f"  please report it at {ISSUES}, with {path} (it holds no values of your files)", err=True)


def _text(error: BaseException, arguments: list[str]) -> str:
    from fairway.domain.deployments.masking import mask_command

    head = (
        f"fairway {__version__}, Python {platform.python_version()} on {platform.platform()}\n"
        f"{mask_command(['fairway', *arguments])}\n"
    )
    return head + "".join(f"\n{part}" for leaf in _leaves(error) for part in _frames(leaf))


def _frames(error: BaseException) -> Iterator[str]:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _frames(cause)
        yield "… which led to:\n"
    yield "".join(traceback.format_tb(error.__traceback__)) + f"{_said(error)}\n"


def _said(error: BaseException) -> str:
    from fairway.domain.deployments.masking import mask

    text = mask(str(error))
    if len(text) > LONGEST_MESSAGE:
        text = f"{text[:LONGEST_MESSAGE]}…"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield error


def leave_quietly() -> None:
    """Nobody reads stdout any more (`| head`): what is still buffered must not fail at exit either."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
