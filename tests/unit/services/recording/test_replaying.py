"""From the spool into the ledger: exactly once, whatever dies in between."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.support.deployments import a_deployment, a_log, a_run, at

from fairway.adapters.memory.ledger import MemoryLedger
from fairway.adapters.spool.files import FileSpool
from fairway.adapters.spool.lines import ROTATED, encode
from fairway.domain.deployments.journal import Record
from fairway.domain.deployments.record import StatusEntry, Story
from fairway.domain.deployments.status import State
from fairway.domain.errors import Transient
from fairway.services.recording.replaying import BATCH, INTERRUPTED, replay

RUN = a_run()
DEPLOYMENT = a_deployment(RUN)
LOG = a_log(DEPLOYMENT, State.QUEUED, State.IN_PROGRESS, State.SUCCESS)


class CountingLedger(MemoryLedger):
    """Remembers how it was written to; goes away after some calls."""

    def __init__(self, away_after: int = 1000) -> None:
        super().__init__()
        self.calls: list[int] = []
        self._left = away_after

    async def write(self, records: Sequence[Record]) -> list[StatusEntry]:
        if not self._left:
            raise Transient("away")
        self._left -= 1
        self.calls.append(len(records))
        return await super().write(records)


@pytest.fixture
def spool(tmp_path: Path) -> FileSpool:
    folder = tmp_path / "spool"
    folder.mkdir()
    return FileSpool(folder)


def leave(spool: FileSpool, number: int, *records: Record, end: bytes = b"") -> None:
    (spool.folder / f"{number:016d}-1.jsonl").write_bytes(encode(records) + end)


async def story(ledger: MemoryLedger) -> Story:
    [found] = await ledger.starting_with(DEPLOYMENT.id, limit=2)
    return found


async def test_everything_gets_in_and_the_files_go(spool: FileSpool) -> None:
    ledger = MemoryLedger()
    leave(spool, 1, RUN, DEPLOYMENT, *LOG)
    done = await replay(spool, ledger, now=lambda: at(9))
    assert (done.records, done.segments, done.unreadable, done.interrupted) == (5, 1, 0, 0)
    assert done.counted == tuple(LOG)
    assert (await story(ledger)).statuses == tuple(LOG)
    assert spool.size() == 0


async def test_a_file_that_could_not_be_removed_changes_nothing_the_second_time(spool: FileSpool) -> None:
    ledger = MemoryLedger()
    for _ in range(2):
        leave(spool, 1, RUN, DEPLOYMENT, *LOG)
        done = await replay(spool, ledger, now=lambda: at(9))
    assert done.counted == ()
    assert (await story(ledger)).statuses == tuple(LOG)


async def test_a_log_that_is_spread_over_files_is_put_together(spool: FileSpool) -> None:
    ledger = MemoryLedger()
    leave(spool, 2, *LOG[1:], end=ROTATED)
    leave(spool, 1, RUN, DEPLOYMENT, LOG[0], end=ROTATED)
    await replay(spool, ledger, now=lambda: at(9))
    assert (await story(ledger)).statuses == tuple(LOG)


async def test_what_a_dead_process_had_open_becomes_an_error_that_says_so(spool: FileSpool) -> None:
    ledger = MemoryLedger()
    leave(spool, 1, RUN, DEPLOYMENT, *LOG[:2])
    done = await replay(spool, ledger, now=lambda: at(9))
    assert done.interrupted == 1
    ended = (await story(ledger)).outcome
    assert ended == StatusEntry(DEPLOYMENT.id, State.ERROR, at(9), INTERRUPTED)


async def test_a_living_process_is_read_and_left_alone(spool: FileSpool) -> None:
    ledger = MemoryLedger()
    spool.append([RUN, DEPLOYMENT, *LOG[:2]])
    done = await replay(FileSpool(spool.folder), ledger, now=lambda: at(9))
    assert done.interrupted == 0
    assert (await story(ledger)).state is State.IN_PROGRESS
    assert spool.size() > 0

    spool.append(LOG[2:])
    await replay(FileSpool(spool.folder), ledger, now=lambda: at(9))
    assert (await story(ledger)).statuses == tuple(LOG)


async def test_a_ledger_that_goes_away_in_the_middle_costs_nothing(spool: FileSpool) -> None:
    ledger = CountingLedger(away_after=1)
    other = a_deployment(RUN, 2)
    leave(spool, 1, RUN, DEPLOYMENT, *LOG)
    leave(spool, 2, RUN, other, *a_log(other, State.QUEUED, State.SUCCESS))
    with pytest.raises(Transient):
        await replay(spool, ledger, now=lambda: at(9))
    assert spool.count() == 1
    again = CountingLedger()
    await replay(spool, again, now=lambda: at(9))
    assert [found.id for found in await again.starting_with(other.id, limit=2)] == [other.id]
    assert spool.size() == 0


async def test_five_hundred_releases_cost_two_transactions(spool: FileSpool) -> None:
    ledger = CountingLedger()
    deployments = [a_deployment(RUN, n) for n in range(500)]
    log = [entry for deployment in deployments for entry in a_log(deployment, State.IN_PROGRESS, State.SUCCESS)]
    leave(spool, 1, RUN, *deployments, *log)
    await replay(spool, ledger, now=lambda: at(9))
    assert ledger.calls == [BATCH, 501]
