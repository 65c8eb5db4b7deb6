"""The queue between hookd and the clusters, and what is written into it.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fairway.domain.errors import UserError
from fairway.settings import Settings
from fairway.wiring.clock import now

if TYPE_CHECKING:
    from fairway.services.queue.correspondence import Correspondence, Rejected
    from fairway.services.queue.options import QueueOptions
    from fairway.services.queue.ports import Queue

QUEUE_KEY = "queue.key"
"""In the data folder: what signs messages that never leave this machine."""


@asynccontextmanager
async def open_queue(settings: Settings, options: QueueOptions) -> AsyncIterator[Queue]:
    """Kafka when brokers are given, else the ledger's database, else the memory of this process.

    Raises `Transient`, `UserError` or `Refused`; a broker that is away is noticed later, by `check` or the first use.
    """
    queue = await _made(settings, options)
    try:
        yield queue
    finally:
        await queue.aclose()


@asynccontextmanager
async def open_correspondence(
    settings: Settings, options: QueueOptions, on_rejected: Rejected
) -> AsyncIterator[Correspondence]:
    """The queue with the keys of those who use it. Without keys given, one of this machine's own if that will do."""
    import asyncio
    import secrets

    from fairway.domain.dispatch.sealing import Seal
    from fairway.services.queue.correspondence import Correspondence

    keys = options.hmac_keys or (await asyncio.to_thread(_own_key, settings, options),)
    seal = Seal(keys, options.encryption_keys, random=secrets.token_bytes)
    async with open_queue(settings, options) as queue:
        yield Correspondence(queue, seal, on_rejected, options.largest_message)


async def _made(settings: Settings, options: QueueOptions) -> Queue:
    import asyncio

    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url

    url = read_ledger_url(settings.ledger_url)
    if url.kind is LedgerKind.NONE:
        from fairway.adapters.queue.memory import MemoryQueue

        return MemoryQueue()

    def connect() -> Queue:
        from fairway.adapters.queue.sql import open_sql_queue

        return open_sql_queue(url, keep=options.keep, now=now)

    return await asyncio.to_thread(connect)


def _own_key(settings: Settings, options: QueueOptions) -> bytes:
    """Of a queue that others can't reach. Raises `UserError` where several machines must agree on one."""
    import secrets

    from fairway.adapters.queue.key_file import key_in
    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url

    url = read_ledger_url(settings.ledger_url)
    if options.brokers or url.kind is LedgerKind.POSTGRESQL:
        raise UserError(
            "messages in a queue that several machines use need a key that they share",
            fix="give all of them the same one: FAIRWAY_KAFKA_HMAC_KEY=$(openssl rand -hex 32)",
        )
    return secrets.token_bytes(32) if url.kind is LedgerKind.NONE else key_in(settings.data_dir / QUEUE_KEY)
