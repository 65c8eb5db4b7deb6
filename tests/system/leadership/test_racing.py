"""Processes that race for a lease of a real control plane, and lose their leaders to SIGKILL and SIGSTOP."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.clusters import Cluster

pytestmark = pytest.mark.cluster

CANDIDATE = """
import asyncio, sys
from datetime import UTC, datetime, timedelta
from fairway.adapters.kube import open_cluster
from fairway.adapters.kube.lease import LeaseLeadership, steady
from fairway.domain.leadership.lease import Terms

async def main(kubeconfig, context, namespace, me):
    terms = Terms(timedelta(seconds=3), timedelta(seconds=2), timedelta(milliseconds=150))
    async with open_cluster(kubeconfig, context) as kube:
        one = LeaseLeadership(kube, namespace, "race", me=me, now=lambda: datetime.now(UTC), terms=terms)
        task = asyncio.create_task(one.run())
        while not task.done():
            if one.leads:
                print(steady(), flush=True)
            await asyncio.sleep(0.01)
        await task

asyncio.run(main(*sys.argv[1:]))
"""


class Race:
    """Candidates as processes; each writes the time whenever it believes that it leads."""

    def __init__(self, cluster: Cluster, namespace: str, folder: Path) -> None:
        self._words = [str(cluster.kubeconfig), cluster.context, namespace]
        self._folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        with (self._folder / name).open("wb") as out:
            words = [sys.executable, "-c", CANDIDATE, *self._words, name]
            self.processes[name] = subprocess.Popen(words, stdout=out)

    def beliefs(self, name: str) -> list[float]:
        lines = (self._folder / name).read_text().splitlines(keepends=True)
        return [float(line) for line in lines if line.endswith("\n")]

    def wait_for_leader(self, after: float) -> str:
        """Who believes it at some time after `after`."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            for name in self.processes:
                if any(at > after for at in self.beliefs(name)[-1:]):
                    return name
            time.sleep(0.05)
        raise AssertionError("nobody leads")

    def latest(self) -> float:
        return max(at for name in self.processes for at in self.beliefs(name))


@pytest.fixture
def race(cluster: Cluster, namespace: str, tmp_path: Path) -> Iterator[Race]:
    made = Race(cluster, namespace, tmp_path)
    yield made
    for process in made.processes.values():
        process.kill()
        process.wait()


def test_never_two_lead_and_always_one_follows(race: Race) -> None:
    for name in "abc":
        race.start(name)
    killed = race.wait_for_leader(0.0)
    race.processes[killed].kill()
    last = race.beliefs(killed)[-1]
    stopped = race.wait_for_leader(last)
    race.processes[stopped].send_signal(signal.SIGSTOP)
    last = race.latest()
    third = race.wait_for_leader(last)
    race.processes[stopped].send_signal(signal.SIGCONT)
    race.start("d")
    race.processes[third].terminate()
    race.wait_for_leader(race.latest())
    assert len({killed, stopped, third}) == 3
    # Told in order of time, one's words never stand between two of another's one belief.
    told = sorted((at, name) for name in race.processes for at in race.beliefs(name))
    leaders = [name for n, (_, name) in enumerate(told) if n == 0 or told[n - 1][1] != name]
    assert leaders[:3] == [killed, stopped, third]
    assert len(leaders) <= 6, leaders
