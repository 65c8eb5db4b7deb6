"""Events, channels and a clock for tests of notifying."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fairway.domain.errors import Severity
from fairway.domain.notifications.delivery import Message, Receipt
from fairway.domain.notifications.event import EventKind, Happening
from fairway.domain.repository.models import Owner
from fairway.domain.upgrades.upgrade import Upgrade

NOON = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
COMMIT = "3f2c1ab" * 5 + "3f2c1"


class HandClock:
    """Time passes only when `pass_` is called; whoever sleeps is woken in order."""

    def __init__(self) -> None:
        self.time = NOON
        self.slept: list[timedelta] = []
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._number = itertools.count()

    def now(self) -> datetime:
        return self.time

    async def sleep(self, length: timedelta) -> None:
        self.slept.append(length)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.time + length, next(self._number), future))
        await future

    async def pass_(self, length: timedelta) -> None:
        """Let this much time go by, and let everybody who wakes up do what can be done without waiting."""
        until = self.time + length
        await settle()
        while due := [one for one in sorted(self._sleepers, key=lambda s: s[:2]) if one[0] <= until]:
            at, _, future = due[0]
            self._sleepers.remove(due[0])
            self.time = max(self.time, at)
            if not future.done():
                future.set_result(None)
            await settle()
        self.time = until


class QuickClock:
    """Nobody waits: sleeping takes the time at once."""

    def __init__(self) -> None:
        self.time = NOON
        self.slept: list[timedelta] = []

    def now(self) -> datetime:
        return self.time

    async def sleep(self, length: timedelta) -> None:
        self.slept.append(length)
        if length >= timedelta(hours=1):
            await asyncio.Event().wait()
        self.time += length
        await asyncio.sleep(0)


async def settle() -> None:
    """Give every task that can go on its turn."""
    for _ in range(50):
        await asyncio.sleep(0)


@dataclass
class ScriptedChannel:
    """Keeps what it gets; `answers` are given in turn before it takes messages: an error is raised."""

    threads: bool = False
    addressed: bool = False
    answers: list[Exception | Callable[[], Any]] = field(default_factory=list)
    taken: list[tuple[Message, Mapping[str, str]]] = field(default_factory=list)
    hangs: bool = False

    def payload(self, message: Message, earlier: Mapping[str, str]) -> str:
        return "\n".join(event.title for event in message.events)

    async def deliver(self, message: Message, earlier: Mapping[str, str]) -> Receipt:
        if self.hangs:
            await asyncio.Event().wait()
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            answer()
        self.taken.append((message, dict(earlier)))
        return Receipt("ok", {"n": str(len(self.taken))} if self.threads else {})

    async def aclose(self) -> None:
        """Nothing to do."""

    @property
    def titles(self) -> list[list[str]]:
        return [[event.title for event in message.events] for message, _ in self.taken]


_ids = itertools.count(1)


def an_event(kind: EventKind = EventKind.DEPLOYMENT_SUCCEEDED, **more: Any) -> Happening:
    number = next(_ids)
    known: dict[str, Any] = {
        "id": f"01KAJ3X9T2{number:016d}",
        "at": NOON,
        "title": f"prod: web upgraded {number}",
        "environment": "prod",
        "release": "web",
        "cluster": "eu-1",
    }
    return Happening(kind=kind, **(known | more))


def a_failure(**more: Any) -> Happening:
    known: dict[str, Any] = {
        "title": "prod: web failed",
        "severity": Severity.ERROR,
        "lines": (
            "web failed 1.9.0 → 1.9.1",
            "    pod web-7d9f-x2x1, container app: CrashLoopBackOff",
            "    revision 4 runs again",
            'commit 3f2c1ab "web <1.9.1> & more"',
        ),
        "owner": Owner(team="shop", slack="#shop"),
        "commit": COMMIT,
        "url": "https://git.shop.example/deployments/commit/3f2c1ab",
        "deployment": "01KAJ3X9T20000000000000000",
        "thread": "run 1",
    }
    return an_event(EventKind.DEPLOYMENT_FAILED, **(known | more))


def an_upgrade(number: int = 0, **more: Any) -> Upgrade:
    known: dict[str, Any] = {
        "environment": "prod",
        "release": f"app{number}",
        "kind": "image",
        "name": f"registry.shop.example/app{number}",
        "key": "image.tag",
        "old": "1.0.0",
        "new": "1.0.1",
        "why": "newest in 1.0.x",
    }
    return Upgrade(**(known | more))


def upgrades_written(count: int, **more: Any) -> Happening:
    known: dict[str, Any] = {
        "title": f"{count} upgrades written",
        "release": "",
        "upgrades": tuple(an_upgrade(n) for n in range(count)),
        "commit": COMMIT,
        "thread": f"commit {COMMIT}",
    }
    return an_event(EventKind.UPGRADE_WRITTEN, **(known | more))


def a_message(*events: Happening, to: str = "", channel: str = "team", thread: str = "") -> Message:
    number = next(_ids)
    return Message(f"01KAJ3X9T3{number:016d}", channel, to, events or (a_failure(),), thread)
