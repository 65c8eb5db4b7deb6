"""A durable queue in the ledger's database: one process needs nothing else, and several share what they share already.

A reader in the publisher's own process is woken at once; others look every `LOOK` seconds, which costs one question to
an index. Calls run in threads, as the ledger's do.

The rule not to break: what was read counts as fetched only when it is handed out; a cancelled `fetch` loses nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from fairway.adapters.queue.bell import Bell, bell_of
from fairway.adapters.sql.database import Database
from fairway.adapters.sql.queue_rows import begin, forget, read, settle, store, waiting
from fairway.adapters.sql.schema import open_database
from fairway.adapters.sql.urls import LedgerUrl
from fairway.domain.dispatch.messages import Message, Received, Topic
from fairway.domain.errors import Transient

LOOK = 0.1
"""Seconds between two looks for what other processes have published."""
SHORTEST = timedelta(days=1)
"""How long announcements are kept: there are many, and only the newest count."""
_TIDY = timedelta(minutes=10)


class SqlQueue:
    """Made by `open_sql_queue`, with a schema that fits."""

    def __init__(self, database: Database, keep: timedelta, now: Callable[[], datetime]) -> None:
        self._database = database
        self._keep = keep
        self._now = now
        self._bell = bell_of(database.url.shown)
        self._tidied = now()

    async def publish(self, messages: Sequence[Message]) -> None:
        if not messages:
            return
        rows = [(message.topic.value, message.key, message.body) for message in messages]
        await asyncio.to_thread(store, self._database, rows, self._now())
        self._bell.ring()

    @asynccontextmanager
    async def subscribe(self, topic: Topic, group: str, *, from_start: bool = True) -> AsyncIterator[SqlSubscription]:
        subscription = SqlSubscription(self._database, topic, group, self._now, self._bell, self._tidy)
        try:
            await subscription.begin(from_start=from_start)
        except Transient:
            # The oldest message is the oldest later on as well; "from now on" is not.
            if not from_start:
                raise
        yield subscription

    async def check(self) -> None:
        """Also deletes what is too old."""
        await asyncio.to_thread(self._forget)

    async def aclose(self) -> None:
        await asyncio.to_thread(self._database.close)

    async def _tidy(self) -> None:
        if self._now() - self._tidied >= _TIDY:
            await asyncio.to_thread(self._forget)

    def _forget(self) -> None:
        self._tidied = self._now()
        for topic in Topic:
            keep = min(self._keep, SHORTEST) if topic is Topic.ANNOUNCEMENTS else self._keep
            forget(self._database, topic.value, self._tidied - keep)


class SqlSubscription:
    def __init__(
        self,
        database: Database,
        topic: Topic,
        group: str,
        now: Callable[[], datetime],
        bell: Bell,
        tidy: Callable[[], Awaitable[None]],
    ) -> None:
        self._database = database
        self._topic = topic
        self._group = group
        self._now = now
        self._bell = bell
        self._tidy = tidy
        self._after: int | None = None

    async def begin(self, *, from_start: bool = True) -> int:
        """The place after which it reads. Until the database has answered once, each call asks again."""
        if self._after is None:
            self._after = await asyncio.to_thread(
                begin, self._database, self._topic.value, self._group, from_start=from_start, at=self._now()
            )
        return self._after

    async def fetch(self, most: int, *, timeout: float) -> list[Received]:
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout
        after = await self.begin()
        while True:
            rung = self._bell.rung
            rows = await asyncio.to_thread(read, self._database, self._topic.value, self._group, after, most)
            if rows:
                self._after = rows[-1][0]
                return [Received(self._topic, key, body, place) for place, key, body in rows]
            await self._tidy()
            left = until - loop.time()
            if left <= 0:
                return []
            await self._bell.wait(rung, min(left, LOOK))

    async def settle(self, received: Sequence[Received]) -> None:
        places = [one.token for one in received if isinstance(one.token, int)]
        await asyncio.to_thread(settle, self._database, self._topic.value, self._group, places, self._now())

    async def lag(self) -> int:
        after = await self.begin()
        return await asyncio.to_thread(waiting, self._database, self._topic.value, self._group, after)


def open_sql_queue(url: LedgerUrl, *, keep: timedelta, now: Callable[[], datetime]) -> SqlQueue:
    """Connect and see that the schema fits. Blocks; raises `Transient`, `UserError` or `Refused`."""
    return SqlQueue(open_database(url), keep, now)
