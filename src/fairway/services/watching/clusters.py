"""The drift watches of all clusters that environments are in, kept to what was applied last.

The rule not to break: environments of one connection share one watch of each kind and namespace.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from fairway.domain.errors import FairwayError
from fairway.domain.releases.revision import RevisionSummary
from fairway.domain.repository.models import Environment
from fairway.services.watching.drift_watch import ONE_BY_ONE, DriftWatch
from fairway.services.watching.ports import MetadataWatcher, Summaries


class Connection(Protocol):
    """A cluster as the engine has it; `Session` is one."""

    @property
    def kube(self) -> MetadataWatcher: ...

    @property
    def store(self) -> Summaries: ...


class ClusterWatches:
    """`open_watch` makes one for a cluster. Everything belongs to one event loop."""

    def __init__(
        self,
        open_watch: Callable[[MetadataWatcher, Summaries], DriftWatch],
        on_drift: Callable[[str, str], None],
        on_lost: Callable[[str], None] = lambda environment: None,
    ) -> None:
        """`on_lost` gets the environments of a cluster that stops answering; each perhaps several times."""
        self._open_watch = open_watch
        self._on_drift = on_drift
        self._on_lost = on_lost
        self._watches: dict[int, tuple[DriftWatch, MetadataWatcher]] = {}
        self._of: dict[str, DriftWatch] = {}
        self._tasks: asyncio.TaskGroup | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        return tuple(text for watch, _ in self._watches.values() for text in watch.problems)

    @property
    def watches(self) -> int:
        """How many watches are open, in all clusters."""
        return sum(watch.watches for watch, _ in self._watches.values())

    @property
    def environments(self) -> frozenset[str]:
        return frozenset(self._of)

    async def applied(self, environment: Environment, connection: Connection, names: frozenset[str] | None) -> None:
        """These releases were applied (None: all): read what is stored of them now, and watch that.

        Never raises what the cluster says: what is watched then stays as it was, and learns of it by itself.
        """
        watch = self._watch(connection)
        if self._of.get(environment.name, watch) is not watch:
            self.forget(environment.name)  # it moved to another cluster
        self._of[environment.name] = watch
        try:
            summaries = await _read(connection.store, environment.namespace, names)
        except FairwayError:
            return
        watch.watching(environment, summaries, only=names)

    def after(
        self,
        environment: Environment,
        connect: Callable[[], Awaitable[Connection]],
        names: frozenset[str] | None,
    ) -> None:
        """As `applied`, soon; returns at once. Nothing is done before `run`."""

        async def look() -> None:
            with suppress(FairwayError):
                await self.applied(environment, await connect(), names)

        if self._tasks is not None:
            self._tasks.create_task(look(), name=f"drift of {environment.name}")

    def forget(self, environment: str) -> None:
        """Nobody looks after it here any more."""
        if (watch := self._of.pop(environment, None)) is not None:
            watch.forget(environment)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._tasks = group
            for watch, _ in self._watches.values():
                group.create_task(self._run(watch), name="drift watch")
            await asyncio.Event().wait()

    async def _run(self, watch: DriftWatch) -> None:
        def lost() -> None:
            for environment in [name for name, its in self._of.items() if its is watch]:
                self._on_lost(environment)

        await watch.run(self._on_drift, lost)

    def _watch(self, connection: Connection) -> DriftWatch:
        known = self._watches.get(id(connection.kube))
        if known is not None:
            return known[0]
        watch = self._open_watch(connection.kube, connection.store)
        # The connection is kept with it, so that no other one gets its id.
        self._watches[id(connection.kube)] = (watch, connection.kube)
        if self._tasks is not None:
            self._tasks.create_task(self._run(watch), name="drift watch")
        return watch


async def _read(store: Summaries, namespace: str, names: frozenset[str] | None) -> list[RevisionSummary]:
    if names is None or len(names) > ONE_BY_ONE:
        return await store.summaries(namespace)
    parts = await asyncio.gather(*(store.summaries(namespace, name=name) for name in names))
    return [summary for part in parts for summary in part]
