"""hookd put together: its store beside the ledger, the queue, and GitHub.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fairway.settings import Settings
from fairway.wiring.clock import now

if TYPE_CHECKING:
    from fairway.services.access.ports import TeamAccess
    from fairway.services.hookd.hookd import Hookd
    from fairway.services.hookd.metrics import HookdMetrics
    from fairway.services.hookd.options import HookdOptions
    from fairway.services.hookd.ports import DeploymentStatuses, RequestStore
    from fairway.services.notifying.ports import Tell
    from fairway.services.queue.correspondence import Correspondence


@asynccontextmanager
async def open_hookd(
    settings: Settings,
    options: HookdOptions,
    correspondence: Correspondence,
    access: TeamAccess,
    statuses: DeploymentStatuses,
    *,
    tell: Tell | None = None,
    metrics: HookdMetrics | None = None,
) -> AsyncIterator[Hookd]:
    """For as long as the block lasts; somebody has to `run` it. What is given is closed by whoever gave it.

    `statuses`: `github_statuses(login)`, or `NoStatuses()` where `options.github_enabled` is false.
    Raises `Transient`, `UserError` or `Refused`.
    """
    import secrets

    from fairway.services.hookd.hookd import Hookd
    from fairway.services.hookd.metrics import NoMetrics
    from fairway.services.notifying.ports import tell_nobody

    store = await request_store(settings)
    try:
        yield Hookd(
            options,
            store,
            correspondence,
            access,
            statuses,
            now=now,
            random=secrets.randbits,
            tell=tell or tell_nobody,
            metrics=metrics or NoMetrics(),
        )
    finally:
        await store.close()


async def request_store(settings: Settings) -> RequestStore:
    """Beside the ledger, and in its transactions. Raises `Transient`, `UserError` or `Refused`."""
    import asyncio

    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url

    url = read_ledger_url(settings.ledger_url)
    if url.kind is LedgerKind.NONE:
        from fairway.adapters.memory.ledger import MemoryLedger
        from fairway.adapters.memory.requests import MemoryRequestStore

        return MemoryRequestStore(MemoryLedger())

    def connect() -> RequestStore:
        from fairway.adapters.sql.requests import open_request_store

        return open_request_store(url)

    return await asyncio.to_thread(connect)
