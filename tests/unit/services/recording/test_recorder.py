"""The recorder: remembered before it begins, and never in the way."""

from __future__ import annotations

import asyncio
import errno
import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from tests.support.deployments import NOON, at

from fairway.adapters.memory.ledger import MemoryLedger
from fairway.adapters.spool.files import FileSpool
from fairway.adapters.spool.memory import MemorySpool
from fairway.domain.deployments.ids import SHORTEST, time_of
from fairway.domain.deployments.journal import Record
from fairway.domain.deployments.query import Query
from fairway.domain.deployments.record import Cause, Change, ChangeKind, Deployment, Door, StatusEntry, Story
from fairway.domain.deployments.status import State
from fairway.domain.errors import Transient
from fairway.services.recording.ports import Ledger, Segment, Spool
from fairway.services.recording.recorder import BACKLOG, PAUSE, Recorder


class Clock:
    """Stands still unless told otherwise."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> datetime:
        return at(self.seconds)


class AwayLedger(MemoryLedger):
    """A ledger that can be away for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = False
        self.closed = 0

    async def write(self, records: Sequence[Record]) -> list[StatusEntry]:
        if self.is_away:
            raise Transient("the ledger x can't be reached: no route")
        return await super().write(records)

    async def close(self) -> None:
        self.closed += 1


class FullDisk:
    """A spool on a disk without room."""

    def append(self, records: Sequence[Record]) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def rotate(self) -> None: ...

    def segments(self) -> Iterator[Segment]:
        return iter(())

    def size(self) -> int:
        return 0

    def close(self) -> None: ...


class Desk:
    """A recorder with everything around it in reach."""

    def __init__(self, spool: Spool, *, every: float | None = None) -> None:
        self.spool = spool
        self.clock = Clock()
        self.ledger = AwayLedger()
        self.opened = 0
        self.refuses = False
        self.warnings: list[str] = []
        self.recorder = Recorder(
            spool,
            self.open_ledger,
            now=self.clock,
            random=random.Random(7).getrandbits,
            warn=self.warnings.append,
            spare=MemorySpool(),
            every=every,
        )

    async def open_ledger(self) -> Ledger:
        self.opened += 1
        if self.refuses:
            raise Transient("connection refused")
        return self.ledger

    def open(self, *releases: str, **cause: str) -> list[Deployment]:
        run = self.recorder.begin(Door.CLI, "apply", Cause(user="anna", **cause))
        return self.recorder.open(run, [Change("prod", name, ChangeKind.UPGRADE) for name in releases])

    async def stories(self) -> dict[str, Story]:
        page = await self.ledger.find(Query(limit=10_000))
        return {story.deployment.change.release: story for story in page.stories}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def desk(folder: Path) -> Desk:
    return Desk(FileSpool(folder))


def spooled(spool: Spool) -> list[Record]:
    return [record for segment in spool.segments() for record in segment.read().records]


async def test_a_change_is_on_disk_before_the_call_returns(desk: Desk, folder: Path) -> None:
    [deployment] = desk.open("web")
    desk.recorder.started(deployment.id)
    run, kept, queued, started = spooled(FileSpool(folder))
    assert kept == deployment
    assert run.id == deployment.run_id  # type: ignore[union-attr]
    assert queued == StatusEntry(deployment.id, State.QUEUED, NOON)
    assert started == StatusEntry(deployment.id, State.IN_PROGRESS, NOON)


async def test_a_run_is_written_once_however_often_it_opens_something(desk: Desk, folder: Path) -> None:
    run = desk.recorder.begin(Door.CLI, "apply", Cause())
    for name in ("a", "b"):
        desk.recorder.open(run, [Change("prod", name, ChangeKind.INSTALL)])
    assert spooled(FileSpool(folder)).count(run) == 1


async def test_a_run_that_changes_nothing_leaves_nothing(desk: Desk, folder: Path) -> None:
    async with desk.recorder:
        desk.recorder.begin(Door.CLI, "apply", Cause())
    assert desk.opened == 0
    assert not folder.exists()


async def test_the_story_of_a_success(desk: Desk) -> None:
    [deployment] = desk.open("web")
    desk.recorder.started(deployment.id)
    desk.clock.seconds = 21
    desk.recorder.finished(deployment.id, State.SUCCESS, revision=12)
    await desk.recorder.flush()
    story = (await desk.stories())["web"]
    assert story.state is State.SUCCESS
    assert story.revision_after == 12
    assert story.duration is not None
    assert story.duration.total_seconds() == 21
    assert story.run.cause.user == "anna"


async def test_a_failure_that_was_rolled_back_keeps_its_reason(desk: Desk) -> None:
    [deployment] = desk.open("web")
    desk.recorder.started(deployment.id)
    desk.recorder.finished(deployment.id, State.FAILURE, description="it crashed", revision=12)
    desk.recorder.finished(deployment.id, State.ROLLED_BACK, revision=13)
    await desk.recorder.flush()
    story = (await desk.stories())["web"]
    assert story.state is State.ROLLED_BACK
    assert story.outcome
    assert story.outcome.description == "it crashed"


async def test_secrets_do_not_get_past_it(desk: Desk, folder: Path) -> None:
    [deployment] = desk.open("web", command="fairway apply --token=hunter2", subject="x\udcff")
    desk.recorder.started(deployment.id, "https://u:hunter2@h")
    desk.recorder.finished(deployment.id, State.FAILURE, description="DB_PASSWORD=hunter2\0")
    [path] = folder.iterdir()
    assert b"hunter2" not in path.read_bytes()


