"""hookd and three clusters over real brokers, with login, TLS and encryption; keys are replaced while they talk."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.support.dispatching import request, status
from tests.support.kafka import PASSWORD, USER, Broker

from fairway.domain.dispatch.messages import Topic
from fairway.domain.dispatch.requests import DeploymentRequest
from fairway.domain.dispatch.statuses import DeploymentStatus
from fairway.services.queue.correspondence import Correspondence
from fairway.services.queue.options import QueueOptions, Sasl, Tls
from fairway.settings import Settings, load_settings
from fairway.wiring.queue import open_correspondence

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka")]

CLUSTERS = ("dev", "prod", "test")
STEPS = (("old",), ("old", "new"), ("new", "old"), ("new",))
EACH = 5
WAIT = 60.0


class Rejections(list[tuple[Topic, str]]):
    def __call__(self, topic: Topic, reason: str) -> None:
        self.append((topic, reason))


def options(broker: Broker, run: str, keys: tuple[str, ...]) -> QueueOptions:
    return QueueOptions(
        brokers=(broker.login_address,),
        topic_requests=f"requests-{run}",
        topic_statuses=f"statuses-{run}",
        topic_announcements=f"announcements-{run}",
        hmac_keys=tuple(key.encode() for key in keys),
        encryption_keys=tuple(key.encode().ljust(32, b"-") for key in keys),
        sasl=Sasl(USER, PASSWORD),
        tls=Tls(ca_file=str(broker.ca_file)),
        partitions=3,
    )


async def deployd(correspondence: Correspondence, cluster: str, count: int) -> list[str]:
    """Reports success of what is for its cluster, once it has seen so many requests in all."""
    seen: list[str] = []
    async with correspondence.subscribe(Topic.REQUESTS, f"deployd-{cluster}") as subscription:
        while len(seen) < count:
            for received in await subscription.fetch(10, timeout=1):
                asked = correspondence.open(received)
                assert isinstance(asked, DeploymentRequest)
                seen.append(asked.delivery_id)
                if asked.cluster == cluster:
                    await correspondence.send_statuses([status(asked.delivery_id, cluster=cluster, team=asked.team)])
                await subscription.settle([received])
    return seen


async def hookd(correspondence: Correspondence, count: int) -> list[tuple[str, str]]:
    """The clusters and delivery ids that were reported."""
    told: list[tuple[str, str]] = []
    async with correspondence.subscribe(Topic.STATUSES, "hookd") as subscription:
        while len(told) < count:
            received = await subscription.fetch(10, timeout=1)
            for one in received:
                letter = correspondence.open(one)
                assert isinstance(letter, DeploymentStatus)
                told.append((letter.cluster, letter.delivery_id))
            await subscription.settle(received)
    return told


async def round_of(settings: Settings, broker: Broker, run: str, keys: dict[str, tuple[str, ...]], first: int) -> None:
    """Every program is started with its keys, requests go to all clusters, and all of it is reported."""
    rejected = Rejections()
    count = EACH * len(CLUSTERS)
    async with AsyncExitStack() as stack, asyncio.timeout(WAIT), asyncio.TaskGroup() as group:
        opened = {
            name: await stack.enter_async_context(
                open_correspondence(settings, options(broker, run, keys[name]), rejected)
            )
            for name in ("hookd", *CLUSTERS)
        }
        reading = {cluster: group.create_task(deployd(opened[cluster], cluster, count)) for cluster in CLUSTERS}
        reported = group.create_task(hookd(opened["hookd"], count))
        asked = [request(f"d-{first + n}", cluster=CLUSTERS[n % len(CLUSTERS)]) for n in range(count)]
        await opened["hookd"].send_sealed([(one.key, opened["hookd"].seal_request(one)) for one in asked])
    assert {cluster: sorted(task.result()) for cluster, task in reading.items()} == {
        cluster: sorted(one.delivery_id for one in asked) for cluster in CLUSTERS
    }
    assert sorted(reported.result()) == sorted((one.cluster, one.delivery_id) for one in asked)
    assert rejected == []


async def test_each_sees_everything_and_answers_for_its_own_while_keys_are_replaced(
    broker: Broker, tmp_path: Path
) -> None:
    settings, run = load_settings({"HOME": str(tmp_path)}), uuid.uuid4().hex[:8]
    first = 0
    for before, after in itertools.pairwise(STEPS):
        # Some have the keys of this step already, others those of the one before.
        mixed = {"hookd": after, "dev": before, "prod": after, "test": before}
        await round_of(settings, broker, run, mixed, first)
        first += 100
