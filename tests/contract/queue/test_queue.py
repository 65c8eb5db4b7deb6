"""What holds for every queue: everything comes, in order by key, until it is settled."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

import pytest

from fairway.services.queue.ports import Message, Queue, Received, Subscription, Topic

WAIT = 30.0


def messages(*bodies: str, key: str = "prod/aura", topic: Topic = Topic.REQUESTS) -> list[Message]:
    return [Message(topic, key, body.encode()) for body in bodies]


def bodies(received: Sequence[Received]) -> list[str]:
    return [one.body.decode() for one in received]


async def fetch(subscription: Subscription, count: int) -> list[Received]:
    """Exactly so many."""
    found: list[Received] = []
    while len(found) < count:
        came = await subscription.fetch(count - len(found), timeout=WAIT)
        assert came, f"only {bodies(found)} came"
        found += came
    return found


async def none_left(subscription: Subscription) -> None:
    assert bodies(await subscription.fetch(10, timeout=0.3)) == []
    assert await subscription.lag() == 0


async def test_what_is_published_comes_with_its_key_and_topic(queue: Queue) -> None:
    body = bytes(range(256))
    await queue.publish([Message(Topic.STATUSES, "prod/größe", body)])
    async with queue.subscribe(Topic.STATUSES, "hookd") as subscription:
        (one,) = await fetch(subscription, 1)
        assert (one.topic, one.key, one.body) == (Topic.STATUSES, "prod/größe", body)
        await none_left(subscription)


async def test_what_was_published_before_anybody_came_is_there(queue: Queue) -> None:
    await queue.publish(messages("a", "b", "c"))
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        assert bodies(await fetch(subscription, 3)) == ["a", "b", "c"]


async def test_who_waits_is_woken(queue: Queue) -> None:
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        waiting = asyncio.create_task(subscription.fetch(10, timeout=WAIT))
        await asyncio.sleep(0.05)
        await queue.publish(messages("a"))
        assert bodies(await waiting) == ["a"]


async def test_nothing_comes_when_nothing_is_there(queue: Queue) -> None:
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        assert await subscription.fetch(10, timeout=0) == []
        assert await subscription.fetch(10, timeout=0.2) == []
        await queue.publish([])
        await none_left(subscription)


async def test_no_more_come_than_were_asked_for(queue: Queue) -> None:
    await queue.publish(messages(*"abcde"))
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        assert len(await subscription.fetch(2, timeout=WAIT)) <= 2


async def test_a_subscription_gets_each_message_once_though_it_settles_none(queue: Queue) -> None:
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        await queue.publish(messages("a", "b"))
        assert bodies(await fetch(subscription, 2)) == ["a", "b"]
        await queue.publish(messages("c"))
        assert bodies(await fetch(subscription, 1)) == ["c"]
        await none_left(subscription)


async def test_what_was_not_settled_comes_to_the_next_of_the_group(queue: Queue) -> None:
    await queue.publish(messages("a", "b", "c"))
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        first, *_ = await fetch(subscription, 3)
        await subscription.settle([first])
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        rest = await fetch(subscription, 2)
        assert bodies(rest) == ["b", "c"]
        await subscription.settle(rest)
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        await none_left(subscription)


async def test_settling_in_another_order_loses_nothing(queue: Queue) -> None:
    await queue.publish(messages(*"abcdef"))
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        a, b, c, d, e, f = await fetch(subscription, 6)
        await subscription.settle([f, c])
        await subscription.settle([a])
        await subscription.settle([e])
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        again = await fetch(subscription, 2)
        while again[-1].body != b"d":
            again += await fetch(subscription, 1)
        # What came after an unsettled one may come again; what was not settled must.
        assert bodies(again)[0] == "b"
        assert {"b", "d"} <= set(bodies(again))
        assert b.body + d.body == b"bd"


async def test_settling_twice_or_nothing_changes_nothing(queue: Queue) -> None:
    await queue.publish(messages("a", "b"))
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        a, b = await fetch(subscription, 2)
        await subscription.settle([])
        await subscription.settle([a])
        await subscription.settle([a])
        await subscription.settle([b, a])
        await subscription.settle([b])
    await queue.publish(messages("c"))
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        assert bodies(await fetch(subscription, 1)) == ["c"]


async def test_each_group_reads_everything_at_its_own_pace(queue: Queue) -> None:
    await queue.publish(messages("a", "b"))
    async with queue.subscribe(Topic.REQUESTS, "one") as one, queue.subscribe(Topic.REQUESTS, "two") as two:
        await one.settle(await fetch(one, 2))
        assert await two.lag() == 2
        assert bodies(await fetch(two, 2)) == ["a", "b"]
    async with queue.subscribe(Topic.REQUESTS, "three") as three:
        assert bodies(await fetch(three, 2)) == ["a", "b"]


async def test_topics_do_not_mix(queue: Queue) -> None:
    await queue.publish([*messages("a"), *messages("s", topic=Topic.STATUSES), *messages("b")])
    async with (
        queue.subscribe(Topic.STATUSES, "hookd") as statuses,
        queue.subscribe(Topic.REQUESTS, "hookd") as requests,
    ):
        settled = await fetch(statuses, 1)
        assert bodies(settled) == ["s"]
        await statuses.settle(settled)
        assert bodies(await fetch(requests, 2)) == ["a", "b"]
        await none_left(statuses)


async def test_who_wants_only_what_comes_from_now_on_gets_that(queue: Queue) -> None:
    await queue.publish(messages("old"))
    async with queue.subscribe(Topic.REQUESTS, "late", from_start=False) as subscription:
        assert await subscription.lag() == 0
        await queue.publish(messages("new"))
        assert bodies(await fetch(subscription, 1)) == ["new"]
        await none_left(subscription)
    async with queue.subscribe(Topic.REQUESTS, "late", from_start=False) as subscription:
        assert bodies(await fetch(subscription, 1)) == ["new"], "a group that is known goes on where it was"


async def test_a_group_that_came_and_settled_nothing_keeps_its_beginning(queue: Queue) -> None:
    await queue.publish(messages("old"))
    async with queue.subscribe(Topic.REQUESTS, "late", from_start=False):
        pass
    await queue.publish(messages("new"))
    async with queue.subscribe(Topic.REQUESTS, "late", from_start=False) as subscription:
        assert bodies(await fetch(subscription, 1)) == ["new"]


async def test_the_lag_counts_what_was_not_fetched(queue: Queue) -> None:
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        assert await subscription.lag() == 0
        await queue.publish(messages(*"abc"))
        await queue.publish(messages("x", topic=Topic.STATUSES))
        assert await subscription.lag() == 3
        await fetch(subscription, 2)
        assert await subscription.lag() == 1
        await fetch(subscription, 1)
        assert await subscription.lag() == 0


async def test_messages_of_one_key_keep_their_order_whoever_publishes(queue: Queue) -> None:
    keys = [f"prod/team-{number}" for number in range(5)]

    async def publish(key: str) -> None:
        for start in range(0, 20, 2):
            await queue.publish(messages(str(start), str(start + 1), key=key))

    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        publishing = asyncio.gather(*(publish(key) for key in keys))
        came = defaultdict(list)
        for _ in range(100):
            (one,) = await fetch(subscription, 1)
            came[one.key].append(int(one.body))
        await publishing
        await none_left(subscription)
    assert came == {key: list(range(20)) for key in keys}


async def test_a_fetch_that_was_given_up_loses_nothing(queue: Queue) -> None:
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        for body in "abcdefgh":
            waiting = asyncio.create_task(subscription.fetch(10, timeout=WAIT))
            await asyncio.sleep(0)
            await queue.publish(messages(body))
            waiting.cancel()
            given = (await asyncio.gather(waiting, return_exceptions=True))[0]
            came = given if isinstance(given, list) else await fetch(subscription, 1)
            assert bodies(came) == [body]


async def test_large_messages_go_through(queue: Queue) -> None:
    body = bytes(3_000_000)
    await queue.publish([Message(Topic.REQUESTS, "k", body), Message(Topic.REQUESTS, "k", b"small")])
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        assert [one.body for one in await fetch(subscription, 2)] == [body, b"small"]


async def test_a_queue_that_is_there_passes_its_check(queue: Queue) -> None:
    await queue.check()
    await queue.check()


@pytest.mark.parametrize("key", ["", "a" * 500, "with\0zero", "half \ud800"])
async def test_odd_keys_do_no_harm(queue: Queue, key: str) -> None:
    await queue.publish(messages("a", "b", key=key))
    async with queue.subscribe(Topic.REQUESTS, "deployd-prod") as subscription:
        came = await fetch(subscription, 2)
        assert bodies(came) == ["a", "b"]
        assert came[0].key == came[1].key
