import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from fairway.adapters.devcluster.processes import ProcessId, identify, stop_all

STUBBORN = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
OBEDIENT = "import time; print('up', flush=True); time.sleep(60)"


def run(program: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    return process


@pytest.fixture
def obedient() -> Iterator[subprocess.Popen[str]]:
    process = run(OBEDIENT)
    yield process
    process.kill()
    process.wait()


def test_a_running_process_is_alive_and_uses_memory(obedient: subprocess.Popen[str]) -> None:
    known = identify(obedient.pid)
    assert known.alive()
    assert 2**20 < known.memory() < 2**30


def test_a_pid_that_now_belongs_to_another_process_gets_no_signal(obedient: subprocess.Popen[str]) -> None:
    former = ProcessId(obedient.pid, "a start time of long ago")
    assert not former.alive()
    former.signal(signal.SIGKILL)
    stop_all([former], grace=0.1)
    assert obedient.poll() is None


def test_nobody_is_alive_without_a_start_time() -> None:
    assert not ProcessId(os.getpid(), "").alive()
    assert not ProcessId(0, "").alive()


def test_an_ended_process_is_not_alive_even_before_it_is_waited_for(obedient: subprocess.Popen[str]) -> None:
    known = identify(obedient.pid)
    stop_all([known], grace=5)
    assert not known.alive()
    assert known.memory() == 0
    assert obedient.wait() == -signal.SIGTERM


def test_what_ignores_sigterm_is_killed_after_the_grace() -> None:
    process = run(STUBBORN)
    stop_all([identify(process.pid)], grace=0.2)
    assert process.wait() == -signal.SIGKILL


def test_stopping_what_is_gone_is_nothing() -> None:
    process = run(OBEDIENT)
    known = identify(process.pid)
    process.kill()
    process.wait()
    stop_all([known], grace=5)
    known.signal(signal.SIGKILL)
