"""Which events become one message: all that one receiver gets within a window, but each deployment on its own.

A deployment's events stay together and apart from others where a channel has threads, because its first message is
changed in place when it ends. Whatever joins a thread that has a message already goes there too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from fairway.domain.notifications.event import EventKind, Happening

DEPLOYMENT = frozenset(
    {
        EventKind.DEPLOYMENT_STARTED,
        EventKind.DEPLOYMENT_SUCCEEDED,
        EventKind.DEPLOYMENT_FAILED,
        EventKind.DEPLOYMENT_ROLLED_BACK,
    }
)
ENDED = DEPLOYMENT - {EventKind.DEPLOYMENT_STARTED}
MOST = 500
"""Events in one message; more make another one."""


@dataclass(frozen=True, slots=True)
class Group:
    """Events of one message, in order; `thread` is what it answers or opens."""

    events: tuple[Happening, ...]
    thread: str = ""


def grouped(events: Sequence[Happening], *, threads: bool, known: Collection[str] = ()) -> list[Group]:
    """Messages in the order of their first events. `known` are the threads that have a message already."""
    bundles: dict[str, list[Happening]] = {}
    for event in events:
        apart = threads and event.thread and (event.kind in DEPLOYMENT or event.thread in known)
        bundles.setdefault(event.thread if apart else "", []).append(event)
    groups: list[Group] = []
    for thread, bundle in bundles.items():
        for start in range(0, len(bundle), MOST):
            part = tuple(bundle[start : start + MOST])
            groups.append(Group(part, thread or _common_thread(part)))
    return groups


def settled(events: Sequence[Happening]) -> list[Happening]:
    """Without what a later event of the same deployment has overtaken: that it started, once it has ended."""
    ended = {event.thread for event in events if event.thread and event.kind in ENDED}
    return [e for e in events if not (e.kind is EventKind.DEPLOYMENT_STARTED and e.thread in ended)]


def _common_thread(events: Sequence[Happening]) -> str:
    threads = {event.thread for event in events}
    return threads.pop() if len(threads) == 1 else ""