async def test_ids_rise_and_differ_early_however_many_are_made_at_once(desk: Desk) -> None:
    ids = [deployment.id for deployment in desk.open(*[f"r{n}" for n in range(500)])]
    assert ids == sorted(ids)
    assert len({id_[: SHORTEST + 2] for id_ in ids}) == 500
    assert abs((time_of(ids[0]) - NOON).total_seconds()) < 0.01


async def test_over_a_local_ledger_a_run_never_opens_the_database(desk: Desk) -> None:
    async with desk.recorder:
        desk.open("web")
    assert desk.opened == 0
    assert desk.spool.size() > 0


async def test_a_backlog_that_nobody_read_is_brought_in_at_the_end_of_a_run(desk: Desk, folder: Path) -> None:
    [deployment] = desk.open("web")
    with next(folder.iterdir()).open("ab") as file:
        file.write(b" " * BACKLOG + b"\n")
    async with desk.recorder:
        desk.recorder.finished(deployment.id, State.SUCCESS)
    assert desk.opened == 1
    assert (await desk.stories())["web"].state is State.SUCCESS
    assert desk.ledger.closed == 1


async def test_a_shared_ledger_is_up_to_date_when_the_run_is_over(folder: Path) -> None:
    desk = Desk(FileSpool(folder), every=3600)
    async with desk.recorder:
        [deployment] = desk.open("web")
        desk.recorder.finished(deployment.id, State.SUCCESS)
    assert (await desk.stories())["web"].state is State.SUCCESS
    assert desk.spool.size() == 0


async def test_a_shared_ledger_is_told_while_the_run_goes_on(folder: Path) -> None:
    desk = Desk(FileSpool(folder), every=0.01)
    async with desk.recorder:
        [deployment] = desk.open("web")
        while "web" not in await desk.stories():
            await asyncio.sleep(0.005)
        assert (await desk.stories())["web"].state is State.QUEUED
        desk.recorder.finished(deployment.id, State.SUCCESS)
    assert (await desk.stories())["web"].state is State.SUCCESS


async def test_a_run_without_changes_never_opens_a_shared_ledger(folder: Path) -> None:
    desk = Desk(FileSpool(folder), every=0.001)
    async with desk.recorder:
        await asyncio.sleep(0.01)
    assert desk.opened == 0


class TestALedgerThatIsAway:
    async def test_costs_one_warning_and_loses_nothing(self, folder: Path) -> None:
        desk = Desk(FileSpool(folder), every=3600)
        desk.ledger.is_away = True
        async with desk.recorder:
            [deployment] = desk.open("web")
            assert await desk.recorder.flush() is None
            desk.recorder.finished(deployment.id, State.SUCCESS)
        [warning] = desk.warnings
        assert "no route" in warning
        assert "fairway ledger replay" in warning
        assert "LOST" not in warning

        after = Desk(FileSpool(folder), every=3600)
        after.clock.seconds = 60
        async with after.recorder:
            after.open("orders")
        assert (await after.stories())["web"].state is State.SUCCESS
        assert set(await after.stories()) == {"web", "orders"}
        assert after.warnings == []

    async def test_that_can_not_even_be_opened_is_no_different(self, folder: Path) -> None:
        desk = Desk(FileSpool(folder), every=3600)

        desk.refuses = True
        async with desk.recorder:
            desk.open("web")
        assert len(desk.warnings) == 1
        assert desk.spool.size() > 0

    async def test_is_not_waited_for_again_at_the_end_of_the_run(self, folder: Path) -> None:
        desk = Desk(FileSpool(folder), every=3600)
        desk.refuses = True
        async with desk.recorder:
            desk.open("web")
            await desk.recorder.flush()
            desk.clock.seconds = PAUSE.total_seconds() - 1
        assert desk.opened == 1

    async def test_is_tried_again_after_a_while(self, folder: Path) -> None:
        desk = Desk(FileSpool(folder), every=3600)
        desk.refuses = True
        async with desk.recorder:
            desk.open("web")
            await desk.recorder.flush()
            desk.refuses = False
            desk.clock.seconds = PAUSE.total_seconds()
        assert (await desk.stories())["web"].state is State.QUEUED


class TestADiskThatIsFull:
    async def test_costs_a_warning_and_the_ledger_gets_it_at_the_end(self) -> None:
        desk = Desk(FullDisk())
        async with desk.recorder:
            [deployment] = desk.open("web")
            desk.recorder.started(deployment.id)
            desk.recorder.finished(deployment.id, State.SUCCESS)
        [warning] = desk.warnings
        assert "No space left" in warning
        assert (await desk.stories())["web"].state is State.SUCCESS

    async def test_together_with_a_ledger_that_is_away_it_says_that_the_record_is_lost(self) -> None:
        desk = Desk(FullDisk())
        desk.ledger.is_away = True
        async with desk.recorder:
            desk.open("web")
        assert "LOST" in desk.warnings[-1]


async def test_damage_is_told(desk: Desk, folder: Path) -> None:
    folder.mkdir()
    (folder / "0000000000000001-1.jsonl").write_bytes(b"what?\n")
    done = await desk.recorder.flush()
    assert done is not None
    assert done.unreadable == 1
    [warning] = desk.warnings
    assert "fairway ledger status" in warning
