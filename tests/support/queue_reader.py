"""A process that reads requests, for tests that kill it: `python -m tests.support.queue_reader WHERE SETTLE`.

WHERE is a ledger's URL, or `kafka:ADDRESS:TOPIC`. It writes each body on a line of its own, and `settled BODY` once
that is done, for the first SETTLE messages. It ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from tests.support.brokers import brokers_at, topic_names

from fairway.adapters.queue.kafka.queue import KafkaQueue
from fairway.adapters.queue.sql import open_sql_queue
from fairway.adapters.sql.urls import read_ledger_url
from fairway.domain.dispatch.messages import Topic
from fairway.services.queue.ports import Queue
from fairway.wiring.clock import now

GROUP = "deployd-prod"


def queue_at(where: str) -> Queue:
    scheme, _, rest = where.partition(":")
    if scheme == "kafka":
        address, _, topic = rest.rpartition(":")
        return KafkaQueue(brokers_at(address, topics=topic_names() | {Topic.REQUESTS: topic}))
    return open_sql_queue(read_ledger_url(where), keep=timedelta(days=7), now=now)


async def read(where: str, settle: int) -> None:
    queue = await asyncio.to_thread(queue_at, where)
    count = 0
    async with queue.subscribe(Topic.REQUESTS, GROUP) as subscription:
        while True:
            for one in await subscription.fetch(1, timeout=5):
                say(one.body.decode())
                count += 1
                if count <= settle:
                    await subscription.settle([one])
                    say(f"settled {one.body.decode()}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def until_it_ends(where: str, settle: int) -> None:
    reading = asyncio.create_task(read(where, settle))
    await asyncio.to_thread(sys.stdin.read)
    reading.cancel()


if __name__ == "__main__":
    asyncio.run(until_it_ends(sys.argv[1], int(sys.argv[2])))
