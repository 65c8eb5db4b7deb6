"""`--check`: reaches for everything that a process needs, says what it found, and ends.

The rule not to break: one thing that is wrong hides no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import click

from fairway.domain.errors import FairwayError, Transient

LONGEST = 30.0
"""Seconds for one look."""


@dataclass(frozen=True, slots=True)
class Check:
    """`look` says what was found; raises FairwayError for what is wrong."""

    what: str
    look: Callable[[], Awaitable[str]]


async def check_all(checks: Sequence[Check]) -> int:
    """The exit code: 0, 4 when something only has to be waited for, else that of the worst."""
    codes = [await _checked(one) for one in checks]
    wrong = {code for code in codes if code}
    if not wrong:
        return 0
    return min(wrong) if wrong == {Transient.exit_code} else min(wrong - {Transient.exit_code})


async def _checked(check: Check) -> int:
    try:
        async with asyncio.timeout(LONGEST):
            found = await check.look()
    except TimeoutError:
        return _wrong(check, Transient(f"no answer within {LONGEST:.0f} s", fix="look whether it can be reached"))
    except FairwayError as error:
        return _wrong(check, error)
    click.echo(f"{click.style('✓', fg='green')} {check.what:<14} {found}")
    return 0


def _wrong(check: Check, error: FairwayError) -> int:
    click.echo(f"{click.style('✗', fg='red')} {check.what:<14} {error}")
    if error.fix:
        click.echo(f"  {'':<14} {error.fix}")
    return error.exit_code
