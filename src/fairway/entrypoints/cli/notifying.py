"""`--notify`: what a run of the command line tells through the channels of fairway.yaml.

The rule not to break: nothing is sent without the flag, and what is not delivered never changes the exit code.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fairway.domain.errors import FairwayError, UserError
from fairway.entrypoints.cli.errors import warn
from fairway.services.notifying.ports import Tell, tell_nobody
from fairway.settings import Settings

if TYPE_CHECKING:
    from fairway.domain.progress import Reporter
    from fairway.domain.repository.models import Environment
    from fairway.services.notifying.narrating import Narrators

SILENT_FOR = 1.0
"""Seconds; whoever waits longer is told what for."""


class Telling:
    """Puts a narrator beside the reporter of each environment; without narrators it changes nothing.

    `tell` takes single events.
    """

    def __init__(self, narrators: Narrators | None = None, tell: Tell = tell_nobody) -> None:
        self._narrators = narrators
        self.tell = tell

    def beside(self, report: Reporter, environment: Environment) -> Reporter:
        from fairway.services.notifying.narrating import telling

        return telling(report, self._narrators.of(environment)) if self._narrators is not None else report

    def not_run(self, environment: Environment, error: FairwayError) -> None:
        """The environment could not be run at all, or was cut off by this error."""
        if self._narrators is not None:
            self._narrators.of(environment).broken(error)


@asynccontextmanager
async def notifying(
    settings: Settings, environments_file: Path, *, wanted: bool, remote: str = ""
) -> AsyncIterator[Telling]:
    """Around the runs of a command; what was told is sent meanwhile and, at the latest, at the end.

    `remote` is the address of the repository that the commits are of.

    Raises UserError when it is wanted and there is no channel, InvalidInput for mistakes in fairway.yaml.
    """
    if not wanted:
        yield Telling()
        return
    from fairway.services.configuring import load_configuration
    from fairway.wiring.notifications import commit_pages, narrators, open_notifier

    configured = load_configuration(environments_file)
    if not configured.configuration.notifications.channels:
        where = configured.file or configured.folder / "fairway.yaml"
        raise UserError("--notify, but there is no channel to notify", fix=f"declare notifications.channels in {where}")
    async with open_notifier(settings, configured, warn=warn) as notifier:
        task = asyncio.create_task(notifier.run(), name="notifier")
        try:
            yield Telling(narrators(notifier.tell, commit_pages(configured, remote)), notifier.tell)
        finally:
            # Cancelled, it still sends what waits, and gives up what takes too long.
            task.cancel()
            done, _ = await asyncio.wait({task}, timeout=SILENT_FOR)
            if not done:
                click.echo("waiting for notifications to be delivered", err=True)
            with suppress(asyncio.CancelledError):
                await task
