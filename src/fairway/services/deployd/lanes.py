"""Whose turn it is: requests of a team for one application one after the other, and not too many at once.

A place is taken when a request arrives, so the order is that of arrival. The rule not to break: a turn lasts for
checking and applying; who waits for health holds nobody up, and learns when a newer request has taken its place.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

Key = tuple[str, str]
"""Team and application."""


class Place:
    """One request's place in its lane. Made by `Lanes.enter`."""

    def __init__(self, lanes: Lanes, key: Key, before: Place | None) -> None:
        self._lanes = lanes
        self._key = key
        self._before = before
        self._passed = asyncio.Event()
        self.superseded = asyncio.Event()
        """Set when a newer request of the lane is applied."""

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Until those before have had theirs; then there is room, in the team and in all."""
        try:
            await self._those_before()
            async with self._lanes.team(self._key[0]), self._lanes.room, self._lanes.taking_turn():
                yield
        finally:
            self._passed.set()

    async def _those_before(self) -> None:
        before = self._before
        while before is not None:
            await before._passed.wait()
            # One who left before his turn still has somebody before him.
            before = before._before
        self._before = None

    def overtake(self) -> None:
        """Older requests of the lane need not be waited for any more."""
        self._lanes.supersede(self._key, self)

    def leave(self) -> None:
        self._passed.set()
        self._lanes.forget(self._key, self)


class Lanes:
    """`most` turns at once in all, `most_of_team` of one team."""

    def __init__(self, most: int, most_of_team: int) -> None:
        self.room = asyncio.Semaphore(most)
        self._turns = 0
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._most_of_team = most_of_team
        self._lanes: dict[Key, list[Place]] = {}
        self._teams: dict[str, asyncio.Semaphore] = {}

    def enter(self, team: str, application: str) -> Place:
        lane = self._lanes.setdefault((team, application), [])
        place = Place(self, (team, application), lane[-1] if lane else None)
        lane.append(place)
        return place

    @property
    def places(self) -> int:
        return sum(len(lane) for lane in self._lanes.values())

    def team(self, team: str) -> asyncio.Semaphore:
        return self._teams.setdefault(team, asyncio.Semaphore(self._most_of_team))

    @asynccontextmanager
    async def taking_turn(self) -> AsyncIterator[None]:
        if self._closed:
            # Left to a successor: whoever waits here is cancelled.
            await asyncio.Event().wait()
        self._turns += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._turns -= 1
            if not self._turns:
                self._idle.set()

    async def close(self, seconds: float) -> None:
        """Let no turn begin any more, and those that go on have so many seconds to end."""
        self._closed = True
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()

    def supersede(self, key: Key, newer: Place) -> None:
        lane = self._lanes.get(key, [])
        for place in lane[: lane.index(newer)] if newer in lane else ():
            place.superseded.set()

    def forget(self, key: Key, place: Place) -> None:
        lane = self._lanes.get(key, [])
        if place in lane:
            lane.remove(place)
        if not lane:
            self._lanes.pop(key, None)
        if not any(team == key[0] for team, _ in self._lanes):
            self._teams.pop(key[0], None)
