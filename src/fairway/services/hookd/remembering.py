"""Puts requests into the store, many in one transaction: whoever comes while one is being written shares the next.

The rule not to break: `add` returns when the request is durable, and True for exactly one caller per delivery.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass

from fairway.domain.errors import Transient
from fairway.services.hookd.ports import NewRequest, RequestStore

_log = logging.getLogger(__name__)

MOST_AT_ONCE = 200
MOST_WAITING = 5000


@dataclass(frozen=True, slots=True)
class _Waiting:
    new: NewRequest
    was_added: asyncio.Future[bool]


class Remembering:
    """One transaction at a time. Needs no task of its own to be started: the first who waits starts one."""

    def __init__(self, store: RequestStore) -> None:
        self._store = store
        self._waiting: deque[_Waiting] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def add(self, new: NewRequest) -> bool:
        """Whether it was not known before. Raises Transient while the store is away, or can't keep up."""
        if len(self._waiting) >= MOST_WAITING:
            raise Transient(f"{MOST_WAITING} requests are waiting to be stored")
        waiting = _Waiting(new, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._writing is None or self._writing.done():
            # A task, so that a caller who gives up does not take the others with him.
            self._writing = asyncio.create_task(self._write(), name="hookd store")
        return await waiting.was_added

    async def _write(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]
            try:
                added = await self._add(batch)
            except asyncio.CancelledError:
                _settle(batch, Transient("hookd is being stopped"))
                raise
            except BaseException as error:
                _settle(batch, error)
            else:
                for one in batch:
                    is_first = one.new.request.delivery_id in added
                    added.discard(one.new.request.delivery_id)
                    if not one.was_added.done():
                        one.was_added.set_result(is_first)

    async def _add(self, batch: list[_Waiting]) -> set[str]:
        new = [one.new for one in batch]
        try:
            return await self._store.add(new)
        except Transient as error:
            # Two writers in each other's way are told so by the database; once more is enough for that.
            _log.info("hookd.store_again", extra={"problem": error.message})
            return await self._store.add(new)


def _settle(batch: list[_Waiting], error: BaseException) -> None:
    for one in batch:
        if not one.was_added.done():
            one.was_added.set_exception(error)
            # Its caller may have given up: nobody else needs to be told.
            one.was_added.exception()
