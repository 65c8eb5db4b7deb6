"""One leads; when it goes or dies another one does; never two by their own belief."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from tests.contract.leadership.conftest import Candidates

from fairway.adapters.kube.lease import API
from fairway.domain.errors import Transient
from fairway.domain.leadership.lease import Terms
from fairway.domain.manifests.objects import Object, ObjectRef
from fairway.services.agent.leading import AlwaysLeads
from fairway.services.agent.ports import Leadership

LONG = Terms(timedelta(minutes=10), timedelta(minutes=8), timedelta(milliseconds=200))


async def spec_of(candidates: Candidates) -> dict[str, Any]:
    kube: Any = candidates.kube
    stored = await kube.get(ObjectRef(API, "Lease", candidates.namespace, "agent"))
    assert stored is not None
    spec: dict[str, Any] = stored["spec"]
    return spec


async def test_who_is_alone_leads_and_is_told_so(candidates: Candidates) -> None:
    one: Leadership = candidates.start("a")
    assert not one.leads
    async with asyncio.timeout(20):
        await one.changed()
    assert (one.leads, one.holder) == (True, "a")
    spec = await spec_of(candidates)
    assert (spec["holderIdentity"], spec["leaseDurationSeconds"], spec.get("leaseTransitions", 0)) == ("a", 3, 0)


async def test_of_three_who_start_at_once_one_leads_and_all_know_who(candidates: Candidates) -> None:
    for name in "abc":
        candidates.start(name)
    await candidates.until(lambda: len(candidates.leading()) == 1)
    (leader,) = candidates.leading()
    await candidates.until(lambda: all(one.holder == leader for one in candidates.all.values()))
    for _ in range(150):
        assert candidates.leading() == [leader], "it renews"
        await asyncio.sleep(0.02)
    assert (await spec_of(candidates)).get("leaseTransitions", 0) == 0


async def test_who_ends_gives_it_back_and_the_next_leads_at_once(candidates: Candidates) -> None:
    """The lease alone would last longer than this test."""
    first = candidates.start("a", LONG)
    await candidates.until(lambda: first.leads)
    second = candidates.start("b", LONG)
    await candidates.until(lambda: second.holder == "a")
    await candidates.end("a")
    assert not first.leads
    await candidates.until(lambda: second.leads)
    assert (await spec_of(candidates))["leaseTransitions"] == 1


class Cut:
    """A connection that can be cut."""

    def __init__(self, kube: Any) -> None:
        self._kube = kube
        self.is_cut = False

    async def get(self, ref: ObjectRef) -> Object | None:
        return await self._through("get", ref)

    async def create(self, obj: Object, ref: ObjectRef) -> Any:
        return await self._through("create", obj, ref)

    async def replace(self, obj: Object, ref: ObjectRef) -> Any:
        return await self._through("replace", obj, ref)

    async def _through(self, verb: str, *words: Any) -> Any:
        if self.is_cut:
            raise Transient("the cluster does not answer")
        return await getattr(self._kube, verb)(*words)


async def test_who_is_cut_off_stops_believing_before_another_leads_and_says_why(candidates: Candidates) -> None:
    connection = Cut(candidates.kube)
    first = candidates.start("a", kube=connection)
    await candidates.until(lambda: first.leads)
    second = candidates.start("b")
    await candidates.until(lambda: second.holder == "a")
    connection.is_cut = True
    await candidates.until(lambda: second.leads)
    assert not first.leads
    assert first.trouble == "the cluster does not answer"
    connection.is_cut = False
    await candidates.until(lambda: first.holder == "b")
    assert (first.leads, first.trouble) == (False, "")


async def test_who_is_killed_is_followed_by_another_when_its_lease_is_over(candidates: Candidates) -> None:
    connection = Cut(candidates.kube)
    first = candidates.start("a", kube=connection)
    await candidates.until(lambda: first.leads)
    second = candidates.start("b")
    await candidates.until(lambda: second.holder == "a")
    connection.is_cut = True  # so that it can't give the lease back: as if the process were gone
    await candidates.end("a")
    await candidates.until(lambda: second.leads)


async def test_a_belief_that_runs_out_is_told(candidates: Candidates) -> None:
    connection = Cut(candidates.kube)
    one = candidates.start("a", kube=connection)
    await candidates.until(lambda: one.leads)
    connection.is_cut = True
    async with asyncio.timeout(20):
        await one.changed()
    assert not one.leads


async def test_an_event_loop_that_hung_does_not_go_on_believing(candidates: Candidates) -> None:
    """Computed from the clock: no timer had a chance to run."""
    import time

    one = candidates.start("a")
    await candidates.until(lambda: one.leads)
    time.sleep(2.1)
    assert not one.leads
    await candidates.until(lambda: one.leads)


async def test_where_nobody_competes_one_leads_always() -> None:
    one: Leadership = AlwaysLeads("here")
    assert (one.leads, one.holder) == (True, "here")
