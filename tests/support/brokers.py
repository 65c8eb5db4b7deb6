"""How a test reaches a broker: topics of its own each time, so that tests can share one."""

from __future__ import annotations

import uuid
from typing import Any

from fairway.adapters.queue.kafka.connection import Brokers
from fairway.domain.dispatch.messages import Topic


def topic_names() -> dict[Topic, str]:
    run = uuid.uuid4().hex[:8]
    return {topic: f"{topic.value}-{run}" for topic in Topic}


def brokers_at(address: str, **more: Any) -> Brokers:
    """`more` replaces what a test cares about."""
    return Brokers(
        **{"addresses": (address,), "topics": topic_names(), "client_id": "fairway-test", "partitions": 3} | more
    )
