"""What every spool promises; what only files can promise is in tests/unit/adapters/spool."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.deployments import a_deployment, a_log, a_run

from fairway.adapters.spool.files import FileSpool
from fairway.adapters.spool.memory import MemorySpool
from fairway.domain.deployments.journal import Record
from fairway.domain.deployments.status import State
from fairway.services.recording.ports import Spool

RUN = a_run()
DEPLOYMENT = a_deployment(RUN)
LOG = a_log(DEPLOYMENT, State.QUEUED, State.IN_PROGRESS, State.SUCCESS)


@pytest.fixture(params=["files", "memory"])
def spool(request: pytest.FixtureRequest, tmp_path: Path) -> Spool:
    return FileSpool(tmp_path / "spool") if request.param == "files" else MemorySpool()


def waiting(spool: Spool) -> list[Record]:
    return [record for segment in spool.segments() for record in segment.read().records]


def drain(spool: Spool) -> list[Record]:
    records: list[Record] = []
    for segment in spool.segments():
        records += segment.read().records
        if not segment.is_live:
            segment.discard()
    return records


def test_an_empty_spool_has_nothing(spool: Spool) -> None:
    assert spool.size() == 0
    assert waiting(spool) == []
    spool.rotate()
    spool.close()


def test_records_come_back_in_the_order_in_which_they_were_written(spool: Spool) -> None:
    spool.append([RUN, DEPLOYMENT])
    spool.append(LOG)
    assert waiting(spool) == [RUN, DEPLOYMENT, *LOG]
    assert spool.size() > 0


def test_what_was_rotated_can_be_taken_out_while_more_is_written(spool: Spool) -> None:
    spool.append([RUN, DEPLOYMENT, *LOG[:2]])
    spool.rotate()
    for segment in spool.segments():
        segment.read()
        if not segment.is_live:
            spool.append(LOG[2:])
            segment.discard()
    assert waiting(spool) == LOG[2:]


def test_after_closing_everything_can_be_taken_out(spool: Spool) -> None:
    spool.append([RUN, DEPLOYMENT, *LOG])
    spool.close()
    assert drain(spool) == [RUN, DEPLOYMENT, *LOG]
    assert spool.size() == 0
    assert waiting(spool) == []


def test_nothing_is_orphaned_while_its_writer_lives(spool: Spool) -> None:
    spool.append([RUN, DEPLOYMENT, *LOG[:2]])
    spool.rotate()
    assert [segment.read().orphans for segment in spool.segments() if segment.read().orphans] == []
