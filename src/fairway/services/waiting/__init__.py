"""Waiting for objects to become healthy, to run to an end, or to go: by watch, shared by a whole run.

Usage: `async with open_waiter(kube) as waiter: await waiter.until_healthy(applied, timeout=…, on_progress=…)`. The rule
not to break: whoever waits learns the reason as soon as it is known, and hundreds who wait cost one watch per kind and
namespace.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fairway.domain.health import Tolerance
from fairway.services.engine.ports import ObjectReader
from fairway.services.waiting.evaluating import needs_wait
from fairway.services.waiting.view import ClusterView
from fairway.services.waiting.waiter import WatchingWaiter

__all__ = ["ClusterView", "WatchingWaiter", "needs_wait", "open_waiter"]


@asynccontextmanager
async def open_waiter(
    kube: ObjectReader,
    *,
    tolerance: Tolerance = Tolerance(),
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    mask: Callable[[str], str] = str,
) -> AsyncIterator[WatchingWaiter]:
    """A waiter for one run on one cluster; its watches end with the block.

    `mask` is applied to log lines and events before anybody sees them.
    """
    async with ClusterView(kube) as view:
        yield WatchingWaiter(kube, view, tolerance=tolerance, now=now, mask=mask)
