"""deployd as a process: what it takes, in which order, and what is left when it or its surroundings go away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.crashing import CrashingKube
from tests.support.deployd import CLUSTER, FINAL, Away, Desk, Station, allow_everything, eventually
from tests.unit.services.deployd.conftest import become_ready, complete, config_map, deployment, job, ref

from fairway.adapters.kube.memory import MemoryKube
from fairway.adapters.kube.memory.permitting import MemoryTeams
from fairway.adapters.memory.taken import MemoryOutcomes
from fairway.adapters.queue.memory import MemoryQueue
from fairway.domain.dispatch.resources import delivery_of
from fairway.domain.dispatch.statuses import Announcement, DeploymentStatus, ReportedState
from fairway.domain.dispatch.taken import Taken
from fairway.domain.errors import Terminal, Transient
from fairway.domain.kube_errors import ClusterAway
from fairway.domain.manifests.objects import Object, ref_of
from fairway.services.queue.ports import Message, Topic

SUCCESS, FAILURE, INACTIVE, WATCHING = (
    ReportedState.SUCCESS,
    ReportedState.FAILURE,
    ReportedState.INACTIVE,
    ReportedState.IN_PROGRESS,
)


def finals(desk: Desk, request: Any) -> list[str]:
    return [one.state.value for one in desk.of(request) if one.state in FINAL]


class TestTaking:
    async def test_requests_for_other_clusters_are_left_to_them(self, station: Station, desk: Desk) -> None:
        other, ours = desk.request(config_map(), cluster="prod-fss"), desk.request(config_map())
        async with station.started():
            await desk.send(other, ours)
            await desk.outcome(ours)
        assert desk.of(other) == []
        assert ("ignored", 1) in station.metrics.seen

    async def test_what_is_not_ours_or_unreadable_is_passed_over(self, station: Station, desk: Desk) -> None:
        good = desk.request(config_map())
        bad = [b"", b"garbage", desk.mail.seal_request(good)[:-3], desk.mail.seal.seal(b"\xff\xff\xff")]
        await desk.queue.publish([Message(Topic.REQUESTS, "x", body) for body in bad])
        async with station.started() as deployd:
            await desk.send(good)
            assert (await desk.outcome(good)).state is SUCCESS
            assert deployd.open == 0
        assert len(desk.rejected) == 4

    async def test_another_deployd_begins_where_the_first_one_ended(self, station: Station, desk: Desk) -> None:
        first, second = desk.request(config_map()), desk.request(config_map("b"))
        async with station.started():
            await desk.send(first)
            await desk.outcome(first)
        async with station.started():
            await desk.send(second)
            await desk.outcome(second)
        assert finals(desk, first).count("success") >= 1
        assert finals(desk, second) == ["success"]

    async def test_the_same_message_twice_at_once_is_carried_out_once(
        self, station: Station, desk: Desk, kube: MemoryKube
    ) -> None:
        request = desk.request(job())
        async with station.started() as deployd:
            await desk.send(request, request, request)
            await desk.reported(request, WATCHING)
            assert deployd.open == 1
            complete(kube)
            await desk.outcome(request)
        assert desk.states(request) == ["pending", "in_progress", "success"]

    async def test_it_says_that_it_is_there(self, station: Station, desk: Desk) -> None:
        station.options["announce_every"] = timedelta(milliseconds=20)
        async with desk.mail.subscribe(Topic.ANNOUNCEMENTS, "desk") as heard, station.started():
            messages: list[Any] = []
            while len(messages) < 3:
                messages += await heard.fetch(10, timeout=5)
        said = [desk.mail.open(one) for one in messages]
        assert all(isinstance(one, Announcement) and one.cluster == CLUSTER for one in said)

    async def test_it_says_so_as_soon_as_the_queue_is_back(self, station: Station, desk: Desk) -> None:
        class Late(MemoryQueue):
            refusals = 2

            async def publish(self, messages: Sequence[Message]) -> None:
                if self.refusals:
                    self.refusals -= 1
                    raise Transient("the brokers are away")
                await super().publish(messages)

        desk.mail = replace(desk.mail, queue=Late())
        async with desk.mail.subscribe(Topic.ANNOUNCEMENTS, "desk") as heard, station.started():
            # It is said every half a minute where nothing goes wrong.
            assert await heard.fetch(1, timeout=20)

    async def test_it_is_ready_once_it_reads_the_queue(self, station: Station) -> None:
        async with station.started() as deployd:
            assert "queue" in deployd.ready()
            await eventually(lambda: not deployd.ready())

    async def test_no_more_is_open_than_allowed_and_the_rest_comes_later(self, station: Station, desk: Desk) -> None:
        station.options["most_open"] = 2
        requests = [desk.request(config_map(f"c{n}"), team="aura") for n in range(7)]
        async with station.started() as deployd:
            await desk.send(*requests)
            for request in requests:
                await desk.outcome(request)
                assert deployd.open <= 2


class TestOrder:
    async def test_a_newer_deployment_takes_the_place_of_one_that_waits(
        self, station: Station, desk: Desk, kube: MemoryKube
    ) -> None:
        old, new = desk.request(deployment(image="shop/web:1")), desk.request(deployment(image="shop/web:2"))
        async with station.started():
            await desk.send(old)
            await desk.reported(old, WATCHING)
            await desk.send(new)
            outcome = await desk.outcome(old)
            await desk.reported(new, WATCHING)
            await become_ready(kube)
            assert (await desk.outcome(new)).state is SUCCESS
        assert (outcome.state, outcome.description) == (INACTIVE, "a newer deployment took its place")
        assert finals(desk, old) == ["inactive"]

    async def test_a_newer_one_that_can_not_be_applied_leaves_the_older_one_its_place(
        self, station: Station, desk: Desk, kube: MemoryKube
    ) -> None:
        old = desk.request(deployment())
        bad: Object = {"apiVersion": "x/v1", "kind": "Nothing", "metadata": {"name": "x"}}
        new = desk.request(deployment(image="shop/web:2"), bad)
        async with station.started():
            await desk.send(old)
            await desk.reported(old, WATCHING)
            await desk.send(new)
            assert (await desk.outcome(new)).state is FAILURE
            assert finals(desk, old) == []
            await become_ready(kube)
            assert (await desk.outcome(old)).state is SUCCESS

    async def test_other_applications_and_teams_are_not_in_the_way(
        self, station: Station, desk: Desk, kube: MemoryKube
    ) -> None:
        stage: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "stage"}}
        for obj in (*allow_everything("shop", team="other"), stage, *allow_everything("stage")):
            await kube.apply(obj, ref_of(obj))
        waiting, elsewhere = desk.request(deployment()), deployment()
        elsewhere["metadata"]["namespace"] = "stage"
        others = [desk.request(deployment("api")), desk.request(deployment("web2"), team="other")]
        others.append(desk.request(elsewhere))
        async with station.started():
            await desk.send(waiting)
            await desk.reported(waiting, WATCHING)
            await desk.send(*others)
            for one in others:
                await desk.reported(one, WATCHING)
            assert finals(desk, waiting) == []

    async def test_a_list_has_the_order_of_what_it_holds(self, station: Station, desk: Desk, kube: MemoryKube) -> None:
        plain = desk.request(deployment())
        listed = desk.request({"apiVersion": "v1", "kind": "List", "items": [deployment(image="shop/web:2")]})
        async with station.started():
            await desk.send(plain)
            await desk.reported(plain, WATCHING)
            await desk.send(listed)
            assert (await desk.outcome(plain)).state is INACTIVE
            await desk.reported(listed, WATCHING)
            await become_ready(kube)
            await desk.outcome(listed)

    async def test_the_last_of_many_is_what_stays(self, station: Station, desk: Desk, kube: MemoryKube) -> None:
        requests = [desk.request(config_map(number=str(n))) for n in range(20)]
        async with station.started():
            await desk.send(*requests)
            for request in requests:
                assert (await desk.outcome(request)).state in (SUCCESS, INACTIVE)
        live = await kube.get(ref("ConfigMap", "settings"))
        assert live is not None
        assert live["data"] == {"number": "19"}
        assert delivery_of(live) == requests[-1].delivery_id


class TestRestarting:
    async def test_a_successor_goes_on_watching_and_applies_nothing_again(
        self, station: Station, desk: Desk, kube: MemoryKube
    ) -> None:
        request = desk.request(config_map(), deployment(), job())
        async with station.started():
            await desk.send(request)
            await desk.reported(request, WATCHING)
        writes = kube.requests["apply"]
        async with station.started():
            await eventually(lambda: desk.states(request).count("in_progress") == 2)
            await become_ready(kube)
            complete(kube)
            outcome = await desk.outcome(request)
        assert outcome.state is SUCCESS
        assert kube.requests["apply"] == writes
        assert finals(desk, request) == ["success"]

    async def test_the_timeout_counts_from_the_first_one(self, station: Station, desk: Desk) -> None:
        request = desk.request(deployment())
        times = [timedelta()]
        station.now = lambda: datetime.now(UTC) + times[0]
        async with station.started():
            await desk.send(request)
            await desk.reported(request, WATCHING)
        times[0] = timedelta(seconds=31)
        async with station.started():
            outcome = await desk.outcome(request, seconds=5)
        assert outcome.description.startswith("Deployment failed: not ready after 30 s: Deployment web:")

    async def test_what_was_replaced_meanwhile_is_inactive(
        self, station: Station, desk: Desk, kube: MemoryKube
    ) -> None:
        request = desk.request(deployment())
        async with station.started():
            await desk.send(request)
            await desk.reported(request, WATCHING)
        newer = deployment(image="shop/web:9", annotations={"nais.io/deploymentCorrelationID": "another"})
        await kube.apply(newer, ref_of(newer), manager="fairway-deployd")
        async with station.started():
            assert (await desk.outcome(request)).state is INACTIVE

    async def test_what_is_gone_meanwhile_has_failed(self, station: Station, desk: Desk, kube: MemoryKube) -> None:
        request = desk.request(job())
        async with station.started():
            await desk.send(request)
            await desk.reported(request, WATCHING)
        await kube.delete(ref("Job", "migrate"))
        async with station.started():
            outcome = await desk.outcome(request)
        assert "Job shop/migrate is gone since it was applied; whether it had completed is not known" in outcome.detail
        assert await kube.get(ref("Job", "migrate")) is None

    @pytest.mark.parametrize("after", [False, True])
    @pytest.mark.parametrize("write", [1, 2, 3, 4])
    async def test_killed_at_any_write_it_ends_once_and_runs_a_job_once(
        self, station: Station, desk: Desk, kube: MemoryKube, write: int, after: bool
    ) -> None:
        old = desk.request(job(image="shop/web:0"))
        async with station.started():
            await desk.send(old)
            await desk.reported(old, WATCHING)
            complete(kube)
            await desk.outcome(old)
        created: list[str] = []
        request = desk.request(config_map(), job(), config_map("last"))
        dying = CrashingKube(kube, write, after=after, error=lambda: asyncio.CancelledError())
        station.kube, station.teams = kube, TeamsOver(kube, dying)
        async with station.started():
            await desk.send(request)
            await eventually(lambda: len(dying.writes) >= write)
            await asyncio.sleep(0.05)
        if (found := await kube.get(ref("Job", "migrate"))) and delivery_of(found) == request.delivery_id:
            created.append(found["metadata"]["uid"])
        station.teams = MemoryTeams(kube, create=True)
        async with station.started():
            await desk.reported(request, WATCHING)
            complete(kube)
            assert (await desk.outcome(request)).state is SUCCESS
        ran = await kube.get(ref("Job", "migrate"))
        assert ran is not None
        assert delivery_of(ran) == request.delivery_id
        assert created in ([], [ran["metadata"]["uid"]])
        assert finals(desk, request) == ["success"]

    async def test_an_older_one_that_was_killed_before_its_end_never_comes_over_a_newer_one(
        self, station: Station, desk: Desk, kube: MemoryKube
    ) -> None:
        old = desk.request(config_map("a", v="1"), config_map("b", v="1"), config_map("c", v="1"))
        new = desk.request(config_map("a", v="2"), config_map("b", v="2"), config_map("c", v="2"))
        kept = station.outcomes
        station.outcomes = NeverEnds(kept, old.delivery_id)  # type: ignore[assignment]
        async with station.started():
            await desk.send(old, new)
            await desk.outcome(new)
        assert finals(desk, old) == []
        station.outcomes = kept
        async with station.started():
            assert (await desk.outcome(old)).state in (SUCCESS, INACTIVE)
        for name in "abc":
            live = await kube.get(ref("ConfigMap", name))
            assert live is not None
            assert (live["data"], delivery_of(live)) == ({"v": "2"}, new.delivery_id)

    async def test_an_outcome_that_was_not_told_is_told_at_the_start(self, station: Station, desk: Desk) -> None:
        request = desk.request(config_map())
        untold = DeploymentStatus(
            request.delivery_id, request.repository, 7, SUCCESS, "Deployment successful", "aura", CLUSTER, request.at
        )
        await station.outcomes.save(Taken(request.delivery_id, request.at, outcome=untold))
        async with station.started():
            assert await desk.outcome(request) == untold
            await eventually(lambda: _reported(station, request.delivery_id))

    async def test_what_is_being_applied_is_brought_to_its_end(
        self, station: Station, desk: Desk, kube: MemoryKube
    ) -> None:
        gate = asyncio.Event()
        station.teams = TeamsOver(kube, Gated(kube, gate))
        request, later = desk.request(config_map(), deployment()), desk.request(deployment(image="shop/web:2"))
        async with station.started():
            await desk.send(request, later)
            await eventually(lambda: desk.states(request) == ["pending"] and desk.states(later) == ["pending"])
            asyncio.get_running_loop().call_later(0.1, gate.set)
        assert await kube.get(ref("Deployment", "web")) is not None
        kept = await station.outcomes.find(request.delivery_id)
        assert kept is not None
        assert kept.watching_since is not None
        begun = await station.outcomes.find(later.delivery_id)
        assert begun is not None
        assert begun.applied == ()


async def _reported(station: Station, delivery_id: str) -> bool:
    found = await station.outcomes.find(delivery_id)
    return found is not None and found.reported


class NeverEnds:
    """A memory that is still writing the outcome of one request when the process is killed."""

    def __init__(self, inner: Any, delivery_id: str) -> None:
        self._inner = inner
        self._delivery_id = delivery_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def save(self, taken: Taken) -> None:
        if taken.delivery_id == self._delivery_id and taken.outcome is not None:
            await asyncio.Event().wait()
        await self._inner.save(taken)


class TeamsOver:
    """The teams of a cluster, whose writes go through another client."""

    def __init__(self, kube: MemoryKube, writes: Any) -> None:
        self._teams = MemoryTeams(kube, create=True)
        self._writes = writes

    @asynccontextmanager
    async def acting_as(self, team: str) -> Any:
        async with self._teams.acting_as(team):
            yield self._writes


class Gated:
    """Lets nothing be applied before the gate opens; dry runs pass."""

    def __init__(self, kube: MemoryKube, gate: asyncio.Event) -> None:
        self._kube = kube
        self._gate = gate

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kube, name)

    async def apply(self, obj: Object, ref: Any, **options: Any) -> Object:
        if not options.get("dry_run"):
            await self._gate.wait()
        return await self._kube.apply(obj, ref, **options)


class TestAway:
    async def test_without_the_queue_work_goes_on_and_is_reported_later(
        self, station: Station, desk: Desk, kube: MemoryKube
    ) -> None:
        queue = Away(desk.queue, lambda _: Transient("the broker is away"))
        request = desk.request(deployment())
        object.__setattr__(desk.mail, "queue", queue)
        async with station.started() as deployd:
            await desk.send(request)
            await desk.reported(request, WATCHING)
            queue.is_away = True
            await become_ready(kube)
            await eventually(lambda: _ended(station.outcomes, request.delivery_id))
            await eventually(lambda: deployd.ready() == {"queue": "the broker is away"})
            assert finals(desk, request) == []
            queue.is_away = False
            assert (await desk.outcome(request)).state is SUCCESS
            await eventually(lambda: not deployd.ready())
        assert finals(desk, request) == ["success"]

    async def test_an_api_server_that_comes_back_before_the_deadline_costs_nothing(
        self, station: Station, desk: Desk, kube: MemoryKube
    ) -> None:
        station.kube = away = Away(kube, lambda _: ClusterAway("the API server can't be reached"))
        station.teams = TeamsOver(kube, away)
        request = desk.request(config_map())
        away.is_away = True
        async with station.started():
            await desk.send(request)
            await eventually(lambda: away.refused > 3)
            assert finals(desk, request) == []
            away.is_away = False
            assert (await desk.outcome(request)).state is SUCCESS

    async def test_an_api_server_that_stays_away_is_the_reason_of_the_failure(
        self, station: Station, desk: Desk, kube: MemoryKube
    ) -> None:
        station.kube = away = Away(kube, lambda _: ClusterAway("the API server can't be reached"))
        away.is_away = True
        request = desk.request(config_map(), seconds=1.5)
        async with station.started():
            await desk.send(request)
            outcome = await desk.outcome(request)
        assert outcome.description == "Deployment failed: the API server can't be reached (total of 1 error)"

    async def test_without_its_memory_nothing_is_begun(self, station: Station, desk: Desk, kube: MemoryKube) -> None:
        memory = Away(MemoryOutcomes(), lambda _: Transient("the database is away"))
        station.outcomes = memory  # type: ignore[assignment]
        memory.is_away = True
        request = desk.request(config_map())
        async with station.started():
            await desk.send(request)
            await eventually(lambda: memory.refused > 3)
            assert desk.of(request) == []
            assert await kube.get(ref("ConfigMap", "settings")) is None
            memory.is_away = False
            assert (await desk.outcome(request)).state is SUCCESS

    async def test_a_defect_ends_one_request_and_not_the_process(
        self, station: Station, desk: Desk, kube: MemoryKube
    ) -> None:
        def broken(_: str) -> Exception:
            return ZeroDivisionError("oops")

        away = Away(kube, broken)
        station.teams = TeamsOver(kube, away)
        away.is_away = True
        bad, good = desk.request(config_map()), desk.request(config_map("b"))
        async with station.started():
            await desk.send(bad)
            outcome = await desk.outcome(bad)
            away.is_away = False
            await desk.send(good)
            assert (await desk.outcome(good)).state is SUCCESS
        assert "deployd has a defect: ZeroDivisionError" in outcome.description
        assert "oops" not in outcome.detail


@pytest.mark.parametrize(
    "item",
    [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": "settings"},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "annotations": ["a"]}},
        {"apiVersion": "v1", "kind": "ConfigMap"},
        {"apiVersion": "v1", "kind": 7, "metadata": {"name": "a"}},
    ],
)
async def test_what_is_malformed_within_a_list_ends_one_request_and_not_the_process(
    station: Station, desk: Desk, item: dict[str, Any]
) -> None:
    listed = {"apiVersion": "v1", "kind": "List", "metadata": {"name": "all"}, "items": [item]}
    bad, good = desk.request(listed), desk.request(config_map("b"))
    async with station.started():
        await desk.send(bad, good)
        outcome = await desk.outcome(bad)
        assert (await desk.outcome(good)).state is SUCCESS
    assert outcome.state is ReportedState.ERROR
    assert "resources[0]" in outcome.description


async def test_a_memory_that_is_broken_for_good_ends_the_process(station: Station, desk: Desk) -> None:
    memory = Away(MemoryOutcomes(), lambda _: Terminal("the database is damaged"))
    station.outcomes = memory  # type: ignore[assignment]
    request = desk.request(config_map())
    memory.is_away = True
    await desk.send(request)
    with pytest.raises(Terminal, match="damaged"):
        await _until_refused(station, memory)
    assert desk.of(request) == []


async def _until_refused(station: Station, memory: Away) -> None:
    async with station.started():
        await eventually(lambda: memory.refused)
        await asyncio.sleep(0.2)


async def _ended(outcomes: Any, delivery_id: str) -> bool:
    found = await outcomes.find(delivery_id)
    return found is not None and found.outcome is not None


async def test_old_outcomes_are_forgotten(station: Station, desk: Desk) -> None:
    request = desk.request(config_map())
    long_ago = request.at - timedelta(days=60)
    told = DeploymentStatus("old", request.repository, 7, SUCCESS, "", "aura", CLUSTER, long_ago)
    old = Taken("old", long_ago, outcome=told, reported=True)
    await station.outcomes.save(old)
    await station.outcomes.save(
        replace(old, delivery_id="new", at=request.at, outcome=replace(told, delivery_id="new"))
    )
    async with station.started():
        await desk.send(request)
        await desk.outcome(request)
    assert await station.outcomes.find("old") is None
    assert await station.outcomes.find("new") is not None
