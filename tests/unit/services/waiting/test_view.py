"""Shared watches: when they start, when they stop, whom they wake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.services.waiting.conftest import Cluster

from fairway.adapters.kube.memory import MemoryKube, resource
from fairway.domain.kube_errors import Forbidden
from fairway.domain.manifests.api import WatchEvent
from fairway.domain.manifests.objects import Object, ref_of
from fairway.services.engine.session import Unhealthy
from fairway.services.waiting import ClusterView, open_waiter
from fairway.services.waiting.view import lean

CONFIG = resource("v1", "ConfigMap")


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0.005)


async def test_a_watch_starts_with_the_first_user_and_stops_some_time_after_the_last(cluster: Cluster) -> None:
    async with ClusterView(cluster.kube, linger=0.05) as view:
        assert view.watches == 0
        async with view.follow(CONFIG, "shop") as first, view.follow(CONFIG, "shop") as second:
            assert first is second
            await settled()
        assert view.watches == 1
        async with view.follow(CONFIG, "shop") as again:
            assert again is first
        await asyncio.sleep(0.1)
        assert view.watches == 0
    assert cluster.kube.requests["watch"] == 1


async def test_namespaces_and_kinds_have_watches_of_their_own(cluster: Cluster) -> None:
    async with (
        ClusterView(cluster.kube) as view,
        view.follow(CONFIG, "shop"),
        view.follow(CONFIG, "default"),
        view.follow(resource("v1", "Secret"), "shop"),
    ):
        assert view.watches == 3


async def test_no_watch_outlives_the_view(cluster: Cluster) -> None:
    async with ClusterView(cluster.kube) as view, view.follow(CONFIG, "shop"):
        await settled()
    assert not [task for task in asyncio.all_tasks() if "Feed.run" in repr(task)]


async def test_only_those_are_woken_who_named_the_object_or_its_owner(cluster: Cluster) -> None:
    by_name, by_owner, other = asyncio.Event(), asyncio.Event(), asyncio.Event()
    async with ClusterView(cluster.kube) as view, view.follow(CONFIG, "shop") as feed:
        await settled()
        feed.wake(by_name, ["a"])
        assert feed.gone == {}
        feed.wake(other, ["b", "some-uid"])
        owner = await cluster.put("v1", "Secret", "owner")
        feed.wake(by_owner, [owner["metadata"]["uid"]])
        child = await cluster.owned("v1", "ConfigMap", "a", owner, {})
        await settled()
        assert (by_name.is_set(), by_owner.is_set(), other.is_set()) == (True, True, False)
        assert [obj["metadata"]["name"] for obj in feed.owned_by(owner["metadata"]["uid"])] == ["a"]
        await cluster.kube.delete(ref_of(child))
        await settled()
        assert feed.owned_by(owner["metadata"]["uid"]) == []
        assert list(feed.gone) == [child["metadata"]["uid"]]
        await cluster.kube.delete(ref_of(owner))
        await settled()
        assert len(feed.gone) == 1


async def test_who_leaves_is_not_woken_any_more(cluster: Cluster) -> None:
    gone = asyncio.Event()
    async with ClusterView(cluster.kube) as view, view.follow(CONFIG, "shop") as feed:
        await settled()
        feed.wake(gone, ["a"])
        feed.forget(gone)
        await cluster.put("v1", "ConfigMap", "a")
        await settled()
        assert not gone.is_set()


def test_what_nobody_reads_is_not_kept() -> None:
    obj: Object = {
        "metadata": {"name": "a", "managedFields": [1]},
        "spec": {"replicas": 1, "template": {}},
        "status": {},
    }
    assert lean(obj) == {"metadata": {"name": "a"}, "spec": {"replicas": 1}, "status": {}}
    assert lean({"metadata": {"name": "a"}, "data": {}}) == {"metadata": {"name": "a"}, "data": {}}


class Watchless(MemoryKube):
    """A cluster whose role does not allow watching."""

    async def watch(self, *_: Any, **__: Any) -> AsyncIterator[WatchEvent]:  # type: ignore[override]
        raise Forbidden("watch deployments: not allowed", status=403)
        yield


async def test_a_watch_that_is_refused_ends_the_wait_with_the_reason(cluster: Cluster) -> None:
    forbidden = Cluster(Watchless(namespaces=("shop",), now=cluster.clock), cluster.clock)
    obj = await forbidden.deployment()
    with pytest.raises(Forbidden, match="not allowed"):
        await forbidden.wait(obj)


async def test_a_hook_that_is_gone_before_it_completed_is_said(cluster: Cluster) -> None:
    async with open_waiter(cluster.kube, now=cluster.clock) as waiter:
        with pytest.raises(Unhealthy, match="Job migrate is gone"):
            await waiter.until_complete(
                cluster.ref("batch/v1", "Job", "migrate"), timeout=timedelta(seconds=1), on_progress=cluster.said.append
            )


async def test_an_old_run_of_a_hook_is_never_taken_for_the_new_one(cluster: Cluster) -> None:
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    old = await cluster.put("batch/v1", "Job", "migrate", done, spec={})
    async with open_waiter(cluster.kube, now=cluster.clock) as waiter:
        span = timedelta(seconds=0.3)
        await waiter.until_complete(ref_of(old), timeout=span, on_progress=cluster.said.append)
        await cluster.kube.delete(ref_of(old))
        new = await cluster.put("batch/v1", "Job", "migrate", spec={})
        with pytest.raises(Unhealthy, match=r"not ready after 0.3 s: Job migrate: 0 of 1 runs completed"):
            await waiter.until_complete(ref_of(new), timeout=span, on_progress=cluster.said.append)


async def test_a_hook_that_is_cleaned_up_as_soon_as_it_completed_is_complete(cluster: Cluster) -> None:
    job = await cluster.put("batch/v1", "Job", "migrate", spec={})
    done = {"conditions": [{"type": "Complete", "status": "True"}]}
    async with open_waiter(cluster.kube, now=cluster.clock) as waiter:
        waiting = asyncio.ensure_future(
            waiter.until_complete(ref_of(job), timeout=timedelta(seconds=20), on_progress=cluster.said.append)
        )
        await settled()
        cluster.kube.set_status(ref_of(job), done)
        await cluster.kube.delete(ref_of(job))
        await waiting


async def test_a_hook_that_is_deleted_before_it_completed_is_said(cluster: Cluster) -> None:
    job = await cluster.put("batch/v1", "Job", "migrate", spec={})
    async with open_waiter(cluster.kube, now=cluster.clock) as waiter:
        waiting = asyncio.ensure_future(
            waiter.until_complete(ref_of(job), timeout=timedelta(seconds=20), on_progress=cluster.said.append)
        )
        await settled()
        await cluster.kube.delete(ref_of(job))
        with pytest.raises(Unhealthy, match="was deleted while it was waited for"):
            await waiting


async def test_what_never_was_is_gone(cluster: Cluster) -> None:
    async with open_waiter(cluster.kube, now=cluster.clock) as waiter:
        await waiter.until_gone([cluster.ref("v1", "ConfigMap", "a")], timeout=timedelta(seconds=1))
    assert cluster.kube.requests == {"get": 1}


async def test_a_successor_of_the_same_name_does_not_keep_the_wait(cluster: Cluster) -> None:
    held = await cluster.put("v1", "ConfigMap", "a", finalizers=["example.com/hold"])
    await cluster.kube.delete(ref_of(held))
    async with open_waiter(cluster.kube, now=cluster.clock) as waiter:
        waiting = asyncio.ensure_future(waiter.until_gone([ref_of(held)], timeout=timedelta(seconds=20)))
        await settled()
        patch = {"metadata": {"finalizers": None}}
        await cluster.kube.patch(ref_of(held), patch, content_type="application/merge-patch+json")
        await cluster.put("v1", "ConfigMap", "a")
        await waiting
