"""Waiting for several objects at once, and for an application with the pods behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.deployd import QUICK

from fairway.adapters.kube.memory import MemoryKube, resource
from fairway.adapters.kube.memory.kinds import BUILT_IN
from fairway.domain.errors import Terminal, Transient
from fairway.domain.health import HealthRule
from fairway.domain.health.applications import CORRELATION_ID
from fairway.domain.kube_errors import Forbidden
from fairway.domain.manifests.objects import Object, ObjectRef, ref_of
from fairway.services.deployd.insisting import Insisting
from fairway.services.deployd.trying import Item
from fairway.services.deployd.watching import Watched, read_again, watch_all
from fairway.services.engine.session import Unhealthy

NOW = datetime.now(UTC)


class Judging:
    """A waiter that is told, by name, how each object ends: when an event is set, or with an error at once."""

    def __init__(self, **ends: Exception | asyncio.Event | None) -> None:
        self.ends = ends
        self.asked: list[tuple[str, timedelta]] = []

    async def until_healthy(
        self,
        applied: Sequence[tuple[ObjectRef, Object]],
        *,
        timeout: timedelta,
        on_progress: Callable[[str], None],
        rules: Sequence[HealthRule] = (),
    ) -> None:
        ((ref, _),) = applied
        self.asked.append((str(ref), timeout))
        end = self.ends.get(ref.kind.lower()) or self.ends.get(ref.name)
        if isinstance(end, asyncio.Event):
            await end.wait()
        elif end is not None:
            raise end

    async def until_complete(self, ref: ObjectRef, **_: Any) -> None:
        raise AssertionError("nobody asks for this")

    async def until_gone(self, refs: Sequence[ObjectRef], **_: Any) -> None:
        raise AssertionError("nobody asks for this")


def obj(name: str, kind: str = "Deployment", api: str = "apps/v1", delivery: str = "d") -> Object:
    metadata = {"name": name, "namespace": "shop", "annotations": {CORRELATION_ID: delivery}}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": {}}


async def watch(waiter: Judging, *objects: Object, kube: Any = None, seconds: float = 30) -> Watched:
    stored = [(ref_of(one), one) for one in objects]
    own = kube or MemoryKube(namespaces=("shop",))
    insisting = Insisting(lambda: datetime.now(UTC), QUICK)
    return await watch_all(own, waiter, stored, insisting, since=NOW, timeout=timedelta(seconds=seconds))


async def test_nothing_to_wait_for_is_healthy() -> None:
    assert await watch(Judging()) == Watched()


async def test_all_that_fail_together_are_told_and_the_others_are_not_waited_for() -> None:
    waiter = Judging(a=Unhealthy("a is broken"), b=asyncio.Event(), c=Unhealthy("c is broken"))
    watched = await watch(waiter, obj("a"), obj("b"), obj("c"))
    assert [(ref.name, error.message) for ref, error in watched.errors] == [("a", "a is broken"), ("c", "c is broken")]


async def test_the_time_that_is_told_is_the_whole_time() -> None:
    waiter = Judging(a=Unhealthy("not ready after 3 s: Deployment a: 0 of 1", ("  why",), timed_out=True))
    ((_, error),) = (await watch(waiter, obj("a"), seconds=300)).errors
    assert (error.message, getattr(error, "lines", ())) == (
        "not ready after 300 s: Deployment a: 0 of 1",
        ("  why",),
    )


async def test_a_kind_that_may_not_be_seen_is_said_a_workload_is_a_failure() -> None:
    waiter = Judging(ship=Forbidden("no watching of ships"), deployment=Forbidden("no watching of deployments"))
    watched = await watch(waiter, obj("a", "Ship", "example.com/v1"), obj("b"))
    assert watched.unseen == ("Ship shop/a: no watching of ships",)
    assert [error.message for _, error in watched.errors] == ["no watching of deployments"]


async def test_a_defect_is_not_taken_for_an_unhealthy_object() -> None:
    with pytest.raises(ZeroDivisionError):
        await watch(Judging(a=ZeroDivisionError()), obj("a"))


async def test_what_passes_is_waited_for_until_the_time_is_over() -> None:
    waiter = Judging(a=Transient("the API server is away"))
    ((_, error),) = (await watch(waiter, obj("a"), seconds=(datetime.now(UTC) - NOW).total_seconds() + 0.3)).errors
    assert error.message == "the API server is away"
    assert len(waiter.asked) > 2


class TestApplications:
    APPLICATION = obj("shop", "Application", "nais.io/v1alpha1")

    async def kube(self, delivery: str) -> MemoryKube:
        kube = MemoryKube(namespaces=("shop",))
        made = obj("shop", delivery=delivery)
        await kube.apply(made, ref_of(made))
        return kube

    async def test_the_pods_of_its_deployment_make_it_fail(self) -> None:
        waiter = Judging(application=asyncio.Event(), deployment=Unhealthy("pod shop-1: CrashLoopBackOff"))
        watched = await watch(waiter, self.APPLICATION, kube=await self.kube("d"))
        assert [(ref.kind, error.message) for ref, error in watched.errors] == [
            ("Application", "pod shop-1: CrashLoopBackOff")
        ]

    async def test_its_operator_has_the_last_word_on_success(self) -> None:
        done = asyncio.Event()
        waiter = Judging(application=done)
        asyncio.get_running_loop().call_later(0.1, done.set)
        assert await watch(waiter, self.APPLICATION, kube=await self.kube("d")) == Watched()
        assert {name for name, _ in waiter.asked} == {"Application shop", "Deployment shop"}

    async def test_the_deployment_of_before_says_nothing(self) -> None:
        done = asyncio.Event()
        waiter = Judging(application=done, deployment=Unhealthy("the old one crashes"))
        asyncio.get_running_loop().call_later(0.1, done.set)
        assert await watch(waiter, self.APPLICATION, kube=await self.kube("older")) == Watched()

    @pytest.mark.parametrize("error", [Forbidden("no"), Terminal("gone")])
    async def test_what_can_not_be_followed_does_not_make_it_fail(self, error: Exception) -> None:
        done = asyncio.Event()
        waiter = Judging(application=done, deployment=error)
        asyncio.get_running_loop().call_later(0.1, done.set)
        assert await watch(waiter, self.APPLICATION, kube=await self.kube("d")) == Watched()


class TestReadingAgain:
    @pytest.fixture
    async def kube(self) -> MemoryKube:
        return MemoryKube(namespaces=("shop",), resources=(*BUILT_IN, resource("example.com/v1", "Ship")))

    async def test_only_what_can_be_unhealthy_is_read(self, kube: MemoryKube) -> None:
        web = obj("web")
        await kube.apply(web, ref_of(web))
        items = [Item(one, ref_of(one)) for one in (obj("s", "Secret", "v1"), web)]
        found = await read_again(kube, items, "d")
        assert found is not None
        assert [str(ref) for ref, _ in found] == ["Deployment web"]
        assert kube.requests["get"] == 1

    async def test_another_delivery_has_been_here(self, kube: MemoryKube) -> None:
        web = obj("web", delivery="another")
        await kube.apply(web, ref_of(web))
        assert await read_again(kube, [Item(web, ref_of(web))], "d") is None

    @pytest.mark.parametrize(
        ("kind", "api", "says"),
        [("Deployment", "apps/v1", "is gone"), ("Job", "batch/v1", "whether it had completed is not known")],
    )
    async def test_what_is_gone_is_named(self, kube: MemoryKube, kind: str, api: str, says: str) -> None:
        gone = obj("x", kind, api)
        with pytest.raises(Terminal, match=says):
            await read_again(kube, [Item(gone, ref_of(gone))], "d")
