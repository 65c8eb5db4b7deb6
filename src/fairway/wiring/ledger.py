"""The ledger and its spool.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fairway.settings import Settings
from fairway.wiring.clock import now

if TYPE_CHECKING:
    from fairway.services.recording.maintenance import LedgerReport
    from fairway.services.recording.ports import Ledger, Spool
    from fairway.services.recording.recorder import Recorder


def recorder(settings: Settings, warn: Callable[[str], None]) -> Recorder:
    """Remembers the changes of this process; use it `async with`, around the run. Imports no database driver."""
    import secrets

    from fairway.adapters.spool.memory import MemorySpool
    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url
    from fairway.services.recording.recorder import Recorder

    shared = read_ledger_url(settings.ledger_url).kind is LedgerKind.POSTGRESQL
    return Recorder(
        ledger_spool(settings),
        lambda: ledger_itself(settings),
        now=now,
        random=secrets.randbits,
        warn=warn,
        spare=MemorySpool(),
        every=1.0 if shared else None,
    )


async def ledger(settings: Settings, warn: Callable[[str], None]) -> Ledger:
    """The ledger, for questions: what waits in this machine's spool is in it when this returns."""
    from fairway.services.recording.replaying import replay

    opened = await ledger_itself(settings)
    try:
        done = await replay(ledger_spool(settings), opened, now=now)
    except BaseException:
        await opened.close()
        raise
    if done.unreadable:
        warn(f"{done.unreadable} unreadable lines in the ledger's spool were set aside: fairway ledger status")
    return opened


async def ledger_itself(settings: Settings) -> Ledger:
    """The ledger without a look at the spool. Raises `Transient`, `UserError` or `Refused`."""
    import asyncio

    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url

    url = read_ledger_url(settings.ledger_url)
    if url.kind is LedgerKind.NONE:
        from fairway.adapters.memory.ledger import MemoryLedger

        return MemoryLedger()

    def connect() -> Ledger:
        from fairway.adapters.sql.ledger import open_ledger

        return open_ledger(url)

    return await asyncio.to_thread(connect)


def ledger_spool(settings: Settings) -> Spool:
    """Where records wait for the ledger of these settings."""
    from fairway.adapters.spool.files import FileSpool
    from fairway.adapters.spool.memory import MemorySpool
    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url

    url = read_ledger_url(settings.ledger_url)
    if url.kind is LedgerKind.NONE:
        return MemorySpool()
    return FileSpool(settings.data_dir / "spool" / url.spool_name)


def migrate_ledger(settings: Settings) -> tuple[str, str]:
    """Bring the ledger's schema up to date; the schema before (empty for a new one) and after. Blocks."""
    from fairway.adapters.sql.maintenance import migrate_at
    from fairway.adapters.sql.urls import read_ledger_url

    return migrate_at(read_ledger_url(settings.ledger_url))


def ledger_report(settings: Settings) -> LedgerReport:
    """How the ledger and its spool are doing. Blocks; an unreachable ledger is part of the answer."""
    from fairway.adapters.spool.files import FileSpool
    from fairway.adapters.sql.maintenance import inspect_at
    from fairway.adapters.sql.urls import read_ledger_url
    from fairway.services.recording.maintenance import LedgerReport

    url = read_ledger_url(settings.ledger_url)
    spool = FileSpool(settings.data_dir / "spool" / url.spool_name)
    return LedgerReport(
        database=inspect_at(url),
        spool=spool.folder,
        waiting_bytes=spool.size(),
        waiting_files=spool.count(),
        set_aside=tuple(spool.set_aside()),
    )
