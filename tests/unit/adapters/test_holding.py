"""Who holds a revision, as this machine can tell: alive, dead, or somewhere else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fairway.adapters.holding import ProcessHolding
from fairway.domain.releases.holding import Holder, Life

DEADLINE = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
REPORT = """
from datetime import UTC, datetime
from fairway.adapters.holding import ProcessHolding
print(ProcessHolding("other").holder(datetime(2026, 11, 21, tzinfo=UTC)).encode(), flush=True)
input()
"""


@pytest.fixture
def holding() -> ProcessHolding:
    return ProcessHolding("ann lee")


@pytest.fixture
def other() -> Iterator[tuple[subprocess.Popen[str], Holder]]:
    """Another process that holds something, and waits."""
    process = subprocess.Popen([sys.executable, "-c", REPORT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    holder = Holder.decode(process.stdout.readline().strip())
    assert holder is not None
    yield process, holder
    process.kill()
    process.communicate()


def test_a_holder_can_be_written_down_and_read(holding: ProcessHolding) -> None:
    holder = holding.holder(DEADLINE)
    assert Holder.decode(holder.encode()) == holder
    assert str(holder).startswith("ann_lee on ")


def test_another_process_is_alive_until_it_ends(
    holding: ProcessHolding, other: tuple[subprocess.Popen[str], Holder]
) -> None:
    process, holder = other
    assert holding.life(holder) is Life.ALIVE
    process.kill()
    process.wait()
    assert holding.life(holder) is Life.DEAD


def test_a_process_that_got_the_number_of_a_dead_one_is_not_it(
    holding: ProcessHolding, other: tuple[subprocess.Popen[str], Holder]
) -> None:
    _, holder = other
    pid = holder.process.partition(":")[0]
    assert holding.life(replace(holder, process=f"{pid}:1")) is Life.DEAD
    assert holding.life(replace(holder, process=pid)) is Life.DEAD
    assert holding.life(replace(holder, process="nonsense:1")) is Life.DEAD


def test_a_pass_never_waits_for_itself(holding: ProcessHolding) -> None:
    assert holding.life(holding.holder(DEADLINE)) is Life.DEAD


def test_of_another_machine_nothing_is_known(holding: ProcessHolding) -> None:
    mine = holding.holder(DEADLINE)
    assert holding.life(replace(mine, host="elsewhere")) is Life.ELSEWHERE


def test_a_container_with_the_name_of_its_host_is_another_machine(holding: ProcessHolding) -> None:
    mine = holding.holder(DEADLINE)
    host = mine.host.partition("#")[0]
    assert holding.life(replace(mine, host=f"{host}#1", process="1:1")) is Life.ELSEWHERE
    assert str(mine) == f"ann_lee on {host} (process {mine.process.partition(':')[0]})"
