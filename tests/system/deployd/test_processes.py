"""`fairway deployd` as a process that is killed in the middle of a rollout, told to end, and started again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.clusters import Cluster
from tests.support.deployd import FINAL, Desk
from tests.support.dispatch_processes import HMAC_KEY, Daemon, House, housed
from tests.system.deployd.conftest import Scene

from fairway.domain.dispatch.resources import delivery_of
from fairway.domain.dispatch.statuses import ReportedState
from fairway.settings import load_settings
from fairway.wiring.queue import open_queue

pytestmark = pytest.mark.cluster
SUCCESS, INACTIVE, WATCHING = ReportedState.SUCCESS, ReportedState.INACTIVE, ReportedState.IN_PROGRESS


@dataclass
class Company:
    """A deployd that can be started, and hookd's side of its queue in a SQLite file."""

    house: House
    desk: Desk

    def deployd(self, *words: str) -> Daemon:
        return self.house.deployd("dev-fss", *words, FAIRWAY_LOG_LEVEL="info")


@pytest.fixture
def house(cluster: Cluster, tmp_path: Path) -> Iterator[House]:
    ledger = f"sqlite:///{tmp_path / 'ledger.db'}"
    with housed(House(tmp_path, ledger, cluster.kubeconfig, cluster.context)) as made:
        yield made


@pytest.fixture
async def company(house: House) -> AsyncIterator[Company]:
    from fairway.services.queue.options import QueueOptions

    async with open_queue(load_settings(house.env), QueueOptions()) as queue:
        desk = Desk(queue, key=HMAC_KEY.encode())
        async with desk.listening():
            yield Company(house, desk)


async def started(daemon: Daemon) -> None:
    daemon.start()
    await asyncio.to_thread(daemon.until_ready)


def finals(desk: Desk, request: Any) -> list[str]:
    return [one.state.value for one in desk.of(request) if one.state in FINAL]


async def test_killed_in_the_middle_of_a_rollout_its_successor_sees_it_through(scene: Scene, company: Company) -> None:
    desk, daemon = company.desk, company.deployd()
    await started(daemon)
    slow = scene.deployment(ready_after="4s")
    request = desk.request(scene.config_map(), slow, scene.job(runs_for="3s"), team=scene.team)
    await desk.send(request)
    await desk.reported(request, WATCHING)
    applied = await scene.live("Deployment", "web"), await scene.live("Job", "migrate")
    await asyncio.to_thread(daemon.kill)
    await started(daemon)
    outcome = await desk.outcome(request)
    assert outcome.state is SUCCESS, (outcome, daemon.text[-3000:])
    assert finals(desk, request) == ["success"]
    for before, after in zip(
        applied, (await scene.live("Deployment", "web"), await scene.live("Job", "migrate")), strict=True
    ):
        assert before is not None
        assert after is not None
        assert before["metadata"]["uid"] == after["metadata"]["uid"]
        assert before["metadata"]["generation"] == after["metadata"]["generation"]
    assert "goes on watching" in outcome.detail
    assert await asyncio.to_thread(daemon.end) in (0, 130)


async def test_killed_again_and_again_each_request_ends_once_and_the_newest_stays(
    scene: Scene, company: Company
) -> None:
    desk, daemon = company.desk, company.deployd()
    requests = []
    for number in range(30):
        job = scene.job(f"job-{number}")
        job["metadata"]["labels"] = {"app": "shop"}
        requests.append(desk.request(scene.config_map(number=str(number)), job, team=scene.team))
    await started(daemon)
    for number, request in enumerate(requests):
        await desk.send(request)
        if number % 10 == 5:
            await asyncio.to_thread(daemon.restart)
    for request in requests:
        outcome = await desk.outcome(request)
        assert outcome.state in (SUCCESS, INACTIVE), (outcome, daemon.text[-3000:])
    assert {len(set(finals(desk, request))) for request in requests} == {1}
    live = await scene.live("ConfigMap", "settings")
    assert live is not None
    assert (live["data"], delivery_of(live)) == ({"number": "29"}, requests[-1].delivery_id)
    for number in range(30):
        assert delivery_of(await scene.live("Job", f"job-{number}")) == requests[number].delivery_id


async def test_told_to_end_it_leaves_the_rollout_to_its_successor(scene: Scene, company: Company) -> None:
    desk, daemon = company.desk, company.deployd("--identity=token")
    await started(daemon)
    request = desk.request(scene.deployment(ready_after="5s"), team=scene.team)
    await desk.send(request)
    await desk.reported(request, WATCHING)
    assert await asyncio.to_thread(daemon.end) in (0, 130), daemon.text[-3000:]
    assert finals(desk, request) == []
    await started(daemon)
    assert (await desk.outcome(request)).state is SUCCESS
    page = await asyncio.to_thread(daemon.get, "/metrics")
    assert 'deployment_deployd_deploy_successful{cluster="dev-fss"} 1.0' in page


async def test_what_is_signed_with_another_key_is_counted_and_passed_over(scene: Scene, company: Company) -> None:
    daemon = company.deployd()
    await started(daemon)
    forger = Desk(company.desk.queue, key=b"another key")
    forged = forger.request(scene.config_map("forged"), team=scene.team)
    good = company.desk.request(scene.config_map("good"), team=scene.team)
    await forger.send(forged)
    await company.desk.send(good)
    assert (await company.desk.outcome(good)).state is SUCCESS
    assert await scene.live("ConfigMap", "forged") is None
    page = await asyncio.to_thread(daemon.get, "/metrics")
    assert 'deployment_deployd_messages_rejected_total{cluster="dev-fss",reason="not_ours"} 1.0' in page
