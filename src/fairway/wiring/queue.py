"""The queue between hookd and the clusters, and what is written into it.

Adapters are imported inside the functions, so that `--help` stays fast.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fairway.domain.dispatch.messages import Topic
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

    if options.brokers:
        return _kafka(settings, options)
    url = read_ledger_url(settings.ledger_url)
    if url.kind is LedgerKind.NONE:
        from fairway.adapters.queue.memory import MemoryQueue

        return MemoryQueue()

    def connect() -> Queue:
        from fairway.adapters.queue.sql import open_sql_queue

        return open_sql_queue(url, keep=options.keep, now=now)

    return await asyncio.to_thread(connect)


def _kafka(settings: Settings, options: QueueOptions) -> Queue:
    try:
        from fairway.adapters.queue.kafka.connection import Brokers
        from fairway.adapters.queue.kafka.queue import KafkaQueue
    except ImportError as error:
        raise UserError(
            "brokers are given, but the Kafka client is not installed", fix="pip install 'fairway-cd[kafka]'"
        ) from error
    sasl, tls = options.sasl, options.tls
    if sasl is not None and not sasl.handshake:
        raise UserError(
            "no login at brokers without a SASL handshake: those before Kafka 0.10 are not supported",
            fix="leave --kafka-sasl-handshake out",
        )
    brokers = Brokers(
        addresses=options.brokers,
        topics={topic: options.name_of(topic) for topic in Topic},
        client_id=options.client_id or f"fairway-{settings.host}",
        username=sasl.username if sasl else "",
        password=sasl.password if sasl else "",
        mechanism=sasl.mechanism.value if sasl else "",
        tls=tls is not None,
        tls_insecure=tls is not None and tls.insecure,
        ca_file=tls.ca_file if tls else "",
        create_topics=options.create_topics,
        partitions=options.partitions,
        replication=options.replication,
        keep=options.keep,
        largest_message=options.largest_message,
    )
    return KafkaQueue(brokers)


def _own_key(settings: Settings, options: QueueOptions) -> bytes:
    """Of a queue that others can't reach. Raises `UserError` where several machines must agree on one."""
    import secrets

    from fairway.adapters.queue.key_file import key_in
    from fairway.adapters.sql.urls import LedgerKind, read_ledger_url

    url = read_ledger_url(settings.ledger_url)
    if options.brokers or url.kind is LedgerKind.POSTGRESQL:
        raise UserError(
            "messages in a queue that several machines use need a key that they share",
            fix="give all of them the same one, say of openssl rand -hex 32: --kafka-hmac-key",
        )
    return secrets.token_bytes(32) if url.kind is LedgerKind.NONE else key_in(settings.data_dir / QUEUE_KEY)
