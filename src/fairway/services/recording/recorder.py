"""Remembers every change of this process, and never stands in its way.

The rule not to break: a record is in the spool before the call returns, so before the cluster is touched; the ledger
gets it later. Calls cost tens of microseconds and never wait for anything but the local disk's cache. A database that
is away costs one warning. Whatever a recorder opens, its process has to end: what it leaves open when it dies is
marked as interrupted by whoever replays the spool next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from fairway.domain.deployments.ids import encode
from fairway.domain.deployments.journal import Record
from fairway.domain.deployments.masking import fit_to_keep
from fairway.domain.deployments.record import Cause, Change, Deployment, Door, Run, StatusEntry
from fairway.domain.deployments.status import State
from fairway.domain.errors import FairwayError
from fairway.services.recording.ports import Ledger, Spool
from fairway.services.recording.replaying import Replayed, replay

PAUSE = timedelta(seconds=30)
"""After a ledger was away: so long nobody waits for it again, the end of the run included."""
BACKLOG = 4 << 20
"""Bytes of spool at which even a recorder that leaves replaying to others replays at its end."""


class Recorder:
    """`open_ledger` is called in the background or at the end, when at all; `warn` gets sentences for people.

    `every` seconds the spool is replayed while the recorder is open, for ledgers that others watch; None leaves that
    to the readers on this machine, who replay the spool before they ask (so an `apply` over SQLite needs no driver).
    `spare` takes over when the disk refuses.
    """

    def __init__(
        self,
        spool: Spool,
        open_ledger: Callable[[], Awaitable[Ledger]],
        *,
        now: Callable[[], datetime],
        random: Callable[[int], int],
        warn: Callable[[str], None],
        spare: Spool,
        every: float | None = None,
    ) -> None:
        self._spool = spool
        self._open_ledger = open_ledger
        self._ledger: Ledger | None = None
        self._now = now
        self._random = random
        self._warn = warn
        self._spare = spare
        self._every = every
        self._last_millisecond = 0
        self._kept_runs: set[str] = set()
        self._warned: set[str] = set()
        self._spare_used = False
        self._away_since: datetime | None = None
        self._background: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def begin(self, door: Door, action: str, cause: Cause) -> Run:
        """A call through a door; remembered together with the first deployment that it opens."""
        at = self._now()
        fit: dict[str, Any] = {n: fit_to_keep(text) for n, text in asdict(cause).items() if isinstance(text, str)}
        return Run(self._new_id(at), at, door, action, replace(cause, **fit))

    def open(self, run: Run, changes: Sequence[Change]) -> list[Deployment]:
        """Record what is about to be done, as `queued`; one deployment per change, in the same order."""
        at = self._now()
        deployments = [Deployment(self._new_id(at), run.id, at, change) for change in changes]
        queued = [StatusEntry(deployment.id, State.QUEUED, at) for deployment in deployments]
        self._keep([*([] if run.id in self._kept_runs else [run]), *deployments, *queued])
        self._kept_runs.add(run.id)
        return deployments

    def started(self, deployment_id: str, description: str = "") -> None:
        """Call it before the first request that changes the cluster."""
        self._keep([StatusEntry(deployment_id, State.IN_PROGRESS, self._now(), fit_to_keep(description))])

    def finished(self, deployment_id: str, state: State, *, description: str = "", revision: int | None = None) -> None:
        """The outcome (success, failure, error, inactive), and what came after it (rolled_back, inactive).

        `description` is the reason for people, masked here once more; `revision` is the one that is now in place.
        """
        self._keep([StatusEntry(deployment_id, state, self._now(), fit_to_keep(description), revision)])

    async def flush(self) -> Replayed | None:
        """Bring the ledger up to date now; None when it is away (said once through `warn`, kept in the spool)."""
        try:
            if self._ledger is None:
                self._ledger = await self._open_ledger()
            self._spool.rotate()
            done = await replay(self._spool, self._ledger, now=self._now)
            if self._spare_used:
                await replay(self._spare, self._ledger, now=self._now)
            self._away_since = None
        except (FairwayError, OSError) as error:
            self._away_since = self._now()
            lost = " and will be LOST with this process" if self._spare_used else ", kept on this machine"
            self._warn_once(
                f"the ledger did not take the record of this run{lost}: {error}. Deploying goes on. "
                "Once it is back: fairway ledger replay (the next run does it by itself)"
            )
            return None
        if done.unreadable:
            self._warn_once(
                f"{done.unreadable} unreadable lines in the ledger's spool were set aside: fairway ledger status"
            )
        return done

    async def __aenter__(self) -> Self:
        if self._every is not None:
            self._background = asyncio.create_task(self._flush_every(self._every), name="ledger")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Call it after the results were shown. Raises nothing about the ledger."""
        if self._background is not None:
            self._closing.set()
            await self._background
            self._background = None
        enough = 0 if self._every is not None else BACKLOG
        if self._spare_used or (self._spool.size() > enough and not self._is_pausing()):
            await self.flush()
        self._spool.close()
        if self._ledger is not None:
            await self._ledger.close()
            self._ledger = None

    async def _flush_every(self, seconds: float) -> None:
        while not self._closing.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), seconds)
            if self._spool.size() and not self._closing.is_set() and not self._is_pausing():
                await self.flush()

    def _is_pausing(self) -> bool:
        return self._away_since is not None and self._now() - self._away_since < PAUSE

    def _keep(self, records: Sequence[Record]) -> None:
        try:
            self._spool.append(records)
        except OSError as error:
            self._warn_once(f"the ledger's spool can't be written ({error}); this run is kept in memory until its end")
            self._spare_used = True
            self._spare.append(records)

    def _new_id(self, at: datetime) -> str:
        # One millisecond apart even within a batch: the first ten characters then tell all ids of a process apart.
        self._last_millisecond = max(int(at.timestamp() * 1000), self._last_millisecond + 1)
        return encode(self._last_millisecond, self._random(80))

    def _warn_once(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            self._warn(text)
