"""Brokers that a test may stop: one of its own for each module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.kafka import Broker, kafka_broker


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Runs when a test begins, whatever the one before did to it."""
    with kafka_broker(tmp_path_factory.mktemp("kafka") / "broker", secure=True) as broker:
        yield broker


@pytest.fixture
def broker(own_broker: Broker) -> Broker:
    if not own_broker.is_running:
        own_broker.start()
    return own_broker
