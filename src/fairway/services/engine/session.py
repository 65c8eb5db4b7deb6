"""What every action of the engine works with: one cluster, its stored revisions, and the outside world's clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from fairway.domain.errors import Terminal
from fairway.domain.health import HealthRule
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.domain.releases.holding import Holder, Life
from fairway.services.engine.ports import Kube, Renderer, RevisionStore
from fairway.services.engine.retrying import Backoff
from fairway.services.suspending.ports import Suspended, none_suspended


class Waiter(Protocol):
    """Waits by watch. Raises `Unhealthy` with the reason that a human needs, as soon as it is known."""

    async def until_healthy(
        self,
        applied: Sequence[tuple[ObjectRef, Object]],
        *,
        timeout: timedelta,
        on_progress: Callable[[str], None],
        rules: Sequence[HealthRule] = (),
    ) -> None:
        """`rules` are the release's own and go before the built-in ones."""
        ...

    async def until_complete(self, ref: ObjectRef, *, timeout: timedelta, on_progress: Callable[[str], None]) -> None:
        """For Jobs and Pods that run to an end; anything else is complete once it exists."""
        ...

    async def until_gone(self, refs: Sequence[ObjectRef], *, timeout: timedelta) -> None: ...


class Unhealthy(Terminal):
    """Something did not become healthy; `lines` is the whole story: pod, container, last state, last log lines."""

    def __init__(self, message: str, lines: Sequence[str] = (), *, timed_out: bool = False) -> None:
        super().__init__(message)
        self.lines = tuple(lines)
        self.timed_out = timed_out


@dataclass(frozen=True, slots=True)
class Session:
    """One cluster in one run."""

    kube: Kube
    store: RevisionStore
    renderer: Renderer
    waiter: Waiter
    now: Callable[[], datetime]
    """The clock, timezone-aware."""
    holder: Callable[[datetime], Holder]
    """This process as a holder, given the deadline."""
    life: Callable[[Holder], Life]
    """What this machine knows of another holder."""
    mask: Callable[[str], str] = str
    """Takes secrets out of what an API server said, before anybody reads it."""
    backoff: Backoff = field(default_factory=Backoff)
    """How failures that pass are waited for."""
    suspended: Suspended = none_suspended
    """What is left alone until somebody resumes it; asked once for each look at an environment."""
