"""Messages to brokers: each acknowledged by all replicas that are in sync, none written twice by a retry.

The rule not to break: `publish` returns when every message is acknowledged, or raises.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as KafkaMessage

from fairway.adapters.queue.kafka.connection import OVERHEAD, Brokers, Trouble, error_of, translated
from fairway.domain.dispatch.messages import Message

PATIENCE = 15.0
"""Seconds after which a message that nobody took is given up."""
_FULL = 0.02


class Publisher:
    """One producer, and the thread that hears what became of its messages."""

    def __init__(self, brokers: Brokers, *, patience: float = PATIENCE) -> None:
        self._brokers = brokers
        self._trouble = Trouble()
        self._producer = brokers.client(
            Producer,
            self._trouble,
            **{
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": 1,
                "message.timeout.ms": int(patience * 1000),
                "message.max.bytes": brokers.largest_message + OVERHEAD,
                # Hashes empty keys as well: their messages keep their order like others.
                "partitioner": "murmur2",
            },
        )
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._hear, name="kafka-producer", daemon=True)
        self._thread.start()
        self.is_broken = False
        """Nothing more can be published with this one."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Raises Transient, or what somebody has to set right; some of them may be stored all the same."""
        batch = _Batch(len(messages))
        for message in messages:
            await self._produce(message, batch)
        error = await batch.outcome
        if error is None:
            self._trouble.over()
            return
        self.is_broken = self.is_broken or error.fatal()
        raise translated(self._brokers, error, self._trouble)

    def close(self) -> None:
        """What was not acknowledged by then is given up. Blocks."""
        self._ended.set()
        self._thread.join()
        self._producer.purge()
        self._producer.flush(1.0)

    async def _produce(self, message: Message, batch: _Batch) -> None:
        while True:
            try:
                self._producer.produce(
                    self._brokers.topics[message.topic],
                    message.body,
                    message.key.encode(errors="replace"),
                    on_delivery=batch.delivered,
                )
                return
            except BufferError:
                await asyncio.sleep(_FULL)
            except KafkaException as error:
                self.is_broken = self.is_broken or error_of(error).fatal()
                raise translated(self._brokers, error_of(error), self._trouble) from None

    def _hear(self) -> None:
        while not self._ended.is_set():
            self._producer.poll(0.2)


class _Batch:
    """Counts reports, in the producer's thread, until all are in."""

    def __init__(self, count: int) -> None:
        self._loop = asyncio.get_running_loop()
        self.outcome: asyncio.Future[KafkaError | None] = self._loop.create_future()
        self._open = count
        self._error: KafkaError | None = None

    def delivered(self, error: KafkaError | None, message: KafkaMessage) -> None:
        self._error = self._error or error
        self._open -= 1
        if self._open == 0:
            # The loop may be closed, its caller gone.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        if not self.outcome.done():
            self.outcome.set_result(self._error)
