"""Several real processes over one ledger: none loses, doubles or blocks anything, killed ones included."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from fairway import wiring
from fairway.domain.deployments.query import Query
from fairway.domain.deployments.record import Story
from fairway.domain.deployments.status import State
from fairway.services.recording.replaying import INTERRUPTED
from fairway.settings import Settings, load_settings

PROCESSES, DEPLOYMENTS = 4, 200
ROOT = Path(__file__).parents[3]

WRITER = """
import asyncio, os, secrets, signal, sys
from datetime import datetime, UTC
from fairway import wiring
from fairway.adapters.spool.memory import MemorySpool
from fairway.domain.deployments.record import Cause, Change, ChangeKind, Door
from fairway.domain.deployments.status import State
from fairway.services.recording.recorder import Recorder
from fairway.settings import load_settings

name, count, killed = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "killed"
settings = load_settings()

def warn(text):
    print(text, file=sys.stderr)

async def main():
    recorder = Recorder(
        wiring.ledger_spool(settings), lambda: wiring.ledger_itself(settings), now=lambda: datetime.now(UTC),
        random=secrets.randbits, warn=warn, spare=MemorySpool(), every=0.02,
    )
    async with recorder:
        run = recorder.begin(Door.CLI, "apply", Cause(user=name))
        for number in range(count):
            [deployment] = recorder.open(run, [Change("prod", f"{name}-{number}", ChangeKind.UPGRADE)])
            recorder.started(deployment.id)
            await asyncio.sleep(0.002)
            if killed and number == count - 1:
                os.kill(os.getpid(), signal.SIGKILL)
            recorder.finished(deployment.id, State.SUCCESS, revision=number)

asyncio.run(main())
"""


@pytest.fixture
def environment(tmp_path: Path, database_url: str) -> dict[str, str]:
    return {"FAIRWAY_DATA_DIR": str(tmp_path), "FAIRWAY_LEDGER_URL": database_url, "HOME": str(tmp_path)}


def write(environment: dict[str, str], name: str, count: int, *, killed: bool = False) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, name, str(count), "killed" if killed else "lives"],
        env=environment,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )


async def stories(settings: Settings) -> tuple[Story, ...]:
    ledger = await wiring.ledger(settings, pytest.fail)
    try:
        return (await ledger.find(Query(limit=10_000))).stories
    finally:
        await ledger.close()


def test_four_processes_write_at_once_while_a_fifth_reads(environment: dict[str, str]) -> None:
    settings = load_settings(environment)
    writers = [write(environment, f"p{n}", DEPLOYMENTS) for n in range(PROCESSES)]
    while any(writer.poll() is None for writer in writers):
        asyncio.run(stories(settings))
    assert [(writer.returncode, writer.communicate()[1]) for writer in writers] == [(0, "")] * PROCESSES
    found = asyncio.run(stories(settings))
    assert Counter(story.run.cause.user for story in found) == {f"p{n}": DEPLOYMENTS for n in range(PROCESSES)}
    assert {story.state for story in found} == {State.SUCCESS}
    assert all(len(story.statuses) == 3 for story in found)
    assert wiring.ledger_spool(settings).size() == 0


def test_a_killed_process_loses_nothing_and_what_it_had_begun_is_said_to_be_interrupted(
    environment: dict[str, str],
) -> None:
    settings = load_settings(environment)
    writer = write(environment, "dead", 50, killed=True)
    assert writer.wait() == -9
    writer.communicate()
    found = asyncio.run(stories(settings))
    assert len(found) == 50
    last, *others = found
    assert {story.state for story in others} == {State.SUCCESS}
    assert last.state is State.ERROR
    assert last.statuses[-1].description == INTERRUPTED
    assert wiring.ledger_spool(settings).size() == 0
