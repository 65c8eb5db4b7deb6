"""What was heard and not yet acted on, each thing once: a burst of events is one wake.

The rule not to break: memory is bounded. More than fits means "look at everything", which is never wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from fairway.domain.upgrades.events import ImagePushed
from fairway.domain.webhooks.events import GitPushed

MOST = 10_000


@dataclass(frozen=True, slots=True)
class Woken:
    """Everything heard since the last time, each tag and each branch with its last event."""

    pushes: tuple[GitPushed, ...] = ()
    images: tuple[ImagePushed, ...] = ()
    overflow: bool = False
    """More was heard than was kept: look at everything."""

    def __bool__(self) -> bool:
        return bool(self.pushes or self.images or self.overflow)


class PendingWakes:
    """A `Wake` for listeners in the same event loop.

    `git()` and `image()` are called from that loop; a single listener calls `wait()` and then `take()`, or `gather()`.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._pushes: dict[tuple[tuple[str, ...], str], GitPushed] = {}
        self._images: dict[tuple[str, str], ImagePushed] = {}
        self._overflow = False
        self._something = asyncio.Event()

    def git(self, push: GitPushed) -> None:
        key = (push.repositories, push.branch)
        if key in self._pushes or self._has_room():
            self._pushes.pop(key, None)
            self._pushes[key] = push
        self._something.set()

    def image(self, event: ImagePushed) -> None:
        key = (event.repository, event.tag)
        if key in self._images or self._has_room():
            self._images.pop(key, None)
            self._images[key] = event
        self._something.set()

    def _has_room(self) -> bool:
        room = len(self._pushes) + len(self._images) < self._most
        self._overflow = self._overflow or not room
        return room

    async def wait(self) -> None:
        """Returns when something is pending; at once when something is already."""
        await self._something.wait()

    def take(self) -> Woken:
        """Everything that is pending, in the order of arrival; nothing is pending afterwards."""
        woken = Woken(tuple(self._pushes.values()), tuple(self._images.values()), self._overflow)
        self._pushes, self._images, self._overflow = {}, {}, False
        self._something.clear()
        return woken

    async def gather(self, window: timedelta, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> Woken:
        """Waits for the first event and then for `window`, and takes all of it."""
        await self.wait()
        await sleep(window.total_seconds())
        return self.take()
