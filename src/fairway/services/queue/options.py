"""Which queue is used, under which names, and with which keys. Contract: docs/spec/queue.md.

The rule not to break: keys and passwords are in no repr.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from fairway.services.queue.ports import Topic

LARGEST_MESSAGE = 8 * 1024 * 1024
"""Bytes; a broker's own default is 1 MiB, topics that we make take this."""


class SaslMechanism(StrEnum):
    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"


@dataclass(frozen=True, slots=True)
class Sasl:
    """How to log in to brokers."""

    username: str
    password: str = field(repr=False)
    mechanism: SaslMechanism = SaslMechanism.PLAIN
    handshake: bool = True
    """Brokers before 0.10 did without; none of those are spoken to any more."""


@dataclass(frozen=True, slots=True)
class Tls:
    """`insecure`: any certificate will do, for tests. `ca_file`: PEM, instead of the system's authorities."""

    insecure: bool = False
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """Everything has a default: without brokers the ledger's database is the queue."""

    brokers: tuple[str, ...] = ()
    """`host:port` of Kafka brokers."""
    topic_requests: str = Topic.REQUESTS.value
    topic_statuses: str = Topic.STATUSES.value
    topic_announcements: str = Topic.ANNOUNCEMENTS.value
    client_id: str = ""
    """What brokers log of us; made of the host's name when empty."""
    group_id: str = ""
    """Whose positions are kept; each program has a default of its own."""
    hmac_keys: tuple[bytes, ...] = field(default=(), repr=False)
    """The first signs, all verify."""
    encryption_keys: tuple[bytes, ...] = field(default=(), repr=False)
    """32 bytes each; the first encrypts, all decrypt."""
    sasl: Sasl | None = None
    tls: Tls | None = None
    create_topics: bool = True
    partitions: int = 6
    """Of topics that are made."""
    replication: int = -1
    """Of topics that are made; -1 is the broker's own default."""
    keep: timedelta = timedelta(days=7)
    """How long messages are kept, settled or not."""
    largest_message: int = LARGEST_MESSAGE

    def name_of(self, topic: Topic) -> str:
        """The topic's name at the broker."""
        names = {
            Topic.REQUESTS: self.topic_requests,
            Topic.STATUSES: self.topic_statuses,
            Topic.ANNOUNCEMENTS: self.topic_announcements,
        }
        return names[topic]
